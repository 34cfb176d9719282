"""What a mail says of work that runs: where an action stands, what is done, who takes a seat, what is asked. Pure."""

from __future__ import annotations

import re

from handlers.mail.about import LINE, Looking, about, days_in
from handlers.mail.attendance_words import WHO
from handlers.mail.coming_matters import FOR_ONE_MEETING
from handlers.mail.findings import Finding, What
from handlers.mail.known import Known
from handlers.mail.passages import Passage, line_in_subject, passages
from handlers.mail.reading import ReadMail
from handlers.mail.report_matters import BUT

ENDED = re.compile(
    r"\b(complete[d]?|done|closed?|finished|delivered|discharged|resolved|can be closed|actioned|now in place|has"
    r" been (sent|issued|published|shared|circulated|submitted))\b",
    re.I,
)
NOT_ENDED = re.compile(
    r"\b(not|n't|n’t|never|yet to|to be|will be|should be|expect\w*|aim\w*|plan\w*|hope\w*|almost|nearly|partly"
    r"|partially|incomplete|before|until|once|when|by)\b",
    re.I,
)
STANDS = re.compile(
    r"\b(update|progress|in progress|ongoing|on track|on target|underway|under way|started|outstanding|delay(ed)?"
    r"|slipp(ed|ing)|overdue|extend\w*|extension"
    r"|revised date|new date|more time|deadline|status|blocked|waiting|pending|transfer|re-?assign\w*"
    r"|hand(ed)? over|owner is now)\b",
    re.IGNORECASE,
)
NOMINATES = re.compile(
    r"\b(nominat(e|es|ed|ing|ion|ions)|nominee|put(ting)? forward|new (constituency )?(rep|representative|member)"
    r"|(our|the) (constituency )?(rep|representative|member) (on|at|for|in) .{1,40} (will be|is)|who (will"
    r" )?replaces? me"
    r"|(take|takes|taking|took) over (from (me|him|her|\w+) )?as"
    r"|(replace|replaces|replacing|succeed|succeeds|succeeding) (me|him|her|[A-Z]\w+)( [A-Z]\w+)? as|successor"
    r"|stand(ing)? down( as)?|step(ping)? down( as)?"
    r"|change of (representative|rep|member))\b",
    re.IGNORECASE,
)
NOMINEE = (
    re.compile(
        r"(?i:\b(?:nominate|nominates|nominating|nominated|put forward|putting forward|appoint|appointing|propose"
        rf"|proposing))(?: my colleague,?| our colleague,?)? {WHO}"
    ),
    re.compile(
        r"(?i:\b(?:nominee|(?:new|our) (?:constituency )?(?:rep|representative|member)|successor|nomination)\b"
        rf"(?:[^.\n]{{0,60}}?\s(?:is|will be)|\s*:))\s*{WHO}"
    ),
    re.compile(
        rf"{WHO},?\s+(?:will|is going to|is to|shall|has been)\s(?i:take over|taking over|replace|replacing|succeed"
        r"|succeeding|nominated|be taking over|be replacing|be (?:the|our) new)"
    ),
)
DONE = re.compile(
    r"^\W*(?:(?:all|this|that|it|these|yes,?|ok,?|both)\b\s*)?(?:(?:'s|’s|is|are|has been|have been|was|were"
    r"|has now been|is now)\s+)?(?:all |now )?"
    r"(?:done|complete[d]?|finished|sorted|actioned|dealt with|taken care of)\b(?!\s*\?)",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"\?(\s|$)|\b((can|could|would|will) (you|someone|anyone|the PMO)\b|please (advise|confirm|clarify|let (me|us) know"
    r"|explain|tell (me|us)|send (me|us)|point (me|us)|forward (me|us))|(I|we) ((would|should) like|want|need|wish"
    r"|am trying"
    r"|are trying) to (know|understand|find out|ask|see|check|clarify)|(I|we) wonder(ed)? (if|whether)|grateful (if"
    r"|for)"
    r"|(a|my|our|one) (query|question))\b",
    re.IGNORECASE,
)


def action_update(passage: Passage, mail: ReadMail, known: Known) -> Finding | None:
    reference = passage.line or line_in_subject(passage, mail.subject)
    action = next((a for a in known.actions if reference and a.reference.upper() == reference), None)
    by_notice = (
        known.notice.obligation.partition(":")[2]
        if known.notice and known.notice.obligation.startswith("action:")
        else ""
    )
    if (
        action is None
        and by_notice
        and passage.line is None
        and (ENDED.search(passage.text) or STANDS.search(passage.text))
    ):
        action = next((a for a in known.actions if a.reference == by_notice), None)
    if action is None or _amends_the_record(passage.text):
        return None
    said = f"{mail.subject} {passage.text}" if passage.line is None else passage.text
    if not (ENDED.search(said) or STANDS.search(said)) and not action.is_senders:
        return None
    ended = _has_ended(passage.text)
    whose = "the sender owns" if action.is_senders else "the sender does not own"
    due = next(iter(days_in(passage.text, known.today)), None)
    return Finding(
        What.ACTION_UPDATE, f"It says where {action.reference} stands, an action that"
        f" {whose}.", certain=action.is_senders,
        words=passage.text, line=action.reference, state="done" if ended else "open",
        due_on=due if due and not ended else None,
    )  # fmt: skip


def _amends_the_record(text: str) -> bool:
    return (
        re.search(
            r"\bshould (have )?(read|sa(y|id)|be)|\breword|\bamend|\bcorrect(ed|ion)?\b|incorrect|wrong", text, re.I
        )
        is not None
    )


def _has_ended(text: str) -> bool:
    """Whether it is said to be done: 'will be complete by Friday' is not."""
    for found in ENDED.finditer(text):
        clause = re.split(r"[.;!\n]", text[: found.start()])[-1]
        behind = re.split(r"[.;!\n]", text[found.end() :])[0]
        if not NOT_ENDED.search(clause) and not re.match(r"\s*(by|once|when|until|\?)", behind):
            return True
    return False


def done(mail: ReadMail, known: Known) -> Finding | None:
    """'Done' in reply to a reminder: its first words, below a greeting."""
    notice = known.notice
    if notice is None or not notice.to_be_met:
        return None
    said = [p.text for p in passages(mail.own_words)]
    first = next((text for text in said if text), "")
    if not DONE.match(first):
        return None
    short = len(mail.own_words.split()) <= 40 and not BUT.search(mail.own_words)
    reason = f'It says "{first.split(chr(10))[0][:80]}" in answer to our "{notice.subject}".'
    return Finding(What.DONE, reason, certain=short, words=mail.own_words, notice_id=notice.id)


def nomination(passage: Passage, mail: ReadMail, known: Known) -> Finding | None:
    if not NOMINATES.search(passage.text) or FOR_ONE_MEETING.search(passage.text):
        return None
    who = ""
    for pattern in NOMINEE:
        found = next((m for m in pattern.finditer(mail.own_words) if m["name"] or m["address"]), None)
        if found:
            name, address = (found["name"] or "").strip(" .,"), (found["address"] or "").lower()
            who = f"{name} <{address}>" if name and address else name or address
            break
    to = about(mail, known, passage.text, Looking.AHEAD)
    reason = "It nominates somebody for a seat, or gives one up: the PMO puts that on file."
    return Finding(What.NOMINATION, reason, words=passage.text, group=to.group, who=who)


def is_question(passage: Passage) -> bool:
    return ASKS.search(passage.text) is not None


def query(passage: Passage, mail: ReadMail, known: Known) -> Finding:
    """A question. One in answer to a mail of ours is about that mail, so that a person looks first."""
    to = about(mail, known, passage.text, Looking.AHEAD)
    group = to.group if to.group and to.group in f"{mail.subject} {mail.own_words}".upper() else None
    reason = "It asks something that is for a mailbox or a group to answer."
    if known.notice is not None:
        reason = f'It asks something in answer to our "{known.notice.subject}".'
    line = LINE.search(passage.text)
    if line:  # what is asked of a line may be a request to change it
        reason += f" A person should look: it speaks of {line[0]}."
    certain = "?" in passage.text and known.notice is None and line is None
    return Finding(What.QUERY, reason, certain=certain, words=passage.text, group=group)
