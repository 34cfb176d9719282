"""What a mail is, and what it asks for. Pure: bytes in, a finding out, with its reason in words."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Collection
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr

from bs4 import BeautifulSoup, ParserRejectedMarkup
from bs4.element import NavigableString
from mailparser_reply import EmailReplyParser

from bot.amendments import RequestText, read_request
from bot.errors import UnreadableMessage

MOST_BYTES = 40 * 1024 * 1024
MOST_PARSED = 6_000  # characters: the reply parser takes minutes over 100,000, and whoever replies writes on top
BLOCKS = ("p", "div", "li", "tr", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6")
AMENDING = re.compile(
    r"\b(amend\w*|correct\w*|should (read|say)|replace|change|reword|omit|delete|add)\b", re.IGNORECASE
)
LINE_FIRST = re.compile(r"\s*(?P<line>[DAVRPdavrp]-?\d{1,3})\s*[:.,-]\s*(?P<text>.+)", re.DOTALL)


@dataclass(frozen=True)
class ReadMail:
    """A mail taken apart. `own_words` is what its writer wrote; `cut` is what was left out of it (quoted text)."""

    message_id: str
    in_reply_to: str
    sender: str
    subject: str
    own_words: str
    cut: str
    automatic: str  # why it is taken for automatic mail, or empty
    authentication: str  # "absent" | "pass" | "fail"


def read_mail(raw: bytes) -> ReadMail:
    """Take a mail apart. Raises UnreadableMessage where there is no sender or nothing that can be read."""
    if len(raw) > MOST_BYTES:
        raise UnreadableMessage(f"The message is larger than {MOST_BYTES >> 20} MB.", hint="Open it by hand.")
    try:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        sender = parseaddr(str(message.get("From", "")))[1].lower()
        subject = " ".join(str(message.get("Subject", "")).split())
        whole = _text_of(message)
        headers = {name: " ".join(str(message.get(name, "")).split()) for name in ("Message-ID", "In-Reply-To")}
    except (LookupError, ValueError, AttributeError, TypeError, RecursionError, ParserRejectedMarkup) as error:
        # the standard library's parser raises any of these on what no mailer should have written
        raise UnreadableMessage(f"The message is damaged ({type(error).__name__}).", hint="Open it by hand.") from None
    if "@" not in sender:
        raise UnreadableMessage("The message names no sender.", hint="Open it by hand.")
    own = _own_words(whole)
    return ReadMail(
        message_id=headers["Message-ID"],
        in_reply_to=headers["In-Reply-To"],
        sender=sender,
        subject=subject,
        own_words=own,
        cut=whole.removeprefix(own).strip(),
        automatic=_automatic(message),
        authentication=_authentication(message),
    )


def _own_words(whole: str) -> str:
    """What the writer wrote: without the mail replied to, wherever it is quoted. Nobody asks in quoted words."""
    head = whole[:MOST_PARSED]
    reply = EmailReplyParser(languages=["en"]).parse_reply(text=head).strip() if head else ""
    if reply == head.strip():
        reply = whole  # nothing is quoted so far: the rest is the writer's too
    return "\n".join(line for line in reply.splitlines() if not line.lstrip().startswith(">")).strip()


def _text_of(message: EmailMessage) -> str:
    """The text as a person would see it: without the runs of empty lines, and fit for UTF-8."""
    return re.sub(r"\n\s*\n\s*\n", "\n\n", _as_sent(message)).strip().encode("utf-8", "replace").decode()


def _as_sent(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        text = str(part.get_content())
    except LookupError:  # a character set that does not exist
        payload = part.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if part.get_content_type() == "text/html":
        return _text_of_html(text)
    return text


def _text_of_html(html: str) -> str:
    """Line ends where a browser shows them: a word in bold does not end one, a paragraph does."""
    soup = BeautifulSoup(html, "html.parser")
    for words in soup.find_all(string=True):
        if type(words) is NavigableString and words.find_parent("pre") is None:
            words.replace_with(re.sub(r"\s+", " ", words))
    for block in soup.find_all(BLOCKS):
        block.insert(0, "\n")
        block.append("\n")
    for line_end in soup.find_all("br"):
        line_end.replace_with("\n")
    return "\n".join(line.strip() for line in soup.get_text().splitlines())


def _automatic(message: EmailMessage) -> str:
    """Why a mail must not be answered: another machine's, a list's, or our own come back."""
    said = str(message.get("Auto-Submitted", "no")).strip().lower()
    if said not in ("", "no"):
        return f"it says of itself Auto-Submitted: {said}"
    for header in ("List-Id", "X-Secretariat-Id", "X-Autoreply", "X-Autorespond"):
        if message.get(header):
            return f"it carries {header}"
    if parseaddr(str(message.get("Return-Path", "x@x")))[1] == "" and message.get("Return-Path"):
        return "its return path is empty, as in a bounce"
    return ""


def _authentication(message: EmailMessage) -> str:
    """The topmost Authentication-Results decides; those below it may be forged."""
    results = message.get_all("Authentication-Results") or []
    if not results:
        return "absent"
    top = str(results[0]).lower()
    if re.search(r"\b(dmarc|compauth)=pass\b", top):
        return "pass"
    failing = re.search(r"\b(dmarc|compauth|dkim|spf)=(fail|softfail|permerror)\b", top)
    return "fail" if failing else "absent"


def find_request(mail: ReadMail, groups: Collection[str]) -> RequestText | None:
    """The amendment request in a mail, by its subject and its own words; None where it names no meeting.

    `PSG 2024-02-07 D-01: text` may stand in the body; or the meeting in the subject and `D-01: text` in the body.
    """
    in_body = read_request(mail.own_words, groups)
    if in_body and in_body.text:
        return in_body
    in_subject = read_request(mail.subject, groups)
    named = in_body or in_subject
    if named is None or not mail.own_words:
        return None
    line_first = LINE_FIRST.match(mail.own_words)
    if line_first:
        return read_request(f"{named.group} {named.on} {line_first['line']}: {line_first['text']}")
    return RequestText(named.group, named.on, named.line, mail.own_words)


def asks_for_amendment(mail: ReadMail, request: RequestText) -> bool:
    """Whether it asks for a change: it names a line of the report, or says so in words."""
    return request.line is not None or AMENDING.search(f"{mail.subject} {request.text}") is not None
