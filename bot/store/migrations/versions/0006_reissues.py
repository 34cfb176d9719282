"""Amended reports and errata: what each revision is and carries, those made ready, messages that say they are old.

Revision ID: 0006
Revises: 0005
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


REPORTS_SAY: dict[str, tuple[Any, str]] = {  # each with what the reports on file before were
    "kind": (sa.String(length=20), "issued"),
    "reason": (sa.Text(), ""),
    "redline_sha256": (sa.String(length=64), ""),
}


def reports_say_more() -> None:
    with op.batch_alter_table("reports", schema=None) as batch_op:
        for name, (kind, default) in REPORTS_SAY.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
    with op.batch_alter_table("reports", schema=None) as batch_op:
        for name, (kind, _) in REPORTS_SAY.items():
            batch_op.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("carried_by", sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(op.f("fk_amendments_carried_by_reports"), "reports", ["carried_by"], ["id"])


def reports_say_less() -> None:
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_amendments_carried_by_reports"), type_="foreignkey")
        batch_op.drop_column("carried_by")
    with op.batch_alter_table("reports", schema=None) as batch_op:
        for name in REPORTS_SAY:
            batch_op.drop_column(name)


def reissues_are_made_ready() -> None:
    op.create_table(
        "reissues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_uid", sa.String(length=120), nullable=False),
        sa.Column("base_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("requests", sa.JSON(), nullable=False),
        sa.Column("prepared_at", Instant(timezone=True), nullable=False),
        sa.Column("conflicts", sa.JSON(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("redline_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["base_id"], ["reports.id"], name=op.f("fk_reissues_base_id_reports")),
        sa.ForeignKeyConstraint(["meeting_uid"], ["meetings.uid"], name=op.f("fk_reissues_meeting_uid_meetings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reissues")),
    )
    with op.batch_alter_table("reissues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reissues_meeting_uid"), ["meeting_uid"], unique=False)
    op.create_table(
        "superseded_messages",
        sa.Column("outbox_id", sa.String(length=40), nullable=False),
        sa.Column("report_id", sa.String(length=40), nullable=False),
        sa.Column("next_try_at", Instant(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done_at", Instant(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_superseded_messages_outbox_id_outbox")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_superseded_messages_report_id_reports")),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_superseded_messages")),
    )
    with op.batch_alter_table("superseded_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_superseded_messages_next_try_at"), ["next_try_at"], unique=False)


def upgrade() -> None:
    reports_say_more()
    reissues_are_made_ready()


def downgrade() -> None:
    op.drop_table("superseded_messages")
    op.drop_table("reissues")
    reports_say_less()
