"""outbox: what was sent, what waits and why; and a person's word that it may go."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bot import audit, members, outbox
from bot.clock import LONDON
from bot.errors import SecretariatError
from bot.model import OutboxState
from bot.store.tables import OutboxRow

app = typer.Typer(help="Notices: list them; release those that wait.", invoke_without_command=True)


@app.callback()
def list_outbox(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only those in this state: sent, withheld, suppressed ...")] = None,
) -> None:
    """Every notice, with its state and the reason, where no other command is given."""
    if context.invoked_subcommand:
        return
    table = Table("Id", "Due (London)", "To", "Subject", "By", "State", "Reason")
    query = select(OutboxRow).order_by(OutboxRow.due_at, OutboxRow.id)
    with context.obj.secretariat.database.reading() as session:
        for row in session.scalars(query.where(OutboxRow.state == state) if state else query):
            due = f"{row.due_at.astimezone(LONDON):%a %d %b %Y %H:%M}"
            table.add_row(row.id[:8], due, row.recipient_name, row.subject, row.channel, row.state, row.state_reason)
    Console().print(table)


@app.command("release")
def release(
    context: typer.Context,
    by: Annotated[str, typer.Option("--by", help="The person of the PMO whose word this is.")],
    ids: Annotated[list[str] | None, typer.Argument(help="The ids to release, or their beginnings.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that wait for release.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go, and to whom; send nothing.")] = False,
) -> None:
    """Let notices go that wait for a person's word. Those in shadow stay."""
    whole = context.obj.secretariat
    now = whole.clock.now()
    with whole.database.session() as session:
        person = members.pmo_named(session, by, whole.clock.today(), hint="Only the PMO releases notices.")
        query = select(OutboxRow).where(OutboxRow.state == OutboxState.WITHHELD).order_by(OutboxRow.due_at)
        waiting = [r for r in session.scalars(query) if not r.state_reason.startswith(outbox.SHADOW)]
        chosen = [r for r in waiting if all_ or any(r.id.startswith(i) for i in ids or ())]
        if not chosen:
            raise SecretariatError(
                f"Nothing to release ({len(waiting)} wait).", hint="Name ids from `secretariat outbox`, or give --all."
            )
        for row in chosen:
            typer.echo(f"{row.id[:8]}  {row.recipient_name}: {row.subject}")
            if not dry_run:
                outbox.release(session, row, by=person.name, now=now)
        if not dry_run:
            released = [row.id for row in chosen]
            audit.record(session, now, person.name, "notices released", f"{len(chosen)} notices", ids=released)
    typer.echo("Nothing was released (--dry-run)." if dry_run else f"{len(chosen)} released.")
