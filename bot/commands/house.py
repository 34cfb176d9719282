"""run, worker, check: the house itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any

import structlog
import typer
import uvicorn
from rich.console import Console
from starlette.applications import Starlette

from bot import audit, facts
from bot.app import Secretariat, word_template_problems
from bot.app_mail import mail_folder
from bot.clock import spoken
from bot.commands.dates import PlainFormat, rehearsal_people
from bot.commands.desk import print_problems
from bot.commands.holidays import lines_of
from bot.commands.settings import Settings
from bot.config_file import read_secrets
from bot.drafts import draft_one
from bot.errors import ConfigInvalid, Problem, SecretariatError
from bot.listening_copies import copy_one
from bot.meetings import between
from bot.model import MeetingStatus
from bot.transcripts import transcribe_one
from handlers.folder.recordings import drop
from schedules import closures as closed_days
from schedules import sample
from schedules.announcements import Announcer
from schedules.checking import problems_of
from schedules.closures import change_since_accepted
from schedules.due import queue_due
from schedules.frictions import too_many_messages
from schedules.jobs import Tick, start
from schedules.morning import queue_daily
from schedules.publishing import make_pdf_one, publish_one
from schedules.rehearsal import count_messages, rehearse
from schedules.reissuing import prepare_one
from schedules.sending_words import sum_up_one
from schedules.series import Calendar

log = structlog.get_logger()
SHOWN = 6
REHEARSED = timedelta(days=92)  # for counting messages: a quarter shows every monthly group three times
IDLE_SECONDS = 1.0
TROUBLE_SECONDS = 5.0
REISSUE_SECONDS, REISSUE_TROUBLE_SECONDS = 20.0, 300.0  # between two looks for amended reports to make ready
SLACK_THREADS = 16
HOME_SECONDS = 0.6  # between two home tabs: Slack takes some hundred a minute


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("run")(run)
    app.command("worker")(worker)
    app.command("check")(check)


def run(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help="Serve the page on this port (0: any free one).")] = None,
) -> None:
    """Run the secretariat: clocks, mailbox, recordings, page and worker, until Ctrl-C."""
    settings: Settings = context.obj
    listener = _listen(settings.config.web.host, settings.config.web.port if port is None else port)
    whole = settings.secretariat
    whole.port.append(listener.getsockname()[1])
    console = Console(highlight=False, soft_wrap=True)
    _print_contradictions(console, whole)
    _first_round(console, whole)
    whole.places.say_running(whole.port[0])
    web_app = whole.web_app()
    helpers = [_Worker(settings, whole.port[0]) for _ in range(settings.config.transcription.processes)]
    scheduler = start([*_ticks(whole), *(Tick(f"worker {n}", 5, h.see_to_it) for n, h in enumerate(helpers, 1))])
    _print_where(console, whole)
    try:
        _serve(web_app, listener, whole.slack_connection())
    finally:
        scheduler.shutdown(wait=True)
        for helper in helpers:
            helper.ask_to_end()
        for helper in helpers:
            helper.stop()
        whole.places.running.unlink(missing_ok=True)
        whole.database.close()
        console.print("Stopped. Nothing is half done; start again with the same command.")


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise SecretariatError(
            f"The page cannot be served on {host}:{port} ({error.strerror}).",
            hint="Stop the other program (perhaps another secretariat), or give another port: run --port 8766.",
        ) from None
    listener.listen(128)
    return listener


def _print_contradictions(console: Console, whole: Secretariat) -> None:
    console.print("[bold]Where the programme's documents disagree, this is followed:[/bold]")
    for contradiction in whole.config.contradictions:
        said = "; ".join(f"{v.value} ({v.source})" for v in contradiction.values)
        console.print(
            f"  {contradiction.group}, {contradiction.field}: {contradiction.followed}   [{said}]", markup=False
        )


def _first_round(console: Console, whole: Secretariat) -> None:
    """Put the calendar and the sample on file, and show what is coming; sending begins with the ticks."""
    now = whole.clock.now()
    with whole.database.session() as session:
        facts.first_started_at(session, now)
        closures = change_since_accepted(session, whole.calendar, whole.clock.today())
        if facts.recall(session, closed_days.FACT) is None:
            closed_days.accept(session, whole.calendar, now, by="first start")
        files = sample.lay_out(session, whole.config, whole.calendar, now)
        done = queue_due(session, whole.announcer, now)
        audit.record(session, now, "secretariat", "started", whole.config.programme.short_name, queued=done.queued)
        coming = between(session, now, now + timedelta(days=45))[:SHOWN]
        clocks = {m.uid: whole.announcer.clocks_of(session, m) for m in coming}
    for file in files:
        drop(file.source, whole.places.root / file.folder, file.name)
    console.print("\n[bold]Next meetings and their deadlines:[/bold]")
    for meeting in coming:
        mark = " (date only proposed)" if meeting.status is MeetingStatus.PROPOSED_MOVE else ""
        console.print(f"  {meeting.group}  {spoken(meeting.starts_at)}{mark}", markup=False)
        for deadline in clocks[meeting.uid]:
            if deadline.due_at:
                console.print(f"      {deadline.kind}: {spoken(deadline.due_at)}", markup=False)
    for line in lines_of(closures) if closures else ():
        console.print(line, markup=False)
    if done.listed:
        console.print(f"\n{done.listed} notices were due before this first start: listed in the outbox, not sent.")
    if files:
        console.print("The sample was laid out: invented people, and two recordings that are transcribed now.")


def _print_where(console: Console, whole: Secretariat) -> None:
    root = whole.places.root
    console.print(f"\nThe page, by a link that works once: {whole.page}/enter/{whole.entry_key}")
    if whole.config.mail.transport == "local":
        console.print(f"Mail goes to {root / whole.config.mail.folder / 'sent'}.")
    if whole.config.mail.read_from == "folder":
        for key in whole.config.watched_mailboxes:
            console.print(f"Drop a .eml into {mail_folder(whole.config, whole.places, key) / 'inbox'}.")
    console.print(f"Drop a recording into {whole.places.recordings} as GROUP-YYYY-MM-DD.ext. Ctrl-C stops.\n")


def _ticks(whole: Secretariat) -> list[Tick]:
    def clocks() -> bool:
        with whole.database.session() as session:
            now = whole.clock.now()
            queue_due(session, whole.announcer, now)
            queue_daily(session, whole.announcer, now)
        return False

    def sum_up() -> bool:
        with whole.database.session() as session:
            return sum_up_one(whole.announcer, session, whole.clock.now())

    ticks = [
        Tick("clocks", 20, clocks),
        Tick("summing up", 5, sum_up),
        Tick("superseded messages", 5, whole.superseded_messages.mark_one),
        Tick("sending", 1, whole.sender.deliver_some),
        Tick("looking up", 2, whole.sender.reconcile_one),
        Tick("recordings", 1, whole.recording_folder.take_in_one),
        Tick("edited drafts", 1, whole.return_folder.take_in_one),
        Tick("notes", 5, whole.notes_folder.take_in_one),
    ]
    if whole.config.teams.is_on:
        ticks.append(Tick("teams", 5, whole.teams_door().take_in_one))
    if whole.config.slack.transport == "slack":
        ticks.append(Tick("home tabs", HOME_SECONDS, whole.home_tabs().show_changed_one))
    return ticks + [Tick(f"mailbox {inbox.mailbox}", 1, inbox.take_in_one) for inbox in whole.inboxes()]


class _Worker:
    """The worker: a process of its own at low priority, started again should it end, and ended with this one."""

    def __init__(self, settings: Settings, port: int) -> None:
        now = ["--now", settings.clock.now().isoformat()] if settings.now else []
        command = [sys.executable, "-m", "bot", "--config", str(settings.config_file), *now, "worker"]
        self.command = [*command, "--parent", str(os.getpid()), "--port", str(port)]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command)  # noqa: S603  # ourselves

    def see_to_it(self) -> bool:
        """Start it again if it has ended. There is never more to do."""
        if self.process.poll() is not None:
            log.warning("The worker had ended and was started again", code=self.process.returncode)
            self.process = self._start()
        return False

    def ask_to_end(self) -> None:
        """So that several end at the same time."""
        self.process.terminate()

    def stop(self) -> None:
        """End it, should it not end by itself; a job that is cut off is taken up again at the next start."""
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def _serve(web_app: Starlette, listener: socket.socket, slack: Coroutine[Any, Any, None] | None) -> None:
    """Serve until Ctrl-C or SIGTERM, and keep the line to Slack open beside it, where there is one.

    uvicorn raises the signal again once it has closed; then both mean the same.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    config = uvicorn.Config(web_app, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)

    async def serving() -> None:
        # Slack's work is done in these threads; a slow Slack must not leave others without one
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(SLACK_THREADS, "slack"))
        line = asyncio.create_task(slack) if slack else None
        await server.serve(sockets=[listener])
        if line:
            line.cancel()
            await asyncio.wait({line})

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serving())


def worker(
    context: typer.Context,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
    port: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Only the jobs: transcription, drafting, amended reports."""
    settings: Settings = context.obj
    whole = settings.secretariat
    if port is not None:
        whole.port.append(port)
    os.nice(settings.config.transcription.nice)  # Slack and the page never wait for a transcription
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    told, look_again_at = _Told(stopping, parent), 0.0
    beside = start(_beside_the_jobs(whole))
    while not told.must_stop():
        if time.monotonic() >= look_again_at:
            look_again_at = time.monotonic() + _reports_made_ready(whole)
        if not _work_once(whole, told):
            stopping.wait(IDLE_SECONDS)
    beside.shutdown(wait=False)


def _beside_the_jobs(whole: Secretariat) -> list[Tick]:
    """What does not wait for a recording of hours: an issued report's PDF, its publication; a draft that came back."""
    publishing = whole.publishing
    return [
        Tick("PDFs", 2, partial(make_pdf_one, whole.database, publishing)),
        Tick("publishing", 5, partial(publish_one, whole.database, publishing)),
        Tick("edited drafts", 1, whole.read_edited_one),
    ]


def _reports_made_ready(whole: Secretariat) -> float:
    """Make ready the amended reports that are due. Returns the seconds after which to look again."""
    try:
        while prepare_one(whole.database, whole.issuing, whole.announcer, whole.clock):
            log.info("An amended report is ready for release")
        return REISSUE_SECONDS
    except SecretariatError as error:
        log.warning(str(error))
    except Exception:
        log.exception("An amended report could not be made ready, and will be again", problem=secrets.token_hex(4))
    return REISSUE_TROUBLE_SECONDS


def _work_once(whole: Secretariat, told: _Told) -> bool:
    """One job, drafts before transcripts, copies to listen to last.

    The outermost loop: trouble is said, and the job tried again later.
    """
    try:
        if draft_one(whole.database, whole.drafting, whole.clock):
            log.info("A draft headline report is ready: the page shows it")
            return True
        if transcribe_one(whole.database, whole.transcribing, whole.clock, told):
            return True
        sound, scratch = whole.recording_folder.sound, whole.places.transcribing
        return copy_one(whole.database, whole.files, sound, scratch, told.quietly)
    except _MustStop:
        return False
    except SecretariatError as error:
        log.warning(str(error))
    except Exception:
        log.exception("A job failed and will be tried again", problem=secrets.token_hex(4))
    told.stopping.wait(TROUBLE_SECONDS)
    return False


class _MustStop(Exception):
    """The worker is asked to end in the middle of a job; its claim is taken over at the next start."""


class _Told:
    """Shows progress, and stops the work where the worker must end: asked to, or its parent is gone."""

    def __init__(self, stopping: threading.Event, parent: int | None) -> None:
        self.stopping, self.parent, self.shown = stopping, parent, ("", -1)

    def must_stop(self) -> bool:
        return self.stopping.is_set() or (self.parent is not None and os.getppid() != self.parent)

    def quietly(self, _done: float, _total: float) -> None:
        """Stops the work where the worker must end, and says nothing."""
        if self.must_stop():
            raise _MustStop

    def __call__(self, name: str, done: float, total: float) -> None:
        self.quietly(done, total)
        tenth = int(10 * done / total) if total else 0
        if (name, tenth) != self.shown:
            self.shown = (name, tenth)
            log.info("Transcribing", recording=name, done=f"{tenth * 10} %", of=f"{total:.0f} s")


def check(
    context: typer.Context,
    format_: Annotated[PlainFormat, typer.Option("--format")] = PlainFormat.table,
) -> None:
    """Check the configuration, the credentials, the holidays, and list where the documents contradict each other."""
    from handlers.slack import manifest

    settings: Settings = context.obj
    try:
        today = settings.clock.today()
        found = problems_of(settings.config, read_secrets(), today)
        found += manifest.differences(settings.config, settings.config_file.parent)
        found += word_template_problems(settings.config)
        if not any(p.severity == "error" for p in found):
            found += _too_many_messages(settings, today)
    except ConfigInvalid as error:
        found = error.problems
    if format_ is PlainFormat.json:
        typer.echo(json.dumps({"problems": [_problem_json(p) for p in found]}, ensure_ascii=False, indent=2))
    else:
        print_problems(ConfigInvalid(str(settings.config_file), found))
    if any(p.severity == "error" for p in found):
        raise typer.Exit(1)


def _too_many_messages(settings: Settings, today: date) -> list[Problem]:
    """Rehearses the coming months with the people on file; before there are any, with the sample's."""
    if not (settings.has_state or settings.config.sample.enabled):
        return []
    with rehearsal_people(settings, real=settings.has_state) as session:
        announcer = Announcer(settings.config, Calendar(settings.config), lambda: "")
        found = rehearse(session, announcer, today, today + REHEARSED)
        return list(too_many_messages(count_messages(found)))


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "id": problem.id,
        "severity": problem.severity,
        "line": problem.line,
        "problem": problem.sentence,
        "hint": problem.hint,
    }
