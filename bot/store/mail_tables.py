"""The tables of the mailbox: what came in, and what is proposed about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.columns import Table


class InboxRow(Table):
    """A message that came in: recorded before anything is done about it, and always in one named state."""

    __tablename__ = "inbox"

    __table_args__ = (
        UniqueConstraint("mailbox", "service_id"),
        Index("ix_inbox_queue", "mailbox", "lies_in", "state", "received_at", "arrived_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # made from the mailbox and the first service_id
    mailbox: Mapped[str] = mapped_column(String(80), default="")  # its key in the configuration
    service_id: Mapped[str | None] = mapped_column(Text)  # what the mailbox knows it by
    message_id: Mapped[str] = mapped_column(String(250), index=True, default="")
    conversation: Mapped[str] = mapped_column(String(250), default="")
    file_name: Mapped[str] = mapped_column(String(255))  # what a person knows it by: the file's name, or the subject
    received_at: Mapped[datetime | None]  # by the mailbox
    arrived_at: Mapped[datetime]  # recorded here
    size: Mapped[int | None]  # bytes
    content_sha256: Mapped[str] = mapped_column(String(64), index=True, default="")  # its MIME source, kept
    sender: Mapped[str] = mapped_column(String(254), index=True, default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(20))  # arrived | done | needs_a_person | ignored
    finding: Mapped[str] = mapped_column(String(40), default="")  # a What, or unknown_sender, refused ...
    reason: Mapped[str] = mapped_column(Text, default="")
    own_words: Mapped[str] = mapped_column(Text, default="")
    cut: Mapped[str] = mapped_column(Text, default="")  # what was left out of them
    led_to: Mapped[str] = mapped_column(String(60), default="")  # AM-001
    lies_in: Mapped[str] = mapped_column(String(20), default="inbox")  # inbox | the folder of a state | elsewhere
    moved_at: Mapped[datetime | None]


class MailboxCursorRow(Table):
    """How far a mailbox has been read: whatever came up to there is on file in `inbox`."""

    __tablename__ = "mailbox_cursors"

    mailbox: Mapped[str] = mapped_column(String(80), primary_key=True)
    cursor: Mapped[str] = mapped_column(Text)  # the reader's own: nobody else reads it
    read_at: Mapped[datetime]


class MailProposalRow(Table):
    """One matter of a message: what would be done, or was, with what, why, and on whose word."""

    __tablename__ = "mail_proposals"
    __table_args__ = (UniqueConstraint("inbox_id", "action", "part"),)

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # M-001
    number: Mapped[int] = mapped_column(unique=True)
    inbox_id: Mapped[str] = mapped_column(ForeignKey("inbox.id"), index=True)
    part: Mapped[int]  # the matters of one mail, from 1
    action: Mapped[str] = mapped_column(String(30))  # amendment | apology | send_on ...
    summary: Mapped[str] = mapped_column(Text)  # what would be done, in a sentence
    reason: Mapped[str] = mapped_column(Text)  # why the mail is taken for that
    waits_for: Mapped[str] = mapped_column(Text, default="")  # why a person was asked
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))  # in whose name
    answer_to: Mapped[str] = mapped_column(String(254), default="")  # empty: nobody is answered
    values: Mapped[dict[str, Any]]
    inverse: Mapped[dict[str, Any]]  # what undoing it needs
    state: Mapped[str] = mapped_column(String(20), index=True)  # bot.mail_proposals.State
    note: Mapped[str] = mapped_column(Text, default="")  # why it was decided so
    led_to: Mapped[str] = mapped_column(String(60), default="")  # AM-001
    times_done: Mapped[int] = mapped_column(default=0)
    proposed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(200), default="")


class AcceptedSenderRow(Table):
    """An address whose mail the PMO takes for its owner's without the mail server's word, until a day."""

    __tablename__ = "accepted_senders"

    address: Mapped[str] = mapped_column(String(254), primary_key=True)  # in lower case
    until_on: Mapped[date]  # the last day
    accepted_at: Mapped[datetime]
    accepted_by: Mapped[str] = mapped_column(String(200))
