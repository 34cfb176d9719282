"""`report GROUP [DATE]`: the issued headline report, each decision with its link into the recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import Block, ButtonElement

from bot import issued_reports, logs, offers
from bot.access import Viewer
from bot.amendment_life import represents_today
from bot.clock import spoken, spoken_date
from bot.corrections import OUTCOMES
from bot.errors import SecretariatError
from bot.formats import DraftedDecision
from bot.issued_reports import IssuedReport
from bot.model import Offer
from bot.slack_text import escaped, spelt
from handlers.slack import headed_lines
from handlers.slack.blocks import button, buttons, context, header
from handlers.slack.door import Answer, Asked, SlackDoor, asker
from handlers.slack.headed_lines import Line, headed, line_shown
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words
from schedules.finding import day_named, known_group

REPORT, COPY = "report", "report_copy"  # clicks
A_PAGE = 20


def report_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The latest issued report of a group, or that of a date."""
    text, number = page_asked(asked.text)
    words = text.split()
    if not words:
        raise SecretariatError("Whose report?", hint="Write: report PSG, or: report PSG 2024-02-07")
    now = door.clock.now()
    key = known_group(door.config, words[0])
    day = day_named(words[1]) if len(words) > 1 else None
    with door.database.reading() as session:
        person = asker(session, asked)
        viewer = Viewer(session, door.config, person, door.clock.today())
        issued = issued_reports.read(viewer, logs.report_of(viewer, key, now, day), door.announcer.page())
        closes_at = door.announcer.window_of(session, issued.meeting)
        speaks = bool(represents_today(session, person, issued.meeting, now))
    open_until = f"Amendment requests close {spoken(closes_at)}." if closes_at and closes_at > now else ""
    answers = [offers.to_amend(issued.meeting), *([offers.of_no_comments(issued.meeting)] if speaks else [])]
    return _shown(door, issued, open_until, number, answers)


def _shown(door: SlackDoor, issued: IssuedReport, open_until: str, number: int, answers: Sequence[Offer]) -> Answer:
    report, named = issued.report, f"{issued.meeting.group} {issued.meeting.on.isoformat()}"
    title = f"{issued.meeting.known_as} headline report, {spoken_date(report.meeting_on)}"
    small = f"{report.reference}. {report.version}, by {report.issued_by}. {open_until}".strip()
    page = page_of(list(lines_of(issued)), number, size=A_PAGE)
    said, lines = headed(page.rows, lambda line: _line(issued, line))
    copy = button("Send me the document", COPY, issued.row.id)
    below = buttons(*turning(page, REPORT, named), *map(_button, answers), copy)
    turn = turning_in_words(page, f"{door.config.slack.command} {REPORT} {named}")
    said = [f"*{escaped(title)}*", escaped(small), *said, turn]
    blocks = (header(title), context(spelt(small)), *lines, below)
    return Answer("\n".join(filter(None, said)), blocks, replaces=number > 1)


def _line(issued: IssuedReport, line: Line) -> tuple[str, Block]:
    beside = _button(offers.to_amend(issued.meeting, line.ref)) if line.ref else None
    return line_shown(line, issued.link(line.at), beside=beside)


def _button(offer: Offer) -> ButtonElement:
    return button(offer.label, offer.action, offer.value)


def lines_of(issued: IssuedReport) -> Iterator[Line]:
    """The report's lines, and the dates to note."""
    yield from headed_lines.lines_of(issued.report.draft, _outcome, is_issued=True)
    for what, when in issued.report.dates_to_note:
        yield Line("Dates to note", "", f"{what}: {when}")


def _outcome(decision: DraftedDecision) -> str:
    outcome = OUTCOMES[decision.outcome]
    return f"{outcome}, by {decision.reached_by}" if decision.reached_by else outcome


def document_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The Word document, sent to whoever may see the report; asked for again that day, it is the same message."""
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        viewer = Viewer(session, door.config, person, door.clock.today())
        row = logs.report_named(viewer, asked.text, now)
        issued_reports.send_copy(session, door.config, row, person, now)
        return Answer(f"{escaped(row.reference)} is on its way to you, as a Word document.")
