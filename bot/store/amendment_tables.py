"""The tables of the requests to amend: what was asked, what became of it, and the documents that asked it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.store.columns import Table


class AmendmentRow(Table):
    """A request to amend a headline report, a decision or an action. Never dropped, never edited."""

    __tablename__ = "amendments"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # AM-001
    number: Mapped[int] = mapped_column(unique=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    line_ref: Mapped[str | None] = mapped_column(String(40))
    requester_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    constituency: Mapped[str | None] = mapped_column(String(200))
    came_by: Mapped[str] = mapped_column(String(20))  # slack | mail
    source_key: Mapped[str] = mapped_column(
        String(250), unique=True
    )  # one message is one request, however often it comes
    received_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]  # the closing instant that the requester was told
    late: Mapped[bool] = mapped_column(default=False)  # it came after the closing, whatever its state is now
    state: Mapped[str] = mapped_column(String(20))  # bot.amendments.State
    kind: Mapped[str] = mapped_column(String(20), default="record")  # record | note | disagreement | no_comments
    about: Mapped[str] = mapped_column(
        String(20), default="other"
    )  # decision | action | viewpoint | attendance | other
    present_text: Mapped[str] = mapped_column(Text, default="")
    proposed_text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")  # the requester's
    at_seconds: Mapped[float | None]  # of the line, in the recording
    evidence: Mapped[list[Any]] = mapped_column(default=list)  # {"segment", "quote", "at"}; working material
    wants_escalation: Mapped[bool] = mapped_column(default=False)
    needs_word_of: Mapped[str | None] = mapped_column(String(200))  # the constituency whose recorded view it changes
    word_given_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    word_given_at: Mapped[datetime | None]
    agreed_text: Mapped[str] = mapped_column(Text, default="")  # what the report is to say; empty until accepted
    carried_by: Mapped[str | None] = mapped_column(ForeignKey("reports.id"))  # the revision that tells its fate
    in_words: Mapped[bool] = mapped_column(default=False)  # it says what is wrong, not how the line shall read
    cell: Mapped[str] = mapped_column(String(20), default="")  # bot.report_cells.Cell; empty: the line's words

    events: Mapped[list[AmendmentEventRow]] = relationship(order_by="AmendmentEventRow.id")


class AmendmentEventRow(Table):
    """What happened to a request: it came, changed its state, was added to, or was given a representative's word."""

    __tablename__ = "amendment_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(ForeignKey("amendments.reference"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(String(20))  # received | state | addition | word
    from_state: Mapped[str] = mapped_column(String(20), default="")
    to_state: Mapped[str] = mapped_column(String(20), default="")
    text: Mapped[str] = mapped_column(Text, default="")  # the reason, or what was added
    late: Mapped[bool] = mapped_column(default=False)  # an addition after the closing
    source_key: Mapped[str | None] = mapped_column(String(250), unique=True)  # of the message that added something


class MarkedDocumentRow(Table):
    """An issued report that came back marked up: the kept file, and each line that somebody asks to have otherwise."""

    __tablename__ = "marked_documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_key: Mapped[str] = mapped_column(String(250), unique=True)  # one document of one sender is read once
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    sender_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    came_by: Mapped[str] = mapped_column(String(20))  # slack | mail | page | command
    came_at: Mapped[datetime]
    report_id: Mapped[str | None] = mapped_column(ForeignKey("reports.id"))  # None: nothing of it could be read
    lines: Mapped[list[Any]] = mapped_column(default=list)  # bot.marked_requests.Marked, with what became of each
    notes: Mapped[list[Any]] = mapped_column(default=list)  # what is worth a person's knowing, a sentence each
    waits: Mapped[bool] = mapped_column(default=False, index=True)  # for a person, with a line or as a whole
    refused: Mapped[str] = mapped_column(Text, default="")  # why nothing of it could be taken
