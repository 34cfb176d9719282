"""What a mail says of a meeting to come: apologies and alternates, papers, items for the agenda; and taking it back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session

from bot import apologies, inverses, meetings, papers
from bot.clock import spoken
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting, Person
from bot.papers import Sent
from bot.store.meeting_tables import ExpectedPaperRow
from handlers.mail.orders import Done, Order, Work
from schedules.submissions import submit


def apologise(work: Work, order: Order) -> Done:
    """Put an apology on file, with the alternate where one is named whom we can reach. No reason is kept."""
    person, meeting, session = order.whose, work.meeting_of(order.finding), work.session
    written, address = _as_written(order.finding.who)
    alternate = _alternate(session, written, address)
    before = _standing(session, meeting)
    found = apologies.record(session, meeting, person, by=order.on_the_word_of, now=order.now, alternate=alternate)
    values = {
        "reference": found.reference,
        "name": person.name,
        "meeting": f"{meeting.known_as} on {spoken(meeting.starts_at)}",
        "alternate": (written or address or found.alternate.name) if found.alternate else "",
        "unknown": order.finding.who if order.finding.who and alternate is None else "",
        "until": spoken(meeting.starts_at),
    }
    who = f"; {found.alternate.name} comes instead" if found.alternate else ""
    return Done(
        found.reference,
        f"Apologies from {person.name} for {values['meeting']}, recorded as {found.reference}{who}.",
        {"uid": meeting.uid, "before": before, "after": _standing(session, meeting)},
        work.receipt("receipt_apology.txt", values, meeting),
    )


def _as_written(who: str) -> tuple[str, str]:
    """(name, address) of 'Jane Roe <jane@example.org>', of either alone, or of nobody."""
    return parseaddr(who) if "@" in who else (who.strip(), "")


def _alternate(session: Session, name: str, address: str) -> Person | None:
    """Who is meant; None where nobody is named, or nobody on file has that whole name and no address is given.

    The receipt has them as written: nobody learns a name from an address, or from a part of the name.
    """
    try:
        found = apologies.whom(session, name or address, address) if name or address else None
    except UnknownThing:
        return None
    return found if found is None or address or found.name.casefold() == name.casefold() else None


def _standing(session: Session, meeting: Meeting) -> dict[str, str]:
    found = apologies.of_meeting(session, meeting.uid)
    return {apology.person.id: apology.alternate.id if apology.alternate else "" for apology in found}


def take_back_apology(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """The apologies of that meeting are as they were. Raises SecretariatError where they were changed since."""
    meeting = meetings.by_uid(work.session, inverse["uid"])
    if meeting:
        inverses.restore_apologies(work.session, meeting, inverse["before"], inverse["after"], by=by, now=now)


def take_paper(work: Work, order: Order) -> Done:
    """Take the papers that came, as from Slack: the secretary is told, a late one is put to the Chair, on release.

    The machine takes only those expected from whoever wrote; a person may take any.
    """
    meeting = work.meeting_of(order.finding)
    if not order.finding.files:
        raise SecretariatError("No file came with it that may be taken.", hint="See the message on the page.")
    return _submitted(work, order, meeting, list(_papers(work, order, meeting)), "receipt_paper.txt")


def _papers(work: Work, order: Order, meeting: Meeting) -> Iterator[Sent]:
    """Each file as what is submitted: as the paper expected that it is, or as another one."""
    mine = [row for row in papers.of_meeting(work.session, meeting.uid) if row.author_id == order.whose.id]
    for name in order.finding.files:
        row = _meant(
            [paper for paper in mine if paper.received_at is None] or mine, name, len(order.finding.files) == 1
        )
        if row is None and order.by is None:
            said = f"{name} is no paper expected from {order.whose.name} for {meeting.known_as}."
            raise SecretariatError(said, hint="A person decides.")
        mine = [other for other in mine if other is not row]
        title, reference = ("", row.reference) if row else (_title(name), "")
        yield Sent(title, reference, file=work.kept_file(order.message, name), link=_link(work, order, name))


def _link(work: Work, order: Order, name: str) -> str:
    return f"{work.announcer.page()}/mailbox/{order.message.id}/files/{quote(name)}"


def agenda_item(work: Work, order: Order) -> Done:
    """Take an item for the agenda, with its paper where one came. A person takes it."""
    if order.by is None:
        raise SecretariatError("An item for the agenda is taken by a person.", hint="Accept it, or change it first.")
    meeting, finding = work.meeting_of(order.finding), order.finding
    lines = (finding.proposed_text or finding.words or order.message.subject).strip().splitlines() or [""]
    name = finding.files[0] if finding.files else ""
    file, link = (work.kept_file(order.message, name), _link(work, order, name)) if name else ("", "")
    note = "\n".join(lines[1:]).strip()[: papers.LONGEST_NOTE]
    sent = Sent(lines[0][: papers.LONGEST_TITLE], note=note, file=file, link=link, is_item=True)
    return _submitted(work, order, meeting, [sent], "receipt_agenda_item.txt")


def _submitted(work: Work, order: Order, meeting: Meeting, sent: Sequence[Sent], template: str) -> Done:
    session, person = work.session, order.whose
    before = {row.reference: inverses.paper_fields(row) for row in papers.of_meeting(session, meeting.uid)}
    met = set(meetings.obligations_met(session, meeting.uid))
    taken = [submit(session, work.announcer, meeting, one, by=person, now=order.now) for one in sent]
    due = next((c.due_at for c in work.announcer.clocks_of(session, meeting) if c.kind == "papers"), None)
    titles = [row.title for row in taken]
    values = {
        "references": ", ".join(row.reference for row in taken),
        "papers": titles,
        "meeting": f"{meeting.known_as} on {spoken(meeting.starts_at)}",
        "until": spoken(due) if due and due > order.now else "",
        "late": any(row.late for row in taken),
    }
    inverse = {
        "uid": meeting.uid,
        "papers": {row.reference: before.get(row.reference) for row in taken},
        "clocks": sorted(set(meetings.obligations_met(session, meeting.uid)) - met),
    }
    said = f"From {person.name} for {meeting.known_as}: {', '.join(titles)} ({values['references']})."
    return Done(taken[0].reference, said, inverse, work.receipt(template, values, meeting))


def _meant(mine: Sequence[ExpectedPaperRow], name: str, alone: bool) -> ExpectedPaperRow | None:
    """Which of a person's papers a file is: by its title; or the only one, where one file came."""
    words = _words(name)
    found = [row for row in mine if words and (_words(row.title) <= words or words <= _words(row.title))]
    found = found or (list(mine) if alone else [])
    return found[0] if len(found) == 1 else None


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", PurePath(text).stem.casefold())) - {"v1", "v2", "v3", "final", "draft", "the"}


def _title(name: str) -> str:
    return " ".join(PurePath(name).stem.replace("_", " ").split())[: papers.LONGEST_TITLE]


def take_back_papers(work: Work, inverse: Mapping[str, Any], by: Person, now: datetime) -> None:
    """Each paper is as it was before; a new one is withdrawn. Raises SecretariatError where decided on."""
    inverses.unmeet(work.session, inverse["uid"], inverse["clocks"], by=by, now=now)
    for reference, fields in inverse["papers"].items():
        row = papers.named(work.session, reference)
        inverses.paper_as_before(work.session, row, fields, by=by, now=now)
