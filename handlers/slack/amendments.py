"""`amend` and `no-comments`: in words, by the modal, from a message or a button under a line."""

from __future__ import annotations

import re
from dataclasses import replace

from slack_sdk.models.blocks import ExternalDataSelectElement, Option
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import amendments, meetings
from bot.access import Viewer
from bot.amendment_life import Kind, meeting_of
from bot.amendments import FORM, Asking, Submission
from bot.errors import NotAllowed, SecretariatError, StateUnusable, UnknownThing
from bot.model import Meeting
from bot.report_cells import refuse_unreadable
from bot.report_lines import cell_of, line_of
from bot.slack_text import escaped, sections
from bot.store.amendment_tables import AmendmentRow
from bot.store.outbox_tables import OutboxRow
from handlers.requests import enter
from handlers.slack.amend_form import (
    KIND,
    LABELS,
    LINE,
    MEETING,
    REASON,
    TEXT,
    WHOLE,
    WHOLE_OPTION,
    Chosen,
    OpenedFrom,
    chosen_in,
    line_option,
    lines_to_choose,
    meeting_option,
    view_of,
)
from handlers.slack.blocks import MOST_OPTIONS, button, buttons, context, field, modal, section
from handlers.slack.door import Answer, Asked, Elsewhere, Filled, SlackDoor, Wrong, asker
from handlers.slack.offered import drawn_again, no_comments_said, notice_of, record_no_comments
from schedules.finding import day_named, find_meeting, known_group

NO_COMMENTS = "no_comments_form"  # the modal; the click is of a button under a report
AMEND_FORM = f"[note|disagree] {FORM}"
NO_COMMENTS_FORM = "GROUP DATE"
BY_WORD = {"note": Kind.NOTE, "disagree": Kind.DISAGREEMENT}
_MESSAGE_OF_OURS = re.compile(r"(?P<uid>\S+@\S+)(?:\s+(?P<line>\S+))?")  # the value of a button


def says_nothing_yet(text: str) -> bool:
    """Without the text that is asked for, the modal opens, with what is named chosen in it."""
    request = amendments.read_request(text)
    return not request.text if request else not text.strip()


def amendment_submitted(door: SlackDoor, asked: Asked) -> Answer:
    """Record a request made in words; the answer is its receipt. Raises SecretariatError with a sentence."""
    request = amendments.read_request(asked.text)
    if request is None:
        raise SecretariatError("I could not read that request.", hint=f"Write it as: amend {FORM}")
    kind = BY_WORD.get(asked.text.split(maxsplit=1)[0].casefold(), Kind.RECORD)
    with door.database.session() as session:
        person = asker(session, asked)
        meeting = find_meeting(session, door.calendar, request.group, request.on)
        asking = Asking(kind, wants_escalation=kind is Kind.DISAGREEMENT, cell=request.cell)
        key = f"slack:{asked.source_key}"
        submission = Submission(meeting, person, request.line, request.text, "slack", key, None, asking)
        return _receipt(door, session, _recorded(door, session, submission))


def _recorded(door: SlackDoor, session: Session, submission: Submission) -> AmendmentRow:
    """Put it into the ledger, where the requester may see the report, with the closing instant of now."""
    now, meeting = door.clock.now(), submission.meeting
    viewer = Viewer(session, door.config, submission.requester, door.clock.today())
    amendments.require_open(viewer, meeting, now)
    return enter(
        session, door.announcer, replace(submission, closes_at=door.announcer.window_of(session, meeting)), now
    )


def _receipt(door: SlackDoor, session: Session, row: AmendmentRow) -> Answer:
    """Its reference and the closing instant; where somebody disagrees, the way on to escalate."""
    subject, text = door.announcer.receipt_text(row, meeting_of(session, row))
    name, on = door.config.slack.command, [button("My requests", "requests")]
    more = ""
    if row.kind == Kind.DISAGREEMENT:
        on.insert(0, button("Escalate the decision", "escalate", row.reference, style="primary"))
        more = f"\nTo escalate the decision: `{name} escalate {row.reference}`"
    blocks = [section(f"*{escaped(subject)}*"), *(section(part) for part in sections(text)), buttons(*on)]
    return Answer(f"*{escaped(subject)}*\n{escaped(text)}{more}", tuple(blocks))


def amend_opened(door: SlackDoor, asked: Asked) -> View:
    """The modal, with what the button, the message or the words name chosen in it."""
    with door.database.reading() as session:
        viewer = _viewer(door, session, asked)
        notice = notice_of(session, asked)
        meeting, line = _named(door, session, asked.text, notice)
        if meeting:
            amendments.require_open(viewer, meeting, door.clock.now())
        found = line_of(session, meeting.uid, line) if meeting and line else None
        chosen = Chosen(meeting=meeting, line=found.ref if found else "")
        opened_from = OpenedFrom(notice.id, asked.response_url) if notice and asked.response_url else OpenedFrom()
        return view_of(door, viewer, chosen, opened_from)


def _named(door: SlackDoor, session: Session, text: str, notice: OutboxRow | None) -> tuple[Meeting | None, str]:
    """(the meeting, the line): of a button's value, of words, else of the message. Raises UnknownThing."""
    of_button = _MESSAGE_OF_OURS.fullmatch(text.strip())
    if of_button:
        return meetings.by_uid(session, of_button["uid"]), of_button["line"] or ""
    request = amendments.read_request(text)
    if request:
        known = meetings.on_day(session, known_group(door.config, request.group), request.on)
        if known is None:
            raise UnknownThing(amendments.NO_SUCH_REPORT, hint="Correct the group or the date.")
        return known, request.line or ""
    return (meetings.by_uid(session, notice.meeting_uid) if notice else None), ""


def amend_changed(door: SlackDoor, filled: Filled) -> View:
    """The modal anew, with what was just chosen."""
    with door.database.reading() as session:
        viewer = _viewer(door, session, filled.asked)
        return view_of(door, viewer, chosen_in(viewer, filled), _opened_from(filled))


def report_choices(door: SlackDoor, filled: Filled) -> list[Option]:
    """The reports that the asker may see, by what is typed; the newest first."""
    with door.database.reading() as session:
        viewer = _viewer(door, session, filled.asked)
        return [meeting_option(m) for m in amendments.reports_to_amend(viewer, filled.typed, most=MOST_OPTIONS)]


def line_choices(door: SlackDoor, filled: Filled) -> list[Option]:
    """The lines of the report chosen, of the kind chosen, by what is typed; and the report as a whole."""
    with door.database.reading() as session:
        viewer = _viewer(door, session, filled.asked)
        chosen = chosen_in(viewer, filled)
        lines = [each for each in lines_to_choose(viewer, chosen) if _holds(filled.typed, each.ref, each.text)]
        whole = [WHOLE_OPTION] if chosen.meeting and not filled.typed and chosen.kind is not Kind.DISAGREEMENT else []
        return [*whole, *map(line_option, lines)][:MOST_OPTIONS]


def _holds(typed: str, *texts: str) -> bool:
    said = " ".join(texts).casefold()
    return all(word in said for word in typed.casefold().split())


def amendment_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """The modal sent in: recorded once, as late where the window has closed meanwhile. What is wrong is said there."""
    try:
        with door.database.session() as session:
            viewer = _viewer(door, session, filled.asked)
            before = amendments.came_by(session, f"slack:{filled.asked.source_key}")
            if before is None:
                chosen = chosen_in(viewer, filled)
                wrong = _wrong_in(door, viewer, filled, chosen)
                if wrong:
                    return Wrong(wrong)
                before = _enter_chosen(door, viewer, filled, chosen)
            return replace(_receipt(door, session, before), also=_at_the_message(session, _opened_from(filled)))
    except NotAllowed as error:
        return Wrong({MEETING: str(error)})


def _wrong_in(door: SlackDoor, viewer: Viewer, filled: Filled, chosen: Chosen) -> dict[str, str]:
    """What is wrong, by block. An option that is not the asker's to choose is refused as one that is not there."""
    if chosen.kind is None:
        return {KIND: "Say which of these it is."}
    if chosen.meeting is None:
        hidden = meetings.by_uid(viewer.session, filled.text(MEETING))
        if hidden:
            amendments.require_open(viewer, hidden, door.clock.now())
        return {MEETING: f"{amendments.NO_SUCH_REPORT} Choose another."}
    line = next((each for each in lines_to_choose(viewer, chosen) if each.ref == chosen.line), None)
    if line is None and (chosen.line != WHOLE or chosen.kind is Kind.DISAGREEMENT):
        block = next((block for block in filled.values if block.partition(":")[0] == LINE), MEETING)
        return {block: "Choose a line of that report."}
    present = line.text if line else ""
    if line and chosen.cell:
        present = cell_of(viewer.session, chosen.meeting.uid, line, chosen.cell)
    return _wrong_words(filled, chosen, present)


def _wrong_words(filled: Filled, chosen: Chosen, present: str) -> dict[str, str]:
    wrong, kind = {}, chosen.kind or Kind.RECORD
    if not filled.text(TEXT):
        wrong[TEXT] = f"{LABELS[kind]}? It says nothing yet."
    elif kind is Kind.RECORD and filled.text(TEXT) == present:
        wrong[TEXT] = "The line reads so already: write how it should read."
    elif chosen.cell and (unreadable := _unreadable(chosen.cell, filled.text(TEXT))):
        wrong[TEXT] = unreadable
    if kind is not Kind.NOTE and not filled.text(REASON):
        wrong[REASON] = "Say why."
    return wrong


def _unreadable(cell: str, words: str) -> str:
    try:
        refuse_unreadable(cell, words)
    except SecretariatError as error:
        return str(error)
    return ""


def _enter_chosen(door: SlackDoor, viewer: Viewer, filled: Filled, chosen: Chosen) -> AmendmentRow:
    if chosen.kind is None or chosen.meeting is None or viewer.person is None:
        raise UnknownThing(amendments.NO_SUCH_REPORT, hint="Choose another.")
    asking = Asking(
        chosen.kind, filled.text(REASON), chosen.about if chosen.line == WHOLE else "",
        wants_escalation=chosen.kind is Kind.DISAGREEMENT, cell=chosen.cell,
    )  # fmt: skip
    line, key = None if chosen.line == WHOLE else chosen.line, f"slack:{filled.asked.source_key}"
    submission = Submission(
        chosen.meeting, viewer.person, line, filled.text(TEXT), "slack", key, None, asking
    )  # fmt: skip
    return _recorded(door, viewer.session, submission)


def _at_the_message(session: Session, opened_from: OpenedFrom) -> Elsewhere | None:
    """The message whose button opened the modal, saying what came of it."""
    row = session.get(OutboxRow, opened_from.notice) if opened_from.response_url else None
    drawn = drawn_again(session, row) if row else None
    return Elsewhere(drawn, opened_from.response_url) if drawn else None


def _opened_from(filled: Filled) -> OpenedFrom:
    return OpenedFrom(str(filled.about.get("notice", "")), str(filled.about.get("response_url", "")))


def _viewer(door: SlackDoor, session: Session, asked: Asked) -> Viewer:
    return Viewer(session, door.config, asker(session, asked), door.clock.today())


def no_comments_submitted(door: SlackDoor, asked: Asked) -> Answer:
    """`no-comments PSG 2024-02-07`: the asker's constituency has none."""
    words = asked.text.split()
    if len(words) != 2:
        raise SecretariatError("No comments on which report?", hint="Write it as: no-comments PSG 2024-02-07")
    with door.database.session() as session:
        person = asker(session, asked)
        meeting = find_meeting(session, door.calendar, words[0], day_named(words[1]))
        row = record_no_comments(door, session, person, meeting.uid, asked.source_key)
        return Answer(escaped(no_comments_said(session, row)))


def no_comments_opened(_door: SlackDoor, _asked: Asked) -> View:
    """On which report."""
    select = ExternalDataSelectElement(action_id=MEETING, min_query_length=0)
    said = context("An answer too, recorded for your constituency. You may still ask for an amendment.")
    which = field("The report of which meeting?", select, block_id=MEETING)
    return modal(NO_COMMENTS, "No comments", [which, said], submit="Record it")


def no_comments_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """Recorded for the asker's constituency, once."""
    try:
        with door.database.session() as session:
            person = asker(session, filled.asked)
            row = record_no_comments(door, session, person, filled.text(MEETING), filled.asked.source_key)
            return Answer(escaped(no_comments_said(session, row)))
    except StateUnusable:
        raise
    except SecretariatError as error:
        return Wrong({MEETING: str(error)})
