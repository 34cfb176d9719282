"""Block Kit, by the library's models, which refuse what is longer than Slack takes."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    BlockElement,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    InputInteractiveElement,
    MarkdownTextObject,
    Option,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.views import View

from bot.slack_text import LONGEST_SECTION, cut

MOST_IN_VIEW = 100  # blocks
MOST_IN_MESSAGE = 50
MOST_OPTIONS = 100
LONGEST_OPTION = 75  # characters of an option's or a button's label
LONGEST_TITLE = 24


def header(text: str) -> Block:
    """A heading, in plain text."""
    return HeaderBlock(text=PlainTextObject(text=cut(text, 150), emoji=False))


def section(spelt: str, *, beside: BlockElement | None = None, block_id: str | None = None) -> Block:
    """Text in Slack's spelling, cut where it is longer than a section takes; a button or menu may stand beside it."""
    text = MarkdownTextObject(text=cut(spelt, LONGEST_SECTION), verbatim=True)
    return SectionBlock(text=text, accessory=beside, block_id=block_id)


def context(spelt: str) -> Block:
    """Small print, in Slack's spelling."""
    return ContextBlock(elements=[MarkdownTextObject(text=cut(spelt, 2_000), verbatim=True)])


def divider() -> Block:
    """A line across."""
    return DividerBlock()


def button(label: str, action_id: str, value: str = "", *, style: str | None = None, url: str = "") -> ButtonElement:
    """A button; `style` is primary or danger. `value` is at most 2,000 characters."""
    return ButtonElement(
        text=cut(label, LONGEST_OPTION), action_id=action_id, value=value or None, style=style, url=url or None
    )


def asks_first(asking: ButtonElement, title: str, text: str, yes: str) -> ButtonElement:
    """The button, asking `text` before it acts; `yes` names the deed."""
    asking.confirm = ConfirmObject(
        title=cut(title, 100), text=PlainTextObject(text=cut(text, 300)), confirm=cut(yes, 30), deny="Leave it"
    )
    return asking


def buttons(*elements: ButtonElement) -> Block:
    """A row of buttons, at most 25."""
    return ActionsBlock(elements=list(elements))


def option(label: str, value: str, description: str = "") -> Option:
    """One choice, cut to what Slack takes; `value` is at most 150 characters."""
    return Option(
        text=PlainTextObject(text=cut(label, LONGEST_OPTION), emoji=False),
        value=value,
        description=PlainTextObject(text=cut(description, LONGEST_OPTION), emoji=False) if description else None,
    )


def field(
    label: str,
    element: InputInteractiveElement,
    *,
    block_id: str,
    hint: str = "",
    optional: bool = False,
    dispatch: bool = False,
) -> Block:
    """A field of a modal. `dispatch`: the form is told when it changes."""
    return InputBlock(
        label=PlainTextObject(text=cut(label, 2_000), emoji=False),
        element=element,
        block_id=block_id,
        hint=PlainTextObject(text=cut(hint, 2_000), emoji=False) if hint else None,
        optional=optional,
        dispatch_action=dispatch or None,
    )


def modal(
    form: str, title: str, blocks: Sequence[Block], *, submit: str = "", about: str = "", close: str = "Close"
) -> View:
    """A modal of the form with that key; without `submit` it is for reading."""
    return View(
        type="modal",
        callback_id=form,
        title=PlainTextObject(text=cut(title, LONGEST_TITLE), emoji=False),
        submit=PlainTextObject(text=cut(submit, LONGEST_TITLE), emoji=False) if submit else None,
        close=PlainTextObject(text=cut(close, LONGEST_TITLE), emoji=False),
        blocks=list(blocks)[:MOST_IN_VIEW],
        private_metadata=about or None,
    )
