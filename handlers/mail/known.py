"""What is known around a mail when it is read: gathered from the ledgers by the caller, so that reading stays pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.clock import LONDON
from bot.config import Config
from bot.model import Meeting, Person, SeatHolding
from bot.report_lines import ReportLine


@dataclass(frozen=True)
class RepliedTo:
    """The notice of ours that a mail answers, and what it was about. `obligation`: 'papers', 'action:PSG27-03' or ''.

    `to_be_met`: it reminded of something that can be marked as done.
    """

    id: str
    kind: str  # member_reminder, receipt, report, pack ...
    meeting_uid: str
    subject: str = ""
    obligation: str = ""
    to_be_met: bool = False


@dataclass(frozen=True)
class OpenAction:
    """An action that is not closed. `is_senders`: the sender owns it, in person, by seat or by organisation."""

    reference: str  # PSG27-03
    text: str
    is_senders: bool = False


@dataclass(frozen=True)
class Known:
    """Everything that findings rest on beside the mail. What is empty is not known, and nothing is guessed from it."""

    config: Config
    now: datetime
    sender: Person | None = None  # on file and trusted, or whom an assistant acts for
    seats: tuple[SeatHolding, ...] = ()  # that the sender holds today
    meetings: tuple[Meeting, ...] = ()  # held or to come, around today; cancelled ones too
    lines: Mapping[str, tuple[ReportLine, ...]] = field(default_factory=dict)  # by meeting uid, where issued or drafted
    issued: frozenset[str] = frozenset()  # the meetings whose report has been issued, by uid
    notice: RepliedTo | None = None
    actions: tuple[OpenAction, ...] = ()
    people: tuple[Person, ...] = ()  # whom a name in the mail may mean
    requests: Mapping[str, str] = field(default_factory=dict)  # AM-001 -> the uid of its meeting
    conversation: str = ""  # the uid of the meeting that earlier mails of this conversation were about
    own_addresses: frozenset[str] = frozenset()  # of our mailboxes, in lower case

    @property
    def today(self) -> date:
        """The calendar day in London."""
        return self.now.astimezone(LONDON).date()

    def meeting(self, uid: str) -> Meeting | None:
        """The meeting of that uid, where it is known."""
        return next((meeting for meeting in self.meetings if meeting.uid == uid), None)

    def held_by(self, group: str, on: date) -> Meeting | None:
        """The meeting of a group (host or guest) on a day."""
        return next((m for m in self.meetings if group in m.groups and m.on == on), None)

    def own_groups(self) -> tuple[str, ...]:
        """The groups in which the sender holds a seat, in the configuration's order."""
        held = {seat.group for seat in self.seats}
        return tuple(key for key in self.config.groups if key in held)
