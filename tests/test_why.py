"""`secretariat why`: the rule, the arithmetic, the clause and the events, through the real command."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.content_files import ContentFolder
from bot.config import Config
from bot.store.database import Database
from tests.mail_room import MailRoom
from tests.secretariat_process import secretariat

NOW = ("--now", "2024-02-09T09:00:00+00:00")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("why") / "var"
    assert secretariat(root, *NOW, "members", "import", "sample/members.csv").returncode == 0
    moved = (
        "meetings",
        "move",
        "PSG",
        "2024-04-03",
        "--to",
        "2024-04-10",
        "--by",
        "Tobias",
        "--reason",
        "Easter.",
        "--yes",
    )
    done = secretariat(root, *NOW, *moved)
    assert done.returncode == 0, done.stderr
    return root


def said(state: Path, name: str) -> str:
    answered = secretariat(state, *NOW, "why", name)
    assert answered.returncode == 0, answered.stderr
    return answered.stdout


def test_a_clock_is_explained_with_every_day_not_counted(state: Path) -> None:
    """Counting back from 10 April 2024: 9 8 5 4 3; the weekend of the 6th is passed over."""
    answer = said(state, "PSG-2024-04-10/papers")
    assert "papers: Wednesday 3 April 2024, 17:00 (London)" in answer
    assert "2024-04-06 (Saturday)" in answer
    assert "GF §Generic Meeting Practices and Frequency" in answer
    assert "headline_report" not in answer


def test_a_meeting_tells_its_rule_its_move_and_who_moved_it(state: Path) -> None:
    answer = said(state, "PSG-2024-04-10")
    assert "moved, revision 1" in answer
    assert "which gives Wednesday 3 April 2024" in answer
    assert "reason: Easter." in answer
    assert "meeting changed, by Tobias Wrenfield" in answer


def test_a_day_tells_whether_it_counts_and_what_is_on(state: Path) -> None:
    assert "no working day (Good Friday)" in said(state, "2024-03-29")
    assert "PSG on Wednesday 6 March 2024" in said(state, "2024-03-06")


def test_a_notice_tells_its_reason_its_key_and_its_state(state: Path) -> None:
    listed = secretariat(state, *NOW, "outbox", "--state", "withheld").stdout
    found = next(word for word in listed.split() if len(word) == 8 and set(word) <= set("0123456789abcdef"))
    answer = said(state, found)
    assert "Tobias Wrenfield changed the meeting: Easter." in answer
    assert "waits for a person's release" in answer
    assert "revision 1, meeting, changed" in answer


@pytest.mark.parametrize("name", ["AM-999", "PSG-2024-13-40", "2024-02-31", "ffffffff", "nothing of the kind"])
def test_what_nobody_knows_is_said_without_a_traceback(state: Path, name: str) -> None:
    answered = secretariat(state, *NOW, "why", name)
    assert answered.returncode == 1
    assert answered.stderr.strip()
    assert "Traceback" not in answered.stderr
    assert "went wrong" not in answered.stderr


def test_a_mail_and_the_query_that_it_led_to_are_explained(state: Path, config: Config) -> None:
    database = Database(f"sqlite:///{state / 'secretariat.db'}")
    MailRoom(database, config, ContentFolder(state / "content")).wrote("A question", "When does the MWG meet next?")
    mail = said(state, "m-001")
    assert 'of the mail "A question" from harriet.bassington@example.org' in mail
    assert "led to: Q-001" in mail
    assert "asked: When does the MWG meet next?" in said(state, "Q-001")
