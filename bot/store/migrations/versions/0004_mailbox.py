"""The mailbox as a queue: where a message lies, what is proposed about it, how far each mailbox was read.

Revision ID: 0004
Revises: 0003
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


NEW_OF_INBOX: dict[str, tuple[Any, Any]] = {  # each with what the messages on file before were
    "mailbox": (sa.String(length=80), "pmo"),
    "conversation": (sa.String(length=250), ""),
    "content_sha256": (sa.String(length=64), ""),
    "cut": (sa.Text(), ""),
    "lies_in": (sa.String(length=20), "inbox"),
}


def inbox_grows() -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        for name, (kind, default) in NEW_OF_INBOX.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        batch_op.add_column(sa.Column("service_id", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("received_at", Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("moved_at", Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("size", sa.Integer(), nullable=True))
    # Until now, a message was known by the hash of its content, and moved as soon as it had a state.
    op.execute("UPDATE inbox SET content_sha256 = id, service_id = id, received_at = arrived_at")
    op.execute("UPDATE inbox SET lies_in = state WHERE state <> 'arrived'")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        for name, (kind, _) in NEW_OF_INBOX.items():
            batch_op.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
        batch_op.create_unique_constraint(batch_op.f("uq_inbox_mailbox"), ["mailbox", "service_id"])
        batch_op.create_index(
            "ix_inbox_queue", ["mailbox", "lies_in", "state", "received_at", "arrived_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_inbox_content_sha256"), ["content_sha256"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbox_sender"), ["sender"], unique=False)
    op.create_table(
        "mailbox_cursors",
        sa.Column("mailbox", sa.String(length=80), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("read_at", Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_mailbox_cursors")),
    )


def inbox_shrinks() -> None:
    op.drop_table("mailbox_cursors")
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbox_sender"))
        batch_op.drop_index(batch_op.f("ix_inbox_content_sha256"))
        batch_op.drop_index("ix_inbox_queue")
        batch_op.drop_constraint(batch_op.f("uq_inbox_mailbox"), type_="unique")
        for name in ("size", "moved_at", "received_at", "service_id", *NEW_OF_INBOX):
            batch_op.drop_column(name)


def proposals_made() -> None:
    op.create_table(
        "mail_proposals",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("inbox_id", sa.String(length=64), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=True),
        sa.Column("answer_to", sa.String(length=254), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("inverse", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("led_to", sa.String(length=60), nullable=False),
        sa.Column("times_done", sa.Integer(), nullable=False),
        sa.Column("proposed_at", Instant(timezone=True), nullable=False),
        sa.Column("decided_at", Instant(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_mail_proposals_inbox_id_inbox")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_mail_proposals_person_id_people")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_mail_proposals")),
        sa.UniqueConstraint("inbox_id", "action", "part", name=op.f("uq_mail_proposals_inbox_id")),
        sa.UniqueConstraint("number", name=op.f("uq_mail_proposals_number")),
    )
    with op.batch_alter_table("mail_proposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_proposals_inbox_id"), ["inbox_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mail_proposals_state"), ["state"], unique=False)
    op.create_table(
        "accepted_senders",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("accepted_at", Instant(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_accepted_senders")),
    )


def upgrade() -> None:
    inbox_grows()
    proposals_made()


def downgrade() -> None:
    op.drop_table("accepted_senders")
    op.drop_table("mail_proposals")
    inbox_shrinks()
