"""Draft reports that come back with a mail, edited in Word: known by their identifier, kept, and read line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from bot import returns
from bot.document_ids import group_and_day, is_draft
from bot.errors import SecretariatError
from bot.members import PMO_ROLES
from bot.model import Person
from bot.returns import Brought, Door, State
from handlers.mail.findings import NOBODY_ANSWERS, Finding, What
from handlers.mail.known import Known
from handlers.mail.marked_reports import COVER
from handlers.mail.orders import Done, Order, Work
from handlers.mail.reading import ReadMail, read_mail

OF_THE_DRAFT = re.compile(r"\b(draft|edit(s|ed|ing)?|report|cleared?|version|happy with|fine with)\b", re.IGNORECASE)


def edited_drafts(mail: ReadMail, known: Known) -> list[Finding]:
    """The edited drafts among the files of a mail. Those of the PMO and the Chair are taken for reading at once."""
    files = [file for file in mail.files if is_draft(file.document_id)]
    return [_finding(file.name, file.document_id, known) for file in files]


def _finding(name: str, identifier: str, known: Known) -> Finding:
    group, day = group_and_day(identifier)
    reason = f"{name} is the draft {identifier}, given back."
    theirs = any(seat.role in PMO_ROLES or (seat.role == "chair" and seat.group == group) for seat in known.seats)
    if not theirs:
        reason += " Only the PMO and the Chair edit drafts: a person should look."
    on = date.fromisoformat(day)
    return Finding(What.EDITED_DRAFT, reason, certain=theirs, group=group, on=on, files=(name,))


def without_drafts(mail: ReadMail, edited: Sequence[Finding]) -> ReadMail:
    """The mail without the files that are edited drafts."""
    names = {name for one in edited for name in one.files}
    return replace(mail, files=tuple(file for file in mail.files if file.name not in names)) if names else mail


def with_drafts(said: Sequence[Finding], edited: Sequence[Finding]) -> list[Finding]:
    """What a mail's text brings and the drafts, numbered anew; a covering note brings nothing of its own."""
    if not edited or any(one.what in NOBODY_ANSWERS for one in said):
        return list(said)
    beside = [_beside(one) for one in said if not _covers(one)]
    return [replace(one, part=number) for number, one in enumerate([*beside, *edited], start=1)]


def _covers(one: Finding) -> bool:
    words = one.words.strip()
    points = COVER.search(words) or OF_THE_DRAFT.search(words)
    if one.what is What.CLEARANCE:  # "cleared with my changes": it is, once they are taken in
        return True
    return not words or (one.what is What.UNCLEAR and points is not None)


def _beside(one: Finding) -> Finding:
    """A change that is asked for in the text may be one that the document makes."""
    if one.what is not What.AMENDMENT:
        return one
    return replace(one, certain=False, reason=f"{one.reason} But an edited draft comes with it.")


def give_back(work: Work, order: Order) -> Done:
    """Put the file on file, to be read line by line. Who wrote hears what was found, where the mail is theirs.

    What came from anybody who does not edit drafts is given back by whoever of the PMO accepts it.
    """
    giver = order.whose if order.finding.certain else order.by or order.whose
    row = returns.receive(
        work.session,
        Brought(
            _kept(work, order), order.finding.files[0], Door.MAIL, order.part_key, giver,
            answer_to="" if order.by else order.message.sender, thread=order.message.message_id,
        ),
        order.now,
    )  # fmt: skip
    said = f"{row.file_name} is kept as {row.reference}, and read line by line; it waits for the PMO."
    return Done(row.reference, said, {"return": row.reference})


def _kept(work: Work, order: Order) -> str:
    """The file, kept by itself. What is wrong with it is said once it is read."""
    files, name = work.announcer.files, order.finding.files[0] if order.finding.files else ""
    if files is None or not order.message.content_sha256:
        raise SecretariatError("The message is not kept here.", hint="Give the document in on the page.")
    mail = read_mail(files.path(order.message.content_sha256).read_bytes())
    found = next((file for file in mail.files if file.name == name), None)
    if found is None:
        raise SecretariatError(f"No file {name or 'at all'} came.", hint="See the message itself.")
    return files.put(found.content)


def take_back_draft(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """It is put aside. Raises SecretariatError where it was taken in since."""
    row = returns.named(work.session, inverse["return"])
    if row.state != State.REFUSED:
        returns.put_aside(work.session, row, by=by, now=now, reason="Taken for an edited draft by mistake.")
