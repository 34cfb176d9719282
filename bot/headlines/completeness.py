"""The end of every draft: what it does not say. Speech that no line rests on, doubtful lines, voices without a name."""

from __future__ import annotations

from bot.formats import Agenda, Draft, timestamp, wording_certainty
from bot.headlines.matrix import items_without_discussion

_MOST_STRETCHES = 10
_SHORTEST_SECONDS = 60.0  # shorter stretches are counted, and not listed


def completeness_of(draft: Draft, agenda: Agenda) -> list[str]:
    """The completeness statement, a sentence or a stretch a line. Working material of the PMO, not for issue."""
    coverage = draft.coverage
    if not coverage.speech_seconds:
        return ["The meeting was not recorded, or its recording holds no speech."]
    missing = max(0.0, coverage.speech_seconds - coverage.represented_seconds)
    said = [f"Of {_minutes(coverage.speech_seconds)} of speech, {_minutes(missing)} are not represented by any line."]
    long = [s for s in coverage.unrepresented if s.end - s.start >= _SHORTEST_SECONDS]
    longest = sorted(sorted(long, key=lambda s: s.start - s.end)[:_MOST_STRETCHES], key=lambda s: s.start)
    said += [
        f"Not represented: {timestamp(s.start)} to {timestamp(s.end)} ({_minutes(s.end - s.start)})" for s in longest
    ]
    if coverage.unattributed_seconds:
        said.append(f"{_minutes(coverage.unattributed_seconds)} of speech have no known speaker.")
    sure = {line.ref: line.confidence for line in draft.decisions} | {
        line.ref: line.confidence for line in draft.actions
    }
    doubtful = [ref for ref, confidence in sure.items() if wording_certainty(confidence).startswith("doubtful")]
    if doubtful:
        said.append(f"Doubtful, please listen: {', '.join(doubtful)}.")
    said += [f"Agenda item with no discussion found: {title}" for title in items_without_discussion(draft, agenda)]
    return said


def _minutes(seconds: float) -> str:
    whole = round(seconds / 60)
    return "less than a minute" if seconds < 30 else f"{max(1, whole)} minute{'s' if whole > 1 else ''}"
