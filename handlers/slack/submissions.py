"""`submit`: a paper by its file or link, or an item for the agenda; a late one is taken, and put to the Chair."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from slack_sdk.models.blocks import (
    Block,
    ExternalDataSelectElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
    UrlInputElement,
)
from slack_sdk.models.blocks.block_elements import FileInputElement
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import meetings, papers
from bot.access import Kind, Viewer
from bot.clock import spoken
from bot.errors import NotAllowed, SecretariatError, StateUnusable, UnknownThing
from bot.model import Meeting, Person
from bot.papers import LONGEST_NOTE, LONGEST_TITLE, PURPOSES, Sent
from bot.slack_text import cut, escaped, spelt
from bot.store.meeting_tables import ExpectedPaperRow
from handlers.mail.attachments import DOCUMENTS, MOST_BYTES, Standing, attached
from handlers.slack.blocks import MOST_OPTIONS, button, field, modal, option, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker
from handlers.slack.meetings import WHY
from schedules import submissions
from schedules.finding import day_named, find_meeting, known_group
from schedules.submissions import Taking, coming, taking

SUBMIT = "submit"
PAPER, TO_FOLLOW, TALK = "paper", "item_with_paper", "item"  # beside the papers expected: what it is
KINDS = {
    PAPER: "A paper, now",
    TO_FOLLOW: "An item for the agenda; its paper follows",
    TALK: "An item for the agenda, without a paper",
}
MOST_EXPECTED = MOST_OPTIONS - len(KINDS)
WORDS_FORM = "GROUP [DATE] [item]: TITLE [LINK]"
_WORDS = re.compile(
    r"(?P<group>\S+)(?:\s+(?P<on>\d{4}-\d\d-\d\d))?(?:\s+(?P<what>item|PAP-\d+))?\s*:\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Chosen:
    """What is chosen already: a meeting, and which of the papers expected it is."""

    meeting: Meeting | None = None
    which: str = ""


def lacks_words(text: str) -> bool:
    """Without a title the modal opens."""
    return ":" not in text


def submission_opened(door: SlackDoor, asked: Asked) -> View:
    """For which meeting, what, and the paper itself; the meeting is chosen already where the group was named."""
    with door.database.reading() as session:
        person = asker(session, asked)
        words = asked.text.split()
        chosen = Chosen()
        if words and "@" in words[0]:
            chosen = Chosen(meetings.by_uid(session, words[0]), words[1] if len(words) > 1 else "")
        elif words:
            chosen = Chosen(_meeting_in_words(door, session, words[0], words[1] if len(words) > 1 else ""))
        return _view(door, session, person, chosen)


def meeting_chosen(door: SlackDoor, filled: Filled) -> View:
    """The modal anew, with that meeting's clock and the papers expected for it."""
    with door.database.reading() as session:
        person = asker(session, filled.asked)
        return _view(door, session, person, Chosen(meetings.by_uid(session, filled.typed or filled.text("meeting"))))


def meeting_choices(door: SlackDoor, filled: Filled) -> list[Option]:
    """The meetings to come that take papers of this person, holding what was typed."""
    with door.database.reading() as session:
        person = asker(session, filled.asked)
        viewer = Viewer(session, door.config, person, door.clock.today())
        found = coming(session, door.calendar, door.clock.now())
        words = filled.typed.casefold().split()
        fitting = [each.meeting for each in found if all(word in _label(each.meeting).casefold() for word in words)]
        return [_option(each) for each in fitting if viewer.sees(Kind.PAPERS, each)][:MOST_OPTIONS]


def _option(meeting: Meeting) -> Option:
    return option(_label(meeting), meeting.uid)


def _label(meeting: Meeting) -> str:
    return f"{meeting.known_as}, {spoken(meeting.starts_at)}"


def _meeting_in_words(door: SlackDoor, session: Session, group: str, on: str) -> Meeting:
    """The meeting of that date, else the group's next that takes papers. Raises UnknownThing."""
    key = known_group(door.config, group)
    if on:
        return find_meeting(session, door.calendar, key, day_named(on))
    found = coming(session, door.calendar, door.clock.now(), key)
    if not found:
        raise UnknownThing(f"No meeting of {key} takes papers in the next hundred days.", hint="Ask the PMO.")
    return next((each for each in found if not each.is_late), found[0]).meeting


def _view(door: SlackDoor, session: Session, person: Person, chosen: Chosen) -> View:
    viewer = Viewer(session, door.config, person, door.clock.today())
    clock = taking(session, door.calendar, chosen.meeting, door.clock.now()) if chosen.meeting else None
    if clock and not viewer.sees(Kind.PAPERS, clock.meeting):
        clock = None
    select = ExternalDataSelectElement(
        action_id="meeting", min_query_length=0, initial_option=_option(clock.meeting) if clock else None
    )
    blocks: list[Block] = [field("For the meeting", select, block_id="meeting", dispatch=True)]
    if clock:
        blocks += [_clock_block(clock), *_fields(_expected(session, clock.meeting, person), chosen.which)]
    return modal(SUBMIT, "Submit for a meeting", blocks, submit="Submit")


def _clock_block(clock: Taking) -> Block:
    due = spoken(clock.due.due_at) if clock.due.due_at else ""
    why = button("Why then?", WHY, f"{clock.meeting.uid} {clock.due.kind}")
    if clock.is_late:
        gone = "The papers have gone out" if clock.pack_is_out else f"The papers were due {due}"
        said = f"{gone}: what you submit is taken, marked late and put to the Chair."
    else:
        said = f"The papers go out by {due}."
    return section(spelt(said), beside=why)


def _expected(session: Session, meeting: Meeting, person: Person) -> list[ExpectedPaperRow]:
    mine = [row for row in papers.of_meeting(session, meeting.uid) if row.author_id == person.id]
    return sorted(mine, key=lambda row: row.received_at is not None)[:MOST_EXPECTED]


def _fields(expected: list[ExpectedPaperRow], which: str) -> list[Block]:
    what = [
        option(f"{row.reference}: {row.title}" if row.received_at is None else f"A newer {row.reference}: {row.title}",
               row.reference)
        for row in expected
    ]  # fmt: skip
    what += [option(label, key) for key, label in KINDS.items()]
    first = next((each for each in what if each.value == which), what[0])
    purposes = [option(f"For {purpose}", purpose) for purpose in PURPOSES]
    return [
        field("What it is", StaticSelectElement(action_id="which", options=what, initial_option=first),
              block_id="which"),
        field("Title", PlainTextInputElement(action_id="title", max_length=LONGEST_TITLE), block_id="title",
              optional=True, hint="Not needed for a paper that is expected of you."),
        field("Purpose", StaticSelectElement(action_id="purpose", options=purposes), block_id="purpose", optional=True),
        field("File", FileInputElement(action_id="file", filetypes=sorted(DOCUMENTS), max_files=1), block_id="file",
              optional=True, hint=f"Up to {MOST_BYTES >> 20} MB."),
        field("Or a link to it", UrlInputElement(action_id="link"), block_id="link", optional=True),
        field("A word to the PMO and the Chair", PlainTextInputElement(
            action_id="note", multiline=True, max_length=LONGEST_NOTE), block_id="note", optional=True),
    ]  # fmt: skip


def submission_submitted(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """Take it. What is wrong is said on its field; sent in twice, it is taken once."""
    which, uid = filled.text("which"), filled.text("meeting")
    if not which:
        return Wrong({"meeting": "Choose a meeting that is still to come."})
    sent = Sent(
        title=filled.text("title") if which in KINDS else "",
        reference="" if which in KINDS else which,
        purpose=filled.text("purpose"),
        note=filled.text("note"),
        link=filled.text("link"),
        is_item=which in (TO_FOLLOW, TALK),
        follows=which == TO_FOLLOW,
    )
    wrong = _missing(sent, filled)
    return Wrong(wrong) if wrong else _with_file(door, filled, sent, uid)


def _missing(sent: Sent, filled: Filled) -> dict[str, str]:
    wrong = {}
    if not (sent.title or sent.reference):
        wrong["title"] = "Give it a title."
    if not (sent.is_item or sent.link or filled.several("file")):
        wrong["file"] = "Add the file, or a link to it below."
    return wrong


def _with_file(door: SlackDoor, filled: Filled, sent: Sent, uid: str) -> Answer | Wrong:
    """The file is fetched before the database is asked to write: Slack may take its time."""
    with door.database.reading() as session:
        asker(session, filled.asked)
    files = filled.several("file")
    if files:
        try:
            name, content = door.screens.file(files[0], at_most=MOST_BYTES)
        except SecretariatError as error:
            return Wrong({"file": str(error)})
        file = attached(name, "", content)
        if file.standing is not Standing.TAKEN:
            return Wrong({"file": f"{file.why} Send it to the PMO by mail, or give a link."})
        sent = replace(sent, file=f"{door.files.put(content)}:{file.name}")
    try:
        return _taken(door, filled.asked, sent, lambda session: meetings.by_uid(session, uid))
    except (NotAllowed, UnknownThing, StateUnusable):
        raise
    except SecretariatError as error:
        return Wrong({"title": str(error)})


def submission_asked(door: SlackDoor, asked: Asked) -> Answer:
    """`submit PSG: Delivery plan https://…`, `submit PSG 2024-03-06 item: Costs`, `submit PSG PAP-001: https://…`."""
    found = _WORDS.fullmatch(asked.text.strip())
    if found is None:
        raise SecretariatError("What do you submit, for which meeting?", hint=f"Write: submit {WORDS_FORM}")
    what, rest = (found["what"] or "").upper(), found["rest"].strip()
    address = _ADDRESS.search(rest)
    link = address[0] if address else ""
    reference, title = (what, "") if what.startswith("PAP-") else ("", rest.replace(link, "").strip() if link else rest)
    sent = Sent(title=title, reference=reference, link=link, is_item=what == "ITEM")
    return _taken(
        door, asked, sent, lambda session: _meeting_in_words(door, session, found["group"], found["on"] or "")
    )


def _taken(door: SlackDoor, asked: Asked, sent: Sent, find: Callable[[Session], Meeting | None]) -> Answer:
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        meeting = find(session)
        if meeting is None:
            raise UnknownThing("That meeting has gone from the calendar.", hint="Choose another.")
        if acted_before(session, f"{SUBMIT}:{asked.source_key}", now):
            row = _as_taken(session, meeting, sent, person)
        else:
            row = submissions.submit(session, door.announcer, meeting, sent, by=person, now=now)
        return _receipt(row, meeting, taking(session, door.calendar, meeting, now))


def _as_taken(session: Session, meeting: Meeting, sent: Sent, person: Person) -> ExpectedPaperRow:
    """What was made of it the first time."""
    title = " ".join(sent.title.split())
    for row in papers.of_meeting(session, meeting.uid):
        if row.author_id == person.id and (row.reference == sent.reference or row.title == title):
            return row
    raise UnknownThing("That was withdrawn since.", hint="Submit it again.")


def _receipt(row: ExpectedPaperRow, meeting: Meeting, clock: Taking | None) -> Answer:
    what = "An item for the agenda" if row.is_item else "A paper"
    head = f"{row.reference}: {cut(row.title, 300)}. {what} for {meeting.known_as}, {spoken(meeting.starts_at)}."
    due = spoken(clock.due.due_at) if clock and clock.due.due_at else ""
    if row.late:
        rest = "It is late: the papers were due before. It is marked so and put to the Chair; you hear what is decided."
    elif row.received_at is None:
        rest = f"Please send its paper before the papers go out, by {due}. The PMO agrees the agenda with the Chair."
    elif row.is_item:
        rest = "The PMO agrees the agenda with the Chair."
    else:
        rest = f"A newer version replaces it until the papers go out, by {due}."
    whole = f"{head}\n{rest}"
    return Answer(escaped(whole), (section(spelt(whole)),))
