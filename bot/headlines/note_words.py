# ruff: noqa: E501  (phrases read better whole)
"""How a secretary writes down what happened: "Agreed: ...", "The group did not approve ...", "DNO: concerned that ..."."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from bot.formats import Attendance, DecisionOutcome, ReachedBy, Stance
from bot.headlines.assent import objects, withdraws_objection
from bot.headlines.closures import condition_in
from bot.headlines.matters import settled
from bot.headlines.people import attendee_of, constituency_named
from bot.headlines.viewpoints import stance_of
from bot.headlines.wording import Matter, infinitive, plain, reported

Kind = Literal["risk", "assumption", "issue", "dependency"]
_GROUP = (
    r"(?:(?:it|this|that) (?:was|is|has been)|(?:the )?(?:group|committee|board|meeting|members|chair|sro|psg|dag|"
    r"[a-z]{1,5}(?:ag|wg|sg))(?: (?:has|have))?)"
)
_HOW = r"(?: (?:all|then|therefore|unanimously|formally|also|now|by consensus|by majority|in principle))*"
# The further from a plain yes, the earlier: where a line says two things, that one counts.
_WRITTEN: tuple[tuple[DecisionOutcome, str], ...] = (
    ("none", r"\b(?:no (?:decision|conclusion|agreement|consensus)|outcome (?:unclear|to be confirmed)|not (?:decided|concluded)|(?:decision|outcome) (?:awaited|pending))\b"),
    ("withdrawn", r"\b(?:was|were|has been|is) withdrawn\b|^withdrawn\b|^(?:decision|outcome)\W+withdrawn\b|\bwithdrew (?:the|its|their) (?:paper|item|proposal|request|change request|motion)\b"),
    ("escalate", rf"^{_GROUP}{_HOW} escalated\b|\b(?:was|is|has been|to be) escalated\b|^escalated\b|^(?:agreed|decision|decided)\W+(?:to )?escalate\b"),
    ("refer", rf"^{_GROUP}{_HOW} (?:referred|remitted|sent back)\b|\b(?:was|is|has been|to be) referred\b|^referred\b|^(?:agreed|decision|decided)\W+(?:to )?refer\b"),
    ("deferred", rf"^{_GROUP}{_HOW} (?:deferred|postponed)\b|\b(?:was|is|has been|to be) (?:deferred|postponed|held over)\b|^(?:deferred|postponed)\b|^(?:agreed|decision|decided)\W+(?:to )?(?:defer|postpone)\b"),
    ("reject", rf"^{_GROUP}{_HOW} (?:did not|didn't|does not|would not|could not|cannot) (?:agree|approve|accept|endorse|adopt|support)\b|^{_GROUP}{_HOW} (?:rejected|refused|declined|turned down|voted against|(?:agreed|decided|resolved) not to)\b"
               r"|\b(?:was|were|is|are|has been) (?:not (?:agreed|approved|accepted|supported|endorsed)|rejected|refused|declined|turned down)\b|^(?:not (?:agreed|approved|accepted)|rejected|refused)\b|^(?:decision|decided|agreed|resolved|outcome)\W+(?:to )?(?:not |reject|refuse|decline)"),
    ("accept", rf"^{_GROUP}{_HOW} (?:agreed|approved|accepted|endorsed|adopted|ratified|signed off|resolved|decided|content)\b(?! (?:with|that they disagreed))|\b(?:was|were|has been) (?:agreed|approved|accepted|endorsed|adopted|signed off)\b"
               r"|^(?:decisions?|decided|agreed|resolved|resolution|approved|accepted|endorsed|outcome)\b(?=\W)"),
    ("noted", rf"^{_GROUP}{_HOW} noted\b|\b(?:was|were) noted\b|^noted\b"),
)  # fmt: skip
_RESOLVED = tuple((outcome, re.compile(pattern, re.IGNORECASE)) for outcome, pattern in _WRITTEN)
_NOT_YET = re.compile(
    r"\b(?:if|unless|until|once|when|before|whether|to be (?:agreed|approved)|should be|would be|could be|asked to|proposed"
    r"|last (?:meeting|month|time)|previous(?:ly)?|minutes of)\b",
    re.IGNORECASE,
)
_WHOSE = re.compile(r"^(?:the )?(?:chair|sro)(?:['’]s)? (?:informed )?decision(?: was| is)?\b", re.IGNORECASE)
_HEADS = re.compile(
    rf"^(?:{_GROUP}{_HOW} )?(?:decisions?|decided|agreed|resolved|resolution|approved|accepted|endorsed|adopted|outcome|noted|deferred|referred|escalated"
    r"|rejected|refused|declined|turned down|postponed|withdrawn|signed off|content|did not (?:agree|approve|accept|endorse|adopt|support))\W*",
    re.IGNORECASE,
)
_RAID = re.compile(r"^(?P<kind>risk|assumption|issue|dependency)\s*[:–—-]\s*(?P<rest>\w.+)", re.IGNORECASE)
_SAYS = re.compile(
    r"^(?:asked|supported|objected|said|noted|raised|expressed|welcomed|suggested|wanted|opposed|preferred|abstained|agreed|disagreed|"
    r"questioned|queried|requested|confirmed|reported|stated|explained|proposed|reminded|felt|thought|would|could|did|had|was|were)\b",
    re.IGNORECASE,
)
_STANCES: tuple[tuple[Stance, str], ...] = (
    ("objects", r"\b(?:object(?:s|ed|ion)?|oppos(?:es|ed)|against|disagree[sd]?|not support|rejects?|cannot (?:agree|accept|support))\b"),
    ("abstains", r"\babstain(?:s|ed)?\b|\bno (?:view|position|preference)\b|\bneutral\b"),
    ("concern", r"\b(?:concern(?:s|ed)?|worried|reservations?|nervous|too (?:short|late|soon|tight))\b"),
    ("supports", r"\b(?:support(?:s|ed|ive)?|welcom(?:es|ed)|in favour|content|happy|agree[sd]?|endorse[sd]?)\b"),
    ("asks", r"\b(?:ask(?:s|ed)?|quer(?:y|ied|ies)|question(?:ed)?|whether|wondered)\b|\?\s*$"),
)  # fmt: skip


@dataclass(frozen=True)
class Resolved:
    """What a line says was resolved; `around` is the rest of the line, where an objection may stand."""

    outcome: DecisionOutcome
    reached_by: ReachedBy | None
    matter: Matter
    tail: str
    around: str


@dataclass(frozen=True)
class View:
    """What a line says that a constituency, or a person without one, holds."""

    speaker: str | None
    constituency: str | None
    stance: Stance
    text: str


def resolved_in(text: str) -> Resolved | None:
    """The decision that a line of notes records; None for every other line."""
    said = _WHOSE.sub("Decision", text.replace("’", "'"))
    for outcome, pattern in _RESOLVED:
        found = pattern.search(said)
        if found is None or said.rstrip().endswith("?") or (outcome != "none" and _NOT_YET.search(said[: found.end()])):
            continue
        return replace(_resolved(outcome, said, found), reached_by=_reached_by(text))
    return None


def _resolved(outcome: DecisionOutcome, said: str, found: re.Match[str]) -> Resolved:
    tail = condition_in(said) if outcome == "accept" else ""
    rest = _HEADS.sub("", said[: said.lower().find(tail.split()[0])] if tail else said).strip(" .:-")
    matter = _matter(rest or said)
    if tail:
        outcome = "accept_subject_to"
    outcome, matter, tail = settled(outcome, matter, tail, refused=outcome == "reject")
    return Resolved(outcome, None, matter, tail, f"{said[: found.start()]} ; {said[found.end() :]}")


def _matter(rest: str) -> Matter:
    by = re.sub(r"^(?:by consensus|unanimously|in principle)\W+", "", rest, flags=re.IGNORECASE)
    if given := re.match(r"^to (.+)", by, re.IGNORECASE):
        return Matter("to", infinitive(given[1]))
    if re.match(
        r"(?:approve|accept|adopt|endorse|move|defer|postpone|refer|escalate|reject|refuse|note|publish|keep|use|proceed|extend|close|open|start|stop)\b",
        by,
        re.IGNORECASE,
    ):
        return Matter("to", infinitive(by[:1].lower() + by[1:]))
    if given := re.match(r"^that (.+)", by, re.IGNORECASE):
        return Matter("that", reported(given[1]))
    passive = re.match(r"^(.+?) (?:was|were|is|has been) (?:not )?(?:agreed|approved|accepted|endorsed|adopted|signed off|rejected|refused|declined|"
                       r"turned down|deferred|postponed|referred|escalated|noted|withdrawn|supported)\b(.*)", by, re.IGNORECASE)  # fmt: skip
    words = plain(f"{passive[1]} {passive[2].strip()}" if passive else by)
    return Matter(
        "noun", words[:1].lower() + words[1:] if re.match(r"(?:The|This|That|A|An|All|Both)\b", words) else words
    )


def _reached_by(said: str) -> ReachedBy | None:
    if re.search(r"\bsro(?:'s)? (?:decision|decided|ruled)\b", said, re.IGNORECASE):
        return "sro"
    if re.search(r"\bchair(?:'s)? (?:informed )?(?:decision|decided|ruled)\b", said, re.IGNORECASE):
        return "chair"
    return (
        "consensus"
        if re.search(r"\b(?:consensus|unanimous(?:ly)?|no objections?|all agreed)\b", said, re.IGNORECASE)
        else None
    )


def is_objection(text: str) -> bool:
    """Whether a line writes down that somebody objected."""
    return objects(text) or bool(
        re.search(
            r"(?<!no )\b(?:object(?:s|ed)|objections? (?:was|were|from|by)|oppos(?:es|ed)|disagreed|voted against)\b",
            text,
            re.IGNORECASE,
        )
    )


def withdraws(text: str) -> bool:
    """Whether a line writes down that an objection was taken back."""
    return withdraws_objection(text) or bool(re.search(r"\bwithdrew\b.*\bobjection", text, re.IGNORECASE))


def raid_of(text: str) -> tuple[Kind, str] | None:
    """(kind, its line) of a RAID item that a line of notes records."""
    found = _RAID.match(text)
    if found is None:
        return None
    kinds: dict[str, Kind] = {"risk": "risk", "assumption": "assumption", "issue": "issue", "dependency": "dependency"}
    kind = kinds[found["kind"].lower()]
    return kind, f"{'An' if kind in ('assumption', 'issue') else 'A'} {kind} was raised: {reported(found['rest'])}"


def view_of(text: str, attendance: Attendance) -> View | None:
    """The view that a line of notes records for whom it names first; None where it names nobody known."""
    constituency, ends = constituency_named(text, attendance)
    speaker = None
    if constituency is None:
        named = re.match(r"^([A-Z][\w'.-]+(?: [A-Z][\w'.-]+){0,3})(?: \([^)]*\))?(?=\s*[:–—-]\s|\s+[a-z])", text)
        member = attendee_of(named[1], attendance) if named else None
        if named is None or member is None:
            return None
        speaker, constituency, ends = member.name, member.constituency, named.end()
    rest = plain(text[ends:].lstrip(" :–—-,"))
    if len(rest.split()) < 1:
        return None
    who = f"The {constituency} Representative" if constituency else speaker
    return View(speaker, constituency, _stance(rest), f"{who} {_said(rest)}")


def _stance(rest: str) -> Stance:
    found = next((stance for stance, pattern in _STANCES if re.search(pattern, rest, re.IGNORECASE)), None)
    return found or stance_of(rest) or "comments"


def _said(rest: str) -> str:
    if _SAYS.match(rest):
        return rest[:1].lower() + rest[1:]
    if re.match(
        r"^(?:concerned|worried|nervous|supportive|content|happy|unhappy|against|opposed|in favour|neutral)\b",
        rest,
        re.IGNORECASE,
    ):
        return f"was {rest[:1].lower() + rest[1:]}"
    return f"was noted as saying: {reported(rest)}"
