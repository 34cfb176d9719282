"""The tables of the Slack app: what has been acted on already, and what was marked live in a meeting."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table


class SlackActRow(Table):
    """Something that Slack brought (a command, a click, a modal, an event) and that was acted on: once is enough."""

    __tablename__ = "slack_acts"

    key: Mapped[str] = mapped_column(String(250), primary_key=True)
    at: Mapped[datetime]


class LiveMarkRow(Table):
    """An instant of a meeting that somebody marked while it went on (a reaction, or `mark`): it helps the draft."""

    __tablename__ = "live_marks"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_key: Mapped[str] = mapped_column(String(250), unique=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))  # decision | action
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    withdrawn_at: Mapped[datetime | None]


class SlackHomeRow(Table):
    """Somebody who has opened the home tab, and what it showed last: it is shown again when that has changed."""

    __tablename__ = "slack_homes"

    slack_user_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    opened_at: Mapped[datetime] = mapped_column(index=True)
    shown_sha256: Mapped[str] = mapped_column(String(64), default="")
