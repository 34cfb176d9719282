"""Whose a mail is: only the word of the mail server that received it counts, and only for the From address."""

from __future__ import annotations

from datetime import date

import pytest

from handlers.mail.trust import Rule, Word, verdict, word_of_server

HARRIET = "harriet.bassington@example.org"
TODAY = date(2024, 2, 9)
EXCHANGE = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.org; dkim=pass (signature was verified)"
    " header.d=example.org;"
    "dmarc=pass action=none header.from=example.org;compauth=pass reason=100"
)
FORWARDED = (
    "spf=fail smtp.mailfrom=list.example; dkim=fail header.d=example.org;dmarc=fail action=none"
    " header.from=example.org;"
    "compauth=pass reason=130"
)
IMAP = "mx.example.net; dkim=pass header.d=example.org; dmarc=pass (p=REJECT) header.from=example.org"

SAID = [
    ([], Word.ABSENT),
    (["none"], Word.ABSENT),
    ([EXCHANGE], Word.PASS),
    ([FORWARDED], Word.PASS),
    ([IMAP], Word.PASS),
    ([EXCHANGE.replace("header.from=example.org", "header.from=EXAMPLE.ORG.")], Word.PASS),
    ([EXCHANGE.replace("header.from=example.org", "header.from=evil.example")], Word.FAIL),
    ([EXCHANGE.replace("header.from=example.org", "header.from=example.org.evil.example")], Word.FAIL),
    ([EXCHANGE.replace("header.from=example.org", "header.from=mail.example.org")], Word.FAIL),
    (["spf=pass; dkim=pass header.d=evil.example; dmarc=fail header.from=example.org"], Word.FAIL),
    (["spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example; dmarc=none"
    " header.from=example.org"], Word.ABSENT),
    (["spf=softfail; dkim=none"], Word.FAIL),
    (["dmarc=none header.from=example.org; compauth=fail reason=001"], Word.FAIL),
    (["dmarc=bestguesspass action=none header.from=example.org"], Word.ABSENT),
    (["dmarc=fail", EXCHANGE], Word.FAIL),
    ([EXCHANGE, "dmarc=fail"], Word.PASS),
    (["spf=fail (dmarc=pass header.from=example.org) smtp.mailfrom=x"], Word.FAIL),
    (['spf=none smtp.mailfrom="a; dmarc=pass header.from=example.org"@evil.example; dmarc=fail'
    ' header.from=example.org'], Word.FAIL),
    (["dmarc=pass header.from=example.org; dmarc=fail header.from=example.org"], Word.FAIL),
    (["spf=pass (unclosed; dmarc=pass header.from=example.org"], Word.ABSENT),
    (["dmarc=passable header.from=example.org"], Word.ABSENT),
]  # fmt: skip


@pytest.mark.parametrize(("results", "word"), SAID)
def test_the_word_of_the_mail_server(results: list[str], word: Word) -> None:
    assert word_of_server(results, HARRIET) is word


@pytest.mark.parametrize(
    ("server", "word"),
    [
        ("mx.example.net", Word.PASS),
        ("MX.EXAMPLE.NET", Word.PASS),
        ("mx.elsewhere.example", Word.ABSENT),
        ("", Word.PASS),
    ],
)
def test_a_named_server_alone_is_heard(server: str, word: Word) -> None:
    assert word_of_server([IMAP], HARRIET, authserv_id=server) is word


def test_a_forged_header_without_a_name_is_not_the_named_servers() -> None:
    assert word_of_server([EXCHANGE, IMAP], HARRIET, authserv_id="mx.example.net") is Word.ABSENT


def test_nobody_can_say_whose_a_mail_of_two_senders_is() -> None:
    assert not verdict([EXCHANGE], HARRIET, Rule("required"), today=TODAY, senders=2).is_trusted
    assert not verdict([], HARRIET, Rule("folder"), today=TODAY, senders=2).is_trusted


def test_an_international_domain_is_the_same_in_both_forms() -> None:
    said = ["dmarc=pass header.from=xn--bcher-kva.example"]
    assert word_of_server(said, "jane@bücher.example") is Word.PASS


@pytest.mark.parametrize(
    ("results", "required", "folder"),
    [([EXCHANGE], True, True), ([], False, True), (["dmarc=none"], False, True), (["dmarc=fail"], False, False)],
)
def test_each_mailbox_has_its_own_rule(results: list[str], required: bool, folder: bool) -> None:
    assert verdict(results, HARRIET, Rule("required"), today=TODAY).is_trusted is required
    assert verdict(results, HARRIET, Rule("folder"), today=TODAY).is_trusted is folder


@pytest.mark.parametrize("who", [HARRIET, HARRIET.upper(), "@example.org"])
def test_the_pmo_accepts_a_sender_without_dmarc_until_a_date(who: str) -> None:
    rule = Rule("required", accepted={who: date(2024, 2, 9)})
    assert verdict([], HARRIET, rule, today=TODAY).is_trusted
    assert "until 09.02.2024" in verdict([], HARRIET, rule, today=TODAY).reason
    assert not verdict([], HARRIET, rule, today=date(2024, 2, 10)).is_trusted
    assert "only" in verdict([], HARRIET, rule, today=date(2024, 2, 10)).reason
    assert not verdict([], "somebody@else.example", rule, today=TODAY).is_trusted


def test_accepting_a_sender_does_not_accept_a_forger() -> None:
    rule = Rule("required", accepted={HARRIET: date(2024, 12, 31)})
    assert not verdict(["dmarc=fail header.from=example.org"], HARRIET, rule, today=TODAY).is_trusted


@pytest.mark.parametrize("results", [[EXCHANGE], [], ["dmarc=fail"]])
def test_every_verdict_says_why(results: list[str]) -> None:
    for rule in (Rule("required"), Rule("folder")):
        assert verdict(results, HARRIET, rule, today=TODAY).reason.endswith((".", ")"))
