"""What the use-cases ask of the outside world. One narrow seam each; the vendors stand behind it in `bot.adapters`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from bot.formats import Transcript
from bot.model import ChangeBy, Delivery, HeadlineReport, Meeting, OutgoingMessage, Person
from bot.report_table import ReadDocument

if TYPE_CHECKING:  # it loads NumPy, which most commands can do without
    from bot.voices import Voices

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


class Checkpoints(Protocol):
    """What a transcription has found so far, kept so that one begun again goes on from there.

    A key is made by the recogniser from the engine, the weights, its settings and the sound, so what is kept under it
    holds for any later run with the same key.
    """

    def kept(self, key: str) -> dict[str, Any] | None:
        """What was kept under that key; None where nothing was, or it can't be read."""

    def keep(self, key: str, found: dict[str, Any]) -> None:
        """Keep it, durably: plain JSON (text, numbers, lists, null)."""


class CheckpointShelf(Protocol):
    """The checkpoints of every job."""

    def of(self, recording_id: str, settings: str) -> Checkpoints:
        """Those of one recording, transcribed by these settings (any text that is another for other settings)."""

    def discard(self, recording_id: str) -> None:
        """Forget all that was found in a recording: its transcript is kept, or is wanted no more."""


@dataclass(frozen=True)
class Wholeness:
    """Whether a file is all there. None: its kind of file does not tell. `why` says what is missing."""

    whole: bool | None
    why: str = ""
    being_written: bool | None = False  # a program of this machine has it open for writing; None: nobody can say


@dataclass(frozen=True)
class Piece:
    """A part of a recording as it is to be played: where it lies on the common line, and what of it is silenced."""

    audio: Path
    name: str
    offset: float
    excluded: Sequence[tuple[float, float]] = ()  # in the file's own seconds


class SoundFiles(Protocol):
    """Recordings as files, whatever program wrote them."""

    def wholeness(self, audio: Path) -> Wholeness:
        """Whether a file is all there, without reading it through."""

    def length(self, audio: Path) -> float:
        """About how many seconds it lasts, by its header; 0 where that says nothing."""

    def join(self, pieces: Sequence[Piece], target: Path, on_progress: Progress) -> None:
        """Write one file (.m4a) of all pieces at their places, silent in gaps and in what is excluded.

        Memory does not grow with length. Raises UnreadableRecording, and StateUnusable where the disk is full.
        """


class Rewords(Protocol):
    """A language model that words one line at a time; None where it gives no usable answer. Never raises for that."""

    def reword(self, line: str, quotes: Sequence[str]) -> str | None:
        """Another wording of a line that rests on those quotes."""


class Recogniser(Protocol):
    """Speech to text."""

    def transcribe(
        self,
        audio: Path,
        *,
        name: str,
        on_progress: Progress,
        checkpoints: Checkpoints | None = None,
        excluded: Sequence[tuple[float, float]] = (),
        glossary: Sequence[str] = (),
    ) -> Transcript:
        """Transcribe one file. Raises UnreadableRecording where it holds no audio.

        `excluded`: ranges (from, to) in the file's seconds that are neither listened to nor in the transcript.
        `glossary`: terms to listen for, the most important first; only as many are used as the engine has room for.
        With `checkpoints` a call after a kill goes on where the last one was, and gives the same words.
        """


@dataclass(frozen=True)
class MeetingFile:
    """A recording, or a transcript with names, that a service has of a meeting. `id` is the service's own, for good.

    `begun_at` is when it began, where the service says so; `address` is where `MeetingFiles.fetch` finds it.
    """

    id: str
    name: str  # with its suffix, as a person knows it
    begun_at: datetime | None
    address: str


class MeetingFiles(Protocol):
    """Where meetings leave their recordings and transcripts. Each call raises SecretariatError with a sentence."""

    def of_meeting(self, join_link: str) -> list[MeetingFile]:
        """What there is of the meeting that one joins by that link; nothing where the service does not know it."""

    def in_folder(self) -> list[MeetingFile]:
        """What lies in the folder of recordings; nothing where none is watched."""

    def fetch(self, file: MeetingFile, target: Path) -> None:
        """Write the file there, whole. Of one that is partly there already only the rest is fetched.

        Memory does not grow with it. Raises StateUnusable where the disk is full.
        """


class VoiceEmbedder(Protocol):
    """What the voices in a recording sound like. Nothing of it is kept: it dies with the job."""

    def voices(
        self, audio: Path, *, name: str, on_progress: Progress, excluded: Sequence[tuple[float, float]] = ()
    ) -> Voices:
        """The recording's speech, but for the `excluded` ranges of seconds, and the voice in each window of it.

        Raises UnreadableRecording where the file holds no audio, and StateUnusable where the disk is full.
        """


@dataclass(frozen=True)
class SpeechModel:
    """Weights of a speech engine. `where` "": not here. `problem` "": none; else a sentence that says what to do."""

    name: str  # as `transcription.model` has it
    title: str
    languages: str  # English | many | "" where it cannot be told
    size: int  # bytes
    where: str
    verified: bool | None  # None: there is nothing to compare with
    problem: str
    is_configured: bool


class SpeechModels(Protocol):
    """The weights that this installation has, or can have."""

    def on_file(self) -> list[SpeechModel]:
        """All that are known here, the configured one among them."""

    def fetch(self, name: str) -> Path:
        """Have it here. One that is here is left alone. Raises SecretariatError where it is not to be had."""

    def verify(self, name: str) -> str:
        """What its files were compared with, "" where that is nothing. Raises SecretariatError where they differ."""


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


class PdfMaker(Protocol):
    """Word documents as PDFs."""

    def pdf(self, document: bytes) -> bytes:
        """The document as a PDF. Raises SecretariatError where it cannot be made, or not in time."""


@dataclass(frozen=True)
class Placed:
    """A published file: the place's own id of it, and where people find it."""

    id: str
    link: str


class PublicationPlace(Protocol):
    """Where issued reports are published. Each call raises SecretariatError with a sentence where the place fails.

    After an error nobody knows whether it was done. Called again, both do it once.
    """

    def put(self, folder: str, name: str, content: bytes) -> Placed:
        """Put the file there. One of that name which is not ours is left as it is, and said to be there."""

    def mark_superseded(self, placed: Placed, folder: str, name: str, by: str) -> Placed:
        """Let a published file say that the revision `by` took its place. What it holds stays as it is."""


class ContentFiles(Protocol):
    """Files by the SHA-256 of their content: written once, never changed."""

    def put(self, content: bytes) -> str:
        """Keep it, durably, and return its hash in hex."""

    def put_file(self, path: Path) -> str:
        """Keep a copy of a file of any size; memory does not grow with it."""

    def path(self, sha256: str) -> Path:
        """Where it lies. FileNotFoundError where nothing of that hash is kept."""


class ErasableFiles(ContentFiles, Protocol):
    """Content that may be taken out again: only what holds words or sounds that nobody may have any more."""

    def forget(self, sha256: str) -> None:
        """Take it out for good. Nothing happens where it is not kept."""


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
