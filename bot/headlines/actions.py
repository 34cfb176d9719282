# ruff: noqa: E501  (phrases read better whole)
"""Actions: what somebody undertakes, or is asked, to do after the meeting. Courtesies and chairing are none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.formats import Attendance, DraftedAction
from bot.headlines.agenda import Begun, item_at
from bot.headlines.assent import assents
from bot.headlines.due_dates import Due, due_in
from bot.headlines.people import attendee_of, bare_name, spoken_constituency
from bot.headlines.sentences import Sentence
from bot.headlines.wording import infinitive, sentence

_DO = (
    r"(?:send|circulate|share|write|provide|update|publish|confirm|check|raise|arrange|draft|prepare|review|produce"
    r"|submit|investigate|look into|"
    r"report back|come back (?:to (?:you|the (?:group|committee|members))|with|by)|follow up|issue|set up"
    r"|organi[sz]e|schedule|speak to|contact|consult|clarify|find out|get back|feed ?back|amend|revise|correct|"
    r"upload|compile|finali[sz]e|complete|chase|liaise|collate|e-?mail|let|pick (?:that|this|it) up|put together"
    r"|work (?:on|up|with|together)|analy[sz]e|assess|create|"
    r"document|identify|remind|nominate|respond|reply|take (?:that|this|it) away|take (?:an|the|that|this) action"
    r"|bring back|bring (?:a|an|the|this|that) [\w ]+ (?:back|to)|"
    r"add (?:that|this|it|a|an|the)|go away and \w+|look up|note and \w+|file|make sure|ensure|ask (?:the|our|my)"
    r"|put (?:that|this|it|a|the) [\w ]*?(?:in writing|on the agenda|on file)|drop (?:you|the \w+) a (?:note|line)|supply|forward (?:that|the|it|those|you)"
    r"|furnish|give (?:you|the (?:committee|group)) (?:a note|the figures|that in writing|an update in writing)|"
    r"focus on|build|model)"
)
_ADV = (
    r"(?:,? (?:also|then|just|certainly|of course|gladly|definitely|personally|happily|therefore|now|both|all"
    r"|please|perhaps|maybe|try (?:and|to)|aim to|go and|go back and|be able to))*"
)
_ORG = (
    r"(?:the )?(?:pmo|sro|ipa|ldp|elexon|ofgem|dcc|recco|rec ?co|helix|secretariat|programme|design team|testing "
    r"team|migration team|chair|dnos?|idnos?|suppliers?|neso|eso)"
)
_FORMS: tuple[tuple[str, re.Pattern[str], float], ...] = tuple(
    (form, re.compile(pattern, re.IGNORECASE), sure)
    for form, pattern, sure in (
        ("marked", r"^(?:\w+,? ){0,2}?action(?: point| item)?(?: for| on)? (?P<who>(?:the )?[A-Za-z][\w&'-]*"
                   r"(?: [\w&'-]+){0,4}?)[,:] (?:to |please )?(?P<do>\w.+)", 0.9),
        ("marked", rf"^(?:\w+,? ){{0,2}}?action(?: point| item)?(?: for| on) (?P<who>{_ORG}|(?:the )?(?:[\w&'-]+ ){{0,4}}?"
                   rf"(?:representatives?|reps?|teams?|leads?|managers?|secretary|chair)) (?P<do>{_DO}\b.+)", 0.85),
        ("named", rf"\baction(?: point| item)?(?: is)?(?: on| for|:)? (?P<who>{_ORG}|[A-Z][\w'-]+(?: "
                  rf"[A-Z][\w'-]+)?)[,:]? (?:to|will|is to) (?P<do>\w.+)", 0.9),
        ("named", rf"\b(?P<who>{_ORG}) (?:to|will|is to|are to|shall|has agreed to|agreed to|takes? (?:an|the) "
                  rf"action to){_ADV} (?P<do>{_DO}\b.*)", 0.8),
        ("named", rf"\b(?P<who>(?-i:[A-Z])[\w'-]+(?: (?-i:[A-Z])[\w'-]+)?) (?:to|will|is to|is going to|has agreed "
                  rf"to|agreed to|takes? (?:an|the) action to){_ADV} (?P<do>{_DO}\b.*)", 0.65),
        ("own", rf"\b(?P<who>i|we)(?:'ll| will| shall|'m going to| am going to|'re going to| are going to){_ADV}[ "
                rf",]+(?P<do>(?:go (?:back )?and |go away and )?{_DO}\b.*)", 0.65),
        ("own", r"\b(?P<who>i|we)(?:'ll| will| can)? take (?:an|the|that|this) action,? to (?P<do>\w.+)", 0.85),
        ("own", rf"\b(?P<who>i|we) can{_ADV} (?P<do>(?:send|circulate|provide|write|look into|come back to (?:you"
                rf"|the)|get back|check with|let (?:you|the \w+|members) (?:know|have)|follow up|report back"
                rf"|share)\b.*)", 0.5),
        ("own", rf"\b(?P<who>i|we)(?: am|'m| are|'re| would be|'d be)(?: very| more than| quite)? (?:happy|glad) "
                rf"to{_ADV} (?P<do>(?:send|circulate|provide|write|look into|come back to (?:you|the)|check|let"
                rf"|follow up|report back|share)\b.*)", 0.55),
        ("asked", rf"\b(?:could|can|would|will) (?P<who>you|(?-i:[A-Z])[\w'-]+|{_ORG}|somebody|someone)(?: two| "
                  rf"both)?{_ADV} (?P<do>(?!(?:look at|confirm|clarify|identify|share|respond|update|check|review"
                  rf"|work|focus|ask|add|let|model|make)\b){_DO}\b.*)", 0.6),
        ("asked", rf"\b(?:could|can|would|will) (?P<who>you|(?-i:[A-Z])[\w'-]+|{_ORG}){_ADV} (?P<do>(?:let (?:us|me"
                  rf"|the \w+) (?:know|have)|share (?:the|that|a|those)|update (?:the|us)|check (?:whether|with|if"
                  rf"|the)|review the|confirm (?:in writing|by)|look (?:into|at))\b.*)", 0.5),
        ("asked", rf"\bif (?P<who>you|{_ORG}) (?:could|can|would){_ADV} (?P<do>(?:check (?!in\b)|send|circulate|provide (?:us|the"
                  r"|a|that)|write to|let (?:us|the \w+|members) (?:know|have)|share (?:that|the|those)|supply|give us a note"
                  r"|come back to (?:us|the)|confirm (?:that|in writing))\b.*)", 0.55),
        ("asked", r"\b(?:maybe|perhaps|so|and|if) (?:we|i|the \w+) (?:could|can|might|may) (?:please )?have (?P<do>(?:a|the|that|an|some) "
                  r"(?:\w+ ){0,2}?(?:note|letter|paper|update|list|copy|breakdown|report|figures?|information|data)\b.*)", 0.6),
        ("asked", r"\b(?:could|can|may) (?:we|i|the \w+) (?:please )?have (?P<do>(?:a|the|that|an) (?:\w+ "
                  r"){0,2}?(?:note|letter|paper|update|list|copy|breakdown|report|figures?)\b.*)", 0.6),
        ("asked", r"\bperhaps (?P<who>you) (?:could|can|would) (?P<do>(?:send|write|provide|let us|circulate|share"
                  r"|give us a note)\b.*)", 0.6),
        ("asked", rf"^(?:so |and |then |okay |um |uh |, )*(?P<who>you)(?:'ll| will|'re going to| are going to|'re "
                  rf"gonna| have to){_ADV} (?P<do>(?:work (?:on|with|together)|focus on|prepare|write|send|look "
                  rf"(?:at|up|into)|do (?:the|some|a)|make (?:the|a)|build|produce|draft|provide|bring)\b.*)", 0.5),
        ("asked", rf"^(?:so |and |then |okay |um |uh |, )*(?P<who>the (?:[\w-]+ ){{0,3}}?(?:designer|expert|manager"
                  rf"|specialist|lead|team|secretary))(?:'ll| will|'s going to| is going to| to){_ADV} "
                  rf"(?P<do>\w.+)", 0.55),
    )
)  # fmt: skip
_COURTESY = re.compile(
    r"\b(?:share (?:my|the|your) screen|hand (?:over|back)|bring in\b|bring (?:you|him|her|them|\w+) in|come "
    r"(?:back )?(?:on )?to (?:that|this|it|you|those|your)\b(?! (?:with|by|in writing))|"
    r"come back to (?:that|this|it|you|those|your \w+) (?:in a|later|now|next|shortly|then)|in a (?:minute|moment"
    r"|second)|right now|let (?:me|you|us|him|her|them|[A-Z]\w+) (?:just |finish|go|speak|start|introduce|answer|"
    r"say|talk|come|in\b|explain|take|read|get|ask|try|see|do|think|be|give|show|begin|open|move|turn|lead|add"
    r"|continue|present|respond|pick|kick|share|put|check|look|run)|let's|"
    r"mute|next slide|previous slide|hear me|send (?:my|our) apologies|update (?:you|us|everyone) (?:on|now)|write "
    r"(?:that|this|it) down|check (?:the )?(?:chat|clock|time|queue)|"
    r"look at (?:that|this|it) (?:now|next|first)|respond to (?:that|this|you)|complete (?:my|the) sentence|add "
    r"(?:that|this|it) (?:to )?(?:the )?(?:q|queue|chat)|minutes? (?:back|late)|"
    r"look at (?:the|this) (?:slide|screen)|review (?:the )?(?:agenda|minutes|actions)|be able to see|work (?:on "
    r")?(?:with )?(?:that|this) now|confirm (?:that|this) now|publish (?:the )?(?:meeting )?(?:minutes|recording)|"
    r"send (?:you|that|it) in the chat|(?:in|into) the chat|drop (?:a|the|that))\b",
    re.IGNORECASE,
)
_UNREAL = re.compile(
    r"\b(?:if|whether|unless|should|would have|could have|when|which|who|hope|hoping|maybe|might|so that|and then"
    r"|how|what|where|think|but if)\b[^,;.]*$",
    re.IGNORECASE,
)
# "If it's helpful, we can write to you": an offer, not a condition.
_OFFER = re.compile(
    r"\bif (?:it(?:'s| is| would be)|that(?:'s| is| would be)|you(?:'d| would)?) (?:be )?(?:helpful|useful|of (?:help|use|interest)"
    r"|like|wish|want|of assistance),?|\bif (?:it|that) (?:helps|would help|assists),?|\b(?:i|we) (?:think|hope) ",
    re.IGNORECASE,
)
_COMING_BACK = re.compile(r"(?<=\w) and (?:then )?(?:come|get|report) back to (?:you|the \w+)", re.IGNORECASE)
_TAKEN_UP = frozenset(["check", "write", "send", "circulate", "share", "provide", "confirm", "look"])
_NEGATED = re.compile(r"\b(?:not|never|n't|won't|can't|cannot)\b[^,;.]{0,25}$", re.IGNORECASE)
_END = re.compile(
    r"(?<=\w)[.?!;]|,? (?:if (?:that|you)(?:'s| is| would)|is that|okay\?|thank|and then|but|because|so that (?:we"
    r"|you) can|which)\b|, (?:yeah|yes|okay|please|right)\b"
)
_ADDRESSED = re.compile(r"^(?:[\w']+,? ){0,2}?([A-Z][\w'-]+), (?:could|can|would|will|perhaps)")
_HARDLY_HEARD = 0.2  # the confidence of what the recogniser was not sure of
_JUST_BEFORE = 40  # sentences in which somebody has been speaking
_VAGUE = re.compile(
    r"^\w+(?: \w+)? (?:that|this|it|them|those|into it|into that|back)?(?: to (?:you|them|everyone|the group|the "
    r"meeting))?$",
    re.IGNORECASE,
)
_NOT_NAMES = frozenset(
    ["i", "you", "we", "they", "it", "that", "this", "he", "she", "what", "there", "how", "who", "which", "so",
     "and", "but", "if", "then", "because", "maybe", "also", "need", "want", "have", "able", "going", "used",
     "trying", "due", "yes", "no", "thanks", "thank", "okay", "ok", "want", "well", "time", "people", "way",
     "things", "up", "back", "not", "now", "here", "just", "or", "as", "on", "in", "at", "for", "with", "from",
     "by", "about", "have", "has", "had", "get", "got", "like"]
)  # fmt: skip


@dataclass(frozen=True)
class _Task:
    sentence: Sentence
    form: str  # own | asked | named
    who: str
    said: str
    at: int
    sure: float


def actions_in(
    sentences: Sequence[Sentence], *, held_on: date, attendance: Attendance, begun: Sequence[Begun]
) -> list[DraftedAction]:
    """Every undertaking and request with a task in it, in the order said, numbered A-01 onwards."""
    tasks = [task for s in sentences if (task := _task_in(s, attendance)) is not None]
    drafted: list[DraftedAction] = []
    for i, task in enumerate(tasks):
        if i and _repeats(tasks[i - 1], task):
            continue
        replies = tasks[i + 1 : i + 2] if i + 1 < len(tasks) and _repeats(task, tasks[i + 1]) else []
        drafted.append(_drafted(f"A-{len(drafted) + 1:02d}", task, replies, sentences, held_on, attendance, begun))
    return drafted


def _task_in(said: Sentence, attendance: Attendance) -> _Task | None:
    for form, pattern, sure in _FORMS:
        for found in pattern.finditer(said.text):
            who = (found.groupdict().get("who") or "").strip()
            if form == "marked" and not _is_marked(who, attendance):
                continue
            if form == "named" and not _is_somebody(who, found.start("who"), said.text, attendance):
                continue
            before = _OFFER.sub("", said.text[: found.start()])
            if _UNREAL.search(before) or _NEGATED.search(f"{before} {found[0][: found.start('do') - found.start()]}"):
                continue
            do = _END.split(found["do"], maxsplit=1)[0]
            courtesy = _COURTESY.search(found[0][: found.start("do") - found.start()] + _COMING_BACK.sub("", do))
            if courtesy or len(do.split()) < 2:
                continue
            return _Task(said, form, who, do, found.start(), sure)
    return None


def _is_somebody(who: str, start: int, text: str, attendance: Attendance) -> bool:
    """An organisation of the programme or a member; without a members file, a name that opens its clause."""
    if re.fullmatch(_ORG, who, re.IGNORECASE) or attendee_of(who, attendance):
        return True
    opens = bool(re.search(r"(?:^|[.,;:] ?(?:and |then |so )?|\baction\b[^.]*)$", text[:start], re.IGNORECASE))
    return not attendance.members and opens and who.rsplit(maxsplit=1)[-1].lower() not in _NOT_NAMES


def _is_marked(who: str, attendance: Attendance) -> bool:
    """Whether "action for WHO, do this" names somebody: an organisation, a seat, a member."""
    seat = re.search(r"\b(?:representatives?|reps?|teams?|leads?|managers?|secretary|chair)$", who, re.IGNORECASE)
    return bool(seat or re.fullmatch(_ORG, who, re.IGNORECASE) or attendee_of(who, attendance))


def _repeats(first: _Task, then: _Task) -> bool:
    """A request and its "yes, I'll send that", or the same task said again at once."""
    near = then.sentence.number - first.sentence.number <= 6 and then.sentence.start - first.sentence.start <= 60
    another = first.sentence.speaker is None or then.sentence.speaker != first.sentence.speaker
    answered = another and first.form == "asked" and then.form == "own"
    taken_up = another and first.form == "own" and then.form == "asked" and then.who.lower() in ("", "you")
    same_verb = bool(_verbs(first) & _verbs(then))
    return near and (answered or (same_verb and (taken_up or bool(_VAGUE.match(then.said)))))


def _verbs(task: _Task) -> frozenset[str]:
    return frozenset(word.lower() for word in task.said.split()[:4]) & _TAKEN_UP | {task.said.split()[0].lower()}


def _drafted(
    ref: str, task: _Task, replies: Sequence[_Task], sentences: Sequence[Sentence], held_on: date,
    attendance: Attendance, begun: Sequence[Begun],
) -> DraftedAction:  # fmt: skip
    number = task.sentence.number
    after = list(sentences[number + 1 : number + 3])
    owner = _owner(
        task, replies, after, sentences[max(0, number - _JUST_BEFORE) : number], attendance, sentences[:number]
    )
    due = due_in(task.sentence.text[task.at :], held_on) or next(
        (d for r in replies if (d := due_in(r.sentence.text, held_on))), None
    )
    vague = bool(_VAGUE.match(task.said))
    rests_on = [*sentences[max(0, number - 1) : number]] if vague else []
    item = item_at(number, begun)
    evidence = task.sentence.evidence(task.at)
    for other in (*rests_on, *(r.sentence for r in replies)):
        evidence += [quote for quote in other.evidence() if quote not in evidence]
    line, sure = _line(task, owner, due), task.sure - (0.15 if vague else 0.0) + (0.1 if owner and due else 0.0)
    if task.sentence.is_doubtful:
        line, sure = f"To be confirmed: {line}", _HARDLY_HEARD
    return DraftedAction(
        ref=ref,
        item=item.item if item else None,
        text=line,
        at=task.sentence.at(task.at),
        segment=task.sentence.piece_at(task.at).segment.id,
        owner=owner,
        due=due.value if due else None,
        confidence=round(max(0.2, sure), 2),
        evidence=evidence,
    )


def _owner(
    task: _Task,
    replies: Sequence[_Task],
    after: Sequence[Sentence],
    before: Sequence[Sentence],
    attendance: Attendance,
    introduced: Sequence[Sentence],
) -> list[str]:
    """Who is to do it, from the words, the speaker and the members file; nobody where they do not say."""
    if task.form == "own":
        return _speaker(task.sentence, before[-1:], attendance)
    if task.who.lower() not in ("you", "", "somebody", "someone"):
        return [_full_name(task.who, attendance)]
    addressed = _ADDRESSED.match(task.sentence.text)
    if addressed and addressed[1].lower() not in _NOT_NAMES:
        return [_full_name(addressed[1], attendance)]
    answer = next((s for s in after if s.speaker and s.speaker != task.sentence.speaker), None)
    if not replies and (called := _called_on(task.sentence.text, introduced, attendance)):
        return [called]
    if replies or (answer and assents(answer.text, to_any_objections=False)):
        addressee = replies[0].sentence if replies else answer
    else:
        addressee = _addressee(task, before, answer)
    return _speaker(addressee, [], attendance) if addressee else []


def _addressee(task: _Task, before: Sequence[Sentence], answer: Sentence | None) -> Sentence | None:
    """Where nobody says yes: a sentence of whoever has been speaking, or answers; nobody where anybody may do it."""
    if task.sentence.speaker is None or task.who.lower() in ("somebody", "someone"):
        return None
    spoken: Counter[str] = Counter()
    for said in before:
        if said.speaker and said.speaker != task.sentence.speaker:
            spoken[said.speaker] += len(said.text)
    return next((s for s in before if spoken and s.speaker == spoken.most_common(1)[0][0]), answer)


def _called_on(text: str, introduced: Sequence[Sentence], attendance: Attendance) -> str | None:
    """Whom a request names at its end: a member, or a title with which somebody was introduced."""
    called = re.search(r", ((?:[A-Z][\w'-]+ ?){1,4})[.?!]*$", text)
    if called is None:
        return None
    title = called[1].strip()
    if member := attendee_of(title, attendance):
        return member.name
    names = [m.name for m in attendance.members]
    by_title = (
        re.compile(rf"({'|'.join(map(re.escape, names))}),? (?:the |our )?{re.escape(title)}\b") if names else None
    )
    found = next((m for said in introduced if by_title and (m := by_title.search(said.text))), None)
    return found[1] if found else None


def _speaker(said: Sentence, before: Sequence[Sentence], attendance: Attendance) -> list[str]:
    if said.speaker:
        member = attendee_of(said.speaker, attendance)
        return [member.name if member else bare_name(said.speaker)]
    for sentence_ in (said, *before):
        constituency, observer, _ = spoken_constituency(sentence_.text, attendance)
        if constituency or observer:
            return [constituency or observer or ""]
    return []


def _full_name(said: str, attendance: Attendance) -> str:
    """'Jo' becomes 'Jo Bloggs' where only one member is called so; an organisation stays as said, without article."""
    bare = re.sub(r"^the ", "", said, flags=re.IGNORECASE)
    member = attendee_of(bare, attendance)
    if member:
        return member.name
    constituency, _, _ = spoken_constituency(f"as {bare}", attendance)
    if constituency and re.search(r"representatives?$", bare, re.IGNORECASE):
        return f"{constituency} Representative"
    return (
        bare.upper()
        if bare.lower() in ("pmo", "sro", "ipa", "ldp", "dcc", "eso", "neso")
        else bare[:1].upper() + bare[1:]
    )


def _line(task: _Task, owner: Sequence[str], due: Due | None) -> str:
    said = re.sub(re.escape(due.said), "", task.said, flags=re.IGNORECASE) if due else task.said
    do = infinitive(said)
    if not re.match(rf"^{_DO}\b", do, re.IGNORECASE) and re.match(r"^(?:a|an|the|that)\b", do, re.IGNORECASE):
        do = f"provide {do}"
    if owner:
        return sentence(
            f"{' and '.join(_with_article(o) for o in owner)} {'agreed' if task.form == 'own' else 'was asked'} to {do}"
        )
    return sentence(f"{'It was said that somebody would' if task.form == 'own' else 'A request was made to'} {do}")


def _with_article(owner: str) -> str:
    """'The PMO', 'The DNO Representative'; a person's name stands alone."""
    role = re.search(r"(?:representative|team|lead|manager|secretary|chair)$", owner, re.IGNORECASE)
    return f"the {owner}" if role or re.fullmatch(r"PMO|SRO|IPA|LDP|DCC|ESO", owner) else owner
