"""Whether a mail comes from whom it says: the word of the mail server that received it, and no other. Pure.

Anybody can write any From, and any Authentication-Results below the topmost. Exchange writes its own without naming
itself (no authserv-id), so where one is expected, as of an IMAP server, it is named in the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

METHOD = re.compile(r"^\s*(?P<method>[a-z][a-z0-9.-]*)(?:/\d+)?\s*=\s*(?P<result>[a-z]+)", re.IGNORECASE)
HEADER_FROM = re.compile(r"\bheader\.from\s*=\s*\"?(?P<domain>[^\s;\"]+)", re.IGNORECASE)
FAILS = ("fail", "softfail", "permerror", "hardfail", "quarantine", "reject")


class Word(StrEnum):
    """What the mail server says of the From address."""

    PASS = "pass"  # noqa: S105 (a verdict)
    FAIL = "fail"
    ABSENT = "absent"  # nothing, or nothing decisive (the domain has no DMARC)


@dataclass(frozen=True)
class Rule:
    """What a mailbox asks for. `required`: the server's word; `folder`: an absent one is accepted, a failing obeyed.

    `authserv_id` is the name under which the mailbox's own server speaks; empty where it gives none (Exchange).
    `accepted` are the senders (address, or @domain) whom the PMO accepts without DMARC, each until a date, inclusive.
    """

    trust: Literal["required", "folder"]
    authserv_id: str = ""
    accepted: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Whether the sender counts as the person on file. `reason` is a sentence, for a person, either way."""

    is_trusted: bool
    reason: str


def word_of_server(results: Sequence[str], sender: str, *, authserv_id: str = "", senders: int = 1) -> Word:
    """The verdict of the topmost header of `results` on the sender's address; `senders`: how many From names.

    Pass needs DMARC (or Exchange's compauth) to pass, and, where the header says for which domain, for the sender's.
    """
    if not results:
        return Word.ABSENT
    server, methods, domain = _read(results[0])
    if authserv_id and server.casefold() != authserv_id.casefold():
        return Word.ABSENT  # somebody else's word, such as a forger's
    own = sender.rpartition("@")[2].casefold().rstrip(".")
    aligned = senders == 1 and (domain is None or _same(domain, own))
    judged = {methods.get("dmarc", ""), methods.get("compauth", "")}
    if "pass" in judged and "fail" not in judged:
        return Word.PASS if aligned else Word.FAIL
    if "pass" in judged and methods.get("compauth") == "pass":
        return Word.PASS if aligned else Word.FAIL  # Exchange overrules DMARC where it knows the forwarder
    if judged & set(FAILS):
        return Word.FAIL
    others = {methods.get("spf", ""), methods.get("dkim", "")}
    return Word.FAIL if others & set(FAILS) and "pass" not in others else Word.ABSENT


def verdict(results: Sequence[str], sender: str, rule: Rule, *, today: date, senders: int = 1) -> Verdict:
    """Whether a mail of this sender may be taken as theirs, in this mailbox, today."""
    word = word_of_server(results, sender, authserv_id=rule.authserv_id, senders=senders)
    if senders != 1:
        return Verdict(False, "The mail names more than one sender, so nobody can say whose it is.")
    if word is Word.PASS:
        return Verdict(True, f"The mail server has verified that it comes from {sender}.")
    if word is Word.FAIL:
        return Verdict(False, f"The mail server could not verify that it comes from {sender}, so no receipt was sent.")
    until = _accepted_until(rule, sender)
    if until is not None and today <= until:
        return Verdict(True, f"The PMO accepts {sender} without DMARC until {until:%d.%m.%Y}.")
    if rule.trust == "folder":
        return Verdict(True, "This mailbox takes what lies in it (`trust: folder`), and nothing speaks against it.")
    lapsed = f" The PMO accepted {sender} until {until:%d.%m.%Y} only." if until else ""
    return Verdict(
        False,
        "The mail server does not say that the sender is genuine, and this mailbox requires that (`trust: required`)."
        + lapsed,
    )


def _accepted_until(rule: Rule, sender: str) -> date | None:
    known = {who.casefold(): until for who, until in rule.accepted.items()}
    address = sender.casefold()
    return known.get(address) or known.get("@" + address.rpartition("@")[2])


def _read(header: str) -> tuple[str, dict[str, str], str | None]:
    """(the server's name or "", {method: result}, the domain of From that was judged or None)."""
    text = " ".join(_without_comments(header).split()).strip()
    parts = [part.strip() for part in text.split(";")]
    server = "" if METHOD.match(parts[0]) else parts[0].partition(" ")[0]
    methods: dict[str, str] = {}
    for part in parts:
        found = METHOD.match(part)
        if found:
            method, result = found["method"].lower(), found["result"].lower()
            said_before = methods.setdefault(method, result)
            if said_before != result and method in ("dmarc", "compauth"):
                methods[method] = "fail"  # two words of one kind: one of them was smuggled in
    domain = HEADER_FROM.search(text)
    return server, methods, domain["domain"].casefold().rpartition("@")[2] if domain else None


def _without_comments(text: str) -> str:
    """Without what stands in brackets or quotes, in which a stranger has a hand; an unclosed one hides the rest."""
    depth, is_quoted, kept = 0, False, []
    for character in text:
        if character == '"' and not depth:
            is_quoted = not is_quoted
        elif is_quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(character)
    return "".join(kept)


def _same(domain: str, own: str) -> bool:
    try:
        return domain.rstrip(".") == own or domain.rstrip(".") == own.encode("idna").decode()
    except UnicodeError:
        return False
