"""Mail through Microsoft 365: a draft in the programme's mailbox, then its sending, so that nothing goes twice.

Needs the application permissions Mail.ReadWrite and Mail.Send, scoped to the one mailbox.
"""

from __future__ import annotations

import base64
import logging
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import msal
import requests
from msal.exceptions import MsalServiceError
from O365 import Account, Connection, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend
from pydantic import SecretStr
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.model import Attachment, Delivery, Outcome, OutgoingMessage

_ID_HEADER = "x-secretariat-id"  # Graph takes no header of ours that doesn't begin with x-
_LARGEST = 3_000_000  # bytes of attachments that fit into one request of Graph's 4 MB as base64
_IN_REPLY_TO, _REFERENCES = "String 0x1042", "String 0x1039"  # MAPI: Graph's JSON has no field for either header

_REFUSED = {
    "AuthenticationError": "the application may not sign in; check its credential and its consent",
    "ErrorAccessDenied": "the application may not use this mailbox; grant it Mail.ReadWrite and Mail.Send for it",
    "ErrorInvalidRecipients": "a recipient's address is not valid; correct it where the person is listed",
    "ErrorInvalidUser": "the mailbox does not exist; correct its address in the configuration",
    "ErrorMessageSizeExceeded": "the mail is larger than the mailbox may send",
    "ErrorMessageSubmissionBlocked": "Microsoft has blocked the mailbox from sending; ask the tenant's administrator",
    "ErrorQuotaExceeded": "the mailbox is full; make room in it",
    "ErrorSendAsDenied": "the application may not send as this mailbox; grant it Mail.Send for it",
    "MailboxNotEnabledForRESTAPI": "the mailbox is not one of Microsoft 365; correct its address in the configuration",
    "ResourceNotFound": "the mailbox does not exist; correct its address in the configuration",
}
_SIGN_IN_LATER = ("temporarily_unavailable", "server_error")  # RFC 6749: everything else is for a person to mend


class GraphMail:
    """Microsoft 365 as the channel for mail. The token lives in memory only; no secret enters a text."""

    name = "mail"

    def __init__(
        self,
        *,
        tenant_id: str,
        client_id: str,
        credential: Mapping[str, str] | SecretStr | str,
        mailbox: str,
        graph_url: str = "https://graph.microsoft.com/",
        authority: str = "",
        timeout: float = 30.0,
    ) -> None:
        """`credential`: msal's certificate dict (private_key, public_certificate) or a client secret.

        `authority` is empty for https://login.microsoftonline.com/<tenant_id>; `timeout` is in seconds.
        """
        # O365 writes the bearer token at level DEBUG.
        logging.getLogger("O365.connection").setLevel(logging.INFO)
        self._mailbox = mailbox
        self._scope = graph_url.rstrip("/") + "/.default"
        protocol = _Protocol(graph_url.rstrip("/") + "/", default_resource=mailbox, timezone="Europe/London")
        account = _Account(
            (client_id, _plain(credential)),
            protocol=protocol,
            main_resource=mailbox,
            auth_flow_type="credentials",
            tenant_id=tenant_id,
            authority=authority or f"https://login.microsoftonline.com/{tenant_id}",
            token_backend=MemoryTokenBackend(),
            timeout=timeout,
            requests_delay=0,
            request_retries=0,  # the outbox tries again; a retry in here would hide a Retry-After
            default_headers={"Prefer": 'IdType="ImmutableId"'},  # the draft keeps its id as it moves to Sent Items
        )
        self._connection: Any = account.con
        self._messages = f"{protocol.service_url}users/{quote(mailbox)}/messages"

    def deliver(self, message: OutgoingMessage) -> Delivery:
        """Send the mail; the service id is Graph's immutable id.

        A draft that an earlier attempt left is sent instead of a second one, and a mail already sent is not sent again.
        """
        if (size := sum(len(attachment.content) for attachment in message.attachments)) > _LARGEST:
            return Delivery(Outcome.FAILED_FOR_GOOD, error=_too_large(size))
        try:
            self._sign_in()
            found = self._find(message)
            draft = found.id if found else self._create_draft(message)
        except _Stopped as stop:
            return _nothing_sent(stop.delivery)
        if found and found.sent:
            return Delivery(Outcome.DELIVERED, service_id=found.id)
        try:
            self._request("post", f"{self._messages}/{quote(draft, safe='')}/send")
        except _Stopped as stop:
            return replace(stop.delivery, service_id=draft)
        return Delivery(Outcome.DELIVERED, service_id=draft)

    def look_up(self, message: OutgoingMessage) -> Delivery | None:
        """The sent mail of this Message-ID; a draft is none. Unknown where Graph won't say."""
        try:
            self._sign_in()
            found = self._find(message)
        except _Stopped as stop:
            return replace(stop.delivery, outcome=Outcome.UNKNOWN)
        return Delivery(Outcome.DELIVERED, service_id=found.id) if found and found.sent else None

    def _sign_in(self) -> None:
        """A token from msal, which keeps it until shortly before its end."""
        try:
            answer = self._connection.msal_client.acquire_token_for_client(scopes=[self._scope])
        except requests.RequestException as error:
            raise _Stopped(_unreachable(error, "Microsoft's sign-in")) from None
        except MsalServiceError as error:
            raise _Stopped(_unclear(f"Microsoft's sign-in failed ({error}).")) from None
        except ValueError:
            # msal's own words may quote what it was given.
            raise _Stopped(
                _refusal("Microsoft's sign-in can't be used as configured: check tenant_id, client_id and credential.")
            ) from None
        if "access_token" not in answer:
            raise _Stopped(_sign_in_refused(answer))
        if self._connection.session is None:
            self._connection.session = self._connection.get_session()
        self._connection.update_session_auth_header(access_token=answer["access_token"])

    def _find(self, message: OutgoingMessage) -> _Found | None:
        """The mail of our id, sent ones first: after a cut connection there may be both."""
        quoted = message.message_id.replace("'", "''")
        response = self._request(
            "get",
            self._messages,
            params={
                "$filter": f"internetMessageId eq '{quoted}'",
                "$select": "id,isDraft,internetMessageId,internetMessageHeaders",
            },
        )
        ours = [_Found(mail["id"], not mail["isDraft"]) for mail in _listed(response) if _is_ours(mail, message.id)]
        return max(ours, key=lambda found: found.sent, default=None)

    def _create_draft(self, message: OutgoingMessage) -> str:
        response = self._request("post", self._messages, data=_as_graph_message(message))
        try:
            return str(response.json()["id"])
        except (ValueError, KeyError):
            raise _Stopped(_unclear("Graph's answer to the draft could not be read.")) from None

    def _request(self, method: str, url: str, **arguments: Any) -> requests.Response:
        """One request over O365's connection. Raises _Stopped for whatever is not a success."""
        try:
            response: requests.Response = self._connection.oauth_request(url, method, **arguments)
        except requests.RequestException as error:
            if error.response is None:
                raise _Stopped(_unreachable(error, "Microsoft 365")) from None
            if error.response.status_code == 401:
                self._connection.msal_client.remove_tokens_for_client()
            raise _Stopped(_answered(error.response, self._mailbox)) from None
        return response


@dataclass(frozen=True)
class _Found:
    """A mail in the mailbox: Graph's id, and whether it was sent."""

    id: str
    sent: bool


class _Stopped(Exception):
    """The attempt ends here, with this outcome."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        super().__init__(delivery.error)


class _Protocol(MSGraphProtocol):  # type: ignore[misc]  # O365 ships no types
    """Graph at an address of our choosing: a national cloud, or a stand-in on this machine."""

    def __init__(self, url: str, **arguments: Any) -> None:
        self._protocol_url = self._oauth_scope_prefix = url
        super().__init__(**arguments)


class _Connection(Connection):  # type: ignore[misc]  # O365 ships no types
    """O365's connection, signing in at an authority of our choosing."""

    def __init__(self, credentials: tuple[str, object], *, authority: str, **arguments: Any) -> None:
        super().__init__(credentials, **arguments)
        self._msal_authority = authority
        self._msal_client: msal.ConfidentialClientApplication | None = None

    @property
    def msal_client(self) -> msal.ConfidentialClientApplication:
        if self._msal_client is None:
            self._msal_client = msal.ConfidentialClientApplication(
                self.auth[0],
                client_credential=self.auth[1],
                authority=self._msal_authority,
                instance_discovery=False,  # it would ask Microsoft's public cloud about any other authority
                token_cache=self.token_backend,
                timeout=self.timeout,
            )
        return self._msal_client


class _Account(Account):  # type: ignore[misc]  # O365 ships no types
    connection_constructor = _Connection


def _plain(credential: Mapping[str, str] | SecretStr | str) -> str | dict[str, str]:
    if isinstance(credential, SecretStr):
        return credential.get_secret_value()
    return credential if isinstance(credential, str) else dict(credential)


def _as_graph_message(message: OutgoingMessage) -> dict[str, object]:
    mail: dict[str, object] = {
        "subject": " ".join(message.subject.split()),
        "body": {"contentType": "text", "content": message.text},
        "toRecipients": [{"emailAddress": {"address": message.to, "name": message.to_name}}],
        "internetMessageId": message.message_id,
        "internetMessageHeaders": [
            {"name": _ID_HEADER, "value": message.id},
            {"name": "x-auto-response-suppress", "value": "All"},
        ],
    }
    if message.attachments:
        mail["attachments"] = [_as_graph_attachment(attachment) for attachment in message.attachments]
    if message.in_reply_to:
        mail["singleValueExtendedProperties"] = [
            {"id": name, "value": message.in_reply_to} for name in (_IN_REPLY_TO, _REFERENCES)
        ]
    return mail


def _as_graph_attachment(attachment: Attachment) -> dict[str, str]:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": attachment.name,
        "contentType": attachment.media_type,
        "contentBytes": base64.b64encode(attachment.content).decode(),
    }


def _listed(response: requests.Response) -> list[dict[str, Any]]:
    try:
        return list(response.json()["value"])
    except (ValueError, KeyError):
        raise _Stopped(_unclear("Graph's answer about the mailbox could not be read.")) from None


def _is_ours(mail: Mapping[str, Any], message_id: str) -> bool:
    """By our own header where Graph shows it; a mail from elsewhere may carry any Message-ID it likes."""
    headers = mail.get("internetMessageHeaders") or []
    ids = [header["value"] for header in headers if header["name"].lower() == _ID_HEADER]
    return not ids or message_id in ids


def _nothing_sent(delivery: Delivery) -> Delivery:
    """Before the sending itself, an outcome in doubt is a plain failure: the next attempt finds what was left."""
    return replace(delivery, outcome=Outcome.FAILED_FOR_NOW) if delivery.outcome is Outcome.UNKNOWN else delivery


def _too_large(size: int) -> str:
    return (
        f"The attachments have {size / 1e6:.1f} MB; a mail takes {_LARGEST / 1e6:.0f} MB. "
        "Send a link to the document instead."
    )


def _refusal(sentence: str) -> Delivery:
    return Delivery(Outcome.FAILED_FOR_GOOD, error=sentence)


def _unclear(sentence: str) -> Delivery:
    return Delivery(Outcome.UNKNOWN, error=sentence)


def _sign_in_refused(answer: Mapping[str, Any]) -> Delivery:
    code, words = str(answer.get("error")), str(answer.get("error_description") or "").splitlines()
    sentence = f"Microsoft refuses the sign-in: {words[0] if words else code}"
    if code in _SIGN_IN_LATER:
        return Delivery(Outcome.FAILED_FOR_NOW, error=sentence)
    return _refusal(f"{sentence} Check client_id and credential, and that the credential has not expired.")


def _answered(response: requests.Response, mailbox: str) -> Delivery:
    """What a status that is no success means. 429 and 503 are Graph's throttling: nothing was taken."""
    status, wait = response.status_code, _retry_after(response)
    if status in (429, 503):
        return Delivery(
            Outcome.FAILED_FOR_NOW, error=f"Microsoft 365 asks to send more slowly ({status}).", retry_after=wait
        )
    if status == 401:
        return Delivery(Outcome.FAILED_FOR_NOW, error="Microsoft 365 no longer takes the sign-in; a new one is made.")
    if status >= 500 or (status in (404, 408, 409, 412) and response.request.method == "POST"):
        return Delivery(
            Outcome.UNKNOWN, error=f"Microsoft 365 failed while it took the mail ({status}).", retry_after=wait
        )
    code = _error_code(response)
    words = _REFUSED.get(code, "look up its code in the documentation of Microsoft Graph")
    return _refusal(f"Microsoft 365 refuses the mail from {mailbox}: {words} [{code or status}].")


def _error_code(response: requests.Response) -> str:
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None


def _unreachable(error: requests.RequestException, whom: str) -> Delivery:
    if _never_connected(error):
        return Delivery(Outcome.FAILED_FOR_NOW, error=f"{whom} can't be reached: no connection.")
    if isinstance(error, requests.Timeout):
        return _unclear(f"{whom} did not answer in time.")
    return _unclear(f"The connection to {whom} broke before it answered.")


def _never_connected(error: BaseException) -> bool:
    """Whether nothing can have been handed over: no connection, or one whose certificate isn't trusted."""
    first_steps = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError, requests.ConnectTimeout)
    return any(isinstance(cause, first_steps) for cause in _causes(error))


def _causes(error: object) -> Iterator[object]:
    """requests wraps urllib3, which wraps the system: as `args`, as `reason`."""
    yield error
    if isinstance(error, Exception):
        for inner in (*error.args, getattr(error, "reason", None)):
            if isinstance(inner, Exception):
                yield from _causes(inner)
