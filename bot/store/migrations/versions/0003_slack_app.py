"""The Slack app: open groups' lists, queries and escalations, requests with their kind and their review.

Revision ID: 0003
Revises: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


NEW_OF_AMENDMENTS: dict[str, tuple[Any, Any]] = {  # each with what the requests on file before were
    "late": (sa.Boolean(), sa.false()),
    "kind": (sa.String(length=20), "record"),
    "about": (sa.String(length=20), "other"),
    "reason": (sa.Text(), ""),
    "evidence": (sa.JSON(), "[]"),
    "wants_escalation": (sa.Boolean(), sa.false()),
    "agreed_text": (sa.Text(), ""),
}


def amendments_grow() -> None:
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        for name, (kind, default) in NEW_OF_AMENDMENTS.items():
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=default))
        batch_op.add_column(sa.Column("at_seconds", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("needs_word_of", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("word_given_by", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("word_given_at", Instant(timezone=True), nullable=True))
        batch_op.create_foreign_key(op.f("fk_amendments_word_given_by_people"), "people", ["word_given_by"], ["id"])
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        for name, (kind, _) in NEW_OF_AMENDMENTS.items():
            batch_op.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)
    op.create_table(
        "amendment_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("source_key", sa.String(length=250), nullable=True),
        sa.ForeignKeyConstraint(
            ["reference"], ["amendments.reference"], name=op.f("fk_amendment_events_reference_amendments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment_events")),
        sa.UniqueConstraint("source_key", name=op.f("uq_amendment_events_source_key")),
    )
    op.create_index(op.f("ix_amendment_events_reference"), "amendment_events", ["reference"])
    amendments = sa.table(
        "amendments", *(sa.column(name) for name in ("state", "line_ref", "about")), sa.column("late", sa.Boolean())
    )
    op.execute(amendments.update().where(amendments.c.state == "late").values(late=True))
    for letter, about in (("D", "decision"), ("A", "action"), ("V", "viewpoint"), ("P", "attendance")):
        named = amendments.c.line_ref.like(f"{letter}-__")
        op.execute(amendments.update().where(named).values(about=about))
    op.execute(
        "INSERT INTO amendment_events (reference, at, by, what, from_state, to_state, text, late) "
        "SELECT a.reference, a.received_at, p.name, 'received', '', a.state, '', a.late "
        "FROM amendments a JOIN people p ON p.id = a.requester_id ORDER BY a.number"
    )


def amendments_shrink() -> None:
    op.drop_index(op.f("ix_amendment_events_reference"), table_name="amendment_events")
    op.drop_table("amendment_events")
    with op.batch_alter_table("amendments", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_amendments_word_given_by_people"), type_="foreignkey")
        for name in ("word_given_at", "word_given_by", "needs_word_of", "at_seconds", *NEW_OF_AMENDMENTS):
            batch_op.drop_column(name)


def lists_and_notes_begin() -> None:
    op.create_table(
        "list_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("joined_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_list_entries_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_entries")),
        sa.UniqueConstraint("group_key", "person_id", "from_on", name=op.f("uq_list_entries_group_key")),
    )
    op.create_index(op.f("ix_list_entries_group_key"), "list_entries", ["group_key"])
    op.create_index(op.f("ix_list_entries_person_id"), "list_entries", ["person_id"])
    op.create_table(
        "action_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(timezone=True), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_action_notes_person_id_people")),
        sa.ForeignKeyConstraint(["reference"], ["actions.reference"], name=op.f("fk_action_notes_reference_actions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_notes")),
    )
    op.create_index(op.f("ix_action_notes_reference"), "action_notes", ["reference"])


def lists_and_notes_end() -> None:
    op.drop_table("action_notes")
    op.drop_table("list_entries")


def queries_and_escalations_begin() -> None:
    op.create_table(
        "queries",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=250), nullable=False),
        sa.Column("came_by", sa.String(length=20), nullable=False),
        sa.Column("asked_at", Instant(timezone=True), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.String(length=80), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("is_uncertain", sa.Boolean(), nullable=False),
        sa.Column("is_escalation", sa.Boolean(), nullable=False),
        sa.Column("for_a_person", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sent_to", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_queries_person_id_people")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_queries")),
        sa.UniqueConstraint("number", name=op.f("uq_queries_number")),
        sa.UniqueConstraint("source_key", name=op.f("uq_queries_source_key")),
    )
    op.create_index(op.f("ix_queries_person_id"), "queries", ["person_id"])
    op.create_index(op.f("ix_queries_state"), "queries", ["state"])
    op.create_table(
        "escalations",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=250), nullable=False),
        sa.Column("came_by", sa.String(length=20), nullable=False),
        sa.Column("raised_at", Instant(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("from_group", sa.String(length=40), nullable=False),
        sa.Column("to", sa.String(length=40), nullable=False),
        sa.Column("for_ofgem", sa.Boolean(), nullable=False),
        sa.Column("meeting_uid", sa.String(length=120), nullable=True),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("constituency", sa.String(length=200), nullable=True),
        sa.Column("decision_ref", sa.String(length=40), nullable=True),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_uid"], ["meetings.uid"], name=op.f("fk_escalations_meeting_uid_meetings")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_escalations_person_id_people")),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_escalations")),
        sa.UniqueConstraint("number", name=op.f("uq_escalations_number")),
        sa.UniqueConstraint("source_key", name=op.f("uq_escalations_source_key")),
    )
    op.create_index(op.f("ix_escalations_meeting_uid"), "escalations", ["meeting_uid"])
    op.create_index(op.f("ix_escalations_person_id"), "escalations", ["person_id"])
    op.create_index(op.f("ix_escalations_state"), "escalations", ["state"])


def queries_and_escalations_end() -> None:
    op.drop_table("escalations")
    op.drop_table("queries")


def upgrade() -> None:
    amendments_grow()
    lists_and_notes_begin()
    queries_and_escalations_begin()


def downgrade() -> None:
    queries_and_escalations_end()
    lists_and_notes_end()
    amendments_shrink()
