"""amendments: list, show, withdraw, add, review, word, no-comments, tracker, conflicts. The PMO at a terminal.

Marked-up Word reports (from-word, marked) have a module of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import amendments, meetings, members, reviews, rivals
from bot import tracker as tracking
from bot.amendment_life import OPEN, Kind, State, meeting_of, words
from bot.clock import spoken
from bot.commands.by_whom import BY_PMO
from bot.drafts import reference_of
from bot.model import Meeting, Person
from bot.report_cells import place
from bot.request_in_full import in_full, name_of
from bot.reviews import Verdict
from bot.store.amendment_tables import AmendmentRow
from bot.store.meeting_tables import MeetingRow
from handlers.requests import NotAgreed, add_to_request, enter_no_comments, refuse_word, review_request
from schedules.finding import day_named, find_meeting, known_group

app = typer.Typer(help="Requests to amend a report: the ledger, and the PMO's review.", invoke_without_command=True)
BY = Annotated[str, typer.Option("--by", help="Whose word this is: name, address or Slack id.")]
REASON = Annotated[str, typer.Option("--reason", help="Whoever asked is told it.")]
ON = Annotated[str, typer.Argument(metavar="DATE")]
REF = Annotated[str, typer.Argument(metavar="REF")]


@app.callback(invoke_without_command=True)
def list_amendments(
    context: typer.Context,
    group: Annotated[str | None, typer.Option("--group", help="Of this group alone.")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only what is not decided or withdrawn.")] = False,
) -> None:
    """Every amendment request, in order of arrival; or one of the commands below."""
    if context.invoked_subcommand:
        return
    whole = context.obj.secretariat
    table = Table("Reference", "Report", "Line", "Kind", "From", "By", "Received (London)", "State", "Proposed text")
    with whole.database.reading() as session:
        for row, meeting in _asked(session, known_group(whole.config, group) if group else None, only_open):
            state = f"{words(row.state)}, came late" if row.late and row.state != State.LATE else words(row.state)
            table.add_row(
                row.reference, reference_of(meeting), place(row.line_ref or "", row.cell), words(row.kind),
                name_of(session, row.requester_id), row.came_by, spoken(row.received_at), state, row.proposed_text,
            )  # fmt: skip
    Console().print(table)


def _asked(session: Session, group: str | None, only_open: bool) -> Iterator[tuple[AmendmentRow, Meeting]]:
    query = select(AmendmentRow, MeetingRow).join(MeetingRow, AmendmentRow.meeting_uid == MeetingRow.uid)
    if only_open:
        query = query.where(AmendmentRow.state.in_(OPEN), AmendmentRow.kind != Kind.NO_COMMENTS)
    for row, meeting_row in session.execute(query.order_by(AmendmentRow.number)):
        meeting = meetings.as_meeting(meeting_row)
        if group is None or group in meeting.groups:
            yield row, meeting


@app.command("show")
def show(context: typer.Context, reference: REF) -> None:
    """One request whole: what is asked, on what the line rests, and all that happened. For the PMO's eyes."""
    with context.obj.secretariat.database.reading() as session:
        row = amendments.named(session, reference)
        typer.echo("\n".join(in_full(session, row)))


@app.command("withdraw")
def withdraw(
    context: typer.Context,
    reference: REF,
    by: BY,
    reason: Annotated[str, typer.Option("--reason", help="Why, where they say so.")] = "",
) -> None:
    """Whoever asked takes a request back, until it is decided."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        row, person = amendments.named(session, reference), members.named(session, by)
        amendments.withdraw(session, row, by=person, now=whole.clock.now(), reason=reason)
        typer.echo(f"{row.reference} is withdrawn.")


@app.command("add")
def add(context: typer.Context, reference: REF, text: str, by: BY) -> None:
    """Whoever asked adds to a request; after the closing it is kept as a late addition."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        row, person = amendments.named(session, reference), members.named(session, by)
        added = add_to_request(session, whole.announcer, row, text, by=person, now=whole.clock.now())
        late = ", as a late addition: requests have closed" if added.late else ""
        typer.echo(f"Added to {row.reference}{late}.")


@app.command("acknowledge")
def acknowledge(context: typer.Context, reference: REF, by: BY_PMO) -> None:
    """The PMO has seen a request."""
    _review(context, reference, by, Verdict(State.ACKNOWLEDGED))


@app.command("review")
def take_up(context: typer.Context, reference: REF, by: BY_PMO) -> None:
    """The PMO takes a request up."""
    _review(context, reference, by, Verdict(State.UNDER_REVIEW))


@app.command("accept")
def accept(context: typer.Context, reference: REF, by: BY_PMO, reason: REASON) -> None:
    """The report shall say what is proposed, in its next revision."""
    _review(context, reference, by, Verdict(State.ACCEPTED, reason))


@app.command("accept-part")
def accept_in_part(
    context: typer.Context,
    reference: REF,
    by: BY_PMO,
    reason: REASON,
    text: Annotated[str, typer.Option("--text", help="The text that was agreed.")],
) -> None:
    """The report shall say another text, which was agreed."""
    _review(context, reference, by, Verdict(State.ACCEPTED_IN_PART, reason, text))


@app.command("reject")
def reject(context: typer.Context, reference: REF, by: BY_PMO, reason: REASON) -> None:
    """The report stays as it is."""
    _review(context, reference, by, Verdict(State.REJECTED, reason))


@app.command("to-chair")
def to_chair(context: typer.Context, reference: REF, by: BY_PMO, reason: REASON) -> None:
    """Put a request to the Chair, who is sent it at once; every late one goes this way."""
    _review(context, reference, by, Verdict(State.WITH_CHAIR, reason))


def _review(context: typer.Context, reference: str, by: str, verdict: Verdict) -> None:
    whole = context.obj.secretariat
    with whole.database.session() as session:
        row, person = amendments.named(session, reference), members.named(session, by)
        chairs = review_request(session, whole.announcer, row, verdict, by=person, now=whole.clock.now())
        lines = list(_said(session, row, verdict, chairs))
    typer.echo("\n".join(lines))


def _said(session: Session, row: AmendmentRow, verdict: Verdict, chairs: list[Person]) -> Iterator[str]:
    yield f"{row.reference} is {words(row.state)}."
    names = ", ".join(chair.name for chair in chairs)
    if verdict.to is State.WITH_CHAIR:
        group = meeting_of(session, row).known_as
        yield f"Sent to {names}." if chairs else f"Nobody chairs {group} on file: please put it to them yourself."
    elif verdict.to in (State.ACCEPTED, State.ACCEPTED_IN_PART, State.REJECTED):
        yield f"{name_of(session, row.requester_id)} is told the outcome, with the reason."
        if chairs:
            yield f"A copy for {names} waits for release: secretariat outbox"


@app.command("word")
def word(
    context: typer.Context,
    reference: REF,
    by: BY,
    refused: Annotated[bool, typer.Option("--refused", help="They do not agree.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why they do not agree, where they say so.")] = "",
    instead: Annotated[str, typer.Option("--instead", help="Other words to which they would agree.")] = "",
) -> None:
    """A representative agrees that their constituency's recorded view is changed, or does not."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        row, person = amendments.named(session, reference), members.named(session, by)
        if refused:
            now = whole.clock.now()
            key = f"{row.reference}:{person.id}:{now.isoformat()}"
            own = refuse_word(session, whole.announcer, row, NotAgreed(reason, instead), by=person, now=now,
                              came_by="command", source_key=key)  # fmt: skip
            if own:
                typer.echo(f"{own.reference}: {instead}")
            typer.echo(f"{person.name} does not agree to {row.reference}: the view of {row.needs_word_of} stays.")
            return
        reviews.give_word(session, row, by=person, now=whole.clock.now())
        typer.echo(f"{person.name} gives the word of {row.needs_word_of} for {row.reference}.")


@app.command("no-comments")
def no_comments(context: typer.Context, group: str, on: ON, by: BY) -> None:
    """A representative says that their constituency has no comments on a report."""
    whole = context.obj.secretariat
    now = whole.clock.now()
    with whole.database.session() as session:
        person, meeting = members.named(session, by), find_meeting(session, whole.calendar, group, day_named(on))
        key = f"{meeting.uid}:{person.id}:{now.isoformat()}"
        row = enter_no_comments(session, whole.announcer, meeting, person, came_by="command", source_key=key, now=now)
        typer.echo(f"{row.reference}: {row.constituency} has no comments on {reference_of(meeting)}.")


@app.command("tracker")
def tracker(context: typer.Context, group: str, on: ON) -> None:
    """Who has commented on a report, who has no comments, who is silent. Silence is not consent."""
    whole = context.obj.secretariat
    table = Table("Constituency", "Representative", "Answer", "Requests")
    with whole.database.session() as session:
        meeting = find_meeting(session, whole.calendar, group, day_named(on))
        found = tracking.tracker(session, whole.config, meeting)
    for answer in found.answers:
        who = ", ".join(answer.representatives) or "nobody holds the seat"
        said = f"{answer.said}, late" if answer.late else answer.said
        table.add_row(answer.constituency, who, said, ", ".join(answer.references))
    Console().print(table)
    if found.others:
        typer.echo(f"From others: {', '.join(found.others)}.")
    typer.echo("Silence is not consent.")


@app.command("conflicts")
def conflicts(context: typer.Context, group: str, on: ON) -> None:
    """Open requests that would change the same words of a report."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        meeting = find_meeting(session, whole.calendar, group, day_named(on))
        found = rivals.conflicts(session, meeting.uid)
        lines = [line for conflict in found for line in _conflict(session, conflict)]
    typer.echo("\n".join(lines) or f"No two open requests to {reference_of(meeting)} touch the same words.")


def _conflict(session: Session, conflict: rivals.Conflict) -> Iterator[str]:
    both = f"both change: {' '.join(conflict.words)}" if conflict.words else "both change the same place"
    yield f"{conflict.first.reference} and {conflict.second.reference}, {conflict.place}; {both}"
    for row in (conflict.first, conflict.second):
        yield f"  {row.reference}, {name_of(session, row.requester_id)}: {row.proposed_text}"
