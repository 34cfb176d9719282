"""The shape of `config.yaml`: what it may say, and in which words. `config_file` reads it, with every problem at once.

Every rule, group and date names its `source` (document and heading) or says `assumed` with the reason, so that anybody
can ask why something is due then (rules, preamble). Unknown keys are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date, time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.clock import is_shown
from bot.errors import SecretariatError


def _time_of_day(value: object) -> object:
    """Pydantic would take a number, 17 or "900", for seconds since midnight: no number is a time of day."""
    if isinstance(value, int | float) or (isinstance(value, str) and ":" not in value):
        raise PydanticCustomError("time_parsing", "this is no time of day")
    return value


def _time_of_step(value: object) -> object:
    """`deadline` becomes None; nothing at all is no time of day."""
    if value is None:
        raise PydanticCustomError("time_parsing", "this is no time of day")
    return None if value == "deadline" else _time_of_day(value)


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
TimeOfStep = Annotated[time | None, BeforeValidator(_time_of_step)]
Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
GroupKey = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9-]*$", max_length=24)]
Dial = Literal["shadow", "approve", "automatic"]
NoticeKind = Literal[
    "invitation",
    "member_reminder",
    "pmo_reminder",
    "receipt",
    "pack",
    "clearance",
    "report",
    "reissue",
    "move",
    "correction",
    "amendment",
    "escalation",
    "query",
    "alarm",
]
Audience = Literal["participants", "members", "pmo", "pmo_and_chair"]
WORKING_MATERIAL = ("draft", "transcript", "evidence", "queue")
STRICTEST_FIRST: tuple[Audience, ...] = ("pmo", "pmo_and_chair", "members", "participants")
Recipients = Literal["members", "representatives", "secretary", "deputy", "pmo", "pmo_lead", "owner", "authors"]
EVENTS = (
    "meeting",
    "recording_arrival",
    "proposed_date",
    "action",
    "request",
    "supplementary_issue",
    "apology",
    "expected_paper",
)
"""What a reminder may hang on beside a clock: docs/CONFIGURATION.md says when each happens."""
ClockKind = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]


class Strict(BaseModel):
    """Refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Sourced(Strict):
    """Says on whose word it stands: the document and heading, or the project's own assumption with its reason."""

    source: str | None = None
    assumed: str | None = None

    @model_validator(mode="after")
    def _says_on_whose_word(self) -> Self:
        if not (self.source or self.assumed):
            raise ValueError("needs `source:` (document and heading) or `assumed:` (a reason)")
        return self

    @property
    def on_the_word_of(self) -> str:
        """The clause, or the plain word that it is an assumption."""
        return "; ".join(w for w in (self.source, self.assumed and f"assumed: {self.assumed}") if w)


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


Emoji = Annotated[str, Field(pattern=r"^[a-z0-9_+'-]+$", max_length=100)]  # its name, without colons


class Slack(Strict):
    transport: Literal["local", "slack"] = "local"
    api_url: str = "https://slack.com/api/"
    command: str = Field(default="/secretariat", pattern=r"^/[a-z0-9_-]{1,31}$")
    mode: Literal["socket", "http"] = "socket"  # how Slack reaches us
    trusted_workspaces: list[Annotated[str, Field(pattern=r"^T[A-Z0-9]{2,}$")]] = Field(default_factory=list)
    marks: dict[Literal["decision", "action"], list[Emoji]] = {"decision": ["scales"], "action": ["clipboard"]}

    @model_validator(mode="after")
    def _means_one_thing(self) -> Self:
        both = set(self.marks.get("decision", ())) & set(self.marks.get("action", ()))
        if both:
            raise ValueError(f"{', '.join(sorted(both))} marks a decision as well as an action: choose one")
        return self


class Graph(Strict):
    tenant_id: str = ""
    client_id: str = ""
    url: str = "https://graph.microsoft.com/"
    authority: str = "https://login.microsoftonline.com/"


class Smtp(Strict):
    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""

    @model_validator(mode="after")
    def _in_the_clear_only_here(self) -> Self:
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("without TLS, mail is handed only to a server on this computer")
        return self


class Imap(Strict):
    host: str = ""
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    authserv_id: str = ""  # whose Authentication-Results we believe: that of the server that takes the mail in

    @model_validator(mode="after")
    def _in_the_clear_only_here(self) -> Self:
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("without TLS, mail is read only from a server on this computer")
        return self


READ_WITH = {"local": "folder", "graph": "graph", "smtp": "nothing"}  # each transport, where `reading` is not said


class Mail(Strict):
    transport: Literal["local", "graph", "smtp"] = "local"
    reading: Literal["folder", "graph", "imap", "nothing"] | None = None
    most_a_day: int = Field(default=25, ge=1)  # messages of one sender: more wait for a person, so that loops end
    look_every_seconds: int = Field(default=120, ge=10, le=3600)
    folder: Path = Path("mailbox")  # inside paths.state
    mailbox: str = "pmo"  # the one of `mailboxes` that the secretariat writes from and reads
    graph: Graph = Graph()
    smtp: Smtp = Smtp()
    imap: Imap = Imap()

    @property
    def read_from(self) -> str:
        """folder | graph | imap | nothing: as said, or as goes with the transport."""
        return self.reading or READ_WITH[self.transport]


TakenWords = Annotated[str, Field(pattern=r"^\w[^*]*\*?$")]
"""A word or phrase looked for in a text: whole words, `*` for any ending; with a capital letter, only as written."""


class Mailbox(Sourced):
    """One of the Programme's mailboxes, and which queries belong in it (rules §7)."""

    address: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    purpose: str
    trust: Literal["folder", "required"] = "required"
    watched: bool = False  # read as the one is that we write from
    imap_user: str = ""  # who signs in to it by IMAP, where that is not its address
    takes: list[TakenWords] = []
    general: bool = False  # its words count only where a query has no other mailbox's
    takes_the_rest: bool = False  # where nobody knows whom to ask


class EscalationWords(Sourced):
    """What makes a query a concern about what a group has decided or dealt with: that is escalated, not answered."""

    takes: list[TakenWords] = []


class ForAPerson(Sourced):
    """One kind of message that gets no automatic answer: by whom it comes from, or by what it says."""

    reason: str
    roles: list[Literal["chair", "member", "observer", "programme"]] = []
    seats: list[TakenWords] = []
    domains: list[str] = []
    takes: list[TakenWords] = []
    due_within_days: int | None = Field(default=None, ge=1, le=260)

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if not (self.roles or self.seats or self.domains or self.takes):
            raise ValueError("give at least one of `roles`, `seats`, `domains` and `takes`")
        return self


class NotForAMachine(Sourced):
    """What is logged with a due date and told to the PMO lead, and never answered by us (rules §7)."""

    due_within_days: int = Field(default=5, ge=1, le=260)
    kinds: list[ForAPerson]

    @classmethod
    def by_seat_alone(cls) -> Self:
        """For a file that says nothing of it: who sits where is known all the same; words and domains are not."""
        known = {"Ofgem": "Ofgem*", "the IPA": "IPA*", "the SRO": "SRO as Chair"}
        why = "the rules name them (§7), and this file does not"
        kinds = [ForAPerson(reason=f"it comes from {who}", seats=[seat], assumed=why) for who, seat in known.items()]
        kinds.append(ForAPerson(reason="it comes from a Chair", roles=["chair"], assumed=why))
        return cls(kinds=kinds, assumed=why)

    def days_for(self, kind: ForAPerson) -> int:
        """Within how many working days a person is to answer."""
        return kind.due_within_days or self.due_within_days


Invitations = Literal["mail", "graph", "manual"]


GlossaryEntry = Annotated[str, Field(pattern=r"^\s*[^=\s][^=]*(=\s*[^=\s][^=]*)?$", max_length=80)]
"""A name or term as it is written; after `=` how it sounds, where its letters don't tell: TORWG = tor wig."""


class Transcription(Strict):
    engine: Literal["pipeline", "faster-whisper", "openai-whisper"] = "pipeline"
    encoder: Literal["auto", "ctranslate2", "openvino"] = "auto"  # the pipeline's
    model: str = "embedded"
    language: str | None = "en"
    threads: int = Field(default=0, ge=0)
    glossary: list[GlossaryEntry] = []
    speakers: bool = True  # tell the voices apart: Speaker 1, Speaker 2 ...
    tell_terms: bool = False  # tell the recogniser what to listen for
    correct: bool = True  # put misheard names and terms right; each can be taken back
    processes: int = Field(default=1, ge=0, le=16)  # workers that `run` starts; 0: they run elsewhere
    nice: int = Field(default=10, ge=0, le=19)
    unfinished_minutes: int = Field(default=10, ge=1, le=1440)


class Recording(Strict):
    link: str = ""  # pattern with {group} {date} and {seconds} or {nav}; empty: our own page


class SharePoint(Strict):
    """A document library: `site` as Graph writes it, HOST:/sites/NAME; `library` its name, "" for the site's own."""

    site: str = Field(default="", pattern=r"^([^:/\s]+(:/[^\s]+)?)?$")
    library: str = ""
    folder: str = "Headline reports"


class Teams(Strict):
    """What is fetched from Microsoft 365 after a meeting; nothing, as shipped."""

    transcripts: bool = False
    recordings: Literal["nowhere", "teams", "folder"] = "nowhere"
    organiser: str = ""  # the object id of the user whose meetings they are; empty: the mailbox we write from
    site: str = Field(default="", pattern=r"^([^:/\s]+(:/[^\s]+)?)?$")  # of the folder; empty: the organiser's OneDrive
    library: str = ""
    folder: str = Field(default="Recordings", min_length=1)
    days: int = Field(default=14, ge=1, le=60)  # how long after a meeting it is looked for
    look_every_minutes: int = Field(default=10, ge=1, le=1440)

    @property
    def is_on(self) -> bool:
        """Whether anything is fetched."""
        return self.transcripts or self.recordings != "nowhere"


class IssuedReports(Strict):
    """What becomes of an issued report beside its mails: a PDF by LibreOffice, and the place where it is published."""

    pdf: Literal["auto", "never"] = "auto"
    pdf_seconds: int = Field(default=90, ge=5, le=600)
    publish_to: Literal["nowhere", "folder", "sharepoint"] = "nowhere"
    folder: Path = Path("published")  # inside paths.state, unless it is a whole path
    sharepoint: SharePoint = SharePoint()

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.publish_to == "sharepoint" and not self.sharepoint.site:
            raise ValueError("`publish_to: sharepoint` needs `sharepoint.site`: HOST:/sites/NAME")
        return self


class LanguageModelAt(Strict):
    """An OpenAI-compatible endpoint that may word drafted lines; "" (as shipped): none is asked.

    `closed_groups`: groups that are not open to everybody and whose words may go there all the same.
    """

    url: str = ""
    model: str = ""
    timeout_seconds: float = Field(default=20, gt=0, le=300)
    closed_groups: list[str] = []

    @field_validator("url")
    @classmethod
    def _is_private(cls, url: str) -> str:
        here = re.match(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:/|$)", url)
        if url and not url.startswith("https://") and not here:
            raise ValueError("what was said in a meeting leaves by https only (or by http to this computer)")
        return url

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if bool(self.url) != bool(self.model):
            raise ValueError("`url` and `model` come together: give both or neither")
        return self


class DraftingRules(Strict):
    """How drafts are worded."""

    language_model: LanguageModelAt = LanguageModelAt()


RecipientRole = Literal["pmo", "chair", "representative", "observer", "programme", "other"]


def _digest(value: object) -> object:
    """YAML reads a bare `off` as false."""
    if value is False:
        return "off"
    return value if value in ("off", "together") else _time_of_day(value)


class Considerate(Strict):
    """What people of one role are spared. `digest`: off, together (what falls due at one time), or one hour a day."""

    digest: Annotated[Literal["off", "together"] | time, BeforeValidator(_digest)] = "off"
    quiet_from: TimeOfDay | None = None
    quiet_until: TimeOfDay | None = None
    quiet_on_closed_days: bool = False

    @model_validator(mode="after")
    def _has_both_hours(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("`quiet_from` and `quiet_until` come together: give both or neither")
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValueError("`quiet_from` and `quiet_until` are the same: that is no time, or the whole day")
        return self


class Sending(Strict):
    """How notices leave: the ceiling that trips the brake, when another way is tried, who is spared what."""

    ceiling_per_hour: int = Field(default=500, ge=0)  # 0: no ceiling
    late_after_hours: int = Field(default=2, ge=1)
    other_way_after_minutes: int = Field(default=15, ge=1)
    roles: dict[RecipientRole, Considerate] = {}


class Sample(Strict):
    enabled: bool = True
    folder: Path = Path("sample")


class Closure(Strict):
    date: date
    reason: str


class WorkingDays(Sourced):
    country: str = "GB"
    subdivision: str = "ENG"
    closures: list[Closure] = []
    counting: Literal["event_day_not_counted", "clear_days"] = "event_day_not_counted"
    deadline_time: TimeOfDay = time(17)


class SeriesRule(Sourced):
    """When a group meets: the nth weekday of the month, or every few weeks from an anchor date."""

    weekday: Weekday
    nth: Literal[1, 2, 3, 4, 5, "last"] | None = None
    every_weeks: int | None = Field(default=None, ge=1, le=52)
    every_months: int = Field(default=1, ge=1, le=24)
    anchor: date | None = None
    start: TimeOfDay
    end: TimeOfDay
    from_on: date | None = Field(default=None, alias="from")
    until_on: date | None = Field(default=None, alias="until")
    joint_with: tuple[str, ...] = ()  # the groups that this meeting serves as well

    @model_validator(mode="after")
    def _can_be_followed(self) -> Self:
        if (self.nth is None) == (self.every_weeks is None):
            raise ValueError("give either `nth` (of the month) or `every_weeks`, not both and not neither")
        if (self.every_weeks or self.every_months > 1) and self.anchor is None:
            raise ValueError("`every_weeks` and `every_months` count from an `anchor` date: give one")
        if self.anchor and f"{self.anchor:%A}" != self.weekday:
            raise ValueError(f"the anchor {self.anchor} is a {self.anchor:%A}, not a {self.weekday}")
        if self.end <= self.start:
            raise ValueError(f"it ends ({self.end:%H:%M}) before it starts ({self.start:%H:%M})")
        if self.from_on and self.until_on and self.until_on < self.from_on:
            raise ValueError(f"`until` ({self.until_on}) lies before `from` ({self.from_on})")
        return self


class SeriesAnchor(Sourced):
    """Which meeting had which number, and the next decision's number, from a date on (rules §4)."""

    on: date
    meeting_number: int = Field(ge=1)
    next_decision: int = Field(default=1, ge=1)


class SeatEntry(Strict):
    title: str
    constituency: str | None = None
    role: Literal["chair", "member", "observer", "programme", "secretariat"] = "member"


class Group(Sourced):
    """One governance group."""

    name: str
    level: Literal[2, 3, 4] | None
    parent: str | None = None
    workstream: str | None = None
    attendance: Literal["open", "closed", "not_stated"]
    status: Literal["mobilised", "email_update", "ad_hoc_only", "configurable", "historical"]
    ends_on: date | None = None
    serves: str | None = None  # the group whose next meeting this one prepares (the webinar and its PSG)
    series: list[SeriesRule] = []
    anchor: SeriesAnchor | None = None
    delegated_decisions: bool = False
    puts_out: Literal["report", "actions", "none"] = "report"
    confidential: bool = False
    mailbox: str = "pmo"
    channel: str | None = None
    seats: list[SeatEntry] = []
    dial: dict[NoticeKind, Dial] = {}
    audience: dict[str, Audience] = {}

    @property
    def is_open(self) -> bool:
        """Whether anybody may hear what is said there."""
        return self.attendance == "open" and not self.confidential


class DatedEntry(Sourced):
    """A dated decision on one meeting: confirmed, moved, cancelled, added."""

    group: str
    on: date
    action: Literal["move", "cancel", "add"]
    to: date | None = None
    start: TimeOfDay | None = None
    end: TimeOfDay | None = None
    joint_with: tuple[str, ...] | None = None  # for `move`: None keeps what the rule says, [] makes it the group's own

    @model_validator(mode="after")
    def _is_on_the_clock(self) -> Self:
        day = self.to or self.on
        for at in (self.start, self.end):
            if at and not is_shown(at, day):
                raise PydanticCustomError("time_parsing", f"{at:%H:%M} does not exist on {day}: the clocks go forward")
        if self.start and self.end and self.end <= self.start:
            raise ValueError(f"it ends ({self.end:%H:%M}) before it starts ({self.start:%H:%M})")
        return self

    @model_validator(mode="after")
    def _can_be_joint(self) -> Self:
        if self.action == "cancel" and self.joint_with is not None:
            raise ValueError("a meeting that is cancelled is joint with nobody: leave `joint_with` out")
        return self


class ClockRule(Sourced):
    """One clock that runs around a meeting (rules §3)."""

    kind: ClockKind
    name: str
    hangs_on: Literal["meeting", "next_ordinary_meeting", "decision"] = "meeting"
    direction: Literal["before", "after"]
    working_days: int = Field(ge=0, le=260)
    counting: Literal["event_day_not_counted", "clear_days"] | None = None
    time_of_day: TimeOfDay | None = None
    levels: list[Literal[2, 3, 4]] = []
    groups: list[str] = []
    not_groups: list[str] = []
    from_on: date | None = Field(default=None, alias="from")
    until_on: date | None = Field(default=None, alias="until")
    enabled: bool = True


class AmendmentWindow(Sourced):
    end_of_series_days: int = Field(default=15, ge=0)
    at_least_days: int = Field(default=5, ge=0)
    supplementary_issue_days: int = Field(default=2, ge=0)


class Climb(Strict):
    """Where a step goes while the thing is still not done: up within the PMO, never to a Chair, Ofgem or the IPA."""

    to: Literal["secretary", "deputy", "pmo_lead"]
    working_days: int = Field(ge=1, description="after the clock fell due")
    at: TimeOfDay = time(9)
    template: str | None = None  # the step's own text, if not given


class ReminderStep(Sourced):
    """One rung of a ladder: how many working days before or after a clock falls due, and whom it tells."""

    id: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=60)
    clock: str
    working_days: int = Field(ge=0)
    direction: Literal["before", "after"] = "before"
    at: TimeOfStep = time(9)  # None, written `deadline`: the deadline's own time of day
    to: Recipients
    kind: NoticeKind
    template: str
    groups: list[str] = []  # empty: every group
    not_groups: list[str] = []
    opt_in: bool = False
    climb: list[Climb] = []

    @model_validator(mode="after")
    def _can_be_climbed(self) -> Self:
        days = [rung.working_days for rung in self.climb]
        if self.climb and self.direction == "before":
            raise ValueError("`climb` follows a step with `direction: after`: before that nothing is late")
        if days != sorted(set(days)) or any(d <= self.working_days for d in days):
            raise ValueError("each rung of `climb` comes some working days later than the one before")
        if self.to == "owner" and self.clock not in ("action", "apology"):
            raise ValueError("only an `action` or an `apology` has an `owner`")
        if (self.to == "authors") != (self.clock == "expected_paper"):
            raise ValueError("an `expected_paper` is asked of its `authors`, and nothing else is")
        if self.opt_in and self.to not in ("members", "representatives"):
            raise ValueError("`opt_in` is for what `members` or `representatives` may choose to hear")
        return self

    @cached_property
    def rungs(self) -> tuple[ReminderStep, ...]:
        """This step, and one for each place it climbs to, with an id of its own (`headline_late_deputy`)."""
        return (self, *(self._climbed(rung) for rung in self.climb))

    def _climbed(self, rung: Climb) -> ReminderStep:
        changed = {
            "id": f"{self.id}_{rung.to}", "to": rung.to, "working_days": rung.working_days, "at": rung.at,
            "template": rung.template or self.template, "kind": "pmo_reminder", "climb": [],
        }  # fmt: skip
        return self.model_copy(update=changed)


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
