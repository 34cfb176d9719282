"""A message as Slack shows it: Block Kit by the library's models, which refuse what is longer than Slack takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from bot.model import Offer
from bot.slack_text import cut, escaped, sections

MOST_BLOCKS = 50  # in one message
_HEADER = HeaderBlock.text_max_length  # characters
_LABEL, _IN_A_ROW = 75, 25  # characters of a button, buttons of one block
_FALLBACK = 3_000  # characters of the text shown in notifications


def blocks_of(subject: str, text: str, offers: Sequence[Offer] = ()) -> list[Block]:
    """A header where there is a subject, the text in sections, the buttons. It may be more than MOST_BLOCKS."""
    blocks: list[Block] = []
    if subject.strip():
        blocks.append(HeaderBlock(text=PlainTextObject(text=cut(subject, _HEADER), emoji=False)))
    # verbatim: Slack finds no @channel and no link of its own in the text; ours are spelt out.
    blocks += [SectionBlock(text=MarkdownTextObject(text=section, verbatim=True)) for section in sections(text)]
    return [*blocks, *_rows_of(offers)]


def _rows_of(offers: Sequence[Offer]) -> Iterator[Block]:
    """The buttons, numbered: two of one click may stand in a row, two of one id may not."""
    drawn = [
        ButtonElement(text=cut(offer.label, _LABEL), action_id=f"{offer.action}:{number}", value=offer.value)
        for number, offer in enumerate(offers)
    ]
    for first in range(0, len(drawn), _IN_A_ROW):
        yield ActionsBlock(elements=list(drawn[first : first + _IN_A_ROW]))


def fallback(subject: str, text: str) -> str:
    """What a notification and a screen reader say, London time in words."""
    return escaped(cut(f"{subject}\n{text}".strip(), _FALLBACK))
