"""The end of every draft: what it does not say. Speech that no line rests on, doubtful lines, voices without a name."""

from __future__ import annotations

from collections.abc import Sequence

from bot.formats import Agenda, Completeness, Draft, MatrixItem, marked_alone, timestamp, wording_certainty
from bot.headlines.agenda import item_keys
from bot.headlines.matrix import matrix_after_edits

_MOST_STRETCHES = 10
_SHORTEST_SECONDS = 60.0  # shorter stretches are counted, and not listed in the statement
_TO_CONFIRM = ("to be confirmed", "outcome to be confirmed")


def completeness_of(draft: Draft, agenda: Agenda, *, lines_left: Sequence[str] = ()) -> Completeness:
    """The completeness statement. Working material of the PMO, not for issue. `lines_left`: of notes, by number."""
    published = [MatrixItem(item=key, title=x.title) for key, x in zip(item_keys(agenda), agenda.items, strict=True)]
    heard = {item.item for item in draft.agenda}
    return _completeness(draft, [item for item in published if item.item not in heard], lines_left)


def after_edits(draft: Draft) -> Draft:
    """The draft with its matrix and its completeness statement as its lines now have them. Pure."""
    if draft.completeness is None:
        return draft
    matrix = matrix_after_edits(draft, draft.matrix) if draft.matrix else None
    completeness = _completeness(draft, draft.completeness.undiscussed, draft.completeness.lines_left)
    return draft.model_copy(update={"matrix": matrix, "completeness": completeness})


def _completeness(draft: Draft, undiscussed: Sequence[MatrixItem], lines_left: Sequence[str]) -> Completeness:
    coverage = draft.coverage
    missing = max(0.0, round(coverage.speech_seconds - coverage.represented_seconds, 2))
    doubtful = _doubtful(draft)
    said = _of_speech(draft, missing) if draft.recorded else _of_notes(draft, lines_left)
    if doubtful:
        said.append(f"Doubtful, please {'listen' if draft.recorded else 'confirm'}: {', '.join(doubtful)}.")
    if alone := "; ".join(marked_alone(draft)):
        said.append(f"Marked live, no line found: {alone}.")
    said += [f"Agenda item with no discussion found: {item.title}." for item in undiscussed]
    return Completeness(
        unrepresented_seconds=missing, unattributed_seconds=coverage.unattributed_seconds, doubtful=doubtful,
        undiscussed=list(undiscussed), lines_left=list(lines_left), statement=said,
    )  # fmt: skip


def _of_notes(draft: Draft, lines_left: Sequence[str]) -> list[str]:
    """What a meeting without a recording leaves open: nobody can listen again."""
    by = f" These lines rest on the notes of {draft.notes_by}, and on nothing else." if draft.notes_by else ""
    left = [f"Lines of the notes that nothing here rests on: {', '.join(lines_left)}."] if lines_left else []
    return [f"The meeting was not recorded.{by}", *left]


def _of_speech(draft: Draft, missing: float) -> list[str]:
    coverage = draft.coverage
    if not coverage.speech_seconds:
        return ["No speech was transcribed."]
    said = [f"Of {_minutes(coverage.speech_seconds)} of speech, {_minutes(missing)} are not represented by any line."]
    long = [s for s in coverage.unrepresented if s.end - s.start >= _SHORTEST_SECONDS]
    longest = sorted(sorted(long, key=lambda s: s.start - s.end)[:_MOST_STRETCHES], key=lambda s: s.start)
    said += [
        f"Not represented: {timestamp(s.start)} to {timestamp(s.end)} ({_minutes(s.end - s.start)})." for s in longest
    ]
    if coverage.unattributed_seconds:
        said.append(f"{_minutes(coverage.unattributed_seconds).capitalize()} of speech have no known speaker.")
    return said


def _doubtful(draft: Draft) -> list[str]:
    """The references of lines that somebody must listen to, or look up, before they can stand."""
    sure = {d.ref: d.confidence for d in draft.decisions} | {a.ref: a.confidence for a in draft.actions}
    doubtful = [ref for ref, confidence in sure.items() if wording_certainty(confidence).startswith("doubtful")]
    doubtful += [d.ref for d in draft.decisions if d.outcome == "none" and d.ref not in doubtful]
    rest = {v.ref: v.text for v in draft.viewpoints} | {r.ref: r.text for r in draft.raid}
    return [*doubtful, *(ref for ref, text in rest.items() if text.lower().startswith(_TO_CONFIRM))]


def _minutes(seconds: float) -> str:
    whole = round(seconds / 60)
    return "less than a minute" if seconds < 30 else f"{max(1, whole)} minute{'s' if whole > 1 else ''}"
