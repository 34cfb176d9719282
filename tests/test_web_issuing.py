"""The page on which a report goes to issue: the Chair, the check list, each outcome, and the preview."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.clock import Clock
from bot.formats import Draft
from bot.store.draft_tables import DraftRow
from handlers.web.desk import Desk
from tests.issued_desk import DRAFT, ISSUED, IssuedDesk
from tests.test_web_changes import Visitor, come_in

WHY = "Attendance is checked by hand."


@pytest.fixture
def office(tmp_path: Path, people: object, monkeypatch: pytest.MonkeyPatch) -> IssuedDesk:
    assert people
    made = IssuedDesk(tmp_path, monkeypatch)
    unclear = DRAFT.decisions[1].model_copy(update={"outcome": "none", "text": "Outcome to be confirmed: the risk."})
    put(made, DRAFT.model_copy(update={"decisions": [DRAFT.decisions[0], unclear]}))
    return made


def put(office: IssuedDesk, draft: Draft, version: int = 2) -> None:
    with office.whole.database.session() as session:
        session.add(DraftRow(id=f"PSG-2024-02-07-draft-{version}", meeting_uid=office.meeting.uid, version=version,
                             made_at=ISSUED, content=draft.model_dump_json(),
                             document_sha256=office.drafts()[0].document_sha256))  # fmt: skip


@pytest.fixture
def visitor(office: IssuedDesk) -> Iterator[Visitor]:
    whole = office.whole
    desk = Desk(
        database=whole.database, config=whole.config, clock=Clock(ISSUED), calendar=whole.calendar,
        announcer=whole.announcer, files=whole.files, slack_messages=list, entry_key="once-only",
        session_secret="invented secret of a test", feed_secret="another invented secret",
        issuing=lambda: whole.issuing, drafting=lambda: whole.drafting,
    )  # fmt: skip
    with come_in(desk) as found:
        yield found


def test_a_report_goes_from_draft_to_issue_on_one_page(office: IssuedDesk, visitor: Visitor) -> None:
    address = f"/meetings/{office.meeting.uid}/report"
    visitor.read(address)
    assert "It is a draft. It is due Friday 9 February 2024, 17:00 (London)" in visitor.words
    assert "Attendance is complete warns" in visitor.words
    assert "Outcome: accepted, by consensus" in visitor.words
    assert "so that is agreed then" in visitor.words, "the words that the decision rests on"
    tobias = next(str(option["value"]) for option in visitor.page("option") if option.text == "Tobias Wrenfield")

    visitor.send("report#with_chair", by=tobias)
    assert "It is with the Chair." in visitor.words
    assert [row.recipient_name for row in office.notices("clearance")] == ["Marguerite Oyelaran"]
    visitor.send("report#hold", by=tobias, reason="Two seats dispute D-02.")
    assert "Held by Tobias Wrenfield" in visitor.words
    visitor.send("report#cleared", by=tobias)

    visitor.send("report#D-01", by=tobias, how="attended")
    assert "Confirmed by Tobias Wrenfield, who attended" in visitor.words
    visitor.send("report#preview", by=tobias, overrule=WHY)
    assert visitor.status == 422
    assert "D-02: its outcome, at 00:11:42, is not clear from the words" in visitor.words
    visitor.send("report#D-02", by=tobias, how="attended", outcome="reject", text="The group rejected the risk.")
    assert "It is reviewed by the PMO" not in visitor.words
    assert "The Chair cleared PSG-2024-02-07-draft-2; PSG-2024-02-07-draft-3 was made since." in visitor.words

    visitor.send("report#preview", by=tobias, overrule=WHY)
    assert "This would be issued" in visitor.words
    assert "PSG-DEC42 rejected: The group rejected the risk. (Tobias Wrenfield, who attended)" in visitor.words
    assert f"The check list is overruled: “{WHY}”" in visitor.words
    assert "Harriet Bassington" in visitor.words
    assert office.reports() == []
    visitor.send("report#issue")
    assert "It is issued." in visitor.words
    assert [row.id for row in office.reports()] == ["PSG-2024-02-07-r1"]
    visitor.read(f"/meetings/{office.meeting.uid}")
    assert "Where it stands, and its files" in visitor.words


def test_what_was_seen_is_issued_or_nothing(office: IssuedDesk, visitor: Visitor) -> None:
    put(office, DRAFT, 3)
    visitor.read(f"/meetings/{office.meeting.uid}/report")
    tobias = next(str(option["value"]) for option in visitor.page("option") if option.text == "Tobias Wrenfield")
    for ref in ("D-01", "D-02"):
        visitor.send(f"report#{ref}", by=tobias, how="attended")
    visitor.send("report#preview", by=tobias, overrule=WHY)
    action = DRAFT.actions[0].model_copy(update={"owner": ["Elexon"]})
    put(office, DRAFT.model_copy(update={"actions": [action]}), 4)
    visitor.send("report#issue")
    assert visitor.status == 409
    assert "Something has changed since this was shown, so nothing was issued." in visitor.words
    assert "Elexon" in visitor.words
    assert office.reports() == []
    visitor.read(f"/meetings/{office.meeting.uid}/report")
    visitor.send("report#preview")
    assert "Say who you are." not in visitor.words, "who acted last is chosen already"
