"""invitations compare, invitations sync: our meetings and the calendar of the mailbox."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from bot import brakes, outbox
from bot.app import Secretariat
from bot.commands.settings import Settings
from bot.errors import SecretariatError
from schedules.calendar_comparison import Difference
from schedules.calendar_sync import CalendarSync

invitations_app = typer.Typer(
    help="The meetings in the mailbox's calendar (setting `invitations`: graph or manual).", no_args_is_help=True
)
AHEAD = timedelta(days=100)
FROM = Annotated[str | None, typer.Option("--from", help="First day, as 2026-01-01; today where none is given.")]
TO = Annotated[str | None, typer.Option("--to", help="Last day, included; 100 days on where none is given.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(invitations_app, name="invitations")


@invitations_app.command("compare")
def compare_calendars(context: typer.Context, from_: FROM = None, to: TO = None) -> None:
    """What differs between our meetings and the calendar of the mailbox. Changes nothing."""
    settings: Settings = context.obj
    by_hand = settings.config.invitations == "manual"  # where the PMO invites, an event made by hand is as it should be
    found = _side_by_side(settings.secretariat).findings(*_period(settings, from_, to))
    told = [f for f in found if not (by_hand and f.difference is Difference.UNMARKED)]
    for finding in told:
        typer.echo(f"{finding.difference.value}: {finding.sentence}")
    typer.echo(f"{len(told)} differ." if told else "Nothing differs.", err=True)


@invitations_app.command("sync")
def sync_calendars(
    context: typer.Context,
    from_: FROM = None,
    to: TO = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done; do nothing.")] = False,
) -> None:
    """Put the calendar of the mailbox right: make what is missing, adopt what is there, never a second one."""
    settings: Settings = context.obj
    if settings.config.invitations == "manual":
        raise SecretariatError(
            "The PMO invites by hand here (`invitations: manual`), so the calendar is only compared.",
            hint="Use `secretariat invitations compare`, or set `invitations: graph`.",
        )
    both, now = _side_by_side(settings.secretariat), settings.clock.now()
    if not dry_run:
        _refuse_while_stopped(settings.secretariat)
    done = 0
    for step in both.steps(*_period(settings, from_, to), now):
        typer.echo(step.sentence)
        if not dry_run:
            both.take(step, now)
        done += bool(step.deed)
    typer.echo(f"{done} would be done; nothing was." if dry_run else f"{done} done.", err=True)


def _refuse_while_stopped(whole: Secretariat) -> None:
    """Microsoft 365 invites as soon as an event is made: what stops our notices stops that too."""
    with whole.database.reading() as session:
        if outbox.in_shadow(session, whole.clock.now()):
            raise SecretariatError("This installation is in shadow: nothing leaves.", hint="Look with --dry-run.")
        if any(brake.group_key == brakes.ALL for brake in brakes.pulled(session)):
            raise SecretariatError("Sending is stopped.", hint="Let it go on first: secretariat outbox resume.")


def _side_by_side(whole: Secretariat) -> CalendarSync:
    return CalendarSync(whole.database, whole.calendar, whole.mailbox_calendar())


def _period(settings: Settings, from_: str | None, to: str | None) -> tuple[date, date]:
    try:
        first = date.fromisoformat(from_) if from_ else settings.clock.today()
        last = date.fromisoformat(to) if to else first + AHEAD
    except ValueError as error:
        raise SecretariatError(f"That is no date ({error}).", hint="Write it as 2024-02-07.") from None
    if last < first:
        raise SecretariatError(f"--to ({last}) lies before --from ({first}).", hint="Give the earlier day to --from.")
    return first, last
