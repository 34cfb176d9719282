"""The composition root: the only place that knows adapters, handlers and jobs together.

Which of several adapters serves, by configuration, is said beside it: `app_mail`, `app_slack`, `app_speech`.

Vendors that only some commands need (Slack, Microsoft 365, the speech engine) are imported where they are built: that
halves the time before `secretariat deadlines` answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session
from starlette.applications import Starlette

from bot.adapters import pdf_by_libreoffice
from bot.adapters.checkpoint_files import CheckpointFolder
from bot.adapters.content_files import ContentFolder
from bot.adapters.pdf_by_libreoffice import PdfByLibreOffice
from bot.adapters.publication_folder import PublicationFolder
from bot.adapters.slack_log import SlackLog
from bot.adapters.sound_files import SoundFilesByAv
from bot.adapters.word_document import WordDocuments, template_problems
from bot.app_mail import graph_account, mail_channel, mailbox_reader
from bot.app_slack import slack_channel, slack_screens
from bot.app_speech import language_model, learnt_here, recogniser, voice_embedder
from bot.clock import Clock
from bot.config import Config, Secrets
from bot.drafts import Drafting, DraftMade
from bot.errors import Problem, SecretariatError
from bot.exclusions import Excluding
from bot.formats import Agenda
from bot.headlines.transcript_files import read_agenda
from bot.manners import Manners
from bot.model import Meeting
from bot.places import Places
from bot.ports import MeetingCalendar, PublicationPlace, Recogniser
from bot.reports import Issuing
from bot.sending import Sender
from bot.spoken_terms import SpokenTerms
from bot.store import postgresql
from bot.store.database import Database
from bot.superseded_messages import SupersededMessages
from bot.transcripts import Transcribing
from handlers.folder.notes import NotesFolder
from handlers.folder.recordings import RecordingFolder
from handlers.slack.door import SlackDoor
from handlers.web.desk import Desk
from schedules import sending_words
from schedules.announcements import Announcer
from schedules.numbering import meeting_number
from schedules.publishing import Publishing
from schedules.series import Calendar

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp

    from handlers.folder.returns import ReturnFolder
    from handlers.folder.teams import TeamsDoor
    from handlers.mail.inbox import MailInbox
    from handlers.slack.home import HomeTabs

WORD_TEMPLATE = "headline_report.docx"
MAILBOX_REST = timedelta(seconds=30)  # after a mailbox failed without saying for how long


@dataclass
class Secretariat:
    """Everything put together. Nothing runs yet: `schedules.jobs` and the web server call its parts."""

    config: Config
    secrets: Secrets
    clock: Clock
    places: Places
    database: Database
    files: ContentFolder
    calendar: Calendar
    announcer: Announcer
    sender: Sender
    superseded_messages: SupersededMessages
    recogniser: Callable[[], Recogniser]
    word: WordDocuments
    recording_folder: RecordingFolder
    slack_log: SlackLog
    entry_key: str
    port: list[int] = field(default_factory=list)  # known once the server listens

    @property
    def page(self) -> str:
        """The address of our own page."""
        return page_address(self.config, self.port)

    @property
    def drafting(self) -> Drafting:
        """What drafting a report needs."""
        return Drafting(
            config=self.config,
            files=self.files,
            writer=self.word,
            agenda_for=self.agenda_for,
            dates_to_note=self._dates_to_note,
            told=self._draft_made,
            page=self.page,
            language_model=lambda: language_model(self.config, self.secrets),
            learnt=lambda: learnt_here(self.places),
        )

    def _draft_made(self, session: Session, made: DraftMade, now: datetime) -> None:
        from bot import returns

        returns.ask_after_drafting(session, made, now)
        self.announcer.draft_ready(session, made, now)

    def read_edited_one(self) -> bool:
        """Read one edited draft that was given back, and have its giver answered. Returns False where there is none."""
        from bot import returns
        from schedules.return_words import returned_told

        return returns.read_one(self.database, self.drafting, partial(returned_told, self.announcer), self.clock)

    @property
    def return_folder(self) -> ReturnFolder:
        """The folder into which edited drafts are dropped."""
        from handlers.folder.returns import ReturnFolder

        folder = self.places.root / self.config.paths.returns
        return ReturnFolder(folder, self.database, self.files, self.announcer, self.clock)

    @property
    def issuing(self) -> Issuing:
        """What issuing a report needs."""
        return Issuing(
            config=self.config,
            files=self.files,
            writer=self.word,
            page=self.page,
            meeting_number=lambda session, meeting: meeting_number(session, self.calendar, meeting),
            dates_to_note=self.announcer.dates_to_note,
            due_at=self.announcer.report_due,
            makes_pdf=self.makes_pdf,
        )

    def makes_pdf(self) -> bool:
        """Whether issued reports become PDFs here."""
        return self.config.issued_reports.pdf == "auto" and pdf_by_libreoffice.is_installed()

    @property
    def publishing(self) -> Publishing:
        """What making PDFs and publishing need."""
        settings = self.config.issued_reports
        maker = PdfByLibreOffice(seconds=settings.pdf_seconds) if self.makes_pdf() else None
        place = None if settings.publish_to == "nowhere" else self._publication_place
        return Publishing(self.config, self.files, self.clock, maker, place)

    def _publication_place(self) -> PublicationPlace:
        settings = self.config.issued_reports
        if settings.publish_to == "folder":
            return PublicationFolder(self.places.root / settings.folder)
        from bot.adapters.publication_sharepoint import PublicationSharePoint

        there = settings.sharepoint
        account = graph_account(self.config, self.secrets)
        return PublicationSharePoint(account, site=there.site, library=there.library, folder=there.folder)

    @property
    def transcribing(self) -> Transcribing:
        """What transcription needs."""
        return Transcribing(
            recogniser=self.recogniser,
            files=self.files,
            sound=self.recording_folder.sound,
            checkpoints=CheckpointFolder(self.places.transcribing),
            terms=self.spoken_terms,
            voices=partial(voice_embedder, self.config),
            settings=self.config.transcription.model_dump_json(),
        )

    @property
    def spoken_terms(self) -> SpokenTerms:
        """The names and terms to be expected in recordings."""
        return SpokenTerms(self.config, self.agenda_for)

    @property
    def excluding(self) -> Excluding:
        """What closing a part of a recording needs."""
        return Excluding(self.drafting, CheckpointFolder(self.places.transcribing), self.files)

    def inboxes(self) -> list[MailInbox]:
        """The mailboxes that are watched, each as a queue; none where mail is read elsewhere."""
        from handlers.mail.inbox import MailInbox
        from handlers.mail.working import MailWorker

        worker, mail = MailWorker(self.announcer, writer=self.word), self.config.mail
        every = timedelta(seconds=1 if mail.read_from == "folder" else mail.look_every_seconds)
        return [
            MailInbox(
                mailbox_reader(self.config, self.secrets, self.places, key), worker, self.database, self.files,
                self.clock, every=every, rest=MAILBOX_REST,
            )
            for key in self.config.watched_mailboxes
        ]  # fmt: skip

    def web_app(self) -> Starlette:
        """The page and the Slack endpoint, as one ASGI app."""
        from handlers.slack.endpoint import slack_routes
        from handlers.web.pages import page_app

        desk = Desk(
            database=self.database,
            config=self.config,
            clock=self.clock,
            calendar=self.calendar,
            announcer=self.announcer,
            files=self.files,
            slack_messages=self.slack_log.messages,
            entry_key=self.entry_key,
            session_secret=self.places.generated_secret("web_session"),
            feed_secret=self.feed_secret,
            issuing=lambda: self.issuing,
            drafting=lambda: self.drafting,
            excluding=lambda: self.excluding,
        )
        return page_app(desk, slack_routes(self.slack_app()))

    def slack_app(self) -> AsyncApp:
        """The Bolt app, for the endpoint and for Socket Mode."""
        from handlers.slack.listening import build_slack_app

        token = self.secrets.slack_bot_token
        return build_slack_app(
            self.slack_door(), signing_secret=self.signing_secret, bot_token=token.get_secret_value() if token else None
        )

    def slack_connection(self) -> Coroutine[Any, Any, None] | None:
        """What keeps Socket Mode connected while awaited; None where Slack reaches us by HTTP, or is not there."""
        settings, token = self.config.slack, self.secrets.slack_app_token
        if settings.transport == "local" or settings.mode == "http" or token is None:
            return None
        from handlers.slack.socket_mode import stay_connected

        return stay_connected(self.slack_app(), app_token=token.get_secret_value(), api_url=settings.api_url)

    def home_tabs(self) -> HomeTabs:
        """The home tabs of those who opened theirs, to be kept fresh."""
        from handlers.slack.home import HomeTabs
        from handlers.slack.register import COMMANDS

        return HomeTabs(self.slack_door(), COMMANDS)

    def slack_door(self) -> SlackDoor:
        """What Slack handlers have at hand."""
        return SlackDoor(
            config=self.config,
            database=self.database,
            calendar=self.calendar,
            announcer=self.announcer,
            clock=self.clock,
            files=self.files,
            screens=slack_screens(self.config, self.secrets),
            feed_secret=self.feed_secret,
            issuing=lambda: self.issuing,
            drafting=lambda: self.drafting,
        )

    def teams_door(self) -> TeamsDoor:
        """What fetches the transcripts and recordings that Teams leaves."""
        from bot.adapters.graph_calendar import GraphCalendar
        from bot.adapters.graph_recordings import GraphRecordings, Watched
        from handlers.folder.teams import TeamsDoor

        teams, account = self.config.teams, graph_account(self.config, self.secrets)
        watched = Watched(
            transcripts=teams.transcripts,
            recordings=teams.recordings == "teams",
            organiser=teams.organiser,
            site=teams.site,
            library=teams.library,
            folder=teams.folder if teams.recordings == "folder" else "",
        )
        return TeamsDoor(
            self.database, self.files, self.calendar, self.clock,
            events=GraphCalendar(account), teams=GraphRecordings(account, watched),
            partial=self.places.fetching, every=timedelta(minutes=teams.look_every_minutes), days=teams.days,
        )  # fmt: skip

    def mailbox_calendar(self) -> MeetingCalendar:
        """The calendar of the mailbox that we write from. Raises SecretariatError where invitations go by mail."""
        if self.config.invitations == "mail":
            raise SecretariatError(
                "Invitations go by mail here, so there is no calendar to look into.",
                hint="Set `invitations` to graph or manual to work with the mailbox's calendar.",
            )
        from bot.adapters.graph_calendar import GraphCalendar

        return GraphCalendar(graph_account(self.config, self.secrets))

    @property
    def feed_secret(self) -> str:
        """What the addresses of the feeds are made with. Delete its file, and every address is another."""
        return self.places.generated_secret("feeds")

    @property
    def signing_secret(self) -> str:
        """Slack's signing secret; without one of Slack's, one of our own, so that the endpoint works without Slack."""
        given = self.secrets.slack_signing_secret
        return given.get_secret_value() if given else self.places.generated_secret("slack_signing")

    @property
    def notes_folder(self) -> NotesFolder:
        """The folder into which notes of meetings that were not recorded are dropped."""
        return NotesFolder(
            self.places.notes, self.database, lambda: self.drafting, self.calendar, self.clock, notes_text
        )

    def agenda_for(self, meeting: Meeting) -> Agenda:
        """The meeting's agenda from the folder of agendas, or an empty one."""
        for suffix in (".yaml", ".yml", ".json"):
            file = self.places.agendas / f"{meeting.group}-{meeting.on.isoformat()}{suffix}"
            if file.exists():
                return read_agenda(file)
        return Agenda()

    def _dates_to_note(self, meeting: Meeting) -> tuple[tuple[str, str], ...]:
        with self.database.reading() as session:
            return self.announcer.dates_to_note(session, meeting)


def build(config: Config, secret: Secrets, clock: Clock) -> Secretariat:
    """Put the secretariat together from its configuration. Makes the state folder; starts nothing."""
    places = Places(config.paths.state)
    places.make()
    database, files, calendar = database_of(secret, places), ContentFolder(places.content), Calendar(config)
    port: list[int] = []
    announcer = Announcer(config, calendar, lambda: page_address(config, port), files)
    slack_log = SlackLog(places.slack_log)
    slack = slack_channel(config, secret, slack_log)
    sender = Sender(
        database,
        [slack, mail_channel(config, secret, places)],  # the ways to people, by configuration alone
        files,
        now=clock.now,
        domain=config.programme.domain,
        manners=Manners(config.sending, is_closed=lambda day: calendar.closed(day) is not None),
        compose=partial(sending_words.digest, config.paths.templates),
        on_trip=partial(sending_words.brake_tripped, announcer),
    )
    unfinished = timedelta(minutes=config.transcription.unfinished_minutes)
    return Secretariat(
        config=config,
        secrets=secret,
        clock=clock,
        places=places,
        database=database,
        files=files,
        calendar=calendar,
        announcer=announcer,
        sender=sender,
        superseded_messages=SupersededMessages(database, slack, clock.now),
        recogniser=lru_cache(maxsize=1)(lambda: recogniser(config)),
        word=word_documents(config),
        recording_folder=RecordingFolder(
            places.recordings, database, files, calendar, clock, SoundFilesByAv(), unfinished
        ),
        slack_log=slack_log,
        entry_key=secrets.token_urlsafe(24),
        port=port,
    )


def database_of(secret: Secrets, places: Places) -> Database:
    """The database: PostgreSQL where its address is given, else SQLite in the state folder. Opens nothing yet."""
    given = secret.database_url
    return Database(postgresql.address(given.get_secret_value()) if given else places.database_url)


def notes_text(name: str, content: bytes) -> str:
    """The text of a secretary's notes (.txt, .md, .docx). Raises SecretariatError for what cannot be read."""
    from bot.adapters.notes_document import notes_text as text_of

    return text_of(name, content)


def word_template_problems(config: Config) -> list[Problem]:
    """What is wrong with the PMO's Word template, placeholder by placeholder."""
    return template_problems(config.paths.templates / WORD_TEMPLATE)


def word_documents(config: Config) -> WordDocuments:
    """The writer of headline reports, on the PMO's template."""
    return WordDocuments(config.paths.templates / WORD_TEMPLATE)


def page_address(config: Config, port: list[int]) -> str:
    """The page's address: the port that the server was given, or the configured one."""
    return f"http://{config.web.host}:{port[0] if port else config.web.port}"
