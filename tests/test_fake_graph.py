"""The stand-in for Graph is held against what we did not write: Microsoft's own samples of its answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, FakeGraph, running_graph
from tests.fake_graph_attachments import SMALLEST_SESSION
from tests.secretariat_process import ROOT

SAMPLES = Path(__file__).parent / "data" / "graph" / "mail-samples.json"
# Gone from today's answers, or belonging to the sample's own case: an extension, an invitation, a placeholder.
NOT_OURS = {"@odata.id", "extensions", "meetingMessageType", "@odata.nextLink"}


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[FakeGraph]:
    with running_graph(tmp_path) as graph:
        yield graph


class Client:
    """Plain requests, with a token."""

    def __init__(self, url: str, authority: str) -> None:
        form = {"client_id": CLIENT_ID, "client_secret": SECRET, "grant_type": "client_credentials"}
        answer = requests.post(f"{authority}/oauth2/v2.0/token", {**form, "scope": f"{url}.default"}, timeout=5)
        self.url, self.headers = (
            f"{url}v1.0/users/{MAILBOX}",
            {"Authorization": f"Bearer {answer.json()['access_token']}"},
        )

    def __call__(self, method: str, path: str, **arguments: Any) -> requests.Response:
        return requests.request(method, f"{self.url}{path}", headers=self.headers, timeout=5, **arguments)


@pytest.fixture
def client(graph: FakeGraph) -> Client:
    return Client(graph.url, graph.authority)


def sample(method: str, end: str) -> tuple[int, Any]:
    """Status and content of Microsoft's sample of that request."""
    for mock in json.loads(SAMPLES.read_text(encoding="utf-8"))["mocks"]:
        if mock["request"]["method"] == method and mock["request"]["url"].endswith(end):
            body = mock["response"].get("body")
            return mock["response"]["statusCode"], json.loads(body, strict=False) if isinstance(body, str) else body
    raise LookupError(f"{method} {end}")


def unlike(wanted: Any, answer: Any, place: str = "") -> list[str]:
    """Where the answer lacks a key of the sample's, or has another type of value there."""
    if isinstance(wanted, dict) and isinstance(answer, dict):
        keys = wanted.keys() - NOT_OURS
        return [
            *(f"{place}/{key} is missing" for key in keys - answer.keys()),
            *(line for key in keys & answer.keys() for line in unlike(wanted[key], answer[key], f"{place}/{key}")),
        ]
    if isinstance(wanted, list) and isinstance(answer, list):
        return unlike(wanted[0], answer[0], f"{place}/0") if wanted and answer else []
    if None in (wanted, answer) or type(wanted) is type(answer):
        return []
    return [f"{place}: {type(wanted).__name__} there, {type(answer).__name__} here"]


def assert_like(method: str, end: str, answer: requests.Response) -> None:
    status, content = sample(method, end)
    assert answer.status_code == status
    assert unlike(content, answer.json() if answer.content else None) == []
    assert bool(content) == bool(answer.content)


DRAFT = {
    "subject": "Papers due",
    "body": {"contentType": "html", "content": "They are due."},
    "toRecipients": [{"emailAddress": {"address": "chair@example.org", "name": "Ann"}}],
    "internetMessageId": "<psg-17@example.org>",
    "internetMessageHeaders": [{"name": "x-secretariat-id", "value": "17"}],
}
PAPER = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "smile", "contentBytes": "R0lGODdhEAYEAA7="}


def test_mails_have_the_shape_of_microsofts_samples(client: Client) -> None:
    made = client("POST", "/messages", json=DRAFT)
    assert_like("POST", "/me/messages", made)
    at = f"/messages/{made.json()['id']}"
    # The sample is of an invitation: its type stands beside it.
    status, whole = sample("GET", "/me/messages/*")
    assert unlike({k: v for k, v in whole.items() if k != "@odata.type"}, client("GET", at).json()) == []
    headers = client("GET", at, params={"$select": "internetMessageHeaders"})
    assert_like("GET", "?$select=internetMessageHeaders", headers)
    found = client("GET", "/messages", params={"$filter": "internetMessageId eq '<psg-17@example.org>'"})
    assert status == found.status_code
    assert [mail["id"] for mail in found.json()["value"]] == [made.json()["id"]]
    assert_like("GET", "?$select=sender,subject", client("GET", "/messages", params={"$select": "sender,subject"}))
    assert_like("POST", "/send", client("POST", f"{at}/send"))
    assert client("POST", f"{at}/send").status_code == 404, "without an immutable id it has another one now"


def test_attachments_have_the_shape_of_microsofts_samples(client: Client) -> None:
    at = f"/messages/{client('POST', '/messages', json=DRAFT).json()['id']}/attachments"
    made = client("POST", at, json=PAPER)
    assert_like("POST", "/AAMkpsDRVK/attachments", made)
    assert_like("GET", "/attachments", client("GET", at))
    assert_like("GET", "/attachments/*", client("GET", f"{at}/{made.json()['id']}"))
    item = {"AttachmentItem": {"attachmentType": "file", "name": "flower", "size": SMALLEST_SESSION}}
    session = client("POST", f"{at}/createUploadSession", json=item)
    assert_like("POST", "/createUploadSession", session)
    assert client("DELETE", f"{at}/{made.json()['id']}").status_code == 204
    assert client("GET", at).json()["value"] == []
    with_token = requests.put(session.json()["uploadUrl"], b"x", headers=client.headers, timeout=5)
    assert with_token.status_code == 401


def test_folders_have_the_shape_of_microsofts_samples(client: Client) -> None:
    mail_id = client("POST", "/messages", json=DRAFT).json()["id"]
    assert_like("GET", "/mailFolders", client("GET", "/mailFolders"))
    assert_like("GET", "/mailFolders/*", client("GET", "/mailFolders/inbox"))
    assert_like("GET", "/mailFolders/*/messages", client("GET", "/mailFolders/drafts/messages"))
    changes = client("GET", "/mailFolders/drafts/messages/delta")
    assert_like("GET", "/messages/delta", changes)
    assert_like("POST", "/move", client("POST", f"/messages/{mail_id}/move", json={"destinationId": "archive"}))
    after = requests.get(changes.json()["@odata.deltaLink"], headers=client.headers, timeout=5).json()
    assert after["value"] == [
        {"@odata.type": "#microsoft.graph.message", "@removed": {"reason": "deleted"}, "id": mail_id}
    ]
    [moved] = client("GET", "/mailFolders/Archive/messages").json()["value"]
    assert_like("DELETE", "/messages/*", client("DELETE", f"/messages/{moved['id']}"))


def test_it_runs_by_itself_and_tells_what_was_sent() -> None:
    command = [sys.executable, "-m", "tests.fake_graph", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            place = json.loads(process.stdout.readline())
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("REQUESTS_CA_BUNDLE", place["ca_file"])
                client = Client(place["url"], place["authority"])
                mail = client("POST", "/messages", json={**DRAFT, "attachments": [PAPER]}).json()
                client("POST", "/messages", json=DRAFT)
                client("POST", f"/messages/{mail['id']}/send")
                seen = requests.get(f"{place['url']}inspect", timeout=5).json()
        finally:
            process.terminate()
    assert seen == {"sent": {"17": 1}, "drafts": {"17": 1}, "attachments": {"17": [["smile", 11]]}}
