"""Risks, assumptions, issues and dependencies that somebody raises in so many words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from bot.formats import DraftedRaidItem
from bot.headlines.agenda import Begun, item_at
from bot.headlines.sentences import Sentence
from bot.headlines.wording import reported, sentence

Kind = Literal["risk", "assumption", "issue", "dependency"]
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("risk", r"\b(?:there(?:'s| is| remains)|we see|i see|it(?:'s| is)|that(?:'s| is)) (?:also |still )?(?:a"
             r"|an) (?:\w+ ){0,2}?risk (?:that|of|to|around)\b.*"),
    ("risk", r"\b(?:the|one|our|main|biggest|key) (?:\w+ )?risk (?:here |now )?(?:is|remains) (?:that )?.*"
             r"|\b(?:raise|record|log|add|open) (?:this as |that as |it as )?a (?:new |\w+ )?risk\b.*"),
    ("assumption", r"\b(?:we(?:'re| are| have)|the plan is|our plan|it is|this) (?:all |also )?(?:assum(?:ing"
                   r"|es|ed)|based on the assumption) (?:that )?.*|\b(?:the|our|one|key) (?:\w+ )?assumption "
                   r"(?:here )?(?:is|was) (?:that )?.*"),
    ("issue", r"\b(?:raise|record|log|open) (?:this as |that as |it as )?an (?:\w+ )?issue\b.*|\b(?:new|open"
              r"|blocking|critical) issue (?:is|with|on) .*|^issue: .*"),
    ("dependency", r"\b(?:is|are|we're|we are|it's|that's) (?:\w+ )?(?:dependent|reliant|contingent) (?:up)?on "
                   r".*|\b(?:there(?:'s| is)|we have) a (?:\w+ )?dependency (?:on|with|between)\b.*|\b(?:the"
                   r"|one|key) (?:\w+ )?dependency (?:here )?is .*"),
)  # fmt: skip
_RAISED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)
_FEWEST_WORDS = 6


def raid_in(sentences: Sequence[Sentence], *, begun: Sequence[Begun]) -> list[DraftedRaidItem]:
    """One line for each sentence that raises a RAID item; a question or a denial ("there is no risk") raises none."""
    drafted = []
    for said in sentences:
        if said.is_doubtful or said.text.rstrip().endswith("?") or len(said.text.split()) < _FEWEST_WORDS:
            continue
        for kind, pattern in _RAISED:
            if found := pattern.search(said.text):
                item = item_at(said.number, begun)
                drafted.append(
                    DraftedRaidItem(
                        kind=kind,
                        item=item.item if item else None,
                        text=_line(kind, reported(found[0])),
                        at=said.at(found.start()),
                        segment=said.piece_at(found.start()).segment.id,
                        evidence=said.evidence(found.start()),
                    )
                )
                break
    return drafted


def _line(kind: Kind, clause: str) -> str:
    head = f"{'An' if kind in ('assumption', 'issue') else 'A'} {kind} was raised"
    named = re.match(
        rf"^(?:there|it|that|they|the group) (?:was|were|had|saw|remains) (?:also |still )?an? (?:\w+ "
        rf"){{0,2}}?{kind} (?=that |of |on |with )",
        clause,
    )
    return sentence(f"{head} {clause[named.end() :]}" if named else f"{head}: {clause}")
