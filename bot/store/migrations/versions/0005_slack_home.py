"""What Slack brought and was acted on, and the instants marked live in a meeting.

Revision ID: 0005
Revises: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


PAPERS_SAY: dict[str, tuple[Any, Any]] = {  # each with what the papers on file before were
    "purpose": (sa.String(length=20), ""),
    "note": (sa.Text(), ""),
    "file": (sa.Text(), ""),
    "is_item": (sa.Boolean(), sa.false()),
    "late": (sa.Boolean(), sa.false()),
    "chair_says": (sa.String(length=20), ""),
}


def papers_say_more() -> None:
    with op.batch_alter_table("expected_papers", schema=None) as batch_op:
        for name, (kind, default) in PAPERS_SAY.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
    with op.batch_alter_table("expected_papers", schema=None) as batch_op:
        for name, (kind, _) in PAPERS_SAY.items():
            batch_op.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def papers_say_less() -> None:
    with op.batch_alter_table("expected_papers", schema=None) as batch_op:
        for name in PAPERS_SAY:
            batch_op.drop_column(name)


def notices_offer() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offers", sa.JSON(), nullable=False, server_default="[]"))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.alter_column("offers", existing_type=sa.JSON(), existing_nullable=False, server_default=None)


def notices_offer_nothing() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("offers")


def upgrade() -> None:
    papers_say_more()
    notices_offer()
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
    op.create_table(
        "slack_homes",
        sa.Column("slack_user_id", sa.String(length=40), nullable=False),
        sa.Column("opened_at", Instant(timezone=True), nullable=False),
        sa.Column("shown_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("slack_user_id", name=op.f("pk_slack_homes")),
    )
    with op.batch_alter_table("slack_homes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_slack_homes_opened_at"), ["opened_at"], unique=False)


def downgrade() -> None:
    op.drop_table("slack_homes")
    notices_offer_nothing()
    papers_say_less()
    op.drop_table("live_marks")
    op.drop_table("slack_acts")
