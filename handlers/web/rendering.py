"""Templates to HTML: everything that people wrote is escaped, and a name that a template misspells is an error."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.clock import LONDON, spoken, spoken_date
from bot.formats import timestamp
from bot.report_cells import place_or_whole
from handlers.web.desk import Desk

PAGES = (
    ("/", "Overview"),
    ("/calendar", "Calendar"),
    ("/outbox", "Outbox"),
    ("/recordings", "Recordings"),
    ("/requests", "Requests"),
    ("/returns", "Edited drafts"),
    ("/mailbox", "Mailbox"),
    ("/inbox", "Inbox"),
    ("/slack", "Slack"),
    ("/audit", "Audit"),
)


def rendered(template: str, **values: object) -> str:
    """The HTML of a template of `handlers/web/templates`."""
    return _templates().get_template(template).render(values)


def answer(desk: Desk, request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """A page in the shared layout, with the pages' navigation for whoever has entered."""
    entered = bool(request.scope.get("session"))
    html = rendered(
        template,
        programme=desk.config.programme.short_name,
        now=desk.clock.now(),
        pages=PAGES if entered else (),
        path=request.url.path,
        **values,
    )
    return HTMLResponse(html, status, {"Cache-Control": "no-store"})


def sentence(desk: Desk, request: Request, status: int, heading: str, text: str, link: str = "") -> HTMLResponse:
    """A page that says one thing, and perhaps where to go on."""
    return answer(desk, request, "sentence.html", status=status, heading=heading, text=text, link=link)


def style_sheet() -> str:
    """The CSS, for a document that must stand alone."""
    return (resources.files("handlers.web") / "static" / "page.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("handlers.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "spoken": spoken,
        "spoken_date": spoken_date,
        "time_of_day": _time_of_day,
        "timestamp": timestamp,
        "words": _words,
        "pair": _pair,
        "place": place_or_whole,
    }
    return environment


def _time_of_day(instant: datetime) -> str:
    return f"{instant.astimezone(LONDON):%H:%M}"


def _pair(value: str) -> tuple[str, str]:
    """A choice whose value is what it is called."""
    return value, value


def _words(name: str) -> str:
    """'headline_report' -> 'headline report'."""
    return name.replace("_", " ")
