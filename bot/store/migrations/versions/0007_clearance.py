"""Clearance: each report's way from draft to issue, and edited documents given back.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def marked_documents_come() -> None:
    op.create_table(
        "marked_documents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=250), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sender_id", sa.String(length=40), nullable=False),
        sa.Column("came_by", sa.String(length=20), nullable=False),
        sa.Column("came_at", Instant(timezone=True), nullable=False),
        sa.Column("report_id", sa.String(length=40), nullable=True),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_marked_documents_report_id_reports")),
        sa.ForeignKeyConstraint(["sender_id"], ["people.id"], name=op.f("fk_marked_documents_sender_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marked_documents")),
        sa.UniqueConstraint("source_key", name=op.f("uq_marked_documents_source_key")),
    )
    with op.batch_alter_table("marked_documents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_marked_documents_waits"), ["waits"], unique=False)
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("in_words", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.alter_column("in_words", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)


def marked_documents_go() -> None:
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.drop_column("in_words")
    op.drop_table("marked_documents")


CLEARANCES_SAY = {"answered_how": sa.String(length=20), "held_by": sa.String(length=200), "held_reason": sa.Text()}


def clearances_say_more() -> None:
    with op.batch_alter_table("clearances", schema=None) as batch_op:
        for name, kind in CLEARANCES_SAY.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=""))
        batch_op.add_column(sa.Column("held_at", Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("cleared_draft_id", sa.String(length=40), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_clearances_cleared_draft_id_drafts"), "drafts", ["cleared_draft_id"], ["id"]
        )
    with op.batch_alter_table("clearances", schema=None) as batch_op:
        for name, kind in CLEARANCES_SAY.items():
            batch_op.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def clearances_say_less() -> None:
    with op.batch_alter_table("clearances", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_clearances_cleared_draft_id_drafts"), type_="foreignkey")
        for name in (*CLEARANCES_SAY, "held_at", "cleared_draft_id"):
            batch_op.drop_column(name)


def outcomes_are_confirmed() -> None:
    op.create_table(
        "draft_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_draft_reviews_draft_id_drafts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_reviews")),
    )
    op.create_index(op.f("ix_draft_reviews_draft_id"), "draft_reviews", ["draft_id"])
    op.create_table(
        "confirmations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_uid", sa.String(length=120), nullable=False),
        sa.Column("draft_id", sa.String(length=40), nullable=True),
        sa.Column("draft_ref", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("by_id", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_confirmations_by_id_people")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_confirmations_draft_id_drafts")),
        sa.ForeignKeyConstraint(["meeting_uid"], ["meetings.uid"], name=op.f("fk_confirmations_meeting_uid_meetings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
    )
    op.create_index(op.f("ix_confirmations_meeting_uid"), "confirmations", ["meeting_uid"])


def issued_files_are_published() -> None:
    op.create_table(
        "report_copies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("next_try_at", Instant(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("published_at", Instant(timezone=True), nullable=True),
        sa.Column("marked_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_report_copies_report_id_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_copies")),
        sa.UniqueConstraint("report_id", "kind", name=op.f("uq_report_copies_report_id")),
    )
    op.create_index(op.f("ix_report_copies_state"), "report_copies", ["state"])


def edited_drafts_come_back() -> None:
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("edited_by", sa.String(length=200), nullable=False, server_default=""))
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.alter_column(
            "edited_by", existing_type=sa.String(length=200), existing_nullable=False, server_default=None
        )
    op.create_table(
        "returns",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=300), nullable=False),
        sa.Column("came_by", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=True),
        sa.Column("answer_to", sa.String(length=254), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("of_uid", sa.String(length=120), nullable=True),
        sa.Column("arrived_at", Instant(timezone=True), nullable=False),
        sa.Column("read_at", Instant(timezone=True), nullable=True),
        sa.Column("meeting_uid", sa.String(length=120), nullable=True),
        sa.Column("draft_id", sa.String(length=40), nullable=True),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("taken_as", sa.String(length=40), nullable=True),
        sa.Column("settled_at", Instant(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_returns_draft_id_drafts")),
        sa.ForeignKeyConstraint(["meeting_uid"], ["meetings.uid"], name=op.f("fk_returns_meeting_uid_meetings")),
        sa.ForeignKeyConstraint(["of_uid"], ["meetings.uid"], name=op.f("fk_returns_of_uid_meetings")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_returns_person_id_people")),
        sa.ForeignKeyConstraint(["taken_as"], ["drafts.id"], name=op.f("fk_returns_taken_as_drafts")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_returns")),
        sa.UniqueConstraint("number", name=op.f("uq_returns_number")),
        sa.UniqueConstraint("source_key", name=op.f("uq_returns_source_key")),
    )
    for column in ("meeting_uid", "read_at", "sha256", "state"):
        op.create_index(op.f(f"ix_returns_{column}"), "returns", [column])


def upgrade() -> None:
    marked_documents_come()
    clearances_say_more()
    outcomes_are_confirmed()
    issued_files_are_published()
    edited_drafts_come_back()


def downgrade() -> None:
    op.drop_table("returns")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_column("edited_by")
    for table in ("report_copies", "confirmations", "draft_reviews"):
        op.drop_table(table)
    clearances_say_less()
    marked_documents_go()
