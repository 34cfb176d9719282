"""The tables of issued reports' further life: revisions made ready, and messages that an older revision went by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
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
