"""Joining and leaving an open group's list, and what follows in the person's calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import access, meetings, members, open_lists, outbox
from bot.access import Deed, Ruling
from bot.clock import LONDON, spoken_date
from bot.errors import UnknownThing
from bot.model import Meeting, MeetingStatus, Notice, OutboxState, Person
from bot.store.outbox_tables import OutboxRow
from bot.wording import render
from schedules.announcements import CHANGED, Announcer
from schedules.finding import known_group
from schedules.invitations import cancellation
from schedules.reminders import Reminder, reminders_for

AHEAD = timedelta(days=100)  # invitations go out no earlier
OF_THE_MEETING = ("invitation", "member_reminder", "move")
MAY_HAVE_GONE = (OutboxState.SENT, OutboxState.CLAIMED, OutboxState.UNKNOWN)
GONE = (MeetingStatus.CANCELLED, MeetingStatus.EMAIL_UPDATE)


def join(session: Session, announcer: Announcer, group: str, person: Person, now: datetime) -> bool:
    """Put a person on an open group's list; the next round of the clocks invites them to its coming meetings.

    Returns False where they are on it already. Raises UnknownThing, or NotAllowed where the group is closed.
    """
    key = _open_group(session, announcer, group, person, now)
    if not open_lists.put_on(session, key, person, now):
        return False
    for meeting in _coming(session, announcer, key, person, now):
        _invite_again(session, announcer, meeting, person, now)
    return True


def leave(session: Session, announcer: Announcer, group: str, person: Person, now: datetime) -> tuple[Meeting, ...]:
    """Take a person off an open group's list. Returns the coming meetings that go from their calendar.

    Whoever holds a seat there as well stays invited. Raises UnknownThing where the group or the entry does not exist.
    """
    key = known_group(announcer.config, group)
    coming = _coming(session, announcer, key, person, now)
    if not open_lists.take_off(session, key, person, now):
        _open_group(session, announcer, key, person, now)
        raise UnknownThing(f"{person.name} is not on the list of {key}.", hint=f"See: secretariat lists show {key}")
    left = [m for m in coming if not _still_comes(session, announcer, m, person)]
    return tuple(m for m in left if _take_out(session, announcer, m, person, now))


def _open_group(session: Session, announcer: Announcer, group: str, person: Person, now: datetime) -> str:
    key = known_group(announcer.config, group)
    ruling = access.may_do(session, person, Deed.JOIN, now.astimezone(LONDON).date())
    if ruling.allowed and not open_lists.is_open(announcer.config, key):
        ruling = Ruling(False, "the group is closed")
    address = announcer.config.mailboxes["pmo"].address
    access.require(
        session, ruling, person=person, what=f"{Deed.JOIN.value} {key}", now=now,
        sentence=f"{key} has no list that anybody may join: its seats are filled by nomination.",
        hint=f"To be nominated for a seat, write to the PMO ({address}).",
    )  # fmt: skip
    return key


def _coming(session: Session, announcer: Announcer, group: str, person: Person, now: datetime) -> list[Meeting]:
    """The coming meetings to which the list brings the person."""
    on_list = open_lists.attends(session, announcer.config, person.id)
    found = meetings.between(session, now, now + AHEAD, group)
    return [m for m in found if m.status not in GONE and on_list(m.groups, m.on)]


def _still_comes(session: Session, announcer: Announcer, meeting: Meeting, person: Person) -> bool:
    held = members.at_tables(session, meeting)
    seated = any(h.person.id == person.id and h.group and h.role in members.AT_THE_TABLE for h in held)
    return seated or open_lists.attends(session, announcer.config, person.id)(meeting.groups, meeting.on)


def _invite_again(session: Session, announcer: Announcer, meeting: Meeting, person: Person, now: datetime) -> None:
    """Who left and comes back has had the ladder's invitation: each row is sent once, so this is another."""
    usual = next((r for r in reminders_for(meeting, [], announcer.calendar) if r.step.kind == "invitation"), None)
    if usual is None or not _had_it(session, usual, person):
        return
    again = usual.step.model_copy(update={"id": f"{usual.step.id}_again_{now:%Y%m%dT%H%M%S}"})
    pack = meetings.pack_link(session, meeting.uid)
    notice = announcer.reminder(replace(usual, step=again, at=now), person, pack=pack, by_list=True)
    _queue(session, announcer, notice, person, now)


def _had_it(session: Session, usual: Reminder, person: Person) -> bool:
    """Whether the ladder invites the person to this revision of the meeting no more."""
    query = select(OutboxRow.id).where(
        OutboxRow.meeting_uid == usual.meeting.uid, OutboxRow.meeting_revision == usual.meeting.revision,
        OutboxRow.recipient == person.id, OutboxRow.step.in_([usual.step.id, CHANGED]),
    )  # fmt: skip
    return session.scalars(query).first() is not None


def _take_out(session: Session, announcer: Announcer, meeting: Meeting, person: Person, now: datetime) -> bool:
    """Take back what waits to be sent of the meeting; where an invitation has gone, cancel it. Returns whether it had.

    The cancellation has the SEQUENCE of the invitation and a later DTSTAMP, which is what counts then (RFC 5546
    §2.1.4): with a higher one, the invitation that follows on rejoining would be taken for an old one.
    """
    query = select(OutboxRow).where(OutboxRow.meeting_uid == meeting.uid, OutboxRow.recipient == person.id)
    rows = session.scalars(query.where(OutboxRow.kind.in_(OF_THE_MEETING))).all()
    for row in rows:
        if row.state in meetings.UNSENT:
            outbox.move(row, OutboxState.SUPPRESSED, "left the list")
    if not any(row.state in MAY_HAVE_GONE for row in rows):
        return False
    values: dict[str, object] = {
        "group": meeting.known_as, "group_name": announcer.config.groups[meeting.group].name, "name": person.name,
        "meeting_on": spoken_date(meeting.on), "meeting_time": _hours(meeting),
    }  # fmt: skip
    subject, text = render(announcer.config.paths.templates, "list_left.txt", values)
    notice = Notice(
        meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock="meeting", step=f"left_{now:%Y%m%dT%H%M%S}",
        recipient=person.id, group=meeting.group, kind="invitation", subject=subject, text=text,
        why=f"{person.name} left the list of {meeting.group}.", due_at=now, not_after=meeting.starts_at,
        attachments=_cancellation(announcer, meeting, person, now),
    )  # fmt: skip
    _queue(session, announcer, notice, person, now)
    return True


def _cancellation(announcer: Announcer, meeting: Meeting, person: Person, now: datetime) -> tuple[str, ...]:
    """For this one person the meeting is cancelled; none where people are invited another way."""
    if announcer.files is None or announcer.config.invitations != "mail":
        return ()
    organiser = announcer.config.mailboxes[announcer.config.mail.mailbox].address
    gone = replace(meeting, status=MeetingStatus.CANCELLED)
    composed = cancellation(gone, announcer.config, person, organiser, now=now)
    return (f"{announcer.files.put(composed.encode())}:cancellation.ics",) if composed else ()


def _hours(meeting: Meeting) -> str:
    return f"{meeting.starts_at.astimezone(LONDON):%H:%M}-{meeting.ends_at.astimezone(LONDON):%H:%M} (London)"


def _queue(session: Session, announcer: Announcer, notice: Notice, person: Person, now: datetime) -> None:
    dial = announcer.config.dial_for("invitation", notice.group)
    outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name)
