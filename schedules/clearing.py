"""The draft to the Chair, by mail with the Word document, on a person's word; once the PMO has reviewed it (rules §4).

No machine ever chases the Chair: one mail for each draft that a person puts to them, and no reminder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import clearances, members, outbox
from bot.clearances import TO_CHAIR
from bot.clock import LONDON, spoken, spoken_date
from bot.drafts import reference_of
from bot.model import Meeting, Notice, Person
from bot.store.draft_tables import ClearanceRow, DraftRow
from bot.wording import render
from schedules.announcements import STALE_AFTER, Announcer


@dataclass(frozen=True)
class Sent:
    """What became of a draft that was put to the Chair: who is sent it, and by when the answer is due."""

    to: tuple[Person, ...]
    answer_due: datetime | None
    is_in_shadow: bool = False

    @property
    def words(self) -> str:
        """What is said of it."""
        if not self.to:
            said = "No Chair with a mail address is on file: please send the draft by hand."
        else:
            names = ", ".join(person.name for person in self.to)
            said = f"The draft is composed for {names}, not sent (in shadow)." if self.is_in_shadow else ""
            said = said or f"The draft goes to {names} by mail."
        due = (
            f" The answer is due {spoken(self.answer_due)}; you are told if it has not come." if self.answer_due else ""
        )
        return said + due


def review(session: Session, announcer: Announcer, meeting: Meeting, *, by: Person, now: datetime) -> Sent | None:
    """The PMO has reviewed the newest draft; where the dial `clearance` is automatic, it goes to the Chair at once."""
    clearances.review(session, meeting, by=by, now=now)
    if announcer.config.dial_for("clearance", meeting.group) != "automatic":
        return None
    return send_to_chair(session, announcer, meeting, by=by, now=now)


def send_to_chair(
    session: Session, announcer: Announcer, meeting: Meeting, *, by: Person, now: datetime, by_hand: bool = False
) -> Sent:
    """Put the newest draft to the Chair, in the caller's transaction; `by_hand`: a person has sent it already."""
    row = clearances.put_to_chair(session, meeting, by=by, now=now)
    due = next((c.due_at for c in announcer.clocks_of(session, meeting) if c.kind == clearances.ANSWER), None)
    people = () if by_hand else chairs_of(session, meeting, now)
    shadow = False
    for person in people:
        outbox.queue(
            session, _notice(session, announcer, meeting, row, person, by, due, now), now=now,
            dial=announcer.config.dial_for("clearance", meeting.group), recipient_name=person.name, released_by=by.name,
        )  # fmt: skip
        shadow = outbox.in_shadow(session, now) or announcer.config.dial_for("clearance", meeting.group) == "shadow"
    return Sent(people, due, shadow)


def chair_has_cleared(
    session: Session, announcer: Announcer, meeting: Meeting, row: ClearanceRow, chair: Person, now: datetime
) -> None:
    """Tell the group's secretary and deputy that the Chair has cleared it, and that it can be issued."""
    held = members.holdings(session, now.astimezone(LONDON).date(), group=meeting.group)
    people = members.recipients(held, "secretary") + members.recipients(held, "deputy")
    for person in {person.id: person for person in people}.values():
        values: dict[str, object] = {
            "group": meeting.known_as, "meeting_on": spoken_date(meeting.on), "name": person.name, "by": chair.name,
            "draft": row.draft_id or reference_of(meeting), "page": f"{announcer.page()}/meetings/{meeting.uid}/report",
        }  # fmt: skip
        subject, text = render(announcer.config.paths.templates, "chair_cleared.txt", values)
        notice = Notice(
            meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock="clearance_given",
            step=f"cleared_{row.id}", recipient=person.id, group=meeting.group, kind="pmo_reminder", subject=subject,
            text=text, why=f"{chair.name} cleared {row.draft_id}.", due_at=now, not_after=now + STALE_AFTER,
        )  # fmt: skip
        dial = announcer.config.dial_for("pmo_reminder", meeting.group)
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name)


def chairs_of(session: Session, meeting: Meeting, now: datetime) -> tuple[Person, ...]:
    """Who chairs the group today, and has a mail address: it is they who clear, also where another chaired then."""
    held = members.holdings(session, now.astimezone(LONDON).date(), group=meeting.group)
    found = {h.person.id: h.person for h in held if h.role == "chair" and h.group == meeting.group and h.person.email}
    return tuple(found.values())


def _notice(
    session: Session, announcer: Announcer, meeting: Meeting, row: ClearanceRow, person: Person, by: Person,
    due: datetime | None, now: datetime,
) -> Notice:  # fmt: skip
    draft = session.get_one(DraftRow, row.draft_id) if row.draft_id else None
    values: dict[str, object] = {
        "group": meeting.known_as,
        "group_name": announcer.config.groups[meeting.group].name,
        "meeting_on": spoken_date(meeting.on),
        "reference": reference_of(meeting),
        "version": draft.version if draft else "",
        "deadline": spoken(due) if due and due > now else "",
        "by": by.name,
        "name": person.name,
        "page": announcer.page(),
    }
    subject, text = render(announcer.config.paths.templates, "chair_to_clear.txt", values)
    attachments = (f"{draft.document_sha256}:{draft.id}.docx",) if draft else ()
    return Notice(
        meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock=TO_CHAIR, step=f"asked_{row.id}",
        recipient=person.id, group=meeting.group, kind=TO_CHAIR, subject=subject, text=text,
        why=f"{by.name} put {row.draft_id or reference_of(meeting)} to the Chair, who clears it before issue.",
        due_at=now, not_after=now + STALE_AFTER, attachments=attachments,
    )  # fmt: skip
