"""A message as Slack shows it: Block Kit by the library's models, which refuse what is longer than Slack takes."""

from __future__ import annotations

from slack_sdk.models.blocks import Block, HeaderBlock, MarkdownTextObject, PlainTextObject, SectionBlock

from bot.slack_text import cut, escaped, sections

MOST_BLOCKS = 50  # in one message
_HEADER = HeaderBlock.text_max_length  # characters
_FALLBACK = 3_000  # characters of the text shown in notifications


def blocks_of(subject: str, text: str) -> list[Block]:
    """A header where there is a subject, then the text in sections. It may be more than the MOST_BLOCKS Slack takes."""
    blocks: list[Block] = []
    if subject.strip():
        blocks.append(HeaderBlock(text=PlainTextObject(text=cut(subject, _HEADER), emoji=False)))
    # verbatim: Slack finds no @channel and no link of its own in the text; ours are spelt out.
    blocks += [SectionBlock(text=MarkdownTextObject(text=section, verbatim=True)) for section in sections(text)]
    return blocks


def fallback(subject: str, text: str) -> str:
    """What a notification and a screen reader say, London time in words."""
    return escaped(cut(f"{subject}\n{text}".strip(), _FALLBACK))
