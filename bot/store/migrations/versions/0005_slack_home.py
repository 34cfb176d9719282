"""What Slack brought and was acted on, and the instants marked live in a meeting.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slack_acts",
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_slack_acts")),
    )
    op.create_table(
        "live_marks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=250), nullable=False),
        sa.Column("meeting_uid", sa.String(length=120), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["meeting_uid"], ["meetings.uid"], name=op.f("fk_live_marks_meeting_uid_meetings")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_live_marks_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_marks")),
        sa.UniqueConstraint("source_key", name=op.f("uq_live_marks_source_key")),
    )
    with op.batch_alter_table("live_marks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_live_marks_meeting_uid"), ["meeting_uid"], unique=False)


def downgrade() -> None:
    op.drop_table("live_marks")
    op.drop_table("slack_acts")
