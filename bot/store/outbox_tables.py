"""The tables of what goes out: notices, attempts to send them, and a person's word that they may go or must wait."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.store.columns import Table


class OutboxRow(Table):
    """A notice to one recipient, rendered when decided, with its life and its reason."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("meeting_uid", "meeting_revision", "clock", "step", "recipient"),
        Index("ix_outbox_state_next_try", "state", "next_try_at"),
        Index("ix_outbox_released_sent", "released_by", "sent_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(String(120), index=True)
    meeting_revision: Mapped[int]
    clock: Mapped[str] = mapped_column(String(80))
    step: Mapped[str] = mapped_column(String(80))
    recipient: Mapped[str] = mapped_column(String(300))
    recipient_name: Mapped[str] = mapped_column(String(200))
    group_key: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    in_reply_to: Mapped[str] = mapped_column(Text, default="")
    attachments: Mapped[list[Any]] = mapped_column(default=list)  # "sha256:file name"
    due_at: Mapped[datetime]
    not_after: Mapped[datetime | None]
    decided_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    state_reason: Mapped[str] = mapped_column(Text, default="")
    released_by: Mapped[str] = mapped_column(String(200), default="")
    next_try_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    claimed_by: Mapped[str] = mapped_column(String(80), default="")
    channel: Mapped[str] = mapped_column(String(20), default="")  # of the attempt now under way, or the last
    address: Mapped[str] = mapped_column(String(300), default="")
    tries: Mapped[int] = mapped_column(default=0)
    service_id: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")  # said above the text: that it comes late, and why
    told_in: Mapped[str | None] = mapped_column(String(40), index=True)  # the digest that carries it, and its fate
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"), index=True)
    offers: Mapped[list[Any]] = mapped_column(default=list)  # buttons: [label, action, value]

    attempts: Mapped[list[AttemptRow]] = relationship(order_by="AttemptRow.id")


class AttemptRow(Table):
    """One attempt at one channel, written before the service is called: a crash leaves it unanswered, never unseen."""

    __tablename__ = "outbox_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    outbox_id: Mapped[str] = mapped_column(ForeignKey("outbox.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(300))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    service_id: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str] = mapped_column(Text, default="")


class BrakeRow(Table):
    """Sending is stopped: for one group, or ("") for all."""

    __tablename__ = "brakes"

    group_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")


class ReleaseRow(Table):
    """A person's word that a batch of notices may go; summed up once the fate of each is known."""

    __tablename__ = "releases"

    id: Mapped[int] = mapped_column(primary_key=True)
    released_at: Mapped[datetime]
    released_by: Mapped[str] = mapped_column(String(200))  # by name
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    summed_up_at: Mapped[datetime | None] = mapped_column(index=True)
