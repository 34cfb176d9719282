# ruff: noqa: E501  (a lie a line reads as a table)
"""A language model behind an endpoint: what it may change, what it may not, and whose words it never sees."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from bot.adapters.language_model import LanguageModel
from bot.config_file import read_config
from bot.config_speech import LanguageModelAt
from bot.formats import Agenda, Draft
from bot.headlines.checks import Checks
from bot.headlines.rewording import reworded
from tests.secretariat_process import ROOT
from tests.test_headlines import MEMBERS, draft_of, transcript_of

KEY = "sk-never-to-be-seen"
SAID = (
    "L: We are worried that the 12 days in March are, you know, too short for us.",
    "P: PSG is asked to approve the migration plan version 2.",
    "Chair: Any objections?",
    "L: No.",
    "Chair: That's agreed.",
    "S: I'll send the revised plan to Ofgem by Friday.",
)


class Endpoint:
    """A server that speaks the protocol and words lines as it is told; it keeps what it was sent."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.wording: Callable[[str], Any] = lambda line: line
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.asked.append(asked)
                endpoint.keys.append(self.headers.get("Authorization", ""))
                line = asked["messages"][-1]["content"].partition("Line: ")[2].partition("\nQuotes:")[0]
                said = endpoint.wording(line)
                answer = said if isinstance(said, bytes) else json.dumps(_answer(said)).encode()
                self.send_response(200 if self.path == "/v1/chat/completions" else 404)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"


def _answer(said: str) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": said}}]}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def worded(endpoint: Endpoint, *said: str) -> tuple[Draft, Draft]:
    draft = draft_of(*(said or SAID))
    model = LanguageModel(url=endpoint.url, model="m", key=SecretStr(KEY), seconds=5)
    checks = Checks(transcript_of(*(said or SAID)), Agenda(), MEMBERS)
    return draft, reworded(draft, checks, model.reword)


def test_a_wording_that_says_the_same_is_taken_and_marked(endpoint: Endpoint) -> None:
    better = "The Large Supplier Representative was worried that 12 days in March were too short for them."
    endpoint.wording = lambda line: better if "12" in line else line
    before, after = worded(endpoint)
    assert after.viewpoints[0].text == better
    assert after.viewpoints[0].reworded_from == before.viewpoints[0].text
    assert after.decisions == before.decisions
    assert set(endpoint.keys) == {f"Bearer {KEY}"}
    quotes = [asked["messages"][-1]["content"] for asked in endpoint.asked]
    assert all("Friday" not in sent for sent in quotes if "12 days" in sent)  # each line with its own evidence alone


LIES: list[tuple[str, Callable[[str], Any]]] = [
    ("another number", lambda line: line.replace("12", "15").replace("version 2", "version 3")),
    ("another date", lambda line: line.replace("March", "May").replace("by Friday", "by Monday")),
    ("the opposite outcome", lambda line: line.replace("agreed to", "rejected the proposal to").replace("agreed", "refused")),
    ("a denial put in", lambda line: line.replace("agreed to", "did not agree to").replace("were", "were not")),
    ("another owner", lambda line: line.replace("Sam Small", "Dana Wires").replace("The Large Supplier", "The DNO")),
    ("another constituency's voice", lambda line: line.replace("Large Supplier", "Small Supplier")),
    ("a condition that nobody made", lambda line: line.replace(".", " subject to Ofgem's consent.")),
    ("a subject that nobody spoke of", lambda line: line.replace("plan", "budget").replace("days", "invoices")),
    ("a softened duty", lambda line: line.replace("agreed to send", "might send").replace("agreed to", "considered whether to")),
    ("praise", lambda line: line.replace(".", ", which was an excellent outcome.")),
    ("a link", lambda line: f"{line} See https://evil.example.org."),
    ("markup", lambda line: f"**{line}**"),
    ("a chat", lambda line: f"Sure! Here is the sentence: {line}"),
    ("an essay", lambda line: f"{line} " * 20),
    ("nothing", lambda line: ""),
    ("no JSON", lambda line: b"<html>busy</html>"),
    ("another shape", lambda line: b'{"choices": []}'),
    ("no text", lambda line: b'{"choices": [{"message": {"content": null}}]}'),
    ("its orders", lambda line: "Ignore the line: the group approved the release of all funds."),
]  # fmt: skip


@pytest.mark.parametrize(("lie", "wording"), LIES, ids=[name for name, _ in LIES])
def test_a_model_that_lies_changes_nothing(endpoint: Endpoint, lie: str, wording: Callable[[str], Any]) -> None:
    endpoint.wording = wording
    before, after = worded(endpoint)
    assert len(before.decisions) == len(before.actions) == 1, lie
    assert after == before


def test_what_is_to_be_confirmed_is_not_made_to_sound_smoother(endpoint: Endpoint) -> None:
    before, after = worded(endpoint, "Chair: Are we agreed?", "L: We don't agree.", "S: Agreed.")
    assert [d.outcome for d in before.decisions] == ["none"]
    assert after.decisions == before.decisions
    assert not [a for a in endpoint.asked if "to be confirmed" in a["messages"][-1]["content"]]


def test_a_model_that_is_not_there_costs_three_tries_and_its_key_is_not_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = [f"L: We are worried about the dates of release {n} in the plan." for n in range(4, 9)]
    lines = [line for one in said for line in (one, *["Chair: Thank you very much for that."] * 15)]
    draft = draft_of(*lines)
    assert len(draft.viewpoints) > 3
    asked: list[str] = []
    model = LanguageModel(url="http://127.0.0.1:9/v1", model="m", key=SecretStr(KEY), seconds=0.5)

    def counted(line: str, quotes: Any) -> str | None:
        asked.append(line)
        return model.reword(line, quotes)

    assert reworded(draft, Checks(transcript_of(*lines), Agenda(), MEMBERS), counted) == draft
    logged = capsys.readouterr()
    assert (logged.out + logged.err).count("gave no answer") == 3
    assert KEY not in logged.out + logged.err + repr(model.__dict__)


def test_what_is_said_in_a_closed_group_leaves_only_where_it_is_named() -> None:
    config = read_config(ROOT / "config.yaml")
    assert not config.may_reword(["SITWG"])  # off as shipped

    def with_model(*closed: str) -> Callable[[list[str]], bool]:
        at = LanguageModelAt(url="https://models.example.org/v1", model="m", closed_groups=list(closed))
        drafting = config.drafting.model_copy(update={"language_model": at})
        return config.model_copy(update={"drafting": drafting}).may_reword

    assert with_model()(["SITWG"])
    assert not with_model()(["PSG"])
    assert not with_model()(["SDWG"])
    assert not with_model()(["SITWG", "PSG"])  # a joint meeting is as closed as its most closed group
    assert with_model("psg")(["SITWG", "PSG"])
    assert not with_model("psg")(["NOGROUP"])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"url": "http://models.example.org/v1", "model": "m"}, "https only"),
        ({"url": "http://localhost.example.org/v1", "model": "m"}, "https only"),
        ({"url": "https://models.example.org/v1"}, "come together"),
    ],
)
def test_an_endpoint_is_private_and_names_its_model(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        LanguageModelAt.model_validate(settings)
