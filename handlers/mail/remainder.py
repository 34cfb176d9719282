"""What of a mail's own words none of its findings accounts for: a person reads that, whatever else is done. Pure.

Every sentence is accounted for in one of three ways: a finding rests on it; it is a courtesy, or says why somebody
stays away; or it is left over. A sentence that speaks of another matter than the finding it stands in is left over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from handlers.mail.about import LINE
from handlers.mail.amendment_words import AMENDING, DISAGREES, NOTES
from handlers.mail.attendance_words import CANNOT, is_sorry_only
from handlers.mail.coming_matters import AGENDA, IN_PLACE, PAPER
from handlers.mail.findings import Finding, What
from handlers.mail.passages import sentences, tidy_line
from handlers.mail.report_matters import NO_COMMENTS
from handlers.mail.running_matters import ASKS, ENDED, NOMINATES, STANDS

CUES = (
    (What.APOLOGY, IN_PLACE),
    (What.AGENDA_ITEM, AGENDA),
    (What.NO_COMMENTS, NO_COMMENTS),
    (What.AMENDMENT, AMENDING),
    (What.AMENDMENT, DISAGREES),
    (What.AMENDMENT, NOTES),
    (What.NOMINATION, NOMINATES),
    (What.QUERY, ASKS),
)
IN_PASSING = (  # said of the matter that the mail brings, rather than of another
    (What.PAPER, PAPER),
    (What.ACTION_UPDATE, ENDED),
    (What.ACTION_UPDATE, STANDS),
    (What.DONE, ENDED),
)
SAYS_ONE_THING = (What.NO_COMMENTS, What.NOMINATION)  # whatever else stands in the same passage is another matter
WHOLE_MAIL = (What.FOR_A_PERSON, What.UNCLEAR)  # a person reads all of it as it is
GREETS = re.compile(
    r"^\W*((hi|hello|hey|dear|good (morning|afternoon|evening)|morning|afternoon|all|team|tobias|pmo|many thanks|thanks"
    r"|thank you|ta|cheers|kind(est)? regards|regards|best( wishes| regards)?|all the best|yours( sincerely"
    r"| faithfully)?|sincerely|bw|kr|sent from my .{1,30})\b[^?]{0,60})\W*$",
    re.IGNORECASE,
)
COURTESY = re.compile(
    r"\b((I |we )?(hope|trust)\b.{0,60}\b(well|good|great|nice|lovely|fine|weekend|week|day|break|holiday|ok|okay"
    r"|helps?|clear|useful|productive)|(many )?thanks|thank you|sorry|apologies|apologise|see you|speak (to you )?soon"
    r"|look(ing)? forward|have a (good|great|nice|lovely)|any (questions|queries|problems)|further information|more"
    r" details?|happy to (discuss|talk|explain|help)|(do not|don'?t|don’t) hesitate|get in touch|if you need anything"
    r"|(any|some) inconvenience|(short|late) notice|much appreciated|grateful|appreciate|(confirm|acknowledge) (safe"
    r" )?(receipt|that you (have|got|received))|for your (information|records|help|time|reference|consideration)"
    r"|as (discussed|agreed|requested|promised)|with reference to|further to|in (reply|response) to|I am writing"
    r"|I'm writing|I’m writing|following (your|our|the)|(your|the) (email|e-mail|mail|message|note|reminder)"
    r"|good (meeting|discussion|session)|well done|enjoy|best of luck|good luck|let me know if|(is|was) that (ok|okay"
    r"|all right|alright|fine)|hope that'?s|hope that’s|please (accept|find)|welcome)\b",
    re.IGNORECASE,
)
STAYS_AWAY = re.compile(
    r"\b(leave|holiday|away|abroad|travel\w*|train|flight|clash\w*|conflict\w*|another (meeting|commitment|engagement)"
    r"|elsewhere|commitments?|appointment|unwell|sick|ill|illness|hospital|doctor|dentist|family|funeral|bereavement"
    r"|jury|childcare|school|surgery|operation|off (work|that)|on a course|training|conference|double[- ]booked|busy"
    r"|diary|unavoidabl\w+|unfortunately|otherwise engaged|out of (the )?office|on that day|that (day|week|morning"
    r"|afternoon)|catch up|read the (minutes|report|papers)|listen to the recording)\b",
    re.IGNORECASE,
)
ANNOUNCES = re.compile(  # "Three points on the report of PSG.", "Please see below."
    r"^\W*(please (see|find)|see|(there are |I have |we have |here are |below are )?(a few|some|the following|my|our"
    r"|two|three|four|five|several|one|just one|a couple of)\b.{0,30}\b(points?|comments?|things|matters|items"
    r"|requests?|changes|corrections|amendments|thoughts|remarks)|the following"
    r"|(two|three|several) things)\b[^?]{0,80}$",
    re.IGNORECASE,
)
AGREES = re.compile(r"^\W*(agreed?|yes|ok(ay)?|fine|noted|correct|that'?s (fine|right)|no problem)\W*$", re.IGNORECASE)
LONGEST_COURTESY = 30  # words: a longer sentence says more than a courtesy
MOST_SHOWN = 600  # characters


def left_over(own_words: str, found: Sequence[Finding]) -> str:
    """The sentences that no finding accounts for, in the order written; empty where nothing is left."""
    if any(one.what in WHOLE_MAIL for one in found):
        return ""
    left = [said for said in sentences(own_words) if said and not _is_accounted_for(said, found)]
    return _short(" ".join(left))


def beside(text: str, apology: Finding) -> tuple[str, str]:
    """A passage with an apology in it: the apology (who stays away, who comes instead, why), and what stands beside."""
    mine: list[str] = []
    other: list[str] = []
    for said in filter(None, sentences(text)):
        (mine if _is_accounted_for(said, [apology]) else other).append(said)
    return " ".join(mine), " ".join(other)


def _is_accounted_for(said: str, found: Sequence[Finding]) -> bool:
    if any(words.match(said) for words in (GREETS, ANNOUNCES, AGREES)):
        return True
    resting = [one for one in found if _rests_on(one, said)]
    cued = set(_cues(said))
    if _other_lines(said, resting):
        return False
    if cued:
        return any(one.what in cued for one in resting) or (cued == {What.QUERY} and _is_courtesy(said))
    if any(one.what not in SAYS_ONE_THING for one in resting):
        return True
    stays_away = any(one.what is What.APOLOGY for one in found) and STAYS_AWAY.search(said) is not None
    return (stays_away and len(said.split()) <= LONGEST_COURTESY) or _is_courtesy(said)


def _rests_on(one: Finding, said: str) -> bool:
    """Whether a finding rests on a sentence: its words hold it, or it holds them, or it names who comes instead."""
    words = _evenly_spaced(one.words)
    if words and (said in words or any(piece in said for piece in sentences(words))):
        return True
    return bool(one.who) and any(part in said for part in one.who.replace("<", " ").replace(">", " ").split())


def _cues(said: str) -> Iterator[What]:
    """What a sentence may be about, by its words."""
    if any(not is_sorry_only(said, gone) for gone in CANNOT.finditer(said)):
        yield What.APOLOGY
    about = {what for what, cue in CUES if cue.search(said)}
    if LINE.search(said):
        about |= {What.AMENDMENT, What.ACTION_UPDATE}
    yield from about
    if about:
        yield from (what for what, cue in IN_PASSING if cue.search(said))


def _other_lines(said: str, resting: Sequence[Finding]) -> bool:
    """Whether it names a line of a report that none of the findings on it is about, outside the words it asks for."""
    meant = {tidy_line(one.line) for one in resting if one.line}
    quoted = " ".join(_set_apart(one) for one in resting)
    named = {tidy_line(found[0]) for found in LINE.finditer(said) if found[0] not in quoted}
    return bool(meant) and bool(named - meant)


def _set_apart(one: Finding) -> str:
    """The words that a request sets apart; where it is taken as it stands, none are."""
    wanted = one.proposed_text if _evenly_spaced(one.proposed_text) != _evenly_spaced(one.words) else ""
    return f"{wanted} {one.present_text} {one.grounds}"


@lru_cache(maxsize=100)
def _evenly_spaced(text: str) -> str:
    """With one space between words. Remembered: every sentence of a long mail asks it of the same finding."""
    return " ".join(text.split())


def _is_courtesy(said: str) -> bool:
    return len(said.split()) <= LONGEST_COURTESY and COURTESY.search(said) is not None


def _short(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]} …"
