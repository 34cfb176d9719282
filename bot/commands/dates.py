"""calendar, deadlines, simulate: when things are, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from enum import StrEnum
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy.orm import Session

from bot.clock import LONDON, YEARS, spoken, spoken_date
from bot.commands.settings import Settings
from bot.errors import SecretariatError
from bot.meetings import on_day
from bot.members import import_members, read_members_file
from bot.model import Deadline, Meeting, MeetingStatus
from bot.store.database import Database
from handlers.web.month_grid import calendar_html, due_by_day
from schedules.announcements import Announcer
from schedules.deadlines import Circumstances, deadlines_for, next_ordinary_meeting
from schedules.finding import day_named, known_group
from schedules.frictions import frictions_among
from schedules.invitations import calendar_feed
from schedules.known_meetings import known_meetings
from schedules.rehearsal import MessageCount, Rehearsed, count_messages, rehearse
from schedules.series import Calendar

HEAVIEST = 10


class CalendarFormat(StrEnum):
    table = "table"
    json = "json"
    ics = "ics"
    html = "html"


class PlainFormat(StrEnum):
    table = "table"
    json = "json"


class Assumed(StrEnum):
    met = "met"


CLOCKS_REACH = timedelta(days=45)  # clocks fall due this far from their meeting
FROM = Annotated[str, typer.Option("--from", help="First day, as 2026-01-01.")]
TO = Annotated[str, typer.Option("--to", help="Last day, included.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("calendar")(calendar)
    app.command("deadlines")(deadlines)
    app.command("simulate")(simulate)


def calendar(
    context: typer.Context,
    from_: FROM,
    to: TO,
    group: Annotated[str | None, typer.Option(help="One group only.")] = None,
    format_: Annotated[CalendarFormat, typer.Option("--format")] = CalendarFormat.table,
) -> None:
    """The meetings between two days, both included."""
    settings: Settings = context.obj
    first, last = _day(from_), _day(to)
    _refuse_backwards(first, last)
    config = settings.config
    keys = [known_group(config, group)] if group else None
    programme = Calendar(config)
    found = _known_meetings(settings, programme, first, last, keys)
    if format_ is CalendarFormat.json:
        _print_json({"meetings": [_meeting_json(m) for m in found], "contradictions": contradictions_json(settings)})
    elif format_ is CalendarFormat.ics:
        typer.echo(calendar_feed(found, config, now=settings.clock.now()), nl=False)
    elif format_ is CalendarFormat.html:
        around = _known_meetings(settings, programme, first - CLOCKS_REACH, last + CLOCKS_REACH, keys)
        due = due_by_day(
            (m, _clocks(settings, programme, m)) for m in around if m.status is not MeetingStatus.CANCELLED
        )
        title = f"{config.programme.short_name} meetings, {spoken_date(first)} to {spoken_date(last)}"
        rubs = list(frictions_among(programme, found, first, last))
        whole = calendar_html(
            found, first, last, programme.closed, title=title, contradictions=config.contradictions, due=due,
            frictions=rubs,
        )  # fmt: skip
        typer.echo(whole)
    else:
        _print_calendar(found)


def _known_meetings(
    settings: Settings, programme: Calendar, first: date, last: date, keys: list[str] | None
) -> list[Meeting]:
    """The calendar's meetings, with what people have decided about them, where this installation has state."""
    if not settings.has_state:
        return programme.meetings(first, last, keys)
    with settings.secretariat.database.reading() as session:
        return known_meetings(session, programme, first, last, keys)


def _meeting_json(meeting: Meeting) -> dict[str, Any]:
    return {
        "group": meeting.group,
        "also_for": list(meeting.also_for),
        "date": meeting.on.isoformat(),
        "starts_at": meeting.starts_at.astimezone(LONDON).isoformat(),
        "ends_at": meeting.ends_at.astimezone(LONDON).isoformat(),
        "status": meeting.status.value,
        "nominal_date": meeting.nominal_on.isoformat(),
        "proposals": [day.isoformat() for day in meeting.proposals],
        "reason": meeting.reason or None,
        "source": meeting.source,
    }


def contradictions_json(settings: Settings) -> list[dict[str, Any]]:
    """Every place where the documents disagree, as the `calendar` JSON has it."""
    return [c.model_dump() for c in settings.config.contradictions]


def _print_calendar(found: list[Meeting]) -> None:
    table = Table(Column("Date", no_wrap=True), Column("London", no_wrap=True), "Group", "Status", "Why")
    for meeting in found:
        start, end = meeting.starts_at.astimezone(LONDON), meeting.ends_at.astimezone(LONDON)
        others = ", ".join(day.isoformat() for day in meeting.proposals)
        status = f"{meeting.status.value}: {others}" if others else meeting.status.value
        table.add_row(f"{start:%a %d %b %Y}", f"{start:%H:%M}-{end:%H:%M}", meeting.known_as, status, meeting.reason)
    Console().print(table)


def deadlines(
    context: typer.Context,
    group: str,
    on: Annotated[str, typer.Argument(metavar="DATE")],
    explain: Annotated[bool, typer.Option("--explain", help="Show every day not counted, and the clause.")] = False,
    format_: Annotated[PlainFormat, typer.Option("--format")] = PlainFormat.table,
) -> None:
    """Every clock of one meeting, with its arithmetic. A day without a meeting is answered as if one were called."""
    settings: Settings = context.obj
    day, programme = _day(on), Calendar(settings.config)
    key = known_group(settings.config, group)
    meeting = _decided_on(settings, key, day) or programme.meeting_on(key, day)
    found = _clocks(settings, programme, meeting or programme.as_if_called(key, day))
    called = (
        "" if meeting else f"{key} has no meeting on {spoken_date(day)} by its rule: computed as if one were called."
    )
    if format_ is PlainFormat.json:
        shown = meeting.on if meeting else day
        _print_json({"group": key, "date": shown.isoformat(), "deadlines": [deadline_json(d, called) for d in found]})
    else:
        _print_deadlines(found, called, explain=explain)


def _decided_on(settings: Settings, group: str, day: date) -> Meeting | None:
    if not settings.has_state:
        return None
    with settings.secretariat.database.reading() as session:
        return on_day(session, group, day)


def _clocks(settings: Settings, programme: Calendar, meeting: Meeting) -> list[Deadline]:
    """As they stand in this installation; without state, by the configuration alone."""
    if settings.has_state:
        with settings.secretariat.database.reading() as session:
            return settings.secretariat.announcer.clocks_of(session, meeting)
    return deadlines_for(meeting, programme, Circumstances(next_ordinary_meeting(meeting, programme)))


def deadline_json(deadline: Deadline, called: str = "") -> dict[str, Any]:
    """One clock, as the documented `deadlines` JSON has it."""
    return {
        "kind": deadline.kind,
        "due_at": deadline.due_at.astimezone(LONDON).isoformat() if deadline.due_at else None,
        "rule": deadline.rule,
        "skipped": [{"date": s.date.isoformat(), "reason": s.reason} for s in deadline.skipped],
        "source": deadline.source,
        "note": f"{called} {deadline.note}".strip() or None,
    }


def _print_deadlines(found: list[Deadline], called: str, *, explain: bool) -> None:
    console = Console(soft_wrap=True)
    if called:
        console.print(called)
    if not found:
        console.print("No clock runs for this meeting.")
    for deadline in found:
        due = spoken(deadline.due_at) if deadline.due_at else "no set instant"
        console.print(f"[bold]{deadline.kind}[/bold]  {due}", highlight=False)
        if explain:
            skipped = ", ".join(f"{s.date.isoformat()} ({s.reason})" for s in deadline.skipped) or "none"
            for name, value in (("rule", deadline.rule), ("not counted", skipped), ("source", deadline.source)):
                console.print(f"    {name}: {value}", highlight=False, markup=False)
        if deadline.note:
            console.print(f"    note: {deadline.note}", highlight=False, markup=False)


def simulate(
    context: typer.Context,
    from_: FROM,
    to: TO,
    format_: Annotated[PlainFormat, typer.Option("--format")] = PlainFormat.table,
    real: Annotated[bool, typer.Option("--db", help="With the people on file, not the sample's.")] = False,
    assume: Annotated[
        Assumed | None,
        typer.Option("--assume", help="met: all is done at the instant it falls due, so nothing is late or climbs."),
    ] = None,
) -> None:
    """All notices of a period, as the clocks would give them, were nothing ever done; sends nothing."""
    settings: Settings = context.obj
    first, last = _day(from_), _day(to)
    _refuse_backwards(first, last)
    with rehearsal_people(settings, real=real) as session:
        announcer = Announcer(settings.config, Calendar(settings.config), lambda: "(the page)")
        found = rehearse(session, announcer, first, last, assume_met=assume is Assumed.met)
        counts = count_messages(found)
    if format_ is PlainFormat.json:
        notices = [_notice_json(notice) for notice in found]
        _print_json({"notices": notices, "counts": [_count_json(count) for count in counts]})
        return
    table = Table("At (London)", "Group", "Meeting", "Step", "To", "Subject")
    for notice in found:
        at = notice.reminder.at.astimezone(LONDON)
        whom = f"{notice.reminder.step.to} ({notice.recipients})"
        meeting, step = notice.reminder.meeting, notice.reminder.step
        table.add_row(f"{at:%a %d %b %Y %H:%M}", meeting.known_as, f"{meeting.on}", step.id, whom, notice.subject)
    Console().print(table)
    _print_heaviest(counts, "all done in time" if assume is Assumed.met else "nothing ever marked as done")


def _print_heaviest(counts: list[MessageCount], were: str) -> None:
    title = f"The {HEAVIEST} heaviest months, were {were}: reminders, and each meeting's own mails"
    table = Table("Person", "Month", "Messages", "Reminders", title=title)
    for count in counts[:HEAVIEST]:
        table.add_row(count.person.name, count.month, str(count.messages), str(count.reminders))
    Console().print(table)


def _count_json(count: MessageCount) -> dict[str, Any]:
    return {
        "person": count.person.name,
        "month": count.month,
        "messages": count.messages,
        "reminders": count.reminders,
    }


@contextmanager
def rehearsal_people(settings: Settings, *, real: bool) -> Iterator[Session]:
    """The people to rehearse with: those on file, or the sample's in a database that is thrown away."""
    if real:
        with settings.secretariat.database.reading() as session:
            yield session
        return
    lines = read_members_file(settings.config.sample.folder / "members.csv", settings.config.groups)
    with TemporaryDirectory() as scratch:
        database = Database(f"sqlite:///{scratch}/rehearsal.db")
        database.bring_up_to_date()
        with database.session() as session:
            import_members(session, lines)
        with database.reading() as session:
            yield session
        database.close()


def _notice_json(notice: Rehearsed) -> dict[str, Any]:
    """One entry, however many recipients it has."""
    meeting, step = notice.reminder.meeting, notice.reminder.step
    return {
        "at": notice.reminder.at.astimezone(LONDON).isoformat(),
        "group": meeting.group,
        "meeting_date": meeting.on.isoformat(),
        "step": step.id,
        "kind": step.clock,
        "audience": step.to,
        "channel": "slack_or_mail",
        "subject": notice.subject,
        "recipients": notice.recipients,
    }


def _day(text: str) -> date:
    day = day_named(text)
    if day.year not in YEARS:
        raise SecretariatError(f"{text} is not on the calendar.", hint=f"It covers {YEARS[0]} to {YEARS[-1]}.")
    return day


def _refuse_backwards(first: date, last: date) -> None:
    if last < first:
        raise SecretariatError(f"--to ({last}) lies before --from ({first}).", hint="Give the earlier day to --from.")


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
