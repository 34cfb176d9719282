"""actions, decisions: the logs, searched; and what an action's owner says of it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from bot import logs, members
from bot.access import AtTheDesk
from bot.app import Secretariat
from bot.drafts import reference_of
from bot.formats import timestamp
from bot.logs import Sought
from bot.obligations import CLOSED
from schedules.finding import known_group

actions_app = typer.Typer(help="The action log.", invoke_without_command=True)
GROUP = Annotated[str | None, typer.Option("--group", help="Of one group only.")]
SEARCH = Annotated[str, typer.Option("--search", help="Holding these words.")]
MINE = Annotated[str | None, typer.Option("--mine", help="Of this person: name, address or Slack id.")]
CONSTITUENCY = Annotated[bool, typer.Option("--constituency", help="With --mine: of that person's constituency.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(actions_app, name="actions")
    app.command("decisions")(list_decisions)


@actions_app.callback()
def list_actions(
    context: typer.Context,
    group: GROUP = None,
    search: SEARCH = "",
    mine: MINE = None,
    constituency: CONSTITUENCY = False,
    open_: Annotated[bool, typer.Option("--open", help="Those that are not closed.")] = False,
) -> None:
    """The action log, where no other command is given."""
    if context.invoked_subcommand:
        return
    whole = context.obj.secretariat
    table = Table("Reference", "Action", "Owner", "Due", "State", "At", "Last note")
    with whole.database.reading() as session:
        sought = _sought(whole, session, group, search, mine, constituency=constituency, open_only=open_)
        for found in logs.actions(_desk(whole, session), sought, whole.page):
            note = f"{found.notes[-1].by}: {found.notes[-1].text}" if found.notes else ""
            at = _at(found.at_seconds)
            table.add_row(found.reference, found.text, found.owner, found.due, found.state, at, note)
    Console().print(table)


@actions_app.command("update")
def update_action(
    context: typer.Context,
    reference: str,
    by: Annotated[str, typer.Option("--by", help="Its owner, or somebody of the PMO.")],
    note: Annotated[str, typer.Option("--note", help="Where it stands.")] = "",
    done: Annotated[bool, typer.Option("--done", help="Propose its closure; the PMO closes it.")] = False,
    link: Annotated[str, typer.Option("--link", help="Where what was done can be seen.")] = "",
) -> None:
    """Note where an action stands, or that it is done."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person = members.named(session, by)
        row = logs.update_action(
            session, whole.config, reference, by=person, now=whole.clock.now(), note=note, done=done, link=link
        )
        outcome = "closed" if row.state == CLOSED else "proposed for closure"
    typer.echo(f"{row.reference} is {outcome if done else 'noted'}.")


def list_decisions(
    context: typer.Context,
    group: GROUP = None,
    search: SEARCH = "",
    mine: MINE = None,
    constituency: CONSTITUENCY = False,
) -> None:
    """The decision log."""
    whole = context.obj.secretariat
    table = Table("Reference", "Decision", "Outcome", "Reached by", "Meeting", "At")
    with whole.database.reading() as session:
        sought = _sought(whole, session, group, search, mine, constituency=constituency)
        for found in logs.decisions(_desk(whole, session), sought, whole.page):
            meeting, at = reference_of(found.meeting), _at(found.at_seconds)
            table.add_row(found.reference, found.text, found.outcome, found.reached_by, meeting, at)
    Console().print(table)


def _sought(
    whole: Secretariat,
    session: Session,
    group: str | None,
    search: str,
    mine: str | None,
    *,
    constituency: bool,
    open_only: bool = False,
) -> Sought:
    return Sought(
        group=known_group(whole.config, group) if group else "",
        text=search,
        of=members.named(session, mine) if mine else None,
        whose="constituency" if constituency else "mine",
        open_only=open_only,
    )


def _desk(whole: Secretariat, session: Session) -> AtTheDesk:
    return AtTheDesk(session, whole.config, None, whole.clock.today())


def _at(seconds: float | None) -> str:
    return "" if seconds is None else timestamp(seconds)
