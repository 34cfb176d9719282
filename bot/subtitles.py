"""A transcript as subtitles, or as plain text to read."""

from __future__ import annotations

from collections.abc import Iterable

from bot.formats import Segment, Transcript, timestamp


def as_vtt(transcript: Transcript) -> str:
    """WebVTT, which players show and other tools read; speakers, where known, as voice tags."""
    cues = (f"{_range(s, '.')}\n{_voice(s)}{_escaped(s.text)}\n" for s in transcript.segments)
    return "\n".join(("WEBVTT\n", *cues))


def as_srt(transcript: Transcript) -> str:
    """SubRip: numbered from 1, decimal commas; it has no place for the speaker but the text."""
    cues = (f"{n}\n{_range(s, ',')}\n{_named(s)}\n" for n, s in enumerate(transcript.segments, 1))
    return "\n".join(cues)


def as_text(transcript: Transcript) -> str:
    """One line a segment: '[00:01:05] Name: words'."""
    return "".join(f"[{timestamp(s.start)}] {_named(s)}\n" for s in transcript.segments)


def as_rttm(name: str, spoken: Iterable[tuple[float, float, str]]) -> str:
    """Who spoke when, (start, end, speaker) in seconds, in NIST's form for speaker turns, which scorers read."""
    said = (f"{start:.3f} {end - start:.3f} <NA> <NA> {speaker.replace(' ', '_')}" for start, end, speaker in spoken)
    return "".join(f"SPEAKER {name.replace(' ', '_')} 1 {line} <NA> <NA>\n" for line in said)


def _range(segment: Segment, decimal: str) -> str:
    return f"{_instant(segment.start, decimal)} --> {_instant(segment.end, decimal)}"


def _instant(seconds: float, decimal: str) -> str:
    thousandths = round(seconds * 1000)
    return f"{timestamp(thousandths // 1000)}{decimal}{thousandths % 1000:03d}"


def _voice(segment: Segment) -> str:
    return f"<v {_escaped(segment.speaker)}>" if segment.speaker else ""


def _named(segment: Segment) -> str:
    return f"{segment.speaker}: {segment.text}" if segment.speaker else segment.text


def _escaped(text: str) -> str:
    """WebVTT reads `<`, `>` and `&` as markup; `-->` would end the cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
