"""The mailbox as a queue: where a message lies, what is proposed about it, how far each mailbox was read.

Revision ID: 0004
Revises: 0003
"""

from bot.store.columns import Instant  # noqa: F401

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To be filled."""


def downgrade() -> None:
    """To be filled."""
