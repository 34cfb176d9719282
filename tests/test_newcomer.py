"""What a newcomer sees: the real process on an empty folder, from the first start to a kill and back."""

from __future__ import annotations

import email
import email.policy
import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from docx import Document

from tests.secretariat_process import ROOT, Running, running, secretariat

NOW = "2024-02-09T09:00:00+00:00"  # two days after the PSG of Wednesday 7 February 2024
SCRIPT = json.loads((ROOT / "sample/recordings/PSG scripted extract.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newcomer") / "var"


@pytest.fixture(scope="module")
def house(state: Path) -> Iterator[Running]:
    with running(state, "--now", NOW) as started:
        started.link()
        yield started


def rows(state: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """Read the database from outside, as a table."""
    file = state / "secretariat.db"
    if not file.exists():
        return []
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10) as connection:
        return list(connection.execute(query, values))


def sent_mails(state: Path) -> list[EmailMessage]:
    folder = state / "mailbox" / "sent"
    files = sorted([*folder.glob("new/*"), *folder.glob("cur/*")])
    return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]


def test_it_prints_what_it_follows_and_what_is_coming(house: Running) -> None:
    said = house.said()
    assert "PSG, end: 12:00" in said
    assert "12:30 (DEL267 monthly schedule)" in said
    assert "MWG  Thursday 8 February 2024" not in said
    assert "TORWG  Wednesday 14 February 2024, 14:00 (London)" in said
    assert "papers: Wednesday 7 February 2024, 17:00 (London)" in said


def test_a_first_start_lists_its_backlog_and_sends_none_of_it(house: Running, state: Path) -> None:
    assert re.search(r"\d+ notices were due before this first start: listed", house.said())
    before = "SELECT count(*) FROM outbox WHERE due_at < '2024-02-09 09:00:00'"
    assert rows(state, before)[0][0]
    assert rows(state, f"{before} AND state <> 'suppressed'") == [(0,)]


@pytest.fixture(scope="module")
def draft(house: Running, state: Path) -> sqlite3.Row:
    """The row of the sample meeting's draft, once it is there."""
    query = "SELECT id, document_sha256, content FROM drafts WHERE id = 'PSG-2024-02-07-draft-1'"
    found = house.wait_for(lambda: rows(state, query), "draft of the sample meeting")
    return found[0]  # type: ignore[return-value]


def test_the_draft_says_what_was_said_and_where(draft: tuple[str, str, str], state: Path) -> None:
    content = json.loads(draft[2])
    document = state / "content" / draft[1][:2] / draft[1]
    text = _text_of_document(document.read_bytes())
    outcomes = {d["outcome"]: d for d in content["decisions"]}
    assert set(outcomes) == {"accept", "reject"}
    assert _scripted_turn(outcomes["accept"]["at"])["text"].count("PSG approves the revised data cleansing plan")
    assert _scripted_turn(outcomes["reject"]["at"])["text"].count("The recommendation is rejected")
    assert len(content["actions"]) == 2
    for line in [*content["decisions"], *content["actions"], *content["viewpoints"]]:
        words = _words(line["evidence"][0]["quote"])
        nearby = _words(_said_around(line["at"]))
        assert len(words & nearby) >= 0.7 * len(words), f"{line['evidence']} was not said at {line['at']} s"
        assert line["evidence"][0]["quote"] in text
        assert _clock_time(line["at"]) in text


def _scripted_turn(at: float) -> dict[str, str]:
    return next(t for t in reversed(SCRIPT["turns"]) if t["start"] - 1.5 <= at)


def _said_around(at: float) -> str:
    return " ".join(t["text"] for t in SCRIPT["turns"] if t["start"] - 3 <= at <= t["end"] + 3)


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z']+", text.lower()))


def _clock_time(seconds: float) -> str:
    return f"{int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"


def _text_of_document(content: bytes) -> str:
    """Every word of the document, hyperlinks and tables included, without our own writer's help."""
    body = Document(BytesIO(content)).element.body
    paragraphs = body.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}p")
    texts = (
        "".join(t.text or "" for t in p.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"))
        for p in paragraphs
    )
    return "\n".join(texts)


def test_the_pmo_is_told_by_slack_and_by_mail(draft: object, house: Running, state: Path) -> None:
    def told() -> bool:
        return any("draft headline report PSG-2024-02-07" in str(m["Subject"]) for m in sent_mails(state))

    house.wait_for(lambda: told() or None, "mail about the draft")
    mail = next(m for m in sent_mails(state) if "PSG-2024-02-07" in str(m["Subject"]))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "@example.org" in str(mail["To"])
    logged = [json.loads(line) for line in (state / "slack/messages.jsonl").read_text().splitlines()]
    assert any("PSG-2024-02-07" in entry["subject"] for entry in logged)


def test_a_request_comes_by_slack_with_a_reference_and_a_receipt(draft: object, house: Running, state: Path) -> None:
    text = "/secretariat amend PSG 2024-02-07 D-01: PSG approved the plan, with a report of one page."
    answered = secretariat(state, "slack-send", "--as", "Harriet Bassington", text)
    assert answered.returncode == 0, answered.stderr
    reference = re.search(r"AM-\d{3}", answered.stdout)
    assert reference
    found = rows(
        state,
        "SELECT state, line_ref, came_by, constituency, present_text FROM amendments WHERE reference=?",
        reference[0],
    )
    assert found[0][:4] == ("received", "D-01", "slack", "Large Supplier")
    assert "data cleansing plan" in str(found[0][4])


def test_a_badly_signed_request_is_refused_with_a_sentence(house: Running) -> None:
    url = house.link().partition("/enter/")[0] + "/slack/events"
    stamp = str(int(datetime.now(UTC).timestamp()))
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": "v0=" + "0" * 64}
    body = {"command": "/secretariat", "text": "next", "user_id": "U0SAMPLE01"}
    answered = httpx.post(url, data=body, headers=headers)
    assert answered.status_code == 401
    assert "signing secret" in answered.json()["error"]


def _drop_mail(state: Path, name: str, *, message_id: str, sender: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = sender, "pmo@mhhsprogramme.co.uk", message_id
    mail["Subject"] = "Amendment to PSG 2024-02-07"
    mail.set_content(
        "D-02: The recommendation was rejected, the DNO Representative having asked for the test results.\n"
    )
    (state / "mailbox/inbox" / name).write_bytes(mail.as_bytes())


def test_a_request_comes_by_mail_and_is_answered_in_its_thread(draft: object, house: Running, state: Path) -> None:
    _drop_mail(state, "request.eml", message_id="<one@example.org>", sender="magnus.eskdale@example.org")
    query = "SELECT reference, state FROM amendments WHERE source_key = 'mail:<one@example.org>'"
    reference = str(house.wait_for(lambda: rows(state, query), "request by mail")[0][0])

    def receipt() -> EmailMessage | None:
        return next((m for m in sent_mails(state) if m["In-Reply-To"] == "<one@example.org>"), None)

    answer = house.wait_for(receipt, "receipt")
    assert reference in str(answer["Subject"])
    assert "magnus.eskdale@example.org" in str(answer["To"])
    house.wait_for(lambda: list((state / "mailbox/done").glob("request*")) or None, "mail moved to done")


def test_a_stranger_is_not_answered_and_nothing_is_lost(house: Running, state: Path) -> None:
    _drop_mail(state, "stranger.eml", message_id="<two@example.org>", sender="nobody@example.org")
    house.wait_for(lambda: list((state / "mailbox/needs-a-person").glob("stranger*")) or None, "mail put aside")
    assert not [m for m in sent_mails(state) if "nobody@example.org" in str(m["To"])]
    assert rows(state, "SELECT state FROM inbox WHERE sender='nobody@example.org'") == [("needs_a_person",)]


def test_what_is_no_mail_and_no_audio_gets_a_sentence(house: Running, state: Path) -> None:
    (state / "mailbox/inbox/broken.eml").write_bytes(b"\xff\xfe\x00 this is no mail \x00" * 50)
    (state / "recordings/PSG-2024-01-03.mp3").write_bytes(b"this is no sound at all" * 1000)
    (state / "recordings/minutes of something.mp3").write_bytes(b"nor is this")
    house.wait_for(lambda: list((state / "mailbox/needs-a-person").glob("broken*")) or None, "broken mail put aside")
    query = "SELECT state_reason FROM recordings WHERE name = ? AND state = ?"
    reason = house.wait_for(lambda: rows(state, query, "PSG-2024-01-03.mp3", "failed"), "recording that failed")
    assert "PSG-2024-01-03.mp3" in str(reason[0][0])
    asked = house.wait_for(lambda: rows(state, query, "minutes of something.mp3", "asking"), "question about the name")
    assert "Rename it" in str(asked[0][0])
    assert (state / "recordings/minutes of something.mp3").exists()
    assert "Traceback" not in house.said()


def test_the_page_shows_all_of_it(house: Running) -> None:
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(house.link().partition("/enter/")[0]).status_code == 403
        front = browser.get(house.link())
        assert front.status_code == 200
        base = str(front.url).rstrip("/")
        for path, words in (
            ("/", "TORWG"),
            ("/calendar", "PSG"),
            ("/outbox", "draft headline report PSG-2024-02-07"),
            ("/slack", "PSG-2024-02-07"),
            ("/drafts/PSG-2024-02-07-draft-1", "data cleansing plan"),
            ("/requests", "AM-001"),
            ("/inbox", "nobody@example.org"),
        ):
            page = browser.get(base + path)
            assert page.status_code == 200, path
            assert words in page.text, path


def test_a_report_is_issued_on_a_named_persons_word_only(draft: object, house: Running, state: Path) -> None:
    refused = secretariat(state, "--now", NOW, "reports", "issue", "PSG-2024-02-07", "--by", "Harriet Bassington")
    assert refused.returncode == 1
    assert "not of the PMO" in refused.stderr
    rehearsed = secretariat(
        state, "--now", NOW, "reports", "issue", "PSG-2024-02-07", "--by", "Tobias Wrenfield", "--dry-run"
    )
    assert "Harriet Bassington" in rehearsed.stdout
    assert "D-01: its outcome, at 00:" in rehearsed.stderr
    assert "secretariat reports confirm PSG-2024-02-07 --all --attended --by NAME" in rehearsed.stderr
    assert "WARNS Attendance is complete: Not known whether they came" in rehearsed.stdout
    confirmed = secretariat(
        state, "--now", NOW, "reports", "confirm", "PSG-2024-02-07", "--all", "--attended", "--by", "Tobias Wrenfield"
    )
    assert "D-01: confirmed by Tobias Wrenfield, who attended" in confirmed.stdout, confirmed.stderr
    assert rows(state, "SELECT * FROM reports") == []
    by = ("--by", "Tobias Wrenfield", "--overrule", "Cleared in the room; attendance checked by hand.")
    issued = secretariat(state, "--now", NOW, "reports", "issue", "PSG-2024-02-07", *by)
    assert issued.returncode == 0, issued.stderr
    assert rows(state, "SELECT reference FROM decisions ORDER BY number") == [("PSG-DEC41",), ("PSG-DEC42",)]
    assert rows(state, "SELECT reference FROM actions ORDER BY reference") == [("PSG27-01",), ("PSG27-02",)]

    def with_report() -> EmailMessage | None:
        return next((m for m in sent_mails(state) if list(m.iter_attachments())), None)

    mail = house.wait_for(with_report, "report by mail")
    attached = next(iter(mail.iter_attachments())).get_payload(decode=True)
    assert isinstance(attached, bytes)
    text = _text_of_document(attached)
    assert "PSG-DEC41" in text
    content = json.loads(str(rows(state, "SELECT content FROM drafts WHERE id = 'PSG-2024-02-07-draft-1'")[0][0]))
    quotes = [e["quote"] for d in content["decisions"] for e in d["evidence"]]
    assert not [q for q in quotes if q in text], "working material was issued"


def test_killed_and_started_again_it_loses_nothing_and_repeats_nothing(house: Running, state: Path) -> None:
    unsettled = "SELECT id FROM outbox WHERE state IN ('pending', 'claimed', 'retry', 'unknown')"
    not_summed_up = "SELECT id FROM releases WHERE summed_up_at IS NULL"
    house.wait_for(lambda: not rows(state, not_summed_up) or None, "every released batch summed up")
    house.wait_for(lambda: not rows(state, unsettled) or None, "settled outbox")
    tables = (
        "meetings",
        "drafts",
        "amendments",
        "reports",
        "decisions",
        "actions",
        "transcripts",
        "recordings",
        "inbox",
        "people",
    )
    before = _counts(state, tables)
    mails, slack = _message_ids(state), (state / "slack/messages.jsonl").read_text().splitlines()
    _drop_mail(state, "at-the-kill.eml", message_id="<three@example.org>", sender="magnus.eskdale@example.org")
    house.kill()
    with running(state, "--now", NOW) as again:
        again.link()
        query = "SELECT reference FROM amendments WHERE source_key = 'mail:<three@example.org>'"
        again.wait_for(lambda: rows(state, query), "request that came at the kill")
        again.wait_for(lambda: len(_message_ids(state)) > len(mails) or None, "its receipt")
        again.wait_for(lambda: not rows(state, unsettled) or None, "settled outbox")
        after = _counts(state, tables)
        one_more = {"amendments", "inbox"}
        assert after == {table: count + (table in one_more) for table, count in before.items()}
        assert len(_message_ids(state)) == len(set(_message_ids(state))) == len(mails) + 1
        assert (state / "slack/messages.jsonl").read_text().splitlines() == slack
        assert again.interrupt() == 0
        assert "Nothing is half done" in again.said()


def _counts(state: Path, tables: tuple[str, ...]) -> dict[str, int]:
    found = {table: rows(state, f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608  # our own names
    return {table: int(str(count[0][0])) for table, count in found.items()}


def _message_ids(state: Path) -> list[str]:
    return [str(m["Message-ID"]) for m in sent_mails(state)]
