"""The configuration: what ships says what the documents say, and what is wrong in it is said all at once."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import Config
from bot.config_file import read_config, read_secrets
from bot.errors import ConfigInvalid, Problem, SecretariatError
from tests import commands_at_once
from tests.secretariat_process import ROOT, environment, secretariat

SHIPPED = (ROOT / "config.yaml").read_text(encoding="utf-8")

# The groups of DEL267's overview tables: level, parent, attendance, status, and when each meets.
GROUPS: dict[str, tuple[int | None, str | None, str, str, str | None]] = {
    "PSG": (2, None, "closed", "mobilised", "1 Wednesday 10:00-12:00"),
    "PSG-WEBINAR": (None, "PSG", "not_stated", "mobilised", "4 Thursday 11:30-12:00"),
    "GLIG-SIT": (None, "PSG", "closed", "mobilised", "every 2 weeks Friday 13:00-14:00"),
    "DAG": (3, "PSG", "closed", "email_update", "2 Wednesday 10:00-13:00"),
    "BPRWG-TDWG": (4, "DAG", "open", "ad_hoc_only", None),
    "SDWG": (4, "DAG", "closed", "ad_hoc_only", None),
    "DRG": (None, "DAG", "open", "ad_hoc_only", None),
    "SITAG": (3, "PSG", "closed", "mobilised", "3 Wednesday 10:00-12:00"),
    "SITWG": (4, "SITAG", "open", "mobilised", "1 Thursday 14:00-16:00"),
    "MCAG": (3, "PSG", "closed", "mobilised", "4 Tuesday 14:00-16:00"),
    "MWG": (4, "MCAG", "open", "mobilised", "2 Thursday 14:00-16:00"),
    "DCWG": (4, "MCAG", "open", "mobilised", "4 Thursday 10:00-12:00"),
    "TORWG": (4, "MCAG", "open", "mobilised", "2 Wednesday 14:00-16:00"),
    "QAG": (3, "PSG", "closed", "mobilised", "3 Thursday 10:00-12:00"),
    "QWG": (4, "QAG", "open", "mobilised", "2 Tuesday 14:00-15:30"),
    "CCAG": (3, "PSG", "closed", "mobilised", "4 Wednesday 10:00-12:00"),
    "CDWG": (4, "CCAG", "open", "mobilised", "2 Tuesday 10:00-11:30"),
    "LQTSG": (4, "QAG", "not_stated", "configurable", None),
    "SAQTSG": (4, "QAG", "not_stated", "configurable", None),
    "ECG": (None, "PSG", "open", "configurable", None),
    "CIG": (None, "PSG", "open", "configurable", None),
    "TMAG": (3, "PSG", "closed", "historical", "3 Wednesday 10:00-12:00"),
    "TAG": (3, "PSG", "closed", "historical", "3 Wednesday 10:00-12:00"),
    "MAG": (3, "PSG", "closed", "historical", None),
    "IAG": (3, "PSG", "closed", "historical", None),
}
CONTRADICTIONS = {"PSG", "DCWG", "QWG", "CDWG", "SDWG", "GLIG-SIT", "TMAG"}
MAILBOXES = {"pmo", "design", "testing", "code", "migration", "sims_ems", "sro", "comms", "ppc"}


def meets(config: Config, group: str) -> str | None:
    """'1 Wednesday 10:00-12:00', or None where the group has no series."""
    for rule in config.groups[group].series:
        which = rule.nth or f"every {rule.every_weeks} weeks"
        return f"{which} {rule.weekday} {rule.start:%H:%M}-{rule.end:%H:%M}"
    return None


@pytest.mark.parametrize("group", GROUPS)
def test_the_shipped_groups_are_those_of_the_documents(config: Config, group: str) -> None:
    found = config.groups[group]
    assert (found.level, found.parent, found.attendance, found.status, meets(config, group)) == GROUPS[group]


def test_no_group_is_shipped_that_no_document_names(config: Config) -> None:
    assert set(config.groups) - set(GROUPS) == {"SAMPLE"}


def test_every_contradiction_of_the_documents_is_listed_with_its_sources(config: Config) -> None:
    assert {c.group for c in config.contradictions} == CONTRADICTIONS
    assert all(len({v.value for v in c.values}) >= 2 for c in config.contradictions)
    assert all(v.source for c in config.contradictions for v in c.values)
    assert all(c.followed in {v.value for v in c.values} for c in config.contradictions)


def test_the_mailboxes_are_those_of_the_documents(config: Config) -> None:
    assert set(config.mailboxes) == MAILBOXES
    assert all(m.address.endswith("@mhhsprogramme.co.uk") for m in config.mailboxes.values())


def sourced(data: object) -> list[dict[str, Any]]:
    """Every mapping in which a rule, group, date or mailbox is laid down."""
    if isinstance(data, list):
        return [found for entry in data for found in sourced(entry)]
    if not isinstance(data, dict):
        return []
    lays_down = {"name", "weekday", "kind", "clock", "address", "counting", "next_decision", "at_least_days"}
    mine = [data] if lays_down & set(data) and "short_name" not in data else []
    return mine + [found for value in data.values() for found in sourced(value)]


def test_everything_laid_down_says_on_whose_word() -> None:
    found = sourced(yaml.safe_load(SHIPPED))
    assert len(found) > 70
    assert [entry for entry in found if not (entry.get("source") or entry.get("assumed"))] == []


def test_a_clock_that_has_changed_keeps_the_old_rule_for_its_own_time(config: Config) -> None:
    rules = sorted((c for c in config.clocks if c.kind == "headline_report"), key=lambda c: c.from_on or date.min)
    assert [(r.working_days, r.from_on, r.until_on) for r in rules] == [
        (1, None, date(2023, 12, 5)),
        (2, date(2023, 12, 6), None),
    ]


# -------------------------------------------------------------------------------------------------------- many mistakes

STEP = "working_days: 1, to: secretary, kind: pmo_reminder, template: papers_due.txt"
# What is replaced, and by what. The comment names the problem expected on that line, and words of its sentence or hint.
MISTAKES = [
    ("  host: 127.0.0.1\n", "  host: 0.0.0.0\n"),
    ("web:\n", "web:  # !config-contradiction served on 127.0.0.1 only\n"),
    ("  command: /secretariat\n", "  comand: /secretariat  # !config-unknown-key Did you mean `command`?\n"),
    ("  subdivision: ENG  ", "  subdivison: ENG  # !config-unknown-key Did you mean `subdivision`? "),
    ('  deadline_time: "17:00"\n', '  deadline_time: "25:00"  # !config-time deadline_time\n'),
    ("closures: []  ", "closures: [{date: 2024-13-45, reason: never}]  # !config-date 2024 "),
    (
        'nth: 1, start: "10:00", end: "12:00", source: DEL267 overview 1/2}\n',
        'nth: 6, start: "10:00", end: "12:00", source: DEL267 overview 1/2}  # !config-choice nth\n',
    ),
    ("    serves: PSG  ", "    serves: PSGG  # !config-group-unknown Did you mean PSG? "),
    ("        anchor: 2024-01-05\n", "        anchor: 2024-02-30  # !config-date anchor\n"),
    (
        "  # Groups that are no more",
        "  CIG:  # !config-twice groups.CIG\n"
        "    {name: C, level: null, attendance: open, status: configurable, source: s}\n  #",
    ),
    (
        "        from: 2024-01-01\n        source: DEL267 overview 1/2\n",
        "        from: 2024-01-01\n        until: 2023-01-01\n        source: DEL267 overview 1/2\n",
    ),
    (
        "    series:\n      - weekday: Wednesday\n        nth: 3\n",
        "    series:\n      - weekday: Wednesday  # !config-contradiction lies before\n        nth: 3\n",
    ),
    ("    parent: SITAG\n", "    parent: SITAGG  # !config-group-unknown Did you mean SITAG?\n"),
    ("    parent: MCAG\n", "    parent: DCWG  # !config-parent-circle MWG > DCWG > MWG\n"),
    ("    parent: MCAG\n", "    parent: MWG  # !config-parent-circle DCWG > MWG > DCWG\n"),
    ("  TORWG:\n", "  TORWG:  # !config-unsourced source\n"),
    (
        "    source: DEL267 overview 2/2\n    series:\n      - {weekday: Wednesday, nth: 2",
        "    series:\n      - {weekday: Wednesday, nth: 2",
    ),
    (
        "    attendance: closed\n    status: historical\n",
        "    attendance: shut  # !config-choice attendance\n    status: historical\n",
    ),
    ("    mailbox: comms\n", "    mailbox: coms  # !config-mailbox-unknown coms\n"),
    (
        "    working_days: 5\n    levels: [2, 3, 4]\n",
        "    working_days: -5  # !config-value working_days\n    levels: [2, 3, 4]\n",
    ),
    ("    groups: [CCAG]\n", "    groups: [CCAGG]  # !config-group-unknown Did you mean CCAG?\n"),
    (
        "\nreminders:\n",
        "\nreminders:\n"
        f"  - {{id: one, clock: paper, {STEP}, source: s}}  # !config-clock-unknown paper\n"
        f"  - {{id: two, clock: papers, {STEP}, not_groups: [DAGG], source: s}}  # !config-group-unknown mean DAG?\n"
        f"  - {{id: one, clock: papers, {STEP}, source: s}}  # !config-twice one\n"
        f"  - {{id: three, clock: papers, {STEP}}}  # !config-unsourced source\n",
    ),
]  # fmt: skip


def broken(*changes: tuple[str, str]) -> str:
    """The shipped file with each text replaced once; a text that is not there is a mistake of the test."""
    text = SHIPPED
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def problems(tmp_path: Path, text: str | bytes) -> list[Problem]:
    """What reading such a file says."""
    file = tmp_path / "config.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigInvalid) as refused:
        read_config(file)
    return refused.value.problems


def test_every_mistake_of_a_file_is_said_at_once_each_on_its_line(tmp_path: Path) -> None:
    text = broken(*MISTAKES)
    marked = [(n, line) for n, line in enumerate(text.splitlines(), 1) if " # !" in line]
    expected = {(n, *re.findall(r"# !(\S+) (.*\S)", line)[0]) for n, line in marked}
    found = problems(tmp_path, text)
    assert {(p.line, p.id) for p in found} == {(line, id_) for line, id_, _ in expected}
    assert len(found) == len(expected), "each once"
    for line, id_, words in expected:
        said = [f"{p.sentence} {p.hint}" for p in found if (p.line, p.id) == (line, id_)]
        assert any(words.split("  ")[0] in sentence for sentence in said), (words, said)
    assert all(p.hint and p.sentence.endswith(".") for p in found)


def test_the_command_lists_them_and_leaves_with_1(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(broken(*MISTAKES), encoding="utf-8")
    done = secretariat(tmp_path / "var", "check", "--config", str(tmp_path / "config.yaml"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "Did you mean `command`?" in done.stderr
    assert "config-parent-circle" in done.stderr
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("programme:\n  name: [unclosed\nweb: {}\n", 3),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 1\nb: : 2\n", 2),
        ("a: *nobody\n", 1),
        ("a: 1\nb: \x07\n", 2),
        (b"a: 1\nb: caf\xe9\n", 2),
        ("a: &a\n  - *a\n", None),
        ("[" * 3000, None),
        ("", 1),
        ("- a list\n", 1),
    ],
)
def test_what_is_no_yaml_or_no_settings_names_its_line(tmp_path: Path, text: str | bytes, line: int | None) -> None:
    found = problems(tmp_path, text)
    assert [(p.id, p.line) for p in found] == [("config-yaml", line)]


SMALL = """
programme: {name: A, short_name: A, domain: example.org}
mailboxes: {pmo: {address: pmo@example.org, purpose: all, source: s}}
working_days: {closures: [{date: 2024-01-02, reason: r}], source: s}
groups:
  PSG: {name: P, level: 2, attendance: closed, status: mobilised, source: s, series: [{weekday: Monday, nth: 1, start: "10:00", end: "11:00", source: s}]}
  DAG: {name: D, level: 3, parent: PSG, attendance: closed, status: mobilised, source: s, mailbox: pmo, seats: [{title: Chair}]}
dated_entries: [{group: PSG, on: 2024-01-01, action: cancel, source: s}]
clocks: [{kind: papers, name: p, direction: before, working_days: 5, levels: [2], groups: [DAG], source: s}]
amendment_window: {source: s}
reminders: [{id: a, clock: papers, working_days: 1, to: secretary, kind: pmo_reminder, template: t.txt, source: s}]
dial: {receipt: automatic}
audience: {papers: participants}
contradictions: [{group: PSG, field: end, values: [{value: a, source: s}, {value: b, source: s}], followed: a}]
"""  # noqa: E501


def places(data: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value in it."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(found for key, value in inside for found in places(value, (*path, key)))]


def test_whatever_stands_in_a_place_is_a_problem_and_never_a_crash(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    for path in places(yaml.safe_load(SMALL))[1:]:
        for wrong in (7, [["x"]], {1: [2]}):
            data = yaml.safe_load(SMALL)
            place = data
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = wrong
            file.write_text(yaml.safe_dump(data), encoding="utf-8")
            with contextlib.suppress(ConfigInvalid):  # anything else is a crash
                read_config(file)


@pytest.mark.parametrize("written", ["10:00", '"10:00"', "10:00:00"])
def test_a_time_may_be_written_with_or_without_quotes(tmp_path: Path, written: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(SMALL.replace('start: "10:00"', f"start: {written}"), encoding="utf-8")
    assert f"{read_config(file).groups['PSG'].series[0].start:%H:%M}" == "10:00"


@pytest.mark.parametrize("written", ["24:00", "25:00", "10:60", "17", "900", "600", "1e3", "true", '"noon"', '""'])
def test_what_is_no_time_is_never_taken_for_another_one(tmp_path: Path, written: str) -> None:
    text = SMALL.replace('start: "10:00", end: "11:00"', f'start: {written}, end: "23:59"')
    assert [p.line for p in problems(tmp_path, text)] == [6]


# ---------------------------------------------------------------------------------------------- environment and secrets


def test_the_environment_stands_above_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETARIAT_WEB__PORT", "9000")
    changed = read_config(ROOT / "config.yaml")
    assert (changed.web.port, changed.web.host) == (9000, "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value"), [("WEB__PORT", "many"), ("WEB__PROT", "9000"), ("WEB", "{"), ("GROUPS", "[]"), ("CLOCKS", "7")]
)
def test_a_wrong_setting_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SECRETARIAT_{name}", value)
    with pytest.raises(ConfigInvalid) as refused:
        read_config(ROOT / "config.yaml")
    said = " ".join(f"{p.sentence} {p.hint}" for p in refused.value.problems)
    assert f"SECRETARIAT_{name}" in said
    assert {p.line for p in refused.value.problems} == {None}, "the file is not to blame"


def test_a_secret_comes_from_the_environment_or_a_file_and_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("xoxb-from-the-file\n", encoding="utf-8")
    monkeypatch.setenv("SECRETARIAT_SLACK_BOT_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("SECRETARIAT_SLACK_SIGNING_SECRET", "from-the-environment")
    secret = read_secrets()
    assert secret.slack_bot_token is not None
    assert secret.slack_signing_secret is not None
    assert secret.slack_bot_token.get_secret_value() == "xoxb-from-the-file"
    assert secret.slack_signing_secret.get_secret_value() == "from-the-environment"
    shown = f"{secret!r} {secret} {secret.model_dump()} {secret.model_dump_json()}"
    assert "from-the-file" not in shown
    assert "from-the-environment" not in shown


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRETARIAT_GRAPH_CERTIFICATE_FILE", str(tmp_path / "nowhere.pem"))
    with pytest.raises(SecretariatError, match=re.escape(str(tmp_path / "nowhere.pem"))):
        read_secrets()


def test_check_shows_no_secret(tmp_path: Path) -> None:
    settings = environment(tmp_path / "var") | {
        "SECRETARIAT_SLACK_BOT_TOKEN": "xoxb-not-to-be-shown",
        "SECRETARIAT_SLACK__TRANSPORT": "slack",
        "SECRETARIAT_MAIL__TRANSPORT": "graph",
    }
    done = commands_at_once.run(["check", "--format", "json"], cwd=ROOT, env=settings)
    assert done.returncode == 1
    found = {p["id"] for p in json.loads(done.stdout)["problems"] if p["severity"] == "error"}
    assert found == {"credentials-slack", "credentials-graph"}
    assert "not-to-be-shown" not in done.stdout + done.stderr
