"""What only the learnt ranking proposes: sentences that sound like a decision or a task, and that no rule took up.

They stand in a list of their own, the likeliest first: somewhere to listen, never a line of the report.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.formats import DraftedAction, DraftedDecision, PossibleLine
from bot.headlines.agenda import Begun, item_at
from bot.headlines.informal import Ranked, said_by
from bot.headlines.sentences import Sentence
from bot.headlines.wording import sentence

_AN_HOUR, _FEWEST, _MOST = 12, 4, 40  # lines: a list that nobody reads through is none
_FEWEST_WORDS = 5


def possible_in(
    sentences: Sequence[Sentence],
    by_kind: Mapping[str, Ranked],
    *,
    decisions: Sequence[DraftedDecision],
    actions: Sequence[DraftedAction],
    quoted: Collection[str],
    begun: Sequence[Begun],
) -> list[PossibleLine]:
    """The likeliest sentences away from what is drafted, of both kinds, ranked; numbered X-01 onwards.

    `quoted` are the ids of the segments on which a line of any kind rests: what they say stands in the draft already.
    """
    if not sentences:
        return []
    found: list[tuple[float, str, Sentence]] = []
    for kind, lines in (("decision", decisions), ("action", actions)):
        by = by_kind[kind]
        taken = [line.at for line in lines if line.at is not None]
        of_kind = by.apart(taken, least=by.ranking.possible)
        found += [(likely / by.ranking.least, kind, said) for said, likely in of_kind]
    found = [one for one in found if _is_new(one[2], quoted)]
    found.sort(key=lambda one: (-one[0], one[2].number))
    hours = max(0.0, sentences[-1].start - sentences[0].start) / 3600
    most = min(_MOST, max(_FEWEST, round(_AN_HOUR * hours)))
    return [_line(n, kind, said, begun) for n, (_, kind, said) in enumerate(found[:most], 1)]


def _is_new(said: Sentence, quoted: Collection[str]) -> bool:
    repeats = any(piece.segment.id in quoted for piece in said.pieces)
    return not repeats and len(said.text.split()) >= _FEWEST_WORDS and not said.is_doubtful


def _line(number: int, kind: str, said: Sentence, begun: Sequence[Begun]) -> PossibleLine:
    item = item_at(said.number, begun)
    return PossibleLine.model_validate({
        "ref": f"X-{number:02d}", "kind": kind, "item": item.item if item else None,
        "text": sentence(said_by(said)), "at": said.start, "segment": said.pieces[0].segment.id,
        "evidence": said.evidence(),
    })  # fmt: skip
