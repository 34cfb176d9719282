"""outbox: what was sent, what waits and why; a person's word that it may go; the brake, and the shadow."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from bot import access, audit, brakes, facts, outbox, releases
from bot.access import Deed
from bot.app import Secretariat
from bot.clock import LONDON, spoken
from bot.commands.by_whom import BY_PMO
from bot.errors import SecretariatError, UnknownThing
from bot.model import OutboxState, Person
from bot.store.outbox_tables import AttemptRow, OutboxRow
from schedules.finding import known_group

app = typer.Typer(help="Notices: list, show, release or withdraw them; stop and resume.", invoke_without_command=True)
IDS = Annotated[list[str] | None, typer.Argument(help="The ids, or their beginnings.")]
ALL = Annotated[bool, typer.Option("--all", help="All that wait for release.")]
GROUP = Annotated[str | None, typer.Option("--group", help="Only this group's.")]
DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and to whom; do nothing.")]
UNSENT = (OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.UNKNOWN)


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
        for sentence in brakes.in_words(session, context.obj.secretariat.clock.now()):
            typer.echo(sentence, err=True)
        for row in session.scalars(query.where(OutboxRow.state == state) if state else query):
            due = f"{row.due_at.astimezone(LONDON):%a %d %b %Y %H:%M}"
            table.add_row(row.id[:8], due, row.recipient_name, row.subject, row.channel, row.state, row.state_reason)
    Console().print(table)


@app.command("show")
def show(context: typer.Context, id_: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """One notice as it was written, with each attempt at sending it."""
    with context.obj.secretariat.database.reading() as session:
        found = list(session.scalars(select(OutboxRow).where(OutboxRow.id.startswith(id_)).limit(2)))
        if len(found) != 1:
            said = "several notices" if found else "no notice"
            raise UnknownThing(f"{id_} begins the id of {said}.", hint="Take an id from `secretariat outbox`.")
        row = found[0]
        typer.echo(f"To: {row.recipient_name}\nSubject: {row.subject}\nState: {row.state} {row.state_reason}".rstrip())
        typer.echo(f"Why: {row.why}\n")
        typer.echo(outbox.whole_text(row))
        for attempt in row.attempts:
            typer.echo(_attempt_line(attempt))


def _attempt_line(attempt: AttemptRow) -> str:
    what = attempt.outcome or "no answer yet"
    return f"{spoken(attempt.began_at)}: by {attempt.channel} to {attempt.address}: {what} {attempt.error}".rstrip()


@app.command("release")
def release(
    context: typer.Context,
    by: BY_PMO,
    ids: IDS = None,
    all_: ALL = False,
    group: GROUP = None,
    dry_run: DRY_RUN = False,
) -> None:
    """Let notices go that wait for a person's word. Those in shadow stay."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person = _pmo(whole, by)
        chosen = _chosen(whole, releases.waiting(session), ids, all_=all_, group=group)
        _preview(whole, chosen)
        if not dry_run:
            done = releases.release(session, chosen, by=person, now=whole.clock.now())
            for row in done.too_late:
                typer.echo(f"Too late to be of use, so it does not go: {row.recipient_name}: {row.subject}")
            typer.echo(f"{len(done.going)} released. You will be sent what became of them.")
    if dry_run:
        typer.echo("Nothing was released (--dry-run).")


@app.command("withdraw")
def withdraw(
    context: typer.Context,
    by: BY_PMO,
    reason: Annotated[str, typer.Option("--reason", help="Why they shall not go.")],
    ids: IDS = None,
    all_: ALL = False,
    group: GROUP = None,
    dry_run: DRY_RUN = False,
) -> None:
    """Take back notices that wait for a person's word, for good."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person = _pmo(whole, by)
        chosen = _chosen(whole, releases.waiting(session), ids, all_=all_, group=group)
        for row in chosen:
            typer.echo(f"{row.id[:8]}  {row.recipient_name}: {row.subject}")
        if not dry_run:
            releases.withdraw(session, chosen, by=person, reason=reason, now=whole.clock.now())
    typer.echo("Nothing was withdrawn (--dry-run)." if dry_run else f"{len(chosen)} withdrawn.")


@app.command("retry")
def retry(context: typer.Context, by: BY_PMO, ids: IDS = None, all_: ALL = False, group: GROUP = None) -> None:
    """Try again what was given up, by every way there is now (an address corrected meanwhile)."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person = _pmo(whole, by)
        chosen = _chosen(whole, releases.given_up(session), ids, all_=all_, group=group)
        releases.try_again(session, chosen, by=person, now=whole.clock.now())
        for row in chosen:
            typer.echo(f"{row.id[:8]}  {row.recipient_name}: {row.subject}")
    typer.echo(f"{len(chosen)} will be tried again.")


@app.command("summary")
def summary(
    context: typer.Context,
    days: Annotated[int, typer.Option(help="Of the last so many days.", min=1, max=366)] = 7,
    group: GROUP = None,
) -> None:
    """What was sent and what was not: how many in each state, and everybody who could not be reached, with why."""
    whole: Secretariat = context.obj.secretariat
    query = select(OutboxRow).where(OutboxRow.decided_at >= whole.clock.now() - timedelta(days=days))
    if group:
        query = query.where(OutboxRow.group_key == known_group(whole.config, group))
    with whole.database.reading() as session:
        rows = list(session.scalars(query.order_by(OutboxRow.due_at, OutboxRow.id)))
    for state, count in sorted(Counter(row.state for row in rows).items()):
        typer.echo(f"{state}: {count}")
    unsent = [row for row in rows if row.state in UNSENT]
    typer.echo("Unsent:" if unsent else "Unsent: nothing.")
    for row in unsent:
        typer.echo(f"  {row.recipient_name}: {row.subject} ({row.state}: {row.state_reason})")


@app.command("pause")
def pause(
    context: typer.Context,
    by: BY_PMO,
    group: GROUP = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is shown to everybody who asks.")] = "",
) -> None:
    """Stop sending at once: everything, or one group's notices. Nothing is lost; what waits too long expires."""
    whole: Secretariat = context.obj.secretariat
    key = known_group(whole.config, group) if group else brakes.ALL
    with whole.database.session() as session:
        person = _pmo(whole, by)
        new = brakes.pull(session, key, by=person.name, reason=reason, now=whole.clock.now())
    what = key or "everything"
    typer.echo(f"Sending is stopped for {what}." if new else f"Sending was stopped for {what} already.")


@app.command("resume")
def resume(context: typer.Context, by: BY_PMO, group: GROUP = None) -> None:
    """Let sending go on. What has become stale meanwhile expires, and is listed."""
    whole: Secretariat = context.obj.secretariat
    key = known_group(whole.config, group) if group else brakes.ALL
    with whole.database.session() as session:
        person = _pmo(whole, by)
        was = brakes.let_go(session, key, by=person.name, now=whole.clock.now())
    what = key or "everything"
    typer.echo(f"Sending goes on for {what}." if was else f"Sending was not stopped for {what}.")


@app.command("shadow")
def shadow(
    context: typer.Context,
    by: BY_PMO,
    days: Annotated[int | None, typer.Option(help="For so many days nothing leaves.", min=1, max=366)] = None,
    off: Annotated[bool, typer.Option("--off", help="End it now.")] = False,
) -> None:
    """Try an installation on a real programme: everything is composed and shown, and nothing leaves."""
    if off == (days is not None):
        raise SecretariatError("For how long?", hint="Give --days 14, or --off to end it.")
    whole: Secretariat = context.obj.secretariat
    now = whole.clock.now()
    until = now + timedelta(days=days) if days else now
    with whole.database.session() as session:
        person = _pmo(whole, by)
        facts.remember(session, outbox.SHADOW_UNTIL, until.isoformat())
        audit.record(session, now, person.name, "shadow", f"until {until.isoformat()}")
    if days:
        typer.echo(f"Nothing leaves until {spoken(until)}. What is composed is in the outbox, withheld.")
    else:
        typer.echo("What is composed from now on leaves as the dial says; what was in shadow stays.")


def _pmo(whole: Secretariat, name: str) -> Person:
    with whole.database.reading() as session:
        return access.pmo_named(session, name, Deed.OUTBOX, whole.clock.now(), hint="Only the PMO works the outbox.")


def _chosen(
    whole: Secretariat, waiting: list[OutboxRow], ids: list[str] | None, *, all_: bool, group: str | None
) -> list[OutboxRow]:
    """Those named; or all, or all of one group."""
    if group:
        key = known_group(whole.config, group)
        waiting = [row for row in waiting if row.group_key == key]
    chosen = releases.beginning_with(waiting, ids) if ids else waiting if all_ or group else []
    if not chosen:
        raise SecretariatError(
            f"Nothing is chosen ({len(waiting)} there).", hint="Name ids from `secretariat outbox`, or give --all."
        )
    return chosen


def _preview(whole: Secretariat, rows: list[OutboxRow]) -> None:
    """Each text once, with everybody whom it goes to; and who cannot be reached."""
    with whole.database.reading() as session:
        for batch in releases.batches(rows):
            typer.echo(f"\n{batch.rows[0].subject}")
            for row in batch.rows:
                way = whole.sender.way_to(session, row)
                typer.echo(f"  {row.id[:8]}  {row.recipient_name}: {' to '.join(way) if way else 'CANNOT BE REACHED'}")
            typer.echo(f"\n{batch.rows[0].text.rstrip()}\n")
