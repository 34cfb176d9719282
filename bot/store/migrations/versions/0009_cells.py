"""Requests to amend a single cell of a line: an owner, a due date, an outcome, a time.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Which cell of its line a request is about; those on file are about the line's words."""
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cell", sa.String(length=20), nullable=False, server_default=""))
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.alter_column("cell", existing_type=sa.String(length=20), existing_nullable=False, server_default=None)


def downgrade() -> None:
    """Without the cells of lines."""
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.drop_column("cell")
