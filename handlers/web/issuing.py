"""A report's way to issue: where it stands, its check list, each outcome confirmed beside its recording, the issue.

What would be issued is shown first; whatever changes in between stops the deed. Each step says in whose name it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot import access, clearances, confirmations, corrected_drafts, drafts, report_copies, reports
from bot.access import Deed
from bot.clearances import SUBJECT_TO_REVIEW, Answer
from bot.confirmations import Confirmed, How
from bot.corrections import OUTCOMES, Corrections
from bot.errors import SecretariatError, StateUnusable
from bot.model import Meeting, Person
from bot.report_life import Stands
from bot.reports import Issue
from bot.store.draft_tables import ClearanceRow, DraftRow
from bot.store.report_tables import ReportCopyRow, ReportRow
from handlers.web.desk import Desk
from handlers.web.drafts import recording_of
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.lines import REACHED_BY, lines_of
from handlers.web.meetings import known_meeting
from handlers.web.rendering import answer
from handlers.web.shown import Shown
from schedules import clearing

PREVIEW, ISSUE, CONFIRM = "preview", "issue", "confirm"
STEPS: Mapping[str, str] = {
    "reviewed": "The draft is reviewed by the PMO.",
    "with_chair": "The draft is with the Chair.",
    "cleared": "It is cleared by the Chair.",
    "subject": "It goes out subject to the Chair's review.",
    "hold": "It is held until the Chair answers.",
    CONFIRM: "Confirmed.",
    ISSUE: "Issued.",
}
CHANGED_MEANWHILE = "Something has changed since this was shown, so nothing was issued. This is what would go out now."
TO_CHOOSE = tuple((key, words.capitalize()) for key, words in OUTCOMES.items() if key != "none")


@dataclass(frozen=True)
class ShownIssue:
    """What would be issued, whom it goes to, and the mark by which it is agreed to exactly so."""

    prepared: Issue
    recipients: Sequence[Person]
    seen: str


@dataclass(frozen=True)
class OnFile:
    """Where the report stands, by its meeting. `looked` is what issuing would put out now, with nothing vouched for."""

    meeting: Meeting
    stands: Stands
    draft: DraftRow | None
    clearance: ClearanceRow | None
    issued: ReportRow | None
    copies: Sequence[ReportCopyRow]
    due_at: datetime | None
    looked: Issue | None
    confirmed: Sequence[Confirmed]
    is_recorded: bool
    chairs: Sequence[Person]


def one(desk: Desk, request: Request) -> Response:
    """`/meetings/{uid}/report`."""
    said = STEPS.get(request.query_params.get("done", ""), "")
    return _page(desk, request, Shown[ShownIssue](meanwhile=said))


def asked(desk: Desk, request: Request, sent: Sent) -> Response:
    """A step was asked for: done, or shown what would follow, or said what is wrong with it."""
    step, fields = sent.line("step"), Fields(sent)
    try:
        with desk.database.session() as session:
            meeting = known_meeting(desk, session, request.path_params["uid"])
            by = fields.person(session, desk.clock.now())
            preview = _done_or_shown(desk, session, meeting, sent, by) if by else None
    except StateUnusable:
        raise
    except SecretariatError as error:
        return _page(desk, request, Shown[ShownIssue](sent.lines(), {"": str(error)}, status=422))
    if by is None:
        return _page(desk, request, Shown[ShownIssue](sent.lines(), fields.wrong, status=422))
    remember(request, by)
    if preview is not None:
        meanwhile = CHANGED_MEANWHILE if step == ISSUE else ""
        return _page(desk, request, Shown[ShownIssue](sent.lines(), {}, preview, meanwhile, 409 if meanwhile else 200))
    return RedirectResponse(f"/meetings/{quote(meeting.uid)}/report?done={step}", 303)


def _done_or_shown(desk: Desk, session: Session, meeting: Meeting, sent: Sent, by: Person) -> ShownIssue | None:
    if sent.line("step") in (PREVIEW, ISSUE):
        return _issue(desk, session, meeting, sent, by)
    _stepped(desk, session, meeting, sent, by)
    return None


def _stepped(desk: Desk, session: Session, meeting: Meeting, sent: Sent, by: Person) -> None:
    """One step short of issue. Raises SecretariatError."""
    step, now = sent.line("step"), desk.clock.now()
    access.require_deed(session, by, Deed.CLEARANCE, now, hint="Only the PMO says where a report stands.")
    if step == "reviewed":
        clearing.review(session, desk.announcer, meeting, by=by, now=now)
    elif step == "with_chair":
        by_hand = sent.line("by_hand") == "yes"
        clearing.send_to_chair(session, desk.announcer, meeting, by=by, now=now, by_hand=by_hand)
    elif step == "cleared":
        clearances.clear(session, meeting, by=by, now=now, answer=Answer(how="told"))
    elif step == "subject":
        clearances.clear(session, meeting, by=by, now=now, answer=SUBJECT_TO_REVIEW)
    elif step == "hold":
        clearances.hold(session, meeting, sent.line("reason"), by=by, now=now)
    elif step == CONFIRM:
        _confirm(desk, session, meeting, sent, by, now)
    else:
        raise SecretariatError("The page did not say what to do.", hint="Load it again.")


def _confirm(desk: Desk, session: Session, meeting: Meeting, sent: Sent, by: Person, now: datetime) -> None:
    ref, how = sent.line("ref").upper(), confirmations.how_said(sent.line("how"))
    draft = drafts.latest(session, meeting.uid)
    if draft is not None and draft.id != sent.line("draft"):
        raise SecretariatError(f"{draft.id} was made since this was shown.", hint="Read it there, and confirm that.")
    outcome, text = sent.line("outcome"), sent.line("text")
    corrections = Corrections({ref: outcome} if outcome else {}, {ref: text} if text else {})
    corrected_drafts.correct(session, desk.drafting(), meeting, corrections, by=by, now=now)
    confirmations.confirm(session, meeting, [ref], how, by=by, now=now)


def _issue(desk: Desk, session: Session, meeting: Meeting, sent: Sent, by: Person) -> ShownIssue | None:
    """Issue exactly what was seen; None once it is done. Otherwise what would be issued. Raises SecretariatError."""
    now, how = desk.clock.now(), _how(sent)
    corrections = Corrections(how=how, overruled=sent.line("overrule"))
    prepared = reports.prepare(session, desk.issuing(), meeting, by, now, corrections)
    reports.refuse_unready(prepared)
    recipients = desk.announcer.report_recipients(session, meeting)
    shown = ShownIssue(prepared, recipients, _seen(prepared, recipients))
    if sent.line("step") != ISSUE or sent.line("seen") != shown.seen:
        return shown
    row = reports.issue(session, desk.issuing(), prepared, now)
    desk.announcer.report_issued(session, prepared, row, now)
    return None


def _how(sent: Sent) -> How | None:
    return confirmations.how_said(sent.line("how")) if sent.line("how") else None


def _seen(prepared: Issue, recipients: Sequence[Person]) -> str:
    """All that is agreed to: the lines and their numbers, who confirmed them, what is overruled, who is sent it."""
    said = [
        prepared.source.id, prepared.by.id, prepared.report.version, prepared.corrections.overruled,
        str(prepared.report.draft), *prepared.outcomes, *(check.words for check in prepared.warnings),
        *(person.id for person in recipients),
    ]  # fmt: skip
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _page(desk: Desk, request: Request, shown: Shown[ShownIssue]) -> Response:
    with desk.database.reading() as session:
        found = _on_file(desk, session, known_meeting(desk, session, request.path_params["uid"]))
        return answer(
            desk,
            request,
            "issuing.html",
            status=shown.status,
            found=found,
            meeting=found.meeting,
            recording=recording_of(session, found.draft),
            form=shown_form(desk, session, request, shown.values, shown.wrong),
            preview=shown.preview,
            lines=lines_of(shown.preview.prepared.report.draft) if shown.preview else {},
            meanwhile=shown.meanwhile,
            outcomes=TO_CHOOSE,
            outcome_words=OUTCOMES,
            reached_by=REACHED_BY,
        )


def _on_file(desk: Desk, session: Session, meeting: Meeting) -> OnFile:
    draft, issued = drafts.latest(session, meeting.uid), reports.latest(session, meeting.uid)
    looked = _looked(desk, session, meeting) if draft and not issued else None
    return OnFile(
        meeting=meeting,
        stands=clearances.standing_of(session, meeting.uid),
        draft=draft,
        clearance=clearances.newest(session, meeting.uid),
        issued=issued,
        copies=report_copies.of_report(session, issued.id) if issued else (),
        due_at=desk.announcer.report_due(session, meeting),
        looked=looked,
        confirmed=looked.confirmed if looked else (),
        is_recorded=confirmations.is_recorded(session, meeting),
        chairs=clearing.chairs_of(session, meeting, desk.clock.now()),
    )


def _looked(desk: Desk, session: Session, meeting: Meeting) -> Issue:
    """What anybody of the PMO would issue now: whose word it is changes nothing of the check list."""
    by = Person(id="", name="", organisation="", email=None, slack_user_id=None)
    return reports.look(session, desk.issuing(), meeting, by, desk.clock.now(), Corrections())
