"""meetings: list, move, cancel, add, confirm. What follows from a change is shown before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import access, meetings, members
from bot.access import Deed
from bot.clock import spoken
from bot.commands.by_whom import BY_PMO
from bot.commands.settings import Settings
from bot.errors import SecretariatError
from schedules.changes import Consequences, Wanted, approve_short_notice, enact
from schedules.finding import day_named

app = typer.Typer(help="Meetings: list them; move, cancel, add, confirm.", invoke_without_command=True)
REASON = Annotated[str, typer.Option("--reason", help="Told to the group's members.")]
START = Annotated[str | None, typer.Option("--start", help="London wall-clock, as 10:00; as it was, if not given.")]
END = Annotated[str | None, typer.Option("--end", help="London wall-clock, as 12:00; as it was, if not given.")]
DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Show what would follow; change nothing.")]
YES = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
ON = Annotated[str, typer.Argument(metavar="DATE")]


@app.callback()
def list_meetings(context: typer.Context, group: Annotated[str | None, typer.Option()] = None) -> None:
    """The meetings on file from a month ago on, where no other command is given."""
    if context.invoked_subcommand:
        return
    whole = context.obj.secretariat
    now = whole.clock.now()
    table = Table("Group", "Starts (London)", "Status", "Revision", "UID")
    with whole.database.reading() as session:
        for meeting in meetings.between(session, now - timedelta(days=31), now + timedelta(days=100), group):
            starts, revision = spoken(meeting.starts_at), str(meeting.revision)
            table.add_row(meeting.known_as, starts, meeting.status, revision, meeting.uid)
    Console().print(table)


@app.command("move")
def move(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY_PMO,
    to: Annotated[
        str | None, typer.Option("--to", help="The new day, as 2026-01-07; the same day, if not given.")
    ] = None,
    start: START = None,
    end: END = None,
    reason: REASON = "",
    dry_run: DRY_RUN = False,
    yes: YES = False,
) -> None:
    """Move a meeting to another day or time."""
    day = day_named(on)
    wanted = _wanted(context, "move", group, day, by, reason, to=day_named(to) if to else day, start=start, end=end)
    _show_and_do(context, wanted, dry_run=dry_run, yes=yes)


@app.command("confirm")
def confirm(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY_PMO,
    to: Annotated[str | None, typer.Option("--to", help="The day chosen; the first proposal, if not given.")] = None,
    reason: REASON = "",
    dry_run: DRY_RUN = False,
    yes: YES = False,
) -> None:
    """Confirm a date that was only proposed, because the usual day is closed."""
    wanted = _wanted(context, "confirm", group, day_named(on), by, reason, to=day_named(to) if to else None)
    _show_and_do(context, wanted, dry_run=dry_run, yes=yes)


@app.command("cancel")
def cancel(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY_PMO,
    reason: REASON = "",
    dry_run: DRY_RUN = False,
    yes: YES = False,
) -> None:
    """Cancel a meeting. Requests to earlier reports keep their closing dates."""
    _show_and_do(context, _wanted(context, "cancel", group, day_named(on), by, reason), dry_run=dry_run, yes=yes)


@app.command("add")
def add(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY_PMO,
    with_: Annotated[
        list[str] | None, typer.Option("--with", help="Another group that it serves; give it again for a third.")
    ] = None,
    start: START = None,
    end: END = None,
    reason: REASON = "",
    dry_run: DRY_RUN = False,
    yes: YES = False,
) -> None:
    """Call an ad hoc meeting, jointly with other groups if wanted. It never closes an amendment window."""
    wanted = _wanted(context, "add", group, day_named(on), by, reason, start=start, end=end)
    _show_and_do(context, replace(wanted, joint_with=tuple(with_ or ())), dry_run=dry_run, yes=yes)


@app.command("approve")
def approve(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY_PMO,
    approved_by: Annotated[str, typer.Option("--approved-by", help="The Chair who has approved it.")],
) -> None:
    """Put on file that the Chair approves a meeting called at short notice, whose clocks were not attainable."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        hint = "Only the PMO puts an approval on file."
        person = access.pmo_named(session, by, Deed.CALENDAR, whole.clock.now(), hint=hint)
        chair = members.named(session, approved_by)
        done = approve_short_notice(
            session, whole.announcer, group, day_named(on), chair=chair, by=person, now=whole.clock.now()
        )
    typer.echo(f"{done.known_as} on {spoken(done.starts_at)}: short notice approved by {chair.name}.")


def _wanted(
    context: typer.Context,
    action: str,
    group: str,
    on: date,
    by: str,
    reason: str,
    *,
    to: date | None = None,
    start: str | None = None,
    end: str | None = None,
) -> Wanted:
    whole = context.obj.secretariat
    with whole.database.reading() as session:
        person = access.pmo_named(
            session, by, Deed.CALENDAR, whole.clock.now(), hint="Only the PMO changes the calendar."
        )
    return Wanted(action, group, on, person, reason, to, _time(start), _time(end))


def _show_and_do(context: typer.Context, wanted: Wanted, *, dry_run: bool, yes: bool) -> None:
    """The preview is the change itself, rolled back; then it is made, once somebody agrees."""
    settings: Settings = context.obj
    whole = settings.secretariat
    now = whole.clock.now()
    with whole.database.rehearsal() as session:
        _show(enact(session, replace(whole.announcer, files=None), wanted, now))
    if dry_run:
        typer.echo("Nothing was changed (--dry-run).")
        return
    if not yes and not typer.confirm("Do it?"):
        typer.echo("Nothing was changed.")
        raise typer.Exit(1)
    with whole.database.session() as session:
        done = enact(session, whole.announcer, wanted, now)
    changed = (done, *done.also)
    for one in changed:
        typer.echo(f"Done: {one.after.known_as}, {spoken(one.after.starts_at)}, {one.after.status}.")
    if any(one.told for one in changed):
        typer.echo("Its notices wait for release: secretariat outbox release --all --by PERSON")


def _show(found: Consequences, indent: str = "") -> None:
    for line in _lines(found):
        typer.echo(f"{indent}{line}")
    for also in found.also:
        _show(also, f"{indent}  ")


def _lines(found: Consequences) -> Iterator[str]:
    before = f"{spoken(found.before.starts_at)} ({found.before.status})" if found.before else "not on the calendar"
    yield f"{found.after.known_as}: {before} becomes {spoken(found.after.starts_at)} ({found.after.status})"
    for change in found.clocks:
        was = spoken(change.before) if change.before else "none"
        yield f"  clock {change.clock} of {change.meeting}: {was} becomes {_or_none(change.after)}"
    for deadline in found.not_attainable:
        yield f"  not attainable, for the Chair to approve: {deadline.kind} ({_or_none(deadline.due_at)})"
    for title, lines in (("taken back", found.superseded), ("sent, and now wrong", found.now_wrong)):
        yield from (f"  {title}: {line}" for line in lines)
    yield from (f"  will be told: {person.name}" for person in found.told)
    yield from (f"  note: {warning}" for warning in found.warnings)


def _or_none(instant: object) -> str:
    return spoken(instant) if isinstance(instant, datetime) else "none"


def _time(text: str | None) -> time | None:
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        raise SecretariatError(f"{text} is no time.", hint="Write it as 10:00.") from None
