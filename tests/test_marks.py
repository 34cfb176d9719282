"""Live marks: made in the meeting's channel while it goes on, taken back, and what they do for the draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import docx
import pytest
from sqlalchemy import select

from bot import drafts, marks, meetings, recordings
from bot.adapters.checkpoint_files import CheckpointFolder
from bot.adapters.content_files import ContentFolder
from bot.adapters.sound_files import SoundFilesByAv
from bot.adapters.word_document import WordDocuments
from bot.clock import Clock
from bot.config import Config, Secrets
from bot.config_channels import Slack
from bot.drafts import Drafting
from bot.formats import Agenda, Audio, Draft, LiveMark, Part, Segment, Transcript, marked_alone
from bot.headlines.marks import second_of, with_marks
from bot.model import Person
from bot.spoken_terms import SpokenTerms
from bot.store.database import Database
from bot.store.draft_tables import DraftRow
from bot.store.house_tables import AuditRow
from bot.store.slack_tables import LiveMarkRow
from bot.store.speech_tables import TranscriptRow
from bot.transcripts import Transcribing, transcribe_one
from schedules.checking import problems_of
from tests.secretariat_process import ROOT
from tests.slack_at_hand import HARRIET, STRANGER, TOBIAS, SlackAtHand, slack_at_hand
from tests.test_word_document import DRAFT, REPORT, WRITER, everything

AT = datetime(2024, 2, 7, 10, 14, 7, tzinfo=UTC)  # PSG meets from 10:00 to 12:00
CHANNEL = "C0PSGPSG"
OUTSIDER = "U0SAMPLE17"  # of QAG, not of PSG


@pytest.fixture
def clock() -> Clock:
    return Clock(AT)


@pytest.fixture
def at_psg(config: Config) -> Config:
    """The shipped configuration, PSG having a channel."""
    psg = config.groups["PSG"].model_copy(update={"channel": CHANNEL})
    return config.model_copy(update={"groups": config.groups | {"PSG": psg}})


@pytest.fixture
def slack(
    database: Database, at_psg: Config, people: dict[str, Person], clock: Clock, tmp_path: Path
) -> Iterator[SlackAtHand]:
    with slack_at_hand(database, at_psg, clock, ContentFolder(tmp_path / "content")) as at_hand:
        yield at_hand


def reacts(
    slack: SlackAtHand, emoji: str = "scales", *, user: str = HARRIET, after: float = 0.0, removed: bool = False,
    channel: str = CHANNEL, message: str = "1.1", event_id: str = "",
) -> None:  # fmt: skip
    """Put an emoji to a message, or take it away, so many seconds after 10:14:07; wait until it is seen to."""
    slack.event(
        {
            "type": "reaction_removed" if removed else "reaction_added", "user": user, "reaction": emoji,
            "item": {"type": "message", "channel": channel, "ts": message},
            "event_ts": f"{AT.timestamp() + after:.6f}",
        },
        event_id=event_id,
    )  # fmt: skip


def on_file(database: Database, *, withdrawn: bool = False) -> list[tuple[str, datetime, str]]:
    with database.reading() as session:
        rows = session.scalars(select(LiveMarkRow).order_by(LiveMarkRow.at))
        return [(r.kind, r.at, r.note) for r in rows if (r.withdrawn_at is not None) == withdrawn]


def events(database: Database, event: str) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(r.actor, r.subject) for r in session.scalars(select(AuditRow).where(AuditRow.event == event))]


# ----------------------------------------------------------------------------------------------------------- by command


def test_a_command_in_the_channel_stamps_the_instant_with_who_and_when(slack: SlackAtHand, database: Database) -> None:
    said = slack.says("mark decision the plan by <May>", channel_id=CHANNEL)
    assert said.startswith("Marked: a decision at 10:14:0")
    assert "(London) in PSG: the plan by &lt;May&gt;." in said
    [(kind, at, note)] = on_file(database)
    assert (kind, note) == ("decision", "the plan by <May>")
    assert AT <= at < AT + timedelta(seconds=30)
    [(actor, meeting)] = events(database, "decision marked live")
    assert actor == "Harriet Bassington"
    assert meeting.startswith("psg-2024-02-07")


def test_elsewhere_the_group_is_named_or_is_the_only_meeting_that_goes_on(
    slack: SlackAtHand, database: Database
) -> None:
    assert "in PSG" in slack.says("mark action PSG Elexon sends it")
    assert "in PSG" in slack.says("mark action psg again")
    assert "in PSG: something else" in slack.says("mark action something else")
    assert [note for _, _, note in on_file(database)] == ["Elexon sends it", "again", "something else"]


@pytest.mark.parametrize(
    ("text", "user", "said"),
    [
        ("mark", HARRIET, "a decision or an action?"),
        ("mark plan", HARRIET, "a decision or an action?"),
        ("mark decision MWG", HARRIET, "No meeting of MWG goes on just now."),
        ("mark decision", OUTSIDER, "No meeting of yours goes on just now."),
        ("mark decision PSG", OUTSIDER, "That is not open to you."),
        ("mark decision PSG", STRANGER, "does not know you"),
        ("mark undo", HARRIET, "There is no mark of yours"),
    ],
)
def test_what_marks_nothing_says_why(slack: SlackAtHand, database: Database, text: str, user: str, said: str) -> None:
    assert said in slack.says(text, user=user)
    assert on_file(database) == []


def test_the_refusal_of_somebody_not_at_the_meeting_is_kept(slack: SlackAtHand, database: Database) -> None:
    slack.says("mark decision", user=OUTSIDER, channel_id=CHANNEL)
    [(actor, what)] = events(database, "access refused")
    assert (actor, what.partition("-")[0]) == ("Emeka Loxley", "mark psg")


def test_a_mark_is_taken_back_by_its_button_or_as_the_last_one_and_by_nobody_else(
    slack: SlackAtHand, database: Database
) -> None:
    slack.says("mark decision", channel_id=CHANNEL)
    slack.says("mark action", channel_id=CHANNEL)
    assert "no such mark of yours" in slack.answered(slack.click("mark_taken_back", "1", user=TOBIAS))
    assert "an action" in slack.says("mark undo")
    assert [kind for kind, _, _ in on_file(database)] == ["decision"]
    assert "is taken back" in slack.answered(slack.click("mark_taken_back", "1"))
    assert "was taken back already" in slack.answered(slack.click("mark_taken_back", "1"))
    assert "no such mark" in slack.answered(slack.click("mark_taken_back", "one"))
    assert on_file(database) == []


# -------------------------------------------------------------------------------------------------------- by a reaction


def test_a_reaction_stamps_slacks_own_instant_and_goes_with_it(slack: SlackAtHand, database: Database) -> None:
    reacts(slack, "scales", after=-60)
    reacts(slack, "clipboard::skin-tone-3", message="2.2")
    assert on_file(database) == [("decision", AT - timedelta(seconds=60), ""), ("action", AT, "")]
    reacts(slack, "scales", after=5, removed=True)
    assert on_file(database) == [("action", AT, "")]
    assert events(database, "decision mark taken back")[0][0] == "Harriet Bassington"


def test_a_retried_event_acts_once_and_their_order_does_not_matter(slack: SlackAtHand, database: Database) -> None:
    for _ in range(2):
        reacts(slack, event_id="Ev1")
    assert len(events(database, "decision marked live")) == 1
    reacts(slack, after=20)  # made anew after a removal that comes late
    reacts(slack, after=10, removed=True)
    reacts(slack, after=20, event_id="Ev9")
    assert [at for _, at, _ in on_file(database)] == [AT + timedelta(seconds=20)]
    reacts(slack, message="3.3", after=31, removed=True)  # told before what it took away
    reacts(slack, message="3.3", after=30)
    assert len(on_file(database)) == 1


def test_what_is_no_mark_is_left_alone(slack: SlackAtHand, database: Database) -> None:
    reacts(slack, "tada")
    reacts(slack, channel="C0ELSEWHERE")
    reacts(slack, after=-3600)  # before the meeting
    reacts(slack, after=4 * 3600)
    reacts(slack, user=OUTSIDER)
    reacts(slack, user=STRANGER)
    assert on_file(database) == []
    assert len(events(database, "access refused")) == 2


def test_one_emoji_cannot_mean_two_things() -> None:
    with pytest.raises(ValueError, match="scales marks a decision as well as an action"):
        Slack(marks={"decision": ["scales"], "action": ["scales"]})


def test_check_names_a_channel_that_no_emoji_is_known_by(config: Config) -> None:
    online = config.slack.model_copy(update={"transport": "slack"})
    for channel, is_named in ((CHANNEL, False), ("#psg", True)):
        psg = config.groups["PSG"].model_copy(update={"channel": channel})
        with_channel = config.model_copy(update={"slack": online, "groups": config.groups | {"PSG": psg}})
        found = problems_of(with_channel, Secrets(_env_file=None), AT.date())
        assert ("slack-channel" in {problem.id for problem in found}) is is_named


# ---------------------------------------------------------------------------------------------------- beside the draft


def mark(kind: str, at: float | None, by: str = "Tobias Wrenfield", note: str = "") -> LiveMark:
    return LiveMark.model_validate(
        {"kind": kind, "marked_at": "2024-02-07T10:14:07+00:00", "by": by, "note": note, "at": at}
    )


def test_a_line_near_a_mark_is_surer_and_a_mark_alone_is_told() -> None:
    """The draft's decision is said at 754.2 seconds with 0.83, its action at 800 with 0.71."""
    made = with_marks(DRAFT, [mark("decision", 800.0), mark("decision", 700.0, note="plan B"), mark("action", 990.0)])
    assert [m.line for m in made.marks] == ["D-01", None, None]
    assert [d.confidence for d in made.decisions] == [1.0]
    assert [a.confidence for a in made.actions] == [0.71]
    assert marked_alone(made) == [
        "a decision at 00:11:40 (10:14:07 by Tobias Wrenfield: plan B)",
        "an action at 00:16:30 (10:14:07 by Tobias Wrenfield)",
    ]
    unplaced = with_marks(DRAFT, [mark("decision", None)])
    assert marked_alone(unplaced) == ["a decision (10:14:07 by Tobias Wrenfield)"]
    assert Draft.model_validate_json(made.model_dump_json()) == made


def test_a_mark_never_hides_that_a_line_failed_a_check() -> None:
    [line] = DRAFT.decisions
    failed = DRAFT.model_copy(update={"decisions": [line.model_copy(update={"confidence": 0.2})]})
    assert with_marks(failed, [mark("decision", 760.0)]).decisions[0].confidence < 0.5


def test_a_mark_finds_its_second_by_the_parts_own_clock() -> None:
    begun = [
        Part(name="one", duration=600, starts_at="2024-02-07T10:02:00+00:00"),
        Part(name="two", offset=600, duration=600, starts_at="2024-02-07T10:14:00+00:00"),
        Part(name="three", offset=1200, duration=600),
        Part(name="four", offset=1800, duration=600, starts_at="nonsense"),
    ]
    assert second_of(AT, begun) == 607.0
    assert second_of(datetime(2024, 2, 7, 10, 3, tzinfo=UTC), begun) == 60.0
    assert second_of(datetime(2024, 2, 7, 10, 13, tzinfo=UTC), begun) is None, "in the break"


@pytest.mark.parametrize(
    ("name", "begun"),
    [
        ("PSG-2024-02-07 10-02-30.mp4", "2024-02-07T10:02:30+00:00"),
        ("PSG-2024-07-03 part 2 11.15.mp4", "2024-07-03T11:15:00+01:00"),
        ("PSG-2024-02-07.mp4", None),
        ("PSG-2024-02-07 10-72.mp4", None),
        ("PSG-2024-02-31 10-02.mp4", None),
        ("PSG-2024-02-07 v2.10.mp4", None),
        ("PSG-2024-03-31 01-30.mp4", None),  # the clocks go forward: nobody's clock shows that
        ("anything 10-02.mp4", None),
    ],
)
def test_a_recordings_name_may_say_when_it_began(name: str, begun: str | None) -> None:
    found = recordings.begun_at(name)
    assert (found.isoformat() if found else None) == begun


class Stenographer:
    """A recogniser that hears three sentences."""

    def transcribe(self, audio: Path, *, name: str, on_progress: object, **_more: object) -> Transcript:
        said = ["Chair: the recommendation is approved by consensus.", "Lovely weather.", "Thank you."]
        return Transcript(
            audio=Audio(name=name, duration=1800.0), parts=[Part(name=name, duration=1800.0)], engine="ear",
            segments=[Segment(id=str(n), start=600.0 + 5 * n, end=605.0 + 5 * n, speaker="Chair", text=text)
                      for n, text in enumerate(said)],
        )  # fmt: skip


def test_from_slack_to_the_pmos_copy(
    slack: SlackAtHand, database: Database, config: Config, clock: Clock, tmp_path: Path
) -> None:
    """A mark at 10:14:07 is twelve minutes into a recording that began at 10:02; no line stands near it."""
    reacts(slack, "clipboard")
    slack.says("mark decision", user=HARRIET, channel_id=CHANNEL)
    (tmp_path / "content").mkdir()
    files = ContentFolder(tmp_path / "content")
    audio = tmp_path / "PSG-2024-02-07 10-02.wav"
    audio.write_bytes(b"sound")
    with database.session() as session:
        meeting = meetings.on_day(session, "PSG", AT.date())
        assert meeting
        recordings.arrived(
            session, name=audio.name, sha256=files.put_file(audio), meeting_uid=meeting.uid, now=clock.now()
        )
    shelf, terms = CheckpointFolder(tmp_path / "found"), SpokenTerms(config, lambda _: Agenda())
    doing = Transcribing(Stenographer, files, SoundFilesByAv(), shelf, terms=terms)
    assert transcribe_one(database, doing, clock, lambda _name, _done, _total: None)
    with database.reading() as session:
        kept = Transcript.model_validate_json(session.scalars(select(TranscriptRow)).one().content)
    assert kept.parts[0].starts_at == "2024-02-07T10:02:00+00:00"

    writer = WordDocuments(ROOT / "report_templates/headline_report.docx")
    drafting = Drafting(
        config, files, writer, lambda _: Agenda(), lambda _: (), lambda _session, _made, _now: None, "http://127.0.0.1"
    )
    assert drafts.draft_one(database, drafting, clock)
    with database.reading() as session:
        row = session.scalars(select(DraftRow)).one()
    made = Draft.model_validate_json(row.content)
    assert [(m.kind, m.by) for m in made.marks] == [
        ("action", "Harriet Bassington"),
        ("decision", "Harriet Bassington"),
    ]
    assert made.marks[0].at == 727.0
    text = "\n".join(p.text for p in docx.Document(BytesIO(files.path(row.document_sha256).read_bytes())).paragraphs)
    assert "Marked live, no line found: an action at 00:12:07 (10:14:07 by Harriet Bassington)" in text


def test_the_working_copy_tells_of_marks_and_the_issued_report_does_not() -> None:
    marked = replace(REPORT, draft=with_marks(DRAFT, [mark("decision", 760), mark("action", 9)]))
    working = everything(WRITER.draft_document(marked))
    assert "clear; marked live" in working
    assert "Marked live, no line found: an action at 00:00:09" in working
    issued = everything(WRITER.issued_document(marked))
    assert "arked live" not in issued
    assert "Tobias" not in issued


def test_the_marks_of_a_meeting_are_in_order_of_time(slack: SlackAtHand, database: Database) -> None:
    reacts(slack, after=50, message="9.9")
    reacts(slack, after=10, message="8.8")
    with database.reading() as session:
        meeting = meetings.on_day(session, "PSG", AT.date())
        assert meeting
        found = marks.of_meeting(session, meeting.uid)
    assert [m.marked_at for m in found] == ["2024-02-07T10:14:17+00:00", "2024-02-07T10:14:57+00:00"]
