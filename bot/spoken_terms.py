"""What names and terms are to be expected in a meeting's recording, from all that is on file about the meeting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot import meetings, members, papers
from bot.config import Config
from bot.formats import Agenda, Transcript
from bot.glossary import Term, for_recogniser, terms_of
from bot.model import Meeting
from bot.store.meeting_tables import MeetingRow
from bot.store.speech_tables import RecordingRow
from bot.term_correction import corrected


@dataclass(frozen=True)
class SpokenTerms:
    """The terms of meetings. `agenda_for` gives a meeting's agenda, empty where none is on file."""

    config: Config
    agenda_for: Callable[[Meeting], Agenda]

    def of_recording(self, session: Session, recording_id: str) -> tuple[Term, ...]:
        """The terms of the meeting that a recording is of; the Programme's own where it is of none."""
        row = session.get_one(RecordingRow, recording_id)
        if row.meeting_uid is None:
            return terms_of(self.config, agenda=Agenda(), titles=())
        meeting = meetings.as_meeting(session.get_one(MeetingRow, row.meeting_uid))
        return terms_of(
            self.config,
            group=meeting.group,
            held=members.at_tables(session, meeting),
            agenda=self.agenda_for(meeting),
            titles=[paper.title for paper in papers.of_meeting(session, meeting.uid)],
        )

    def told(self, terms: Sequence[Term]) -> tuple[str, ...]:
        """What the recogniser is told of them. What openai-whisper gains is not measured: it is told where asked to."""
        settings = self.config.transcription
        tells = settings.engine == "pipeline" if settings.tell_terms is None else settings.tell_terms
        return for_recogniser(terms) if tells else ()

    def corrected(self, transcript: Transcript, terms: Sequence[Term]) -> Transcript:
        """The transcript with misheard terms put right, unless the configuration says otherwise."""
        return corrected(transcript, terms) if self.config.transcription.correct else transcript
