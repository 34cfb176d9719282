"""The tables of the people: how each is reached, which seats they hold, on which open lists they are."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.store.columns import Table


class PersonRow(Table):
    """One identity; addresses and Slack ids hang on it."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    organisation: Mapped[str] = mapped_column(String(200), default="")

    emails: Mapped[list[EmailRow]] = relationship(back_populates="person", order_by="EmailRow.position")
    slack_ids: Mapped[list[SlackIdRow]] = relationship(back_populates="person", order_by="SlackIdRow.position")


class EmailRow(Table):
    __tablename__ = "person_emails"

    address: Mapped[str] = mapped_column(String(254), primary_key=True)  # in lower case
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)  # mail goes to the first that has not bounced
    bounced_at: Mapped[datetime | None]
    bounce_reason: Mapped[str] = mapped_column(Text, default="")

    person: Mapped[PersonRow] = relationship(back_populates="emails")


class SlackIdRow(Table):
    __tablename__ = "person_slack_ids"

    slack_user_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)

    person: Mapped[PersonRow] = relationship(back_populates="slack_ids")


class PersonOptionRow(Table):
    """A reminder that a person has chosen to hear, of those that nobody hears otherwise (`opt_in` in the ladder)."""

    __tablename__ = "person_options"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(80), primary_key=True)


class SeatHoldingRow(Table):
    """Who holds which seat, from when to when; an alternate names the person stood in for."""

    __tablename__ = "seat_holdings"
    __table_args__ = (UniqueConstraint("person_id", "group_key", "seat", "role", "from_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    group_key: Mapped[str] = mapped_column(String(40), index=True, default="")  # "": the whole programme
    seat: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[str] = mapped_column(String(40))
    constituency: Mapped[str | None] = mapped_column(String(200))
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    alternate_for: Mapped[str | None] = mapped_column(String(200))

    person: Mapped[PersonRow] = relationship()


class ListEntryRow(Table):
    """Who is on an open group's list, from when to when. Nobody on it holds a seat."""

    __tablename__ = "list_entries"
    __table_args__ = (UniqueConstraint("group_key", "person_id", "from_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]  # the last whole day on it; before `from_on` where they left on the day they joined
    joined_at: Mapped[datetime]
