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
from bot.confirmations import Confirmed, how_said
from bot.corrections import OUTCOMES, Corrections
from bot.draft_reading import ReadDraft
from bot.errors import NotAllowed, SecretariatError, StateUnusable
from bot.formats import timestamp
from bot.reports import Issuing, NotReady
from bot.slack_text import cut, escaped, linked, sections, spelt
from handlers.slack.blocks import MOST_OPTIONS, field, modal, option, section
from handlers.slack.confirming import Doing, Follows, Weighty, shown_first
from handlers.slack.door import Asked, Filled, SlackDoor, Wrong, asker
from schedules.consequences import composed
from schedules.finding import day_named, known_group

ISSUE_FORM = 'GROUP [DATE] [D-02=reject D-03="The text."] [listened|attended] [overrule="Why."]'
HINT = "Only the PMO issues reports."
MOST_DECISIONS = 30  # three blocks each; a modal takes a hundred
LONGEST_TEXT = 500
TO_CONFIRM = "none"
_CORRECTION = re.compile(
    r'(?:overrule="(?P<overrule>[^"]+)"|\b(?P<how>listened|attended)\b'
    r'|(?P<ref>[A-Za-z]+-\d+)=(?:"(?P<text>[^"]+)"|(?P<outcome>[a-z_]+)))\s*',
    re.IGNORECASE,
)
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
    issuing = door.issuing() if doing.for_good else _unkept(door)
    prepared = reports.prepare(session, issuing, read.meeting, doing.person, now, corrections)
    row = reports.issue(session, issuing, prepared, now)
    count = door.announcer.report_issued(session, prepared, row, now)
    closes_at = door.announcer.window_of(session, read.meeting)
    warned = [f"{check.title}: {check.words}" for check in prepared.warnings]
    parts = {
        "To note": [read.clearance, *brakes.in_words(session, now)],
        "The check list warns, and you overrule it": [*warned, f"Your reason: {corrections.overruled}"]
        if warned
        else [],
        "The outcomes, and who has confirmed each": prepared.outcomes or ["no decision is recorded"],
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
    vouched = f"{corrections.how} {corrections.overruled} {prepared.outcomes} {warned}"
    exact = f"{read.row.id} {read.row.content} {given} {vouched} {_recipients(doing, read)} {read.clearance}"
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
    how = next((how_said(each["how"]) for each in found if each["how"]), None)
    overruled = next((each["overrule"] for each in found if each["overrule"]), "")
    texts = {each["ref"].upper(): each["text"] for each in found if each["text"]}
    return read, Corrections(outcomes, texts, how, overruled)


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
    if _CORRECTION.search(asked.text):
        return shown_first(ISSUE, door, asked, asked.text.strip())
    with door.database.reading() as session:
        viewer = _viewer(door, session, asked)
        return _view(door, session, asked, _draft_of(door, viewer, words)) if words else _view_to_choose()


def issue_chosen(door: SlackDoor, filled: Filled) -> View:
    """The modal anew, with that draft's decisions."""
    with door.database.reading() as session:
        viewer = _viewer(door, session, filled.asked)
        read = _draft_of(door, viewer, (filled.typed or filled.text("draft")).split())
        return _view(door, session, filled.asked, read)


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


def _view_to_choose() -> View:
    return modal(ISSUE.key, ISSUE.title, [_choice(None)], submit="Show what follows")


def _choice(read: ReadDraft | None) -> Block:
    select = ExternalDataSelectElement(
        action_id="draft", min_query_length=0, initial_option=_option(read) if read else None
    )
    return field("The draft", select, block_id="draft", dispatch=True)


def _view(door: SlackDoor, session: Session, asked: Asked, read: ReadDraft) -> View:
    """The draft's check list, each decision with who has confirmed it, and how the person knows the others."""
    person = asker(session, asked)
    prepared = reports.prepare(session, _unkept(door), read.meeting, person, door.clock.now(), Corrections())
    blocks = [_choice(read)]
    lines = [f"{':warning:' if not check.is_met else '•'} {escaped(f'{check.title}: {check.words}')}"
             for check in prepared.checks]  # fmt: skip
    blocks += [section(part) for part in sections("\n".join(["*Check list*", *lines]))]
    unclear_first = sorted(
        prepared.confirmed, key=lambda each: (each.decision.outcome != TO_CONFIRM, each.by is not None)
    )
    for each in unclear_first[:MOST_DECISIONS]:
        blocks += _decision_blocks(read, each)
    more = len(unclear_first) - MOST_DECISIONS
    if more > 0:
        blocks.append(section(f"{more} more decisions are issued as they are drafted."))
    if not unclear_first:
        blocks.append(section("The draft holds no decision."))
    if prepared.to_confirm:
        blocks.append(_how_known())
    if prepared.warnings:
        why = PlainTextInputElement(action_id="overrule", max_length=LONGEST_TEXT, multiline=True)
        hint = "It goes out in spite of what the check list warns of; the reason is kept."
        blocks.append(field("Why it goes out so", why, block_id="overrule", optional=True, hint=hint))
    return modal(ISSUE.key, ISSUE.title, blocks, submit="Show what follows")


def _how_known() -> Block:
    options = [option("I have listened to each of them", "listened"), option("I attended the meeting", "attended")]
    select = StaticSelectElement(action_id="how", options=options)
    hint = "You confirm, by your name, each outcome that nobody has confirmed yet. This cannot be overruled."
    return field("How you know the outcomes", select, block_id="how", optional=True, hint=hint)


def _unkept(door: SlackDoor) -> Issuing:
    return replace(door.issuing(), files=NothingKept())


def _decision_blocks(read: ReadDraft, confirmed: Confirmed) -> list[Block]:
    """What is drafted, with the place to listen and who has confirmed it; the outcome; other words, if wanted."""
    decision = confirmed.decision
    said = f" ({confirmed.words.partition(': ')[2]})" if confirmed.by else ""
    heard = timestamp(decision.at) if decision.at is not None else ""
    where = linked(read.link(decision.at), heard) if heard else ""
    clear = decision.outcome != TO_CONFIRM
    outcomes = [option(words.capitalize(), key) for key, words in OUTCOMES.items() if key != TO_CONFIRM]
    first = next((each for each in outcomes if each.value == decision.outcome), None)
    own = f"{read.row.id}:{decision.ref}"  # under the same action id Slack keeps what stood there before
    return [
        section(f"*{escaped(decision.ref)}* {spelt(cut(decision.text, 2_000))} {where}{escaped(said)}".rstrip()),
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
        return Wrong({_field_to_blame(filled, error): str(error)})


def _as_words(door: SlackDoor, filled: Filled) -> str:
    """The issue in words, as one would type it: only what differs from the draft."""
    with door.database.reading() as session:
        read = _draft_of(door, _viewer(door, session, filled.asked), filled.text("draft").split())
    parts = [filled.text("draft")]
    for decision in read.draft.decisions:
        outcome, text = filled.text(f"outcome:{decision.ref}"), filled.text(f"text:{decision.ref}")
        parts += [f"{decision.ref}={outcome}"] if outcome and outcome != decision.outcome else []
        parts += [f"{decision.ref}={_quoted(text)}"] if text else []
    parts += [filled.text("how")] if filled.text("how") else []
    parts += [f"overrule={_quoted(filled.text('overrule'))}"] if filled.text("overrule") else []
    return " ".join(parts)


def _quoted(text: str) -> str:
    return f'"{" ".join(text.split()).replace(chr(34), "”")}"'


def _field_to_blame(filled: Filled, error: SecretariatError) -> str:
    """The field of the decision that the sentence names, or that says how it is known; else the draft's."""
    if isinstance(error, NotReady):
        wanted = f"text:{error.unclear}" if error.unclear else "how" if error.unconfirmed else "overrule"
        return wanted if wanted in filled.values else "draft"
    named = (block for block in filled.values if block.startswith("text:") and block[5:] in str(error))
    return next(named, "draft")
