"""The shape of `config.yaml`: what it may say as a whole. `config_file` reads it, with every problem at once.

Its sections stand in the modules beside this one. Every rule, group and date names its `source` (document and
heading) or says `assumed` with the reason, so that anybody can ask why something is due then (rules, preamble).
Unknown keys are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config_channels import Invitations, Mail, Sending, Slack
from bot.config_clocks import AmendmentWindow, ClockRule, ReminderStep, WorkingDays
from bot.config_groups import DatedEntry, Group
from bot.config_queries import EscalationWords, Mailbox, NotForAMachine
from bot.config_speech import DraftingRules, IssuedReports, Recording, Teams, Transcription
from bot.config_words import STRICTEST_FIRST, WORKING_MATERIAL, Audience, Dial, GroupKey, NoticeKind, Strict
from bot.errors import SecretariatError


class Programme(Strict):
    name: str
    short_name: str
    domain: str = Field(description="right-hand side of the ids that we give out (meeting UIDs, Message-IDs)")


class Paths(Strict):
    state: Path = Path("var")
    templates: Path = Path("report_templates")
    returns: Path = Path("returns")  # inside `state`, unless it is a whole path


class Web(Strict):
    host: str = "127.0.0.1"
    port: int = Field(default=8765, ge=0, le=65535)

    @model_validator(mode="after")
    def _loopback_only(self) -> Self:
        if self.host != "127.0.0.1":
            raise ValueError("the page has no sign-in yet, so it is served on 127.0.0.1 only")
        return self


class Sample(Strict):
    enabled: bool = True
    folder: Path = Path("sample")


class Contradiction(Strict):
    """A place where the documents disagree, and which value is followed."""

    group: str
    field: str
    values: list[ContradictoryValue] = Field(min_length=2)
    followed: str


class ContradictoryValue(Strict):
    value: str
    source: str


class Config(BaseSettings):
    """The whole of `config.yaml`, with SECRETARIAT_… environment variables above it and the command line above both."""

    model_config = SettingsConfigDict(
        env_prefix="SECRETARIAT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    programme: Programme
    paths: Paths = Paths()
    web: Web = Web()
    slack: Slack = Slack()
    mail: Mail = Mail()
    invitations: Invitations = "mail"
    transcription: Transcription = Transcription()
    recording: Recording = Recording()
    teams: Teams = Teams()
    drafting: DraftingRules = DraftingRules()
    issued_reports: IssuedReports = IssuedReports()
    sample: Sample = Sample()
    sending: Sending = Sending()
    mailboxes: dict[str, Mailbox]
    escalation_words: EscalationWords = EscalationWords(assumed="this file names no words of an escalation")
    not_for_a_machine: NotForAMachine = Field(default_factory=NotForAMachine.by_seat_alone)
    working_days: WorkingDays
    groups: dict[GroupKey, Group]
    dated_entries: list[DatedEntry] = []
    clocks: list[ClockRule]
    amendment_window: AmendmentWindow
    reminders: list[ReminderStep] = []
    dial: dict[NoticeKind, Dial]
    audience: dict[str, Audience]
    contradictions: list[Contradiction] = []

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, then environment, then file (the file's content comes in as `_file`)."""
        given = dict(getattr(init_settings, "init_kwargs", {}))
        from_file = given.pop("_file", {})
        return InitSettingsSource(cls, given), env_settings, InitSettingsSource(cls, from_file)

    def may_reword(self, groups: Iterable[str]) -> bool:
        """Whether the words of a meeting of these groups may go to the language model.

        A group that nobody says is open, or that is confidential, is closed; it is allowed by its name only.
        """
        settings = self.drafting.language_model
        allowed = {key.casefold() for key in settings.closed_groups}
        closed = [key for key in groups if not ((known := self.group(key)) and known.is_open)]
        return bool(settings.url) and all(key.casefold() in allowed for key in closed)

    def group(self, key: str) -> Group | None:
        """The group of that key, whatever its case."""
        return self.groups.get(self.group_key(key) or "")

    def group_key(self, key: str) -> str | None:
        """The key as the file spells it: 'psg' -> 'PSG'; None where there is no such group."""
        return next((k for k in self.groups if k.casefold() == key.casefold()), None)

    @property
    def mailbox_of_the_rest(self) -> str:
        """Where a query goes that fits nowhere: PPC's, or without such a one the mailbox that we write from."""
        return next((key for key, mailbox in self.mailboxes.items() if mailbox.takes_the_rest), self.mail.mailbox)

    @property
    def watched_mailboxes(self) -> tuple[str, ...]:
        """The mailboxes that are read: the one that we write from, and those that say `watched`."""
        if self.mail.read_from == "nothing":
            return ()
        return tuple(key for key, mailbox in self.mailboxes.items() if mailbox.watched or key == self.mail.mailbox)

    @property
    def ladder(self) -> tuple[ReminderStep, ...]:
        """Every rung of every ladder, those that a step climbs to included."""
        return tuple(rung for step in self.reminders for rung in step.rungs)

    @property
    def step_ids(self) -> frozenset[str]:
        """The ids of all rungs."""
        return frozenset(step.id for step in self.ladder)

    def audience_for(self, kind: str, groups: Iterable[str]) -> Audience:
        """Who may read a document of that kind; of a joint meeting, as the strictest of its groups has it."""
        found = [self._audience_of(kind, self.groups[key]) for key in groups if key in self.groups]
        return min(found, key=STRICTEST_FIRST.index, default="members")

    def _audience_of(self, kind: str, group: Group) -> Audience:
        usual = self.audience.get(kind, "pmo" if kind in WORKING_MATERIAL else "members")
        if group.confidential:
            usual = min(usual, self.audience.get("confidential", "members"), key=STRICTEST_FIRST.index)
        return group.audience.get(kind, usual)

    def dial_for(self, kind: NoticeKind, group: str) -> Dial:
        """How far a notice of this kind may go by itself, the group's own setting first."""
        own = self.groups[group].dial if group in self.groups else {}
        return own.get(kind) or self.dial.get(kind, "approve")


class Secrets(BaseSettings):
    """Secrets come from the environment, or from the file that NAME_FILE names; never from `config.yaml`."""

    model_config = SettingsConfigDict(env_prefix="SECRETARIAT_", extra="ignore", frozen=True)

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None  # for Socket Mode
    graph_client_secret: SecretStr | None = None
    graph_certificate: SecretStr | None = None  # PEM: private key and certificate in one
    smtp_password: SecretStr | None = None
    imap_password: SecretStr | None = None
    language_model_key: SecretStr | None = None
    imap_passwords: SecretStr | None = None  # JSON: {"pmo": "...", "design": "..."}, where each mailbox has its own
    database_url: SecretStr | None = None  # postgresql://user:password@host:5432/database; SQLite without

    def imap_password_of(self, mailbox: str) -> SecretStr | None:
        """A mailbox's own password, or the one for all. Raises SecretariatError where the list of them is no JSON."""
        if self.imap_passwords is None:
            return self.imap_password
        try:
            own = json.loads(self.imap_passwords.get_secret_value()).get(mailbox)
        except (ValueError, AttributeError):
            raise SecretariatError(
                "SECRETARIAT_IMAP_PASSWORDS is not a list of mailboxes with their passwords.",
                hint='Write it as JSON: {"pmo": "...", "design": "..."}.',
            ) from None
        return SecretStr(own) if isinstance(own, str) else self.imap_password
