"""Letters about a query or an escalation: from the PMO's texts, by its reference, into the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import outbox
from bot.config import Config
from bot.config_words import NoticeKind
from bot.model import Notice, Person
from bot.wording import render

USEFUL_FOR = timedelta(days=28)


@dataclass(frozen=True)
class Letter:
    """One message to several recipients: the template and its values, and what makes it one notice.

    `about` is the reference that it is about, in place of a meeting; `group` is whose dial and brake it is under.
    """

    about: str
    clock: str
    step: str
    template: str
    values: Mapping[str, object]
    group: str
    kind: NoticeKind
    why: str
    not_after: datetime | None = None
    attachments: tuple[str, ...] = ()  # "sha256:name.docx"


def send(
    session: Session,
    config: Config,
    letter: Letter,
    to: Iterable[Person | str],
    now: datetime,
    *,
    released_by: str = "",
) -> None:
    """Put it into the outbox for each: a person, or a mailbox's address. Put there again, it is the same notice."""
    dial = config.dial_for(letter.kind, letter.group)
    for recipient in to:
        if isinstance(recipient, str):
            name, where, greeted = recipient, f"address:{recipient}", ""
        else:
            name, where, greeted = recipient.name, recipient.id, recipient.name
        values = {**letter.values, "name": greeted}
        subject, text = render(config.paths.templates, letter.template, values)
        notice = Notice(
            meeting_uid=letter.about, meeting_revision=0, clock=letter.clock, step=letter.step, recipient=where,
            group=letter.group, kind=letter.kind, subject=subject, text=text, why=letter.why, due_at=now,
            not_after=letter.not_after or now + USEFUL_FOR, attachments=letter.attachments,
        )  # fmt: skip
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=name, released_by=released_by)
