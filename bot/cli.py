"""The `secretariat` command: what it is made of, and the errors' last stop. The commands are in `bot.commands`."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from bot import __version__
from bot.commands import (
    amendments,
    apologies,
    clearance,
    dates,
    desk,
    edited,
    escalations,
    feeds,
    holidays,
    house,
    invitations,
    learn,
    lists,
    logs,
    mailbox,
    marked,
    meetings,
    members,
    models,
    notes,
    obligations,
    outbox,
    papers,
    queries,
    recordings,
    reissues,
    report_files,
    speakers,
    speech,
    transcript,
    why,
)
from bot.commands.settings import Settings
from bot.errors import ConfigInvalid, SecretariatError

app = typer.Typer(
    name="secretariat",
    help="The meeting secretariat: calendar, clocks, reminders, transcripts, headline reports, amendments.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # a traceback may show tokens
    rich_markup_mode=None,
)
OUR_FAULT = (
    "Something went wrong here, not with you ({}). Nothing was half done. "
    "Run it again with SECRETARIAT_DEBUG=1 to see where, and tell whoever looks after it."
)
CONFIG = Annotated[Path, typer.Option("--config", help="The configuration file.", envvar="SECRETARIAT_CONFIG")]
NOW = Annotated[str | None, typer.Option("--now", help="A virtual clock: it starts at this instant and runs on.")]


@app.callback()
def common(
    context: typer.Context,
    config: CONFIG = Path("config.yaml"),
    now: NOW = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False,
) -> None:
    """What every command may be told."""
    context.obj = Settings(config, now)


house.add_to(app)
dates.add_to(app)
speech.add_to(app)
desk.add_to(app)
logs.add_to(app)
clearance.add_to(desk.reports_app)
edited.add_to(desk.reports_app)
notes.add_to(desk.reports_app)
reissues.add_to(desk.reports_app)
report_files.add_to(desk.reports_app)
marked.add_to(amendments.app)
obligations.add_to(app)
why.add_to(app)
feeds.add_to(app)
invitations.add_to(app)
learn.add_to(app)
app.add_typer(amendments.app, name="amendments")
app.add_typer(apologies.app, name="apologies")
app.add_typer(papers.app, name="papers")
app.add_typer(queries.app, name="queries")
app.add_typer(escalations.app, name="escalations")
app.add_typer(holidays.app, name="holidays")
app.add_typer(lists.app, name="lists")
app.add_typer(mailbox.app, name="mailbox")
app.add_typer(meetings.app, name="meetings")
app.add_typer(members.app, name="members")
app.add_typer(models.app, name="models")
app.add_typer(transcript.app, name="transcript")
app.add_typer(outbox.app, name="outbox")
app.add_typer(recordings.app, name="recordings")
app.add_typer(speakers.app, name="speakers")


def main() -> None:
    """Run a command. A mistake that a person can mend is a sentence on stderr and exit 1; wrong usage is exit 2."""
    if "--version" in sys.argv[1:2]:
        print(f"secretariat {__version__}")
        return
    _one_house()
    _log_to_stderr()
    try:
        app(args=_options_first(sys.argv[1:]))
    except ConfigInvalid as error:
        desk.print_problems(error)
        sys.exit(1)
    except SecretariatError as error:
        print(str(error), file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("SECRETARIAT_DEBUG"):
            raise
        if isinstance(error, BrokenPipeError):  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            print(OUR_FAULT.format(type(error).__name__), file=sys.stderr)
        sys.exit(1)


def _options_first(arguments: list[str]) -> list[str]:
    """`--config` and `--now` may stand after the command as well as before it."""
    moved: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in ("--config", "--now"):
            moved += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif word.startswith(("--config=", "--now=")):
            moved.append(word)
        else:
            rest.append(word)
    return moved + rest


def _one_house() -> None:
    """A stranger's package named `handlers` or `schedules` would silently win; say so instead (docs/decisions)."""
    mine = Path(__file__).resolve().parent.parent
    for name in ("handlers", "schedules"):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin).resolve().parent.parent if spec and spec.origin else None
        if origin != mine:
            print(
                f"The package `{name}` comes from {origin}, not from {mine}. Remove the other package of that name, "
                "or start the secretariat from its own environment (make run).",
                file=sys.stderr,
            )
            sys.exit(1)


def _log_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ,
                exception_formatter=structlog.dev.plain_traceback,  # the rich one prints locals, secrets among them
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # a lost connection is said in a sentence already
