"""What the use-cases ask of the outside world. One narrow seam each; the vendors stand behind it in `bot.adapters`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from bot.formats import Transcript
from bot.model import ChangeBy, Delivery, HeadlineReport, Meeting, OutgoingMessage, Person
from bot.report_table import ReadDocument

Progress = Callable[[float, float], None]
"""Called with (seconds done, seconds in all); may raise to stop the work."""


class Channel(Protocol):
    """A way to a recipient: Slack, mail. Never raises for what the service answers: that is the Delivery's outcome."""

    name: str  # "slack" | "mail"
    settling: timedelta  # after an attempt began, how long the service may still accept it
    looks_up: bool  # False (plain SMTP): the service cannot be asked what it has

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Hand the message to the service, once."""

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """Ask the service for this message by our id. None: the service says that it never had it.

        Only an attempt older than `settling` may be given up on that answer. Not called where `looks_up` is False.
        """


class RevisableMessages(Protocol):
    """A channel whose delivered messages can be made to say something else."""

    def revise(self, message: OutgoingMessage) -> Delivery:
        """Let the message of that `service_id` read so from now on. Called again, it is the same. Never raises."""


@dataclass(frozen=True)
class CalendarEvent:
    """One event of a mailbox's calendar. `meeting_uid` and `revision` are our marks on it: empty and -1 without them.

    `id` is the service's own; `ical_uid` the UID that attendees see; `change_key` is another after every change.
    """

    id: str
    ical_uid: str
    change_key: str
    subject: str
    starts_at: datetime
    ends_at: datetime
    join_link: str = ""
    meeting_uid: str = ""
    revision: int = -1
    is_cancelled: bool = False


class MeetingCalendar(Protocol):
    """The calendar of our mailbox, from which attendees are invited. Each call raises SecretariatError with a sentence.

    After an error nobody knows whether the service took it: look with `events` or `find` before anything is made again.
    """

    def events(self, first: datetime, last: datetime) -> list[CalendarEvent]:
        """The events that touch the time from `first` to `last`, each occurrence of a series by itself."""

    def find(self, meeting_uid: str, event_id: str = "") -> CalendarEvent | None:
        """The event of that id, or the one that carries that meeting's mark, wherever it was moved to."""

    def create(self, meeting: Meeting, *, subject: str, text: str, attendees: Sequence[Person]) -> CalendarEvent:
        """Make the event, marked as the meeting's, with a joining link; the service invites the attendees."""

    def adopt(self, event_id: str, meeting: Meeting) -> None:
        """Mark an event as the meeting's, in its present revision. Nothing that attendees see is changed."""

    def update(self, event_id: str, meeting: Meeting) -> None:
        """Give the event the meeting's time and revision; the service tells the attendees."""

    def cancel(self, event_id: str, comment: str) -> None:
        """Cancel the event; the service tells the attendees."""


@dataclass(frozen=True)
class MailWaiting:
    """A message in a mailbox's inbox. `id` is the service's own and stays the same where the message is moved."""

    id: str
    name: str  # what a person knows it by: its subject, or the file's name
    received_at: datetime | None
    size: int | None  # bytes, where the service says so


@dataclass(frozen=True)
class MailContent:
    """A message as it came: its MIME source, and what the service knows beyond it (empty where it knows nothing)."""

    mime: bytes
    own_words: str = ""  # Graph's uniqueBody, as text
    conversation: str = ""


class CursorExpired(Exception):
    """The service no longer knows how far we have read (Graph's 410): read from the beginning."""


class MailboxReader(Protocol):
    """The inbox of one mailbox, worked as a queue. Each call raises SecretariatError where the service fails.

    Nothing is ever deleted. Folders are named by our states; one that was renamed or removed is made again.
    """

    mailbox: str  # its key in the configuration

    def waiting(self, cursor: str, *, at_most: int) -> tuple[list[MailWaiting], str]:
        """What came since `cursor` ("": everything, oldest first where the service can), and the next cursor.

        At most so many at a time; an empty list says that nothing is left for now. Raises CursorExpired.
        """

    def content(self, message_id: str, *, at_most: int) -> MailContent | None:
        """The message; None where it is gone, or a person has taken it out of the inbox.

        Raises UnreadableMessage where it is larger than `at_most` bytes, without reading it into memory.
        """

    def move(self, message_id: str, state: str) -> bool:
        """Move it to the folder of a state: done, needs_a_person or ignored. False where it was gone. Idempotent."""


class Recogniser(Protocol):
    """Speech to text."""

    def transcribe(self, audio: Path, *, name: str, on_progress: Progress) -> Transcript:
        """Transcribe one file. Raises UnreadableRecording where it holds no audio."""


class DocumentWriter(Protocol):
    """Headline reports as Word documents."""

    def draft_document(self, report: HeadlineReport) -> bytes:
        """The PMO's working copy (.docx): quotes, confidences and the completeness statement included."""

    def issued_document(self, report: HeadlineReport) -> bytes:
        """The issued report (.docx): lines with their timestamps, no working material."""

    def read(self, content: bytes, references: Iterable[str]) -> ReadDocument:
        """A report that came back, line by line; `references` are those that it went out with.

        Raises UnreadableDocument, with a sentence, for what is no Word document or must not be opened.
        """

    def redline(
        self, old: bytes, new: bytes, whose: Mapping[str, Sequence[ChangeBy]], *, otherwise: ChangeBy, at: datetime
    ) -> bytes:
        """The newer of two issued reports with its changes tracked, each line's in the names given for its reference.

        Where several are given, each word is in the name of whoever's wording has it.
        """


class ContentFiles(Protocol):
    """Files by the SHA-256 of their content: written once, never changed."""

    def put(self, content: bytes) -> str:
        """Keep it, durably, and return its hash in hex."""

    def put_file(self, path: Path) -> str:
        """Keep a copy of a file of any size; memory does not grow with it."""

    def path(self, sha256: str) -> Path:
        """Where it lies. FileNotFoundError where nothing of that hash is kept."""


@dataclass(frozen=True)
class SlackUser:
    """A Slack account. `is_stranger`: of another workspace, met in a shared channel; `workspace` is its own (T...)."""

    id: str
    email: str  # in lower case; "" where Slack does not show it
    email_confirmed: bool
    is_stranger: bool
    is_bot: bool
    is_gone: bool
    workspace: str = ""


class SlackScreens(Protocol):
    """What we show in Slack beside messages: modals and home tabs, as Slack's JSON; and who somebody is.

    Each call raises SecretariatError with a sentence where Slack refuses or can't be reached.
    """

    is_there: bool  # False: there is no Slack, and the other calls must not be made

    def open(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """Show a modal; returns its id. Only within three seconds of what gave the trigger."""

    def push(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """Show a modal above the one that is open; returns its id."""

    def update(self, view_id: str, view: Mapping[str, Any]) -> None:
        """Show something else in a modal."""

    def publish(self, slack_user_id: str, view: Mapping[str, Any]) -> None:
        """Show a home tab."""

    def user(self, slack_user_id: str) -> SlackUser | None:
        """Who that is; None where Slack knows nobody of that id."""

    def file(self, file_id: str, *, at_most: int) -> tuple[str, bytes]:
        """(name, content) of a file that somebody gave to Slack. Refused where it is larger than so many bytes."""
