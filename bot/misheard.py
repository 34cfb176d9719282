"""Names and terms put right in a kept transcript: listed, taken back, and put right again by today's glossary.

Each time a new version of the transcript is kept; a draft keeps the one that it was made from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import audit, transcripts
from bot.errors import SecretariatError, UnknownThing
from bot.formats import Transcript
from bot.glossary import Term
from bot.model import Person
from bot.store.speech_tables import RecordingRow
from bot.term_correction import corrected, undone


@dataclass(frozen=True)
class PutRight:
    """One correction of a transcript. `number` counts from 1 through the whole; `at` is its second."""

    number: int
    at: float
    heard: str
    text: str
    undone: bool
    place: tuple[str, int]  # the segment's id, and which of its corrections


def listed(transcript: Transcript) -> list[PutRight]:
    """Every correction, in the order of the recording."""
    found = [
        (correction, (segment.id, number))
        for segment in transcript.segments
        for number, correction in enumerate(segment.corrections)
    ]
    return [
        PutRight(number, c.heard[0].start, " ".join(word.text for word in c.heard), c.text, c.undone, place)
        for number, (c, place) in enumerate(found, 1)
    ]


def of_recording(session: Session, row: RecordingRow) -> Transcript:
    """The newest transcript of a recording. Raises UnknownThing where there is none yet."""
    found = transcripts.latest(session, row.id)
    if found is None:
        raise UnknownThing(f"{row.name} has no transcript yet.", hint="Wait until it is transcribed.")
    return found[1]


def take_back(
    session: Session, row: RecordingRow, numbers: Collection[int] | None, *, by: Person, now: datetime
) -> list[PutRight]:
    """Let the words stand as they were heard, here and from now on; `numbers` as `listed` counts, None for all.

    Returns what was taken back. Raises UnknownThing for a number that there is not.
    """
    before = of_recording(session, row)
    known = listed(before)
    unknown = set(numbers or ()) - {each.number for each in known}
    if unknown:
        raise UnknownThing(f"{row.name} has no correction {min(unknown)}.", hint="List them first.")
    taken = [each for each in known if not each.undone and (numbers is None or each.number in numbers)]
    if taken:
        after = undone(before, {each.place for each in taken})
        _keep(session, row, after, "corrections taken back", taken, by=by, now=now)
    return taken


def put_right(
    session: Session, row: RecordingRow, terms: Sequence[Term], *, by: Person, now: datetime
) -> list[PutRight]:
    """Compare the transcript with the glossary as it is now; what was taken back stays so. Returns what is new."""
    before = of_recording(session, row)
    after = corrected(before, terms)
    count = {each.at for each in listed(before)}
    new = [each for each in listed(after) if each.at not in count]
    if new:
        _keep(session, row, after, "transcript corrected", new, by=by, now=now)
    return new


def _keep(
    session: Session,
    row: RecordingRow,
    transcript: Transcript,
    event: str,
    changed: Sequence[PutRight],
    *,
    by: Person,
    now: datetime,
) -> None:
    if row.state.endswith(":working"):
        raise SecretariatError(f"{row.name} is being worked on.", hint="Try again in a minute.")
    kept = transcripts.keep_version(session, row, transcript, now)
    words = [f"{each.heard} / {each.text}" for each in changed]
    audit.record(session, now, by.name, event, row.name, transcript=kept.id, words=words)
