"""`edited`: a draft report that was edited in Word is given back as a file, read line by line, and taken in."""

from __future__ import annotations

from functools import partial

from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from bot import access, members, returns
from bot.access import Deed
from bot.clock import LONDON
from bot.report_imports import NOTHING_DECIDED
from bot.return_states import Door, State
from bot.returns import Brought, Found
from bot.slack_text import escaped, linked, spelt
from bot.store.draft_tables import ReturnRow
from handlers.slack.blocks import asks_first, button, buttons, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker
from handlers.slack.handing_in import FILE, document_form, first_of, handed_in, no_form_here
from schedules.return_words import returned_told

EDITED, TAKE = "edited", "edited_take"  # form and clicks
MOST_LINES = 12  # shown here; the page shows all
ELSEWHERE = "Give it in on the page, drop it into the folder of edited drafts, or mail it to the PMO's mailbox."


def edited_asked(door: SlackDoor, asked: Asked) -> Answer:
    """Where there is no modal, the other doors."""
    return no_form_here(door, asked, ELSEWHERE)


def edited_opened(door: SlackDoor, asked: Asked) -> View:
    """The file."""
    says = "It is read line by line. Nothing of it is in the report until somebody of the PMO takes it in."
    return document_form(door, asked, EDITED, "An edited draft", says=says, submit="Give it back")


def edited_submitted(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """Keep it, read it, and say what was found. What is wrong is said on its field; the file is kept then, too."""
    given = handed_in(door, filled, missing="Add the document that you edited.")
    if isinstance(given, Wrong):
        return given
    sha256 = door.files.put(given.content)
    with door.database.session() as session:
        brought = Brought(sha256, given.name, Door.SLACK, given.file_id, given.person)
        reference = returns.receive(session, brought, door.clock.now()).reference
    returns.read(door.database, door.drafting(), partial(returned_told, door.announcer), door.clock, reference)
    with door.database.reading() as session:
        row = returns.named(session, reference)
        found = returns.found_of(row)
        of_pmo = access.may_do(session, members.by_id(session, given.person.id), Deed.DRAFT, door.clock.today()).allowed
    if found is None:
        return Wrong({FILE: f"{row.reason} It was kept as {reference}, and nothing was changed."[:500]})
    return _shown(door, row, found, of_pmo=of_pmo)


def _shown(door: SlackDoor, row: ReturnRow, found: Found, *, of_pmo: bool) -> Answer:
    lines = first_of(returns.lines_said(found), MOST_LINES, where=" on the page")
    head = f"{row.reference}: {row.file_name}, against {found.sent}"
    to_decide = len(found.conflicts) + len(found.unread) + sum(bool(edit.why) for edit in found.edits)
    tail = f"Still to be decided, on the page: {to_decide}." if to_decide else ""
    said = [head, *lines, *([tail] if tail else [])]
    page = f"{door.announcer.page()}/returns/{row.reference}"
    blocks: list[Block] = [*map(section, map(spelt, said)), section(linked(page, "Look at it line by line"))]
    if of_pmo and row.state == State.WAITING and not to_decide:
        blocks.append(buttons(_take_button(row.reference)))
    return Answer("\n".join([*map(escaped, said), escaped(page)]), tuple(blocks))


def _take_button(reference: str) -> ButtonElement:
    take = button("Take it in", TAKE, reference, style="primary")
    return asks_first(take, "Take it in?", "These edits become the newest draft, in your name.", "Take it in")


def edited_taken(door: SlackDoor, asked: Asked) -> Answer:
    """Take in what has nothing to be decided; clicked twice, it is taken once."""
    now, reference = door.clock.now(), asked.text.strip()
    with door.database.reading() as session:
        person = asker(session, asked)
        row = returns.named(session, reference)
        taken = row.taken_as if row.state == State.TAKEN_IN else None
        if taken:
            return Answer(f"{escaped(reference)} is {escaped(taken)} already.", replaces=True)
        returns.refuse_settled(row)
        returned = returns.look(session, door.drafting(), row, now.astimezone(LONDON).date())
    with door.database.session() as session:
        row = returns.named(session, reference)
        if acted_before(session, f"{TAKE}:{asked.source_key}", now):
            return Answer(f"{escaped(reference)} is taken in already.")
        made = returns.take_in(session, door.drafting(), row, returned, NOTHING_DECIDED, by=person, now=now)
        said = f"{made.id} is the newest draft now." if made else "Nothing was changed, so there is no new draft."
    return Answer(escaped(said), replaces=True)
