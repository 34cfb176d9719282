"""Mail through any mail server (SMTP submission): whether it went is known up to the one moment in which nobody can.

The mail is the server's once it has answered to the final dot. A connection lost between that dot and the answer leaves
the mail unknown, and no server can be asked afterwards: it is sent once more under the same Message-ID.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from pydantic import SecretStr

from bot.adapters.mime_message import on_the_wire
from bot.errors import SecretariatError
from bot.model import Delivery, Outcome, OutgoingMessage

LOCKED_OUT_SECONDS = 600.0  # until somebody has mended what says nothing against the message
_ANSWER_SECONDS = 60.0  # for the answer to the final dot: a server may look through the whole mail first
_GOODBYE_SECONDS = 5.0
_PIECE = 65_536  # bytes sent at a time, each in good time: a large mail may take longer than one answer
_SIGN_IN_WANTED = (530, 534, 535, 538)  # RFC 4954


@dataclass(frozen=True)
class SmtpAccount:
    """Where the mail server is, as whom we sign in (nobody where `user` is empty), and who sends.

    `security`: starttls (the connection is turned to TLS, or given up), tls (from the start) or none. `timeout` is for
    each answer, in seconds.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    sender_name: str
    user: str = ""
    password: SecretStr = field(default=SecretStr(""), repr=False)
    timeout: float = 30.0


class SmtpMail:
    """A mail server as the channel for mail; a connection for each mail. No secret enters a text."""

    name = "mail"
    settling = timedelta(minutes=5)  # assumed: how long a server may still be taking a mail whose answer we missed
    looks_up = False

    def __init__(self, account: SmtpAccount) -> None:
        self._account = account

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Hand the mail over; the service id is what the server said when it took it, mostly its own queue's id.

        The envelope's sender is the mailbox, so that a mail that bounces comes back to it.
        """
        account = self._account
        try:
            content = on_the_wire(message, sender=account.sender, sender_name=account.sender_name)
        except SecretariatError as error:  # an address that no mail can carry
            return Delivery(Outcome.FAILED_FOR_GOOD, error=str(error))
        try:
            with self._signed_in() as server:
                self._address(server, message.to, len(content))
                self._send_content(server, content)
                return self._answer_to_the_dot(server)
        except _Stopped as stop:
            return stop.delivery

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """Unknown it stays: SMTP has no question for what was sent."""
        return Delivery(Outcome.UNKNOWN, error=f"{self._whom} can't be asked what it has.")

    @property
    def _whom(self) -> str:
        return f"The mail server {self._account.host}"

    @contextlib.contextmanager
    def _signed_in(self) -> Iterator[smtplib.SMTP]:
        with self._nothing_taken():
            server = self._connected()
        try:
            with self._nothing_taken():
                self._sign_in(server)
            yield server
        finally:
            _say_goodbye(server)

    def _connected(self) -> smtplib.SMTP:
        account = self._account
        if account.security == "tls":
            trusted = ssl.create_default_context()
            return smtplib.SMTP_SSL(account.host, account.port, timeout=account.timeout, context=trusted)
        return smtplib.SMTP(account.host, account.port, timeout=account.timeout)

    def _sign_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self._account.security == "starttls":
            code, words = server.starttls(context=ssl.create_default_context())
            if code != 220:
                raise smtplib.SMTPResponseException(code, words)
            server.ehlo()  # what it offers inside TLS; what it said before may have been another's words
        if self._account.user:
            server.login(self._account.user, self._account.password.get_secret_value())

    def _address(self, server: smtplib.SMTP, to: str, size: int) -> None:
        """The envelope: from the mailbox, to one recipient."""
        with self._nothing_taken():
            code, words = server.mail(self._account.sender, [f"size={size}"] if server.has_extn("size") else [])
            if not 200 <= code < 300:
                raise _Stopped(self._refusal(code, words, f"a mail from {self._account.sender}"))
            code, words = server.rcpt(to)
            if not 200 <= code < 300:
                raise _Stopped(self._refusal(code, words, f"mail for {to}"))

    def _send_content(self, server: smtplib.SMTP, content: bytes) -> None:
        """All but the final dot: without it no server may take the mail (RFC 5321 §4.1.1.4)."""
        with self._nothing_taken():
            code, words = server.docmd("DATA")
            if code != 354:
                raise _Stopped(self._refusal(code, words, "the mail"))
            stuffed = re.sub(rb"(?m)^\.", b"..", content)
            for begin in range(0, len(stuffed), _PIECE):
                server.send(stuffed[begin : begin + _PIECE])

    def _answer_to_the_dot(self, server: smtplib.SMTP) -> Delivery:
        if server.sock:
            server.sock.settimeout(_ANSWER_SECONDS)
        try:
            server.send(b".\r\n")
            code, words = server.getreply()
        except OSError:  # smtplib's own errors are such, too
            return Delivery(Outcome.UNKNOWN, error=f"{self._whom} had the whole mail, and never said that it took it.")
        if 200 <= code < 300:
            return Delivery(Outcome.DELIVERED, service_id=_in_one_line(words))
        if 400 <= code < 600:
            return self._refusal(code, words, "the mail")
        return Delivery(Outcome.UNKNOWN, error=f"{self._whom} answered to the mail with what is no answer.")

    @contextlib.contextmanager
    def _nothing_taken(self) -> Iterator[None]:
        """Whatever breaks in here, the server has not taken the mail."""
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            raise _Stopped(self._sign_in_refused(error.smtp_code)) from None
        except smtplib.SMTPResponseException as error:
            wait = LOCKED_OUT_SECONDS if error.smtp_code >= 500 else None
            sentence = f"{self._whom} does not serve us now: {_words_and_code(error.smtp_code, error.smtp_error)}."
            raise _Stopped(_for_now(sentence, wait)) from None
        except smtplib.SMTPServerDisconnected:
            raise _Stopped(_for_now(f"{self._whom} broke off, or did not answer, before it had the mail.")) from None
        except (smtplib.SMTPException, ssl.SSLError, UnicodeEncodeError) as error:
            raise _Stopped(_for_now(self._misfit(error), LOCKED_OUT_SECONDS)) from None
        except OSError:
            raise _Stopped(_for_now(f"{self._whom} can't be reached at port {self._account.port}.")) from None

    def _sign_in_refused(self, code: int) -> Delivery:
        if 400 <= code < 500:
            return _for_now(f"{self._whom} can't check the sign-in now ({code}).")
        words = (
            f"{self._whom} refuses the sign-in ({code}): check mail.smtp.user and the password, and that it still may."
        )
        return _for_now(words, LOCKED_OUT_SECONDS)

    def _misfit(self, error: Exception) -> str:
        """What cannot be agreed upon before a person mends the one end or the other."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"{self._whom} shows a certificate that is not trusted: correct mail.smtp.host or the trusted roots."
        if isinstance(error, ssl.SSLError):
            return (
                f"No TLS with {self._account.host}:{self._account.port}: check mail.smtp.port and mail.smtp.security."
            )
        if isinstance(error, UnicodeEncodeError):
            return "The mail server's user or password has letters beyond ASCII, which no sign-in carries: change it."
        return f"{self._whom} offers no way to sign in, or no STARTTLS: check mail.smtp.port, security and user."

    def _refusal(self, code: int, words: bytes, what: str) -> Delivery:
        """A refusal in words. Only a 5xx speaks for good; one for want of a sign-in is not about the mail."""
        sentence = f"{self._whom} refuses {what}: {_words_and_code(code, words)}."
        if code in _SIGN_IN_WANTED:
            return _for_now(sentence, LOCKED_OUT_SECONDS)
        return Delivery(Outcome.FAILED_FOR_GOOD, error=sentence) if 500 <= code < 600 else _for_now(sentence)


class _Stopped(Exception):
    """The attempt ends here, with that outcome."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        super().__init__(delivery.error)


def _for_now(sentence: str, retry_after: float | None = None) -> Delivery:
    return Delivery(Outcome.FAILED_FOR_NOW, error=sentence, retry_after=retry_after)


def _say_goodbye(server: smtplib.SMTP) -> None:
    """Politely, and not for long: what matters has been answered."""
    with contextlib.suppress(OSError):
        if server.sock:
            server.sock.settimeout(_GOODBYE_SECONDS)
            server.quit()
    server.close()


def _words_and_code(code: int, words: bytes | str) -> str:
    return f"{_in_one_line(words) or 'no reason given'} ({code})"


def _in_one_line(words: bytes | str) -> str:
    text = words if isinstance(words, str) else words.decode(errors="replace")
    return " ".join(text.split())[:200]
