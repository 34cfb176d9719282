"""What every drafted line must pass: quotes verbatim, names and numbers from the evidence, no denial lost.

These are comparisons of words, not an opinion. A line that fails is marked "to be confirmed", never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.clock import MONTHS, WEEKDAYS
from bot.formats import (
    Agenda,
    Attendance,
    DraftedAction,
    DraftedDecision,
    DraftedRaidItem,
    DraftedViewpoint,
    Evidence,
    Transcript,
)
from bot.headlines.wording import negations

_HARD = re.compile(r"(?<![.!?:“]\s)(?<!^)\b[A-Z][A-Za-z&]+\b|\b\d[\d.,/:-]*\d\b|\b\d\b")
_STOCK = re.compile(
    r"\b(?:no|any|know) (?:further |other )?(?:objections?|dissent)\b|\bnot only\b|\bno longer\b|\bnone\b|\bwhy "
    r"not\b|\bdon't you\b|\bno,? ",
    re.IGNORECASE,
)
_REPORT_WORDS = frozenset("Representative Outcome The A An I To".lower().split()) | {
    name.lower() for name in (*MONTHS, *WEEKDAYS)
}
_FAILED = 0.2


class Checks:
    """The checks for one transcript, with what may be taken as given: the agenda, the members, the speakers."""

    def __init__(self, transcript: Transcript, agenda: Agenda, attendance: Attendance) -> None:
        self._texts: Mapping[str, tuple[str, ...]] = _texts_by_id(transcript)
        given = [f"{item.title} {item.recommendation or ''}" for item in agenda.items]
        given += [f"{m.name} {m.alias or ''} {m.constituency or ''} {m.role or ''}" for m in attendance.members]
        given += [attendance.chair or "", *(segment.speaker or "" for segment in transcript.segments)]
        self._given = _words(" ".join(given)) | _REPORT_WORDS

    def verbatim(self, evidence: Sequence[Evidence]) -> bool:
        """Whether there is evidence, and each quote stands letter by letter in its segment."""
        return bool(evidence) and all(
            e.quote and any(e.quote in text for text in self._texts.get(e.segment, ())) for e in evidence
        )

    def unsupported(self, text: str, evidence: Sequence[Evidence], also: str = "") -> list[str]:
        """The names, numbers and dates of a line that occur neither in its evidence nor in what is given."""
        known = self._given | _words(" ".join(e.quote for e in evidence)) | _words(also)
        hard = [word for found in _HARD.findall(text) for word in _words(found)]
        return [
            word for word in hard if word not in known and word.rstrip("s") not in known and f"{word}s" not in known
        ]

    def doubt(self, text: str, evidence: Sequence[Evidence], also: str = "") -> str:
        """What is wrong with a line, in a few words; empty where it passes."""
        if not self.verbatim(evidence):
            return "a quote is not verbatim"
        if missing := self.unsupported(text, evidence, also):
            return f"not in the words quoted: {', '.join(dict.fromkeys(missing))}"
        return "a denial may have been lost" if negation_lost(text, evidence) else ""

    def decision(self, line: DraftedDecision) -> DraftedDecision:
        """The line; its outcome to be confirmed where it fails."""
        if not self.doubt(line.text, line.evidence, line.item or ""):
            return line
        text = line.text if line.outcome == "none" else f"Outcome to be confirmed: {line.text}"
        changed = {"text": text, "outcome": "none", "reached_by": None, "confidence": min(line.confidence, _FAILED)}
        return line.model_copy(update=changed)

    def action(self, line: DraftedAction) -> DraftedAction:
        """The line; to be confirmed where it fails."""
        if not self.doubt(line.text, line.evidence, " ".join([*line.owner, line.due or ""])):
            return line
        return line.model_copy(update={"text": f"To be confirmed: {line.text}", "confidence": _FAILED})

    def viewpoint(self, line: DraftedViewpoint) -> DraftedViewpoint:
        """The line; to be confirmed where it fails."""
        if not self.doubt(line.text, line.evidence, f"{line.constituency or ''} {line.speaker or ''}"):
            return line
        return line.model_copy(update={"text": f"To be confirmed: {line.text}"})

    def raid_item(self, line: DraftedRaidItem) -> DraftedRaidItem:
        """The line; to be confirmed where it fails."""
        if not self.doubt(line.text, line.evidence):
            return line
        return line.model_copy(update={"text": f"To be confirmed: {line.text}"})


def negation_lost(text: str, evidence: Iterable[Evidence]) -> bool:
    """Whether the stretch of a quote that a line draws on denies something, and the line denies nothing."""
    return not negations(text) and any(negations(_STOCK.sub(" ", _stretch(text, e.quote))) for e in evidence)


def _stretch(text: str, quote: str) -> str:
    """The part of a quote from the first to the last of the line's longer words."""
    wanted = {word for word in _words(text) if len(word) > 3}
    places = [found.span() for found in re.finditer(r"[\w']+", quote) if found[0].lower() in wanted]
    return quote[places[0][0] : places[-1][1]].replace("’", "'") if len(places) > 1 else ""


def _texts_by_id(transcript: Transcript) -> dict[str, tuple[str, ...]]:
    texts: dict[str, tuple[str, ...]] = {}
    for segment in transcript.segments:
        texts[segment.id] = (*texts.get(segment.id, ()), segment.text)
    return texts


def _words(text: str) -> frozenset[str]:
    plain = text.lower().replace("’", "'")
    words = re.findall(r"[a-z0-9][a-z0-9&]*", plain) + re.findall(r"\d[\d.,/:-]*\d", plain)
    return frozenset(words)
