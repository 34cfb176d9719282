"""The logs in Slack: `decisions`, `actions`, a search for both, and what an action's owner says of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    CheckboxesElement,
    ExternalDataSelectElement,
    Option,
    PlainTextInputElement,
    RadioButtonsElement,
    UrlInputElement,
)
from slack_sdk.models.views import View

from bot import logs
from bot.access import Viewer
from bot.clock import spoken_date
from bot.config import Config
from bot.drafts import reference_of
from bot.errors import NotAllowed, SecretariatError, StateUnusable, UnknownThing
from bot.formats import timestamp
from bot.logs import LONGEST_NOTE, LoggedAction, LoggedDecision, Sought, Whose
from bot.obligations import CLOSED, CLOSURE_PROPOSED
from bot.slack_text import cut, escaped, linked, spelt
from handlers.slack.blocks import MOST_OPTIONS, button, buttons, field, modal, option, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker, packed
from handlers.slack.paging import Page, page_asked, page_of, turning, turning_in_words
from schedules.finding import known_group

DECISIONS, ACTIONS, FIND, UPDATE = "decisions", "actions", "find", "update_action"  # clicks and forms
A_PAGE = 10
LONGEST_LINE = 1_200  # characters of one line of a log: the report has the whole
ABOUT = "about"  # what follows it is looked for as it stands
UPDATE_FORM = "REF [done]: where it stands"
STATES = {CLOSED: "closed", CLOSURE_PROPOSED: "closure proposed"}
WHOSE: dict[Whose, str] = {"mine": "Mine", "constituency": "My constituency's", "": "Everybody's"}
_UPDATE = re.compile(r"(?P<reference>\S+?)(?P<done>\s+done)?\s*:\s*(?P<note>.*)|(?P<only>\S+)\s+done", re.DOTALL)
_ADDRESS = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Wanted:
    """What of a log is asked for, as one writes it: `mine`, `constituency` or `all`, a group, `closed`, words."""

    whose: Whose
    group: str = ""
    closed: bool = False
    words: str = ""

    def __str__(self) -> str:
        said = [self.whose or "all", self.group, "closed" * self.closed, f"{ABOUT} {self.words}" * bool(self.words)]
        return " ".join(filter(None, said))


def wanted(config: Config, text: str) -> Wanted:
    """Read what is asked for. With nothing said it is one's own; of a group, or with words to look for, everybody's."""
    whose: Whose | None = None
    group, closed, rest = "", False, text.split()
    while rest:
        word, key = rest[0].casefold(), config.group_key(rest[0])
        if word == ABOUT and rest[1:]:
            rest = rest[1:]
            break
        if word in ("mine", "my", "constituency", "all"):
            whose = "mine" if word in ("mine", "my") else "constituency" if word == "constituency" else ""
        elif word == "closed":
            closed = True
        elif key and not group:
            group = key
        else:
            break
        rest = rest[1:]
    if whose is None:
        whose = "" if group or rest else "mine"
    return Wanted(whose, group, closed, " ".join(rest))


def decisions_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The decision log: of my groups, my constituency's, a group's; holding words."""
    text, number = page_asked(asked.text)
    return _decisions(door, asked, wanted(door.config, text), number)


def actions_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The action log: mine, my constituency's, a group's; open ones unless `closed` are asked for too."""
    text, number = page_asked(asked.text)
    return _actions(door, asked, wanted(door.config, text), number)


def _decisions(door: SlackDoor, asked: Asked, want: Wanted, number: int = 1) -> Answer:
    with door.database.reading() as session:
        person = asker(session, asked)
        viewer = Viewer(session, door.config, person, door.clock.today())
        sought = Sought(group=want.group, text=want.words, of=person, whose=want.whose)
        found = list(reversed(logs.decisions(viewer, sought, door.announcer.page())))
    page = page_of(found, number, size=A_PAGE)
    return _listed(door, DECISIONS, want, page, [_decision_line(row) for row in page.rows])


def _actions(door: SlackDoor, asked: Asked, want: Wanted, number: int = 1) -> Answer:
    with door.database.reading() as session:
        person = asker(session, asked)
        viewer = Viewer(session, door.config, person, door.clock.today())
        sought = Sought(want.group, want.words, person, want.whose, open_only=not want.closed)
        found = logs.actions(viewer, sought, door.announcer.page())
    page = page_of(found, number, size=A_PAGE)
    return _listed(door, ACTIONS, want, page, [_action_line(row) for row in page.rows])


class Line(NamedTuple):
    """A line of a log, in words and as Slack shows it."""

    words: str
    block: Block


def _listed(door: SlackDoor, log: str, want: Wanted, page: Page[Any], lines: Sequence[Line]) -> Answer:
    command = f"{door.config.slack.command} {log}"
    if not lines:
        whole = f"{command} all{' closed' * (log == ACTIONS)}"
        none = f"Nothing on the log of {log} fits that. For all of it: `{whole}`"
        return Answer(none, (section(none), buttons(button("Search", FIND, log))))
    turn = buttons(*turning(page, log, str(want)), button("Search", FIND, log))
    said = [*(line.words for line in lines), turning_in_words(page, f"{command} {escaped(str(want))}")]
    return Answer("\n".join(filter(None, said)), (*(line.block for line in lines), turn), replaces=page.number > 1)


def _decision_line(row: LoggedDecision) -> Line:
    how = ", ".join(filter(None, [row.outcome, row.reached_by]))
    text = f"{cut(row.text, LONGEST_LINE)} ({how}; {reference_of(row.meeting)})"
    return _line(row.reference, text, row.at_seconds, row.link)


def _action_line(row: LoggedAction) -> Line:
    state = STATES.get(row.state, "")
    facts = [f"owner: {row.owner or 'not given'}", f"due: {_due(row.due)}" if row.due else "", state]
    note = f" Last word: {row.notes[-1].by}, {cut(row.notes[-1].text, 300)}" if row.notes else ""
    text = f"{cut(row.text, LONGEST_LINE)} ({'; '.join(filter(None, facts))}).{note}"
    may_update = row.may_update and row.state != CLOSED
    beside = button("Update", UPDATE, row.reference) if may_update else None
    return _line(row.reference, text, row.at_seconds, row.link, beside)


def _line(reference: str, text: str, at: float | None, link: str, beside: ButtonElement | None = None) -> Line:
    heard = timestamp(at) if at is not None else ""
    plain = f"*{escaped(reference)}* {escaped(text)} {heard} {escaped(link)}".strip()
    shown = f"*{escaped(reference)}* {spelt(text)} {linked(link, heard) if heard else ''}".strip()
    return Line(plain, section(shown, beside=beside))


def _due(words: str) -> str:
    """Spelt out where it is a date, else as it was said."""
    try:
        return spoken_date(date.fromisoformat(words))
    except ValueError:
        return words


# ---------------------------------------------------------------------------------------------------------- the search


def find_opened(_door: SlackDoor, asked: Asked) -> View:
    """The search: in which log, whose, of which group, holding which words."""
    both = [option("Actions", ACTIONS), option("Decisions", DECISIONS)]
    whose = [option(label, key or "all") for key, label in WHOSE.items()]
    closed = [option("Closed actions too", "closed")]
    return modal(
        FIND, "Search the logs",
        [
            field("What", RadioButtonsElement(
                action_id="log", options=both, initial_option=both[asked.text == DECISIONS]), block_id="log"),
            field("Whose", RadioButtonsElement(
                action_id="whose", options=whose, initial_option=whose[-1]), block_id="whose"),
            field("Of the group", ExternalDataSelectElement(
                action_id="group", min_query_length=0), block_id="group", optional=True),
            field("Holding the words", PlainTextInputElement(
                action_id="words", max_length=200), block_id="words", optional=True),
            field("More", CheckboxesElement(action_id="closed", options=closed), block_id="closed", optional=True),
        ],
        submit="Search",
    )  # fmt: skip


def find_group_choices(door: SlackDoor, filled: Filled) -> list[Option]:
    """The groups whose key or name holds what was typed."""
    return group_options(door, filled.typed)


def group_options(door: SlackDoor, typed: str) -> list[Option]:
    """Groups as options, by their keys, at most a hundred."""
    wanted_words = typed.strip().casefold()
    return [
        option(f"{key}: {group.name}", key)
        for key, group in door.config.groups.items()
        if wanted_words in f"{key} {group.name}".casefold()
    ][:MOST_OPTIONS]


def find_submitted(door: SlackDoor, filled: Filled) -> Answer:
    """What the log has for it."""
    whose: Whose = next((key for key in WHOSE if key and key == filled.text("whose")), "")
    group = known_group(door.config, filled.text("group")) if filled.text("group") else ""
    closed = "closed" in filled.several("closed")
    want = Wanted(whose, group, closed and filled.text("log") == ACTIONS, filled.text("words"))
    asked_for = _decisions if filled.text("log") == DECISIONS else _actions
    return asked_for(door, filled.asked, want)


# -------------------------------------------------------------------------------------------------- an action's owner


def update_opened(door: SlackDoor, asked: Asked) -> View:
    """The action as it stands, and what is to be said of it."""
    with door.database.reading() as session:
        person = asker(session, asked)
        row = logs.action_to_update(session, door.config, asked.text, by=person, now=door.clock.now())
        text = f"*{escaped(row.reference)}* {escaped(cut(row.text, LONGEST_LINE))}"
        facts = [f"owner: {row.owner or 'not given'}", f"due: {_due(row.due)}" if row.due else ""]
        reference = row.reference
    done = [option("It is done: I propose its closure", "done")]
    return modal(
        UPDATE, "Update an action",
        [
            section(f"{text}\n{escaped('; '.join(filter(None, facts)))}"),
            field("Where it stands", PlainTextInputElement(
                action_id="note", multiline=True, max_length=LONGEST_NOTE), block_id="note", optional=True),
            field("Done", CheckboxesElement(action_id="done", options=done), block_id="done", optional=True,
                  hint="Its owner proposes, the PMO closes."),
            field("Where what was done can be seen", UrlInputElement(action_id="link"), block_id="link",
                  optional=True),
        ],
        submit="Send", about=packed(reference=reference),
    )  # fmt: skip


def update_submitted(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """Note it; sent in twice, it is noted once."""
    try:
        return _noted(
            door, filled.asked, str(filled.about.get("reference", "")), note=filled.text("note"),
            done="done" in filled.several("done"), link=filled.text("link"),
        )  # fmt: skip
    except (NotAllowed, UnknownThing, StateUnusable):
        raise
    except SecretariatError as wrong:
        return Wrong({"note": str(wrong)})


def update_asked(door: SlackDoor, asked: Asked) -> Answer:
    """`update PSG27-03: half of it has come`, `update PSG27-03 done: the link or the words`."""
    found = _UPDATE.fullmatch(asked.text.strip())
    if found is None:
        raise SecretariatError("Which action, and what of it?", hint=f"Write: update {UPDATE_FORM}")
    note = (found["note"] or "").strip()
    link = _ADDRESS.search(note)
    done = found["only"] is not None or found["done"] is not None
    return _noted(door, asked, found["reference"] or found["only"], note=note, done=done, link=link[0] if link else "")


def names_an_action(text: str) -> bool:
    """A reference alone opens the modal."""
    return len(text.split()) == 1 and not text.endswith(":")


def _noted(door: SlackDoor, asked: Asked, reference: str, *, note: str, done: bool, link: str) -> Answer:
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        if acted_before(session, f"{UPDATE}:{asked.source_key}", now):
            row = logs.action_to_update(session, door.config, reference, by=person, now=now)
        else:
            row = logs.update_action(
                session, door.config, reference, by=person, now=now, note=note, done=done, link=link
            )
        outcome = "is closed" if row.state == CLOSED else "is proposed for closure: the PMO closes it"
        return Answer(f"{escaped(row.reference)} {outcome if done else 'is noted'}.")
