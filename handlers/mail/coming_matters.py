"""What a mail says about a meeting to come: who cannot, who comes instead, papers, items for the agenda. Pure."""

from __future__ import annotations

import re

from handlers.mail.about import LINE, About, Looking, about
from handlers.mail.amendment_words import STRONGLY_AMENDS
from handlers.mail.attachments import AttachedFile
from handlers.mail.attendance_words import absence, alternate
from handlers.mail.findings import Finding, What
from handlers.mail.known import Known
from handlers.mail.passages import Passage, sentences
from handlers.mail.reading import ReadMail

FOR_ONE_MEETING = re.compile(
    r"\b(as (my |an |our )?(alternate|deputy|substitute)|in my (place|stead))\b", re.IGNORECASE
)
IN_PLACE = re.compile(
    r"\b(on my behalf|instead of me|my (alternate|deputy)|(will|is going to|shall|'ll) (represent (us|me)"
    r"|deputi[sz]e|stand in"
    r"|step in|cover for me|take my (place|seat)))\b",
    re.IGNORECASE,
)
ON_AGENDA = (
    r"\b(?:to|on|onto|for|under|in|as)\s(?:(?:the|an?|next|our|your|forthcoming|(?-i:[A-Z]{3,}))\s){0,4}"
    r"(?:agenda|AOB|any other business)\b"
)
AGENDA = re.compile(
    r"\bagenda item|\bslot (?:on|at|in) the\b"
    rf"|\b(?:item|add|include|put|request|raise|propose|place|have|table|suggest)\b[^\n]{{0,120}}?{ON_AGENDA}",
    re.IGNORECASE,
)
TITLE = re.compile(
    r"(?:agenda item|item|AOB|agenda)\s*(?:on|about|:|for|titled|called)\s*[\"“']?(?P<title>[^\"”'\n.?]{4,160})"
    r"|\b(?:add|include|put|raise|propose|have|table|request|suggest)\s+(?:an? |the )?(?:item (?:on |about |for"
    rf" )?)?[\"“]?(?P<second>[^\"”\n.?]{{4,160}}?)[\"”]?\s+{ON_AGENDA}",
    re.IGNORECASE,
)
PAPER = re.compile(
    r"\b(papers?|slides?|slide deck|deck|presentation|pack|attach(ed|ing|ment)?|enclosed|please find"
    r"|for the (meeting|agenda|pack)|here (is|are) (the|my|our)|document)\b",
    re.IGNORECASE,
)


def apology(passage: Passage, mail: ReadMail, known: Known) -> Finding | None:
    gone = absence(passage.text, known.sender, known.people)
    if gone is None:
        return None
    who, doubt = (gone.who, gone.doubt) if gone.who else alternate(mail.own_words, known.people, known.sender)
    ahead = " ".join(said for said in sentences(passage.text) if not LINE.search(said))  # a line is of a report
    to = about(mail, known, ahead or passage.text, Looking.AHEAD)
    doubt = gone.doubt or doubt or _not_to_come(to, known)
    reason = f"It says that the sender cannot come to {to.spoken}" + (f", since {to.because}." if to.because else ".")
    if doubt:
        reason += f" A person should look: {doubt}."
    return Finding(What.APOLOGY, reason, certain=not doubt, words=gone.words, group=to.group, on=to.on, who=who)


def _not_to_come(to: About, known: Known) -> str:
    if to.group is None:
        return "it does not say which meeting"
    if not to.is_sure:
        return f"which meeting is only likely ({to.because})"
    return f"{to.spoken} is over" if to.meeting and to.meeting.ends_at <= known.now else ""


def alternate_alone(mail: ReadMail, known: Known) -> list[Finding]:
    """'Jane Roe will attend PSG on 7 February in my place', with no word of an apology."""
    if not (FOR_ONE_MEETING.search(mail.own_words) or IN_PLACE.search(mail.own_words)):
        return []
    who, doubt = alternate(mail.own_words, known.people, known.sender)
    to = about(mail, known, mail.own_words, Looking.AHEAD)
    if not who or to.group is None:
        return []
    doubt = doubt or _not_to_come(to, known)
    reason = f"It names who comes to {to.spoken} in the sender's place, since {to.because}."
    if doubt:
        reason += f" A person should look: {doubt}."
    return [
        Finding(
            What.APOLOGY, reason, certain=not doubt, words=f"{who} comes instead", group=to.group, on=to.on, who=who
        )
    ]


def agenda_item(passage: Passage, mail: ReadMail, known: Known) -> Finding | None:
    if not AGENDA.search(passage.text) or passage.line or STRONGLY_AMENDS.search(passage.text):
        return None
    to = about(mail, known, passage.text, Looking.AHEAD)
    title = TITLE.search(passage.text)
    name = " ".join(((title["title"] or title["second"]) if title else passage.text.splitlines()[0]).split())
    reason = f"It asks for an item on the agenda of {to.spoken}; the PMO sets the agenda."
    return Finding(What.AGENDA_ITEM, reason, words=passage.text, group=to.group, on=to.on, proposed_text=name)


def paper(mail: ReadMail, known: Known, files: list[AttachedFile]) -> Finding | None:
    """Files that come with words of a paper, or in answer to our asking for one."""
    asked = known.notice is not None and known.notice.obligation.partition(":")[0] in ("papers", "expected_paper")
    if not (asked or PAPER.search(f"{mail.subject}\n{mail.own_words}") or not mail.own_words.strip()):
        return None
    to = about(mail, known, f"{mail.subject}\n{mail.own_words}", Looking.AHEAD)
    doubt = _not_to_come(to, known)
    reason = f"It brings {_counted(files)} for {to.spoken}" + (f", since {to.because}." if to.because else ".")
    if doubt:
        reason += f" A person should look: {doubt}."
    return Finding(What.PAPER, reason, certain=not doubt, words=mail.own_words, group=to.group, on=to.on)


def _counted(files: list[AttachedFile]) -> str:
    return "a file" if len(files) == 1 else f"{len(files)} files"
