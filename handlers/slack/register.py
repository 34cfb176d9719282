"""The table of contents of Slack: each id and the function that it calls, a line each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from handlers.slack.amendments import (
    AMEND_FORM,
    NO_COMMENTS_FORM,
    amend_changed,
    amend_opened,
    amendment_sent,
    amendment_submitted,
    line_choices,
    no_comments_opened,
    no_comments_sent,
    no_comments_submitted,
    report_choices,
    says_nothing_yet,
)
from handlers.slack.apologies import (
    APOLOGY_FORM,
    alternates_offered,
    apologies_given,
    apologies_opened,
    apologies_sent,
    apologies_taken_back,
    not_said_in_words,
)
from handlers.slack.brake import (
    BRAKE,
    BRAKE_FORM,
    RESUME,
    RESUME_FORM,
    brake_opened,
    brake_submitted,
    resume_opened,
)
from handlers.slack.changing import ADHOC, CANCEL, CONFIRM, MOVE, WORDS, changing
from handlers.slack.chasing import ASKING, CHASE_FORM, chase_asked, chase_opened, chase_submitted, names_a_thing
from handlers.slack.confirming import for_pmo, sure
from handlers.slack.door import Click, Command, Form, Happened, Shortcut, SlackDoor, left_empty
from handlers.slack.drafts import DRAFT_FORM, REDRAFT, draft_asked, draft_copy_asked, said_of_draft
from handlers.slack.edited import EDITED, TAKE, edited_asked, edited_opened, edited_submitted, edited_taken
from handlers.slack.escalations import (
    ESCALATION_FORM,
    decisions_offered,
    escalation_changed,
    escalation_opened,
    escalation_sent,
    escalation_written,
    names_no_context,
)
from handlers.slack.home import home_opened
from handlers.slack.issuing import ISSUE, ISSUE_FORM, issue_choices, issue_chosen, issue_opened, issue_submitted
from handlers.slack.lists import join_opened, join_sent, joined, leave_opened, leave_sent, left
from handlers.slack.logs import (
    UPDATE_FORM,
    actions_asked,
    decisions_asked,
    find_group_choices,
    find_opened,
    find_submitted,
    names_an_action,
    update_asked,
    update_opened,
    update_submitted,
)
from handlers.slack.marked import MARKED, marked_asked, marked_opened, marked_submitted
from handlers.slack.marks import mark_taken_back, marked, reaction_added, reaction_removed
from handlers.slack.meetings import calendar_asked, deadlines_asked, next_asked, when_asked, why_asked
from handlers.slack.offered import done_clicked, no_comments_clicked, word_clicked
from handlers.slack.outbox import (
    OUTBOX_FORM,
    RELEASE,
    WITHDRAWAL,
    notice_asked,
    outbox_asked,
    retry_asked,
    taking_back_opened,
    taking_back_submitted,
)
from handlers.slack.papers import (
    LATE_FORM,
    file_asked,
    late_asked,
    late_taken,
    papers_asked,
    refusal_opened,
    refusal_submitted,
)
from handlers.slack.queries import query_asked, query_opened, query_sent
from handlers.slack.reports import document_asked, report_asked
from handlers.slack.requests import (
    REQUESTS_FORM,
    addition_opened,
    addition_sent,
    requests_asked,
    withdrawal_opened,
    withdrawal_sent,
    word_refusal_opened,
    word_refusal_sent,
)
from handlers.slack.reviews import (
    REVIEW_FORM,
    REVIEWING,
    names_a_request,
    review_asked,
    review_changed,
    review_opened,
    review_sent,
)
from handlers.slack.submissions import (
    WORDS_FORM,
    lacks_words,
    meeting_choices,
    meeting_chosen,
    submission_asked,
    submission_opened,
    submission_submitted,
)

COMMANDS: dict[str, Command] = {
    "next": Command("next [GROUP]: the next meetings", next_asked),
    "when": Command("when GROUP: by what rule it meets, and its next meetings", when_asked),
    "deadlines": Command("deadlines GROUP [DATE] [why]: what falls due around a meeting, and why", deadlines_asked),
    "calendar": Command("calendar [GROUP]: the address for your calendar program", calendar_asked),
    "papers": Command("papers [GROUP [DATE]]: a meeting's papers; alone, those that are yours to send", papers_asked),
    "submit": Command(f"submit {WORDS_FORM}: a paper, or an agenda item", submission_asked, "submit", lacks_words),
    "report": Command("report GROUP [DATE]: the headline report, with links into the recording", report_asked),
    "decisions": Command("decisions [mine|constituency|all] [GROUP] [WORDS]: the decision log", decisions_asked),
    "actions": Command("actions [mine|constituency|all] [GROUP] [closed] [WORDS]: the action log", actions_asked),
    "update": Command(f"update {UPDATE_FORM}: your action", update_asked, "update_action", names_an_action),
    "late": Command(f"late {LATE_FORM}: the Chair's word on a late paper", late_asked, for_pmo=True),
    "apologies": Command(f"apologies {APOLOGY_FORM}: I can't come", apologies_given, "apologies", not_said_in_words),
    "join": Command("join GROUP: on an open group's list", joined, "join", left_empty),
    "leave": Command("leave GROUP: off that list", left, "leave", left_empty),
    "ask": Command("ask QUERY: which mailbox or group takes it", query_asked, "ask", left_empty),
    "escalate": Command(f"escalate {ESCALATION_FORM}", escalation_written, "escalate", names_no_context),
    "mark": Command("mark decision|action [GROUP] [NOTE], or mark undo: this instant of a meeting", marked),
    "amend": Command(f"amend {AMEND_FORM}", amendment_submitted, "amend", says_nothing_yet),
    "no-comments": Command(
        f"no-comments {NO_COMMENTS_FORM}: your constituency's answer to a report",
        no_comments_submitted,
        "no_comments_form",
        left_empty,
    ),
    MARKED: Command("marked: hand in an issued report that you marked up in Word", marked_asked, MARKED, left_empty),
    "requests": Command(f"requests {REQUESTS_FORM}: your amendment requests", requests_asked),
    "review": Command(f"review {REVIEW_FORM}", review_asked, "review", names_a_request, for_pmo=True),
    "draft": Command(f"draft {DRAFT_FORM}: a draft report, and how it stands", draft_asked, for_pmo=True),
    EDITED: Command("edited: give back a draft report that you edited in Word", edited_asked, EDITED, left_empty),
    "issue": for_pmo(ISSUE, f"{ISSUE_FORM}: a headline report"),
    "chase": Command(f"chase {CHASE_FORM}: what is owed", chase_asked, "chase_ask", names_a_thing, for_pmo=True),
    "outbox": Command(f"outbox {OUTBOX_FORM}: what waits, what was not sent", outbox_asked, for_pmo=True),
    "brake": for_pmo(BRAKE, f"{BRAKE_FORM}: stop sending"),
    "resume": for_pmo(RESUME, f"{RESUME_FORM}: let it go on"),
    "move": for_pmo(MOVE, f"{WORDS['move']}: to another day or time"),
    "cancel": for_pmo(CANCEL, f"{WORDS['cancel']}: a meeting is not held"),
    "confirm": for_pmo(CONFIRM, f"{WORDS['confirm']}: a date that was only proposed"),
    "adhoc": for_pmo(ADHOC, f"{WORDS['adhoc']}: calls a meeting"),
}

CLICKS: dict[str, Click] = {  # by action id, in messages and on the home tab; `next:more` is a click of `next`
    "next": Click(next_asked),
    "when": Click(when_asked),
    "deadlines": Click(deadlines_asked),
    "why": Click(why_asked),
    "calendar": Click(calendar_asked),
    "papers": Click(papers_asked),
    "paper_copy": Click(file_asked),
    "paper_take": Click(late_taken),
    "paper_refuse": Click(form="paper_refuse"),
    "submit": Click(form="submit"),
    "report": Click(report_asked),
    "report_copy": Click(document_asked),
    "decisions": Click(decisions_asked),
    "actions": Click(actions_asked),
    "find": Click(form="find"),
    "update_action": Click(form="update_action"),
    "apologies": Click(form="apologies"),
    "apologies_taken_back": Click(apologies_taken_back),
    "join": Click(form="join"),
    "joined": Click(joined),
    "leave": Click(form="leave"),
    "left": Click(left),
    "ask": Click(form="ask"),
    "escalate": Click(form="escalate"),
    "amend": Click(form="amend"),
    "no_comments": Click(no_comments_clicked),
    "done": Click(done_clicked),
    "give_word": Click(word_clicked),
    "refuse_word": Click(form="refuse_word"),
    "requests": Click(requests_asked),
    "add_to_request": Click(form="add_to_request"),
    "withdraw_request": Click(form="withdraw_request"),
    "review": Click(form="review"),
    "reviews": Click(review_asked),
    "mark_taken_back": Click(mark_taken_back),
    "draft": Click(draft_asked),
    "draft_copy": Click(draft_copy_asked),
    "draft_said": Click(said_of_draft),
    "sure_again": Click(form="sure_again"),
    EDITED: Click(form=EDITED),
    TAKE: Click(edited_taken),
    "issue": Click(form="issue"),
    "chase": Click(chase_asked),
    "chase_ask": Click(form="chase_ask"),
    "outbox": Click(outbox_asked),
    "read_notice": Click(notice_asked),
    "retry_notice": Click(retry_asked),
    "withdraw_notices": Click(form="withdraw_notices"),
    "sure_release": Click(form="sure_release"),
}

FORMS: dict[str, Form] = {  # modals, by callback id
    "amend": Form(
        "Request an amendment", amend_opened, amendment_sent,
        dict.fromkeys(("kind", "meeting", "about", "line"), amend_changed),
        {"meeting": report_choices, "line": line_choices},
    ),
    "no_comments_form": Form(
        "No comments", no_comments_opened, no_comments_sent, choices={"meeting": report_choices}
    ),
    "add_to_request": Form("Add to your request", addition_opened, addition_sent),
    "withdraw_request": Form("Withdraw your request", withdrawal_opened, withdrawal_sent),
    "refuse_word": Form("We do not agree", word_refusal_opened, word_refusal_sent),
    "review": Form("Review a request", review_opened, review_sent, {"verdict": review_changed}),
    "sure_review": sure(REVIEWING),
    "submit": Form(
        "Submit for a meeting", submission_opened, submission_submitted, {"meeting": meeting_chosen},
        {"meeting": meeting_choices},
    ),
    "paper_refuse": Form("A late paper", refusal_opened, refusal_submitted),
    "find": Form("Search the logs", find_opened, find_submitted, choices={"group": find_group_choices}),
    "update_action": Form("Update an action", update_opened, update_submitted),
    "apologies": Form("Apologies", apologies_opened, apologies_sent, choices={"alternate": alternates_offered}),
    "join": Form("Join a list", join_opened, join_sent),
    "leave": Form("Leave a list", leave_opened, leave_sent),
    "ask": Form("Ask", query_opened, query_sent),
    "escalate": Form(
        "Escalate", escalation_opened, escalation_sent,
        dict.fromkeys(("group", "kind", "constituency", "to"), escalation_changed), {"decision": decisions_offered},
    ),
    "sure_again": sure(REDRAFT),
    EDITED: Form("An edited draft", edited_opened, edited_submitted),
    MARKED: Form("A marked-up report", marked_opened, marked_submitted),
    "issue": Form("Issue a report", issue_opened, issue_submitted, {"draft": issue_chosen}, {"draft": issue_choices}),
    "sure_issue": sure(ISSUE),
    "chase_ask": Form("Ask for it", chase_opened, chase_submitted),
    "sure_chasing": sure(ASKING),
    "sure_release": sure(RELEASE),
    "withdraw_notices": Form("Withdraw notices", taking_back_opened, taking_back_submitted),
    "sure_withdrawal": sure(WITHDRAWAL),
    "brake": Form("The brake", brake_opened, brake_submitted),
    "resume": Form("The brake", resume_opened, brake_submitted),
    "sure_brake": sure(BRAKE),
    "sure_resume": sure(RESUME),
    "move": changing(MOVE),
    "cancel": changing(CANCEL),
    "confirm": changing(CONFIRM),
    "adhoc": changing(ADHOC),
    "sure_move": sure(MOVE),
    "sure_cancel": sure(CANCEL),
    "sure_confirm": sure(CONFIRM),
    "sure_adhoc": sure(ADHOC),
}  # fmt: skip

SHORTCUTS: dict[str, Shortcut] = {  # by callback id; they go into the manifest by themselves
    "submit": Shortcut("submit", "Submit a paper", "A paper or an item for the agenda of a meeting"),
    "apologies": Shortcut("apologies", "I can't come", "Apologies for a meeting, and who comes instead"),
    "ask": Shortcut("ask", "Ask the secretariat", "Which mailbox or group takes a query"),
    "escalate": Shortcut("escalate", "Escalate", "A decision or a matter, to the right level"),
    "amend": Shortcut("amend", "Request an amendment", "To a headline report, a decision or an action"),
    "amend_report": Shortcut("amend", "Request an amendment", "To the report that this message is about", True),
    "find": Shortcut("find", "Search the logs", "Decisions and actions: mine, a group's, by words"),
}

EVENTS: dict[str, Callable[[SlackDoor, Happened], None]] = {
    "reaction_added": reaction_added,
    "reaction_removed": reaction_removed,
    "app_home_opened": partial(home_opened, COMMANDS),
}
