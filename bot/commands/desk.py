"""reports, actions, decisions, slack-send, slack-manifest: the PMO at a terminal."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlencode

import httpx
import typer
from rich.console import Console
from rich.table import Table
from slack_sdk.signature import SignatureVerifier
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import clearances, drafts, meetings, members, reports
from bot.app import Secretariat
from bot.clock import spoken
from bot.commands.by_whom import BY_PMO
from bot.corrections import Corrections
from bot.errors import ConfigInvalid, SecretariatError
from bot.report_life import WORDS, state_of_revision
from bot.reports import Issue
from bot.store.draft_tables import DraftRow
from bot.store.report_tables import ActionRow, DecisionRow, ReportRow
from handlers.slack.door import LATER
from handlers.slack.response_url import ResponseUrl

reports_app = typer.Typer(help="Headline reports.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(reports_app, name="reports")
    app.command("slack-send")(slack_send)
    app.command("slack-manifest")(slack_manifest)


def print_problems(error: ConfigInvalid) -> None:
    """Every problem, with its line, id and hint, to stderr; or that all is well."""
    console = Console(stderr=True, highlight=False)
    for problem in error.problems:
        place = f"{error.file}:{problem.line}" if problem.line else error.file
        console.print(f"{problem.severity} {problem.id}  {place}", markup=False, soft_wrap=True)
        console.print(f"    {problem.sentence} {problem.hint}", markup=False, soft_wrap=True)
    wrong = sum(p.severity == "error" for p in error.problems)
    console.print(f"{wrong} to be mended." if wrong else "Nothing has to be mended.")


@reports_app.command("list")
def list_reports(context: typer.Context) -> None:
    """Drafts and issued reports."""
    whole = context.obj.secretariat
    table = Table("Reference", "What", "When (London)", "Where it stands")
    with whole.database.reading() as session:
        for draft in session.scalars(select(DraftRow).order_by(DraftRow.made_at)):
            newest, stands = drafts.latest(session, draft.meeting_uid), "an older draft"
            if newest and newest.id == draft.id:
                stands = clearances.standing_of(session, draft.meeting_uid).words
            table.add_row(draft.id.partition("-draft-")[0], f"draft {draft.version}", spoken(draft.made_at), stands)
        for report in session.scalars(select(ReportRow).order_by(ReportRow.issued_at)):
            what, stands = f"issued, revision {report.revision}", _stands(whole, session, report)
            table.add_row(report.reference, what, spoken(report.issued_at), stands)
    Console().print(table)


def _stands(whole: Secretariat, session: Session, report: ReportRow) -> str:
    """'issued, late: it was due Friday 9 February 2024, 17:00 (London)'."""
    newest, meeting = reports.latest(session, report.meeting_uid), meetings.by_uid(session, report.meeting_uid)
    words = WORDS[state_of_revision(report.revision, newest.revision if newest else report.revision)]
    due = whole.announcer.report_due(session, meeting) if meeting and report.revision == 1 else None
    return f"{words}, late: it was due {spoken(due)}" if due and report.issued_at > due else words


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
    by: BY_PMO,
    outcome: Annotated[
        list[str] | None, typer.Option(help="What you heard, where the draft is not clear: D-02=reject. Repeatable.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="A decision or action in your words: D-02='The group ...'. Repeatable.")
    ] = None,
    listened: Annotated[
        bool, typer.Option("--listened", help="You listened to each outcome not confirmed yet: you confirm them so.")
    ] = False,
    attended: Annotated[bool, typer.Option("--attended", help="The same, as you attended the meeting.")] = False,
    overrule: Annotated[
        str, typer.Option(help="Why it goes out in spite of what the check list warns of; kept in the audit.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would go out; send nothing.")] = False,
) -> None:
    """Issue a headline report on a named person's word: frozen, numbered, sent to the group's members."""
    whole = context.obj.secretariat
    now = whole.clock.now()
    corrections = Corrections(
        outcomes=by_reference("--outcome", outcome),
        texts=by_reference("--text", text),
        how="listened" if listened else "attended" if attended else None,
        overruled=overrule,
    )
    with whole.database.session() as session:
        meeting = reports.meeting_of_reference(session, reference)
        prepared = reports.prepare(session, whole.issuing, meeting, members.named(session, by), now, corrections)
        typer.echo("\n".join(_check_list(prepared)))
        if dry_run:
            typer.echo("Would be sent to:")
            for person in whole.announcer.report_recipients(session, meeting):
                typer.echo(f"  {person.name} <{person.email or person.slack_user_id}>")
            reports.refuse_unready(prepared)
            return
        row = reports.issue(session, whole.issuing, prepared, now)
        count = whole.announcer.report_issued(session, prepared, row, now)
    typer.echo(f"Issued {row.id}. {count} members are sent it. Its document is kept as {row.document_sha256[:12]}.")


def _check_list(prepared: Issue) -> Iterator[str]:
    yield from (f"{'      ' if check.is_met else 'WARNS '}{check.title}: {check.words}" for check in prepared.checks)
    yield "The outcomes, and who has confirmed each:"
    yield from (f"  {line}" for line in prepared.outcomes or ("no decision is recorded",))


def by_reference(option: str, given: list[str] | None) -> dict[str, str]:
    """{"D-02": "reject"} of what was given with an option. Raises SecretariatError, naming the option."""
    pairs = [entry.partition("=") for entry in given or []]
    if wrong := [entry for entry, equals, value in pairs if not (equals and value)]:
        raise SecretariatError(f"{option} {wrong[0]} says nothing of a line.", hint=f"Write it as {option} D-02=...")
    return {ref.strip().upper(): value for ref, _, value in pairs}


def slack_manifest(context: typer.Context) -> None:
    """Print the manifest of the Slack app, made from what the code registers, to be given to Slack."""
    from handlers.slack.manifest import written

    typer.echo(written(context.obj.config), nl=False)


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
    with ResponseUrl() as later:
        command, _, rest = text.strip().partition(" ")
        body = urlencode(
            {
                "command": command, "text": rest, "user_id": sender.slack_user_id, "user_name": sender.name,
                "team_id": "T0LOCAL", "channel_id": "C0LOCAL", "trigger_id": f"local.{secrets.token_hex(8)}",
                "response_url": later.address("answer"), "api_app_id": "A0LOCAL",
            }
        )  # fmt: skip
        said = _posted(whole.signing_secret, port, body)
        if said == LATER:
            said = next(iter(later.answers("answer", wait=60)), said)
    typer.echo(said)


def _posted(signing_secret: str, port: int, body: str) -> str:
    """What the running secretariat acknowledges a signed form with. Raises SecretariatError where it refuses it."""
    stamp = str(int(time.time()))
    signature = SignatureVerifier(signing_secret).generate_signature(timestamp=stamp, body=body)
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
    return said


def _said(response: httpx.Response) -> str:
    try:
        content = response.json()
    except json.JSONDecodeError:
        return response.text
    return str(content.get("text") or content.get("error") or content) if isinstance(content, dict) else response.text
