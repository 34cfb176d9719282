"""The tables of the draft report: its versions, its edits and reviews, what the Chair said, what is confirmed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.store.columns import Table


class DraftRow(Table):
    """A draft headline report, versioned; working material."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("meeting_uid", "version"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    version: Mapped[int]
    transcript_id: Mapped[str | None] = mapped_column(ForeignKey("transcripts.id"))
    made_at: Mapped[datetime]
    content: Mapped[str] = mapped_column(Text)  # JSON, as `draft` in the documented formats
    document_sha256: Mapped[str] = mapped_column(String(64))
    edited_by: Mapped[str] = mapped_column(String(200), default="")  # whose edits are in it; empty: only the machine's

    lines: Mapped[list[DraftLineRow]] = relationship(order_by="DraftLineRow.position")


class DraftLineRow(Table):
    """One line of a draft: a decision, an action, a viewpoint, a RAID item, or a line of attendance."""

    __tablename__ = "draft_lines"
    __table_args__ = (UniqueConstraint("draft_id", "ref"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    position: Mapped[int]
    ref: Mapped[str] = mapped_column(String(20))  # D-01, A-01, V-01, R-01, P-01
    kind: Mapped[str] = mapped_column(String(20))  # decision | action | viewpoint | raid | attendance
    item: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    at_seconds: Mapped[float | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # outcome, owner, due, stance, evidence ...


class DraftReviewRow(Table):
    """A person of the PMO has read a draft against its evidence, and says that it may go to the Chair."""

    __tablename__ = "draft_reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))


class ReturnRow(Table):
    """An edited draft that was given back: recorded before it is read, and always in one named state."""

    __tablename__ = "returns"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # RT-001
    number: Mapped[int] = mapped_column(unique=True)
    source_key: Mapped[str] = mapped_column(String(300), unique=True)  # what a door brings twice is one return
    came_by: Mapped[str] = mapped_column(String(20))  # page | folder | mail | slack | command | drafting
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64), index=True)  # the kept file
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))  # None: nobody knows who
    answer_to: Mapped[str] = mapped_column(String(254), default="")  # who wrote; empty: nobody is answered
    thread: Mapped[str] = mapped_column(Text, default="")  # the Message-ID that is answered
    of_uid: Mapped[str | None] = mapped_column(ForeignKey("meetings.uid"))  # the meeting that it was given in for
    arrived_at: Mapped[datetime]
    read_at: Mapped[datetime | None] = mapped_column(index=True)
    meeting_uid: Mapped[str | None] = mapped_column(ForeignKey("meetings.uid"), index=True)
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))  # the draft that was edited
    found: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as bot.returns.Found, line by line
    state: Mapped[str] = mapped_column(String(20), index=True)  # bot.return_states.State
    reason: Mapped[str] = mapped_column(Text, default="")  # why it is refused or put aside
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as bot.returns.Decided
    taken_as: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))  # None: nothing was changed
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(200), default="")


class ClearanceRow(Table):
    """A draft report that was put to the Chair, and the answer."""

    __tablename__ = "clearances"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))
    with_chair_at: Mapped[datetime]
    with_chair_by: Mapped[str] = mapped_column(String(200))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(200), default="")
    subject_to_review: Mapped[bool] = mapped_column(default=False)
    answered_how: Mapped[str] = mapped_column(String(20), default="")  # told | mail | word; "" where nobody noted it
    cleared_draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))  # None: the one that was sent
    held_at: Mapped[datetime | None]  # the PMO holds it until the Chair answers
    held_by: Mapped[str] = mapped_column(String(200), default="")
    held_reason: Mapped[str] = mapped_column(Text, default="")


class ConfirmationRow(Table):
    """One decision's outcome, confirmed by a named person; it holds for exactly these words (rules §4)."""

    __tablename__ = "confirmations"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))  # in which it was read
    draft_ref: Mapped[str] = mapped_column(String(20))  # D-01
    outcome: Mapped[str] = mapped_column(String(30))
    text: Mapped[str] = mapped_column(Text)
    how: Mapped[str] = mapped_column(String(20))  # listened | attended
    by_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
