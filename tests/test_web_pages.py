"""The page as a browser meets it: a real database, a real server, real requests, and once the real Chromium."""

from __future__ import annotations

import io
import logging
import socket
import subprocess
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import amendments, audit, brakes, meetings, members, outbox, recordings, reports
from bot.adapters.content_files import ContentFolder
from bot.adapters.word_document import WordDocuments
from bot.clock import Clock
from bot.config import Config
from bot.config_file import read_config
from bot.corrections import Corrections
from bot.formats import (
    Audio,
    Completeness,
    Coverage,
    Draft,
    DraftedAction,
    DraftedDecision,
    DraftedMeeting,
    Evidence,
    Matrix,
    MatrixCell,
    MatrixItem,
    MatrixRow,
    PossibleLine,
    Transcript,
    Unrepresented,
)
from bot.model import HeadlineReport, Meeting, Notice
from bot.store.database import Database
from bot.store.draft_tables import DraftLineRow, DraftRow
from bot.store.house_tables import AuditRow
from bot.store.mail_tables import InboxRow
from bot.store.speech_tables import RecordingRow, TranscriptRow
from handlers.web.desk import Desk
from handlers.web.month_grid import calendar_html, months
from handlers.web.pages import page_app
from schedules.announcements import Announcer
from schedules.due import keep_calendar, queue_due
from schedules.series import Calendar
from tests.secretariat_process import ROOT

REPOSITORY = Path(__file__).parents[1]
CHROMIUM = Path("/usr/bin/chromium")
STARTED = datetime(2025, 11, 20, 9, tzinfo=UTC)
NOW = datetime(2025, 12, 5, 9, 30, tzinfo=UTC)
PSG = "psg-2025-12-03@mhhsprogramme.co.uk"
SITWG_MOVED = "sitwg-2026-01-01@mhhsprogramme.co.uk"
DRAFT_ID = "PSG-2025-12-03-draft-1"
HOSTILE = '<script>alert("owned")</script>'
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
QUOTE = "we accept the revised plan, subject to the defect report"


class InventedWriter(WordDocuments):
    """Stands in for Word where the bytes only have to come back as they were."""

    def draft_document(self, report: HeadlineReport) -> bytes:
        return f"draft of {report.reference}".encode()

    def issued_document(self, report: HeadlineReport) -> bytes:
        return f"issued {report.reference}".encode()


def silence(seconds: int) -> bytes:
    """A WAV file of that length."""
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 8000 * seconds)
    return kept.getvalue()


def psg_draft() -> Draft:
    evidence = [Evidence(segment="s1", quote=QUOTE)]
    return Draft(
        meeting=DraftedMeeting(group="PSG", date="2025-12-03"),
        decisions=[
            DraftedDecision(
                ref="D-01", item="3 Plan", text="The revised plan was accepted.", at=12.4, segment="s1",
                outcome="accept_subject_to", reached_by="consensus", confidence=0.82, evidence=evidence,
            )
        ],
        actions=[
            DraftedAction(
                ref="A-01", item=None, text=f"Circulate the defect report {HOSTILE}", at=31.0, segment="s2",
                owner=["Large Supplier"], due="2025-12-17", confidence=0.7, evidence=[],
            )
        ],
        coverage=Coverage(
            speech_seconds=50, represented_seconds=20, unattributed_seconds=5,
            unrepresented=[Unrepresented(start=40, end=47, segments=["s3"])],
        ),
        possible=[PossibleLine(ref="X-01", kind="action", item=None, text="A speaker said they would look into it.",
                               at=44.0, segment="s3", evidence=[Evidence(segment="s3", quote="we will look into it")])],
        matrix=Matrix(
            items=[MatrixItem(item="3", title="Plan")],
            rows=[MatrixRow(constituency="Large Supplier", cells=[MatrixCell(state="spoke", seconds=9.0)])],
        ),
        completeness=Completeness(unrepresented_seconds=30, unattributed_seconds=5, doubtful=[], undiscussed=[],
                                  statement=["Agenda item with no discussion found: Budget."]),
    )  # fmt: skip


def add_recording(session: Session, files: ContentFolder) -> str:
    sha256 = files.put(silence(60))
    row = recordings.arrived(session, name="PSG-2025-12-03.wav", sha256=sha256, meeting_uid=PSG, now=NOW)
    row.state, row.seconds_done, row.seconds_in_all = "drafted", 60, 60
    transcript = Transcript(audio=Audio(name=row.name, duration=60), engine="invented", segments=[])
    session.add(
        TranscriptRow(
            id="T-1", recording_id=row.id, made_at=NOW, engine="invented", model=None,
            content=transcript.model_dump_json(),
        )
    )  # fmt: skip
    session.add_all(
        [
            RecordingRow(
                id="R-working", meeting_uid=None, name="SITAG-2025-11-19.mp3", state="waiting:working", arrived_at=NOW,
                seconds_done=30, seconds_in_all=120,
            ),
            RecordingRow(
                id="R-asking", meeting_uid=None, name="holiday.mp3", state="asking", arrived_at=NOW,
                state_reason="Which meeting is holiday.mp3 of?",
            ),
        ]
    )  # fmt: skip
    session.flush()
    return row.id


def add_draft(session: Session, files: ContentFolder) -> None:
    draft = psg_draft()
    lines = [("decision", d) for d in draft.decisions] + [("action", a) for a in draft.actions]
    session.add(
        DraftRow(
            id=DRAFT_ID, meeting_uid=PSG, version=1, transcript_id="T-1", made_at=NOW, content=draft.model_dump_json(),
            document_sha256=files.put(b"the draft as a Word document"),
            lines=[
                DraftLineRow(
                    position=n, ref=line.ref, kind=kind, item=line.item, text=line.text, at_seconds=line.at,
                    details=line.model_dump(),
                )
                for n, (kind, line) in enumerate(lines)
            ],
        )
    )  # fmt: skip
    session.flush()


def issue_psg(session: Session, config: Config, files: ContentFolder) -> None:
    issuing = reports.Issuing(
        config=config,
        files=files,
        writer=InventedWriter(ROOT / "report_templates/headline_report.docx"),
        page="http://127.0.0.1:8765",
        meeting_number=lambda session, meeting: 27,
        dates_to_note=lambda session, meeting, issued: (
            ("Next PSG meeting", "Wednesday 7 January 2026, 10:00 (London)"),
        ),
    )
    meeting, by = held_psg(session), members.named(session, "Rosalind Achterberg")
    prepared = reports.prepare(
        session, issuing, meeting, by, NOW, Corrections(how="attended", overruled="Cleared in the room.")
    )
    reports.issue(session, issuing, prepared, NOW)


def held_psg(session: Session) -> Meeting:
    meeting = meetings.by_uid(session, PSG)
    assert meeting
    return meeting


def request_amendment(session: Session, announcer: Announcer) -> None:
    meeting = held_psg(session)
    who = next(h.person for h in members.holdings(session, meeting.on, group="PSG") if h.constituency)
    closes_at = announcer.window_of(session, meeting)
    text = f"The plan was accepted, with one abstention {HOSTILE}"
    amendments.submit(session, amendments.Submission(meeting, who, "D-01", text, "mail", "mail:1", closes_at), NOW)


def add_messages(session: Session) -> None:
    session.add(
        InboxRow(
            id="i1", file_name="1.eml", arrived_at=NOW, sender="press@example.org", subject=f"A question {HOSTILE}",
            state="needs_a_person", finding="press", reason="Not for a machine: the press.", own_words="May we ask?",
        )
    )  # fmt: skip
    notice = Notice(
        meeting_uid=PSG, meeting_revision=0, clock="headline_report", step="escalated", group="PSG", kind="escalation",
        recipient="address:x@example.org", subject="The PSG report is late", text=f"Dear Sam,\n{HOSTILE}\n",
        why="Rung 3.", due_at=NOW,
    )  # fmt: skip
    outbox.queue(session, notice, now=NOW, dial="approve", recipient_name="Sam Okonedo-Bligh")


@dataclass(frozen=True)
class House:
    """A seeded database with its desk."""

    desk: Desk
    recording_id: str


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("state")
    config = read_config(REPOSITORY / "config.yaml", paths={"templates": REPOSITORY / "report_templates"})
    database = Database(f"sqlite:///{folder}/secretariat.db")
    database.bring_up_to_date()
    files, calendar = ContentFolder(folder / "files"), Calendar(config)
    announcer = Announcer(config=config, calendar=calendar, page=lambda: "http://127.0.0.1:8765")
    with database.session() as session:
        members.import_members(session, members.read_members_file(REPOSITORY / "sample" / "members.csv", config.groups))
        keep_calendar(session, announcer, STARTED)
        queue_due(session, announcer, STARTED)
        recording_id = add_recording(session, files)
        add_draft(session, files)
        issue_psg(session, config, files)
        queue_due(session, announcer, NOW)
        request_amendment(session, announcer)
        add_messages(session)
    message = {
        "id": "1", "at": NOW.isoformat(), "to": "U0SAMPLE01", "to_name": "Rosalind Achterberg",
        "subject": "Papers are due", "text": f"In the local Slack {HOSTILE}",
    }  # fmt: skip
    yield House(
        Desk(
            database=database, config=config, clock=Clock(NOW), calendar=calendar, announcer=announcer, files=files,
            slack_messages=lambda: [message], entry_key="once-only", session_secret="invented secret of a test",
            feed_secret="another invented secret",
        ),
        recording_id,
    )  # fmt: skip
    database.close()


def slack_events(request: Request) -> Response:
    return PlainTextResponse("from slack")


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The page at a free port, in a thread; gives its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    app = page_app(desk, [Route("/slack/events", slack_events, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level=logging.CRITICAL, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        limit = time.monotonic() + 10
        while not server.started and time.monotonic() < limit:
            time.sleep(0.01)
        assert server.started
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture(scope="module")
def page(house: House) -> Iterator[httpx.Client]:
    """A browser that has come in by the link."""
    with served(house.desk) as address, httpx.Client(base_url=address, trust_env=False) as client:
        entered = client.get("/enter/once-only")
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        yield client


@pytest.fixture
def stranger(page: httpx.Client) -> Iterator[httpx.Client]:
    """Another browser, which has not."""
    with httpx.Client(base_url=page.base_url, trust_env=False) as client:
        yield client


def words_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert "<script" not in answer.text
    return " ".join(answer.text.split())


class TestTheDoor:
    def test_the_link_lets_one_browser_in_for_twelve_hours(self, house: House) -> None:
        with served(house.desk) as address, httpx.Client(base_url=address, trust_env=False) as browser:
            assert browser.head("/enter/once-only").status_code == 303  # a link preview does not use it up
            assert browser.get("/").status_code == 403
            cookie = browser.get("/enter/once-only").headers["set-cookie"].lower()
            assert browser.get("/").status_code == 200
        assert {"httponly", "samesite=strict", "max-age=43200"} <= set(cookie.replace(" ", "").split(";"))

    def test_the_link_works_once(self, stranger: httpx.Client) -> None:
        again = stranger.get("/enter/once-only")
        assert again.status_code == 403
        assert "This link has been used; a new one is printed each time the secretariat starts" in again.text
        assert stranger.get("/").status_code == 403

    @pytest.mark.parametrize("key", ["another", "once-only2", "%C3%A9"])
    def test_another_key_is_refused(self, stranger: httpx.Client, key: str) -> None:
        refused = stranger.get(f"/enter/{key}")
        assert refused.status_code == 403
        assert "This is not the link" in refused.text

    @pytest.mark.parametrize("path", ["/", "/outbox", "/recordings/R-asking", "/no/such/page"])
    def test_without_a_session_nothing_is_shown(self, stranger: httpx.Client, path: str) -> None:
        refused = stranger.get(path)
        assert refused.status_code == 403
        assert "open the link that the secretariat printed when it started" in refused.text
        assert "/outbox" not in refused.text  # not even the navigation

    def test_a_forged_cookie_is_no_session(self, stranger: httpx.Client) -> None:
        assert stranger.get("/", headers={"cookie": "secretariat=eyJhIjoxfQ==.forged.signature"}).status_code == 403

    def test_who_comes_from_another_site_is_led_on(self, stranger: httpx.Client) -> None:
        refused = stranger.get("/outbox?state=sent", headers={"sec-fetch-site": "cross-site"})
        assert refused.status_code == 403
        assert '<a href="/outbox?state=sent">open the page from here</a>' in refused.text
        elsewhere = stranger.get(f"{stranger.base_url}//evil.example/x", headers={"sec-fetch-site": "cross-site"})
        assert 'href="/evil.example/x"' in elsewhere.text

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:80@evil.example"])
    def test_a_foreign_host_is_refused(self, page: httpx.Client, host: str) -> None:
        refused = page.get("/", headers={"host": host})
        assert refused.status_code == 400
        assert "This page answers only at 127.0.0.1 or localhost" in refused.text

    def test_localhost_is_our_own(self, page: httpx.Client) -> None:
        assert page.get("/health", headers={"host": "localhost:8765"}).status_code == 200

    def test_health_and_slack_need_no_session(self, stranger: httpx.Client) -> None:
        assert (stranger.get("/health").status_code, stranger.get("/health").text) == (200, "ok")
        assert stranger.post("/slack/events", headers={"host": "tunnel.example"}).text == "from slack"

    def test_pages_are_only_for_reading(self, page: httpx.Client) -> None:
        assert page.head("/outbox").status_code == 200
        refused = page.post("/outbox")
        assert (refused.status_code, "only for reading" in refused.text) == (405, True)

    @pytest.mark.parametrize("path", ["/", "/outbox/none", "/static/page.css"])
    def test_every_answer_has_the_security_headers(self, page: httpx.Client, path: str) -> None:
        headers = page.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "same-origin")


class TestThePages:
    def test_the_overview_says_what_comes_and_what_waits(self, page: httpx.Client) -> None:
        words = words_of(page.get("/"))
        coming = words.partition("Next meetings")[2].partition("Meetings held")[0]
        assert coming.count("<article") == 8
        assert "QWG, Tuesday 9 December 2025" in words
        assert "Headline report" in words
        assert "Thursday 11 December 2025, 17:00 (London)" in words  # two working days after QWG
        assert "being transcribed, 25%" in words
        assert "Which meeting is holiday.mp3 of?" in words
        assert "The PSG report is late" in words
        assert "Not for a machine: the press." in words
        assert "<summary>Where the governance documents disagree" in words

    def test_a_draft_waits_only_until_its_report_is_issued(self, page: httpx.Client) -> None:
        assert "Drafts ready" not in words_of(page.get("/"))

    def test_clocks_of_a_meeting_held_stay_in_view(self, page: httpx.Client) -> None:
        held = words_of(page.get("/")).partition("Meetings held")[2].partition("Last notices")[0]
        (of_psg,) = (card for card in held.split("<article") if "PSG, Wednesday 3 December 2025" in card)
        assert "Amendments close" in of_psg
        assert "Headline report" not in of_psg  # issued, hence met
        assert "passed, not marked done" in held  # those of other meetings

    def test_the_calendar_shows_three_months_with_their_collisions(self, page: httpx.Client) -> None:
        words = words_of(page.get("/calendar"))
        assert [m for m in ("December 2025", "January 2026", "February 2026", "March 2026") if f">{m}<" in words] == [
            "December 2025",
            "January 2026",
            "February 2026",
        ]
        assert "Christmas Day" in words
        assert "Boxing Day" in words
        assert "proposed move" in words
        assert "SITWG: usual day, proposed for" in words
        assert "Contradictions" in words

    def test_the_calendar_takes_a_period(self, page: httpx.Client) -> None:
        words = words_of(page.get("/calendar?from=2027-03-01&to=2027-03-31"))
        assert "March 2027" in words
        assert "Good Friday" in words
        assert "PSG" in words

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("from=tomorrow", "“tomorrow” is no date"),
            ("from=0001-01-01", "lies outside the calendar"),
            ("from=2026-02-01&to=2026-01-01", "its first day first"),
            ("from=2020-01-01&to=2029-01-01", "at most two years"),
        ],
    )
    def test_a_period_that_cannot_be_shown_is_said(self, page: httpx.Client, query: str, sentence: str) -> None:
        refused = page.get(f"/calendar?{query}")
        assert refused.status_code == 400
        assert sentence in refused.text

    def test_a_meeting_shows_its_arithmetic(self, page: httpx.Client) -> None:
        words = words_of(page.get(f"/meetings/{PSG}"))
        assert "at least 5 working days before the meeting on Wednesday 3 December 2025" in words
        assert "Saturday 29 November 2025" in words
        assert "GF §Generic Meeting Practices" in words
        assert "by Rosalind Achterberg" in words
        assert "PSG-2025-12-03.wav" in words
        assert "AM-001" in words
        assert "The PSG report is late" in words

    def test_a_meeting_proposed_elsewhere_says_why(self, page: httpx.Client) -> None:
        words = words_of(page.get(f"/meetings/{SITWG_MOVED}"))
        assert "New Year&#39;s Day" in words
        assert "Days proposed, best first" in words

    def test_a_meeting_not_yet_on_file_is_shown_from_the_calendar(self, page: httpx.Client) -> None:
        words = words_of(page.get("/meetings/psg-2027-03-03@mhhsprogramme.co.uk"))
        assert "Wednesday 3 March 2027" in words

    def test_the_outbox_is_filtered_by_state(self, page: httpx.Client) -> None:
        suppressed, withheld = (words_of(page.get(f"/outbox?state={state}")) for state in ("suppressed", "withheld"))
        assert "it was due before this installation first started" in suppressed
        assert "Sam Okonedo-Bligh" in withheld
        assert "waits for a person" in withheld
        assert "it was due before" not in withheld
        assert page.get("/outbox?state=lost").status_code == 404
        assert page.get("/outbox?page=999").status_code == 404

    def test_the_outbox_is_paged_by_a_hundred(self, page: httpx.Client) -> None:
        first, second = words_of(page.get("/outbox")), words_of(page.get("/outbox?page=2"))
        assert first.count('<th scope="row">') == 100
        assert "Page 2 of" in second

    def test_a_notice_shows_the_whole_text_escaped(self, page: httpx.Client) -> None:
        listed = page.get("/outbox?state=withheld").text
        path = listed.partition('href="/outbox/')[2].partition('"')[0]
        words = words_of(page.get(f"/outbox/{path}"))
        assert "Dear Sam, &lt;script&gt;" in words
        assert "address:x@example.org" in words
        assert "Rung 3." in words

    def test_a_draft_shows_its_lines_and_where_to_listen(self, page: httpx.Client, house: House) -> None:
        words = words_of(page.get(f"/drafts/{DRAFT_ID}"))
        assert "Working material of the PMO" in words
        assert f'href="/recordings/{house.recording_id}#t=12"' in words
        assert f"“{QUOTE}”" in words
        assert "accepted with conditions, by consensus" in words
        assert "Circulate the defect report &lt;script&gt;" in words
        assert "00:00:40 to 00:00:47" in words
        assert "(40%)" in words
        assert "X-01" in words
        assert "A speaker said they would look into it." in words
        assert f'href="/recordings/{house.recording_id}#t=44"' in words
        assert "Spoke, no view drafted" in words
        assert "Agenda item with no discussion found: Budget." in words

    def test_a_report_shows_what_was_issued_without_working_material(self, page: httpx.Client) -> None:
        words = words_of(page.get("/reports/PSG-2025-12-03-r1"))
        assert "PSG-DEC" in words
        assert "PSG27-01" in words
        assert "by Rosalind Achterberg" in words
        assert "whole: it is what was issued" in words
        assert QUOTE not in words
        assert "Confidence" not in words

    def test_requests_stand_beside_the_present_text(self, page: httpx.Client) -> None:
        words = words_of(page.get("/requests"))
        assert "AM-001" in words
        assert "The revised plan was accepted." in words
        assert "with one abstention &lt;script&gt;" in words
        assert "Constituency" in words

    def test_inbox_and_slack_show_what_people_wrote_escaped(self, page: httpx.Client) -> None:
        inbox, slack = words_of(page.get("/inbox")), words_of(page.get("/slack"))
        assert "A question &lt;script&gt;" in inbox
        assert "Not for a machine: the press." in inbox
        assert "In the local Slack &lt;script&gt;" in slack

    def test_the_audit_says_whether_the_chain_is_whole(self, page: httpx.Client) -> None:
        words = words_of(page.get("/audit"))
        assert "The chain is whole" in words
        assert "report issued" in words

    def test_a_changed_audit_row_is_named(self, tmp_path: Path, house: House) -> None:
        database = Database(f"sqlite:///{tmp_path}/audit.db")
        database.bring_up_to_date()
        with database.session() as session:
            for subject in ("one", "two", "three"):
                audit.record(session, NOW, "secretariat", "drafted", subject)
        with database.session() as session:
            session.get_one(AuditRow, 2).subject = "forged"
        with entered(replace(house.desk, database=database)) as browser:
            assert "The chain is broken at row 2" in words_of(browser.get("/audit"))
            assert "No meeting is on file." in words_of(browser.get("/"))
        database.close()

    @pytest.mark.parametrize(
        "path",
        [
            "/meetings/psg-2025-12-04@mhhsprogramme.co.uk", "/meetings/nothing", "/meetings/x-9999-99-99@y",
            "/outbox/none", "/drafts/none", "/reports/none", "/recordings/none", "/recordings/R-asking", "/no/such",
            f"/documents/{'0' * 64}/x.docx", "/documents/..%2f..%2fetc%2fpasswd/x",
        ],
    )  # fmt: skip
    def test_what_is_unknown_is_said_in_a_sentence(self, page: httpx.Client, path: str) -> None:
        answer = page.get(path)
        assert answer.status_code == 404
        assert "<h1>Not found</h1>" in answer.text


@contextmanager
def entered(desk: Desk) -> Iterator[httpx.Client]:
    with served(desk) as address, httpx.Client(base_url=address, trust_env=False, follow_redirects=True) as browser:
        browser.get(f"/enter/{desk.entry_key}")
        yield browser


class TestFiles:
    def test_a_recording_is_served_from_any_place(self, page: httpx.Client, house: House) -> None:
        whole = silence(60)
        part = page.get(f"/recordings/{house.recording_id}", headers={"range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
        assert part.headers["content-type"] == "audio/wav"

    def test_a_recording_named_like_a_page_is_not_shown_as_one(self, page: httpx.Client, house: House) -> None:
        with house.desk.database.session() as session:
            sha256 = house.desk.files.put(HOSTILE.encode())
            recordings.arrived(session, name="evil.html", sha256=sha256, meeting_uid=None, now=NOW)
        answer = page.get(f"/recordings/R-{sha256[:12]}")
        assert answer.headers["content-type"] == "application/octet-stream"

    def test_documents_of_drafts_and_reports_are_downloads(self, page: httpx.Client) -> None:
        for path, name in ((f"/drafts/{DRAFT_ID}", DRAFT_ID), ("/reports/PSG-2025-12-03-r1", "PSG-2025-12-03%20head")):
            link = page.get(path).text.partition('class="button" href="')[2].partition('"')[0]
            answer = page.get(link)
            assert (answer.status_code, answer.headers["content-type"]) == (200, WORD)
            assert answer.headers["content-disposition"].startswith("attachment")
            assert name in answer.headers["content-disposition"]

    def test_no_other_file_is_a_document(self, page: httpx.Client, house: House) -> None:
        sha256 = house.desk.files.put(silence(60))  # the recording: on file, but no document
        assert page.get(f"/documents/{sha256}/x.docx").status_code == 404

    def test_a_file_that_is_gone_is_said(self, page: httpx.Client, house: House) -> None:
        with house.desk.database.session() as session:
            recordings.arrived(session, name="gone.mp3", sha256="f" * 64, meeting_uid=None, now=NOW)
        answer = page.get(f"/recordings/R-{'f' * 12}")
        assert answer.status_code == 404
        assert "gone.mp3 is no longer kept" in answer.text


class TestWhenSomethingIsWrong:
    def test_our_mistake_shows_an_id_and_no_traceback(self, house: House) -> None:
        def broken() -> list[dict[str, str]]:
            raise RuntimeError("the inside of the machine")

        with entered(replace(house.desk, slack_messages=broken)) as browser:
            answer = browser.get("/slack")
        assert answer.status_code == 500
        assert "The log has it under" in answer.text
        assert "the inside of the machine" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"

    def test_a_log_that_cannot_be_read_is_said(self, house: House) -> None:
        def unreadable() -> list[dict[str, str]]:
            raise PermissionError(13, "Permission denied")

        with entered(replace(house.desk, slack_messages=unreadable)) as browser:
            answer = browser.get("/slack")
        assert answer.status_code == 503
        assert "cannot be read (Permission denied)" in answer.text

    def test_a_database_that_cannot_be_used_is_said(self, house: House, tmp_path: Path) -> None:
        (tmp_path / "no.db").write_text("this is no database, and long enough to be told from one " * 20)
        with entered(replace(house.desk, database=Database(f"sqlite:///{tmp_path}/no.db"))) as browser:
            answer = browser.get("/outbox")
        assert answer.status_code == 503
        assert "is not a database of the secretariat" in answer.text


class TestTheMonthGrid:
    def test_weeks_run_from_monday_to_sunday(self, house: House) -> None:
        (month,) = months([], date(2026, 2, 10), date(2026, 2, 12), house.desk.calendar.closed)
        assert month.name == "February 2026"
        assert [cell and cell.on.day for cell in month.weeks[0]] == [None, None, None, None, None, None, 1]
        assert [cell and cell.on.day for cell in month.weeks[-1]] == [23, 24, 25, 26, 27, 28, None]

    def test_it_stands_alone_as_one_file(self, house: House) -> None:
        calendar, first, last = house.desk.calendar, date(2025, 12, 1), date(2026, 1, 31)
        html = calendar_html(
            calendar.meetings(first, last), first, last, calendar.closed, title="MHHS <meetings>",
            contradictions=house.desk.config.contradictions,
        )  # fmt: skip
        assert html.lstrip().startswith("<!doctype html>")
        assert "<title>MHHS &lt;meetings&gt;</title>" in html
        assert "--accent" in html  # the style is inside
        assert "href=" not in html
        assert "Christmas Day" in html
        assert "PSG" in html


def test_a_real_browser_shows_the_overview(house: House, tmp_path: Path) -> None:
    assert CHROMIUM.exists(), f"{CHROMIUM} is not installed: apt-get install chromium"
    with served(house.desk) as address:
        shown = subprocess.run(
            [
                CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"{address}/enter/once-only",
            ],
            capture_output=True, text=True, timeout=60, check=True,
        ).stdout  # fmt: skip
    assert "Next meetings" in shown
    assert "QWG, Tuesday 9 December 2025" in shown


def test_that_sending_is_stopped_is_the_first_thing_said(house: House, page: httpx.Client) -> None:
    sentence = "Sending is stopped for PSG since"
    for address in ("/", "/outbox"):
        assert sentence not in page.get(address).text
    with house.desk.database.session() as session:
        brakes.pull(session, "PSG", by="Tobias Wrenfield", reason="wrong dates", now=NOW)
    try:
        for address in ("/", "/outbox"):
            said = page.get(address).text
            assert sentence in said
            assert "by Tobias Wrenfield: wrong dates." in said
    finally:
        with house.desk.database.session() as session:
            brakes.let_go(session, "PSG", by="Tobias Wrenfield", now=NOW)
