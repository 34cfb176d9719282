"""The brake: `brake` stops what would be sent, of one group or of all; `resume` lets it go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from slack_sdk.models.blocks import Block, PlainTextInputElement, RadioButtonsElement, StaticSelectElement
from slack_sdk.models.views import View

from bot import access, brakes
from bot.access import Deed
from bot.clock import spoken
from bot.slack_text import spelt
from bot.store.outbox_tables import OutboxRow
from handlers.slack.blocks import field, modal, option, section
from handlers.slack.confirming import Doing, Follows, Weighty, shown_first
from handlers.slack.door import Asked, Filled, SlackDoor, asker
from handlers.slack.logs import group_options
from schedules.finding import known_group

BRAKE_FORM, RESUME_FORM = "all|GROUP[: REASON]", "all|GROUP"
EVERYTHING = "all"
HINT = "Only the PMO stops the sending."
LONGEST_REASON = 300
STOP, GO_ON = "stop", "go_on"


def _pull(doing: Doing) -> Follows:
    session, now = doing.session, doing.now
    access.require_deed(session, doing.person, Deed.BRAKE, now, hint=HINT)
    word, _, reason = (part.strip() for part in doing.text.partition(":"))
    group = _group(doing.door, word)
    named, kept, stopped = group or "everything", brakes.stopped_by(session, group), brakes.in_words(session, now)
    new = brakes.pull(session, group, by=doing.person.name, reason=reason, now=now)
    parts = {
        "What stays here until it is let go": [*_by_group(kept), "and whatever falls due meanwhile"],
        "To note": ["Nothing is lost; what is stale by then expires, and is listed.", *stopped],
    }
    would = f"Sending would stop for {named}." if new else f"Sending is stopped for {named} already."
    done = f"Sending is stopped for {named}." if new else f"Sending was stopped for {named} already."
    return Follows(would, done, parts, exact=f"pull {group} {new} {reason}")


def _let_go(doing: Doing) -> Follows:
    session, now = doing.session, doing.now
    access.require_deed(session, doing.person, Deed.BRAKE, now, hint=HINT)
    group = _group(doing.door, doing.text)
    was = brakes.let_go(session, group, by=doing.person.name, now=now)
    still = brakes.pulled(session)
    stopped = {brake.group_key for brake in still}
    kept = [] if brakes.ALL in stopped or not was else brakes.stopped_by(session, group)
    free = [row for row in kept if row.group_key not in stopped]
    named = group or "everything"
    parts = {
        "What goes at once": _by_group([row for row in free if _is_due(row, now)]),
        "What has become stale, and expires": [
            f"{row.recipient_name}: {row.subject}" for row in free if row.not_after and row.not_after <= now
        ],
        "What stays stopped": brakes.in_words(session, now),
    }
    done = f"Sending goes on for {named}." if was else f"Sending was not stopped for {named}."
    return Follows(f"Sending would go on for {named}.", done, parts, exact=f"let go {group} {was}")


BRAKE = Weighty("brake", "Stop sending", "Stop sending", _pull)
RESUME = Weighty("resume", "Let sending go on", "Let it go on", _let_go)


def _group(door: SlackDoor, word: str) -> str:
    return brakes.ALL if word.casefold() in ("", EVERYTHING, "everything") else known_group(door.config, word)


def _is_due(row: OutboxRow, now: datetime) -> bool:
    return row.next_try_at <= now and not (row.not_after and row.not_after <= now)


def _by_group(rows: list[OutboxRow]) -> list[str]:
    """'PSG: 12 notices, the first due Wednesday 7 February 2024, 10:00 (London)'."""
    return list(_lines(rows)) or ["nothing that waits to go now"]


def _lines(rows: list[OutboxRow]) -> Iterator[str]:
    first: dict[str, OutboxRow] = {}
    for row in rows:
        first.setdefault(row.group_key, row)
    for group, count in Counter(row.group_key for row in rows).items():
        notices = "1 notice" if count == 1 else f"{count} notices"
        yield f"{group or 'no group'}: {notices}, the first due {spoken(first[group].due_at)}"


# ------------------------------------------------------------------------------------------------------------ the modal


def brake_opened(door: SlackDoor, asked: Asked) -> View:
    """What to stop or let go, with what is stopped now; said in words, what would follow."""
    if asked.text.strip():
        return shown_first(BRAKE, door, asked, asked.text.strip())
    return _opened(door, asked, STOP)


def resume_opened(door: SlackDoor, asked: Asked) -> View:
    """The same for letting go."""
    if asked.text.strip():
        return shown_first(RESUME, door, asked, asked.text.strip())
    return _opened(door, asked, GO_ON)


def _opened(door: SlackDoor, asked: Asked, which: str) -> View:
    with door.database.reading() as session:
        access.require_deed(session, asker(session, asked), Deed.BRAKE, door.clock.now(), hint=HINT)
        stopped = brakes.in_words(session, door.clock.now())
        pulled = {brake.group_key or EVERYTHING for brake in brakes.pulled(session)}
    what = [option("Everything", EVERYTHING), *group_options(door, "")[:99]]
    first = next((each for each in what if each.value in pulled), what[0]) if which == GO_ON else what[0]
    both = [option("Stop it", STOP), option("Let it go on", GO_ON)]
    reason = PlainTextInputElement(action_id="reason", max_length=LONGEST_REASON)
    blocks: list[Block] = [
        section(spelt("\n".join(stopped)) or "Nothing is stopped."),
        field("Sending of", StaticSelectElement(action_id="what", options=what, initial_option=first), block_id="what"),
        field("Stop it or let it go on", RadioButtonsElement(
            action_id="which", options=both, initial_option=both[which == GO_ON]), block_id="which"),
        field("Why", reason, block_id="reason", optional=True, hint="Shown to everybody who asks why nothing comes."),
    ]  # fmt: skip
    return modal("brake", "The brake", blocks, submit="Show what follows")


def brake_submitted(door: SlackDoor, filled: Filled) -> View:
    """What follows from it."""
    what, reason = filled.text("what"), filled.text("reason")
    if filled.text("which") == GO_ON:
        return shown_first(RESUME, door, filled.asked, what)
    return shown_first(BRAKE, door, filled.asked, f"{what}: {reason}" if reason else what)
