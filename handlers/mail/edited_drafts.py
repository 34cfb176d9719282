"""Draft reports that come back with a mail, edited in Word: known by their identifier, kept, and read line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from bot import access, members, returns, triage
from bot.clock import LONDON
from bot.document_ids import group_and_day, is_draft
from bot.errors import SecretariatError
from bot.members import PMO_ROLES
from bot.model import Person
from bot.return_states import Door, State
from bot.returns import Brought
from handlers.mail.clearing import CLEARS, PLEASANTRY, sentences_of
from handlers.mail.findings import NOBODY_ANSWERS, Finding, What
from handlers.mail.known import Known
from handlers.mail.marked_reports import COVER
from handlers.mail.orders import Done, Order, Work
from handlers.mail.reading import ReadMail, read_mail

ALONE = (What.FOR_A_PERSON, What.UNCLEAR)  # a mail's words as a whole
WORD = re.compile(r"[^\W\d_]+")
BRINGING = re.compile(
    r"a|again|all|amendments|and|are|as|at|attached|back|below|both|chair|changed|changes|clean|clear|cleared|comments"
    r"|corrected|corrections|dear|document|draft|edited|edits|enclosed|few|file|find|for|from|good|have|headline|hello"
    r"|here|herewith|hi|i|in|is|it|marked|me|meeting|minor|morning|afternoon|my|of|on|our|please|report|returned"
    r"|reviewed|see|shown|small|some|sro|subject|suggested|team|that|the|these|this|to|track|tracked|up|version|with"
    r"|word|you|your"
)
"""The words of which a covering note is made; who uses others has said something to a person."""
OF_THE_DRAFT = re.compile(r"\b(draft|edit(s|ed|ing)?|report|cleared?|version|happy with|fine with)\b", re.IGNORECASE)


def edited_drafts(mail: ReadMail, known: Known) -> list[Finding]:
    """The edited drafts among the files of a mail. Those of the PMO and the Chair are taken for reading at once."""
    files = [file for file in mail.files if is_draft(file.document_id)]
    return [_finding(file.name, file.document_id, known) for file in files]


def _finding(name: str, identifier: str, known: Known) -> Finding:
    group, day = group_and_day(identifier)
    reason = f"{name} is the draft {identifier}, given back."
    theirs = _of_pmo(known) or access.chairs(known.seats, group)
    if not theirs:
        reason += " Only the PMO and the Chair edit drafts: a person should look."
    on = date.fromisoformat(day)
    return Finding(What.EDITED_DRAFT, reason, certain=theirs, group=group, on=on, files=(name,))


def without_drafts(mail: ReadMail, edited: Sequence[Finding]) -> ReadMail:
    """The mail without the files that are edited drafts."""
    names = {name for one in edited for name in one.files}
    return replace(mail, files=tuple(file for file in mail.files if file.name not in names)) if names else mail


def with_drafts(mail: ReadMail, known: Known, said: Sequence[Finding], edited: Sequence[Finding]) -> list[Finding]:
    """What a mail's text brings and the drafts, numbered anew; a covering note brings nothing of its own.

    No person need answer a Chair's mail that only brings the draft (rules §4): it is read, and its Chair not answered.
    """
    if not edited or any(one.what in NOBODY_ANSWERS for one in said):
        return list(said)
    is_chairs = not _of_pmo(known) and any(one.certain for one in edited)
    left_out = ALONE if _only_brings(mail, known, edited) else ()
    beside = [_beside(one) for one in said if one.what not in left_out and not _covers(one, is_chairs)]
    return [replace(one, part=number) for number, one in enumerate([*beside, *edited], start=1)]


def _only_brings(mail: ReadMail, known: Known, edited: Sequence[Finding]) -> bool:
    """Whether a mail says nothing but that drafts come with it, which are its writer's to edit.

    What is for a person by its words or its address stays so; then it does not matter whose seat it comes from.
    """
    names = {word for person in known.people for word in WORD.findall(person.name.casefold())}
    groups = {word for key in known.config.groups for word in WORD.findall(key.casefold())}
    beyond = [
        word
        for said in sentences_of(mail, known)
        if not (CLEARS.fullmatch(said) or PLEASANTRY.fullmatch(said))
        for word in WORD.findall(said.casefold())
        if word not in names | groups and not BRINGING.fullmatch(word)
    ]
    by_words = triage.kind_for_a_person(f"{mail.subject}\n{mail.own_words}", known.config, address=mail.sender)
    return not beyond and by_words is None and all(one.certain for one in edited)


def _covers(one: Finding, is_chairs: bool) -> bool:
    """What speaks of the draft is its cover; but what a Chair says of it, a person reads."""
    words = one.words.strip()
    points = COVER.search(words) or OF_THE_DRAFT.search(words)
    if one.what is What.CLEARANCE:  # "cleared with my changes": it is, once they are taken in
        return True
    return not words or (one.what is What.UNCLEAR and points is not None and not is_chairs)


def _of_pmo(known: Known) -> bool:
    return any(seat.role in PMO_ROLES for seat in known.seats)


def _beside(one: Finding) -> Finding:
    """A change that is asked for in the text may be one that the document makes."""
    if one.what is not What.AMENDMENT:
        return one
    return replace(one, certain=False, reason=f"{one.reason} But an edited draft comes with it.")


def give_back(work: Work, order: Order) -> Done:
    """Put the file on file, to be read line by line. Of the PMO, who wrote hears what was found, where it is theirs.

    No machine answers the Chair or the SRO (rules §7): the PMO is told in their place. What came from anybody who does
    not edit drafts is given back by whoever of the PMO accepts it.
    """
    giver = order.whose if order.finding.certain else order.by or order.whose
    today = order.now.astimezone(LONDON).date()
    is_answered = order.by is None and members.is_pmo(work.session, giver.id, today)
    row = returns.receive(
        work.session,
        Brought(
            _kept(work, order), order.finding.files[0], Door.MAIL, order.part_key, giver,
            answer_to=order.message.sender if is_answered else "", thread=order.message.message_id,
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
