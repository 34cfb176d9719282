"""A bank holiday that comes late: every deadline that it moves is listed, old and new, until the PMO accepts it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.config import Config
from bot.config_clocks import Closure
from bot.store.database import Database
from schedules.closures import accept, change_since_accepted
from schedules.series import Calendar
from tests.secretariat_process import ROOT, secretariat

NOW = datetime(2026, 2, 9, 9, tzinfo=UTC)
JUBILEE = date(2026, 3, 2)  # a Monday: the papers of PSG on Wednesday 4 March count back over it


def with_closure(config: Config) -> Config:
    days = config.working_days.model_copy(update={"closures": [Closure(date=JUBILEE, reason="a jubilee")]})
    return config.model_copy(update={"working_days": days})


def test_a_late_bank_holiday_lists_what_it_moves_until_it_is_accepted(database: Database, config: Config) -> None:
    before, after = Calendar(config), Calendar(with_closure(config))
    with database.session() as session:
        assert change_since_accepted(session, after, NOW.date()) is None, "nothing was ever accepted"
        accept(session, before, NOW, by="first start")
        assert change_since_accepted(session, before, NOW.date()) is None
        change = change_since_accepted(session, after, NOW.date())
        assert change is not None
        assert change.added == {JUBILEE: "a jubilee"}
        moved = {(m.meeting.group, m.clock, m.meeting.on): (m.before, m.after) for m in change.moved}
        papers = moved["PSG", "papers", date(2026, 3, 4)]  # counting back: 3 | 27 26 25 24 instead of 3 2 | 27 26 25
        assert papers == (datetime(2026, 2, 25, 17, tzinfo=UTC), datetime(2026, 2, 24, 17, tzinfo=UTC))
        assert ("PSG", "papers", date(2026, 4, 1)) not in moved
        accept(session, after, NOW, by="Tobias Wrenfield")
        assert change_since_accepted(session, after, NOW.date()) is None
        gone = change_since_accepted(session, before, NOW.date())
        assert gone is not None
        assert gone.removed == {JUBILEE: "a jubilee"}


@pytest.mark.long
def test_the_command_lists_and_accepts(tmp_path: Path) -> None:
    state, now = tmp_path / "var", ("--now", NOW.isoformat())
    assert secretariat(state, *now, "members", "import", "sample/members.csv").returncode == 0
    assert secretariat(state, *now, "holidays", "accept", "--by", "Tobias Wrenfield").returncode == 0
    changed = tmp_path / "config.yaml"
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    assert "  closures: []" in text
    late = text.replace("  closures: []", "  closures: [{date: 2026-03-02, reason: a jubilee}]")
    changed.write_text(late, encoding="utf-8")
    listed = secretariat(state, *now, "--config", str(changed), "holidays")
    assert "closed now: Monday 2 March 2026 (a jubilee)" in listed.stdout, listed.stderr
    assert "papers of PSG 2026-03-04: Wednesday 25 February 2026, 17:00 (London) becomes Tuesday 24" in listed.stdout
    refused = secretariat(state, *now, "holidays", "accept", "--by", "Harriet Bassington")
    assert refused.returncode == 1
