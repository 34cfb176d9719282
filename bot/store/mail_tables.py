"""The tables of the mailbox: what came in, and what is proposed about it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table


class InboxRow(Table):
    """A message that came in: recorded before anything is done about it, and always in one named state."""

    __tablename__ = "inbox"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the message as it came
    message_id: Mapped[str] = mapped_column(String(250), index=True, default="")
    file_name: Mapped[str] = mapped_column(String(255))
    arrived_at: Mapped[datetime]
    sender: Mapped[str] = mapped_column(String(254), default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(20))  # arrived | done | needs_a_person | ignored
    finding: Mapped[str] = mapped_column(String(40), default="")  # amendment_request | automatic_reply | unreadable ...
    reason: Mapped[str] = mapped_column(Text, default="")
    own_words: Mapped[str] = mapped_column(Text, default="")
    led_to: Mapped[str] = mapped_column(String(60), default="")  # AM-001
