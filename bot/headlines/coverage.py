"""What of the speech no drafted line rests on: the draft's completeness statement."""

from __future__ import annotations

from collections.abc import Iterable

from bot.formats import Coverage, Segment, Transcript, Unrepresented


def coverage_of(transcript: Transcript, quoted: Iterable[str]) -> Coverage:
    """Seconds of speech in all, in segments that a line quotes, and without a speaker; and each stretch nothing quotes.

    Overlapping speech counts once. `quoted` are ids of segments.
    """
    ids = frozenset(quoted)
    spoken = [segment for segment in transcript.segments if segment.text.strip()]
    return Coverage(
        speech_seconds=_seconds(spoken),
        represented_seconds=_seconds(s for s in spoken if s.id in ids),
        unattributed_seconds=_seconds(s for s in spoken if not s.speaker),
        unrepresented=[
            Unrepresented(start=run[0].start, end=max(s.end for s in run), segments=[s.id for s in run])
            for run in _runs(spoken, ids)
        ],
    )


def _seconds(segments: Iterable[Segment]) -> float:
    total, reached = 0.0, float("-inf")
    for start, end in sorted((s.start, s.end) for s in segments):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return round(total, 2)


def _runs(spoken: Iterable[Segment], quoted: frozenset[str]) -> list[list[Segment]]:
    runs: list[list[Segment]] = []
    unbroken = False
    for segment in spoken:
        if segment.id in quoted:
            unbroken = False
        elif unbroken:
            runs[-1].append(segment)
        else:
            runs.append([segment])
            unbroken = True
    return runs
