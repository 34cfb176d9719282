"""mailbox: list, show, accept, change, reject, undo, accept-sender, dry-run: mail that waits for the PMO's word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import access, mail_proposals, mail_senders
from bot.access import Deed
from bot.app import Secretariat
from bot.clock import spoken, spoken_date
from bot.commands.by_whom import BY_PMO
from bot.commands.dates import PlainFormat
from bot.model import Person
from bot.store.mail_tables import InboxRow, MailProposalRow
from schedules.finding import day_named

if TYPE_CHECKING:  # what reads mail takes longer to load than any other command lasts
    from handlers.mail.decisions import Decider
    from handlers.mail.dry_run import Planned

app = typer.Typer(help="Mail that waits for a person, and what was done about mail.", no_args_is_help=True)
REFERENCE = Annotated[str, typer.Argument(metavar="M-001")]
FORMAT = Annotated[PlainFormat, typer.Option("--format")]
DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; do nothing.")]
WHY = Annotated[str, typer.Option("--reason", help="Why; kept with it.")]


@app.command("list")
def list_waiting(context: typer.Context, format_: FORMAT = PlainFormat.table) -> None:
    """What waits for a person, the oldest message first, with what would be done and why a person is asked."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.reading() as session:
        found = mail_proposals.waiting(session)
        if format_ is PlainFormat.json:
            _print_json({"proposals": [_as_json(row, message) for row, message in found]})
            return
        table = Table("Reference", "Came (London)", "From", "Subject", "Proposed", "Why a person is asked")
        for row, message in found:
            came = spoken(message.received_at or message.arrived_at)
            table.add_row(row.reference, came, message.sender, message.subject, row.summary, row.waits_for)
    Console().print(table)


@app.command("show")
def show(context: typer.Context, reference: REFERENCE) -> None:
    """One proposal, with its message: its own words, and what was cut."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.reading() as session:
        row = mail_proposals.named(session, reference)
        typer.echo("\n".join(_shown(row, session.get_one(InboxRow, row.inbox_id))))


def _shown(row: MailProposalRow, message: InboxRow) -> Iterator[str]:
    yield f"{row.reference} ({row.state}): {row.summary}"
    yield f"Why: {row.reason}"
    if row.waits_for:
        yield f"Why a person is asked: {row.waits_for}"
    if row.decided_at:
        more = " ".join(filter(None, (row.led_to, row.note)))
        yield f"{row.state.capitalize()} by {row.decided_by}, {spoken(row.decided_at)}. {more}".rstrip()
    yield f"\nFrom: {message.sender or 'nobody named'}\nSubject: {message.subject}\nState: {message.state}"
    yield f"\n{message.own_words}"
    if message.cut:
        yield f"\nCut:\n{message.cut}"


@app.command("accept")
def accept(context: typer.Context, reference: REFERENCE, by: BY_PMO, dry_run: DRY_RUN = False) -> None:
    """Have it done as proposed."""
    _decide(context, reference, by, {}, dry_run=dry_run)


@app.command("change")
def change(
    context: typer.Context,
    reference: REFERENCE,
    by: BY_PMO,
    what: Annotated[str | None, typer.Option(help="amendment, apology, paper, query ...")] = None,
    group: Annotated[str | None, typer.Option(help="The group meant.")] = None,
    date: Annotated[str | None, typer.Option(help="The day of the meeting meant.")] = None,
    line: Annotated[str | None, typer.Option(help="The line or action meant: D-01, PSG27-03.")] = None,
    nature: Annotated[str | None, typer.Option(help="record, note or disagreement.")] = None,
    text: Annotated[str | None, typer.Option(help="The text proposed.")] = None,
    grounds: Annotated[str | None, typer.Option(help="The reason that was given.")] = None,
    who: Annotated[str | None, typer.Option(help="The alternate or nominee: a name, or 'Name <address>'.")] = None,
    state: Annotated[str | None, typer.Option(help="Of an action: open or done.")] = None,
    person: Annotated[str | None, typer.Option(help="In whose name: somebody on file.")] = None,
    mailbox: Annotated[str | None, typer.Option(help="Of a query: which mailbox takes it.")] = None,
    dry_run: DRY_RUN = False,
) -> None:
    """Have it done with other values."""
    given = {
        "what": what, "group": group, "date": date, "line": line, "nature": nature, "text": text, "grounds": grounds,
        "who": who, "state": state, "person": person, "mailbox": mailbox,
    }  # fmt: skip
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise typer.BadParameter("Say what is to be changed, or accept it.")
    _decide(context, reference, by, changes, dry_run=dry_run)


def _decide(context: typer.Context, reference: str, by: str, changes: dict[str, str], *, dry_run: bool) -> None:
    from handlers.mail import decisions

    whole: Secretariat = context.obj.secretariat
    with whole.database.rehearsal() if dry_run else whole.database.session() as session:
        decider = _decider(whole, session, by)
        said = decisions.accept(decider, mail_proposals.named(session, reference), changes)
    typer.echo(f"It would be so: {said}\nNothing was done (--dry-run)." if dry_run else said)


@app.command("reject")
def reject(context: typer.Context, reference: REFERENCE, by: BY_PMO, reason: WHY = "") -> None:
    """Nothing is to be done about it."""
    from handlers.mail import decisions

    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        said = decisions.reject(_decider(whole, session, by), mail_proposals.named(session, reference), reason)
    typer.echo(said)


@app.command("undo")
def undo(context: typer.Context, reference: REFERENCE, by: BY_PMO, reason: WHY = "", dry_run: DRY_RUN = False) -> None:
    """Take back what was done; whoever was told otherwise is told. A rejection is undone by waiting again."""
    from handlers.mail import decisions

    whole: Secretariat = context.obj.secretariat
    with whole.database.rehearsal() if dry_run else whole.database.session() as session:
        said = decisions.take_back(_decider(whole, session, by), mail_proposals.named(session, reference), reason)
    typer.echo(f"It would be so: {said}\nNothing was done (--dry-run)." if dry_run else said)


@app.command("accept-sender")
def accept_sender(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="An address, or @domain.")],
    until: Annotated[str, typer.Option("--until", help="The last day on which it is accepted.")],
    by: BY_PMO,
) -> None:
    """Take mail from an address for its owner's though the mail server says nothing of it. What is forged stays so."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person = _pmo(whole, session, by)
        row = mail_senders.accept(session, address, day_named(until), by=person, now=whole.clock.now())
        said = f"Mail from {row.address} is accepted until {spoken_date(row.until_on)}."
    typer.echo(said)


@app.command("dry-run")
def dry_run(
    context: typer.Context,
    at_most: Annotated[int, typer.Option(help="So many messages of each mailbox.", min=1, max=1000)] = 100,
    format_: FORMAT = PlainFormat.table,
) -> None:
    """The whole list of what would be done about the mail that waits. Nothing is done, moved or sent."""
    whole: Secretariat = context.obj.secretariat
    readers = [inbox.reader for inbox in whole.inboxes()]
    from handlers.mail.dry_run import plan
    from handlers.mail.working import MailWorker

    worker = MailWorker(whole.announcer)
    planned = plan(whole.database, worker, readers, whole.clock.now(), at_most=at_most)
    if format_ is PlainFormat.json:
        _print_json({"messages": [_planned_json(one) for one in planned]})
        return
    table = Table("From", "Subject", "Becomes", "What would be done", "Why a person is asked")
    for one in planned:
        done = "\n".join(action.summary for action in one.actions) or one.reason
        asked = "\n".join(action.waits_for for action in one.actions if action.waits_for)
        table.add_row(one.sender, one.subject, f"{one.state.replace('_', ' ')}: {one.finding}", done, asked)
    Console().print(table)
    typer.echo(f"{len(planned)} messages. Nothing was done, moved or sent.")


def _planned_json(one: Planned) -> dict[str, Any]:
    return asdict(one) | {"received_at": one.received_at.isoformat() if one.received_at else None}


def _as_json(row: MailProposalRow, message: InboxRow) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "action": row.action,
        "summary": row.summary,
        "reason": row.reason,
        "waits_for": row.waits_for,
        "values": row.values,
        "message": {
            "id": message.id,
            "mailbox": message.mailbox,
            "from": message.sender,
            "subject": message.subject,
            "received_at": (message.received_at or message.arrived_at).isoformat(),
        },
    }


def _print_json(shape: dict[str, Any]) -> None:
    typer.echo(json.dumps(shape, ensure_ascii=False, indent=2))


def _decider(whole: Secretariat, session: Session, by: str) -> Decider:
    from handlers.mail.decisions import Decider

    return Decider(session, whole.announcer, _pmo(whole, session, by), whole.clock.now())


def _pmo(whole: Secretariat, session: Session, name: str) -> Person:
    return access.pmo_named(session, name, Deed.MAILBOX, whole.clock.now(), hint="Only the PMO decides on mail.")
