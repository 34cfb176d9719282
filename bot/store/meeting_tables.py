"""The tables of the meetings, and of what comes to one: apologies, papers, obligations met, change requests decided."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table


class MeetingRow(Table):
    __tablename__ = "meetings"
    __table_args__ = (Index("ix_meetings_group_starts", "group_key", "starts_at"),)

    uid: Mapped[str] = mapped_column(String(120), primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40))
    nominal_on: Mapped[date]
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    revision: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    proposals: Mapped[list[Any]] = mapped_column(default=list)  # ISO dates, best first
    called_at: Mapped[datetime | None]  # when a person set this date; clocks already past then are not attainable
    approved_by: Mapped[str] = mapped_column(String(200), default="")  # the Chair, of a meeting called at short notice
    announced_close_at: Mapped[datetime | None]  # honoured even when the next meeting is brought forward
    also_for: Mapped[list[Any]] = mapped_column(default=list)  # the groups that meet jointly with `group_key`


class ApologyRow(Table):
    """Somebody of a group's table cannot come to one meeting. No reason is asked or kept (rules §1)."""

    __tablename__ = "apologies"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # AP-001
    number: Mapped[int] = mapped_column(unique=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(200))
    alternate_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    alternate_named_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class ExpectedPaperRow(Table):
    """A paper that its author is to send for one meeting's pack."""

    __tablename__ = "expected_papers"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # PAP-001
    number: Mapped[int] = mapped_column(unique=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    title: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    expected_at: Mapped[datetime]  # when it was put on file
    expected_by: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime | None]
    received_by: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(Text, default="")
    withdrawn_at: Mapped[datetime | None]
    purpose: Mapped[str] = mapped_column(String(20), default="")  # decision | discussion | information
    note: Mapped[str] = mapped_column(Text, default="")  # what its author says of it
    file: Mapped[str] = mapped_column(Text, default="")  # "sha256:file name", where the file itself is kept
    is_item: Mapped[bool] = mapped_column(default=False)  # an item for the agenda; its paper may follow or not
    late: Mapped[bool] = mapped_column(default=False)  # it came after the pack's clock, or after the pack
    chair_says: Mapped[str] = mapped_column(String(20), default="")  # of a late one: taken | refused


class ObligationRow(Table):
    """An obligation that has been met: which clock of which meeting, when, by whom, and how."""

    __tablename__ = "obligations"

    # no foreign key: a change request may be decided on a day without a meeting, by correspondence or by Ofgem
    meeting_uid: Mapped[str] = mapped_column(String(120), primary_key=True)
    clock: Mapped[str] = mapped_column(String(80), primary_key=True)  # papers; or with a reference, action:PSG27-03
    done_at: Mapped[datetime]
    done_by: Mapped[str] = mapped_column(String(200))
    link: Mapped[str] = mapped_column(Text, default="")


class ChangeRequestRow(Table):
    """A change request that has been decided, and when the decision was communicated."""

    __tablename__ = "change_requests"

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40))
    decided_on: Mapped[date]
    communicated_at: Mapped[datetime | None] = mapped_column(index=True)
