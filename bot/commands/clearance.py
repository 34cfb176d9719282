"""reports reviewed, with-chair, cleared, hold, confirm: a draft report's way to issue, each step a person's word."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from bot import access, clearances, confirmations, corrected_drafts, reports
from bot.access import Deed
from bot.app import Secretariat
from bot.clearances import SUBJECT_TO_REVIEW, Answer
from bot.commands.by_whom import BY_PMO
from bot.commands.desk import by_reference
from bot.corrections import OUTCOMES, Corrections
from bot.drafts import reference_of
from bot.errors import SecretariatError
from bot.model import Meeting, Person
from schedules import clearing
from schedules.finding import day_named, find_meeting

ON = Annotated[str, typer.Argument(metavar="DATE")]


def add_to(reports_app: typer.Typer) -> None:
    """Register the commands of this module among those of `reports`."""
    reports_app.command("reviewed")(reviewed)
    reports_app.command("with-chair")(with_chair)
    reports_app.command("cleared")(cleared)
    reports_app.command("hold")(hold)
    reports_app.command("confirm")(confirm)


def reviewed(context: typer.Context, group: str, on: ON, by: BY_PMO) -> None:
    """You have read the newest draft against its recording: it may go to the Chair."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person, meeting = _of_pmo(whole, session, by), _meeting(whole, session, group, on)
        sent = clearing.review(session, whole.announcer, meeting, by=person, now=whole.clock.now())
    more = (
        sent.words if sent else f"To send it to the Chair: secretariat reports with-chair {meeting.group} {meeting.on}"
    )
    typer.echo(f"{reference_of(meeting)} is reviewed by the PMO. {more}")


def with_chair(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY_PMO,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="You have sent it yourself; only note it.")] = False,
) -> None:
    """Send the newest draft to the Chair by mail, with the Word document. Your word is its release."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person, meeting = _of_pmo(whole, session, by), _meeting(whole, session, group, on)
        now = whole.clock.now()
        sent = clearing.send_to_chair(session, whole.announcer, meeting, by=person, now=now, by_hand=by_hand)
    typer.echo(
        f"{reference_of(meeting)} is with the Chair. {'' if by_hand and not sent.answer_due else sent.words}".strip()
    )


def cleared(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY_PMO,
    subject_to_review: Annotated[
        bool, typer.Option("--subject-to-review", help="No answer came: it goes out subject to the Chair's review.")
    ] = False,
) -> None:
    """The Chair has cleared the report; or it goes out subject to the Chair's review, which the report then says."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person, meeting = _of_pmo(whole, session, by), _meeting(whole, session, group, on)
        answer = SUBJECT_TO_REVIEW if subject_to_review else Answer(how="told")
        clearances.clear(session, meeting, by=person, now=whole.clock.now(), answer=answer)
    how = "goes out subject to the Chair's review" if subject_to_review else "is cleared by the Chair"
    typer.echo(f"{reference_of(meeting)} {how}. To issue it: secretariat reports issue {reference_of(meeting)}")


def hold(
    context: typer.Context,
    group: str,
    on: ON,
    by: BY_PMO,
    reason: Annotated[str, typer.Option(help="Why it is held: kept, and shown where the report stands.")],
) -> None:
    """The Chair has not answered, and the report waits for the answer."""
    whole = context.obj.secretariat
    with whole.database.session() as session:
        person, meeting = _of_pmo(whole, session, by), _meeting(whole, session, group, on)
        clearances.hold(session, meeting, reason, by=person, now=whole.clock.now())
    typer.echo(f"{reference_of(meeting)} is held until the Chair answers.")


def confirm(
    context: typer.Context,
    reference: str,
    by: BY_PMO,
    decisions: Annotated[list[str] | None, typer.Argument(metavar="[D-01 ...]")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every decision of the draft.")] = False,
    listened: Annotated[bool, typer.Option("--listened", help="You have listened to each of them.")] = False,
    attended: Annotated[bool, typer.Option("--attended", help="You attended the meeting.")] = False,
    outcome: Annotated[
        list[str] | None,
        typer.Option(help="What it was, where the draft is not clear or wrong: reject, or D-02=reject."),
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="A decision in your words: D-02='The group ...'.")] = None,
) -> None:
    """Vouch for the outcomes of decisions, by name: nothing is issued whose outcome nobody has confirmed."""
    whole = context.obj.secretariat
    if listened == attended:
        raise SecretariatError("How do you know the outcome?", hint="Say --listened or --attended.")
    if bool(decisions) == all_:
        raise SecretariatError("Which decisions?", hint="Name them (D-01 D-02), or say --all.")
    how: confirmations.How = "listened" if listened else "attended"
    corrections = Corrections(_outcomes(outcome, decisions), by_reference("--text", text))
    with whole.database.session() as session:
        meeting = reports.meeting_of_reference(session, reference)
        person, now = _of_pmo(whole, session, by), whole.clock.now()
        corrected_drafts.correct(session, whole.drafting, meeting, corrections, by=person, now=now)
        found = confirmations.confirm(session, meeting, decisions or (), how, by=person, now=now)
    for each in found:
        typer.echo(f"{each.words} ({OUTCOMES[each.decision.outcome]}: {each.decision.text})")
    if not found:
        typer.echo("The draft holds no decision, so there is nothing to confirm.")


def _outcomes(given: list[str] | None, decisions: list[str] | None) -> dict[str, str]:
    """'D-02=reject'; where one decision is named, 'reject' is of that one."""
    bare = [entry for entry in given or [] if "=" not in entry]
    if bare and (len(bare) > 1 or len(decisions or []) != 1):
        raise SecretariatError(f"Whose outcome is {bare[0]}?", hint="Write it as --outcome D-02=reject.")
    only = {decisions[0].strip().upper(): bare[0].strip()} if decisions and bare else {}
    return by_reference("--outcome", [entry for entry in given or [] if "=" in entry]) | only


def _meeting(whole: Secretariat, session: Session, group: str, on: str) -> Meeting:
    meeting = find_meeting(session, whole.calendar, group, day_named(on))
    if whole.config.groups[meeting.group].puts_out != "report":
        raise SecretariatError(f"{meeting.group} puts out no headline report.", hint="Correct the group.")
    return meeting


def _of_pmo(whole: Secretariat, session: Session, name: str) -> Person:
    return access.pmo_named(
        session, name, Deed.CLEARANCE, whole.clock.now(), hint="Only the PMO says where a report stands."
    )
