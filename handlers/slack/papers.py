"""`papers`: the pack of a meeting, the file of a paper on request, and the Chair's word on a late one."""

from __future__ import annotations

import re
from datetime import timedelta

from slack_sdk.models.blocks import Block, PlainTextInputElement
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import meetings, packs, papers
from bot.access import Viewer
from bot.clock import LONDON, spoken
from bot.errors import SecretariatError, UnknownThing
from bot.model import Meeting
from bot.packs import HINT, NONE, Pack, Paper
from bot.slack_text import cut, escaped, linked, spelt
from bot.store.meeting_tables import ExpectedPaperRow
from handlers.slack.blocks import asks_first, button, buttons, context, field, modal, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker, packed
from handlers.slack.meetings import escaped_line
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words
from schedules import submissions
from schedules.finding import day_named, find_meeting, known_group
from schedules.submissions import taking

PAPERS, COPY, SUBMIT, TAKE, REFUSE = "papers", "paper_copy", "submit", "paper_take", "paper_refuse"  # clicks and forms
A_PAGE = 10
BEHIND, AHEAD = timedelta(days=30), timedelta(days=100)
LATE_FORM = "REF taken, or REF refused: REASON"
_LATE = re.compile(r"(?P<reference>\S+)\s+(?P<says>taken|refused)\s*(?::\s*(?P<reason>.*))?", re.IGNORECASE | re.DOTALL)


def papers_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The pack of a group's next meeting, or of the one on a date; without a group, what is one's own to send."""
    text, number = page_asked(asked.text)
    words = text.split()
    if not words:
        return _mine(door, asked)
    now = door.clock.now()
    opened = door.database.session if len(words) > 1 else door.database.reading
    with opened() as session:
        viewer = Viewer(session, door.config, asker(session, asked), door.clock.today())
        meeting = _meant(door, session, words)
        pack = packs.pack_of(viewer, meeting, now)
        clock = taking(session, door.calendar, meeting, now)
        clocks = door.announcer.clocks_of(session, meeting)
        due = next((c.due_at for c in clocks if c.kind in ("papers", "update")), None)
        goes_out = f"The papers go out by {spoken(due)}." if due and due > now else ""
        return _shown(door, pack, goes_out, number, takes=clock is not None)


def _meant(door: SlackDoor, session: Session, words: list[str]) -> Meeting:
    """The one on that date; else the next; else the last that was held lately. Raises UnknownThing."""
    now, group = door.clock.now(), known_group(door.config, words[0])
    if len(words) > 1:
        return find_meeting(session, door.calendar, group, day_named(words[1]))
    midnight = now.astimezone(LONDON).replace(hour=0, minute=0)
    near = meetings.between(session, midnight, now + AHEAD, group)
    near = near or list(reversed(meetings.between(session, now - BEHIND, now, group)))
    if not near:
        raise UnknownThing(NONE.format(group), hint=HINT)
    return near[0]


def _shown(door: SlackDoor, pack: Pack, goes_out: str, number: int, *, takes: bool) -> Answer:
    meeting, named = pack.meeting, f"{pack.meeting.group} {pack.meeting.on.isoformat()}"
    if pack.issued_at:
        state = f"The papers went out on {spoken(pack.issued_at)}{f': {pack.link}' if pack.link else '.'}"
    else:
        state = goes_out or "The papers have not gone out."
    page = page_of(pack.papers, number, size=A_PAGE)
    said, blocks = [escaped_line(meeting), escaped(state)], [section(f"{escaped_line(meeting)}\n{spelt(state)}")]
    for paper in page.rows:
        said.append(f"• {_words(paper)} {escaped(paper.row.link)}".rstrip())
        blocks += _blocks(paper)
    ask = button("Submit a paper or an item", SUBMIT, meeting.uid)
    row = [*turning(page, PAPERS, named), *([ask] if takes else [])]
    said.append(turning_in_words(page, f"{door.config.slack.command} {PAPERS} {named}"))
    if takes:
        said.append(f"To submit one: `{door.config.slack.command} {SUBMIT} {named}: TITLE LINK`")
    text = "\n".join(filter(None, said))
    return Answer(text, (*blocks, *([buttons(*row)] if row else [])), replaces=number > 1)


def _words(paper: Paper) -> str:
    row = paper.row
    what = ", ".join(filter(None, ["item" if row.is_item else "", f"for {row.purpose}" if row.purpose else ""]))
    facts = "; ".join(filter(None, [paper.author, what, paper.state]))
    return f"*{escaped(row.reference)}* {escaped(cut(row.title, 300))} ({escaped(facts)})"


def _blocks(paper: Paper) -> list[Block]:
    row = paper.row
    beside = button("Send me the file", COPY, row.reference) if row.file else None
    link = f" {linked(row.link, 'Open')}" if row.link else ""
    found = [section(f"{_words(paper)}{link}", beside=beside)]
    if row.note:
        found.append(context(escaped(cut(row.note, 500))))
    if paper.waits_for_chair:
        title = f"Take {row.reference} late?"
        told = "It goes out as a late paper, with the Chair's consent. Its author is told at once."
        take = asks_first(button("The Chair takes it", TAKE, row.reference, style="primary"), title, told, "Take it")
        found.append(buttons(take, button("Not for this meeting", REFUSE, row.reference)))
    return found


def _mine(door: SlackDoor, asked: Asked) -> Answer:
    now = door.clock.now()
    with door.database.reading() as session:
        person = asker(session, asked)
        rows = [(row, meetings.as_meeting(of)) for row, of in papers.of_author(session, person, now)]
        lines = [(row, of, f"{of.known_as}, {spoken(of.starts_at)}; {packs.state_of(row)}") for row, of in rows]
        return _mine_shown(door, lines)


def _mine_shown(door: SlackDoor, lines: list[tuple[ExpectedPaperRow, Meeting, str]]) -> Answer:
    command = door.config.slack.command
    ask = buttons(button("Submit a paper or an item", SUBMIT))
    if not lines:
        none = f"No paper is expected of you. A group's papers: `{command} papers PSG`"
        return Answer(none, (section(none), ask))
    said, blocks = [], []
    for row, meeting, facts in lines[:A_PAGE]:
        title = f"*{escaped(row.reference)}* {escaped(cut(row.title, 300))}"
        said.append(f"{title} ({escaped(facts)})")
        label = "Send it" if row.received_at is None else "Send a newer version"
        send = button(label, SUBMIT, f"{meeting.uid} {row.reference}")
        blocks.append(section(f"{title} ({spelt(facts)})", beside=send))
    return Answer("\n".join(said), (*blocks, ask))


def file_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The file of a paper, sent to whoever may see it."""
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        viewer = Viewer(session, door.config, person, door.clock.today())
        row = packs.paper_seen(viewer, asked.text, now).row
        meeting = meetings.by_uid(session, row.meeting_uid)
        packs.send_copy(session, door.config, row, meeting.group if meeting else "", person, now)
        return Answer(f"{escaped(row.reference)} is on its way to you: {escaped(cut(row.title, 300))}.")


# ------------------------------------------------------------------------------------- the Chair's word on a late paper


def late_asked(door: SlackDoor, asked: Asked) -> Answer:
    """`late PAP-001 taken`, `late PAP-001 refused: the reason`."""
    found = _LATE.fullmatch(asked.text.strip())
    if found is None:
        raise SecretariatError("Which late paper, and what does the Chair say?", hint=f"Write: late {LATE_FORM}")
    return _decided(door, asked, found["reference"], found["says"].lower(), (found["reason"] or "").strip())


def late_taken(door: SlackDoor, asked: Asked) -> Answer:
    """The button: the Chair takes it."""
    return _decided(door, asked, asked.text, papers.TAKEN, "")


def refusal_opened(door: SlackDoor, asked: Asked) -> View:
    """Why it is not taken: its author reads it."""
    with door.database.reading() as session:
        person = asker(session, asked)
        row = submissions.waits_for_chair(session, door.config, asked.text, by=person, now=door.clock.now())
        said, reference = f"*{escaped(row.reference)}* {escaped(cut(row.title, 300))}", row.reference
    told = "It is not taken for this meeting. Its author is told at once, with the reason."
    reason = PlainTextInputElement(action_id="reason", multiline=True, max_length=1000)
    return modal(
        REFUSE, "A late paper", [section(f"{said}\n{told}"), field("The reason", reason, block_id="reason")],
        submit="Not this meeting", about=packed(reference=reference),
    )  # fmt: skip


def refusal_submitted(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """The Chair's refusal, with its reason."""
    if not filled.text("reason"):
        return Wrong({"reason": "Say why: its author reads it."})
    reference = str(filled.about.get("reference", ""))
    return _decided(door, filled.asked, reference, papers.REFUSED, filled.text("reason"))


def _decided(door: SlackDoor, asked: Asked, reference: str, says: str, reason: str) -> Answer:
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        row = submissions.waits_for_chair(session, door.config, reference, by=person, now=now)
        if not acted_before(session, f"late:{asked.source_key}", now):
            submissions.chair_says(session, door.config, row, says, by=person, now=now, reason=reason)
        outcome = "is taken, as a late paper" if row.chair_says == papers.TAKEN else "is not taken for this meeting"
        return Answer(f"{escaped(row.reference)} {outcome}. Its author is told.")
