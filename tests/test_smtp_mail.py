"""Plain mail to a real server (aiosmtpd) on loopback: what arrives, and what is known when it breaks off."""

from __future__ import annotations

import asyncio
import email
import email.policy
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr, ValidationError

from bot.adapters.mime_message import on_the_wire
from bot.adapters.smtp_mail import LOCKED_OUT_SECONDS, SmtpAccount, SmtpMail
from bot.app import build
from bot.clock import Clock
from bot.config import Config, Secrets
from bot.config_channels import Smtp
from bot.config_file import read_secrets
from bot.errors import SecretariatError
from bot.model import Attachment, Delivery, Outcome, OutgoingMessage
from schedules.checking import problems_of

PASSWORD = "an invented password"
REMINDER = OutgoingMessage(
    id="17",
    to="chair@example.org",
    to_name="Ann O’Example",
    subject="Papers due: PSG – 4 November 2026",
    text="Dear Ann,\n\nthe papers are due – £0 late fee.\n.\n..two dots\nFrom the PMO",
    message_id="<psg-17@example.org>",
    sent_at=datetime(2026, 10, 28, 9, tzinfo=UTC),
    in_reply_to="<question@example.org>",
    attachments=(Attachment("Überblick £.pdf", "application/pdf", b"%PDF-1.7\r\n\x00\xff\r\n.\r\n" * 20_000),),
)


@dataclass
class MailServer:
    """Takes mails; `says` answers otherwise at a step (MAIL, RCPT, DATA), `breaks` closes the connection there."""

    says: dict[str, str] = field(default_factory=dict)
    breaks: str = ""
    taken: list[Envelope] = field(default_factory=list)
    in_tls: list[bool] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)
    began: int = 0

    async def handle_MAIL(  # noqa: N802  # the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.began += 1
        envelope.mail_from, envelope.mail_options = address, options
        return self._answer("MAIL", server, "250 OK")

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._answer("RCPT", server, "250 OK")
        envelope.rcpt_tos += [address] if answer.startswith("250") else []
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert server.transport
        if not self.says.get("DATA"):
            self.taken.append(envelope)
            self.in_tls.append(server.transport.get_extra_info("sslcontext") is not None)
        return self._answer("DATA", server, "250 2.0.0 OK: queued as 4ABC")

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, kind: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.users.append(given.login)
        return AuthResult(success=given.password == PASSWORD.encode(), handled=False)

    def _answer(self, step: str, server: SMTP, usual: str) -> str:
        if self.breaks == step:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.says.get(step, usual)


def arrived(server: MailServer) -> EmailMessage:
    """The one mail that arrived."""
    [envelope] = server.taken
    assert isinstance(envelope.content, bytes)
    found = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


@contextmanager
def serving(server: MailServer, **settings: Any) -> Iterator[int]:
    """The server at a free port of localhost."""
    controller = Controller(server, hostname="127.0.0.1", port=_free_port(), **settings)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def server() -> MailServer:
    return MailServer()


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS, by a CA that this process trusts."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return context


def opened(port: int, **settings: Any) -> SmtpMail:
    account = SmtpAccount("localhost", port, "none", "pmo@example.org", "MHHS PMO", timeout=5.0)
    return SmtpMail(replace(account, **settings))


def signed_in(port: int, **settings: Any) -> SmtpMail:
    usual = {"security": "starttls", "user": "pmo@example.org", "password": SecretStr(PASSWORD)}
    return opened(port, **{**usual, **settings})


def test_what_arrives_is_the_mail(server: MailServer) -> None:
    with serving(server) as port:
        delivery = opened(port).deliver(REMINDER)
    assert delivery == Delivery(Outcome.DELIVERED, service_id="2.0.0 OK: queued as 4ABC")
    [envelope] = server.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("pmo@example.org", ["chair@example.org"])
    assert envelope.content == on_the_wire(REMINDER, sender="pmo@example.org", sender_name="MHHS PMO")
    mail = arrived(server)
    assert (mail["From"], mail["Subject"]) == ("MHHS PMO <pmo@example.org>", REMINDER.subject)
    assert (mail["Message-ID"], mail["In-Reply-To"], mail["References"]) == (
        "<psg-17@example.org>", "<question@example.org>", "<question@example.org>",
    )  # fmt: skip
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == REMINDER.text.splitlines()
    [attached] = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("Überblick £.pdf", REMINDER.attachments[0].content)


def test_an_invitation_arrives_as_one(server: MailServer) -> None:
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    part = Attachment("invitation.ics", "text/calendar; method=REQUEST; charset=utf-8", calendar.encode())
    with serving(server) as port:
        assert opened(port).deliver(replace(REMINDER, attachments=(part,))).outcome is Outcome.DELIVERED
    [found] = [p for p in arrived(server).walk() if p.get_content_type() == "text/calendar"]
    assert (found.get_param("method"), found.get_filename()) == ("REQUEST", None)


def test_starttls_and_sign_in(server: MailServer, tls: ssl.SSLContext) -> None:
    settings = {"tls_context": tls, "require_starttls": True, "authenticator": server.authenticate}
    with serving(server, auth_required=True, **settings) as port:
        assert signed_in(port).deliver(REMINDER).outcome is Outcome.DELIVERED
        without = signed_in(port, user="").deliver(REMINDER)
    assert (server.in_tls, server.users) == ([True], [b"pmo@example.org"])
    assert (without.outcome, without.retry_after) == (Outcome.FAILED_FOR_NOW, LOCKED_OUT_SECONDS)
    assert "(530)" in without.error


def test_tls_from_the_start(server: MailServer, tls: ssl.SSLContext) -> None:
    with serving(server, ssl_context=tls) as port:
        assert opened(port, security="tls").deliver(REMINDER).outcome is Outcome.DELIVERED
    assert server.in_tls == [True]


def test_a_wrong_password_waits_for_a_person_and_is_not_shown(
    server: MailServer, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with serving(server, tls_context=tls, authenticator=server.authenticate) as port:
        mail = signed_in(port, password=SecretStr("wrong-secret"))
        delivery = mail.deliver(REMINDER)
        foreign = signed_in(port, password=SecretStr("geheim-ü")).deliver(REMINDER)
    assert (delivery.outcome, delivery.retry_after) == (Outcome.FAILED_FOR_NOW, LOCKED_OUT_SECONDS)
    assert "refuses the sign-in (535): check mail.smtp.user and the password" in delivery.error
    assert "beyond ASCII" in foreign.error
    assert "wrong-secret" not in f"{mail!r} {vars(mail)} {delivery}"
    assert "geheim" not in foreign.error
    assert server.taken == []


def test_a_server_that_offers_no_tls_gets_neither_password_nor_mail(server: MailServer) -> None:
    settings = {"authenticator": server.authenticate, "auth_require_tls": False}
    with serving(server, **settings) as port:
        delivery = signed_in(port).deliver(REMINDER)
    assert (delivery.outcome, delivery.retry_after) == (Outcome.FAILED_FOR_NOW, LOCKED_OUT_SECONDS)
    assert "no STARTTLS" in delivery.error
    assert (server.users, server.began) == ([], 0)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_is_refused(
    server: MailServer, tls: ssl.SSLContext, security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    settings = {"tls_context": tls} if security == "starttls" else {"ssl_context": tls}
    with serving(server, **settings) as port:
        delivery = opened(port, security=security).deliver(REMINDER)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert "certificate that is not trusted" in delivery.error
    assert server.taken == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("451 4.3.0 Try again later", Outcome.FAILED_FOR_NOW),
        ("421 4.3.2 Going down", Outcome.FAILED_FOR_NOW),
        ("550 5.1.1 No such user here", Outcome.FAILED_FOR_GOOD),
        ("554 5.7.1 Refused by policy", Outcome.FAILED_FOR_GOOD),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(server: MailServer, step: str, answer: str, outcome: Outcome) -> None:
    server.says = {step: answer}
    with serving(server) as port:
        delivery = opened(port).deliver(REMINDER)
    assert delivery.outcome is outcome
    assert f"{answer[4:]} ({answer[:3]})" in delivery.error
    assert server.taken == []


def test_a_recipient_who_is_refused_is_named(server: MailServer) -> None:
    server.says = {"RCPT": "550 5.1.1 No such user here"}
    with serving(server) as port:
        assert "mail for chair@example.org" in opened(port).deliver(REMINDER).error


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_connection_lost_before_the_dot_is_a_failure_for_now(server: MailServer, step: str) -> None:
    server.breaks = step
    with serving(server) as port:
        delivery = opened(port).deliver(REMINDER)
        assert delivery.outcome is Outcome.FAILED_FOR_NOW
        assert server.taken == []
        server.breaks = ""
        assert opened(port).deliver(REMINDER).outcome is Outcome.DELIVERED


def test_a_connection_lost_after_the_dot_is_unknown_and_sent_again_under_the_same_id(server: MailServer) -> None:
    server.breaks = "DATA"
    with serving(server) as port:
        mail = opened(port)
        assert mail.deliver(REMINDER).outcome is Outcome.UNKNOWN
        assert len(server.taken) == 1, "it went all the same"
        found = mail.look_up(REMINDER)
        assert found is not None
        assert (mail.looks_up, found.outcome) == (False, Outcome.UNKNOWN)
        server.breaks = ""
        assert mail.deliver(REMINDER).outcome is Outcome.DELIVERED
    first, second = server.taken
    assert first.content == second.content


Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def talking(talk: Talk) -> Iterator[int]:
    """One connection to a server that says what `talk` says, for what no proper server does, until it is over."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                talk(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            over.set()
            thread.join()


def until_data(connection: socket.socket) -> None:
    """A server's part up to the 354 that asks for the mail."""
    connection.sendall(b"220 ready\r\n")
    for answer in (b"250 hello\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n"):
        connection.recv(65_536)
        connection.sendall(answer)


def whole_mail(connection: socket.socket, over: threading.Event) -> None:
    until_data(connection)
    got = b""
    while not got.endswith(b"\r\n.\r\n"):
        got += connection.recv(1_000_000)


def broken_off_in_the_mail(connection: socket.socket, over: threading.Event) -> None:
    until_data(connection)
    connection.recv(10_000)


def mute_in_the_mail(connection: socket.socket, over: threading.Event) -> None:
    """The window fills and nobody reads on."""
    until_data(connection)
    over.wait(30)


def garbage_after_the_mail(connection: socket.socket, over: threading.Event) -> None:
    whole_mail(connection, over)
    connection.sendall(b"<html>no answer</html>\r\n")


def silence(connection: socket.socket, over: threading.Event) -> None:
    over.wait(30)


def garbage(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def no_service(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"554 No SMTP service here\r\n")


@pytest.mark.parametrize(
    ("talk", "outcome", "words"),
    [
        (silence, Outcome.FAILED_FOR_NOW, "did not answer, before it had the mail"),
        (garbage, Outcome.FAILED_FOR_NOW, "does not serve us now"),
        (no_service, Outcome.FAILED_FOR_NOW, "No SMTP service here (554)"),
        (broken_off_in_the_mail, Outcome.FAILED_FOR_NOW, "broke off"),
        (mute_in_the_mail, Outcome.FAILED_FOR_NOW, "did not answer, before it had the mail"),
        (whole_mail, Outcome.UNKNOWN, "never said that it took it"),
        (garbage_after_the_mail, Outcome.UNKNOWN, "no answer"),
    ],
)
def test_where_it_breaks_decides_what_is_known(talk: Talk, outcome: Outcome, words: str) -> None:
    # More than the system's own buffers hold, where it is to break in the middle of the mail.
    large = replace(REMINDER, attachments=(Attachment("pack.pdf", "application/pdf", bytes(12_000_000)),))
    message = large if talk in (broken_off_in_the_mail, mute_in_the_mail) else REMINDER
    with talking(talk) as port:
        delivery = opened(port, timeout=1.0).deliver(message)
    assert delivery.outcome is outcome
    assert words in delivery.error


def test_nobody_there_is_a_failure_for_now() -> None:
    delivery = opened(_free_port()).deliver(REMINDER)
    assert (delivery.outcome, "can't be reached" in delivery.error) == (Outcome.FAILED_FOR_NOW, True)
    nowhere = opened(25, host="mail.invalid").deliver(REMINDER)
    assert (nowhere.outcome, "can't be reached" in nowhere.error) == (Outcome.FAILED_FOR_NOW, True)


def test_an_address_that_is_none_is_a_failure_for_good(server: MailServer) -> None:
    with serving(server) as port:
        assert opened(port).deliver(replace(REMINDER, to="nobody")).outcome is Outcome.FAILED_FOR_GOOD


def with_smtp(config: Config, **settings: Any) -> Config:
    """The shipped configuration with a mail server."""
    mail = config.mail.model_copy(update={"transport": "smtp", "smtp": Smtp(**settings)})
    return config.model_copy(update={"mail": mail})


def test_check_names_what_the_mail_server_lacks(config: Config) -> None:
    def said(**settings: Any) -> list[str]:
        found = problems_of(with_smtp(config, **settings), Secrets(_env_file=None), date(2026, 2, 2))
        return [problem.sentence for problem in found if problem.id == "credentials-smtp"]

    assert said() == ["mail.smtp has no host."]
    assert said(host="mail.example.org") == []
    assert said(host="mail.example.org", user="pmo") == ["`mail.smtp` signs in, but the user's password is not set."]


def test_mail_goes_in_the_clear_to_this_computer_only() -> None:
    assert Smtp(host="127.0.0.1", port=25, security="none").security == "none"
    with pytest.raises(ValidationError, match="without TLS, mail is handed only to a server on this computer"):
        Smtp(host="mail.example.org", security="none")


def test_the_setting_alone_chooses_the_mail_server(
    server: MailServer, tls: ssl.SSLContext, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("SECRETARIAT_SMTP_PASSWORD_FILE", str(tmp_path / "password"))
    with serving(server, tls_context=tls, authenticator=server.authenticate) as port:
        chosen = with_smtp(config, host="localhost", port=port, user="pmo")
        there = chosen.model_copy(update={"paths": chosen.paths.model_copy(update={"state": tmp_path / "var"})})
        whole = build(there, read_secrets(), Clock())
        channel = whole.sender.channels["mail"]
        assert channel.deliver(REMINDER).outcome is Outcome.DELIVERED
        whole.database.close()
        with pytest.raises(SecretariatError, match="its user's password is missing"):
            build(there, Secrets(_env_file=None), Clock())
    address = config.mailboxes[config.mail.mailbox].address
    assert arrived(server)["From"].addresses[0].addr_spec == server.taken[0].mail_from == address
