"""reports with-chair, reports cleared: where a draft report stands with the Chair. A person sends it, and says so."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from bot import access, clearances
from bot.access import Deed
from bot.app import Secretariat
from bot.clock import spoken
from bot.drafts import reference_of
from bot.errors import SecretariatError
from bot.model import Meeting, Person
from schedules.finding import day_named, find_meeting

BY = Annotated[str, typer.Option("--by", help="The person of the PMO whose word this is.")]
ON = Annotated[str, typer.Argument(metavar="DATE")]


def add_to(reports_app: typer.Typer) -> None:
    """Register the commands of this module among those of `reports`."""
    reports_app.command("with-chair")(with_chair)
    reports_app.command("cleared")(cleared)


def with_chair(context: typer.Context, group: str, on: ON, by: BY) -> None:
    """You have sent the draft report to the Chair."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person, meeting = _of_pmo(whole, session, by), _meeting(whole, session, group, on)
        clearances.put_to_chair(session, meeting, by=person, now=whole.clock.now())
        clocks = whole.announcer.clocks_of(session, meeting)
        due = next((c.due_at for c in clocks if c.kind == clearances.ANSWER), None)
    answer = f" The answer is due {spoken(due)}; you are told if it has not come." if due else ""
    typer.echo(f"{reference_of(meeting)} is with the Chair.{answer}")


def cleared(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY,
    subject_to_review: Annotated[
        bool, typer.Option("--subject-to-review", help="No answer came: it goes out subject to the Chair's review.")
    ] = False,
) -> None:
    """The Chair has cleared the report; or it goes out subject to the Chair's review."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person, meeting = _of_pmo(whole, session, by), _meeting(whole, session, group, on)
        now = whole.clock.now()
        clearances.clear(session, meeting, by=person, now=now, subject_to_review=subject_to_review)
    how = "goes out subject to the Chair's review" if subject_to_review else "is cleared by the Chair"
    typer.echo(f"{reference_of(meeting)} {how}. To issue it: secretariat reports issue {reference_of(meeting)}")


def _meeting(whole: Secretariat, session: Session, group: str, on: str) -> Meeting:
    meeting = find_meeting(session, whole.calendar, group, day_named(on))
    if whole.config.groups[meeting.group].puts_out != "report":
        raise SecretariatError(f"{meeting.group} puts out no headline report.", hint="Correct the group.")
    return meeting


def _of_pmo(whole: Secretariat, session: Session, name: str) -> Person:
    return access.pmo_named(
        session, name, Deed.CLEARANCE, whole.clock.now(), hint="Only the PMO says where a report stands."
    )
