"""Speech: jobs, parts and speakers of recordings.

Revision ID: 0008
Revises: 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from bot.store.columns import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


RECORDINGS_SAY: dict[str, tuple[Any, str]] = {  # each with what the recordings on file before were
    "is_complete": (sa.Boolean(), "0"),
    "copy_sha256": (sa.String(length=64), ""),
    "copy_of": (sa.String(length=64), ""),
}
PARTS_SAY: dict[str, tuple[Any, str]] = {"number": (sa.Integer(), "0"), "of": (sa.Integer(), "0")}


def add_filled(table: str, columns: dict[str, tuple[Any, str]]) -> None:
    """Columns that may not be empty, with what the rows on file get."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        for name, (kind, default) in columns.items():
            value = sa.false() if default == "0" and isinstance(kind, sa.Boolean) else default
            batch_op.add_column(sa.Column(name, kind, nullable=False, server_default=value))
    with op.batch_alter_table(table, schema=None) as batch_op:
        for name, (kind, _) in columns.items():
            batch_op.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def recordings_come_in_parts() -> None:
    add_filled("recordings", RECORDINGS_SAY)
    add_filled("recording_parts", PARTS_SAY)
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seconds_left", sa.Double(), nullable=True))
    with op.batch_alter_table("recording_parts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("starts_at", Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("seconds", sa.Double(), nullable=True))
    op.create_table(
        "recording_exclusions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(length=40), nullable=False),
        sa.Column("part_id", sa.Integer(), nullable=True),
        sa.Column("from_seconds", sa.Double(), nullable=True),
        sa.Column("to_seconds", sa.Double(), nullable=True),
        sa.Column("from_at", Instant(timezone=True), nullable=True),
        sa.Column("to_at", Instant(timezone=True), nullable=True),
        sa.Column("asked_as", sa.String(length=100), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("made_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["part_id"], ["recording_parts.id"], name=op.f("fk_recording_exclusions_part_id_recording_parts")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_recording_exclusions_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_exclusions")),
    )
    with op.batch_alter_table("recording_exclusions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recording_exclusions_recording_id"), ["recording_id"], unique=False)


def recordings_come_whole() -> None:
    op.drop_table("recording_exclusions")
    with op.batch_alter_table("recording_parts", schema=None) as batch_op:
        for name in ("starts_at", "seconds", *PARTS_SAY):
            batch_op.drop_column(name)
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        for name in ("seconds_left", *RECORDINGS_SAY):
            batch_op.drop_column(name)


def files_are_fetched() -> None:
    op.create_table(
        "fetched_files",
        sa.Column("id", sa.String(length=400), nullable=False),
        sa.Column("recording_id", sa.String(length=40), nullable=False),
        sa.Column("fetched_at", Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_fetched_files_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetched_files")),
    )
    with op.batch_alter_table("fetched_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fetched_files_recording_id"), ["recording_id"], unique=False)


def upgrade() -> None:
    files_are_fetched()
    recordings_come_in_parts()


def downgrade() -> None:
    op.drop_table("fetched_files")
    recordings_come_whole()
