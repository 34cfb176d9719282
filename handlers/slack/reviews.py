"""`review`: the PMO's word on requests to amend a report, what follows from it shown first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slack_sdk.models.blocks import Block, PlainTextInputElement, RadioButtonsElement
from slack_sdk.models.views import View
from sqlalchemy.orm import Session

from bot import access, reviews, rivals
from bot.access import Deed
from bot.amendment_life import Kind, State, meeting_of, words
from bot.amendments import named, place_of
from bot.drafts import reference_of
from bot.errors import NotAllowed, SecretariatError, StateUnusable, UnknownThing
from bot.model import Person
from bot.request_in_full import in_full, name_of
from bot.reviews import Verdict
from bot.slack_text import cut, escaped, sections
from bot.store.amendment_tables import AmendmentRow
from handlers.requests import review_request
from handlers.slack.blocks import button, buttons, field, modal, option, section
from handlers.slack.confirming import Doing, Follows, Weighty, in_words, not_agreed, shown_first
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, asker, packed
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words
from schedules.consequences import composed

REVIEW, QUEUE = "review", "reviews"  # the form and its button; the button that turns the queue's pages
HINT = "Only the PMO reviews requests."
REVIEW_FORM = "[AM-001 [accept|reject|chair|take-up|acknowledge: REASON]] or [AM-001 accept-part: TEXT because: REASON]"
A_PAGE, SHOWN = 8, 400
LONGEST_REASON, LONGEST_TEXT = 900, 1_500  # characters: both go into the words that the next modal keeps
MOST_SHOWN = 30_000  # characters of one request in a modal
VERDICTS = {
    "accept": (State.ACCEPTED, "Accept", "The next revision says what is asked for"),
    "accept-part": (State.ACCEPTED_IN_PART, "Accept in part", "It says another text, which was agreed"),
    "reject": (State.REJECTED, "Reject", "The report stays as it is"),
    "chair": (State.WITH_CHAIR, "Put to the Chair", "Every late request goes this way"),
}
IN_WORDS = {
    **{word: state for word, (state, _, _) in VERDICTS.items()},
    "take-up": State.UNDER_REVIEW,
    "acknowledge": State.ACKNOWLEDGED,
}
BECAUSE = "because:"
_WORDS = re.compile(
    rf"(?P<reference>\S+)\s+(?P<verdict>{'|'.join(sorted(IN_WORDS, key=len, reverse=True))})\s*(?::\s*(?P<rest>.*))?",
    re.IGNORECASE | re.DOTALL,
)


def names_a_request(text: str) -> bool:
    """`review AM-001` opens the modal, `review AM-001 reject: …` what would follow; `review` lists."""
    return bool(page_asked(text)[0]) and not_agreed(text)


def review_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The requests that wait; one of them whole; or, in words, what is to become of it."""
    text, number = page_asked(asked.text)
    if len(text.split()) > 1:
        return in_words(REVIEWING, door, asked)
    with door.database.reading() as session:
        _reviewer(door, session, asked)
        if text:
            return Answer(escaped("\n".join(in_full(session, named(session, text)))))
        page = page_of(reviews.waiting(session), number, size=A_PAGE)
        if not page.rows:
            return Answer("No request waits for the PMO.")
        lines = [_line(session, row) for row in page.rows]
        rows = [
            section(next(sections(line)), beside=button("Review", REVIEW, row.reference))
            for row, line in zip(page.rows, lines, strict=True)
        ]
    turn = turning(page, QUEUE, "")
    said = "\n\n".join(filter(None, [*lines, turning_in_words(page, f"{door.config.slack.command} {REVIEW}")]))
    return Answer(escaped(said), (*rows, *([buttons(*turn)] if turn else [])), replaces=number > 1)


def _line(session: Session, row: AmendmentRow) -> str:
    late = ", came late" if row.late else ""
    who = f"{name_of(session, row.requester_id)}, {row.constituency or 'for no constituency'}"
    about = f"{place_of(row)} of {reference_of(meeting_of(session, row))}"
    others = ", ".join(other.reference for other in rivals.rivals_of(session, row))
    same = f"\nWould change the same words: {others}" if others else ""
    head = f"*{row.reference}* {words(row.kind)}, {words(row.state)}{late}: {who}, about {about}"
    return f"{head}\n{cut(row.proposed_text, SHOWN)}{same}"


def _reviewer(door: SlackDoor, session: Session, asked: Asked) -> Person:
    person = asker(session, asked)
    access.require_deed(session, person, Deed.REVIEW, door.clock.now(), hint=HINT)
    return person


def review_opened(door: SlackDoor, asked: Asked) -> View:
    """One request whole, and what may be said of it; said in words already, what would follow."""
    if len(asked.text.split()) > 1:
        return shown_first(REVIEWING, door, asked, asked.text.strip())
    with door.database.reading() as session:
        _reviewer(door, session, asked)
        row = named(session, asked.text)
        return _view(row, "\n".join(in_full(session, row)), "")


def review_changed(door: SlackDoor, filled: Filled) -> View:
    """The modal anew: a text is asked for where the request is accepted in part."""
    with door.database.reading() as session:
        _reviewer(door, session, filled.asked)
        row = named(session, str(filled.about.get("reference")))
        return _view(row, "\n".join(in_full(session, row)), filled.typed or filled.text("verdict"))


def _view(row: AmendmentRow, whole: str, verdict: str) -> View:
    blocks: list[Block] = [section(part) for part in sections(cut(whole, MOST_SHOWN))]
    blocks += _fields(row, verdict)
    about = packed(reference=row.reference)
    return modal(REVIEW, f"Review {row.reference}", blocks, submit="What would follow", about=about)


def _fields(row: AmendmentRow, verdict: str) -> Iterator[Block]:
    offered = {key: option(label, key, why) for key, (_, label, why) in VERDICTS.items()
               if not (key == "accept-part" and row.kind == Kind.DISAGREEMENT)}  # fmt: skip
    radio = RadioButtonsElement(
        action_id="verdict", options=list(offered.values()), initial_option=offered.get(verdict)
    )
    yield field("What becomes of it?", radio, block_id="verdict", dispatch=True)
    if verdict == "accept-part":
        text = PlainTextInputElement(
            action_id="text",
            multiline=True,
            max_length=LONGEST_TEXT,
            initial_value=cut(row.proposed_text, LONGEST_TEXT),
        )
        yield field("The text that was agreed", text, block_id="text")
    reason = PlainTextInputElement(action_id="reason", multiline=True, max_length=LONGEST_REASON)
    yield field("Why? Whoever asked is told it.", reason, block_id="reason")


def review_sent(door: SlackDoor, filled: Filled) -> View | Wrong:
    """What would follow, to be agreed to; or what is wrong, on its field."""
    verdict, reason = filled.text("verdict"), filled.text("reason")
    wrong = _wrong_in(filled, verdict, reason)
    if wrong:
        return Wrong(wrong)
    rest = f"{filled.text('text')} {BECAUSE} {reason}" if verdict == "accept-part" else reason
    try:
        return shown_first(REVIEWING, door, filled.asked, f"{filled.about.get('reference')} {verdict}: {rest}")
    except (NotAllowed, UnknownThing, StateUnusable):
        raise
    except SecretariatError as error:
        return Wrong({"verdict": str(error)})


def _wrong_in(filled: Filled, verdict: str, reason: str) -> dict[str, str]:
    if verdict not in VERDICTS:
        return {"verdict": "Choose one of these."}
    if verdict == "accept-part" and not filled.text("text"):
        return {"text": "Write the text that was agreed."}
    if not reason:
        return {"reason": "Whoever asked is told a reason: write it."}
    if BECAUSE in reason.casefold():
        return {"reason": f"Please leave out “{BECAUSE}”, which divides the text from the reason."}
    return {}


def _act(doing: Doing) -> Follows:
    """Give the PMO's word on a request, and tell those concerned."""
    access.require_deed(doing.session, doing.person, Deed.REVIEW, doing.now, hint=HINT)
    reference, verdict = verdict_in(doing.text)
    row = named(doing.session, reference)
    before = f"{row.state} {len(row.events)} {row.word_given_at}"
    others = rivals.rivals_of(doing.session, row)
    chairs = review_request(
        doing.session, doing.door.announcer, row, verdict, by=doing.person, now=doing.now
    )  # fmt: skip
    told = [f"to {', '.join(s.recipients)}. {s.when}. They read:\n{s.subject}\n{s.text.strip()}"
            for s in composed(doing.session, doing.now)]  # fmt: skip
    if verdict.to is State.WITH_CHAIR and not chairs:
        told.append(f"nobody: no Chair of {meeting_of(doing.session, row).known_as} is on file. Please tell them.")
    same = [f"{other.reference} ({words(other.state)}): {rivals.wanted(other)}" for other in others]
    return Follows(
        would=f"{row.reference} would be {words(row.state)}.",
        done=f"{row.reference} is {words(row.state)}.",
        parts={"The report": [_of_the_report(row)], "For the same words": same, "Notices": told},
        exact=f"{doing.text} {before} {[(o.reference, o.state) for o in others]}",
    )


def _of_the_report(row: AmendmentRow) -> str:
    if row.state not in reviews.CHANGES_REPORT:
        return "It stays as it is."
    if row.kind == Kind.DISAGREEMENT:
        return "It stays as it is: the disagreement goes to escalation."
    if row.kind == Kind.NOTE:
        return f"Its next revision has a post-meeting note: {row.agreed_text}"
    now = f"\nNow it says: {row.present_text}" if row.present_text else ""
    return f"What is issued stays. Its next revision says of {place_of(row)}: {row.agreed_text}{now}"


def verdict_in(text: str) -> tuple[str, Verdict]:
    """(the request's reference, the PMO's word): of 'AM-001 reject: it was said so'. Raises SecretariatError."""
    found = _WORDS.fullmatch(text.strip())
    if found is None:
        raise SecretariatError("I could not read that.", hint=f"Write: review {REVIEW_FORM}")
    to, rest = IN_WORDS[found["verdict"].casefold()], (found["rest"] or "").strip()
    if to is not State.ACCEPTED_IN_PART:
        return found["reference"], Verdict(to, rest)
    parts = re.split(BECAUSE, rest, flags=re.IGNORECASE)
    return found["reference"], Verdict(to, parts[-1].strip() if parts[1:] else "", BECAUSE.join(parts[:-1]).strip())


REVIEWING = Weighty(REVIEW, "The PMO's word", "Do it", _act)
