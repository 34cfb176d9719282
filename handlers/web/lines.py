"""A report's lines as the page shows them, drafted or issued."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.clock import spoken_date
from bot.corrections import OUTCOMES
from bot.formats import Draft, wording_certainty

REACHED_BY = {
    "consensus": ", by consensus",
    "chair": ", by the Chair's decision",
    "sro": ", by the SRO's decision",
    "recommendation": ", as a recommendation",
}
KINDS = {
    "decision": "Decisions",
    "action": "Actions",
    "viewpoint": "Viewpoints",
    "raid": "Risks, assumptions, issues, dependencies",
    "attendance": "Attendance",
}


@dataclass(frozen=True)
class ShownLine:
    """One line: its facts in plain words, and the words in the recording that it rests on (working material)."""

    ref: str
    text: str
    item: str | None
    at: float | None
    facts: tuple[str, ...]
    quotes: tuple[str, ...] = ()


def shown_line(
    kind: str, *, ref: str, text: str, item: str | None, at: float | None, details: Mapping[str, Any]
) -> ShownLine:
    """A line from its columns; `details` as in `draft_lines`."""
    quotes = tuple(
        f"{span['quote']} ({span['source']})" if span.get("source") else span["quote"]
        for span in details.get("evidence", ())
    )
    return ShownLine(ref, text, item, at, tuple(_facts(kind, details)), quotes)


def _facts(kind: str, details: Mapping[str, Any]) -> Iterator[str]:
    if kind == "decision":
        reached = REACHED_BY.get(details.get("reached_by") or "", "")
        outcome = OUTCOMES.get(details.get("outcome", ""), "not stated")
        yield f"Outcome: {outcome.removeprefix('outcome ')}{reached}"
    if kind == "action":
        yield f"Owner: {', '.join(details.get('owner', ())) or 'not stated'}"
        yield f"Due: {_due(details.get('due') or 'not stated')}"
    if kind == "viewpoint":
        who = (details.get("speaker"), details.get("constituency"))
        yield ", for ".join(said for said in who if said) or "not attributed"
        if details.get("stance"):
            yield f"Stance: {details['stance']}"
    if kind == "raid":
        yield str(details.get("kind", "")).capitalize()
    if "confidence" in details:
        yield f"Wording: {wording_certainty(details['confidence'])}"
    if details.get("reworded_from"):
        yield f"Reworded by a language model, from: {details['reworded_from']}"


def _due(words: str) -> str:
    """A due day as it was said, or spelt out where it is a date."""
    try:
        return spoken_date(date.fromisoformat(words))
    except ValueError:
        return words


def lines_of(draft: Draft) -> dict[str, list[ShownLine]]:
    """An issued report's lines by kind, without the working material."""
    working = {"evidence", "confidence", "stance", "reworded_from"}
    numbered: list[tuple[str, str, Any]] = [("decision", d.ref, d) for d in draft.decisions]
    numbered += [("action", a.ref, a) for a in draft.actions]
    numbered += [("viewpoint", v.ref, v) for v in draft.viewpoints]
    numbered += [("raid", r.ref, r) for r in draft.raid]
    return by_kind(
        (kind, shown_line(kind, ref=ref, text=x.text, item=x.item, at=x.at, details=x.model_dump(exclude=working)))
        for kind, ref, x in numbered
    )


def by_kind(lines: Iterable[tuple[str, ShownLine]]) -> dict[str, list[ShownLine]]:
    """Lines under the headings they are shown under, kinds without any left out."""
    found: dict[str, list[ShownLine]] = {}
    for kind, line in lines:
        found.setdefault(kind, []).append(line)
    return {heading: found[kind] for kind, heading in KINDS.items() if kind in found}
