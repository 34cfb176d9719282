"""escalations: raise, list, show, choose, take, send, on-agenda, answered, withdraw: concerns on their way up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import access, escalation_letters, escalations, governance, members
from bot.access import Deed
from bot.app import Secretariat
from bot.clock import spoken
from bot.commands.by_whom import BY_PMO, whoever_did_or_pmo
from bot.escalations import Raised
from bot.governance import EscalationKind
from bot.model import Person
from bot.store.query_tables import EscalationRow
from schedules.escalation_meetings import CALLED_FOR, prospect_of, taking_meetings
from schedules.finding import day_named, known_group

app = typer.Typer(help="Escalations and appeals, by the structure and the PMO.", no_args_is_help=True)
EITHER = Annotated[str, typer.Option("--by", help="Who says so: who raised it, or somebody of the PMO.")]


@app.command("raise")
def raise_one(
    context: typer.Context,
    group: Annotated[str, typer.Argument(help="The group whose decision, matter or workstream it is about.")],
    by: Annotated[str, typer.Option("--by", help="Who raises it: somebody on file.")],
    what: Annotated[str, typer.Option("--context", help="What it is about.")] = "",
    rationale: Annotated[str, typer.Option("--rationale", help="Why it should be looked at again.")] = "",
    impact: Annotated[str, typer.Option("--impact", help="What follows if nothing is done.")] = "",
    kind: Annotated[
        EscalationKind, typer.Option("--kind", help="decision, appeal (to the IPA) or informal.")
    ] = "decision",
    decision: Annotated[str, typer.Option("--decision", help="The decision's reference: PSG-DEC41.")] = "",
    constituency: Annotated[str, typer.Option("--constituency", help="Theirs, where they hold no seat.")] = "",
    ofgem: Annotated[bool, typer.Option("--ofgem", help="It meets Ofgem's thresholds: to Ofgem by the IPA.")] = False,
    to: Annotated[str | None, typer.Option("--to", help="Informal: another group of the lowest level.")] = None,
    meeting: Annotated[str | None, typer.Option("--meeting", help="The date of the meeting to take it.")] = None,
) -> None:
    """Raise a concern: where it goes, by whom, and which meetings can take it."""
    whole: Secretariat = context.obj.secretariat
    now, about = whole.clock.now(), known_group(whole.config, group)
    with whole.database.session() as session:
        person = members.named(session, by)
        raised = Raised(
            kind, about, person, what, rationale, impact, "command", f"command:{person.id}:{now.isoformat()}",
            decision=decision, constituency=constituency, for_ofgem=ofgem,
            to=known_group(whole.config, to) if to else None,
        )  # fmt: skip
        prospect = prospect_of(session, whole.calendar, raised, now)
        raised = prospect.chosen(raised, day_named(meeting) if meeting else None)
        row, _ = escalations.receive(session, whole.config, raised, now)
        typer.echo(escalation_letters.receipt_text(session, whole.config, row)[1].rstrip())
        typer.echo("\n".join(_choices(whole, session, row)))


@app.command("list")
def list_escalations(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those answered or withdrawn, too.")] = False,
) -> None:
    """The escalations that are open."""
    whole: Secretariat = context.obj.secretariat
    table = Table("Reference", "Raised (London)", "By", "About", "Kind", "To", "Meeting", "State")
    with whole.database.reading() as session:
        for row in escalations.on_file(session, closed=every):
            person = members.by_id(session, row.person_id)
            about = row.decision_ref or row.from_group
            table.add_row(
                row.reference, spoken(row.raised_at), person.name if person else "", about, row.kind, row.to,
                escalation_letters.meeting_in_words(session, row), row.state.replace("_", " "),
            )  # fmt: skip
    Console().print(table)


@app.command("show")
def show(context: typer.Context, reference: str) -> None:
    """One escalation: what it says, its way step by step, and the meetings that can take it."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.reading() as session:
        row = escalations.named(session, reference)
        typer.echo("\n".join((*_shown(whole, session, row), *_choices(whole, session, row))))


def _shown(whole: Secretariat, session: Session, row: EscalationRow) -> Iterator[str]:
    person, way = members.by_id(session, row.person_id), escalation_letters.way_of_row(session, whole.config, row)
    reason = f": {row.state_reason}" if row.state_reason else ""
    kind = next(words for kind, words in governance.KINDS.items() if kind == row.kind)
    yield f"{row.reference}, {kind}, by {person.name if person else ''}: {row.state.replace('_', ' ')}{reason}"
    yield f"About: {row.from_group}{f' ({row.decision_ref})' if row.decision_ref else ''}"
    yield f"Context: {row.context}"
    yield f"Rationale: {row.rationale}"
    yield f"Impact if nothing is done: {row.impact}"
    yield f"To: {escalation_letters.body_named(row.to)}: {way.because} ({governance.SOURCE})"
    yield from (f"  {number}. {step}." for number, step in enumerate(way.steps, 1))
    yield escalation_letters.meeting_in_words(session, row)


def _choices(whole: Secretariat, session: Session, row: EscalationRow) -> Iterator[str]:
    """The meetings to choose from, while none is chosen."""
    if row.to not in whole.config.groups or row.meeting_uid or row.state not in escalations.OPEN:
        return
    taking = taking_meetings(session, whole.calendar, row.to, whole.clock.now())
    yield f"Meetings that can take it (secretariat escalations choose {row.reference} DATE --by NAME):"
    yield from (f"  {one.meeting.on}  {one}" for one in taking.all)
    if not taking.all:
        yield f"  {CALLED_FOR}"


@app.command("choose")
def choose(
    context: typer.Context, reference: str, on: Annotated[str, typer.Argument(metavar="DATE")], by: EITHER
) -> None:
    """Which meeting takes it: in time for its papers, or as a late paper."""
    whole: Secretariat = context.obj.secretariat
    now = whole.clock.now()
    with whole.database.session() as session:
        row = escalations.named(session, reference)
        person = _raiser_or_pmo(whole, session, row, by)
        taking = taking_meetings(session, whole.calendar, row.to, now).on(day_named(on))
        escalations.choose_meeting(session, row, taking.meeting, is_late=taking.is_late, by=person, now=now)
        typer.echo(f"{row.reference}: {taking}.")


@app.command("take")
def take(context: typer.Context, reference: str, by: BY_PMO) -> None:
    """Somebody of the PMO has it in hand."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person, row = _of_pmo(whole, session, by), escalations.named(session, reference)
        escalations.take(session, row, by=person, now=whole.clock.now())
    typer.echo(f"{reference.upper()} is with {person.name}.")


@app.command("send")
def send(
    context: typer.Context,
    reference: str,
    by: BY_PMO,
    elsewhere: Annotated[bool, typer.Option("--elsewhere", help="It was put to them by other means.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show to whom it would go; send nothing.")] = False,
) -> None:
    """Put it to the Chair who takes it (or to the IPA), the raiser's representative there and the workstream."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person, row = _of_pmo(whole, session, by), escalations.named(session, reference)
        told = escalations.send(
            session, whole.config, row, by=person, now=whole.clock.now(), elsewhere=elsewhere
        )  # fmt: skip
        to = escalation_letters.body_named(row.to)
        if dry_run:
            session.rollback()
    typer.echo(f"{reference.upper()} {'would be' if dry_run else 'is'} put to {to}{': ' * bool(told)}{_names(told)}.")


def _names(told: list[Person | str]) -> str:
    return ", ".join(one if isinstance(one, str) else one.name for one in told)


@app.command("on-agenda")
def on_agenda(
    context: typer.Context,
    reference: str,
    by: BY_PMO,
    chair_consents: Annotated[bool, typer.Option("--chair-consents", help="To a late paper.")] = False,
) -> None:
    """It stands on the agenda of the meeting chosen."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person, row = _of_pmo(whole, session, by), escalations.named(session, reference)
        meeting = escalations.put_on_agenda(
            session, whole.config, row, by=person, now=whole.clock.now(), chair_consents=chair_consents
        )  # fmt: skip
    typer.echo(f"{reference.upper()} is on the agenda of {meeting.known_as}, {spoken(meeting.starts_at)}.")


@app.command("answered")
def answered(
    context: typer.Context,
    reference: str,
    by: BY_PMO,
    text: Annotated[str, typer.Option("--text", help="What came of it; the raiser is told in these words.")],
) -> None:
    """What came of it."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        person, row = _of_pmo(whole, session, by), escalations.named(session, reference)
        escalations.answer(session, whole.config, row, text, by=person, now=whole.clock.now())
    typer.echo(f"{reference.upper()} is answered.")


@app.command("withdraw")
def withdraw(
    context: typer.Context,
    reference: str,
    by: EITHER,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays on file.")] = "",
) -> None:
    """It is pursued no more."""
    whole: Secretariat = context.obj.secretariat
    with whole.database.session() as session:
        row = escalations.named(session, reference)
        person = _raiser_or_pmo(whole, session, row, by)
        escalations.withdraw(session, row, by=person, now=whole.clock.now(), reason=reason)
    typer.echo(f"{reference.upper()} is withdrawn.")


def _of_pmo(whole: Secretariat, session: Session, name: str) -> Person:
    return access.pmo_named(session, name, Deed.CORRESPOND, whole.clock.now(), hint="Escalations go by the PMO.")


def _raiser_or_pmo(whole: Secretariat, session: Session, row: EscalationRow, name: str) -> Person:
    raiser, wanted, raised = members.by_id(session, row.person_id), f"act on {row.reference}", f"raised {row.reference}"
    return whoever_did_or_pmo(session, name, raiser, whole.clock, what=wanted, did=raised)
