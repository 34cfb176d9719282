"""The amended report on the page: what it waits for, what it would say, its documents, and its release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot import meetings, reissues, reports, revisions
from bot.errors import SecretariatError
from bot.model import Meeting, Person
from bot.reissues import Proposed
from bot.store.amendment_tables import AmendmentRow
from bot.store.report_tables import ReportRow
from handlers.web import deeds, seen_first
from handlers.web.desk import Desk
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.rendering import answer
from handlers.web.shown import Shown
from schedules import reissue_words, reissuing
from schedules.reissuing import Asked

CHOOSE = "choose:"
MEANWHILE = "Something was decided since this was shown, so nothing was done. This is what would go out now."


@dataclass(frozen=True)
class Preview:
    """What would go out, to whom. `seen` stands for exactly that."""

    kind: str
    number: int
    changes: Sequence[str]
    carried: Sequence[str]
    recipients: Sequence[str]
    seen: str


def one(desk: Desk, request: Request) -> Response:
    """`/reports/{id}/reissue`: what the amended report waits for, and what was made ready."""
    return _page(desk, request, Shown[Preview]())


def asked(desk: Desk, request: Request, sent: Sent) -> Response:
    """Its release was asked for: shows what would go out, or issues it where that has been seen."""
    fields, now = Fields(sent), desk.clock.now()
    with desk.database.reading() as session:
        by, (_, meeting) = fields.person(session, now), issued_report(session, request)
    if by is None or fields.wrong:
        return _page(desk, request, Shown[Preview](sent.lines(), fields.wrong, status=422))
    remember(request, by)
    return seen_first.answered(
        desk, sent,
        seen_first.Way(
            found=lambda session: reissuing.to_release(session, desk.announcer, meeting, _word(sent, by), now),
            preview=lambda session, found: _preview(desk, session, found),
            do=lambda found: _release(desk, found, sent, by),
            page=lambda shown: _page(desk, request, shown),
            meanwhile=MEANWHILE,
        ),
    )  # fmt: skip


def _word(sent: Sent, by: Person) -> Asked:
    """A text for each line on which accepted requests disagree, and whether some stay undecided."""
    chosen = {name.removeprefix(CHOOSE): sent.line(name) for name in sent.fields if name.startswith(CHOOSE)}
    return Asked(by, {line: words for line, words in chosen.items() if words}, bool(sent.line("leaving_open")))


def _preview(desk: Desk, session: Session, found: Proposed) -> Preview:
    revision = found.revision
    changes = list(reissue_words.changes(revision))
    people = [person.name for person in reissue_words.recipients(desk.announcer, session, revision)]
    exact = repr((revision.base.id, revision.kind, revision.carried, changes))
    seen = sha256(exact.encode()).hexdigest()
    return Preview(revisions.KIND_WORDS[revision.kind], revision.number, changes, revision.carried, people, seen)


def _release(desk: Desk, found: Proposed, sent: Sent, by: Person) -> int:
    """Issue it. The documents are made outside the transaction: that may take seconds."""
    issuing, now = desk.issuing(), desk.clock.now()
    made = revisions.documents(desk.files, issuing.writer, found.revision, now)
    with desk.database.session() as session:
        row, count = reissuing.release(session, issuing, desk.announcer, found, made, by=by, now=now)
        outcome = {
            "What changed": list(reissue_words.changes(found.revision)),
            "Requests that it tells of": list(found.revision.carried),
            "Notices": [f"{count} people are sent it."],
        }
        title = f"{row.id} issued, {revisions.KIND_WORDS[row.kind]}"
        return deeds.record_decision(
            session, now, by, row.meeting_uid, deed=sent.line("deed"), title=title, reason="", outcome=outcome
        )


def issued_report(session: Session, request: Request) -> tuple[ReportRow, Meeting]:
    """The newest revision of the report that the address names, and its meeting; 404 where there is none."""
    row = session.get(ReportRow, request.path_params["id"])
    newest = reports.latest(session, row.meeting_uid) if row else None
    meeting = meetings.by_uid(session, row.meeting_uid) if row else None
    if newest is None or meeting is None:
        raise HTTPException(404, f"There is no issued report {request.path_params['id'][:40]}.")
    return newest, meeting


def _page(desk: Desk, request: Request, shown: Shown[Preview]) -> Response:
    with desk.database.reading() as session:
        row, meeting = issued_report(session, request)
        filled = shown_form(desk, session, request, shown.values, shown.wrong)
        return answer(
            desk,
            request,
            "reissue.html",
            status=shown.status,
            row=row,
            meeting=meeting,
            standing=reissuing.standing(session, desk.announcer, meeting),
            to_carry=reissues.to_carry(session, meeting.uid),
            ready=reissues.made_ready(session, meeting.uid),
            conflicts=_conflicts(session, desk, meeting),
            kind_words=revisions.KIND_WORDS,
            form=filled,
            preview=shown.preview,
            meanwhile=shown.meanwhile,
            by=next((p.name for p in filled.people if p.id == shown.values.get("by")), ""),
        )


def _conflicts(session: Session, desk: Desk, meeting: Meeting) -> Sequence[tuple[str, str, Sequence[AmendmentRow]]]:
    """The lines of which a person must say what they shall say: (line, what it says, the requests that disagree)."""
    try:
        kind = reissuing.standing(session, desk.announcer, meeting).kind
        found = reissues.proposed(session, meeting, kind).conflicts
    except SecretariatError:  # nothing was accepted that changes the report
        return ()
    return [
        (one.place, one.present, [session.get_one(AmendmentRow, reference) for reference, _ in one.wanted])
        for one in found
    ]
