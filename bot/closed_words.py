"""What was said in a closed session, where it stands beside transcripts and drafts: erased there too, and told of.

Drafts that people edited and gave back, the mails that brought them, evidence in requests, notices about all that. What
was issued keeps its words, and so does a request in its requester's own.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot import audit, meetings
from bot.erasures import Closing
from bot.formats import Draft, Evidence
from bot.model import Meeting, OutboxState, Person
from bot.ports import ContentFiles
from bot.return_states import Door, State
from bot.store.amendment_tables import AmendmentRow
from bot.store.draft_tables import DraftRow, ReturnRow
from bot.store.mail_tables import InboxRow, MailProposalRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ReportRow

ERASED = "(said in a closed session: erased)"
PUT_ASIDE = "It held what was said in a closed session, and its file was erased. Give the document in again without it."
FEWEST_WORDS = 4  # of a passage that is looked for elsewhere: fewer are anybody's
MOST_UNPACKED = 64 * 2**20
LINES = ("decisions", "actions", "viewpoints", "raid", "possible")


@dataclass
class ClosedWords:
    """Passages that were said, or written from what was said; and the lines that went, by draft."""

    passages: set[str] = field(default_factory=set)
    gone: dict[str, frozenset[str]] = field(default_factory=dict)
    closings: list[Closing] = field(default_factory=list)

    def said(self, closing: Closing, texts: Mapping[str, str]) -> None:
        """What lay in a closed range, segment by segment; `texts` is what each said before."""
        self.closings.append(closing)
        for segment, left in closing.touched.items():
            self._keep(texts[segment].replace(left, " ") if left else texts[segment])

    def drafted(self, draft_id: str, before: Draft, after: Draft) -> None:
        """What a draft has lost: its lines and quotes."""
        stay = {line.ref for name in LINES for line in getattr(after, name)}
        quotes = {one.quote for name in LINES for line in getattr(after, name) for one in line.evidence}
        lost = [line for name in LINES for line in getattr(before, name) if line.ref not in stay]
        for text in (line.text for line in lost):
            self._keep(text)
        for one in (one for name in LINES for line in getattr(before, name) for one in line.evidence):
            if one.quote and one.quote not in quotes:
                self._keep(one.quote)
        self.gone[draft_id] = frozenset(line.ref for line in lost)

    def _keep(self, text: str) -> None:
        passage = _plain(text)
        if len(passage.split()) >= FEWEST_WORDS:
            self.passages.add(passage)

    def without(self, issued: Sequence[str]) -> None:
        """Leave out what was issued."""
        texts = [_plain(text) for text in issued]
        self.passages = {passage for passage in self.passages if not any(passage in text for text in texts)}

    def are_in(self, text: str) -> bool:
        """Whether a text holds one of the passages, or is a part of one."""
        plain = _plain(text)
        is_part = len(plain.split()) >= FEWEST_WORDS
        return any(passage in plain or (is_part and plain in passage) for passage in self.passages)


@dataclass
class Elsewhere:
    """What was erased elsewhere, and what a person must see to, by reference."""

    returns: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # whose evidence went
    quoting: list[str] = field(default_factory=list)  # whose requester says it in words of their own
    unsent: int = 0  # notices to the Chair that were taken back
    files: set[str] = field(default_factory=set)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def erase_elsewhere(
    session: Session, files: ContentFiles, meeting: Meeting, words: ClosedWords, gone_files: set[str], *, by: Person,
    now: datetime,
) -> Elsewhere:  # fmt: skip
    """Erase it in the caller's transaction. `gone_files` are drafts' old documents; the result names more of them."""
    issued = session.scalars(select(ReportRow.snapshot).where(ReportRow.meeting_uid == meeting.uid)).all()
    words.without(issued)
    found = Elsewhere()
    for row in _returns(session, meeting):
        _erase_return(session, files, row, words, found, by, now)
    if any(words.gone.values()):
        _erase_mails(session, meeting, found)
    for request in session.scalars(select(AmendmentRow).where(AmendmentRow.meeting_uid == meeting.uid)):
        _erase_request(request, words, found)
    for notice in session.scalars(select(OutboxRow).where(OutboxRow.meeting_uid == meeting.uid)):
        _erase_notice(notice, words, gone_files, found)
    session.flush()
    needed = {*session.scalars(select(DraftRow.document_sha256)), *session.scalars(select(ReportRow.document_sha256))}
    found.files -= needed
    return found


def _returns(session: Session, meeting: Meeting) -> Sequence[ReturnRow]:
    """Those of the meeting, and those of which nobody knows."""
    mine = or_(ReturnRow.meeting_uid == meeting.uid, ReturnRow.of_uid == meeting.uid, ReturnRow.meeting_uid.is_(None))
    return session.scalars(select(ReturnRow).where(mine).order_by(ReturnRow.number)).all()


def _erase_return(
    session: Session, files: ContentFiles, row: ReturnRow, words: ClosedWords, found: Elsewhere, by: Person,
    now: datetime,
) -> None:  # fmt: skip
    drafts = {row.draft_id or "", str(row.found.get("sent", "")), str(row.found.get("newest", ""))}
    gone = frozenset().union(*(words.gone.get(draft, frozenset()) for draft in drafts))
    kept = {name: _without(value, words, gone) for name, value in row.found.items()}
    chosen = {name: _without(value, words, gone) for name, value in row.chosen.items()}
    holds = bool(gone) or (kept, chosen) != (row.found, row.chosen) or words.are_in(_text_of(files, row.sha256))
    if not holds:
        return
    row.found, row.chosen = kept, chosen
    found.returns.append(row.reference)
    by_the_machine = row.came_by == Door.DRAFTING  # it has no file of its own, and what is left of it can be decided
    if not by_the_machine:
        found.files.add(row.sha256)
    if row.state == State.WAITING and not (by_the_machine and kept.get("conflicts")):
        row.state, row.reason, row.settled_at, row.settled_by = State.PUT_ASIDE.value, PUT_ASIDE, now, by.name
    audit.record(session, now, by.name, "edited draft erased: closed session", row.reference, document=row.sha256)


def _without(value: Any, words: ClosedWords, gone: frozenset[str]) -> Any:
    """A part of what was found or chosen, without the lines that went and whatever holds the words."""
    if isinstance(value, list):
        return [one for one in value if not _holds(one, words, gone)]
    if isinstance(value, dict):
        left = {key: one for key, one in value.items() if key.partition(".")[0] not in gone}
        return {key: one for key, one in left.items() if not _holds(one, words, gone)}
    return value


def _holds(value: Any, words: ClosedWords, gone: frozenset[str]) -> bool:
    if isinstance(value, dict):
        return value.get("ref") in gone or any(_holds(one, words, gone) for one in value.values())
    if isinstance(value, list):
        return any(_holds(one, words, gone) for one in value)
    return isinstance(value, str) and words.are_in(value)


def _erase_mails(session: Session, meeting: Meeting, found: Elsewhere) -> None:
    """The mails that brought a draft of the meeting: what their writers said beside it stays."""
    for proposal in session.scalars(select(MailProposalRow).where(MailProposalRow.action == "edited_draft")):
        if (proposal.values.get("group"), proposal.values.get("on")) != (meeting.group, meeting.on.isoformat()):
            continue
        message = session.get(InboxRow, proposal.inbox_id)
        if message and message.content_sha256:
            found.files.add(message.content_sha256)
            message.content_sha256 = ""


def _erase_request(row: AmendmentRow, words: ClosedWords, found: Elsewhere) -> None:
    stays = [one for one in row.evidence if all(c.may_stay(Evidence.model_validate(one)) for c in words.closings)]
    if len(stays) < len(row.evidence) or words.are_in(row.present_text):
        row.evidence = stays
        row.present_text = ERASED if words.are_in(row.present_text) else row.present_text
        found.requests.append(row.reference)
    if any(words.are_in(text) for text in (row.proposed_text, row.reason, row.agreed_text)):
        found.quoting.append(row.reference)


def _erase_notice(row: OutboxRow, words: ClosedWords, gone_files: set[str], found: Elsewhere) -> None:
    """What a notice says of it; one that was to bring a document that is gone is not sent any more."""
    lines = [ERASED if words.are_in(line) else line for line in row.text.split("\n")]
    row.text = "\n".join(lines)
    if row.state in meetings.UNSENT and any(str(one).partition(":")[0] in gone_files for one in row.attachments):
        row.state, row.state_reason = OutboxState.SUPERSEDED.value, "what it was to bring held a closed session"
        found.unsent += 1


def _text_of(files: ContentFiles, sha256: str) -> str:
    """All words of a kept document; "" where there is none, or it cannot be read."""
    try:
        content = files.path(sha256).read_bytes()
    except FileNotFoundError:
        return ""
    unreadable = (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, RuntimeError, zlib.error)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            if sum(part.file_size for part in package.infolist()) > MOST_UNPACKED:
                return ""
            parts = [package.read(part) for part in package.infolist() if part.filename.endswith(".xml")]
    except unreadable:
        return ""
    ends = (re.sub(r"</w:p>|<w:tab/>|<w:br/>", " ", part.decode("utf-8", errors="replace")) for part in parts)
    return html.unescape(" ".join(re.sub(r"<[^>]*>", "", text) for text in ends))
