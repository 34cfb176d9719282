"""Changing the calendar: `move`, `cancel`, `confirm`, `adhoc`. What follows is shown before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time, timedelta

from slack_sdk.models.blocks import (
    Block,
    DatePickerElement,
    ExternalDataSelectElement,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    StaticMultiSelectElement,
    StaticSelectElement,
    TimePickerElement,
)
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import access, meetings
from bot.access import Deed
from bot.clock import LONDON, spoken, spoken_date
from bot.errors import NotAllowed, SecretariatError, StateUnusable
from bot.model import Meeting, MeetingStatus, Person
from handlers.slack.blocks import MOST_OPTIONS, field, modal, option
from handlers.slack.confirming import Doing, Follows, Weighty, shown_first
from handlers.slack.door import Asked, Filled, Form, SlackDoor, Wrong, asker
from handlers.slack.logs import group_options
from schedules.changes import Wanted, enact
from schedules.consequences import TO_BE_TOLD, can_change, composed, groups_to_call, meeting_to_change, outcome
from schedules.finding import day_named, known_group

AHEAD = timedelta(days=100)
LONGEST_REASON = 500
ANOTHER_DAY = "another"
HINT = "Only the PMO changes the calendar."
WORDS = {
    "move": "GROUP DATE to DATE [10:00-12:00][: REASON]",
    "cancel": "GROUP DATE[: REASON]",
    "confirm": "GROUP DATE [to DATE]",
    "adhoc": "GROUP DATE [10:00-12:00] [with GROUP and GROUP][: REASON]",
}
ACTIONS = {"move": "move", "cancel": "cancel", "confirm": "confirm", "adhoc": "add"}  # as `Wanted` has them
MAY = {"move": Deed.MOVE, "cancel": Deed.CANCEL, "confirm": Deed.CALENDAR, "adhoc": Deed.ADHOC}
DONE = {"move": "is moved to", "cancel": "is cancelled, which was to be on", "confirm": "is confirmed for",
        "adhoc": "is on the calendar for"}  # fmt: skip
_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_WANTED = re.compile(
    r"(?P<group>[^\s:]+)\s+(?P<on>\d{4}-\d\d-\d\d)(?:\s+to\s+(?P<to>\d{4}-\d\d-\d\d))?"
    rf"(?:\s+(?P<start>{_TIME})?-(?P<end>{_TIME})?)?(?:\s+with\s+(?P<joint>[^\s:]+(?:\s+and\s+[^\s:]+)*))?"
    r"\s*(?::\s*(?P<reason>.*))?",
    re.IGNORECASE | re.DOTALL,
)


def wanted_in_words(key: str, text: str, by: Person) -> Wanted:
    """The change that the words ask for. Raises SecretariatError with the form to write it in."""
    found = _WANTED.fullmatch(text.strip())
    if found is None or (key == "adhoc") < bool(found["joint"]) or (found["to"] and key in ("cancel", "adhoc")):
        raise SecretariatError("I could not read that.", hint=f"Write: {key} {WORDS[key]}")
    on, to = day_named(found["on"]), day_named(found["to"]) if found["to"] else None
    return Wanted(
        ACTIONS[key], found["group"], on, by, " ".join((found["reason"] or "").split())[:LONGEST_REASON],
        to or (on if key == "move" else None), _time(found["start"]), _time(found["end"]),
        tuple(re.split(r"\s+and\s+", found["joint"], flags=re.IGNORECASE)) if found["joint"] else (),
    )  # fmt: skip


def _time(text: str | None) -> time | None:
    return time.fromisoformat(text.zfill(5)) if text else None


def _change(key: str) -> Callable[[Doing], Follows]:
    def act(doing: Doing) -> Follows:
        """Change the calendar; not `for_good`, no invitation is kept."""
        session, now, announcer = doing.session, doing.now, doing.door.announcer
        access.require_deed(session, doing.person, MAY[key], now, hint=HINT)
        wanted = wanted_in_words(key, doing.text, doing.person)
        if key != "adhoc":
            meeting_to_change(session, doing.door.calendar, wanted, now)
        found = enact(session, announcer if doing.for_good else replace(announcer, files=None), wanted, now)
        said = f"{found.after.known_as} {DONE[key]} {spoken(found.after.starts_at)}"
        parts = {name: lines for name, lines in outcome(found).items() if name != TO_BE_TOLD}
        notices = composed(session, now)
        told = [f"To {', '.join(n.recipients)}. {n.when}. They read:\n{n.subject}\n{n.text.strip()}" for n in notices]
        see = f" Its notices: `{doing.door.config.slack.command} outbox`" if notices else ""
        return Follows(f"{said}: this is what follows.", f"{said}.{see}", {**parts, "Notices": told})

    return act


MOVE = Weighty("move", "Move a meeting", "Move it", _change("move"))
CANCEL = Weighty("cancel", "Cancel a meeting", "Cancel the meeting", _change("cancel"))
CONFIRM = Weighty("confirm", "Confirm a date", "Confirm it", _change("confirm"))
ADHOC = Weighty("adhoc", "Call a meeting", "Call it", _change("adhoc"))


# ------------------------------------------------------------------------------------------------------------ the modal


def changing(deed: Weighty) -> Form:
    """The modal that asks for what a change needs, and leads to what follows from it."""
    return Form(
        deed.title,
        lambda door, asked: _opened(deed, door, asked),
        lambda door, filled: _submitted(deed, door, filled),
        {"meeting": lambda door, filled: _chosen(deed, door, filled)},
        {"meeting": lambda door, filled: _choices(deed, door, filled)},
    )


def _opened(deed: Weighty, door: SlackDoor, asked: Asked) -> View:
    """Empty, or with the meeting that was named; what was said whole is shown with what follows from it."""
    words = asked.text.split()
    if len(words) > (1 if deed is ADHOC else 2) or ":" in asked.text:
        return shown_first(deed, door, asked, asked.text.strip())
    with door.database.reading() as session:
        _require(deed, door, session, asked)
        if deed is ADHOC:
            return _adhoc_view(door, known_group(door.config, words[0]) if words else "")
        return _view(deed, door, session, _named(door, session, words))


def _require(deed: Weighty, door: SlackDoor, session: Session, asked: Asked) -> None:
    access.require_deed(session, asker(session, asked), MAY[deed.key], door.clock.now(), hint=HINT)


def _named(door: SlackDoor, session: Session, words: list[str]) -> Meeting | None:
    """The meeting of a group and day as it is on file; of a group alone, its next."""
    if not words:
        return None
    key, now = known_group(door.config, words[0]), door.clock.now()
    if len(words) > 1:
        return meetings.on_day(session, key, day_named(words[1]))
    coming = meetings.between(session, now, now + AHEAD, key)
    return next((m for m in coming if can_change(door.config, m, now)), None)


def _chosen(deed: Weighty, door: SlackDoor, filled: Filled) -> View:
    with door.database.reading() as session:
        _require(deed, door, session, filled.asked)
        return _view(deed, door, session, _named(door, session, (filled.typed or filled.text("meeting")).split()))


def _choices(deed: Weighty, door: SlackDoor, filled: Filled) -> list[Option]:
    """The meetings to come that can be changed so, holding what was typed."""
    now, words = door.clock.now(), filled.typed.casefold().split()
    with door.database.reading() as session:
        _require(deed, door, session, filled.asked)
        found = [m for m in meetings.between(session, now, now + AHEAD) if can_change(door.config, m, now)]
    if deed is CONFIRM:
        found = [m for m in found if m.status is MeetingStatus.PROPOSED_MOVE]
    fitting = [m for m in found if all(word in _label(m).casefold() for word in words)]
    return [_option(m) for m in fitting][:MOST_OPTIONS]


def _option(meeting: Meeting) -> Option:
    return option(_label(meeting), f"{meeting.group} {meeting.on.isoformat()}")


def _label(meeting: Meeting) -> str:
    return f"{meeting.known_as}, {spoken(meeting.starts_at)}"


def _view(deed: Weighty, door: SlackDoor, session: Session, meeting: Meeting | None) -> View:
    """The meeting's own day and hours stand in the fields already."""
    if meeting and not can_change(door.config, meeting, door.clock.now()):
        meeting = None
    select = ExternalDataSelectElement(
        action_id="meeting", min_query_length=0, initial_option=_option(meeting) if meeting else None
    )
    blocks = [field("The meeting", select, block_id="meeting", dispatch=deed is not CANCEL)]
    if meeting and deed is MOVE:
        blocks += [_day("To the day", "to", meeting), *_hours(meeting)]
    elif meeting and deed is CONFIRM:
        blocks += _proposals(meeting)
    if meeting or deed is CANCEL:
        blocks.append(_reason())
    return modal(deed.key, deed.title, blocks, submit="Show what follows")


def _adhoc_view(door: SlackDoor, group: str) -> View:
    callable_ = set(groups_to_call(door.config, door.clock.today()))
    groups = [each for each in group_options(door, "") if each.value in callable_]
    first = next((each for each in groups if each.value == group), None)
    blocks = [
        field("The group", StaticSelectElement(action_id="group", options=groups, initial_option=first),
              block_id="group"),
        field("Jointly with", StaticMultiSelectElement(action_id="joint", options=groups), block_id="joint",
              optional=True),
        _day("On the day", "on"), *_hours(None), _reason(),
    ]  # fmt: skip
    return modal(ADHOC.key, ADHOC.title, blocks, submit="Show what follows")


def _day(label: str, block_id: str, meeting: Meeting | None = None, *, optional: bool = False) -> Block:
    first = meeting.on.isoformat() if meeting and not optional else None
    picker = DatePickerElement(action_id=_of(block_id, meeting), initial_date=first)
    return field(label, picker, block_id=block_id, optional=optional)


def _of(block_id: str, meeting: Meeting | None) -> str:
    """Another action id for each meeting chosen: under the same one Slack keeps what stood there before."""
    return f"{block_id}:{meeting.uid}" if meeting else block_id


def _hours(meeting: Meeting | None) -> Iterator[Block]:
    """London's clocks; left empty, the hours stay, or are the group's usual ones."""
    for block_id, label in (("start", "From"), ("end", "Until")):
        at = (meeting.starts_at if block_id == "start" else meeting.ends_at).astimezone(LONDON) if meeting else None
        picker = TimePickerElement(action_id=_of(block_id, meeting), initial_time=f"{at:%H:%M}" if at else None)
        yield field(f"{label} (London)", picker, block_id=block_id, optional=True)


def _proposals(meeting: Meeting) -> list[Block]:
    days = [option(spoken_date(day), day.isoformat()) for day in meeting.proposals]
    days.append(option("Another day", ANOTHER_DAY))
    chosen = RadioButtonsElement(action_id=_of("choice", meeting), options=days, initial_option=days[0])
    return [field("The day", chosen, block_id="choice"), _day("Which other day", "other", meeting, optional=True)]


def _reason() -> Block:
    element = PlainTextInputElement(action_id="reason", max_length=LONGEST_REASON)
    return field("Why", element, block_id="reason", optional=True, hint="The group's members are told.")


def _submitted(deed: Weighty, door: SlackDoor, filled: Filled) -> View | Wrong:
    """What follows; or what is wrong, on the field it is about."""
    wrong = _missing(filled)
    if wrong:
        return Wrong(wrong)
    try:
        return shown_first(deed, door, filled.asked, _as_words(deed, filled))
    except (NotAllowed, StateUnusable):
        raise
    except SecretariatError as error:
        return Wrong({_field_to_blame(filled): str(error)})


def _missing(filled: Filled) -> dict[str, str]:
    if "meeting" in filled.values and len(filled.text("meeting").split()) != 2:
        return {"meeting": "Choose the meeting."}
    for block_id, asked in (("group", "Choose the group."), ("on", "Give the day."), ("to", "Say to which day.")):
        if block_id in filled.values and not filled.text(block_id):
            return {block_id: asked}
    if filled.text("choice") == ANOTHER_DAY and not filled.text("other"):
        return {"other": "Say which other day."}
    return {}


def _field_to_blame(filled: Filled) -> str:
    return next(block_id for block_id in ("to", "on", "choice", "meeting") if block_id in filled.values)


def _as_words(deed: Weighty, filled: Filled) -> str:
    """The change in words, as one would type it."""
    parts = [filled.text("meeting") or f"{filled.text('group')} {filled.text('on')}"]
    choice = filled.text("choice")
    to = filled.text("other") if choice == ANOTHER_DAY else choice or filled.text("to")
    parts += [f"to {to}"] if to else []
    start, end = filled.text("start"), filled.text("end")
    parts += [f"{start}-{end}"] if start or end else []
    joint = [group for group in filled.several("joint") if group != filled.text("group")]
    parts += [f"with {' and '.join(joint)}"] if joint else []
    reason = " ".join(filled.text("reason").split())
    return " ".join(parts) + (f": {reason}" if reason else "")
