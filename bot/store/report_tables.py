"""The tables of issued reports: what each put on file, and its further life."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table


class ReportRow(Table):
    """An issued revision of a headline report. Frozen: nothing in it is ever changed (house §4.7)."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("meeting_uid", "revision"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    revision: Mapped[int]
    reference: Mapped[str] = mapped_column(String(60), index=True)  # PSG-2026-11-04
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    snapshot: Mapped[str] = mapped_column(Text)  # JSON of everything that the document was rendered from
    snapshot_sha256: Mapped[str] = mapped_column(String(64))
    document_sha256: Mapped[str] = mapped_column(String(64))
    supersedes: Mapped[str | None] = mapped_column(ForeignKey("reports.id"))
    kind: Mapped[str] = mapped_column(String(20), default="issued")  # issued | amended | supplementary | erratum
    reason: Mapped[str] = mapped_column(Text, default="")  # of an erratum
    redline_sha256: Mapped[str] = mapped_column(String(64), default="")  # the changes from the one superseded, tracked


class DecisionRow(Table):
    __tablename__ = "decisions"

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)  # PSG-DEC41
    group_key: Mapped[str] = mapped_column(String(40), index=True)
    number: Mapped[int]
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id"))
    draft_ref: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(30))
    reached_by: Mapped[str | None] = mapped_column(String(30))
    at_seconds: Mapped[float | None]
    confirmed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))


class ActionRow(Table):
    __tablename__ = "actions"

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)  # PSG27-03
    group_key: Mapped[str] = mapped_column(String(40), index=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id"))
    draft_ref: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text, default="")  # a seat, an organisation or a person
    due: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(20), default="open")
    at_seconds: Mapped[float | None]


class ActionNoteRow(Table):
    """What an action's owner, or the PMO, says of where it stands."""

    __tablename__ = "action_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(ForeignKey("actions.reference"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str] = mapped_column(Text)


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
