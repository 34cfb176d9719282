"""Who speaks, as far as the words and the members file say: the Chair, a seat, a constituency. Nobody is guessed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bot.formats import Attendance, Attendee
from bot.headlines.sentences import Sentence

_TITLES = re.compile(r"\b(mr|mrs|ms|miss|dr|sir|dame|lord|am|ms|mp|hon|the|chair)\b|[^a-z0-9' ]", re.IGNORECASE)
_CHAIRING = re.compile(
    r"\b(?:next item|move on to|item \w+,? then|are we agreed|welcome (?:everyone|everybody|all|to)|any other business|"
    r"i(?:'ll| will) take that as|apologies (?:from|for absence)|(?:are|is) (?:members|everyone|everybody) "
    r"(?:content|happy|agreed))\b",
    re.IGNORECASE,
)
# The constituencies of the programme's groups, and how people say them (GF, terms of reference: membership).
_SPOKEN: tuple[tuple[str, str], ...] = (
    ("Independent Supplier Agent", r"independent (?:supplier )?agents?"),
    ("Supplier Agent", r"supplier agents?"),
    ("I&C Supplier", r"(?:i ?(?:&|and) ?c|industrial and commercial) suppliers?"),
    ("Large Supplier", r"large suppliers?"),
    ("Medium Supplier", r"medium(?:[- ]sized)? suppliers?"),
    ("Small Supplier", r"small(?:er)? suppliers?"),
    ("iDNO", r"i[- ]?d ?n ?o'?s?|independent (?:distribution )?network operators?"),
    ("DNO", r"d ?n ?o'?s?|(?:distribution )?network operators?"),
    ("National Grid ESO", r"(?:national grid )?eso|national grid|neso"),
    ("Consumer", r"consumers?(?: representatives?)?|citizens advice"),
    ("Elexon", r"elexon"),
    ("DCC", r"d ?c ?c"),
    ("RECCo", r"rec ?co"),
)
_NOT_CONSTITUENCIES: tuple[tuple[str, str], ...] = (
    ("Ofgem", r"ofgem"),
    ("IPA", r"(?:the )?i ?p ?a|independent programme assurance"),
)
_SPEAKING_FOR = (
    r"(?:(?:speaking|talking|here|commenting|responding) (?:on behalf of|for|as)|on behalf of|representing"
    r"|(?:position|view|preference) (?:of|from|among|amongst)),?(?: the| our| a)?"
)
_SPEAKING_AS = r"(?:as|from|wearing)(?: the| our| a| your)?"
_VOICE = (
    r"(?:'s?)?,? (?:constituency|constituents|representatives?|reps?|parties|side|perspective|point of view"
    r"|community|hat)"
)
_HAS_A_VIEW = (
    r"(?:[\w']+ ){0,2}?(?:support|oppose|object|prefer|believe|think|want|need|would|do|does|don't|are|is|can(?:'t"
    r"|not)?|have|has)"
)


def same_person(one: str, other: str) -> bool:
    """Whether two names are the same person's: equal, or one within the other, titles and bracketed words aside."""
    a, b = _name_words(one), _name_words(other)
    return bool(a and b) and (a <= b or b <= a)


def chair_of(sentences: Sequence[Sentence], attendance: Attendance) -> str | None:
    """The speaker label of the Chair: on file, or else whoever plainly chairs; None where nobody can tell."""
    speakers = [s.speaker for s in sentences if s.speaker]
    named = [attendance.chair] if attendance.chair else []
    named += [member.name for member in attendance.members if "chair" in (member.role or "").lower()]
    for name in named:
        if label := next((s for s in speakers if attendee_is(s, name, attendance)), None):
            return label
    cues = Counter(s.speaker for s in sentences if s.speaker and _CHAIRING.search(s.text))
    return cues.most_common(1)[0][0] if cues and cues.most_common(1)[0][1] >= 2 else None


def attendee_is(label: str, name: str, attendance: Attendance) -> bool:
    """Whether a speaker label stands for `name`, by name or by the alias on file."""
    found = attendee_of(label, attendance)
    return same_person(label, name) or (found is not None and same_person(found.name, name))


def attendee_of(label: str | None, attendance: Attendance) -> Attendee | None:
    """The one member whom a speaker label stands for. None where it is nobody's, or more than one could be meant."""
    if not label:
        return None
    exact = [m for m in attendance.members if label.casefold() in (m.name.casefold(), (m.alias or "").casefold())]
    found = exact or [
        m for m in attendance.members if same_person(label, m.name) or (m.alias and same_person(label, m.alias))
    ]
    return found[0] if len(found) == 1 else None


def spoken_constituency(text: str, attendance: Attendance) -> tuple[str | None, str | None, int]:
    """(constituency, speaker, where it ends) as a sentence attributes its view; (None, None, -1) where it does not.

    Ofgem and the IPA are observers, never constituencies: they come back as the speaker.
    """
    for name, pattern in (*_known(attendance), *_SPOKEN, *_NOT_CONSTITUENCIES):
        voiced = (
            rf"\b{_SPEAKING_FOR} (?:{pattern})(?:{_VOICE})?\b|\b{_SPEAKING_AS} (?:{pattern}){_VOICE}\b"
            rf"|^(?:[\w']+,? ){{0,2}}?(?:the )?(?:{pattern})(?:{_VOICE})?(?= {_HAS_A_VIEW}\b)"
            rf"|^(?:[\w']+,? ){{0,2}}?for (?:the |our )?(?:{pattern})(?:{_VOICE})?(?=,)"
        )
        if found := re.search(voiced, text, re.IGNORECASE):
            is_observer = any(name == observer for observer, _ in _NOT_CONSTITUENCIES)
            return (None, name, found.end()) if is_observer else (name, None, found.end())
    return None, None, -1


def constituency_named(text: str, attendance: Attendance) -> tuple[str | None, int]:
    """(constituency, where its name ends) of a written line that begins with one: "DNO rep: ..."; (None, 0) else."""
    for name, pattern in (*_known(attendance), *_SPOKEN):
        if found := re.match(
            rf"(?:the )?(?:{pattern})(?: constituency)?(?: (?:representative|rep)s?\b)?(?=\W|$)", text, re.IGNORECASE
        ):
            return name, found.end()
    return None, 0


def bare_name(label: str) -> str:
    """A name fit for a sentence: 'Jo Bloggs (PMO)' becomes 'Jo Bloggs'."""
    return re.sub(r"\s*[\[(].*", "", label).strip() or label.strip()


def _known(attendance: Attendance) -> list[tuple[str, str]]:
    named = {m.constituency for m in attendance.members if m.constituency} - {
        name for name, _ in (*_SPOKEN, *_NOT_CONSTITUENCIES)
    }
    return [(name, rf"{re.escape(name.lower())}s?") for name in sorted(named, key=len, reverse=True)]


def _name_words(name: str) -> frozenset[str]:
    return frozenset(_TITLES.sub(" ", re.sub(r"[\[(].*", "", name.lower())).split())
