"""What a passage of a mail says about a report: a change that is asked for, or that there are no comments. Pure."""

from __future__ import annotations

import re

from bot.amendment_life import Kind
from bot.report_lines import ReportLine
from handlers.mail.about import About, Looking, about
from handlers.mail.amendment_words import (
    AMENDING,
    DISAGREES,
    ELSEWHERE,
    NOTES,
    SAID_OF_LINE,
    STRONGLY_AMENDS,
    Wording,
    wording,
)
from handlers.mail.cell_words import cell_wanted
from handlers.mail.findings import Finding, What
from handlers.mail.known import Known
from handlers.mail.passages import Passage, line_in_subject
from handlers.mail.reading import ReadMail

REPORTED = re.compile(
    r"\b(headline report|report|minutes|record(ed)?|decision|action|attend(ance|ees)|viewpoint|paragraph|section"
    r"|line|item|wording|text|owner"
    r"|due date|spelling|table)\b",
    re.IGNORECASE,
)
NO_COMMENTS = re.compile(
    r"\b(no|nil|without( any)?|zero|(do|does) ?n[o'’]t have any|have n(o|one|ot any)"
    r"|nothing)\b[\s\w]{0,24}\b(comments?|amendments?|changes|corrections|return"
    r"|remarks|objections?|issues|to add)\b|\bnil return\b|\b(content|happy|fine|comfortable|satisfied) with (the"
    r"|this|it)\b.{0,30}"
    r"\b(report|minutes|record|as (it is|drafted|issued))|\bnothing to add\b",
    re.IGNORECASE,
)
ASSENT = re.compile(r"\W*(agreed?|yes|ok|okay|fine|no comments?|noted|thanks?|correct|happy|content)\b", re.IGNORECASE)
SHOULD_BE = re.compile(r"\bshould (have )?be(en)?\b", re.IGNORECASE)
BUT = re.compile(
    r"\b(but|except|however|other than|apart from|although|aside from|subject to|save for|only that)\b", re.IGNORECASE
)


def amendment(passage: Passage, mail: ReadMail, known: Known) -> Finding | None:
    """A request: it names a line and says something of it, or asks for a change in a report that it is about."""
    line = passage.line or line_in_subject(passage, mail.subject)
    said = wording(passage.text)
    asks = said.is_whole or any(cue.search(passage.text) for cue in (AMENDING, NOTES, DISAGREES))
    puts_it_so = SAID_OF_LINE.search(passage.text) is not None  # "D-01: the text as it should read"
    if not asks and _is_assent(passage):
        return None
    found = about(mail, known, passage.text, Looking.BACK)
    speaks_of_report = REPORTED.search(f"{mail.subject} {passage.text}") or passage.to or _answers_report(known)
    if (line and (asks or puts_it_so or passage.to)) or (asks and found.group and speaks_of_report):
        return _request(passage, line, said, found, known)
    return None


def _is_assent(passage: Passage) -> bool:
    """'D-01: agreed' asks for nothing."""
    said = SAID_OF_LINE.search(passage.text)
    text = passage.text[said.end() :] if said else passage.text
    return len(text.split()) < 8 and ASSENT.match(text) is not None


def _answers_report(known: Known) -> bool:
    return known.notice is not None and known.notice.kind in ("report", "reissue", "correction")


def _request(passage: Passage, line: str | None, said: Wording, found: About, known: Known) -> Finding:
    on_file = _line_on_file(line, passage, found, known)
    doubt = _doubt(line, on_file, said, found, known, passage)
    reason = (
        f"It asks for a change to the report of {found.spoken}, since {found.because}."
        if found.because
        else "It asks for a change."
    )
    if doubt:
        reason = f"{reason} A person should look: {doubt}."
    beside = cell_wanted(passage.text, on_file.kind) if on_file and said.nature is Kind.RECORD else None
    cell, proposed = beside or ("", said.proposed)
    present = "" if cell else said.present or (on_file.text if on_file else "")
    return Finding(
        What.AMENDMENT, reason, certain=not doubt, words=passage.text, group=found.group, on=found.on,
        line=(on_file.ref if on_file and line is None else line), nature=said.nature,
        present_text=present, proposed_text=proposed, grounds=said.grounds, cell=cell,
    )  # fmt: skip


def _line_on_file(line: str | None, passage: Passage, found: About, known: Known) -> ReportLine | None:
    """The line named; else the one whose words are quoted."""
    lines = known.lines.get(found.meeting.uid, ()) if found.meeting else ()
    if line:
        return next((x for x in lines if line.casefold() in (x.ref.casefold(), x.draft_ref.casefold())), None)
    quoted = " ".join(f"{passage.to} {passage.text}".casefold().split())
    meant = [x for x in lines if len(x.text) > 20 and " ".join(x.text.casefold().split()) in quoted]
    return meant[0] if len(meant) == 1 else None


def _doubt(
    line: str | None, on_file: ReportLine | None, said: Wording, found: About, known: Known, passage: Passage
) -> str:
    """Why a request is not entered by the machine; empty where nothing is in doubt."""
    has_lines = found.meeting is not None and bool(known.lines.get(found.meeting.uid))
    is_to_come = found.meeting is not None and found.meeting.starts_at > known.now
    is_remark = line is None and not AMENDING.search(SHOULD_BE.sub("", passage.text)) and said.nature is Kind.RECORD
    names_none = said.nature is Kind.DISAGREEMENT and line is None
    doubts = (
        (found.group is None, "it does not say which report it is about"),
        (not found.is_sure, f"which report it is about is only likely ({found.because})"),
        (is_to_come, f"{found.spoken} is still to come, so there is no report of it"),
        (bool(line) and has_lines and on_file is None, f"that report has no line {line}"),
        (bool(ELSEWHERE.search(passage.text)), "it points to changes that stand elsewhere (marked, inline or below)"),
        (is_remark, "it may be a remark rather than a request, since it names no line"),
        (names_none, "it does not say which decision it disagrees with"),
    )
    return next((why for holds, why in doubts if holds), said.doubt)


def no_comments(passage: Passage, mail: ReadMail, known: Known) -> Finding | None:
    found = NO_COMMENTS.search(passage.text)
    if not found or (BUT.search(passage.text) and (passage.line or STRONGLY_AMENDS.search(passage.text))):
        return None
    to = about(mail, known, passage.text, Looking.BACK)
    but = BUT.search(passage.text)
    sure = to.is_sure and not but and len(passage.text.split()) < 60
    reason = (
        f"It says that there are no comments on the report of {to.spoken}, since {to.because}."
        if to.because
        else "It says that there are no comments."
    )
    if but:
        reason += f' But it also says "{but[0]}".'
    return Finding(What.NO_COMMENTS, reason, certain=sure, words=passage.text, group=to.group, on=to.on)
