"""Sending that can be trusted; apologies, papers expected and the Chair's clearance; joint meetings.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "apologies",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("meeting_uid", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", Instant(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("alternate_id", sa.String(length=40), nullable=True),
        sa.Column("alternate_named_at", Instant(timezone=True), nullable=True),
        sa.Column("withdrawn_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["meeting_uid"], ["meetings.uid"], name=op.f("fk_apologies_meeting_uid_meetings")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_apologies_person_id_people")),
        sa.ForeignKeyConstraint(["alternate_id"], ["people.id"], name=op.f("fk_apologies_alternate_id_people")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_apologies")),
        sa.UniqueConstraint("number", name=op.f("uq_apologies_number")),
    )
    op.create_index(op.f("ix_apologies_meeting_uid"), "apologies", ["meeting_uid"])
    op.create_table(
        "expected_papers",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("meeting_uid", sa.String(length=120), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("author_id", sa.String(length=40), nullable=False),
        sa.Column("expected_at", Instant(timezone=True), nullable=False),
        sa.Column("expected_by", sa.String(length=200), nullable=False),
        sa.Column("received_at", Instant(timezone=True), nullable=True),
        sa.Column("received_by", sa.String(length=200), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_uid"], ["meetings.uid"], name=op.f("fk_expected_papers_meeting_uid_meetings")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_expected_papers_author_id_people")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_expected_papers")),
        sa.UniqueConstraint("number", name=op.f("uq_expected_papers_number")),
    )
    op.create_index(op.f("ix_expected_papers_meeting_uid"), "expected_papers", ["meeting_uid"])
    op.create_table(
        "clearances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("meeting_uid", sa.String(length=120), nullable=False),
        sa.Column("draft_id", sa.String(length=40), nullable=True),
        sa.Column("with_chair_at", Instant(timezone=True), nullable=False),
        sa.Column("with_chair_by", sa.String(length=200), nullable=False),
        sa.Column("answered_at", Instant(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=200), nullable=False),
        sa.Column("subject_to_review", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_uid"], ["meetings.uid"], name=op.f("fk_clearances_meeting_uid_meetings")),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_clearances_draft_id_drafts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearances")),
    )
    op.create_index(op.f("ix_clearances_meeting_uid"), "clearances", ["meeting_uid"])
    op.create_table(
        "brakes",
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("set_at", Instant(timezone=True), nullable=False),
        sa.Column("set_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("group_key", name=op.f("pk_brakes")),
    )
    op.create_table(
        "releases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("released_at", Instant(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("summed_up_at", Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_releases_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )
    op.create_index(op.f("ix_releases_summed_up_at"), "releases", ["summed_up_at"])
    with op.batch_alter_table("person_emails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bounced_at", Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("bounce_reason", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("told_in", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("release_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_outbox_release_id_releases"), "releases", ["release_id"], ["id"])
        batch_op.create_index(op.f("ix_outbox_told_in"), ["told_in"])
        batch_op.create_index(op.f("ix_outbox_release_id"), ["release_id"])
        batch_op.create_index("ix_outbox_released_sent", ["released_by", "sent_at"])
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("also_for", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("approved_by", sa.String(length=200), nullable=False, server_default=""))
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.alter_column("also_for", existing_type=sa.JSON(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("meetings", schema=None) as batch_op:
        batch_op.drop_column("approved_by")
        batch_op.drop_column("also_for")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_released_sent")
        batch_op.drop_index(op.f("ix_outbox_release_id"))
        batch_op.drop_index(op.f("ix_outbox_told_in"))
        batch_op.drop_constraint(op.f("fk_outbox_release_id_releases"), type_="foreignkey")
        batch_op.drop_column("release_id")
        batch_op.drop_column("told_in")
        batch_op.drop_column("note")
    with op.batch_alter_table("person_emails", schema=None) as batch_op:
        batch_op.drop_column("bounce_reason")
        batch_op.drop_column("bounced_at")
    op.drop_index(op.f("ix_releases_summed_up_at"), table_name="releases")
    op.drop_table("releases")
    op.drop_table("brakes")
    for table in ("clearances", "expected_papers", "apologies"):
        op.drop_index(op.f(f"ix_{table}_meeting_uid"), table_name=table)
        op.drop_table(table)
