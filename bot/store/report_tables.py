"""The tables of issued reports' further life: revisions made ready, and messages that an older revision went by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table


class ReissueRow(Table):
    """An amended report made ready for a person's release: what it carries, and the documents to look at."""

    __tablename__ = "reissues"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    base_id: Mapped[str] = mapped_column(ForeignKey("reports.id"))  # the revision that it amends
    kind: Mapped[str] = mapped_column(String(20))  # amended | supplementary
    requests: Mapped[list[Any]] = mapped_column(default=list)  # the requests in it, by reference
    prepared_at: Mapped[datetime]
    conflicts: Mapped[list[Any]] = mapped_column(default=list)  # lines of which a person must say what they shall say
    document_sha256: Mapped[str] = mapped_column(String(64), default="")  # empty where there are conflicts
    redline_sha256: Mapped[str] = mapped_column(String(64), default="")


class SupersededMessageRow(Table):
    """A Slack message by which an older revision went: it is to say so, and which revision took its place."""

    __tablename__ = "superseded_messages"

    outbox_id: Mapped[str] = mapped_column(ForeignKey("outbox.id"), primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id"))  # the revision that took its place
    next_try_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")


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


class DraftReviewRow(Table):
    """A person of the PMO has read a draft against its evidence, and says that it may go to the Chair."""

    __tablename__ = "draft_reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))


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


class ReportCopyRow(Table):
    """A file of an issued revision on its way: a PDF to be made, a document to be published, later marked as old."""

    __tablename__ = "report_copies"
    __table_args__ = (UniqueConstraint("report_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id"))
    kind: Mapped[str] = mapped_column(String(20))  # docx | pdf
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), default="")  # empty until it is made
    state: Mapped[str] = mapped_column(String(20), index=True)  # bot.report_copies.CopyState
    next_try_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    place_id: Mapped[str] = mapped_column(Text, default="")  # the place's own name for it
    link: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime | None]
    marked_at: Mapped[datetime | None]  # as superseded, where it is published


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
    state: Mapped[str] = mapped_column(String(20), index=True)  # bot.returns.State
    reason: Mapped[str] = mapped_column(Text, default="")  # why it is refused or put aside
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as bot.returns.Decided
    taken_as: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))  # None: nothing was changed
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str] = mapped_column(String(200), default="")
