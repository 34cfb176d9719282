"""`issue`: a headline report on a person's word, who has listened where the draft is not clear (rules §4)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from slack_sdk.models.blocks import (
    Block,
    ExternalDataSelectElement,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import access, brakes, draft_reading, reports
from bot.access import Deed, Viewer
from bot.clock import spoken, spoken_date
from bot.draft_reading import ReadDraft
from bot.errors import NotAllowed, SecretariatError, StateUnusable
from bot.formats import DraftedDecision, timestamp
from bot.reports import OUTCOMES, Corrections
from bot.slack_text import cut, escaped, linked, spelt
from handlers.slack.blocks import MOST_OPTIONS, field, modal, option, section
from handlers.slack.confirming import Doing, Follows, Weighty, shown_first
from handlers.slack.door import Asked, Filled, SlackDoor, Wrong, asker
from schedules.consequences import composed
from schedules.finding import day_named, known_group

ISSUE_FORM = 'GROUP [DATE] [D-02=reject D-03="The text."]'
HINT = "Only the PMO issues reports."
MOST_DECISIONS = 30  # three blocks each; a modal takes a hundred
LONGEST_TEXT = 500
TO_CONFIRM = "none"
_CORRECTION = re.compile(r'(?P<ref>[A-Za-z]+-\d+)=(?:"(?P<text>[^"]+)"|(?P<outcome>[a-z_]+))\s*', re.IGNORECASE)
_ASKED = re.compile(r"(?P<group>[^\s=]+)(?:\s+(?P<on>\d{4}-\d\d-\d\d))?(?P<rest>(?:\s.*)?)", re.DOTALL)


class NothingKept:
    """Files in place of the real ones for a deed that is rolled back: only their names, by content, are made."""

    def put(self, content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()

    def put_file(self, path: Path) -> str:
        return self.put(path.read_bytes())

    def path(self, sha256: str) -> Path:
        raise FileNotFoundError(sha256)


def _issue(doing: Doing) -> Follows:
    session, now, door = doing.session, doing.now, doing.door
    access.require_deed(session, doing.person, Deed.ISSUE, now, hint=HINT)
    read, corrections = _in_words(doing)
    issuing = door.issuing() if doing.for_good else replace(door.issuing(), files=NothingKept())
    prepared = reports.prepare(session, issuing, read.meeting, doing.person, now, corrections)
    row = reports.issue(session, issuing, prepared, now)
    count = door.announcer.report_issued(session, prepared, row, now)
    closes_at = door.announcer.window_of(session, read.meeting)
    parts = {
        "To note": [read.clearance, *brakes.in_words(session, now)],
        "What you confirm, by your name": prepared.outcomes or ["no decision is recorded"],
        "What follows": [
            f"It is frozen as {row.id} and numbered; nothing in it is ever changed, amendments come by request.",
            f"Amendment requests close {spoken(closes_at)}." if closes_at else "No amendment requests are taken.",
        ],
        "Who is sent it": [
            f"{', '.join(notices.recipients)}. {notices.when}. They read:\n{notices.subject}\n{notices.text.strip()}"
            for notices in composed(session, now)
        ],
    }
    given = sorted([*corrections.outcomes.items(), *corrections.texts.items()])
    exact = f"{read.row.id} {read.row.content} {given} {_recipients(doing, read)} {read.clearance}"
    done = f"{row.id} is issued, and sent to {count} members. You will be sent what became of it."
    return Follows(f"{read.reference} would be issued, from draft {read.row.version}.", done, parts, exact=exact)


ISSUE = Weighty("issue", "Issue a report", "Issue it", _issue)


def _recipients(doing: Doing, read: ReadDraft) -> list[str]:
    return sorted(person.id for person in doing.door.announcer.report_recipients(doing.session, read.meeting))


def _in_words(doing: Doing) -> tuple[ReadDraft, Corrections]:
    """The draft that is meant, and what the person heard or words otherwise. Raises SecretariatError."""
    asked = _ASKED.fullmatch(doing.text.strip())
    rest = asked["rest"].strip() if asked else ""
    if asked is None or _CORRECTION.sub("", rest):
        raise SecretariatError("I could not read that.", hint=f"Write: issue {ISSUE_FORM}")
    viewer = Viewer(doing.session, doing.door.config, doing.person, doing.door.clock.today())
    read = _draft_of(doing.door, viewer, [word for word in (asked["group"], asked["on"]) if word])
    found = list(_CORRECTION.finditer(rest))
    outcomes = {each["ref"].upper(): each["outcome"].lower() for each in found if each["outcome"]}
    return read, Corrections(outcomes, {each["ref"].upper(): each["text"] for each in found if each["text"]})


def _draft_of(door: SlackDoor, viewer: Viewer, words: Sequence[str]) -> ReadDraft:
    if not words:
        raise SecretariatError("Which draft?", hint=f"Write: issue {ISSUE_FORM}")
    day = day_named(words[1]) if len(words) > 1 else None
    page = door.announcer.page()
    return draft_reading.of_group(viewer, known_group(door.config, words[0]), door.clock.now(), page, day)


# ------------------------------------------------------------------------------------------------------------ the modal


def issue_opened(door: SlackDoor, asked: Asked) -> View:
    """Which draft; then each of its decisions, to be confirmed. With corrections in words: what would follow."""
    words = asked.text.split()
    if "=" in asked.text:
        return shown_first(ISSUE, door, asked, asked.text.strip())
    with door.database.reading() as session:
        viewer = _viewer(door, session, asked)
        return _view(_draft_of(door, viewer, words) if words else None)


def issue_chosen(door: SlackDoor, filled: Filled) -> View:
    """The modal anew, with that draft's decisions."""
    with door.database.reading() as session:
        viewer = _viewer(door, session, filled.asked)
        return _view(_draft_of(door, viewer, (filled.typed or filled.text("draft")).split()))


def issue_choices(door: SlackDoor, filled: Filled) -> list[Option]:
    """The drafts not issued that hold what was typed."""
    with door.database.reading() as session:
        found = draft_reading.unissued(_viewer(door, session, filled.asked), door.announcer.page())
    return [_option(read) for read in found if filled.typed.casefold() in _label(read).casefold()][:MOST_OPTIONS]


def _viewer(door: SlackDoor, session: Session, asked: Asked) -> Viewer:
    person = asker(session, asked)
    access.require_deed(session, person, Deed.ISSUE, door.clock.now(), hint=HINT)
    return Viewer(session, door.config, person, door.clock.today())


def _option(read: ReadDraft) -> Option:
    return option(_label(read), f"{read.meeting.group} {read.meeting.on.isoformat()}")


def _label(read: ReadDraft) -> str:
    return f"{read.meeting.known_as} of {spoken_date(read.meeting.on)}, draft {read.row.version}"


def _view(read: ReadDraft | None) -> View:
    select = ExternalDataSelectElement(
        action_id="draft", min_query_length=0, initial_option=_option(read) if read else None
    )
    blocks: list[Block] = [field("The draft", select, block_id="draft", dispatch=True)]
    if read:
        unclear_first = sorted(read.draft.decisions, key=lambda decision: decision.outcome != TO_CONFIRM)
        for decision in unclear_first[:MOST_DECISIONS]:
            blocks += _decision_blocks(read, decision)
        more = len(unclear_first) - MOST_DECISIONS
        if more > 0:
            blocks.append(section(f"{more} more decisions are issued as they are drafted."))
        if not unclear_first:
            blocks.append(section("The draft holds no decision."))
    return modal(ISSUE.key, ISSUE.title, blocks, submit="Show what follows")


def _decision_blocks(read: ReadDraft, decision: DraftedDecision) -> list[Block]:
    """What is drafted, with the place to listen; the outcome that is vouched for; other words, if wanted."""
    heard = timestamp(decision.at) if decision.at is not None else ""
    where = linked(read.link(decision.at), heard) if heard else ""
    clear = decision.outcome != TO_CONFIRM
    outcomes = [option(words.capitalize(), key) for key, words in OUTCOMES.items() if key != TO_CONFIRM]
    first = next((each for each in outcomes if each.value == decision.outcome), None)
    own = f"{read.row.id}:{decision.ref}"  # under the same action id Slack keeps what stood there before
    return [
        section(f"*{escaped(decision.ref)}* {spelt(cut(decision.text, 2_000))} {where}".rstrip()),
        field("Outcome", StaticSelectElement(
            action_id=f"outcome:{own}", options=outcomes, initial_option=first), block_id=f"outcome:{decision.ref}",
            hint="" if clear else "It is not clear from the words: please listen there."),
        field("In your words", PlainTextInputElement(
            action_id=f"text:{own}", max_length=LONGEST_TEXT, multiline=True), block_id=f"text:{decision.ref}",
            optional=True, hint="Needed where the outcome is another than drafted." if clear else ""),
    ]  # fmt: skip


def issue_submitted(door: SlackDoor, filled: Filled) -> View | Wrong:
    """What follows; or what is wrong, on the field it is about."""
    if not filled.text("draft"):
        return Wrong({"draft": "Choose the draft."})
    try:
        return shown_first(ISSUE, door, filled.asked, _as_words(door, filled))
    except (NotAllowed, StateUnusable):
        raise
    except SecretariatError as error:
        return Wrong({_field_to_blame(filled, str(error)): str(error)})


def _as_words(door: SlackDoor, filled: Filled) -> str:
    """The issue in words, as one would type it: only what differs from the draft."""
    with door.database.reading() as session:
        read = _draft_of(door, _viewer(door, session, filled.asked), filled.text("draft").split())
    parts = [filled.text("draft")]
    for decision in read.draft.decisions:
        outcome, text = filled.text(f"outcome:{decision.ref}"), filled.text(f"text:{decision.ref}")
        parts += [f"{decision.ref}={outcome}"] if outcome and outcome != decision.outcome else []
        parts += [f'{decision.ref}="{" ".join(text.split()).replace(chr(34), "”")}"'] if text else []
    return " ".join(parts)


def _field_to_blame(filled: Filled, sentence: str) -> str:
    """The field of the decision that the sentence names, else the draft's."""
    named = (block for block in filled.values if block.startswith("text:") and block[5:] in sentence)
    return next(named, "draft")
