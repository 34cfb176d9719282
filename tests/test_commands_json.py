"""calendar, deadlines, simulate and check at a terminal: what scripts rely on, to the letter."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from tests import commands_at_once
from tests.secretariat_process import ROOT, environment


class Said:
    """What one command line led to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The whole of stdout: nothing may stand beside the JSON."""
        return json.loads(self.out)


def run_all(state: Path, lines: list[list[str]]) -> list[Said]:
    settings = environment(state) | {"TZ": "America/New_York", "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
    said = [commands_at_once.run(line, cwd=ROOT, env=settings) for line in lines]
    return [Said(one.returncode, one.stdout, one.stderr) for one in said]


SPAN = ["--from", "2024-03-01", "--to", "2024-04-30"]
CHRISTMAS = ["--from", "2024-12-23", "--to", "2025-01-03", "--format", "json"]
COMMANDS = {
    "calendar": ["calendar", *SPAN, "--format", "json"],
    "christmas": ["calendar", *CHRISTMAS],
    "one day": ["calendar", "--from", "2024-02-07", "--to", "2024-02-07", "--format", "json"],
    "one group": ["calendar", *SPAN, "--group", "psg", "--format", "json"],
    "feed": ["calendar", *SPAN, "--format", "ics"],
    "page": ["calendar", *SPAN, "--format", "html"],
    "table": ["calendar", *SPAN],
    "deadlines": ["deadlines", "PSG", "2024-04-03", "--format", "json"],
    "explained": ["deadlines", "psg", "2024-04-03", "--explain"],
    "no meeting": ["deadlines", "PSG", "2024-04-04", "--format", "json"],
    "tmag": ["deadlines", "TMAG", "2023-12-20", "--format", "json"],
    "none": ["deadlines", "SAMPLE", "2003-01-01"],
    "simulate": ["simulate", "--from", "2024-02-01", "--to", "2024-02-29", "--format", "json"],
    "check": ["check", "--format", "json", "--now", "2024-11-01"],
    "check table": ["check", "--now", "2024-11-01"],
    "version": ["--version"],
}
HELP = [
    [], ["run"], ["worker"], ["check"], ["calendar"], ["deadlines"], ["simulate"], ["transcribe"], ["draft"],
    ["members"], ["members", "import"], ["members", "list"], ["meetings"], ["reports"], ["reports", "list"],
    ["reports", "show"], ["reports", "issue"], ["amendments"], ["actions"], ["decisions"], ["outbox"], ["done"],
    ["slack-send"],
]  # fmt: skip
WRONG_USAGE = [
    ["dance"], ["calendar"], ["calendar", "--from", "2024-01-01"], ["calendar", *SPAN, "--format", "pdf"],
    ["calendar", *SPAN, "--dance"], ["deadlines", "PSG"], ["simulate", *SPAN, "--format", "ics"],
    ["check", "--format", "pdf"], ["members", "import"], ["reports", "issue", "PSG-2024-02-07"],
]  # fmt: skip
REFUSED = {
    "There is no group NOGROUP. Groups: PSG,": ["calendar", *SPAN, "--group", "NOGROUP"],
    "There is no group NONE. Groups: PSG,": ["deadlines", "NONE", "2024-02-07"],
    "2024-02-30 is no date. Write it as 2024-02-07.": ["deadlines", "PSG", "2024-02-30"],
    "tomorrow is no date.": ["calendar", "--from", "tomorrow", "--to", "2024-01-01"],
    "--to (2024-01-01) lies before --from (2024-01-02).": ["simulate", "--from", "2024-01-02", "--to", "2024-01-01"],
    "9999-12-31 is not on the calendar.": ["deadlines", "PSG", "9999-12-31"],
    "0001-01-01 is not on the calendar.": ["calendar", "--from", "0001-01-01", "--to", "2024-01-01"],
    "--now soon is no instant.": ["--now", "soon", "check"],
    "The configuration nowhere.yaml cannot be read": ["check", "--config", "nowhere.yaml"],
    "nowhere.flac": ["transcribe", "nowhere.flac"],
    "nowhere.json": ["draft", "nowhere.json", "--group", "PSG", "--date", "2024-02-07"],
}  # fmt: skip


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands") / "var"


@pytest.fixture(scope="module")
def everything(state: Path) -> dict[str, Said]:
    lines = COMMANDS | {f"help {' '.join(h)}": [*h, "--help"] for h in HELP}
    lines |= {f"usage {' '.join(w)}": w for w in WRONG_USAGE} | REFUSED
    return dict(zip(lines, run_all(state, list(lines.values())), strict=True))


@pytest.fixture
def said(everything: dict[str, Said]) -> Callable[[str], Said]:
    """The outcome of one command line, which must have gone well."""

    def found(name: str) -> Said:
        outcome = everything[name]
        assert outcome.code == 0, outcome.err
        return outcome

    return found


@pytest.mark.parametrize("words", [" ".join(h) for h in HELP])
def test_every_command_has_help(everything: dict[str, Said], words: str) -> None:
    helped = everything[f"help {words}"]
    assert (helped.code, helped.err) == (0, "")
    assert "Usage: secretariat" in helped.out


@pytest.mark.parametrize("words", [" ".join(w) for w in WRONG_USAGE])
def test_wrong_usage_leaves_with_2(everything: dict[str, Said], words: str) -> None:
    wrong = everything[f"usage {words}"]
    assert (wrong.code, wrong.out) == (2, "")
    assert "Usage: secretariat" in wrong.err
    assert "Traceback" not in wrong.err


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_done_is_a_sentence_and_1(everything: dict[str, Said], sentence: str) -> None:
    refused = everything[sentence]
    assert (refused.code, refused.out) == (1, "")
    assert sentence in refused.err
    assert "Traceback" not in refused.err


def test_looking_makes_no_database(everything: dict[str, Said], state: Path) -> None:
    assert len(everything) > 50
    assert not state.exists()


def test_the_version_is_said(said: Callable[[str], Said]) -> None:
    assert said("version").out == "secretariat 0.1.0\n"


# ----------------------------------------------------------------------------------------------------------- the shapes

TEXT, LIST, WHOLE, NULL = str, list, int, type(None)
MEETING = {
    "group": TEXT, "date": TEXT, "starts_at": TEXT, "ends_at": TEXT, "status": TEXT, "nominal_date": TEXT,
    "proposals": LIST, "reason": (TEXT, NULL), "source": TEXT,
}  # fmt: skip
CONTRADICTION = {"group": TEXT, "field": TEXT, "values": LIST, "followed": TEXT}
DEADLINE = {
    "kind": TEXT, "due_at": (TEXT, NULL), "rule": TEXT, "skipped": LIST, "source": TEXT, "note": (TEXT, NULL)
}  # fmt: skip
NOTICE = {
    "at": TEXT, "group": TEXT, "meeting_date": TEXT, "step": TEXT, "kind": TEXT, "audience": TEXT, "channel": TEXT,
    "subject": TEXT,
}  # fmt: skip
PROBLEM = {"id": TEXT, "severity": TEXT, "line": (WHOLE, NULL), "problem": TEXT, "hint": TEXT}
STATUSES = {"scheduled", "proposed_move", "moved", "cancelled", "ad_hoc", "email_update"}


def has_shape(found: list[dict[str, Any]], shape: dict[str, Any]) -> None:
    assert found
    for entry in found:
        assert all(isinstance(entry[key], kind) for key, kind in shape.items()), entry


def instant(text: str) -> datetime:
    """ISO 8601 with an offset."""
    read = datetime.fromisoformat(text)
    assert read.tzinfo is not None
    return read


def test_the_shape_of_calendar(said: Callable[[str], Said]) -> None:
    found = said("calendar").json
    assert found.keys() == {"meetings", "contradictions"}
    has_shape(found["meetings"], MEETING)
    has_shape(found["contradictions"], CONTRADICTION)
    has_shape([v for c in found["contradictions"] for v in c["values"]], {"value": TEXT, "source": TEXT})
    for meeting in found["meetings"]:
        assert meeting["status"] in STATUSES
        assert instant(meeting["starts_at"]).date() == date.fromisoformat(meeting["date"])
        assert instant(meeting["ends_at"]) > instant(meeting["starts_at"])
    assert said("calendar").err == ""


def test_wall_clock_times_carry_londons_offset(said: Callable[[str], Said]) -> None:
    starts = {m["starts_at"] for m in said("one group").json["meetings"]}
    assert starts == {"2024-03-06T10:00:00+00:00", "2024-04-03T10:00:00+01:00"}
    assert {m["group"] for m in said("one group").json["meetings"]} == {"PSG"}


def test_both_ends_of_a_span_are_included(said: Callable[[str], Said]) -> None:
    assert [(m["group"], m["date"]) for m in said("one day").json["meetings"]] == [("PSG", "2024-02-07")]
    days = [m["date"] for m in said("calendar").json["meetings"]]
    assert (min(days), max(days)) == ("2024-03-01", "2024-04-26"), "GLIG-SIT on both Fridays"


def test_a_proposed_move_shows_its_first_proposal_and_all_three(said: Callable[[str], Said]) -> None:
    """The span shows CCAG of 25 December on the 24th; PSG of 1 January on the 2nd."""
    found = {m["group"]: m for m in said("christmas").json["meetings"] if m["status"] == "proposed_move"}
    assert {(g, m["nominal_date"], m["date"]) for g, m in found.items()} == {
        ("CCAG", "2024-12-25", "2024-12-24"),
        ("PSG", "2025-01-01", "2025-01-02"),
    }
    assert found["PSG"]["proposals"] == ["2025-01-02", "2025-01-03", "2025-01-06"]
    assert "New Year's Day" in found["PSG"]["reason"]


def test_the_shape_of_deadlines(said: Callable[[str], Said]) -> None:
    found = said("deadlines").json
    assert (found["group"], found["date"]) == ("PSG", "2024-04-03")
    has_shape(found["deadlines"], DEADLINE)
    by_kind = {d["kind"]: d for d in found["deadlines"]}
    chair = {"chair_copy", "chair_answer"}
    assert by_kind.keys() == chair | {"papers", "headline_report", "recording", "amendments_close", "amended_report"}
    assert by_kind["papers"]["due_at"] == "2024-03-25T17:00:00+00:00"
    assert by_kind["headline_report"]["due_at"] == "2024-04-05T17:00:00+01:00"
    assert by_kind["amendments_close"]["due_at"] == "2024-04-24T17:00:00+01:00"
    assert {s["date"]: s["reason"] for s in by_kind["papers"]["skipped"]} == {
        "2024-03-29": "Good Friday",
        "2024-03-30": "Saturday",
        "2024-03-31": "Sunday",
        "2024-04-01": "Easter Monday",
    }


def test_a_clock_without_an_instant_says_why(said: Callable[[str], Said]) -> None:
    by_kind = {d["kind"]: d for d in said("tmag").json["deadlines"]}
    for kind in ("amendments_close", "amended_report"):
        assert by_kind[kind]["due_at"] is None
        assert "no following ordinary meeting" in by_kind[kind]["note"]


def test_a_day_without_a_meeting_is_answered_as_if_one_were_called(said: Callable[[str], Said]) -> None:
    found = said("no meeting").json
    assert found["date"] == "2024-04-04"
    assert all("as if one were called" in d["note"] for d in found["deadlines"])
    assert said("none").out == (
        "SAMPLE has no meeting on Wednesday 1 January 2003 by its rule: computed as if one were called.\n"
        "No clock runs for this meeting.\n"
    )


def test_explain_shows_the_arithmetic_and_the_clause(said: Callable[[str], Said]) -> None:
    out = said("explained").out
    assert "2024-03-29 (Good Friday)" in out
    assert "at least 5 working days before the meeting on Wednesday 3 April 2024, by 17:00 (London)" in out
    assert "source: GF §Generic Meeting Practices" in out


def test_the_shape_of_simulate(said: Callable[[str], Said]) -> None:
    found = said("simulate").json
    assert found.keys() == {"notices", "counts"}
    has_shape(found["notices"], NOTICE)
    assert all(count.keys() == {"person", "month", "messages", "reminders"} for count in found["counts"])
    harriet = next(c for c in found["counts"] if (c["person"], c["month"]) == ("Harriet Bassington", "2024-02"))
    assert harriet["reminders"] == 3, "who owes nothing is invited, and not reminded"
    assert harriet["messages"] == 10, "PSG, SITAG and MCAG: invitation, pack and report; DAG's update"
    assert sum(c["reminders"] for c in found["counts"]) == sum(n["recipients"] for n in found["notices"])
    instants = [instant(n["at"]) for n in found["notices"]]
    assert instants == sorted(instants)
    assert {at.date().month for at in instants} == {2}
    keys = [(n["at"], n["group"], n["meeting_date"], n["step"]) for n in found["notices"]]
    assert len(set(keys)) == len(keys), "a notice for many recipients is one entry"
    assert said("simulate").err == ""


def test_simulate_shows_the_ladder_of_one_meeting(said: Callable[[str], Said]) -> None:
    """PSG of 7 February 2024 in February; nothing is ever met, so every ladder is climbed."""
    ladder = [
        (n["at"][:16], n["step"], n["audience"])
        for n in said("simulate").json["notices"]
        if (n["group"], n["meeting_date"]) == ("PSG", "2024-02-07")
    ]
    assert ladder == [
        ("2024-02-01T09:00", "papers_late_deputy", "deputy"),
        ("2024-02-02T09:00", "papers_late_pmo_lead", "pmo_lead"),
        ("2024-02-07T18:00", "recording_expected", "secretary"),
        ("2024-02-08T09:00", "headline_due_tomorrow", "secretary"),
        ("2024-02-08T12:00", "chair_copy_due", "secretary"),
        ("2024-02-09T09:00", "headline_due_today", "secretary"),
        ("2024-02-09T09:00", "recording_due", "secretary"),
        ("2024-02-09T12:00", "chair_answer_due", "secretary"),
        ("2024-02-12T09:00", "headline_late", "secretary"),
        ("2024-02-12T09:00", "recording_late", "secretary"),
        ("2024-02-13T09:00", "headline_late_deputy", "deputy"),
        ("2024-02-14T09:00", "headline_late_pmo_lead", "pmo_lead"),
        ("2024-02-14T09:00", "recording_late_deputy", "deputy"),
        ("2024-02-16T09:00", "recording_late_pmo_lead", "pmo_lead"),
        ("2024-02-27T09:00", "amended_report_due", "secretary"),
        ("2024-02-28T17:00", "amendments_closed", "secretary"),
        ("2024-02-29T09:00", "amended_report_late", "secretary"),
    ]


def test_the_shape_of_check(said: Callable[[str], Said]) -> None:
    found = said("check").json
    has_shape(found["problems"], PROBLEM)
    assert {p["severity"] for p in found["problems"]} == {"warning", "information"}
    assert len([p for p in found["problems"] if p["id"] == "contradiction"]) == 7
    proposed = " ".join(p["problem"] for p in found["problems"] if p["id"] == "date-proposed")
    assert "PSG falls on Wednesday 1 January 2025" in proposed
    assert said("check table").out == ""
    assert "Nothing has to be mended." in said("check table").err


# ---------------------------------------------------------------------------------------------- other people's programs


def test_the_feed_is_read_by_others_as_the_same_meetings(said: Callable[[str], Said]) -> None:
    """Across the change of the clocks on 31 March; DAG's e-mail updates are no meetings."""
    feed = icalendar.Calendar.from_ical(said("feed").out)
    read = [
        (str(e["SUMMARY"]).partition(":")[0], e["DTSTART"].dt.astimezone(UTC), e["DTEND"].dt.astimezone(UTC))
        for e in recurring_ical_events.of(feed).between(date(2024, 3, 1), date(2024, 5, 1))
    ]
    meetings = [m for m in said("calendar").json["meetings"] if m["status"] != "email_update"]
    ours = [(m["group"], instant(m["starts_at"]), instant(m["ends_at"])) for m in meetings]
    assert sorted(read) == sorted(ours)
    events = feed.walk("VEVENT")
    assert len({str(e["UID"]) for e in events}) == len(events) == len(ours)
    assert all(e.decoded("DTSTART").utcoffset() == timedelta(0) for e in events)
    assert all(e["DTSTAMP"] and e["SEQUENCE"] == 0 for e in events)
    assert "\r\n" in said("feed").out or os.linesep == "\n"


def test_the_page_shows_every_meeting(said: Callable[[str], Said]) -> None:
    page = said("page").out
    assert page.lstrip().lower().startswith("<!doctype html>")
    for meeting in said("calendar").json["meetings"]:
        assert meeting["group"] in page
    assert "Easter Monday" in page
    assert "http://" not in page.replace("http://www.w3.org", ""), "it stands alone"


def test_the_table_shows_every_meeting(said: Callable[[str], Said]) -> None:
    table = said("table").out
    assert all(m["group"] in table for m in said("calendar").json["meetings"])
    assert "Wed 03 Apr 2024" in table
    assert "\x1b" not in table, "no colours into a file"
