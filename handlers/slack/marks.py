"""Live marks: `/secretariat mark`, or an emoji in the meeting's channel, while the meeting goes on."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from bot import access, marks, meetings, members
from bot.clock import LONDON
from bot.errors import SecretariatError, UnknownThing
from bot.marks import MarkKind, Reaction
from bot.model import Meeting, Person
from bot.slack_text import spelt
from bot.store.slack_tables import LiveMarkRow
from handlers.slack.blocks import button, buttons, section
from handlers.slack.door import Answer, Asked, Happened, SlackDoor, acted_before, asker

HOW = "Write: mark decision, or: mark action PSG the plan by May. `mark undo` takes the last one back."


def marked(door: SlackDoor, asked: Asked) -> Answer:
    """`mark decision|action [GROUP] [note]`, stamped with this instant; or `mark undo`."""
    first, _, rest = asked.text.partition(" ")
    if first.casefold() == "undo":
        return _undone(door, asked)
    kind = marks.kind_named(first)
    if kind is None:
        raise SecretariatError("Mark what: a decision or an action?", hint=HOW)
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        meeting, note = _meant(door, session, asked.channel, rest.strip(), person, now)
        _require(door, session, person, meeting, now)
        row = marks.stamp(session, meeting, kind, person, at=now, source_key=f"mark:{asked.source_key}", note=note)
        return _stamped(row, meeting)


def mark_taken_back(door: SlackDoor, asked: Asked) -> Answer:
    """The button under a mark: its number is the value."""
    with door.database.session() as session:
        person = asker(session, asked)
        row = session.get(LiveMarkRow, int(asked.text)) if asked.text.isdecimal() and len(asked.text) < 10 else None
        if row is None or row.person_id != person.id:
            raise UnknownThing("There is no such mark of yours.", hint="`mark undo` takes your last one back.")
        return _gone(door, session, row, person)


def reaction_added(door: SlackDoor, happened: Happened) -> None:
    """An emoji of the configuration was put to a message of a group's channel."""
    reaction = _reaction_in(door, happened)
    if reaction is None:
        return
    with door.database.session() as session:
        meeting = _going_on_in(door, session, reaction)
        if meeting is None or acted_before(session, f"event:{happened.key}", door.clock.now()):
            return
        person = members.by_slack_id(session, happened.slack_user_id)
        _require(door, session, person, meeting, door.clock.now(), asked_as=happened.slack_user_id)
        if person:
            marks.reacted(session, meeting, reaction, person)


def reaction_removed(door: SlackDoor, happened: Happened) -> None:
    """It was taken away again, in the meeting or after it."""
    reaction = _reaction_in(door, happened)
    if reaction is None:
        return
    with door.database.session() as session:
        person = members.by_slack_id(session, happened.slack_user_id)
        if person and not acted_before(session, f"event:{happened.key}", door.clock.now()):
            marks.reaction_gone(session, _going_on_in(door, session, reaction), reaction, person)


def _reaction_in(door: SlackDoor, happened: Happened) -> Reaction | None:
    """What the event says, where its emoji marks something and its channel is a group's."""
    event, item = happened.event, happened.event.get("item") or {}
    kind = marks.kind_of_emoji(door.config, str(event.get("reaction") or ""))
    channel, message = str(item.get("channel") or ""), str(item.get("ts") or "")
    if kind is None or not marks.groups_of_channel(door.config, channel):
        return None
    key = f"reaction:{channel}:{message}:{happened.slack_user_id}:{kind}"
    return Reaction(key, channel, kind, _instant(door, str(event.get("event_ts") or "")))


def _instant(door: SlackDoor, event_ts: str) -> datetime:
    """When it happened, by Slack's clock: an event may come late."""
    try:
        return datetime.fromtimestamp(float(event_ts), UTC)
    except (ValueError, OverflowError, OSError):
        return door.clock.now()


def _going_on_in(door: SlackDoor, session: Session, reaction: Reaction) -> Meeting | None:
    groups = marks.groups_of_channel(door.config, reaction.channel)
    return next(iter(marks.going_on(session, reaction.at, groups)), None)


def _meant(
    door: SlackDoor, session: Session, channel: str, text: str, person: Person, now: datetime
) -> tuple[Meeting, str]:
    """The meeting that goes on: of the group named, of the channel's, else the only one that the asker is at."""
    word, _, rest = text.partition(" ")
    named = door.config.group_key(word) if word else None
    of_named = marks.going_on(session, now, [named]) if named else []
    if of_named:
        return of_named[0], rest
    if named and word == named:  # in small letters it may be a word of the note
        raise UnknownThing(f"No meeting of {named} goes on just now.", hint=HOW)
    groups = marks.groups_of_channel(door.config, channel)
    found = marks.going_on(session, now, groups or None)
    if not groups:
        found = [m for m in found if _may_mark(door, session, person, m, now).allowed]
    if not found:
        raise UnknownThing("No meeting of yours goes on just now.", hint=f"Name its group. {HOW}")
    if len(found) > 1:
        raise SecretariatError(f"Which meeting: {' or '.join(m.group for m in found)}?", hint=f"Name its group. {HOW}")
    return found[0], text


def _may_mark(
    door: SlackDoor, session: Session, person: Person | None, meeting: Meeting, now: datetime
) -> access.Ruling:
    return access.may_mark(session, door.config, person, meeting, now.astimezone(LONDON).date())


def _require(
    door: SlackDoor, session: Session, person: Person | None, meeting: Meeting, now: datetime, *, asked_as: str = ""
) -> None:
    ruling = _may_mark(door, session, person, meeting, now)
    access.require(session, ruling, person=person, what=f"mark {meeting.uid}", now=now, asked_as=asked_as)


def _stamped(row: LiveMarkRow, meeting: Meeting) -> Answer:
    note = f": {row.note}" if row.note else ""
    text = spelt(
        f"Marked: {_a(row.kind)} at {_clock_time(row.at)} in {meeting.known_as}{note}. It helps the draft report."
    )
    return Answer(text, (section(text), buttons(button("Take it back", "mark_taken_back", str(row.id)))))


def _undone(door: SlackDoor, asked: Asked) -> Answer:
    with door.database.session() as session:
        person = asker(session, asked)
        row = marks.latest_of(session, person)
        if row is None:
            raise UnknownThing("There is no mark of yours to take back.", hint=HOW)
        return _gone(door, session, row, person)


def _gone(door: SlackDoor, session: Session, row: LiveMarkRow, person: Person) -> Answer:
    gone = marks.withdraw(session, row, by=person, at=door.clock.now())
    meeting = meetings.by_uid(session, row.meeting_uid)
    named = f" in {meeting.known_as}" if meeting else ""
    taken = "is taken back" if gone else "was taken back already"
    return Answer(spelt(f"The mark of {_a(row.kind)} at {_clock_time(row.at)}{named} {taken}."), replaces=True)


def _a(kind: MarkKind | str) -> str:
    return "an action" if kind == "action" else "a decision"


def _clock_time(at: datetime) -> str:
    return f"{at.astimezone(LONDON):%H:%M:%S} (London)"
