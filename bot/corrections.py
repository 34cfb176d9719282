"""What a person heard, or words otherwise, of a draft's decisions and actions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.confirmations import How
from bot.errors import SecretariatError, UnknownThing
from bot.formats import Draft, DraftedDecision

OUTCOMES = {
    "accept": "accepted", "reject": "rejected", "refer": "referred", "accept_subject_to": "accepted with conditions",
    "escalate": "escalated", "noted": "noted", "deferred": "deferred", "withdrawn": "withdrawn",
    "none": "outcome to be confirmed",
}  # fmt: skip


@dataclass(frozen=True)
class Corrections:
    """What the issuing person heard or words otherwise, by the draft's references: {"D-02": "reject"}.

    `how` is how they know the outcomes that nobody has confirmed yet: with it they confirm those. `overruled` is why
    they issue in spite of what the check list warns of.
    """

    outcomes: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    how: How | None = None
    overruled: str = ""


def corrected(draft: Draft, corrections: Corrections) -> Draft:
    """The draft as a person corrects it. Raises UnknownThing or SecretariatError where that means nothing."""
    _refuse_unknown(draft, corrections)
    decisions = [_worded(d, corrections) for d in draft.decisions]
    actions = [a.model_copy(update={"text": corrections.texts.get(a.ref, a.text)}) for a in draft.actions]
    return draft.model_copy(update={"decisions": decisions, "actions": actions})


def _refuse_unknown(draft: Draft, corrections: Corrections) -> None:
    refs = [d.ref for d in draft.decisions] + [a.ref for a in draft.actions]
    for ref in (*corrections.outcomes, *corrections.texts):
        if ref not in refs:
            raise UnknownThing(f"The draft has no line {ref}.", hint=f"Its lines: {', '.join(refs)}.")
    for outcome in corrections.outcomes.values():
        if outcome not in OUTCOMES or outcome == "none":
            known = ", ".join(o for o in OUTCOMES if o != "none")
            raise SecretariatError(f"{outcome} is no outcome.", hint=f"Outcomes: {known}.")


def _worded(drafted: DraftedDecision, corrections: Corrections) -> DraftedDecision:
    ref, text = drafted.ref, corrections.texts.get(drafted.ref)
    outcome = corrections.outcomes.get(ref, drafted.outcome)
    if drafted.outcome == "none" != outcome:
        text = text or drafted.text.replace("Outcome to be confirmed", OUTCOMES[outcome].capitalize())
    elif outcome != drafted.outcome and text is None:
        raise SecretariatError(
            f"{ref} is drafted as {OUTCOMES[drafted.outcome]}, and its text says so.",
            hint=f"Give its text as well: --text {ref}='The group ...'.",
        )
    return drafted.model_copy(update={"outcome": outcome, "text": text or drafted.text})
