"""Bounces: a mail server's report that a mail of ours was not delivered (RFC 3464). Pure: bytes in, a finding out."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage, Message

OURS = re.compile(r"<([0-9a-f]{32})@[^<>\s]+>")


@dataclass(frozen=True)
class Bounce:
    """One recipient whom one of our mails did not reach, for good. `reason` is the mail server's own words."""

    notice_id: str
    address: str
    reason: str


def bounces_in(raw: bytes) -> list[Bounce]:
    """The failures that a delivery report tells of; none where the message is no such report, or of no mail of ours.

    A delay is no bounce: the mail may still arrive.
    """
    try:
        report = email.message_from_bytes(raw, policy=email.policy.default)
        if report.get_content_type() != "multipart/report" or report.get_param("report-type") != "delivery-status":
            return []
        notice_id = _whose(report)
        return [Bounce(notice_id, *failed) for failed in _failures(report)] if notice_id else []
    except (LookupError, ValueError, AttributeError, TypeError, ArithmeticError, RecursionError, MessageError):
        return []  # what no mail server should have written is read as any other mail


def _failures(report: EmailMessage) -> list[tuple[str, str]]:
    found = []
    for part in report.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload():
            if isinstance(block, Message) and str(block.get("Action", "")).strip().lower() == "failed":
                found.append((_address(block), _reason(block)))
    return [(address, reason) for address, reason in found if address]


def _address(block: Message) -> str:
    """As we wrote it: `Original-Recipient` where the server knows it (a forward has another final one)."""
    said = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
    return said.partition(";")[2].strip().strip("<>").lower()


def _reason(block: Message) -> str:
    said = str(block.get("Diagnostic-Code", "")).partition(";")[2] or str(block.get("Status", ""))
    return " ".join(said.split())[:300] or "no reason was given"


def _whose(report: EmailMessage) -> str:
    """The id of our notice: by the headers of the mail that was returned, or the thread of the report."""
    for part in report.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            for found in OURS.finditer(_headers_of(part)):
                return found.group(1)
    replied = OURS.search(f"{report.get('In-Reply-To', '')} {report.get('References', '')}")
    return replied.group(1) if replied else ""


def _headers_of(part: Message) -> str:
    payload = part.get_payload()
    if isinstance(payload, list):
        returned = payload[0] if payload else None
        return str(returned.get("Message-ID", "")) if isinstance(returned, Message) else ""
    text = str(payload)
    found = re.search(r"^message-id:\s*(\S+)", text, re.IGNORECASE | re.MULTILINE)
    return found.group(1) if found else ""
