"""One way into Microsoft 365: msal's sign-in and O365's connection, and what an answer that is no success means.

Shared by the adapters for mail and for the calendar. The token lives in memory only; no secret enters a text.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msal
import requests
from msal.exceptions import MsalServiceError
from O365 import Account, Connection, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend
from pydantic import SecretStr
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.model import Delivery, Outcome

LOCKED_OUT_SECONDS = 600.0
_REFUSED = {
    "AuthenticationError": "the application may not sign in; check its credential and its consent",
    "ErrorAccessDenied": "the application may not use this mailbox; grant it {permissions} for it",
    "ErrorInvalidRecipients": "a recipient's address is not valid; correct it where the person is listed",
    "ErrorInvalidUser": "the mailbox does not exist; correct its address in the configuration",
    "ErrorItemNotFound": "it is no longer there",
    "ErrorMessageSizeExceeded": (
        "it is larger than the mailbox may send (35 MB unless the tenant's administrator allows more, a third of it "
        "lost to encoding); send a link to the document instead"
    ),
    "ErrorMessageSubmissionBlocked": "Microsoft has blocked the mailbox from sending; ask the tenant's administrator",
    "ErrorQuotaExceeded": "the mailbox is full; make room in it",
    "ErrorSendAsDenied": "the application may not send as this mailbox; grant it {permissions} for it",
    "MailboxNotEnabledForRESTAPI": "the mailbox is not one of Microsoft 365; correct its address in the configuration",
    "ResourceNotFound": "the mailbox does not exist; correct its address in the configuration",
}
_SIGN_IN_LATER = ("temporarily_unavailable", "server_error")  # RFC 6749: everything else is for a person to mend


class GraphStopped(Exception):
    """The attempt ends here. `delivery` says with which outcome, and why in a sentence.

    `code` and `status` are Graph's own; empty and 0 where it did not answer.
    """

    def __init__(self, delivery: Delivery, code: str = "", status: int = 0) -> None:
        self.delivery, self.code, self.status = delivery, code, status
        super().__init__(delivery.error)


@dataclass(frozen=True)
class GraphAccount:
    """Where Microsoft 365 is, and as whom we enter which mailbox.

    `credential`: msal's certificate dict (private_key, public_certificate) or a client secret. `authority` is empty for
    https://login.microsoftonline.com/<tenant_id>; `timeout` is in seconds.
    """

    tenant_id: str
    client_id: str
    credential: Mapping[str, str] | SecretStr | str = field(repr=False)
    mailbox: str
    graph_url: str = "https://graph.microsoft.com/"
    authority: str = ""
    timeout: float = 30.0


class GraphConnection:
    """Signed-in requests about one mailbox. Sign in before a round of them: msal keeps the token while it is good."""

    def __init__(self, account: GraphAccount, *, what: str, permissions: str) -> None:
        """`what` is asked for ("the mail", "the event") with which `permissions`: both are said where it is refused."""
        # O365 writes the bearer token at level DEBUG, and at ERROR each address that is refused, of which an upload's
        # is a key; so does urllib3 at DEBUG. What is refused we say ourselves.
        logging.getLogger("O365.connection").setLevel(logging.CRITICAL)
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._mailbox, self._what, self._permissions = account.mailbox, what, permissions
        graph_url = account.graph_url.rstrip("/") + "/"
        self._scope = f"{graph_url}.default"
        protocol = _Protocol(graph_url, default_resource=account.mailbox, timezone="Europe/London")
        opened = _Account(
            (account.client_id, _plain(account.credential)),
            protocol=protocol,
            main_resource=account.mailbox,
            auth_flow_type="credentials",
            tenant_id=account.tenant_id,
            authority=account.authority or f"https://login.microsoftonline.com/{account.tenant_id}",
            token_backend=MemoryTokenBackend(),
            timeout=account.timeout,
            requests_delay=0,
            request_retries=0,  # whoever asks tries again; a retry in here would hide a Retry-After
            default_headers={"Prefer": 'IdType="ImmutableId"'},  # an item keeps its id as it moves to another folder
        )
        self._connection: Any = opened.con
        self.root = graph_url
        self.url = f"{protocol.service_url}users/{quote(account.mailbox)}"

    def sign_in(self) -> None:
        """A token from msal, which keeps it until shortly before its end. Raises GraphStopped."""
        try:
            answer = self._connection.msal_client.acquire_token_for_client(scopes=[self._scope])
        except requests.RequestException as error:
            raise GraphStopped(_unreachable(error, "Microsoft's sign-in")) from None
        except MsalServiceError as error:
            raise GraphStopped(unclear(f"Microsoft's sign-in failed ({error}).")) from None
        except ValueError:
            # msal's own words may quote what it was given.
            sentence = "Microsoft's sign-in can't be used as configured: check tenant_id, client_id and credential."
            raise GraphStopped(_locked_out(sentence)) from None
        if "access_token" not in answer:
            raise GraphStopped(_sign_in_refused(answer))
        if self._connection.session is None:
            self._connection.session = self._connection.get_session()
        self._connection.update_session_auth_header(access_token=answer["access_token"])

    def request(self, method: str, url: str, **arguments: Any) -> requests.Response:
        """One request over O365's connection. Raises GraphStopped for whatever is not a success."""
        try:
            response: requests.Response = self._connection.oauth_request(url, method, **arguments)
        except requests.RequestException as error:
            if error.response is not None and error.response.status_code == 401:
                self._connection.msal_client.remove_tokens_for_client()
            raise self._stopped(error) from None
        return response

    def upload(self, method: str, url: str, **arguments: Any) -> requests.Response:
        """One request to an upload's own address: another host, which needs no token of ours and must not see it.

        Raises GraphStopped. A refusal says only that this upload is over, but for one of the mail's size.
        """
        try:
            response: requests.Response = self._connection.naive_request(url, method, **arguments)
        except requests.RequestException as error:
            stop = self._stopped(error)
            if stop.delivery.outcome is Outcome.FAILED_FOR_GOOD and stop.code != "ErrorMessageSizeExceeded":
                stop = GraphStopped(unclear(stop.delivery.error), stop.code)
            raise stop from None
        return response

    def _stopped(self, error: requests.RequestException) -> GraphStopped:
        if error.response is None:
            return GraphStopped(_unreachable(error, "Microsoft 365"))
        return GraphStopped(self._answered(error.response), _error_code(error.response), error.response.status_code)

    def _answered(self, response: requests.Response) -> Delivery:
        """What a status that is no success means. 429 and 503 are Graph's throttling: nothing was taken."""
        status, wait = response.status_code, _retry_after(response)
        if status in (429, 503):
            return Delivery(
                Outcome.FAILED_FOR_NOW, error=f"Microsoft 365 asks to send more slowly ({status}).", retry_after=wait
            )
        if status == 401:
            sentence = "Microsoft 365 no longer takes the sign-in; a new one is made."
            return Delivery(Outcome.FAILED_FOR_NOW, error=sentence)
        elsewhere = status in (404, 408, 409, 410, 412, 416) and response.request.method in ("POST", "PUT", "DELETE")
        if status >= 500 or elsewhere:
            sentence = f"Microsoft 365 failed while it took {self._what} ({status})."
            return Delivery(Outcome.UNKNOWN, error=sentence, retry_after=wait)
        code = _error_code(response)
        words = _REFUSED.get(code, "look up its code in the documentation of Microsoft Graph")
        words = words.format(permissions=self._permissions)
        return _refusal(f"Microsoft 365 refuses {self._what} from {self._mailbox}: {words} [{code or status}].")


def listed(response: requests.Response) -> list[dict[str, Any]]:
    """The entries of an answer that is a list. Raises GraphStopped where it is none."""
    try:
        return list(response.json()["value"])
    except (ValueError, KeyError):
        raise GraphStopped(unclear("Graph's answer about the mailbox could not be read.")) from None


def unclear(sentence: str) -> Delivery:
    """Nobody knows whether it was taken."""
    return Delivery(Outcome.UNKNOWN, error=sentence)


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


def _refusal(sentence: str) -> Delivery:
    return Delivery(Outcome.FAILED_FOR_GOOD, error=sentence)


def _sign_in_refused(answer: Mapping[str, Any]) -> Delivery:
    code, words = str(answer.get("error")), str(answer.get("error_description") or "").splitlines()
    sentence = f"Microsoft refuses the sign-in: {words[0] if words else code}"
    if code in _SIGN_IN_LATER:
        return Delivery(Outcome.FAILED_FOR_NOW, error=sentence)
    return _locked_out(f"{sentence} Check client_id and credential, and that the credential has not expired.")


def _locked_out(sentence: str) -> Delivery:
    """An expired credential says nothing against the message: it goes once somebody has renewed it."""
    return Delivery(Outcome.FAILED_FOR_NOW, error=sentence, retry_after=LOCKED_OUT_SECONDS)


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
        return unclear(f"{whom} did not answer in time.")
    return unclear(f"The connection to {whom} broke before it answered.")


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
