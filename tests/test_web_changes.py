"""The page as the PMO acts on it: a real database, a real server, forms as they are filled in, the real Chromium."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import select

from bot import amendments, audit, change_requests, meetings, members, outbox
from bot.adapters.content_files import ContentFolder
from bot.clock import Clock, spoken
from bot.config import Config
from bot.model import MeetingStatus, Notice, OutboxState, Person
from bot.obligations import CLOSED, NOT_TO_BE_MET
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.meeting_tables import MeetingRow, ObligationRow
from bot.store.outbox_tables import OutboxRow
from bot.store.people_tables import PersonRow
from bot.store.report_tables import ActionRow, ReportRow
from handlers.web.desk import Desk
from schedules.announcements import Announcer
from schedules.changes import Wanted, enact
from schedules.due import keep_calendar, queue_due
from schedules.finding import find_meeting
from schedules.series import Calendar
from tests.chromium import chromium
from tests.test_web_pages import served

STARTED = datetime(2026, 2, 9, 9, tzinfo=UTC)  # a Monday
NOW = datetime(2026, 2, 25, 9, 30, tzinfo=UTC)  # the papers of the PSG of 4 March go out today
PSG = "psg-2026-03-04@mhhsprogramme.co.uk"
PSG_PAGE = f"/meetings/{PSG}"
MARCH_11 = date(2026, 3, 11)
HOSTILE = '<script>alert("owned")</script>'
TOBIAS = "Tobias Wrenfield"
FORM = "application/x-www-form-urlencoded"
WHAT_IS_CHANGED = (MeetingRow, OutboxRow, ObligationRow, AuditRow)


@dataclass
class Visitor:
    """A browser that has come in: reads a page, fills in one of its forms, sends the fields that stand there."""

    client: httpx.Client
    page: BeautifulSoup
    status: int = 200

    def read(self, path: str) -> BeautifulSoup:
        return self._shown(self.client.get(path, follow_redirects=True))

    def send(self, ending: str, button: str = "", **values: str | list[str]) -> BeautifulSoup:
        """Fill in the form of this page whose address ends so, and press its (named) button."""
        form = self.form(ending)
        fields = fields_of(form, button) | values
        address = str(form.get("action") or self.client.base_url.join(str(self.address)))
        return self._shown(self.client.post(address, data=fields, headers=self.ours, follow_redirects=True))

    def form(self, ending: str) -> Tag:
        """The form whose address ends so, and which holds what comes after a `#`."""
        address, _, holds = ending.partition("#")
        found = [f for f in self.page("form", method="post") if str(f.get("action", self.address)).endswith(address)]
        return next(f for f in found if not holds or f.select(f'[value="{holds}"]'))

    @property
    def ours(self) -> dict[str, str]:
        """What a browser says of a form on our own page."""
        return {"origin": str(self.client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}

    @property
    def words(self) -> str:
        return " ".join(self.page.get_text(" ").split())

    def _shown(self, answer: httpx.Response) -> BeautifulSoup:
        self.address, self.status = answer.url.path, answer.status_code
        assert "<script" not in answer.text
        self.page = BeautifulSoup(answer.text, "lxml")
        ids = [str(tag["id"]) for tag in self.page(id=True)]
        assert len(ids) == len(set(ids))
        return self.page


def fields_of(form: Tag, button: str = "") -> dict[str, str | list[str]]:
    """What a browser sends of a form as it stands, the button pressed among it."""
    fields: dict[str, list[str]] = {}
    for field in form(["input", "select", "button"]):
        kind, name = field.get("type"), str(field.get("name", ""))
        left_out = kind in ("radio", "checkbox") and not field.has_attr("checked")
        if not name or left_out or (field.name == "button" and field.get("value") != button):
            continue
        chosen = field.find("option", selected=True) if field.name == "select" else field
        fields.setdefault(name, []).append(str(chosen.get("value", "")) if isinstance(chosen, Tag) else "")
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


@pytest.fixture(scope="module")
def announcer(config: Config) -> Announcer:
    return Announcer(config=config, calendar=Calendar(config), page=lambda: "http://127.0.0.1:8765")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, made: tuple[Path, Path], announcer: Announcer) -> Path:
    """The day on which the papers of the next PSG go out, with what has fallen due until then; copied for each test."""
    file = tmp_path_factory.mktemp("prepared") / "secretariat.db"
    shutil.copy(made[1], file)
    opened = Database(f"sqlite:///{file}")
    with opened.session() as session:
        keep_calendar(session, announcer, STARTED)
        queue_due(session, announcer, STARTED)
        queue_due(session, announcer, NOW)
    opened.close()
    return file


@pytest.fixture
def desk(tmp_path: Path, prepared: Path, announcer: Announcer) -> Iterator[Desk]:
    """The desk on that day."""
    shutil.copy(prepared, tmp_path / "secretariat.db")
    database, files = Database(f"sqlite:///{tmp_path / 'secretariat.db'}"), ContentFolder(tmp_path / "files")
    yield Desk(
        database=database, config=announcer.config, clock=Clock(NOW), calendar=announcer.calendar,
        announcer=replace(announcer, files=files), files=files, slack_messages=list, entry_key="once-only",
        session_secret="invented secret of a test", feed_secret="another invented secret",
    )  # fmt: skip
    database.close()


@pytest.fixture
def people(desk: Desk) -> dict[str, Person]:
    """The invented people, by name."""
    with desk.database.reading() as session:
        return {row.name: members.as_person(row) for row in session.scalars(select(PersonRow))}


@contextmanager
def come_in(desk: Desk) -> Iterator[Visitor]:
    with served(desk) as address, httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
        client.get(f"/enter/{desk.entry_key}")
        yield Visitor(client, BeautifulSoup("", "lxml"))


@pytest.fixture
def visitor(desk: Desk) -> Iterator[Visitor]:
    with come_in(desk) as found:
        yield found


@pytest.fixture
def tobias(people: dict[str, Person]) -> str:
    return people[TOBIAS].id


def kept(database: Database) -> list[tuple[object, ...]]:
    """Everything that an act on the page could change; that somebody was refused stands in the audit all the same."""
    with database.reading() as session:
        rows = [row for table in WHAT_IS_CHANGED for row in session.scalars(select(table))]
        rows = [row for row in rows if not (isinstance(row, AuditRow) and row.event == "access refused")]
        return [tuple(getattr(row, column.name) for column in type(row).__table__.columns) for row in rows]


def meeting_row(desk: Desk, uid: str = PSG) -> MeetingRow:
    with desk.database.reading() as session:
        return session.get_one(MeetingRow, uid)


def notices(desk: Desk, **wanted: str) -> list[OutboxRow]:
    with desk.database.reading() as session:
        return list(session.scalars(select(OutboxRow).filter_by(**wanted).order_by(OutboxRow.recipient_name)))


def preview_a_move(visitor: Visitor, by: str, to: date = MARCH_11, **values: str) -> None:
    visitor.read(PSG_PAGE)
    visitor.send("/move", by=by, to=to.isoformat(), **values)
    assert visitor.status == 200, visitor.words


class TestAMeetingIsMoved:
    def test_the_preview_shows_what_the_command_shows_and_changes_nothing(
        self, visitor: Visitor, desk: Desk, people: dict[str, Person]
    ) -> None:
        before = kept(desk.database)
        preview_a_move(visitor, people[TOBIAS].id, reason=f"The SRO is away {HOSTILE}.")
        assert kept(desk.database) == before
        wanted = Wanted("move", "PSG", date(2026, 3, 4), people[TOBIAS], f"The SRO is away {HOSTILE}.", MARCH_11)
        with desk.database.rehearsal() as session:
            shown = enact(session, replace(desk.announcer, files=None), wanted, NOW)
        assert {c.meeting for c in shown.clocks} == {"PSG 2026-02-04", "PSG 2026-03-11"}
        for change in shown.clocks:
            assert all(spoken(at) in visitor.words for at in (change.before, change.after) if at)
        said = [*shown.superseded, *shown.now_wrong, *shown.warnings, *(person.name for person in shown.told)]
        assert shown.superseded
        assert [line for line in said if line not in visitor.words] == []
        assert "They wait for release" in visitor.words
        assert f"Reason: The SRO is away {HOSTILE}." in visitor.words  # the text that will be sent
        assert "Nothing has been changed yet." in visitor.words

    def test_it_is_done_in_one_go_and_leads_to_what_was_done(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        preview_a_move(visitor, tobias, reason="The SRO is away.")
        visitor.send("/move#do")
        assert visitor.address.startswith("/done/")
        assert "Done: PSG moved to Wednesday 11 March 2026, 10:00 (London)" in visitor.words
        assert "papers of PSG 2026-03-11: Wednesday 25 February 2026, 17:00 (London) became" in visitor.words
        assert meeting_row(desk).revision == 1
        moves = notices(desk, meeting_uid=PSG, kind="move")
        assert {row.state for row in moves} == {OutboxState.WITHHELD}
        assert f"{len(moves)} notices wait for release" in visitor.words
        assert visitor.page.find("a", href="/releases")
        with desk.database.reading() as session:
            assert audit.first_broken_link(session) is None
            changed, on_page = session.scalars(select(AuditRow).order_by(AuditRow.number)).all()[-2:]
        assert (changed.event, changed.actor) == ("meeting changed", TOBIAS)
        assert (on_page.actor, on_page.subject, on_page.detail["where"]) == (TOBIAS, PSG, "on the page")

    def test_loading_again_repeats_nothing(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        preview_a_move(visitor, tobias)
        visitor.send("/move#do")
        before = kept(desk.database)
        visitor.read(visitor.address)
        assert "Done: PSG moved" in visitor.words
        assert kept(desk.database) == before

    def test_pressed_twice_it_is_done_once(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        preview_a_move(visitor, tobias)
        fields, address = fields_of(visitor.form("/move#do")), str(visitor.address)

        def press(_: int) -> str:
            return visitor.client.post(address, data=fields, headers=visitor.ours).headers["location"]

        with ThreadPoolExecutor(3) as hands:
            led_to = set(hands.map(press, range(3)))
        assert len(led_to) == 1
        assert meeting_row(desk).revision == 1
        with desk.database.reading() as session:
            changed = select(AuditRow).filter_by(event="meeting changed", subject=PSG)
            assert len(session.scalars(changed).all()) == 1

    def test_what_was_changed_meanwhile_is_shown_anew_and_nothing_done(
        self, visitor: Visitor, desk: Desk, people: dict[str, Person]
    ) -> None:
        preview_a_move(visitor, people[TOBIAS].id)
        with desk.database.session() as session:
            enact(
                session,
                desk.announcer,
                Wanted("move", "PSG", date(2026, 3, 4), people[TOBIAS], to=date(2026, 3, 5)),
                NOW,
            )
        before = kept(desk.database)
        visitor.send("/move#do")
        assert (visitor.status, kept(desk.database)) == (409, before)
        assert "was changed since this was shown, so nothing was done" in visitor.words
        assert "Thursday 5 March 2026, 10:00 (London) (moved)" in visitor.words
        visitor.send("/move#do")
        assert "Done: PSG moved to Wednesday 11 March 2026" in visitor.words
        assert meeting_row(desk).revision == 2

    def test_who_acted_is_remembered(self, visitor: Visitor, tobias: str) -> None:
        preview_a_move(visitor, tobias)
        visitor.read("/calendar")
        chosen = visitor.form("/calendar/add").find("option", selected=True)
        assert isinstance(chosen, Tag)
        assert chosen.text == TOBIAS


class TestOtherChanges:
    def test_cancelled(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        visitor.read(PSG_PAGE)
        visitor.send("/cancel", by=tobias, reason="No business.")
        visitor.send("/cancel#do")
        assert "Done: PSG cancelled, which was to be on Wednesday 4 March 2026" in visitor.words
        assert meeting_row(desk).status == "cancelled"
        visitor.read(PSG_PAGE)
        assert visitor.page("form", method="post") == []  # nothing is left to be done about it
        visitor.read(f"{PSG_PAGE}/move")
        assert "past or cancelled, so it cannot be changed" in visitor.words

    @pytest.mark.parametrize("another", [False, True])
    def test_a_proposed_date_is_confirmed(self, visitor: Visitor, desk: Desk, tobias: str, another: bool) -> None:
        coming = desk.calendar.meetings(date(2026, 3, 1), date(2027, 12, 31))
        proposed = next(m for m in coming if m.status is MeetingStatus.PROPOSED_MOVE and len(m.proposals) > 1)
        visitor.read(f"/meetings/{proposed.uid}")
        offered = [str(option["value"]) for option in visitor.form("/confirm").select("input[type=radio]")]
        assert offered == [*(day.isoformat() for day in proposed.proposals), "another"]
        day = proposed.proposals[-1] + timedelta(days=7) if another else proposed.proposals[1]
        choice = {"choice": "another", "other": day.isoformat()} if another else {"choice": day.isoformat()}
        visitor.send("/confirm", by=tobias, **choice)
        visitor.send("/confirm#do")
        assert f"Done: {proposed.group} confirmed for" in visitor.words
        row = meeting_row(desk, proposed.uid)
        assert (row.status, meetings.as_meeting(row).on) == ("moved", day)

    def test_added_jointly_from_the_calendar(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        visitor.read("/calendar")
        visitor.send(
            "/calendar/add", by=tobias, group="PSG", on="2026-03-18", start="14:00", end="15:30", **{"with": "DAG"}
        )
        assert "not on the calendar" in visitor.words
        visitor.send("/calendar/add#do")
        assert "Done: PSG with DAG added on Wednesday 18 March 2026, 14:00 (London)" in visitor.words
        visitor.read("/calendar")
        assert "PSG with DAG" in visitor.words
        with desk.database.reading() as session:
            added = meetings.on_day(session, "PSG", date(2026, 3, 18))
        assert added
        assert (added.status, added.also_for) == ("ad_hoc", ("DAG",))

    def test_the_calendar_leads_to_the_forms_of_meetings_to_come_only(self, visitor: Visitor) -> None:
        page = visitor.read("/calendar?from=2026-02-01&to=2026-03-31")
        assert page.select('a[href^="/meetings/psg-2026-03-04"][href$="/move"]')
        assert page.select('a[href^="/meetings/psg-2026-02-04"]')
        assert not page.select('a[href^="/meetings/psg-2026-02-04"][href$="/move"]')

    def test_what_goes_with_it_is_shown_with_it(self, visitor: Visitor, desk: Desk, people: dict[str, Person]) -> None:
        """The webinar goes with the PSG that it prepares."""
        wanted = Wanted("move", "PSG", date(2026, 4, 1), people[TOBIAS], to=date(2026, 4, 15))
        with desk.database.rehearsal() as session:
            shown = enact(session, replace(desk.announcer, files=None), wanted, NOW)
        visitor.read("/meetings/psg-2026-04-01@mhhsprogramme.co.uk")
        visitor.send("/move", by=people[TOBIAS].id, to="2026-04-15")
        assert [also.after.known_as for also in shown.also] == ["PSG-WEBINAR"]
        assert "And with it: PSG-WEBINAR" in visitor.words
        assert spoken(shown.also[0].after.starts_at) in visitor.words


class TestWhatAPersonGetsWrong:
    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("by", "", "Say who you are."),
            ("by", "Harriet Bassington", "Harriet Bassington is not of the PMO."),
            ("to", "", "Say to which day."),
            ("to", "11 March", "“11 March” is no date"),
            ("to", "9999-12-31", "lies outside the calendar"),
            ("to", "2026-02-24", "is past."),
            ("to", "2026-03-04", "PSG is on Wednesday 4 March 2026, 10:00 (London) already."),
            ("start", "25:00", "“25:00” is no time"),
            ("end", "09:00", "It would end (09:00) before it starts (10:00)."),
            ("reason", "x" * 501, "That is 501 characters long"),
        ],
    )
    def test_it_is_said_at_the_form_and_what_was_typed_is_kept(
        self, visitor: Visitor, desk: Desk, tobias: str, field: str, value: str, sentence: str
    ) -> None:
        before = kept(desk.database)
        visitor.read(PSG_PAGE)
        typed = {"by": tobias, "to": "2026-03-11", "reason": "The SRO is away & so is the Chair."} | {field: value}
        visitor.send("/move", **typed)
        assert (visitor.status, kept(desk.database)) == (422, before)
        assert sentence in visitor.words
        again = fields_of(visitor.form("/move"))
        assert {name: again[name] for name in typed if name != "by"} == {n: v for n, v in typed.items() if n != "by"}
        (summary,) = visitor.page.select("[role=alert]")
        for link in summary("a"):
            marked = visitor.page.find(id=str(link["href"]).removeprefix("#"))
            assert isinstance(marked, Tag)
            assert marked["aria-invalid"] == "true"

    @pytest.mark.parametrize(
        ("day", "status", "said"),
        [
            ("2099-12-31", 200, "Thursday 31 December 2099, 01:30"),
            ("2026-03-29", 422, "01:30 does not exist on Sunday"),
        ],
    )
    def test_the_edge_of_the_calendar_and_an_hour_that_does_not_exist(
        self, visitor: Visitor, tobias: str, day: str, status: int, said: str
    ) -> None:
        visitor.read(PSG_PAGE)
        visitor.send("/move", by=tobias, to=day, start="01:30", end="02:30")
        assert (visitor.status, said in visitor.words) == (status, True)

    def test_a_meeting_that_is_past_is_left_alone(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        past = "/meetings/psg-2026-02-04@mhhsprogramme.co.uk"
        visitor.read(PSG_PAGE)
        fields = fields_of(visitor.form("/cancel")) | {"by": tobias}
        before = kept(desk.database)
        answer = visitor.client.post(f"{past}/cancel", data=fields, headers=visitor.ours)
        assert (answer.status_code, kept(desk.database)) == (422, before)
        assert "The meeting was held on" in answer.text

    def test_no_such_meeting(self, visitor: Visitor, tobias: str) -> None:
        visitor.read(PSG_PAGE)
        fields = fields_of(visitor.form("/move")) | {"by": tobias}
        answer = visitor.client.post("/meetings/nothing/move", data=fields, headers=visitor.ours)
        assert answer.status_code == 404


class TestObligations:
    def test_a_clock_is_met_and_its_reminders_stop(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        reminders = [row for row in notices(desk, meeting_uid=PSG, clock="papers") if row.state == "pending"]
        assert reminders
        visitor.read(PSG_PAGE)
        visitor.send("/done#papers", by=tobias, link="https://papers.example.org/psg?a=1&b=2")
        assert visitor.status == 200
        assert f"Papers is marked as done by {TOBIAS}" in visitor.words
        assert "https://papers.example.org/psg?a=1&b=2" in visitor.words
        assert {row.state for row in notices(desk, meeting_uid=PSG, clock="papers")} <= {"suppressed"}
        with desk.database.reading() as session:
            met = session.get_one(ObligationRow, (PSG, "papers"))
            events = session.scalars(select(AuditRow).where(AuditRow.subject == f"{PSG}/papers")).all()
        assert (met.done_by, met.link) == (TOBIAS, "https://papers.example.org/psg?a=1&b=2")
        assert {event.event for event in events} == {"obligation met", "obligation met on the page"}
        assert {event.actor for event in events} == {TOBIAS}

    def test_said_twice_the_first_word_stands(
        self, visitor: Visitor, desk: Desk, tobias: str, people: dict[str, Person]
    ) -> None:
        visitor.read(PSG_PAGE)
        fields = fields_of(visitor.form("/done#papers")) | {"by": tobias}
        for by in (tobias, people["Rosalind Achterberg"].id):
            again = visitor.client.post(f"{PSG_PAGE}/done", data=fields | {"by": by}, headers=visitor.ours)
            assert again.status_code == 303
        with desk.database.reading() as session:
            assert session.get_one(ObligationRow, (PSG, "papers")).done_by == TOBIAS
            assert len(session.scalars(select(AuditRow).where(AuditRow.event == "obligation met")).all()) == 1

    def test_only_what_somebody_can_do_is_offered(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        visitor.read(PSG_PAGE)
        offered = {str(field["value"]) for field in visitor.page("input", attrs={"name": "obligation"})}
        assert {"papers", "headline_report", "recording"} <= offered
        assert offered & set(NOT_TO_BE_MET) == set()
        fields = fields_of(visitor.form("/done#papers")) | {"by": tobias, "obligation": "amendments_close"}
        before = kept(desk.database)
        answer = visitor.client.post(f"{PSG_PAGE}/done", data=fields, headers=visitor.ours)
        assert (answer.status_code, kept(desk.database)) == (422, before)
        assert "nothing to be done that is called “amendments_close”" in answer.text

    def test_a_link_that_is_none_is_said_and_kept(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        before = kept(desk.database)
        visitor.read(PSG_PAGE)
        visitor.send("/done#papers", by=tobias, link="javascript:alert(1)")
        assert (visitor.status, kept(desk.database)) == (422, before)
        assert "That is no link: it begins with https://" in visitor.words
        assert fields_of(visitor.form("/done#papers"))["link"] == "javascript:alert(1)"
        assert fields_of(visitor.form("/done#recording"))["link"] == ""

    def test_actions_requests_and_decisions_of_the_meeting(
        self, visitor: Visitor, desk: Desk, people: dict[str, Person]
    ) -> None:
        by = people[TOBIAS]
        uid = add_matters(desk, by)
        for key in ("action:PSG28-01", "request:AM-001", "change_decision:CR041"):
            visitor.read(f"/meetings/{uid}")
            visitor.send(f"/done#{key}", by=by.id)
            assert f"marked as done by {TOBIAS}" in visitor.words
        visitor.read(f"/meetings/{uid}")
        offered = {str(field["value"]) for field in visitor.page("input", attrs={"name": "obligation"})}
        assert not any(":" in key for key in offered)
        with desk.database.reading() as session:
            assert session.get_one(ActionRow, "PSG28-01").state == CLOSED
            assert change_requests.named(session, "CR041").communicated_at is not None


def add_matters(desk: Desk, by: Person) -> str:
    """An open action, a request not reviewed and a decision not communicated, of one meeting; returns its uid."""
    with desk.database.session() as session:
        meeting = find_meeting(session, desk.calendar, "PSG", date(2026, 2, 4))
        session.add(
            ReportRow(
                id="R-1", meeting_uid=meeting.uid, revision=1, reference="PSG-2026-02-04", issued_at=STARTED,
                issued_by=by.id, snapshot="{}", snapshot_sha256="0" * 64, document_sha256="1" * 64,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            ActionRow(reference="PSG28-01", group_key="PSG", report_id="R-1", draft_ref="A-01", text="Circulate it.")
        )
        who = next(h.person for h in members.holdings(session, meeting.on, group="PSG") if h.constituency)
        closes_at = NOW + timedelta(days=1)
        amendments.submit(session, amendments.Submission(meeting, who, None, "Say so.", "mail", "m:1", closes_at), NOW)
        change_requests.decided(session, "CR041", "PSG", meeting.on, by=by, now=NOW)
        return meeting.uid


def queue_notices(desk: Desk, names: str, *, kind: str = "report", **more: object) -> list[str]:
    """Notices that wait for release, to people called by single letters; returns their ids."""
    ids = []
    with desk.database.session() as session:
        for name in names:
            notice = Notice(
                meeting_uid=PSG, meeting_revision=0, clock="report", step=f"{kind} {name}", group="PSG", kind=kind,
                recipient=f"address:{name.lower()}@example.org", subject="The report", text=f"Dear {name},\n{HOSTILE}",
                why="Issued.", due_at=NOW, **more,  # type: ignore[arg-type]  # only what a notice has
            )  # fmt: skip
            outbox.queue(session, notice, now=NOW, dial="approve", recipient_name=f"Member {name}")
            ids.append(outbox.notice_id(notice))
    return ids


def states(desk: Desk, ids: list[str]) -> list[str]:
    with desk.database.reading() as session:
        return [session.get_one(OutboxRow, one).state for one in ids]


class TestReleases:
    def test_those_ticked_are_read_and_released_and_no_other(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        ids = queue_notices(desk, "ABC")
        visitor.read("/releases")
        assert "Member B b@example.org" in visitor.words
        visitor.send("/releases", "ticked", id=ids[:2])
        assert "2 notices to release" in visitor.words
        assert f"Dear A, {HOSTILE}" in visitor.words
        assert "Member C" not in visitor.words
        assert states(desk, ids) == ["withheld"] * 3
        visitor.send("/releases#release", by=tobias)
        assert "Done: 2 notices released" in visitor.words
        assert states(desk, ids) == ["pending", "pending", "withheld"]
        with desk.database.reading() as session:
            row = session.scalars(select(AuditRow).where(AuditRow.event == "notices released")).one()
            assert session.get_one(OutboxRow, ids[0]).released_by == TOBIAS
        assert (row.actor, row.detail["where"], sorted(row.detail["ids"])) == (TOBIAS, "on the page", sorted(ids[:2]))

    def test_all_of_a_batch_and_not_of_another(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        ids, others = queue_notices(desk, "ABC"), queue_notices(desk, "D", kind="correction")
        visitor.read("/releases")
        visitor.send(f"/releases#report:{PSG}", "all")
        visitor.send("/releases#release", by=tobias)
        assert (states(desk, ids), states(desk, others)) == (["pending"] * 3, ["withheld"])

    def test_withdrawn_with_a_reason(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        ids = queue_notices(desk, "AB")
        visitor.read(f"/outbox/{ids[0]}")
        visitor.send("/releases", "ticked")
        visitor.send("/releases#withdraw", by=tobias)
        assert (visitor.status, states(desk, ids)) == (422, ["withheld"] * 2)
        assert "Say why: the reason is kept." in visitor.words
        visitor.send("/releases#withdraw", by=tobias, reason="Sent by hand.")
        assert "Done: 1 notice withdrawn" in visitor.words
        assert "Sent by hand." in visitor.words
        (row,) = (r for r in notices(desk) if r.id == ids[0])
        assert (row.state, row.state_reason) == ("suppressed", f"withdrawn by {TOBIAS}: Sent by hand.")

    def test_pressed_twice_it_is_released_once(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        queue_notices(desk, "AB")
        visitor.read("/releases")
        visitor.send("/releases", "all")
        fields = fields_of(visitor.form("/releases#release")) | {"by": tobias}
        led_to = [visitor.client.post("/releases", data=fields, headers=visitor.ours).headers["location"] for _ in "12"]
        assert led_to[0] == led_to[1]
        with desk.database.reading() as session:
            assert len(session.scalars(select(AuditRow).where(AuditRow.event == "notices released")).all()) == 1

    def test_what_no_longer_waits_stops_the_whole(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        ids = queue_notices(desk, "ABC")
        visitor.read("/releases")
        visitor.send("/releases", "all")
        with desk.database.session() as session:
            outbox.move(session.get_one(OutboxRow, ids[0]), OutboxState.SUPERSEDED, "the meeting was changed")
        visitor.send("/releases#release", by=tobias)
        assert (visitor.status, states(desk, ids)) == (409, ["superseded", "withheld", "withheld"])
        assert "1 of them no longer wait, so nothing was done. These still do." in visitor.words
        visitor.send("/releases#release", by=tobias)
        assert states(desk, ids) == ["superseded", "pending", "pending"]

    def test_nothing_ticked_and_nobody_named(self, visitor: Visitor, desk: Desk) -> None:
        ids = queue_notices(desk, "A")
        visitor.read("/releases")
        visitor.send("/releases", "ticked")
        assert (visitor.status, "Tick at least one that still waits." in visitor.words) == (422, True)
        visitor.send("/releases", "all")
        visitor.send("/releases#release")
        assert (visitor.status, "Say who you are." in visitor.words) == (422, True)
        assert states(desk, ids) == ["withheld"]

    def test_what_is_in_shadow_stays_there(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        ids = queue_notices(desk, "AB")
        with desk.database.session() as session:
            session.get_one(OutboxRow, ids[0]).state_reason = "shadow: composed and shown, not sent"
        visitor.read("/releases")
        assert "Member A" not in visitor.words
        assert "1 more is in shadow" in visitor.words
        visitor.send("/releases", "all")
        visitor.send("/releases#release", by=tobias, id=ids)
        assert (visitor.status, states(desk, ids)) == (409, ["withheld"] * 2)

    def test_what_is_too_late_is_flagged_and_not_sent_stale(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        ids = queue_notices(desk, "A", not_after=NOW - timedelta(hours=1))
        visitor.read("/releases")
        assert "too late" in visitor.words
        visitor.send("/releases", "all")
        assert "released now it is not sent, but marked as too late" in visitor.words
        visitor.send("/releases#release", by=tobias)
        assert states(desk, ids) == ["expired"]
        assert "too late to be of use" in visitor.words


CHANGING = {
    "no token": lambda fields, headers: (without(fields, "token"), headers),
    "an empty token": lambda fields, headers: (fields | {"token": ""}, headers),
    "another token": lambda fields, headers: (fields | {"token": "x" * 32}, headers),
    "another origin": lambda fields, headers: (fields, headers | {"origin": "https://evil.example"}),
    "an origin of another port": lambda fields, headers: (fields, headers | {"origin": "http://127.0.0.1:1"}),
    "a hidden origin": lambda fields, headers: (fields, {"origin": "null"}),
    "another site": lambda fields, headers: (fields, headers | {"sec-fetch-site": "same-site"}),
    "nothing said of where from": lambda fields, headers: (fields, {}),
}
Tampering = Callable[[dict[str, object], dict[str, str]], tuple[dict[str, object], dict[str, str]]]


def without(fields: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in fields.items() if key != name}


class TestSecurity:
    @pytest.mark.parametrize("tamper", CHANGING.values(), ids=CHANGING.keys())
    def test_a_form_that_is_not_ours_is_not_followed(
        self, visitor: Visitor, desk: Desk, tobias: str, tamper: Tampering
    ) -> None:
        preview_a_move(visitor, tobias)
        fields, headers = tamper(dict(fields_of(visitor.form("/move#do"))), visitor.ours)
        before = kept(desk.database)
        answer = visitor.client.post(str(visitor.address), data=fields, headers=headers)
        assert (answer.status_code, kept(desk.database)) == (403, before)
        assert "Nothing was changed." in answer.text

    @pytest.mark.parametrize("path", [f"{PSG_PAGE}/done", f"{PSG_PAGE}/cancel", "/calendar/add", "/releases"])
    def test_every_address_asks_for_the_token(self, visitor: Visitor, desk: Desk, tobias: str, path: str) -> None:
        ids = queue_notices(desk, "A")
        before = kept(desk.database)
        fields = {"by": tobias, "step": "release", "id": ids, "obligation": "papers", "deed": "d", "seen": "none"}
        answer = visitor.client.post(path, data=fields, headers=visitor.ours)
        assert (answer.status_code, kept(desk.database)) == (403, before)

    def test_another_sessions_token_is_none(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        preview_a_move(visitor, tobias)
        fields, address = fields_of(visitor.form("/move#do")), str(visitor.address)
        before = kept(desk.database)
        with come_in(desk) as other:
            answer = other.client.post(address, data=fields, headers=other.ours)
        assert (answer.status_code, kept(desk.database)) == (403, before)

    def test_without_a_session_nothing_is_done(self, visitor: Visitor, desk: Desk, tobias: str) -> None:
        preview_a_move(visitor, tobias)
        before = kept(desk.database)
        with httpx.Client(base_url=visitor.client.base_url, trust_env=False) as stranger:
            fields = fields_of(visitor.form("/move#do"))
            answer = stranger.post(str(visitor.address), data=fields, headers=visitor.ours)
        assert (answer.status_code, kept(desk.database)) == (403, before)

    def test_after_twelve_hours_a_session_is_over_whatever_was_done_in_it(
        self, visitor: Visitor, desk: Desk, tobias: str
    ) -> None:
        preview_a_move(visitor, tobias)  # the cookie is written anew
        before = kept(desk.database)
        with served(replace(desk, clock=Clock(NOW + timedelta(hours=12, minutes=1)))) as address:
            cookies = {"secretariat": visitor.client.cookies["secretariat"]}
            with httpx.Client(base_url=address, trust_env=False, cookies=cookies) as late:
                fields, headers = fields_of(visitor.form("/move#do")), {"origin": address}
                answer = late.post(str(visitor.address), data=fields, headers=headers)
        assert (answer.status_code, kept(desk.database)) == (403, before)
        assert "open the link that the secretariat printed" in answer.text

    @pytest.mark.parametrize("size", [64 * 1024, 900 * 1024])
    def test_a_body_that_is_too_long_is_refused(self, visitor: Visitor, desk: Desk, tobias: str, size: int) -> None:
        preview_a_move(visitor, tobias)
        fields = fields_of(visitor.form("/move#do")) | {"reason": "x" * size}
        before = kept(desk.database)
        answer = visitor.client.post(str(visitor.address), data=fields, headers=visitor.ours)
        assert (answer.status_code, kept(desk.database)) == (413, before)
        assert "more than a form may send (64 KB)" in answer.text

    @pytest.mark.parametrize(
        ("content_type", "content", "status"),
        [
            ("application/json", b'{"step": "do"}', 415),
            ("text/plain", b"step=do", 415),
            ("multipart/form-data; boundary=x", b"--x--", 415),
            (FORM, b"step=%ff", 400),
            (FORM, b"\xff=1", 400),
            (FORM, b"&".join(b"a=1" for _ in range(3000)), 400),
        ],
    )
    def test_what_is_no_form_is_refused(
        self, visitor: Visitor, desk: Desk, content_type: str, content: bytes, status: int
    ) -> None:
        before = kept(desk.database)
        headers = visitor.ours | {"content-type": content_type}
        answer = visitor.client.post(f"{PSG_PAGE}/move", content=content, headers=headers)
        assert (answer.status_code, kept(desk.database)) == (status, before)
        assert "Nothing was changed." in answer.text

    @pytest.mark.parametrize("path", ["/", "/outbox", f"{PSG_PAGE}", "/calendar", "/done/1"])
    def test_what_is_only_for_reading_says_so(self, visitor: Visitor, desk: Desk, path: str) -> None:
        answer = visitor.client.post(path, data={"a": "1"}, headers=visitor.ours)
        assert (answer.status_code, "only for reading" in answer.text) == (405, True)

    def test_looking_changes_nothing(self, visitor: Visitor, desk: Desk) -> None:
        queue_notices(desk, "A")
        before = kept(desk.database)
        query = "?step=do&obligation=papers&by=Tobias+Wrenfield&to=2026-03-11"
        for path in ("/move", "/cancel", "/confirm", "/done", ""):
            visitor.read(f"{PSG_PAGE}{path}{query}")
        for path in ("/calendar", "/calendar/add", "/releases", "/outbox", "/audit"):
            visitor.read(f"{path}{query}")
        assert kept(desk.database) == before

    def test_only_deeds_of_the_page_are_shown_as_such(self, visitor: Visitor, desk: Desk) -> None:
        with desk.database.session() as session:
            audit.record(session, NOW, "secretariat", "drafted", PSG)
        for number in ("1", "999", "x", "1" * 30):
            visitor.read(f"/done/{number}")
            assert visitor.status == 404


@pytest.mark.parametrize("path", [PSG_PAGE, f"{PSG_PAGE}/move", f"{PSG_PAGE}/confirm", "/calendar", "/releases"])
def test_every_field_has_its_label(visitor: Visitor, desk: Desk, path: str) -> None:
    queue_notices(desk, "AB")
    page = visitor.read(path)
    fields = [f for form in page("form", method="post") for f in form(["input", "select"]) if f.get("type") != "hidden"]
    assert fields
    labelled = {str(label["for"]) for label in page("label") if label.has_attr("for")}
    assert [str(f) for f in fields if f.get("id") not in labelled and f.find_parent("label") is None] == []


def test_a_real_browser_moves_a_meeting_and_releases_its_notices(desk: Desk, tobias: str) -> None:
    """Chromium sends what browsers send: the strict cookie, the origin of our own forms, no script of the page's."""

    async def by_hand(address: str) -> tuple[str, str, str]:
        async with chromium() as browser:
            await browser.open(f"{address}/enter/{desk.entry_key}")
            await browser.open(f"{address}{PSG_PAGE}")
            await browser.fill_in("#move-to", "2026-03-11")
            await browser.fill_in("#move-reason", "The SRO is away.")
            await browser.fill_in("#move-by", tobias)
            await browser.press('form[action$="/move"] button')
            preview = await browser.text()
            await browser.press(".deed button")
            done = await browser.text()
            await browser.press('main a[href="/releases"]')
            await browser.press('button[value="all"]')
            await browser.press(".act button")
            return preview, done, await browser.text()

    with served(desk) as address:
        preview, done, released = asyncio.run(by_hand(address))
    assert "Nothing has been changed yet" in preview
    assert "Done: PSG moved to Wednesday 11 March 2026, 10:00 (London)" in done
    moves = notices(desk, meeting_uid=PSG, kind="move")
    assert f"Done: {len(moves)} notices released" in released
    assert {row.state for row in moves} == {"pending"}
    assert {row.released_by for row in moves} == {TOBIAS}
