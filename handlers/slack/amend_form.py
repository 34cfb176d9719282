"""The modal of `amend`: what is chosen in it so far, and how it looks then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from slack_sdk.models.blocks import (
    Block,
    ExternalDataSelectElement,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot import issued_reports, meetings, reports
from bot.access import Kind as Document
from bot.access import Viewer
from bot.amendment_life import Kind
from bot.amendments import ABOUT, BY_LETTER
from bot.clock import spoken, spoken_date
from bot.formats import timestamp
from bot.model import Meeting
from bot.recording_links import at_second
from bot.report_cells import AMENDABLE
from bot.report_lines import ReportLine, cells_of, lines_for
from bot.report_words import COLUMN_WORDS
from bot.slack_text import cut, linked, spelt
from handlers.slack.blocks import context, field, modal, option, section
from handlers.slack.door import Filled, SlackDoor, packed

AMEND = "amend"
KIND, MEETING, ABOUT_WHAT, LINE, CELL, TEXT, REASON = "kind", "meeting", "about", "line", "cell", "text", "reason"
WORDS = "words"  # of a line, in place of a cell
WHOLE = "whole"  # in place of a line
LONGEST_FIELD = 3_000  # characters that Slack takes in one
MOST_QUOTES = 5
KINDS = {
    Kind.RECORD: ("The record is wrong", "It is judged against the recording and the notes"),
    Kind.NOTE: ("I want something noted", "As a post-meeting note, with your constituency and the date"),
    Kind.DISAGREEMENT: ("I disagree with the decision", "The report stays; you may escalate the decision"),
}
LABELS = {
    Kind.RECORD: "How it should read",
    Kind.NOTE: "What is to be noted",
    Kind.DISAGREEMENT: "What you disagree with",
}


@dataclass(frozen=True)
class OpenedFrom:
    """The modal's private metadata: the notice under which the button stood, and where its message is replaced."""

    notice: str = ""
    response_url: str = ""


@dataclass(frozen=True)
class Chosen:
    """What is chosen so far. `line` is a line's reference, or WHOLE; `about` narrows the lines, "" does not.

    `cell` is what beside the line's words is wrong, "" its words.
    """

    kind: Kind | None = None
    meeting: Meeting | None = None
    about: str = ""
    line: str = ""
    cell: str = ""


def chosen_in(viewer: Viewer, filled: Filled) -> Chosen:
    """What the modal holds; a meeting that is none of the viewer's to see counts as none."""
    kind = filled.text(KIND)
    meeting = meetings.by_uid(viewer.session, filled.text(MEETING)) if filled.text(MEETING) else None
    if meeting and not viewer.sees(Document.REPORT, meeting):
        meeting = None
    found = Chosen(Kind(kind) if kind in list(KINDS) else None, meeting, filled.text(ABOUT_WHAT))
    line = filled.text(line_block(found))
    cell = filled.text(cell_block(line)) if found.kind is Kind.RECORD else ""
    return Chosen(found.kind, meeting, found.about, line, "" if cell == WORDS else cell)


def line_block(chosen: Chosen) -> str:
    """The id of the block that holds the line: another for another report or kind of line, so that it empties."""
    narrowed = "decision" if chosen.kind is Kind.DISAGREEMENT else chosen.about
    return f"{LINE}:{chosen.meeting.uid if chosen.meeting else ''}:{narrowed}"


def cell_block(line: str) -> str:
    """The id of the block that says what of the line is wrong: another for another line, so that it begins anew."""
    return f"{CELL}:{line}"


def lines_to_choose(viewer: Viewer, chosen: Chosen) -> list[ReportLine]:
    """The lines of the report of the kind chosen; of decisions alone where somebody disagrees with one."""
    if chosen.meeting is None:
        return []
    wanted = "decision" if chosen.kind is Kind.DISAGREEMENT else chosen.about
    return [line for line in lines_for(viewer, chosen.meeting) if wanted in ("", _kind_of(line))]


def _kind_of(line: ReportLine) -> str:
    return line.kind if line.kind in BY_LETTER.values() else "other"


def meeting_option(meeting: Meeting) -> Option:
    """A meeting, as the long list offers it."""
    return option(f"{meeting.known_as}, {spoken_date(meeting.on)}", meeting.uid)


def line_option(line: ReportLine) -> Option:
    """A line, as the long list offers it."""
    return option(f"{line.ref}: {line.text}", line.ref)


WHOLE_OPTION = option("The report as a whole", WHOLE)


def view_of(door: SlackDoor, viewer: Viewer, chosen: Chosen, opened_from: OpenedFrom) -> View:
    """The modal as it is with that chosen."""
    lines = lines_to_choose(viewer, chosen)
    line = next((each for each in lines if each.ref == chosen.line), None)
    blocks = [_kind_field(chosen), _meeting_field(chosen)]
    if chosen.meeting:
        blocks.append(context(spelt(_window(door, viewer, chosen.meeting))))
        blocks += [*([_about_field(chosen)] if chosen.kind is not Kind.DISAGREEMENT else [])]
        blocks.append(_line_field(chosen, line))
    if line and chosen.meeting:
        blocks += _as_it_stands(door, viewer, chosen.meeting, line)
        blocks += _cell_field(viewer, chosen, line)
    blocks += _what_is_asked(chosen)
    return modal(AMEND, "Request an amendment", blocks, submit="Send", about=packed(**asdict(opened_from)))


def _kind_field(chosen: Chosen) -> Block:
    offered = {kind: option(label, kind.value, why) for kind, (label, why) in KINDS.items()}
    initial = offered[chosen.kind] if chosen.kind else None
    radio = RadioButtonsElement(action_id=KIND, options=list(offered.values()), initial_option=initial)
    return field("What is it?", radio, block_id=KIND, dispatch=True)


def _meeting_field(chosen: Chosen) -> Block:
    initial = meeting_option(chosen.meeting) if chosen.meeting else None
    select = ExternalDataSelectElement(action_id=MEETING, min_query_length=0, initial_option=initial)
    return field("The report of which meeting?", select, block_id=MEETING, dispatch=True)


def _about_field(chosen: Chosen) -> Block:
    offered = {kind: option(kind.capitalize(), kind) for kind in ABOUT}
    select = StaticSelectElement(
        action_id=ABOUT_WHAT, options=list(offered.values()), initial_option=offered.get(chosen.about)
    )
    return field("What kind of line?", select, block_id=ABOUT_WHAT, dispatch=True, optional=True)


def _line_field(chosen: Chosen, line: ReportLine | None) -> Block:
    initial = line_option(line) if line else WHOLE_OPTION if chosen.line == WHOLE else None
    select = ExternalDataSelectElement(action_id=LINE, min_query_length=0, initial_option=initial)
    label = "Which decision?" if chosen.kind is Kind.DISAGREEMENT else "Which line?"
    return field(label, select, block_id=line_block(chosen), dispatch=True)


def _window(door: SlackDoor, viewer: Viewer, meeting: Meeting) -> str:
    closes_at = door.announcer.window_of(viewer.session, meeting)
    if closes_at is None:
        return "When requests to this report close is not fixed yet."
    if closes_at < door.clock.now():
        return f"Requests to this report closed on {spoken(closes_at)}: yours is taken as late, and goes to the Chair."
    return f"Requests to this report close on {spoken(closes_at)}."


def _as_it_stands(door: SlackDoor, viewer: Viewer, meeting: Meeting, line: ReportLine) -> Iterator[Block]:
    """The line, when it was said, and, for few, the words it rests on."""
    heard = _heard(door, viewer, meeting, line)
    yield section(f"*{spelt(line.ref)}* {spelt(cut(line.text, 2_000))} {heard}".rstrip())
    for one in line.evidence[:MOST_QUOTES]:
        yield context(spelt(f"It rests on: “{cut(one.quote, 500)}”"))


def _cell_field(viewer: Viewer, chosen: Chosen, line: ReportLine) -> Iterator[Block]:
    """Whether its words are wrong or what stands beside them, with what that says now."""
    if chosen.kind is not Kind.RECORD or chosen.meeting is None or line.kind not in AMENDABLE:
        return
    offered = {WORDS: option("Its words", WORDS)}
    for cell, says in cells_of(viewer.session, chosen.meeting.uid, line).items():
        offered[cell] = option(f"{COLUMN_WORDS.get(cell, cell).capitalize()}: {says}", cell)
    initial = offered.get(chosen.cell or WORDS)
    select = StaticSelectElement(action_id=CELL, options=list(offered.values()), initial_option=initial)
    yield field("What of it is wrong?", select, block_id=cell_block(line.ref))


def _heard(door: SlackDoor, viewer: Viewer, meeting: Meeting, line: ReportLine) -> str:
    row = reports.latest(viewer.session, meeting.uid)
    if row is None or line.at_seconds is None:
        return ""
    pattern = issued_reports.recording_pattern(viewer, row, meeting, door.announcer.page())
    return linked(at_second(pattern, line.at_seconds), timestamp(line.at_seconds))


def _what_is_asked(chosen: Chosen) -> Iterator[Block]:
    kind = chosen.kind or Kind.RECORD
    text = PlainTextInputElement(action_id=TEXT, multiline=True, max_length=LONGEST_FIELD)
    yield field(LABELS[kind], text, block_id=TEXT)
    reason = PlainTextInputElement(action_id=REASON, multiline=True, max_length=LONGEST_FIELD)
    yield field("Why", reason, block_id=REASON, optional=kind is Kind.NOTE)
    if kind is Kind.DISAGREEMENT:
        yield context("It is recorded, and the report stays as it is. The receipt leads on to escalating the decision.")
