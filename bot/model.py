"""What the secretary talks about: meetings, deadlines, notices, people. Values only; nothing here knows a vendor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property

from bot.clock import LONDON
from bot.formats import Draft


class MeetingStatus(StrEnum):
    """Where a meeting stands. Whether it has been held is derived from its end, never stored."""

    SCHEDULED = "scheduled"
    PROPOSED_MOVE = "proposed_move"
    MOVED = "moved"
    CANCELLED = "cancelled"
    AD_HOC = "ad_hoc"
    EMAIL_UPDATE = "email_update"


@dataclass(frozen=True)
class Meeting:
    """One meeting of one group.

    `nominal_on` is the date by the rule; with status `proposed_move` the times are those of the first proposal.
    """

    uid: str
    group: str
    nominal_on: date
    starts_at: datetime
    ends_at: datetime
    status: MeetingStatus
    source: str
    revision: int = 0
    reason: str = ""
    proposals: tuple[date, ...] = ()
    announced_close_at: datetime | None = None
    called_at: datetime | None = None  # when a person set this date; None: it stands on the calendar
    approved_by: str = ""  # the Chair who approved its being called at short notice
    also_for: tuple[str, ...] = ()  # the groups that meet jointly with `group`, which hosts it (rules §4)

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group whose meeting it is, the host first."""
        return (self.group, *self.also_for)

    @property
    def known_as(self) -> str:
        """'PSG', or 'PSG with DAG and SITAG' where groups meet jointly."""
        return f"{self.group} with {' and '.join(self.also_for)}" if self.also_for else self.group

    @property
    def on(self) -> date:
        """The calendar day in London on which it is held."""
        return self.starts_at.astimezone(LONDON).date()

    @property
    def is_ordinary(self) -> bool:
        """Whether it belongs to the group's series: an ad hoc meeting never closes an amendment window (rules §3)."""
        return self.status is not MeetingStatus.AD_HOC


@dataclass(frozen=True)
class SkippedDay:
    """A day that a count of working days passed over, and why ('Saturday', 'Easter Monday')."""

    date: date
    reason: str


@dataclass(frozen=True)
class Explanation:
    """Why a deadline falls when it does: by which rule, over which days not counted, and on whose word.

    `note` says what else is worth knowing, and always why there is no instant where there is none.
    """

    rule: str
    skipped: tuple[SkippedDay, ...]
    source: str
    note: str = ""


@dataclass(frozen=True, eq=False)
class Deadline:
    """One clock of one meeting. `due_at` is None where the clock does not exist for this meeting.

    Most deadlines are only compared with the time of day: why one falls then is worked out when somebody asks.
    """

    kind: str
    due_at: datetime | None
    explain: Callable[[], Explanation] = field(repr=False)

    @cached_property
    def explanation(self) -> Explanation:
        """The arithmetic behind it."""
        return self.explain()

    @property
    def rule(self) -> str:
        """The rule in words: '... at least 5 working days before the meeting on Wednesday 7 February 2024 ...'."""
        return self.explanation.rule

    @property
    def skipped(self) -> tuple[SkippedDay, ...]:
        """The days passed over, in the order met."""
        return self.explanation.skipped

    @property
    def source(self) -> str:
        """The clause, or the plain word that it is an assumption."""
        return self.explanation.source

    @property
    def note(self) -> str:
        """What else is worth knowing; empty where there is nothing."""
        return self.explanation.note

    def __eq__(self, other: object) -> bool:
        """Equal where instant and arithmetic are."""
        if not isinstance(other, Deadline):
            return NotImplemented
        return (self.kind, self.due_at, self.explanation) == (other.kind, other.due_at, other.explanation)

    def __hash__(self) -> int:
        return hash((self.kind, self.due_at))


@dataclass(frozen=True)
class Offer:
    """A button under a message: what stands on it, which click of Slack it is, and about what. Mail shows none."""

    label: str
    action: str
    value: str


@dataclass(frozen=True)
class Notice:
    """Something to be told to one recipient once. The first five fields are its unique key (house §3)."""

    meeting_uid: str
    meeting_revision: int
    clock: str
    step: str
    recipient: str  # a person's id; or "address:someone@example.org", "channel:#psg"
    group: str
    kind: str  # what the dial is set for: member_reminder, pmo_reminder, receipt, report ...
    subject: str
    text: str
    why: str
    due_at: datetime
    not_after: datetime | None = None
    in_reply_to: str = ""
    attachments: tuple[str, ...] = ()  # "sha256:name.docx"
    note: str = ""  # said above the text: that it comes late
    offers: tuple[Offer, ...] = ()

    @property
    def key(self) -> tuple[str, int, str, str, str]:
        """What makes it one notice: asked for again, it is the same row."""
        return (self.meeting_uid, self.meeting_revision, self.clock, self.step, self.recipient)


class OutboxState(StrEnum):
    """The life of a row in the outbox. Allowed moves: `bot.outbox.ALLOWED_MOVES`."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    SUPPRESSED = "suppressed"
    WITHHELD = "withheld"


class Outcome(StrEnum):
    """What became of one attempt at a channel. Unknown means: look it up before anything is sent again."""

    DELIVERED = "delivered"
    FAILED_FOR_NOW = "failed_for_now"
    FAILED_FOR_GOOD = "failed_for_good"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Delivery:
    """A channel's answer. `service_id` is the service's own id of the message; `retry_after` is in seconds."""

    outcome: Outcome
    service_id: str = ""
    error: str = ""
    retry_after: float | None = None


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class OutgoingMessage:
    """A rendered message on its way to one address. `id` is the outbox row's id and travels inside the message."""

    id: str
    to: str  # a mail address, a Slack user id, or a Slack channel
    to_name: str
    subject: str
    text: str
    message_id: str  # deterministic: the same row always has the same RFC 5322 Message-ID
    sent_at: datetime
    in_reply_to: str = ""  # the Message-IDs of its thread, the one that it answers last
    attachments: tuple[Attachment, ...] = ()
    service_id: str = ""  # the service's own id, where an earlier attempt at this channel learned it
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True)
class Person:
    """One identity, whatever addresses it writes from. `email` is where mail goes."""

    id: str
    name: str
    organisation: str
    email: str | None
    slack_user_id: str | None


@dataclass(frozen=True)
class SeatHolding:
    """A person's tenure of a seat, by date. `alternate_for` is the name of the person stood in for."""

    person: Person
    group: str | None  # None: the whole programme (PMO staff)
    seat: str
    role: str
    constituency: str | None
    from_on: date
    to_on: date | None
    alternate_for: str | None = None


@dataclass(frozen=True)
class AttendanceRow:
    """One line of the report's attendance table.

    `status`: present | alternate | apologies | expected (nobody has confirmed). `ref` is P-01.
    """

    name: str
    seat: str
    constituency: str | None
    organisation: str
    status: str
    ref: str = ""


@dataclass(frozen=True)
class PostMeetingNote:
    """What somebody wanted noted after the meeting (rules §5). `line` is the line it is about, "" for the whole report.

    `ref` is N-01; `source` the constituency, or the organisation of whoever speaks for none.
    """

    ref: str
    line: str
    source: str
    noted_on: date
    text: str
    request: str  # AM-013


@dataclass(frozen=True)
class Disposition:
    """What became of a request to amend the report, or what an erratum corrected, as the amended report shows it."""

    reference: str  # AM-012, or "Erratum" with its date
    line: str
    source: str
    outcome: str
    reason: str


@dataclass(frozen=True)
class HeadlineReport:
    """Everything a headline report is rendered from, draft or issued.

    `recording_link` is a pattern of `bot.recording_links`, or empty. `prepared_from` says in a sentence what the lines
    rest on. In an issued report the refs inside `draft` are the group's own (PSG-DEC41).
    """

    reference: str  # "PSG-2026-11-04"
    group: str
    group_name: str
    meeting_on: date
    starts_at: datetime
    ends_at: datetime
    version: str  # "Draft 1, not for issue" | "Issued 6 November 2026, revision 1"
    prepared_from: str
    recording_link: str
    attendance: tuple[AttendanceRow, ...]
    draft: Draft
    dates_to_note: tuple[
        tuple[str, str], ...
    ] = ()  # ("Amendment requests close", "Wednesday 25 November 2026, 17:00 (London)")
    issued_by: str = ""
    document_id: str = ""  # in the document's properties: which draft or revision it is
    post_meeting_notes: tuple[PostMeetingNote, ...] = ()
    dispositions: tuple[Disposition, ...] = ()  # of an amended report: all so far, the oldest first


@dataclass(frozen=True)
class ChangeBy:
    """In whose name a line of an issued report was changed ("PMO for AM-012"), and why, for the comment beside it.

    `words` is how that request would have the line read, or one of its cells, which read `of` before: where several
    changed one line, these tell their changes apart.
    """

    author: str
    reason: str = ""
    words: str = ""
    of: str = ""
