"""A report's lines under their headings, a draft's or an issued one's: in words, and as blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from slack_sdk.models.blocks import Block, BlockElement

from bot.formats import Draft, DraftedAction, DraftedDecision, timestamp
from bot.slack_text import cut, escaped, linked, spelt
from handlers.slack.blocks import section

LONGEST_LINE = 1_500  # characters: the document has the whole


class Line(NamedTuple):
    """A line of the report under its heading; `at` is its second in the recording."""

    heading: str
    ref: str
    text: str
    at: float | None = None


def lines_of(draft: Draft, outcome: Callable[[DraftedDecision], str], *, is_issued: bool) -> Iterator[Line]:
    """The lines in the order in which they are read: decisions, actions, viewpoints, RAID items.

    Once it is issued, only decisions and actions keep a reference.
    """
    for decision in draft.decisions:
        yield Line("Decisions", decision.ref, f"{decision.text} ({outcome(decision)})", decision.at)
    for action in draft.actions:
        yield Line("Actions", action.ref, f"{action.text} ({_owed(action)})", action.at)
    for view in draft.viewpoints:
        who = ", for ".join(filter(None, [view.speaker, view.constituency])) or "Not attributed"
        yield Line("Viewpoints", "" if is_issued else view.ref, f"{who}: {view.text}", view.at)
    for raid in draft.raid:
        heading, text = "Risks, assumptions, issues, dependencies", f"{raid.kind.capitalize()}: {raid.text}"
        yield Line(heading, "" if is_issued else raid.ref, text, raid.at)


def _owed(action: DraftedAction) -> str:
    owner = f"owner: {', '.join(action.owner) or 'not given'}"
    return f"{owner}; due: {action.due}" if action.due else owner


def headed(lines: Iterable[Line], shown: Callable[[Line], tuple[str, Block]]) -> tuple[list[str], list[Block]]:
    """The lines as `shown` has each, in words and as blocks, every heading once above its own."""
    said: list[str] = []
    blocks: list[Block] = []
    heading = ""
    for line in lines:
        if line.heading != heading:
            heading = line.heading
            said.append(f"*{heading}*")
            blocks.append(section(f"*{heading}*"))
        plain, block = shown(line)
        said.append(plain)
        blocks.append(block)
    return said, blocks


def line_shown(line: Line, link: str, *, beside: BlockElement | None = None) -> tuple[str, Block]:
    """A line in words and as a block; `link` leads to where it was said, "" where there is no recording."""
    heard = timestamp(line.at) if line.at is not None else ""
    ref, text = f"*{escaped(line.ref)}* " if line.ref else "", cut(line.text, LONGEST_LINE)
    plain = f"{ref}{escaped(text)} {heard} {escaped(link)}".rstrip()
    return plain, section(f"{ref}{spelt(text)} {linked(link, heard) if heard else ''}".rstrip(), beside=beside)
