"""One request to amend a report, whole: for the PMO's eyes, since the words that a line rests on are among it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from bot import members, rivals
from bot.amendment_life import KIND_WORDS, Kind, What, meeting_of, word_refused, words
from bot.amendments import place_of
from bot.clock import spoken
from bot.drafts import reference_of
from bot.formats import timestamp
from bot.store.amendment_tables import AmendmentEventRow, AmendmentRow


def in_full(session: Session, row: AmendmentRow) -> Iterator[str]:
    """A line each: what is asked, on what the line rests, which requests are for the same words, what happened."""
    yield from _request(session, row)
    yield from _evidence(row)
    yield from map(_event, row.events)


def name_of(session: Session, person_id: str) -> str:
    """The name of whoever has that id."""
    person = members.by_id(session, person_id)
    return person.name if person else person_id


def _request(session: Session, row: AmendmentRow) -> Iterator[str]:
    report = reference_of(meeting_of(session, row))
    yield f"{row.reference}: {KIND_WORDS[Kind(row.kind)]}"
    yield f"  about: {place_of(row)} of {report} ({row.about})"
    yield f"  from: {name_of(session, row.requester_id)}, {row.constituency or 'for no constituency'}, by {row.came_by}"
    yield f"  state: {words(row.state)}{', came late' if row.late else ''}"
    yield f"  present text: {row.present_text or 'no such line'}"
    yield f"  {'asked for, in words' if row.in_words else 'proposed text'}: {row.proposed_text}"
    if row.reason:
        yield f"  their reason: {row.reason}"
    if row.wants_escalation:
        yield "  they wish to escalate"
    if row.needs_word_of:
        given = f"given by {name_of(session, row.word_given_by)}" if row.word_given_by else "not given yet"
        given = "refused" if word_refused(row) else given
        yield f"  needs the word of {row.needs_word_of}: {given}"
    if row.agreed_text:
        yield f"  agreed text: {row.agreed_text}"
    for other in rivals.rivals_of(session, row):
        yield f"  would change the same words: {other.reference} ({words(other.state)}): {rivals.wanted(other)}"


def _evidence(row: AmendmentRow) -> Iterator[str]:
    if row.at_seconds is not None:
        yield f"  said at: {timestamp(row.at_seconds)}"
    for one in row.evidence:
        yield f"  evidence: segment {one['segment']}: {one['quote']}"


def _event(event: AmendmentEventRow) -> str:
    what = {
        What.RECEIVED: "received",
        What.ADDITION: "late addition" if event.late else "added",
        What.WORD: "word given for",
        What.NO_WORD: "word refused",
        What.STATE: words(event.to_state),
    }[What(event.what)]
    return f"  {spoken(event.at)}: {what} by {event.by}{f': {event.text}' if event.text else ''}"
