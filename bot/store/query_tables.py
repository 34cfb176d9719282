"""The tables of general queries, and of the concerns that are escalated instead."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table


class QueryRow(Table):
    """A general query: where it is proposed to go, where it went; or that a person alone answers it, until when."""

    __tablename__ = "queries"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    source_key: Mapped[str] = mapped_column(String(250), unique=True)  # one message is one query
    came_by: Mapped[str] = mapped_column(String(20))  # slack | mail | command
    asked_at: Mapped[datetime]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)  # None: nobody on file
    address: Mapped[str] = mapped_column(String(254), default="")  # that it came from, by mail
    text: Mapped[str] = mapped_column(Text)
    mailbox: Mapped[str] = mapped_column(String(80))  # the proposal
    group_key: Mapped[str] = mapped_column(String(40), default="")
    because: Mapped[str] = mapped_column(Text)
    is_uncertain: Mapped[bool] = mapped_column(default=False)
    is_escalation: Mapped[bool] = mapped_column(default=False)
    for_a_person: Mapped[str] = mapped_column(Text, default="")  # why no machine answers it
    due_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(20), index=True)
    sent_to: Mapped[str] = mapped_column(String(80), default="")  # the mailbox it was passed on to


class EscalationRow(Table):
    """A concern on its way up the governance, or to the IPA: from what, to whom, by which meeting, and why."""

    __tablename__ = "escalations"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # ESC-001
    number: Mapped[int] = mapped_column(unique=True)
    source_key: Mapped[str] = mapped_column(String(250), unique=True)
    came_by: Mapped[str] = mapped_column(String(20))  # slack | mail | command
    raised_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))  # decision | appeal | informal
    from_group: Mapped[str] = mapped_column(String(40))
    to: Mapped[str] = mapped_column(String(40))  # a group's key, or IPA
    for_ofgem: Mapped[bool] = mapped_column(default=False)  # the party holds Ofgem's thresholds to be met
    meeting_uid: Mapped[str | None] = mapped_column(ForeignKey("meetings.uid"), index=True)
    is_late: Mapped[bool] = mapped_column(default=False)  # a late paper there, with the Chair's consent
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    constituency: Mapped[str | None] = mapped_column(String(200))
    decision_ref: Mapped[str | None] = mapped_column(String(40))
    context: Mapped[str] = mapped_column(Text)
    rationale: Mapped[str] = mapped_column(Text)
    impact: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), index=True)
    state_reason: Mapped[str] = mapped_column(Text, default="")
