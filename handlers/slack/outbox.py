"""The outbox: what waits for a person's release, what was not sent and why; release, withdraw, try again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from slack_sdk.models.blocks import Block, ButtonElement, PlainTextInputElement
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import access, brakes, outbox, releases
from bot.access import Deed
from bot.clock import spoken
from bot.errors import SecretariatError
from bot.model import Person
from bot.releases import Batch
from bot.slack_text import cut, escaped, sections, spelt
from bot.store.outbox_tables import OutboxRow
from handlers.slack.blocks import asks_first, button, buttons, field, modal, section
from handlers.slack.confirming import Doing, Follows, Weighty, in_words, shown_first
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, acted_before, asker, packed
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words

OUTBOX, READ, RETRY, WITHDRAW = "outbox", "read_notice", "retry_notice", "withdraw_notices"  # clicks and forms
OUTBOX_FORM = "[release|withdraw|retry|show all|GROUP|BATCH|ID]"
HINT = "Only the PMO works the outbox."
HERE = {"where": "in Slack"}
A_PAGE, MOST_FAILED = 6, 10
LONGEST_REASON = 300


def _of_pmo(door: SlackDoor, session: Session, asked: Asked) -> Person:
    person = asker(session, asked)
    access.require_deed(session, person, Deed.OUTBOX, door.clock.now(), hint=HINT)
    return person


# ----------------------------------------------------------------------------------------------------- what it holds


def outbox_asked(door: SlackDoor, asked: Asked) -> Answer:
    """What waits and what was given up; or `release`, `withdraw`, `retry`, `show`, and of what."""
    text, number = page_asked(asked.text)
    word, _, rest = text.partition(" ")
    said = replace(asked, text=rest.strip())
    match word.casefold():
        case "":
            return _listed(door, asked, number)
        case "release":
            return in_words(RELEASE, door, said)
        case "withdraw":
            return in_words(WITHDRAWAL, door, said)
        case "retry":
            return retry_asked(door, said)
        case "show":
            return notice_asked(door, said)
    raise SecretariatError("I could not read that.", hint=f"Write: {OUTBOX} {OUTBOX_FORM}")


def _listed(door: SlackDoor, asked: Asked, number: int) -> Answer:
    with door.database.reading() as session:
        _of_pmo(door, session, asked)
        stopped = brakes.in_words(session, door.clock.now())
        waiting, failed = releases.batches(releases.waiting(session)), releases.given_up(session)
        page = page_of([(releases.name_of(session, b.rows[0]), b) for b in waiting], number, size=A_PAGE)
    count = sum(len(batch.rows) for batch in waiting)
    lead = [*stopped, f"{count or 'No'} notice{'' if count == 1 else 's'} wait{'s' * (count == 1)} for release."]
    command = f"{door.config.slack.command} {OUTBOX}"
    said, blocks = [*map(escaped, lead)], [section(spelt("\n".join(lead)))]
    for name, batch in page.rows:
        said.append(f"• {_batch_words(name, batch)}")
        blocks += [section(_batch_words(name, batch)), buttons(*_batch_buttons(name, batch))]
    turn = turning(page, OUTBOX, "")
    blocks += [buttons(*turn)] if turn else []
    said += [f"• Not sent: {_failed_words(row)}: `{command} retry {row.id[:8]}`" for row in failed[:MOST_FAILED]]
    blocks += [section(f"Not sent: {_failed_words(row)}", beside=_again(row)) for row in failed[:MOST_FAILED]]
    how = f"To let one go: `{command} release NAME`; to read it: `{command} show NAME`" if waiting else ""
    return Answer(
        "\n".join(filter(None, [*said, turning_in_words(page, command), how])), tuple(blocks), replaces=number > 1
    )


def _batch_words(name: str, batch: Batch) -> str:
    first = batch.rows[0]
    several = f"to {first.recipient_name}" if len(batch.rows) == 1 else f"to {len(batch.rows)} people"
    return f"*{escaped(name)}*: {escaped(cut(first.subject, 300))} ({escaped(several)})"


def _batch_buttons(name: str, batch: Batch) -> list[ButtonElement]:
    return [
        button("Release", "sure_release", name, style="primary"),
        button("Withdraw", WITHDRAW, name),
        button("Read", READ, batch.rows[0].id),
    ]


def _failed_words(row: OutboxRow) -> str:
    return f"{escaped(cut(row.subject, 300))}, to {escaped(row.recipient_name)} ({escaped(cut(row.state_reason, 300))})"


def _again(row: OutboxRow) -> ButtonElement:
    told = f"It goes to {row.recipient_name} by every way there is now."
    return asks_first(button("Try again", RETRY, row.id), "Try again?", told, "Try again")


def notice_asked(door: SlackDoor, asked: Asked) -> Answer:
    """One notice as it was written, why, and each attempt at sending it; by its id, or the first of a batch."""
    with door.database.reading() as session:
        _of_pmo(door, session, asked)
        row = releases.one(session, asked.text.strip())
        tried = [
            f"{spoken(a.began_at)}: by {a.channel} to {a.address}: {a.outcome or 'no answer yet'} {a.error}".rstrip()
            for a in row.attempts
        ]
        where = releases.reached_at(session, row.recipient)
        lines = [
            f"To: {row.recipient_name} ({where})", f"Subject: {row.subject}",
            f"State: {row.state} {row.state_reason}".rstrip(), f"Why: {row.why}", "", outbox.whole_text(row), *tried,
        ]  # fmt: skip
    whole = "\n".join(lines)
    return Answer(escaped(whole), tuple(section(part) for part in sections(whole)))


def retry_asked(door: SlackDoor, asked: Asked) -> Answer:
    """What was given up goes once more: at once, since nobody had it."""
    now = door.clock.now()
    with door.database.session() as session:
        person = _of_pmo(door, session, asked)
        if acted_before(session, f"{RETRY}:{asked.source_key}", now):
            return Answer("It is being tried again.")
        rows = releases.meant(session, releases.given_up(session), asked.text.split())
        releases.try_again(session, rows, by=person, now=now)
    return Answer(f"{len(rows)} will be tried again.")


# ------------------------------------------------------------------------------------------------- release, withdraw


def _release(doing: Doing) -> Follows:
    session, now = doing.session, doing.now
    access.require_deed(session, doing.person, Deed.OUTBOX, now, hint=HINT)
    rows = releases.meant(session, releases.waiting(session), doing.text.split())
    released = releases.release(session, rows, by=doing.person, now=now, detail=HERE)
    late = [f"{row.recipient_name}: {row.subject}" for row in released.too_late]
    parts = {"To note": brakes.in_words(session, now), **_as_read(session, released.going), TOO_LATE: late}
    count = _counted(released.going)
    done = f"{count} released. You will be sent what became of {'it' if len(released.going) == 1 else 'them'}."
    return Follows(
        f"{count} would go out.", done + (f" Too late to be of use: {len(late)}." if late else ""), parts,
        exact=_exactly("release", rows),
    )  # fmt: skip


TOO_LATE = "Too late to be of use, so they do not go"


def _withdraw(doing: Doing) -> Follows:
    session, now = doing.session, doing.now
    access.require_deed(session, doing.person, Deed.OUTBOX, now, hint=HINT)
    names, _, reason = (part.strip() for part in doing.text.partition(":"))
    if not reason:
        raise SecretariatError("Say why: the reason is kept.", hint=f"Write: {OUTBOX} withdraw NAME: REASON")
    rows = releases.meant(session, releases.waiting(session), names.split())
    releases.withdraw(session, rows, by=doing.person, reason=reason, now=now, detail=HERE)
    would = f"{_counted(rows)} would be taken back for good: {reason}"
    done = f"{_counted(rows)} taken back."
    return Follows(would, done, _as_read(session, rows), exact=_exactly(f"withdraw {reason}", rows))


RELEASE = Weighty("release", "Release notices", "Release", _release, f"{OUTBOX} release")
WITHDRAWAL = Weighty("withdrawal", "Withdraw notices", "Withdraw for good", _withdraw, f"{OUTBOX} withdraw")


def _counted(rows: Sequence[OutboxRow]) -> str:
    return "1 notice" if len(rows) == 1 else f"{len(rows)} notices"


def _exactly(deed: str, rows: Sequence[OutboxRow]) -> str:
    return " ".join([deed, *sorted(row.id for row in rows)])


def _as_read(session: Session, rows: Sequence[OutboxRow]) -> dict[str, list[str]]:
    """Each batch by its subject: what its first recipient reads, and everybody whom it goes to, and where."""
    found: dict[str, list[str]] = {}
    for batch in releases.batches(rows):
        first = batch.rows[0]
        to = [f"{row.recipient_name} ({releases.reached_at(session, row.recipient)})" for row in batch.rows]
        said = f"{first.recipient_name} reads:\n{outbox.whole_text(first).strip()}"
        found.setdefault(f"{releases.name_of(session, first)}: {first.subject}", []).extend([*to, said])
    return found


def taking_back_opened(door: SlackDoor, asked: Asked) -> View:
    """Why notices shall not go; `asked.text` names them."""
    with door.database.reading() as session:
        _of_pmo(door, session, asked)
        rows = releases.meant(session, releases.waiting(session), asked.text.split())
        said = f"{escaped(rows[0].subject)}, to {escaped(', '.join(row.recipient_name for row in rows))}"
    reason = PlainTextInputElement(action_id="reason", max_length=LONGEST_REASON)
    blocks: list[Block] = [section(said), field("Why they shall not go", reason, block_id="reason")]
    return modal(WITHDRAW, WITHDRAWAL.title, blocks, submit="Show what follows", about=packed(names=asked.text))


def taking_back_submitted(door: SlackDoor, filled: Filled) -> View | Wrong:
    """What follows from taking them back."""
    if not filled.text("reason"):
        return Wrong({"reason": "Say why: the reason is kept."})
    text = f"{filled.about.get('names', '')}: {filled.text('reason')}"
    return shown_first(WITHDRAWAL, door, filled.asked, text)
