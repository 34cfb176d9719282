"""`/secretariat join GROUP` and `leave GROUP`: the lists of open groups, which anybody on file may be on."""

from __future__ import annotations

from slack_sdk.models.blocks import ButtonElement, StaticSelectElement
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import meetings, open_lists
from bot.clock import spoken
from bot.errors import NotAllowed, SecretariatError, UnknownThing
from bot.model import Person
from bot.slack_text import spelt
from handlers.slack.blocks import MOST_OPTIONS, button, buttons, field, modal, option, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker
from schedules import joining
from schedules.finding import known_group

JOIN, LEAVE = "join", "leave"


def joined(door: SlackDoor, asked: Asked) -> Answer:
    """Put the asker on an open group's list. Put there again, nothing changes."""
    group = _group_in(door, asked, "Which group's list do you want to join?", "Write: join SITWG")
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        new = joining.join(session, door.announcer, group, person, now)
        coming = next(iter(meetings.between(session, now, now + joining.AHEAD, group)), None)
    said = [f"You are on the list of {group}{'' if new else ' already'}: invited, and sent its papers and reports."]
    if coming:
        said.append(f"Its next meeting: {spoken(coming.starts_at)}.")
    return _answer(said, button("Leave the list", "left", group))


def left(door: SlackDoor, asked: Asked) -> Answer:
    """Take the asker off an open group's list."""
    group = _group_in(door, asked, "Which group's list do you want to leave?", "Write: leave SITWG")
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        again = acted_before(session, f"{LEAVE}:{asked.source_key}", now)
        try:
            gone = () if again else joining.leave(session, door.announcer, group, person, now)
        except UnknownThing as error:  # its hint is for a terminal
            raise UnknownThing(error.sentence) from None
    said = [f"You are no longer on the list of {group}."]
    said += [f"No longer in your calendar: {m.known_as}, {spoken(m.starts_at)}." for m in gone]
    return _answer(said, button("Join again", "joined", group))


def join_opened(door: SlackDoor, asked: Asked) -> View:
    """The open groups on whose lists the asker is not."""
    return _opened(door, asked, JOIN)


def leave_opened(door: SlackDoor, asked: Asked) -> View:
    """The open groups on whose lists the asker is."""
    return _opened(door, asked, LEAVE)


def join_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """The modal sent in."""
    return _sent(door, filled, JOIN)


def leave_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """The modal sent in."""
    return _sent(door, filled, LEAVE)


def _opened(door: SlackDoor, asked: Asked, form: str) -> View:
    with door.database.reading() as session:
        groups = _choices(door, session, asker(session, asked), form)
    if not groups:
        none = {JOIN: "You are on the list of every open group.", LEAVE: "You are on no open group's list."}
        raise SecretariatError(none[form])
    options = [option(f"{key}: {door.config.groups[key].name}", key) for key in groups[:MOST_OPTIONS]]
    choice = field("Group", StaticSelectElement(action_id="group", options=options), block_id="group")
    if form == JOIN:
        said = "Anybody may join an open group's list: you are invited, and get its papers and reports."
        return modal(JOIN, "Join a list", [section(said), choice], submit="Join")
    said = "Its coming meetings go from your calendar. A seat that you hold there stays yours."
    return modal(LEAVE, "Leave a list", [section(said), choice], submit="Leave")


def _choices(door: SlackDoor, session: Session, person: Person, form: str) -> list[str]:
    mine = open_lists.of_person(session, person.id, door.clock.today())
    if form == LEAVE:
        return mine
    return [key for key in door.config.groups if open_lists.is_open(door.config, key) and key not in mine]


def _sent(door: SlackDoor, filled: Filled, form: str) -> Answer | Wrong:
    asked = Asked(filled.asked.slack_user_id, filled.text("group"), filled.asked.source_key)
    try:
        return joined(door, asked) if form == JOIN else left(door, asked)
    except (UnknownThing, NotAllowed) as error:
        return Wrong({"group": str(error)})


def _group_in(door: SlackDoor, asked: Asked, question: str, form: str) -> str:
    if not asked.text.strip():
        raise SecretariatError(question, hint=form)
    return known_group(door.config, asked.text.strip())


def _answer(said: list[str], offered: ButtonElement) -> Answer:
    text = spelt("\n".join(said))
    return Answer(text, (section(text), buttons(offered)), replaces=True)
