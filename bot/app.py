"""The composition root: the only file that knows adapters, handlers and jobs together.

Vendors that only some commands need (Slack, Microsoft 365, the speech engine) are imported where they are built: that
halves the time before `secretariat deadlines` answers.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from sqlalchemy.orm import Session
from starlette.applications import Starlette

from bot.adapters import pdf_by_libreoffice
from bot.adapters.checkpoint_files import CheckpointFolder
from bot.adapters.content_files import ContentFolder
from bot.adapters.mail_folder import MailFolder
from bot.adapters.mailbox_folder import MailboxFolder
from bot.adapters.pdf_by_libreoffice import PdfByLibreOffice
from bot.adapters.publication_folder import PublicationFolder
from bot.adapters.slack_log import SlackLog
from bot.adapters.sound_files import SoundFilesByAv
from bot.adapters.word_document import WordDocuments, template_problems
from bot.clock import Clock
from bot.config import Config, Secrets, Smtp
from bot.drafts import Drafting, DraftMade
from bot.errors import Problem, SecretariatError
from bot.exclusions import Excluding
from bot.formats import Agenda
from bot.headlines.transcript_files import read_agenda
from bot.manners import Manners
from bot.model import Meeting
from bot.places import Places
from bot.ports import (
    Channel,
    MailboxReader,
    MeetingCalendar,
    PublicationPlace,
    Recogniser,
    Rewords,
    SlackScreens,
    SpeechModels,
    VoiceEmbedder,
)
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

    from bot.adapters.graph_connection import GraphAccount
    from bot.adapters.slack_web import SlackWeb
    from bot.headlines.learnt import Learnt
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
        account = _graph_account(self.config, self.secrets)
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
                self._mailbox_reader(key), worker, self.database, self.files, self.clock, every=every, rest=MAILBOX_REST
            )
            for key in self.config.watched_mailboxes
        ]

    def _mailbox_reader(self, key: str) -> MailboxReader:
        mail = self.config.mail
        if mail.read_from == "folder":
            return MailboxFolder(key, self.mail_folder(key))
        if mail.read_from == "imap":
            return _imap_mailbox(self.config, self.secrets, key)
        from bot.adapters.mailbox_graph import MailboxGraph

        return MailboxGraph(key, _graph_account(self.config, self.secrets, key))

    def mail_folder(self, key: str) -> Path:
        """Where a mailbox's mail lies where folders stand for mailboxes; its `inbox` is made."""
        folder = self.places.root / self.config.mail.folder
        own = folder if key == self.config.mail.mailbox else folder.with_name(f"{folder.name}-{key}")
        (own / "inbox").mkdir(parents=True, exist_ok=True)
        return own

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
            screens=_screens(self.config, self.secrets),
            feed_secret=self.feed_secret,
            issuing=lambda: self.issuing,
            drafting=lambda: self.drafting,
        )

    def teams_door(self) -> TeamsDoor:
        """What fetches the transcripts and recordings that Teams leaves."""
        from bot.adapters.graph_calendar import GraphCalendar
        from bot.adapters.graph_recordings import GraphRecordings, Watched
        from handlers.folder.teams import TeamsDoor

        teams, account = self.config.teams, _graph_account(self.config, self.secrets)
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

        return GraphCalendar(_graph_account(self.config, self.secrets))

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
    database = database_of(secret, places)
    files = ContentFolder(places.content)
    calendar = Calendar(config)
    port: list[int] = []
    announcer = Announcer(config, calendar, lambda: page_address(config, port), files)
    slack_log = SlackLog(places.slack_log)
    slack = _slack(config, secret, slack_log)
    channels: Sequence[Channel] = [slack, _mail(config, secret, places)]  # the ways to people, by configuration alone
    return Secretariat(
        config=config,
        secrets=secret,
        clock=clock,
        places=places,
        database=database,
        files=files,
        calendar=calendar,
        announcer=announcer,
        sender=Sender(
            database,
            channels,
            files,
            now=clock.now,
            domain=config.programme.domain,
            manners=Manners(config.sending, is_closed=lambda day: calendar.closed(day) is not None),
            compose=partial(sending_words.digest, config.paths.templates),
            on_trip=partial(sending_words.brake_tripped, announcer),
        ),
        superseded_messages=SupersededMessages(database, slack, clock.now),
        recogniser=lru_cache(maxsize=1)(lambda: recogniser(config)),
        word=word_documents(config),
        recording_folder=RecordingFolder(
            places.recordings,
            database,
            files,
            calendar,
            clock,
            SoundFilesByAv(),
            timedelta(minutes=config.transcription.unfinished_minutes),
        ),
        slack_log=slack_log,
        entry_key=secrets.token_urlsafe(24),
        port=port,
    )


def database_of(secret: Secrets, places: Places) -> Database:
    """The database: PostgreSQL where its address is given, else SQLite in the state folder. Opens nothing yet."""
    given = secret.database_url
    return Database(postgresql.address(given.get_secret_value()) if given else places.database_url)


def recogniser(config: Config, *, engine: str | None = None, model: str | None = None) -> Recogniser:
    """The engine that turns speech into text: the configured one, or the one named. Raises SecretariatError."""
    settings = config.transcription
    chosen, named = engine or settings.engine, model or settings.model
    models = Places(config.paths.state).models
    if chosen == "pipeline":
        from bot.adapters.speech_pipeline import SpeechPipeline

        return SpeechPipeline(
            named, language=settings.language, threads=settings.threads, encoder=settings.encoder, models=models
        )
    if chosen == "faster-whisper":
        from bot.adapters.faster_whisper_engine import FasterWhisper

        return FasterWhisper(named, language=settings.language, threads=settings.threads, models=models)
    if chosen == "openai-whisper":
        from bot.adapters.openai_whisper_engine import OpenAIWhisper

        return OpenAIWhisper(named, language=settings.language, threads=settings.threads, models=models)
    raise SecretariatError(
        f"There is no engine {chosen}.", hint="The engines are pipeline, faster-whisper and openai-whisper."
    )


def voice_embedder(config: Config) -> VoiceEmbedder | None:
    """What tells voices apart; None where speakers are not asked for."""
    if not config.transcription.speakers:
        return None
    from bot.adapters.voice_embedding import SpeakerVoices

    return SpeakerVoices(threads=config.transcription.threads)


def speech_models(config: Config) -> SpeechModels:
    """The weights of this installation."""
    from bot.adapters.model_shelf import ModelShelf

    return ModelShelf(Places(config.paths.state).models, configured=config.transcription.model)


def language_model(config: Config, secret: Secrets) -> Rewords | None:
    """The language model that words drafted lines; None where none is configured."""
    settings = config.drafting.language_model
    if not settings.url:
        return None
    from bot.adapters.language_model import LanguageModel

    key = secret.language_model_key
    return LanguageModel(url=settings.url, model=settings.model, key=key, seconds=settings.timeout_seconds)


def learnt_here(places: Places) -> Learnt | None:
    """What the ranking has learnt from this installation's own reports; None where nothing was learnt."""
    from bot.headlines.learning import unpacked

    try:
        return unpacked(places.learnt.read_bytes()).weights
    except FileNotFoundError:
        return None


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


def _slack(config: Config, secret: Secrets, slack_log: SlackLog) -> SlackLog | SlackWeb:
    if config.slack.transport == "local":
        return slack_log
    if secret.slack_bot_token is None:
        raise SecretariatError(
            "`slack.transport` is slack, but there is no bot token.",
            hint="Set SECRETARIAT_SLACK_BOT_TOKEN (or …_TOKEN_FILE), or set the transport to local.",
        )
    from bot.adapters.slack_web import SlackWeb

    return SlackWeb(secret.slack_bot_token.get_secret_value(), api_url=config.slack.api_url)


def _screens(config: Config, secret: Secrets) -> SlackScreens:
    from bot.adapters.slack_screens import NoScreens, SlackScreensOnline

    if config.slack.transport == "local" or secret.slack_bot_token is None:
        return NoScreens()
    return SlackScreensOnline(secret.slack_bot_token.get_secret_value(), api_url=config.slack.api_url)


def _mail(config: Config, secret: Secrets, places: Places) -> Channel:
    sender, name = config.mailboxes[config.mail.mailbox].address, f"{config.programme.short_name} PMO"
    if config.mail.transport == "local":
        return MailFolder(places.root / config.mail.folder, sender=sender, sender_name=name)
    if config.mail.transport == "smtp":
        return _smtp(config.mail.smtp, secret, sender, name)
    from bot.adapters.graph_mail import GraphMail

    return GraphMail(_graph_account(config, secret))


def _smtp(server: Smtp, secret: Secrets, sender: str, sender_name: str) -> Channel:
    if not server.host or (server.user and secret.smtp_password is None):
        raise SecretariatError(
            "`mail.transport` is smtp, but the mail server's name or its user's password is missing.",
            hint="Set mail.smtp.host, and SECRETARIAT_SMTP_PASSWORD (or …_PASSWORD_FILE) where there is a user.",
        )
    from bot.adapters.smtp_mail import SmtpAccount, SmtpMail

    return SmtpMail(
        SmtpAccount(
            host=server.host,
            port=server.port,
            security=server.security,
            sender=sender,
            sender_name=sender_name,
            user=server.user,
            password=secret.smtp_password or SecretStr(""),
        )
    )


def _imap_mailbox(config: Config, secret: Secrets, key: str) -> MailboxReader:
    server, mailbox = config.mail.imap, config.mailboxes[key]
    password = secret.imap_password_of(key)
    if not server.host or password is None:
        raise SecretariatError(
            f"Mail is read by IMAP, but the server's name or the password of {key} is missing.",
            hint="Set mail.imap.host, and SECRETARIAT_IMAP_PASSWORD (or …_PASSWORD_FILE, or …_PASSWORDS for several).",
        )
    from bot.adapters.mailbox_imap import ImapAccount, MailboxImap

    user = mailbox.imap_user or mailbox.address
    return MailboxImap(key, ImapAccount(server.host, server.port, server.security, user, password))


def _graph_account(config: Config, secret: Secrets, mailbox: str = "") -> GraphAccount:
    from bot.adapters.graph_connection import GraphAccount

    graph = config.mail.graph
    return GraphAccount(
        tenant_id=graph.tenant_id,
        client_id=graph.client_id,
        credential=_graph_credential(secret),
        mailbox=config.mailboxes[mailbox or config.mail.mailbox].address,
        graph_url=graph.url,
        authority=f"{graph.authority.rstrip('/')}/{graph.tenant_id}",
    )


def _graph_credential(secret: Secrets) -> str | dict[str, str]:
    if secret.graph_certificate:
        pem = secret.graph_certificate.get_secret_value()
        return {"private_key": pem, "public_certificate": pem}
    if secret.graph_client_secret:
        return secret.graph_client_secret.get_secret_value()
    raise SecretariatError(
        "Microsoft 365 is asked for (`mail`, `invitations` or `issued_reports`), but there is no credential.",
        hint="Set SECRETARIAT_GRAPH_CERTIFICATE_FILE (preferred) or SECRETARIAT_GRAPH_CLIENT_SECRET.",
    )
