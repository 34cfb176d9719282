"""`/secretariat apologies`: I can't come, and who comes instead. No reason is asked, and nobody named is refused."""

from __future__ import annotations

import re
from datetime import date, timedelta

from slack_sdk.models.blocks import (
    Block,
    EmailInputElement,
    ExternalDataSelectElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import access, alternates, apologies, meetings, members
from bot.access import Deed, Ruling
from bot.apologies import Apology
from bot.clock import LONDON, spoken, spoken_date
from bot.errors import NotAllowed, SecretariatError, UnknownThing
from bot.model import Meeting, Person
from bot.slack_text import spelt
from handlers.slack.blocks import MOST_OPTIONS, asks_first, button, buttons, field, modal, option, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker
from schedules.finding import day_named, find_meeting, known_group

AHEAD = timedelta(days=100)
FORM = "apologies"
TITLE = "Apologies"
ADDRESS = re.compile(r"[^@\s<>(),:;|]+@[^@\s<>(),:;|]+")
DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
WHO_COMES = re.compile(r"\s*[:,]\s*(?:my )?(?:alternate\b\s*:?\s*)?|\s+(?:my )?alternate\b\s*:?\s*", re.IGNORECASE)
WITHDRAW = "withdraw"
APOLOGY_FORM = "GROUP [DATE][: ALTERNATE, E-MAIL]"
HOW = "Write: apologies PSG, or: apologies PSG 2024-03-06: Name, name@example.org"


class Unfit(SecretariatError):
    """What stands in one field of the modal cannot be taken."""

    def __init__(self, block_id: str, sentence: str) -> None:
        self.block_id = block_id
        super().__init__(sentence)


def not_said_in_words(text: str) -> bool:
    """`apologies` and `apologies PSG` open the modal; a date, an alternate or a reference says all that it asks."""
    return not DATE.search(text) and ":" not in text and not text.casefold().startswith(WITHDRAW)


def apologies_given(door: SlackDoor, asked: Asked) -> Answer:
    """`apologies GROUP [DATE][: ALTERNATE, ADDRESS]` in words, or `apologies withdraw AP-001`."""
    about, *rest = WHO_COMES.split(asked.text, maxsplit=1)
    words, who = about.split(), "".join(rest)
    if not words:
        raise SecretariatError("Which group's meeting can't you come to?", hint=HOW)
    if words[0].casefold() == WITHDRAW:
        return _withdrawn(door, asked, words[-1])
    with door.database.session() as session:
        person = _apologising(door, session, asked)
        group = known_group(door.config, words[0])
        meeting = _meant(door, session, person, group, day_named(words[1]) if len(words) > 1 else None)
        return _recorded(door, session, asked, person, meeting, _named(session, who))


def apologies_opened(door: SlackDoor, asked: Asked) -> View:
    """The modal: my meetings to come, and who comes instead. `asked.text` is a group, a meeting's uid, or empty."""
    with door.database.reading() as session:
        person = _apologising(door, session, asked)
        mine = _coming(door, session, person)
    if not mine:
        raise SecretariatError(
            "You are expected at no meeting in the next hundred days.", hint="There is none to miss."
        )
    wanted = asked.text.strip().casefold()
    options = {meeting.uid: option(_label(meeting), meeting.uid) for meeting in mine[:MOST_OPTIONS]}
    first = next((m.uid for m in mine if wanted in (m.uid.casefold(), *(g.casefold() for g in m.groups))), mine[0].uid)
    meeting = StaticSelectElement(
        action_id="meeting", options=list(options.values()), initial_option=options.get(first)
    )  # fmt: skip
    return modal(FORM, TITLE, _fields(meeting), submit="Send apologies")


def _fields(meeting: StaticSelectElement) -> list[Block]:
    known = ExternalDataSelectElement(action_id="alternate", placeholder="Type a name", min_query_length=0)
    near = "People of your constituency, organisation and groups. May be named later, too."
    name, email = PlainTextInputElement(action_id="name", max_length=200), EmailInputElement(action_id="email")
    return [
        section("No reason is asked or kept, and whoever you name is not refused."),
        field("Meeting", meeting, block_id="meeting"),
        field("Who comes instead", known, block_id="alternate", hint=near, optional=True),
        field("Somebody else: their name", name, block_id="name", optional=True),
        field("… and their e-mail address", email, block_id="email", optional=True),
    ]


def alternates_offered(door: SlackDoor, filled: Filled) -> list[Option]:
    """Whom the asker may want to come instead, by what is typed of name or organisation."""
    wanted = filled.typed.strip().casefold()
    with door.database.reading() as session:
        person = _apologising(door, session, filled.asked)
        found = alternates.near(session, person, door.clock.today())
    fitting = (p for p in found if wanted in f"{p.name} {p.organisation}".casefold())
    return [option(p.name, p.id, p.organisation) for p in fitting][:MOST_OPTIONS]


def apologies_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """The modal sent in."""
    try:
        with door.database.session() as session:
            person = _apologising(door, session, filled.asked)
            meeting = meetings.by_uid(session, filled.text("meeting"))
            if meeting is None:
                raise Unfit("meeting", "That meeting is not on file: choose another.")
            _require_seat(door, session, person, meeting)
            alternate = _chosen(door, session, filled, person)
            return _recorded(door, session, filled.asked, person, meeting, alternate)
    except Unfit as error:
        return Wrong({error.block_id: str(error)})
    except NotAllowed as error:
        return Wrong({"meeting": str(error)})


def apologies_taken_back(door: SlackDoor, asked: Asked) -> Answer:
    """The button under an apology: its reference is the value."""
    return _withdrawn(door, asked, asked.text)


def _apologising(door: SlackDoor, session: Session, asked: Asked) -> Person:
    person = asker(session, asked)
    access.require_deed(session, person, Deed.APOLOGISE, door.clock.now(), hint="Ask the PMO.")
    return person


def _coming(door: SlackDoor, session: Session, person: Person) -> list[Meeting]:
    now = door.clock.now()
    return apologies.expecting(session, person, now, now + AHEAD)


def _meant(door: SlackDoor, session: Session, person: Person, group: str, on: date | None) -> Meeting:
    """The group's meeting of that day, or the next at which the person is expected."""
    if on is None:
        now, mine = door.clock.now(), (m for m in _coming(door, session, person) if group in m.groups)
        found = next(mine, None) or next(iter(meetings.between(session, now, now + AHEAD, group)), None)
        if found is None:
            raise UnknownThing(f"{group} has no meeting in the next hundred days.", hint="Give a date as well.")
        _require_seat(door, session, person, found)
        return found
    meeting = find_meeting(session, door.calendar, group, on)
    _require_seat(door, session, person, meeting)
    return meeting


def _require_seat(door: SlackDoor, session: Session, person: Person, meeting: Meeting) -> None:
    if meeting.status in apologies.NOT_ATTENDED:
        return  # the use-case says why nobody is expected there
    mine = apologies.expecting(session, person, meeting.starts_at, meeting.starts_at)
    if all(m.uid != meeting.uid for m in mine):
        sentence = f"You are not expected at {meeting.known_as} on {spoken_date(meeting.on)}."
        _refuse(door, session, person, meeting.uid, sentence)


def _refuse(door: SlackDoor, session: Session, person: Person, what: str, sentence: str) -> None:
    access.require(
        session, Ruling(False, "holds no seat there that day"), person=person, what=f"apologies {what}",
        now=door.clock.now(), sentence=sentence, hint="Choose one of your own meetings, or tell the PMO.",
    )  # fmt: skip


def _named(session: Session, who: str) -> Person | None:
    """Whom 'Quentin Ashdown <q@example.org>' means; None for nothing."""
    address = ADDRESS.search(who)
    name = " ".join(re.sub(r"mailto:|[<>(),|]", " ", ADDRESS.sub(" ", who)).split())
    if not name and not address:
        return None
    email = address[0].removeprefix("mailto:") if address else ""
    try:
        return apologies.whom(session, name or email, email)
    except UnknownThing as error:
        raise UnknownThing(error.sentence, hint=f"Give the address as well. {HOW}") from None


def _chosen(door: SlackDoor, session: Session, filled: Filled, person: Person) -> Person | None:
    """Who is chosen or written in the modal. Raises Unfit."""
    chosen, name, email = filled.text("alternate"), filled.text("name"), filled.text("email")
    if not chosen and not name and not email:
        return None
    if chosen and (name or email):
        raise Unfit("alternate", "Choose somebody here, or write a name below: not both.")
    if chosen:
        offered = {p.id: p for p in alternates.near(session, person, door.clock.today())}
        if chosen not in offered:
            raise Unfit("alternate", "That person is not on your list: write name and address below.")
        return offered[chosen]
    if not name:
        raise Unfit("name", "The address is whose? Write the name.")
    try:
        found = apologies.whom(session, name, email)
    except UnknownThing as error:
        raise Unfit("email", f"{error.sentence} Give the address too, and they are put on file.") from None
    except SecretariatError as error:
        raise Unfit("email", str(error)) from None
    if found.id == person.id:
        raise Unfit("name", "You are who cannot come: name somebody else, or nobody.")
    return found


def _recorded(
    door: SlackDoor, session: Session, asked: Asked, person: Person, meeting: Meeting, alternate: Person | None
) -> Answer:
    now, before = door.clock.now(), apologies.of_person(session, meeting.uid, person)
    again = acted_before(session, f"{FORM}:{asked.source_key}", now)
    if again and before:
        found = before
    else:
        found = apologies.record(session, meeting, person, by=person, now=now, alternate=alternate)
    return _said(session, found, meeting, apologies.in_words(found, meeting, person, before))


def _said(session: Session, found: Apology, meeting: Meeting, lines: list[str]) -> Answer:
    said = [*lines, "No reason is kept. The PMO sees it."]
    if found.alternate:
        pack = meetings.pack_link(session, meeting.uid)
        said.append(
            f"{found.alternate.name} is invited in your place, and gets the papers{f': {pack}' if pack else ''}."
        )
    said.append(f"You can change this until the meeting starts, {spoken(meeting.starts_at)}.")
    text = spelt("\n".join(said))
    naming = button("Name somebody else" if found.alternate else "Name an alternate", "apologies", meeting.uid)
    coming = asks_first(
        button("I can come after all", "apologies_taken_back", found.reference),
        "Come after all?",
        f"{found.reference} is withdrawn, and nobody comes in your place.",
        "I come",
    )
    return Answer(text, (section(text), buttons(naming, coming)))


def _withdrawn(door: SlackDoor, asked: Asked, reference: str) -> Answer:
    with door.database.session() as session:
        person, now = asker(session, asked), door.clock.now()
        try:
            row = apologies.named(session, reference)
        except UnknownThing as error:
            raise UnknownThing(error.sentence, hint="Its reference stands in what you were answered: AP-001.") from None
        whose = members.by_id(session, row.person_id)
        ruling = access.may_act_for(session, person, whose or person, now.astimezone(LONDON).date())
        access.require(
            session, ruling, person=person, what=f"apologies {row.reference}", now=now,
            sentence=f"There is no apology {row.reference}.", hint="Its reference stands in what you were answered.",
        )  # fmt: skip
        meeting = meetings.by_uid(session, row.meeting_uid)
        if meeting is None:
            raise UnknownThing("Its meeting is on file no longer.", hint="Ask the PMO.")
        if row.withdrawn_at is not None:
            raise SecretariatError(f"{row.reference} is withdrawn already: you are expected.")
        found = apologies.withdraw(session, row, meeting, by=person, now=now)
    said = [
        f"{found.reference} is withdrawn: {found.person.name} comes to {meeting.known_as}, {spoken(meeting.starts_at)}."
    ]
    if found.alternate:
        said.append(f"{found.alternate.name} may have been invited already: please tell them.")
    return Answer(spelt("\n".join(said)), replaces=True)


def _label(meeting: Meeting) -> str:
    return f"{meeting.known_as}, {spoken(meeting.starts_at)}"
