"""Amendment requests on the page: all of them, one whole with its evidence, and the PMO's word, shown first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot import meetings, members, releases, reports, reviews, rivals
from bot import tracker as tracking
from bot.access import Deed, require_deed
from bot.amendment_life import ENDED, KIND_WORDS, OPEN, SPEAK, Kind, State, What, meeting_of, word_refused, words
from bot.amendments import place_of
from bot.drafts import reference_of
from bot.errors import SecretariatError, StateUnusable
from bot.formats import Evidence
from bot.model import Meeting, Person
from bot.reviews import Verdict
from bot.store.amendment_tables import AmendmentRow
from bot.store.draft_tables import DraftRow
from bot.store.meeting_tables import MeetingRow
from bot.store.speech_tables import RecordingRow
from handlers import marked_documents
from handlers.requests import NotAgreed, refuse_word, review_request
from handlers.web import deeds
from handlers.web.desk import Desk
from handlers.web.drafts import recording_of
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.paging import paged
from handlers.web.rendering import answer
from handlers.web.shown import Shown
from schedules.amendment_words import word_asked
from schedules.consequences import ToSend, composed

DO, ASK, WORD, NO_WORD = "do", "ask", "word", "no_word"
LONGEST = 10_000  # characters of a text that was agreed
STATES = {
    "acknowledge": State.ACKNOWLEDGED,
    "take-up": State.UNDER_REVIEW,
    "accept": State.ACCEPTED,
    "accept-part": State.ACCEPTED_IN_PART,
    "reject": State.REJECTED,
    "chair": State.WITH_CHAIR,
}
VERDICTS = (
    ("acknowledge", "Acknowledge it: the PMO has seen it"),
    ("take-up", "Take it up: it is under review"),
    ("accept", "Accept it: the next revision says what is asked for"),
    ("accept-part", "Accept it in part: the text that was agreed stands below"),
    ("reject", "Reject it: the report stays as it is"),
    ("chair", "Put it to the Chair"),
    (ASK, "Ask the representative whose recorded view it changes"),
    (WORD, "Note that this representative agrees"),
    (NO_WORD, "Note that this representative does not agree"),
)
MEANWHILE = "The request was changed since this was shown, so nothing was done. This is what would follow now."


@dataclass(frozen=True)
class Follows:
    """What would follow of a word on a request. `seen` is how it stood: the word is for that alone."""

    would: str
    report: str
    to_send: Sequence[ToSend]
    seen: str


@dataclass(frozen=True)
class Said:
    """The PMO's word as the form says it: what becomes of it, why, the text agreed, or whose word is given."""

    what: str
    reason: str
    text: str
    by: Person
    whose: Person | None = None


def listed(desk: Desk, request: Request) -> Response:
    """`/requests`: every amendment request, newest first; `?open=1` those alone that are not decided."""
    only_open = bool(request.query_params.get("open"))
    query = select(AmendmentRow).order_by(AmendmentRow.number.desc())
    query = query.where(AmendmentRow.state.in_(OPEN), AmendmentRow.kind != Kind.NO_COMMENTS) if only_open else query
    with desk.database.reading() as session:
        page = paged(session, request, query)
        entries = [
            (
                row,
                members.by_id(session, row.requester_id),
                reference_of(meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))),
                rivals.rivals_of(session, row) if row.state in OPEN else [],
            )
            for row in page.rows
        ]
        return answer(
            desk, request, "requests.html", page=page, entries=entries, only_open=only_open, kind_words=_kind_words,
            marked=marked_documents.waiting(session), state_words=words,
        )  # fmt: skip


def _kind_words(row: AmendmentRow) -> str:
    return KIND_WORDS[Kind(row.kind)]


def one(desk: Desk, request: Request) -> Response:
    """`/requests/{reference}`: one request whole, and what may be said of it."""
    return _page(desk, request, Shown[Follows]())


def decided(desk: Desk, request: Request, sent: Sent) -> Response:
    """The PMO's word on it was sent: shows what would follow, or does it where that has been seen."""
    with desk.database.reading() as session:
        row = _row(session, request)
        said, wrong = _said(desk, session, row, sent)
    shown = Shown[Follows](sent.lines(), wrong, status=422)
    if said is None:
        return _page(desk, request, shown)
    remember(request, said.by)
    now, doing = desk.clock.now(), sent.line("step") == DO
    try:
        number = _do(desk, row.reference, said, sent, now) if doing else None
        if number is not None:
            return deeds.lead_on(number)
        follows = _rehearsed(desk, row.reference, said, now)
    except StateUnusable:
        raise
    except SecretariatError as error:
        return _page(desk, request, replace(shown, wrong={"": str(error)}))
    meanwhile = MEANWHILE if doing else ""
    return _page(
        desk, request, replace(shown, preview=follows, meanwhile=meanwhile, status=409 if doing else 200)
    )  # fmt: skip


def _said(desk: Desk, session: Session, row: AmendmentRow, sent: Sent) -> tuple[Said | None, dict[str, str]]:
    fields = Fields(sent)
    what = fields.choice("verdict", dict(VERDICTS), asked="Say what becomes of it.")
    by, reason, text = fields.person(session, desk.clock.now()), fields.line("reason"), sent.line("text")
    if len(text) > LONGEST:
        fields.wrong["text"] = f"That is {len(text)} characters long: {LONGEST} are taken."
    whose = members.by_id(session, sent.line("whose")) if what in (WORD, NO_WORD) else None
    if what in (WORD, NO_WORD) and whose is None:
        fields.wrong["whose"] = "Say which representative."
    if by is None or fields.wrong:
        return None, fields.wrong
    says = what == "accept-part" or (what == NO_WORD and text != row.proposed_text)  # with which the field begins
    return Said(what, reason, text if says else "", by, whose), {}


def _do(desk: Desk, reference: str, said: Said, sent: Sent, now: datetime) -> int | None:
    """Do it, once; returns the deed's number, or None where the request is not what was seen."""
    deed = sent.line("deed")
    with desk.database.session() as session:
        number = deeds.done_before(session, deed, now)
        if number is not None:
            return number
        row = session.get_one(AmendmentRow, reference)
        if _seen(session, row) != sent.line("seen"):
            return None
        title = _act(desk, session, row, said, now)
        told = [f"{', '.join(one.recipients)}. {one.when}." for one in composed(session, now)]
        outcome = {"The report": [_of_the_report(row)], "Notices": told}
        return deeds.record_decision(
            session, now, said.by, row.meeting_uid, deed=deed, title=title, reason=said.reason,
            outcome={name: lines for name, lines in outcome.items() if lines},
        )  # fmt: skip


def _rehearsed(desk: Desk, reference: str, said: Said, now: datetime) -> Follows:
    """The word, said and taken back."""
    with desk.database.rehearsal() as session:
        row = session.get_one(AmendmentRow, reference)
        seen = _seen(session, row)
        would = _act(desk, session, row, said, now)
        return Follows(would, _of_the_report(row), composed(session, now), seen)


def _act(desk: Desk, session: Session, row: AmendmentRow, said: Said, now: datetime) -> str:
    """Say it. Returns what came of it, in a few words."""
    if said.whose:
        require_deed(session, said.by, Deed.REVIEW, now, hint="Only the PMO reviews requests.")
        if said.what == WORD:
            reviews.give_word(session, row, by=said.whose, now=now)
            return f"{row.reference}: {said.whose.name} agrees"
        refuse_word(
            session, desk.announcer, row, NotAgreed(said.reason, said.text), by=said.whose, now=now, came_by="page",
            source_key=f"{row.reference}:{said.whose.id}:{now.isoformat()}",
        )  # fmt: skip
        return f"{row.reference}: {said.whose.name} does not agree"
    if said.what == ASK:
        return _ask(desk, session, row, said.by, now)
    verdict = Verdict(STATES[said.what], said.reason, said.text)
    review_request(session, desk.announcer, row, verdict, by=said.by, now=now)
    return f"{row.reference} {words(row.state)}"


def _ask(desk: Desk, session: Session, row: AmendmentRow, by: Person, now: datetime) -> str:
    """Let the question to the representative go, which may wait for release since the request came."""
    if row.needs_word_of is None or row.word_given_at or row.state in ENDED:
        raise SecretariatError(f"{row.reference} needs nobody's word.", hint="Decide it.")
    if not word_asked(desk.announcer, session, row, now):
        raise SecretariatError(f"Nobody on file speaks for {row.needs_word_of}.", hint="Ask them yourself.")
    held = releases.of_step(session, row.meeting_uid, "amendment", f"word_{row.reference}")
    held = [notice for notice in held if releases.waits(notice)]
    if not held:
        raise SecretariatError(f"{row.needs_word_of} has been asked already.", hint="Its answer is shown here.")
    releases.release(session, held, by=by, now=now, detail={})
    return f"{row.reference}: {', '.join(notice.recipient_name for notice in held)} asked"


def _seen(session: Session, row: AmendmentRow) -> str:
    others = [(other.reference, other.state) for other in rivals.rivals_of(session, row)]
    return f"{row.state} {len(row.events)} {row.word_given_at} {others}"


def _of_the_report(row: AmendmentRow) -> str:
    if row.state not in reviews.CHANGES_REPORT:
        return "It stays as it is."
    if row.kind == Kind.DISAGREEMENT:
        return "It stays as it is: the disagreement goes to escalation or appeal."
    if row.kind == Kind.NOTE:
        return f"Its next revision has a post-meeting note: {row.agreed_text}"
    return f"What is issued stays. Its next revision says of {place_of(row)}: {row.agreed_text}"


def _row(session: Session, request: Request) -> AmendmentRow:
    row = session.get(AmendmentRow, request.path_params["reference"].upper())
    if row is None:
        raise HTTPException(404, f"There is no request {request.path_params['reference'][:40]}.")
    return row


def _page(desk: Desk, request: Request, shown: Shown[Follows]) -> Response:
    with desk.database.reading() as session:
        row = _row(session, request)
        meeting = meeting_of(session, row)
        filled = shown_form(desk, session, request, {"text": row.proposed_text, **shown.values}, shown.wrong)
        may = reviews.may_become(row)
        return answer(
            desk,
            request,
            "request.html",
            status=shown.status,
            row=row,
            meeting=meeting,
            report=reports.latest(session, row.meeting_uid),
            who=members.by_id(session, row.requester_id),
            kind=KIND_WORDS[Kind(row.kind)],
            word_refused=word_refused(row),
            state=words(row.state),
            evidence=[Evidence.model_validate(one) for one in row.evidence],
            recording=_recording(session, row),
            others=[(other, rivals.wanted(other)) for other in rivals.rivals_of(session, row)],
            events=[(event, _event_words(event.what, event.to_state, late=event.late)) for event in row.events],
            verdicts=[(key, label) for key, label in VERDICTS if _is_offered(row, key, may)],
            representatives=_representatives(session, row, meeting, desk),
            form=filled,
            follows=shown.preview,
            meanwhile=shown.meanwhile,
            by=next((p.name for p in filled.people if p.id == shown.values.get("by")), ""),
        )


def _is_offered(row: AmendmentRow, key: str, may: frozenset[State]) -> bool:
    if key in (ASK, WORD, NO_WORD):
        return row.needs_word_of is not None and row.word_given_at is None and row.state not in ENDED
    return STATES[key] in may


def _event_words(what: str, to_state: str, *, late: bool) -> str:
    return {
        What.RECEIVED: "received",
        What.ADDITION: "late addition" if late else "added",
        What.WORD: "word given for",
        What.NO_WORD: "word refused for",
        What.STATE: words(to_state),
    }[What(what)]


def _recording(session: Session, row: AmendmentRow) -> RecordingRow | None:
    issued = reports.latest(session, row.meeting_uid)
    return recording_of(session, session.get(DraftRow, issued.draft_id) if issued and issued.draft_id else None)


def _representatives(session: Session, row: AmendmentRow, meeting: Meeting, desk: Desk) -> list[tuple[str, str]]:
    """Who may speak today for the constituency whose view would be changed."""
    if row.needs_word_of is None:
        return []
    held = members.at_tables(session, meeting, desk.clock.today())
    speak = [h.person for h in held if h.group and h.constituency == row.needs_word_of and h.role in SPEAK]
    return list(dict.fromkeys((person.id, person.name) for person in speak))


def tracker(desk: Desk, request: Request) -> Response:
    """`/requests/tracker/{uid}`: who has commented on a report, who has no comments, who is silent; conflicts."""
    with desk.database.reading() as session:
        meeting = meetings.by_uid(session, request.path_params["uid"])
        if meeting is None or reports.latest(session, meeting.uid) is None:
            raise HTTPException(404, "No report of that meeting was issued here.")
        return answer(
            desk,
            request,
            "tracker.html",
            meeting=meeting,
            report=reports.latest(session, meeting.uid),
            tracker=tracking.tracker(session, desk.config, meeting),
            conflicts=rivals.conflicts(session, meeting.uid),
            closes_at=desk.announcer.window_of(session, meeting),
        )
