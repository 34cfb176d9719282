"""What all mailboxes have in common: the names of our folders, and what is said of a message that is too large."""

from __future__ import annotations

from bot.errors import UnreadableMessage

FOLDERS = {"done": "Done", "needs_a_person": "Needs a person", "ignored": "Ignored"}  # by state
_MB = 1 << 20


def too_large(size: int | None, at_most: int) -> UnreadableMessage:
    """The error for a message of so many bytes; None where nobody knows how many."""
    has = f"has {size / _MB:.0f} MB, more than the" if size else "is larger than the"
    return UnreadableMessage(f"The message {has} {at_most // _MB} MB that are read.", hint="Open it by hand.")
