"""When meetings are, and what falls due around them: `next`, `when`, `deadlines`, `calendar`."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from bot import meetings
from bot.clock import LONDON, spoken, spoken_date
from bot.errors import SecretariatError, UnknownThing
from bot.model import Deadline, Meeting, MeetingStatus
from bot.slack_text import escaped, spelt
from handlers.slack.blocks import button, buttons, context, section
from handlers.slack.door import Answer, Asked, SlackDoor, asker
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words
from schedules.feeds import of_group, of_person
from schedules.finding import day_named, find_meeting, known_group
from schedules.recurrence import rule_in_words

AHEAD = timedelta(days=100)
A_PAGE = 8
MOST_SKIPPED = 30  # days named in one explanation
NEXT, WHEN, DEADLINES, WHY, CALENDAR = "next", "when", "deadlines", "why", "calendar"  # clicks


def next_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The next meetings, of one group or of all."""
    now = door.clock.now()
    named, number = page_asked(asked.text)
    with door.database.reading() as session:
        asker(session, asked)
        group = known_group(door.config, named) if named else None
        coming = meetings.between(session, now, now + AHEAD, group)
    if not coming:
        return Answer("No meeting is on the calendar for the next hundred days.")
    page = page_of(coming, number, size=A_PAGE)
    rows = [section(_line_spelt(m), beside=button("Deadlines", DEADLINES, _named(m))) for m in page.rows]
    turn = buttons(*turning(page, NEXT, group or ""), button("Put them into my calendar", CALENDAR))
    more = turning_in_words(page, f"{door.config.slack.command} next {group or ''}".strip())
    said = [*(escaped_line(m) for m in page.rows), more]
    return Answer("\n".join(filter(None, said)), (*rows, turn), replaces=number > 1)


def when_asked(door: SlackDoor, asked: Asked) -> Answer:
    """By what rule a group meets, on whose word, and its next three meetings."""
    if not asked.text.strip():
        raise SecretariatError("When does which group meet?", hint="Write: when PSG")
    now = door.clock.now()
    with door.database.reading() as session:
        asker(session, asked)
        key = known_group(door.config, asked.text.strip())
        coming = meetings.between(session, now, now + AHEAD, key)[:3]
    rules = _rules(door, key, now.astimezone(LONDON).date())
    name = f"*{escaped(key)}*, {escaped(door.config.groups[key].name)}: "
    head = name + ("; ".join(escaped(rule) for rule in rules) or "it meets when it is called")
    none = "" if coming else "No meeting of it is on the calendar for the next hundred days."
    text = "\n".join(filter(None, [head, *(escaped_line(m) for m in coming), none]))
    rows = [section(_line_spelt(m), beside=button("Deadlines", DEADLINES, _named(m))) for m in coming]
    return Answer(text, (section(head), *rows, *([section(none)] if none else [])))


def _rules(door: SlackDoor, key: str, today: date) -> list[str]:
    """The rules in force today and those to come, with their hours and the clause."""
    found = []
    for rule in door.config.groups[key].series:
        if rule.until_on and rule.until_on < today:
            continue
        since = f", from {spoken_date(rule.from_on)}" if rule.from_on and rule.from_on > today else ""
        until = f", until {spoken_date(rule.until_on)}" if rule.until_on else ""
        hours = f"{rule.start:%H:%M}-{rule.end:%H:%M} (London)"
        found.append(f"{rule_in_words(rule)}, {hours}{since}{until} ({rule.on_the_word_of})")
    return found


def deadlines_asked(door: SlackDoor, asked: Asked) -> Answer:
    """Every clock of a group's next meeting, or of the one on a date; each explains itself on demand."""
    words = asked.text.split()
    if not words:
        raise SecretariatError("Which group's deadlines?", hint="Write: deadlines PSG, or: deadlines PSG 2024-02-07")
    explains = words[-1].casefold() == WHY
    words = words[:-1] if explains and len(words) > 1 else words
    # Only a meeting that is not on file yet is written; a mere look waits for nobody.
    opened = door.database.session if len(words) > 1 else door.database.reading
    with opened() as session:
        asker(session, asked)
        meeting = _meant(door, session, words)
        clocks = door.announcer.clocks_of(session, meeting)
    if explains:
        return Answer("\n\n".join([escaped_line(meeting), *(escaped(_explained(clock)) for clock in clocks)]))
    said = [f"• {escaped(_clock_words(d, '*'))}" for d in clocks]
    how = f"Why then? Ask: `{door.config.slack.command} deadlines {_named(meeting)} why`"
    rows = [
        section(spelt(_clock_words(clock)), beside=button("Why then?", WHY, f"{meeting.uid} {clock.kind}"))
        for clock in clocks
    ]
    return Answer("\n".join([escaped_line(meeting), *said, how]), (section(_line_spelt(meeting)), *rows))


def _meant(door: SlackDoor, session: Session, words: list[str]) -> Meeting:
    now, group = door.clock.now(), known_group(door.config, words[0])
    if len(words) > 1:
        return find_meeting(session, door.calendar, group, day_named(words[1]))
    meeting = next(iter(meetings.between(session, now, now + AHEAD, group)), None)
    if meeting is None:
        raise UnknownThing(f"{group} has no meeting in the next hundred days.", hint="Give a date as well.")
    return meeting


def why_asked(door: SlackDoor, asked: Asked) -> Answer:
    """Why one clock of a meeting falls when it does: the rule, each day not counted, the clause."""
    uid, _, kind = asked.text.rpartition(" ")
    with door.database.reading() as session:
        asker(session, asked)
        meeting = meetings.by_uid(session, uid)
        clocks = door.announcer.clocks_of(session, meeting) if meeting else []
    clock = next((clock for clock in clocks if clock.kind == kind), None)
    if clock is None:
        raise UnknownThing("That deadline has gone.", hint="Ask for the deadlines again.")
    whole = _explained(clock)
    return Answer(escaped(whole), (section(spelt(whole)),))


def _explained(clock: Deadline) -> str:
    days = [f"{spoken_date(day.date)} ({day.reason})" for day in clock.skipped]
    named = "; ".join(days[:MOST_SKIPPED]) + (f"; and {len(days) - MOST_SKIPPED} more" * (len(days) > MOST_SKIPPED))
    return "\n".join(
        filter(None, [
            _clock_words(clock), f"Days not counted: {named or 'none'}." if clock.due_at else "", clock.note,
            f"On the word of: {clock.source}",
        ])
    )  # fmt: skip


def _clock_words(clock: Deadline, mark: str = "") -> str:
    return f"{clock.rule}: {mark}{spoken(clock.due_at)}{mark}" if clock.due_at else f"{clock.rule}: {clock.note}"


def calendar_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The addresses at which a calendar program subscribes: one's own meetings, and those of a group where named."""
    with door.database.reading() as session:
        person = asker(session, asked)
    page, lines = door.announcer.page(), []
    if asked.text.strip():
        key = known_group(door.config, asked.text.strip())
        lines.append(f"All meetings of {key}: {page}{of_group(key).address(door.feed_secret)}")
    lines.insert(0, f"Your own meetings, by seats and lists: {page}{of_person(person.id).address(door.feed_secret)}")
    how = (
        "In Outlook: Add calendar, Subscribe from web. In Google: Other calendars, From URL. It follows every change. "
        "The address is yours alone: whoever has it reads that calendar."
    )
    text = "\n".join([*map(escaped, lines), how])
    return Answer(text, (*(section(spelt(line)) for line in lines), context(how)))


def escaped_line(meeting: Meeting) -> str:
    """A meeting in a line: what it is, and when."""
    return f"*{escaped(meeting.known_as)}*: {escaped(_when(meeting))}"


def _line_spelt(meeting: Meeting) -> str:
    return f"*{escaped(meeting.known_as)}*: {spelt(_when(meeting))}"


def _when(meeting: Meeting) -> str:
    if meeting.status is MeetingStatus.PROPOSED_MOVE:
        return f"date to be confirmed ({meeting.reason})"
    mark = {MeetingStatus.CANCELLED: " (cancelled)", MeetingStatus.EMAIL_UPDATE: " (e-mail update in lieu of papers)"}
    return f"{spoken(meeting.starts_at)}{mark.get(meeting.status, '')}"


def _named(meeting: Meeting) -> str:
    """As one writes it in a command: 'PSG 2024-02-07'."""
    return f"{meeting.group} {meeting.on.isoformat()}"
