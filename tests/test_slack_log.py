"""Slack as a log: what is in it after deliveries, crashes and full disks."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import resource
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.slack_log import SlackLog
from bot.model import Outcome, OutgoingMessage

REMINDER = OutgoingMessage(
    id="17",
    to="U012AB3CD",
    to_name="Ann O’Example",
    subject="Papers due",
    text="Dear Ann,\nthe papers are due – today.",
    message_id="<psg-17@example.org>",
    sent_at=datetime(2026, 10, 28, 9, tzinfo=UTC),
)
OTHER = replace(REMINDER, id="18", text="another")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "slack.jsonl"


@pytest.fixture
def log(path: Path) -> SlackLog:
    return SlackLog(path)


def test_a_message_is_kept_and_found_again(log: SlackLog, path: Path) -> None:
    assert log.look_up(REMINDER) is None
    assert log.messages() == []
    delivery = log.deliver(REMINDER)
    assert delivery.outcome is Outcome.DELIVERED
    assert SlackLog(path).look_up(REMINDER) == delivery
    assert log.look_up(OTHER) is None
    assert log.messages() == [
        {
            "id": "17",
            "at": "2026-10-28T09:00:00+00:00",
            "to": "U012AB3CD",
            "to_name": "Ann O’Example",
            "subject": "Papers due",
            "text": "Dear Ann,\nthe papers are due – today.",
        }
    ]
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["17"]


def test_a_second_delivery_writes_nothing(log: SlackLog, path: Path) -> None:
    first = log.deliver(REMINDER)
    before = path.read_bytes()
    assert log.deliver(replace(REMINDER, text="changed")) == first
    assert path.read_bytes() == before


def test_the_newest_come_last_and_only_as_many_as_asked_for(log: SlackLog) -> None:
    for number in range(5):
        log.deliver(replace(REMINDER, id=str(number)))
    assert [message["id"] for message in log.messages()] == ["0", "1", "2", "3", "4"]
    assert [message["id"] for message in log.messages(last=2)] == ["3", "4"]


@pytest.mark.parametrize("lost", [1, 2, 20, 100])
def test_a_torn_last_line_is_no_delivery_and_the_next_takes_its_place(log: SlackLog, path: Path, lost: int) -> None:
    log.deliver(REMINDER)
    log.deliver(OTHER)
    path.write_bytes(path.read_bytes()[:-lost])
    assert log.look_up(OTHER) is None
    assert log.look_up(REMINDER) is not None
    assert log.deliver(replace(OTHER, id="19")).outcome is Outcome.DELIVERED
    assert log.look_up(OTHER) is None, "what was no delivery does not become one later"
    assert log.deliver(OTHER).outcome is Outcome.DELIVERED
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["17", "19", "18"]


def test_a_log_that_is_only_a_torn_line_starts_anew(log: SlackLog, path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"id": "17", "te' + "x" * 200_000)
    assert log.look_up(REMINDER) is None
    log.deliver(REMINDER)
    assert [message["id"] for message in log.messages()] == ["17"]


def test_a_damaged_line_hides_no_other(log: SlackLog, path: Path) -> None:
    log.deliver(REMINDER)
    path.write_bytes(b'\xff\x00damaged\n[]\n"text"\n' + path.read_bytes())
    log.deliver(OTHER)
    assert log.look_up(REMINDER) is not None
    assert [message["id"] for message in log.messages()] == ["17", "18"]


def test_a_write_that_breaks_off_leaves_no_trace(log: SlackLog, path: Path) -> None:
    log.deliver(REMINDER)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, hard))  # the line breaks off, as on a full disk
    try:
        delivery = log.deliver(OTHER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert path.read_bytes() == before
    assert log.deliver(OTHER).outcome is Outcome.DELIVERED


def test_a_full_disk_is_named(log: SlackLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", failing)
    delivery = log.deliver(REMINDER)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert "the disk is full" in delivery.error
    assert log.look_up(REMINDER) is None


def test_a_log_that_cannot_be_read_is_unknown_never_none(path: Path) -> None:
    path.mkdir(parents=True)
    found = SlackLog(path).look_up(REMINDER)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert SlackLog(path).deliver(REMINDER).outcome is Outcome.FAILED_FOR_NOW


def deliver_many(path: Path, first: int) -> None:
    log = SlackLog(path)
    for number in range(first, first + 40):
        log.deliver(replace(REMINDER, id=str(number)))


def test_processes_that_deliver_at_once_write_each_message_once(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=deliver_many, args=(path, first)) for first in (0, 20, 40)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ids = [message["id"] for message in SlackLog(path).messages()]
    assert sorted(ids, key=int) == [str(number) for number in range(80)]


def test_a_look_up_needs_no_memory_for_the_log(log: SlackLog, path: Path) -> None:
    path.parent.mkdir()
    line = json.dumps({"id": "other", "text": "x" * 1000}) + "\n"
    path.write_text(line * 10_000)
    tracemalloc.start()
    try:
        assert log.look_up(REMINDER) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000, f"{peak} bytes for a log of {path.stat().st_size}"
