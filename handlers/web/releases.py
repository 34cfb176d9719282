"""Notices that wait for a person's word: listed with their recipients, read, and released or withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from bot import brakes, meetings, outbox, releases
from bot.model import Meeting, Person
from bot.store.outbox_tables import OutboxRow
from handlers.web import deeds
from handlers.web.desk import Desk
from handlers.web.fields import Fields
from handlers.web.forms import Sent, remember, shown_form
from handlers.web.rendering import answer

RELEASE, WITHDRAW, ALL = "release", "withdraw", "all"


@dataclass(frozen=True)
class ShownBatch:
    """Notices of one kind about one meeting; `meeting` is None where it is no longer on file."""

    key: str
    kind: str
    meeting: Meeting | None
    rows: Sequence[OutboxRow]


@dataclass(frozen=True)
class Chosen:
    """What a page of the release says of the notices chosen."""

    rows: Sequence[OutboxRow]
    meanwhile: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


def listed(desk: Desk, request: Request) -> Response:
    """`/releases`: all that wait, a batch a meeting and kind."""
    return _list(desk, request)


def asked(desk: Desk, request: Request, sent: Sent) -> Response:
    """Notices were chosen: shows them as they would go, or does what was asked where they have been seen."""
    if sent.line("step") in (RELEASE, WITHDRAW):
        return _do(desk, request, sent)
    with desk.database.reading() as session:
        chosen = _chosen(releases.waiting(session), sent)
    if not chosen:
        return _list(desk, request, batch=sent.line("batch"), wrong="Tick at least one that still waits.")
    return _page(desk, request, Chosen(chosen))


def _do(desk: Desk, request: Request, sent: Sent) -> Response:
    """Release or withdraw exactly what was shown, once; nothing at all where a part of it no longer waits."""
    fields, now, deed = Fields(sent), desk.clock.now(), sent.line("deed")
    withdrawing = sent.line("step") == WITHDRAW
    reason = fields.line("reason", asked="Say why: the reason is kept.") if withdrawing else ""
    with desk.database.session() as session:
        number = deeds.done_before(session, deed, now)
        if number is not None:
            return deeds.lead_on(number)
        by, rows = fields.person(session, desk.clock.now()), _chosen(releases.waiting(session), sent)
        gone = len(set(sent.all("id"))) - len(rows)
        if by and rows and not gone and not fields.wrong:
            _act(session, rows, by, reason, desk, deed)
            remember(request, by)
            return deeds.lead_on(deeds.newest(session))
    if not rows:
        return _list(desk, request, wrong="None of these waits any longer, so nothing was done.")
    meanwhile = f"{gone} of them no longer wait, so nothing was done. These still do." if gone else ""
    status = 409 if gone else 422
    return _page(desk, request, Chosen(rows, meanwhile, sent.lines(), fields.wrong, status))


def _act(session: Session, rows: Sequence[OutboxRow], by: Person, reason: str, desk: Desk, deed: str) -> None:
    now, detail = desk.clock.now(), deeds.detail_of(deed)
    if reason:
        releases.withdraw(session, rows, by=by, reason=reason, now=now, detail=detail)
    else:
        releases.release(session, rows, by=by, now=now, detail=detail)


def _chosen(waiting: Sequence[OutboxRow], sent: Sent) -> list[OutboxRow]:
    """The notices that were ticked, or the whole batch, of those that wait."""
    if sent.line("step") == ALL:
        return [row for batch in releases.batches(waiting) if batch.key == sent.line("batch") for row in batch.rows]
    ticked = set(sent.all("id"))
    return [row for row in waiting if row.id in ticked]


def _list(desk: Desk, request: Request, *, batch: str = "", wrong: str = "") -> Response:
    with desk.database.reading() as session:
        waiting = releases.waiting(session)
        return answer(
            desk,
            request,
            "releases.html",
            status=422 if wrong else 200,
            batches=[
                ShownBatch(b.key, b.kind, meetings.by_uid(session, b.meeting_uid), b.rows)
                for b in releases.batches(waiting)
            ],
            addresses=_addresses(session, waiting),
            stopped=brakes.pulled(session),
            in_shadow=releases.how_many_in_shadow(session),
            form=shown_form(desk, session, request),
            wrong=wrong,
            wrong_batch=batch,
        )


def _page(desk: Desk, request: Request, chosen: Chosen) -> Response:
    with desk.database.reading() as session:
        return answer(
            desk,
            request,
            "release.html",
            status=chosen.status,
            rows=chosen.rows,
            texts={row.id: outbox.whole_text(row) for row in chosen.rows},
            addresses=_addresses(session, chosen.rows),
            form=shown_form(desk, session, request, chosen.values, chosen.wrong),
            meanwhile=chosen.meanwhile,
            withdrawing=chosen.values.get("step") == WITHDRAW,
        )


def _addresses(session: Session, rows: Sequence[OutboxRow]) -> dict[str, str]:
    """Where each recipient is reached, by what the notice calls the recipient."""
    return {recipient: releases.reached_at(session, recipient) for recipient in {row.recipient for row in rows}}
