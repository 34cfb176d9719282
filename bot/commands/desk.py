"""members, meetings, reports, amendments, actions, decisions, slack-send: the PMO at a terminal."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import httpx
import typer
from rich.console import Console
from rich.table import Table
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import select

from bot import audit, meetings, members, reports
from bot.clock import spoken
from bot.commands.settings import Settings
from bot.drafts import reference_of
from bot.errors import ConfigInvalid, SecretariatError, UnknownThing
from bot.store.tables import ActionRow, AmendmentRow, DecisionRow, DraftRow, MeetingRow, ReportRow

members_app = typer.Typer(help="People and their seats.", no_args_is_help=True)
reports_app = typer.Typer(help="Headline reports.", no_args_is_help=True)
BY = Annotated[str, typer.Option("--by", help="The person of the PMO whose word this is: name, address or Slack id.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(members_app, name="members")
    app.add_typer(reports_app, name="reports")
    app.command("amendments")(list_amendments)
    app.command("actions")(list_actions)
    app.command("decisions")(list_decisions)
    app.command("slack-send")(slack_send)


def print_problems(error: ConfigInvalid) -> None:
    """Every problem, with its line, id and hint, to stderr; or that all is well."""
    console = Console(stderr=True, highlight=False)
    for problem in error.problems:
        place = f"{error.file}:{problem.line}" if problem.line else error.file
        console.print(f"{problem.severity} {problem.id}  {place}", markup=False, soft_wrap=True)
        console.print(f"    {problem.sentence} {problem.hint}", markup=False, soft_wrap=True)
    wrong = sum(p.severity == "error" for p in error.problems)
    console.print(f"{wrong} to be mended." if wrong else "Nothing has to be mended.")


@members_app.command("import")
def import_members(context: typer.Context, file: Path) -> None:
    """Put people and their seats on file from a CSV file."""
    settings: Settings = context.obj
    lines = members.read_members_file(file, settings.config.groups)
    whole = settings.secretariat
    with whole.database.session() as session:
        people, seats = members.import_members(session, lines)
        audit.record(session, whole.clock.now(), "terminal", "members imported", file.name, people=people, seats=seats)
    typer.echo(f"{len(lines)} lines read: {people} people and {seats} seats are new.")


@members_app.command("list")
def list_members(context: typer.Context, group: Annotated[str | None, typer.Option()] = None) -> None:
    """Who holds which seat today."""
    whole = context.obj.secretariat
    table = Table("Person", "Organisation", "Group", "Seat", "Role", "Constituency", "Mail", "Slack")
    with whole.database.reading() as session:
        for held in members.holdings(session, whole.clock.today(), group=group):
            person = held.person
            table.add_row(
                person.name, person.organisation, held.group or "all", held.seat, held.role, held.constituency or "",
                person.email or "", person.slack_user_id or "",
            )  # fmt: skip
    Console().print(table)


@members_app.command("opt-in")
def opt_in(context: typer.Context, person: str, step: str) -> None:
    """A person chooses to hear a reminder that nobody hears otherwise (`opt_in` in the ladder)."""
    _choose(context.obj, person, step, wanted=True)


@members_app.command("opt-out")
def opt_out(context: typer.Context, person: str, step: str) -> None:
    """A person chooses to hear such a reminder no more."""
    _choose(context.obj, person, step, wanted=False)


def _choose(settings: Settings, name: str, step: str, *, wanted: bool) -> None:
    whole = settings.secretariat
    offered = [s.id for s in whole.config.reminders if s.opt_in]
    if step not in offered:
        raise UnknownThing(f"{step} is nothing to choose.", hint=f"To choose from: {', '.join(offered) or 'nothing'}.")
    with whole.database.session() as session:
        person = members.named(session, name)
        if wanted:
            members.choose(session, person, step)
        else:
            members.choose_no_more(session, person, step)
        event = "chose to hear" if wanted else "chose to hear no more"
        audit.record(session, whole.clock.now(), person.name, event, step)
    typer.echo(f"{person.name} {'hears' if wanted else 'no longer hears'} {step}.")


@reports_app.command("list")
def list_reports(context: typer.Context) -> None:
    """Drafts and issued reports."""
    table = Table("Reference", "What", "When (London)")
    with context.obj.secretariat.database.reading() as session:
        for draft in session.scalars(select(DraftRow).order_by(DraftRow.made_at)):
            table.add_row(draft.id.partition("-draft-")[0], f"draft {draft.version}", spoken(draft.made_at))
        for report in session.scalars(select(ReportRow).order_by(ReportRow.issued_at)):
            table.add_row(report.reference, f"issued, revision {report.revision}", spoken(report.issued_at))
    Console().print(table)


@reports_app.command("show")
def show_report(context: typer.Context, reference: str) -> None:
    """The lines of a report: the issued ones, or the draft's."""
    with context.obj.secretariat.database.reading() as session:
        meeting = reports.meeting_of_reference(session, reference)
        issued = reports.latest(session, meeting.uid)
        if issued:
            typer.echo(f"{issued.reference}, issued {spoken(issued.issued_at)}, revision {issued.revision}")
            rows: list[DecisionRow | ActionRow] = [
                *session.scalars(select(DecisionRow).where(DecisionRow.report_id == issued.id)),
                *session.scalars(select(ActionRow).where(ActionRow.report_id == issued.id)),
            ]
            for row in rows:
                typer.echo(f"{row.reference} ({row.draft_ref} in the draft): {row.text}")
            return
        draft = session.scalars(select(DraftRow).where(DraftRow.meeting_uid == meeting.uid)).all()[-1]
        typer.echo(f"{draft.id}, working material")
        for line in draft.lines:
            typer.echo(f"{line.ref}: {line.text}")


@reports_app.command("issue")
def issue_report(
    context: typer.Context,
    reference: str,
    by: BY,
    outcome: Annotated[
        list[str] | None, typer.Option(help="What you heard, where the draft is not clear: D-02=reject. Repeatable.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="A decision or action in your words: D-02='The group ...'. Repeatable.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go out; send nothing.")] = False,
) -> None:
    """Issue a headline report on a named person's word: frozen, numbered, sent to the group's members."""
    whole = context.obj.secretariat
    now = whole.clock.now()
    corrections = reports.Corrections(_by_reference("--outcome", outcome), _by_reference("--text", text))
    with whole.database.session() as session:
        meeting = reports.meeting_of_reference(session, reference)
        prepared = reports.prepare(session, whole.issuing, meeting, members.named(session, by), now, corrections)
        typer.echo(f"{prepared.by.name} confirms, by issuing, these outcomes:")
        for line in prepared.outcomes or ("no decision is recorded",):
            typer.echo(f"  {line}")
        if dry_run:
            typer.echo("Would be sent to:")
            for person in whole.announcer.report_recipients(session, meeting):
                typer.echo(f"  {person.name} <{person.email or person.slack_user_id}>")
            return
        row = reports.issue(session, whole.issuing, prepared, now)
        count = whole.announcer.report_issued(session, prepared, row, now)
    typer.echo(f"Issued {row.id}. {count} members are sent it. Its document is kept as {row.document_sha256[:12]}.")


def _by_reference(option: str, given: list[str] | None) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in given or []]
    if wrong := [entry for entry, equals, value in pairs if not (equals and value)]:
        raise SecretariatError(f"{option} {wrong[0]} says nothing of a line.", hint=f"Write it as {option} D-02=...")
    return {ref.strip().upper(): value for ref, _, value in pairs}


def list_amendments(context: typer.Context) -> None:
    """Every amendment request, in order of arrival."""
    table = Table("Reference", "Report", "Line", "From", "By", "Received (London)", "State", "Proposed text")
    with context.obj.secretariat.database.reading() as session:
        for row in session.scalars(select(AmendmentRow).order_by(AmendmentRow.number)):
            meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
            person = members.by_id(session, row.requester_id)
            table.add_row(
                row.reference, reference_of(meeting), row.line_ref or "", person.name if person else "", row.came_by,
                spoken(row.received_at), row.state, row.proposed_text,
            )  # fmt: skip
    Console().print(table)


def list_actions(context: typer.Context) -> None:
    """The action log."""
    table = Table("Reference", "Action", "Owner", "Due", "State")
    with context.obj.secretariat.database.reading() as session:
        for row in session.scalars(select(ActionRow).order_by(ActionRow.reference)):
            table.add_row(row.reference, row.text, row.owner, row.due, row.state)
    Console().print(table)


def list_decisions(context: typer.Context) -> None:
    """The decision log."""
    table = Table("Reference", "Decision", "Outcome", "Reached by")
    with context.obj.secretariat.database.reading() as session:
        for row in session.scalars(select(DecisionRow).order_by(DecisionRow.group_key, DecisionRow.number)):
            table.add_row(row.reference, row.text, reports.OUTCOMES[row.outcome], row.reached_by or "")
    Console().print(table)


def slack_send(
    context: typer.Context,
    text: str,
    person: Annotated[str, typer.Option("--as", help="Who sends it: name, address or Slack id.")],
) -> None:
    """Sign a slash command and post it to the running secretariat, as Slack would: for trying things without Slack."""
    whole = context.obj.secretariat
    with whole.database.reading() as session:
        sender = members.named(session, person)
    if sender.slack_user_id is None:
        raise SecretariatError(f"{sender.name} has no Slack id on file.", hint="Choose somebody who has one.")
    port = whole.places.running_port()
    if port is None:
        raise SecretariatError("No secretariat is running here.", hint="Start one in another window: make run")
    command, _, rest = text.strip().partition(" ")
    body = urlencode(
        {
            "command": command, "text": rest, "user_id": sender.slack_user_id, "user_name": sender.name,
            "team_id": "T0LOCAL", "channel_id": "C0LOCAL", "trigger_id": f"local.{secrets.token_hex(8)}",
            "response_url": f"http://127.0.0.1:{port}/", "api_app_id": "A0LOCAL",
        }
    )  # fmt: skip
    stamp = str(int(time.time()))
    signature = SignatureVerifier(whole.signing_secret).generate_signature(timestamp=stamp, body=body)
    answered = httpx.post(
        f"http://127.0.0.1:{port}/slack/events",
        content=body,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature or "",
        },
        timeout=10,
    )
    said = _said(answered)
    if answered.status_code != 200:
        raise SecretariatError(f"The secretariat refused it ({answered.status_code}): {said}")
    typer.echo(said)


def _said(response: httpx.Response) -> str:
    try:
        content = response.json()
    except json.JSONDecodeError:
        return response.text
    return str(content.get("text") or content.get("error") or content) if isinstance(content, dict) else response.text
