"""What is worth knowing of an installation before it runs: one list, each with an id and a hint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from bot.clock import spoken_date
from bot.config import Config, Secrets
from bot.errors import Problem, SecretariatError
from bot.model import MeetingStatus
from bot.wording import render
from schedules.frictions import frictions_of
from schedules.series import Calendar, closed_days

HORIZON = timedelta(days=60)
LOOKS_AHEAD = timedelta(days=370)


REMINDER_VALUES: dict[str, object] = dict.fromkeys(
    (
        "group", "group_name", "meeting_on", "meeting_time", "deadline", "rule", "source", "name", "page",
        "nominal_on", "proposals", "expected", "pack", "reference", "text", "owner",
        "alternate_for", "by_list", "missing_papers",
    ),
    "x",
)  # fmt: skip


def problems_of(config: Config, secret: Secrets, today: date) -> list[Problem]:
    """Errors, warnings and plain information about a configuration that can be read."""
    return [
        *_credentials(config, secret),
        *_trust(config),
        *_channels(config),
        *_texts(config),
        *_horizon(config, today),
        *_dated_entries(config),
        *_proposals(config, today),
        *frictions_of(config, today),
        *_contradictions(config),
    ]


def _credentials(config: Config, secret: Secrets) -> Iterator[Problem]:
    if config.slack.transport == "slack":
        yield from _slack_credentials(config, secret)
    by_graph = config.invitations != "mail" or config.issued_reports.publish_to == "sharepoint"
    if by_graph or "graph" in (config.mail.transport, config.mail.read_from):
        if not (secret.graph_certificate or secret.graph_client_secret):
            yield Problem(
                "credentials-graph",
                "Microsoft 365 is switched on (`mail`, `invitations` or `issued_reports`), but no credential is set.",
                "Set SECRETARIAT_GRAPH_CERTIFICATE_FILE (preferred) or SECRETARIAT_GRAPH_CLIENT_SECRET.",
            )
        if not (config.mail.graph.tenant_id and config.mail.graph.client_id):
            yield Problem("credentials-graph", "mail.graph has no tenant_id or client_id.", "Fill in both.")
    if config.mail.transport == "smtp":
        if not config.mail.smtp.host:
            yield Problem("credentials-smtp", "mail.smtp has no host.", "Name the mail server.")
        if config.mail.smtp.user and not secret.smtp_password:
            yield Problem(
                "credentials-smtp",
                "`mail.smtp` signs in, but the user's password is not set.",
                "Set SECRETARIAT_SMTP_PASSWORD or SECRETARIAT_SMTP_PASSWORD_FILE, or leave user empty.",
            )
    if config.mail.read_from == "imap":
        yield from _imap_credentials(config, secret)


def _slack_credentials(config: Config, secret: Secrets) -> Iterator[Problem]:
    if not secret.slack_bot_token:
        yield Problem(
            "credentials-slack",
            "Slack is switched on, but its bot token is not set.",
            "Set SECRETARIAT_SLACK_BOT_TOKEN, or set slack.transport to local.",
        )
    by_socket = config.slack.mode == "socket" and secret.slack_app_token
    if not by_socket and not secret.slack_signing_secret:
        yield Problem(
            "credentials-slack",
            "Slack is switched on, but cannot reach us: neither Socket Mode's app token nor a signing secret is set.",
            "Set SECRETARIAT_SLACK_APP_TOKEN, or slack.mode to http and SECRETARIAT_SLACK_SIGNING_SECRET.",
        )


def _imap_credentials(config: Config, secret: Secrets) -> Iterator[Problem]:
    if not config.mail.imap.host:
        yield Problem("credentials-imap", "Mail is read by IMAP, but mail.imap has no host.", "Name the mail server.")
    for key in config.watched_mailboxes:
        if secret.imap_password_of(key) is None:
            yield Problem(
                "credentials-imap",
                f"The mailbox {key} is read by IMAP, but its password is not set.",
                "Set SECRETARIAT_IMAP_PASSWORD, or SECRETARIAT_IMAP_PASSWORDS where each mailbox has its own.",
            )


def _trust(config: Config) -> Iterator[Problem]:
    """Nobody is to be fooled by a forged address, and nobody's mail to wait for ever."""
    for key in config.watched_mailboxes if config.mail.read_from in ("graph", "imap") else ():
        if config.mailboxes[key].trust != "required":
            yield Problem(
                "mailbox-trust",
                f"The mailbox {key} believes any sender whom the mail server doesn't refuse.",
                f"Set mailboxes.{key}.trust to required: this is a real mailbox.",
                severity="warning",
            )
        elif config.mail.read_from == "imap" and not config.mail.imap.authserv_id:
            yield Problem(
                "mailbox-trust",
                f"The mailbox {key} requires a verified sender, and mail.imap has no authserv_id: everybody must wait.",
                "Name the server that takes the mail in, as it names itself in Authentication-Results.",
                severity="warning",
            )


def _channels(config: Config) -> Iterator[Problem]:
    """Slack tells of an emoji by the channel's id alone: under a name no mark would ever be made."""
    for key, group in config.groups.items() if config.slack.transport == "slack" else ():
        if group.channel and any(config.slack.marks.values()) and not re.fullmatch(r"[CG][A-Z0-9]{6,}", group.channel):
            yield Problem(
                "slack-channel",
                f"The channel of {key} is given by name, so an emoji in it marks nothing.",
                "Give its id (C0123ABCD): it stands at the foot of the channel's details in Slack.",
                severity="warning",
            )


def _texts(config: Config) -> Iterator[Problem]:
    """A reminder's text that could not be filled in would be found out on the day; better now."""
    for step in config.ladder:
        try:
            render(config.paths.templates, step.template, REMINDER_VALUES)
        except SecretariatError as error:
            yield Problem("template-broken", f"Step {step.id}: {error.sentence}", error.hint)


def _horizon(config: Config, today: date) -> Iterator[Problem]:
    """A series that runs out soon is a meeting that nobody will be reminded of."""
    if not any(closed_days(config)(day) for day in _weekdays_of((today + HORIZON).year)):
        yield Problem(
            "holidays-run-out",
            f"No bank holiday is known for {(today + HORIZON).year}, so deadlines there would be wrong.",
            "Update the library holidays, or list the closed days under working_days.closures.",
            severity="warning",
        )
    for key, group in config.groups.items():
        rules_end = max((r.until_on or date.max for r in group.series), default=date.max)  # open: another rule follows
        ends = min(group.ends_on or date.max, rules_end)
        if today <= ends <= today + HORIZON:
            yield Problem(
                "calendar-runs-out",
                f"The calendar of {key} ends on {spoken_date(ends)}.",
                "Give a later end, or a new rule.",
                severity="warning",
            )


def _dated_entries(config: Config) -> Iterator[Problem]:
    """A move or cancellation of a day on which the group does not meet would be passed over in silence."""
    plain = Calendar(config.model_copy(update={"dated_entries": []}))
    for entry in config.dated_entries:
        if entry.action != "add" and plain.meeting_on(entry.group, entry.on) is None:
            yield Problem(
                "dated-entry-unused",
                f"`dated_entries` would {entry.action} {entry.group} on {spoken_date(entry.on)}: no meeting then.",
                "Correct its day: it is the day by the rule.",
                severity="warning",
            )


def _weekdays_of(year: int) -> Iterator[date]:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(365))
    return (day for day in days if day.weekday() < 5)


def _proposals(config: Config, today: date) -> Iterator[Problem]:
    for meeting in Calendar(config).meetings(today, today + LOOKS_AHEAD):
        if meeting.status is MeetingStatus.PROPOSED_MOVE:
            days = ", ".join(spoken_date(day) for day in meeting.proposals) or "none free within two weeks"
            yield Problem(
                "date-proposed",
                f"{meeting.group} falls on {spoken_date(meeting.nominal_on)}, which is closed. Proposed: {days}.",
                "Decide by a dated entry in the configuration (`dated_entries`); until then nobody is reminded.",
                severity="warning",
            )


def _contradictions(config: Config) -> Iterator[Problem]:
    for entry in config.contradictions:
        said = "; ".join(f"{v.value} ({v.source})" for v in entry.values)
        yield Problem(
            "contradiction",
            f"{entry.group}, {entry.field}: the documents say {said}.",
            f"Followed: {entry.followed}.",
            severity="information",
        )
