"""Whose a voice is, on a person's word: `Speaker 2` is Magnus Eskdale. Each time a new version of the transcript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, audit, misheard, transcripts
from bot.access import Deed
from bot.errors import SecretariatError
from bot.model import Person
from bot.speakers import renamed, unnamed
from bot.store.speech_tables import RecordingRow


@dataclass(frozen=True)
class Speaker:
    """Somebody who speaks in a recording: from which second, and for how many in all. `Speaker 2` is not named yet."""

    name: str
    is_named: bool
    first_at: float
    seconds: float


def listed(session: Session, row: RecordingRow) -> list[Speaker]:
    """Everybody who speaks, in the order in which they are first heard. UnknownThing where there is no transcript."""
    transcript = misheard.of_recording(session, row)
    voices, found = set(unnamed(transcript)), dict[str, Speaker]()
    for segment in transcript.segments:
        if segment.speaker:
            known = found.get(segment.speaker) or Speaker(
                segment.speaker, segment.speaker not in voices, segment.start, 0.0
            )
            seconds = known.seconds + segment.end - segment.start
            found[segment.speaker] = Speaker(known.name, known.is_named, known.first_at, seconds)
    return list(found.values())


def name(session: Session, row: RecordingRow, names: Mapping[str, str], *, by: Person, now: datetime) -> None:
    """Call speakers otherwise: {'Speaker 2': 'Magnus Eskdale'}. Called again, it is the same.

    Raises NotAllowed for anybody who is not of the PMO; UnknownThing where nobody so called speaks.
    """
    access.require_deed(session, by, Deed.RECORDINGS, now, hint="Only the PMO says who speaks in a recording.")
    before = misheard.of_recording(session, row)
    after = renamed(before, names)
    if after == before:
        return
    if row.state.endswith(":working"):
        raise SecretariatError(f"{row.name} is being worked on.", hint="Try again in a minute.")
    kept = transcripts.keep_version(session, row, after, now)
    audit.record(session, now, by.name, "speakers named", row.name, transcript=kept.id, names=dict(names))
