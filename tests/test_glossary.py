"""Names and terms: gathered, told to the recogniser, put right where they were misheard, and taken back."""

from __future__ import annotations

import html
import lzma
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bot import meetings, members, misheard, papers, recordings, transcripts
from bot.adapters.content_files import ContentFolder
from bot.cli import app
from bot.clock import Clock
from bot.common_words import is_known_name, is_ordinary
from bot.config import Config
from bot.errors import SecretariatError, UnknownThing
from bot.formats import Agenda, AgendaItem, Audio, Segment, Transcript, Word
from bot.glossary import Term, for_recogniser, terms_of
from bot.model import Person
from bot.sounds import likeness, sound
from bot.spoken_terms import SpokenTerms
from bot.store.database import Database
from bot.store.house_tables import AuditRow
from bot.store.speech_tables import RecordingRow
from bot.term_correction import corrected, undone
from handlers.web.desk import Desk as WebDesk
from handlers.web.pages import page_app
from schedules.announcements import Announcer
from schedules.series import Calendar
from tests.secretariat_process import ROOT

PSG = date(2024, 2, 7)
AT = datetime(2024, 2, 8, 9, tzinfo=UTC)
HARRIET, ROSALIND = "Harriet Bassington", "Rosalind Achterberg"
TERMS = (
    Term("TORWG", said=("tor wig",)),
    *map(
        Term,
        ("Elexon", "Ofgem", "MPAN", "DIP", "SIT", "RAID", "PSG", "SITAG", "MCAG", "TMAG", "RECCo", "IPA", "CIG", "IM"),
    ),
    *(
        Term(name, "person")
        for name in (HARRIET, ROSALIND, "Philippa Dunmorrow", "Tobias Wrenfield", "Magnus Eskdale", "Jocasta Pembridge")
    ),
    Term("Hearthside Energy", "organisation"),
    Term("Household Voice", "organisation"),
)


def heard(text: str, *, number: int = 0) -> Segment:
    """A sentence as a recogniser gives it, half a second a word."""
    words = [
        Word(start=number * 100 + n / 2, end=number * 100 + n / 2 + 0.4, text=word, probability=0.9)
        for n, word in enumerate(text.split())
    ]
    return Segment(id=str(number), start=words[0].start, end=words[-1].end, text=text, words=words, speaker="S")


def transcript(*texts: str) -> Transcript:
    segments = [heard(text, number=number) for number, text in enumerate(texts)]
    return Transcript(audio=Audio(name="x.flac", duration=1000), engine="ear", segments=segments)


def put_right(text: str, terms: tuple[Term, ...] = TERMS) -> str:
    return corrected(transcript(text), terms).segments[0].text


# What is put right


@pytest.mark.parametrize(
    ("said", "now"),
    [
        ("This went to off-gem, and off gem's answer came.", "This went to Ofgem, and Ofgem's answer came."),
        ("A note from LXON and one from Alexon.", "A note from Elexon and one from Elexon."),
        ("The P. S. G. asked M. Cag about it.", "The PSG asked MCAG about it."),
        ("That is for Taurwig to say.", "That is for TORWG to say."),
        ("Rekko will change the schedule.", "RECCo will change the schedule."),
        ("Thanks to Harriet Basington for that.", "Thanks to Harriet Bassington for that."),
        ("Rosalind Ackertberg, the floor is yours.", "Rosalind Achterberg, the floor is yours."),
        ("Philippa Dunmore said so.", "Philippa Dunmorrow said so."),
        ("Tobias Renfield's action is done.", "Tobias Wrenfield's action is done."),
        ("Magnus S. Dale and Jo Kasta Pembridge.", "Magnus Eskdale and Jocasta Pembridge."),
        ("As Harthside Energy has it.", "As Hearthside Energy has it."),
    ],
)
def test_misheard_names_and_terms_are_put_right(said: str, now: str) -> None:
    assert put_right(said) == now


@pytest.mark.parametrize(
    "said",
    [
        "Take a dip, sit down, raid the fridge.",  # everyday words that are terms when in capitals
        "The IPR group and the TMAG met, and so did the SAG.",  # an acronym is not another, misheard
        "Philippa Duncan and Harriet Bennett are other people.",
        "Toby Wrenfield is what friends call him.",
        "The electron went off with a gem of a household voice.",
        "The MPANs of Elexon's members are in PSG's log.",  # right as they are
        "We cut over the sub-group by half-hourly settlement.",
        "Benedict Harrowgate is nobody here.",
        "The Sig was there, im sure.",
    ],
)
def test_what_may_be_right_is_left_alone(said: str) -> None:
    assert put_right(said) == said
    assert corrected(transcript(said), TERMS).segments[0].corrections == []


def test_what_may_be_either_of_two_is_left_to_a_person() -> None:
    both = (Term("Jan Marrick", "person"), Term("Jan Darrick", "person"))
    assert put_right("Jan Barrick spoke.", both) == "Jan Barrick spoke."
    assert put_right("Jan Barrick spoke.", both[:1]) == "Jan Marrick spoke."


def test_real_meetings_about_other_things_stay_as_they_are(config: Config, people: dict[str, Person]) -> None:
    """A quarter of an hour of the Welsh Parliament, as somebody typed it, with our whole glossary."""
    with lzma.open(ROOT / "benchmarks/meetings/senedd.jsonl.xz", "rt", encoding="utf-8") as file:
        text = " ".join(re.findall(r'"text": ?"([^"]+)"', file.read(40_000)))
    sentences = [found.strip() for found in re.split(r"(?<=[.?!]) ", text) if found.strip()]
    assert sum(len(sentence.split()) for sentence in sentences) > 2000
    before = transcript(*sentences)
    everybody = tuple(Term(name, "person") for name in people)
    terms = (*terms_of(config, agenda=Agenda(), titles=()), *everybody)
    assert corrected(before, terms) == before


# What it can never do


WORDS = st.sampled_from(
    ["Ofgem", "off-gem,", "Harriet", "Basington.", "P", "S", "G", "LXON?", "the", "Rosalind", "Ackertberg", "M.", "Cag"]
)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=9), min_size=1, max_size=4), st.data())
@settings(max_examples=60, deadline=None)
def test_no_time_moves_and_no_line_goes(lines: list[list[str]], data: st.DataObject) -> None:
    before = transcript(*(" ".join(line) for line in lines))
    after = corrected(before, TERMS)
    assert [(s.id, s.start, s.end, s.speaker) for s in after.segments] == [
        (s.id, s.start, s.end, s.speaker) for s in before.segments
    ]
    for was, now in zip(before.segments, after.segments, strict=True):
        assert now.text == " ".join(word.text for word in now.words or ())
        edges = {word.start for word in was.words or ()} | {word.end for word in was.words or ()}
        assert {time for word in now.words or () for time in (word.start, word.end)} <= edges
        assert [w.start for w in now.words or ()] == sorted({w.start for w in now.words or ()})
    everything = [each.place for each in misheard.listed(after)]
    some = set(data.draw(st.lists(st.sampled_from(everything)))) if everything else set()
    partly = undone(after, some)
    assert {each.place for each in misheard.listed(partly) if each.undone} == some
    assert corrected(partly, TERMS) == partly
    back = undone(partly)
    assert [(s.text, s.words) for s in back.segments] == [(s.text, s.words) for s in before.segments]


def test_captions_without_times_of_words_are_left_alone() -> None:
    captions = transcript("Thanks to off-gem.")
    captions = captions.model_copy(update={"segments": [captions.segments[0].model_copy(update={"words": None})]})
    assert corrected(captions, TERMS) == captions


# Sounds and words


def test_words_that_sound_alike_are_near_and_others_are_not() -> None:
    for one, other in (("Renfield", "Wrenfield"), ("Rekko", "RECCo"), ("JoKasta", "Jocasta"), ("Osrick", "Osric")):
        assert likeness(sound(one), sound(other)) == 1
    assert likeness(sound("Ackertberg"), sound("Achterberg")) > 0.65
    assert likeness(sound("Duncan"), sound("Dunmorrow")) < 0.5
    assert likeness(sound("Duncan"), sound("Dunmorrow"), 0.6) == 0
    assert sound("") == sound("—")


def test_everyday_words_and_known_names() -> None:
    for word in ("meters", "Qualified", "programme", "program", "cities", "half", "a", "17th"):
        assert is_ordinary(word)
    for word in ("Elexon", "Achterberg", "MPAN", "Rekko"):
        assert not is_ordinary(word)
    assert is_known_name("Benedict")
    assert not is_known_name("Achterberg")


# Where terms come from


def test_terms_come_from_all_that_is_on_file_about_the_meeting(
    database: Database, config: Config, people: dict[str, Person], clock: Clock
) -> None:
    agenda = Agenda(items=[AgendaItem(title="CR045 and the Zentralix adapter", recommendation="DAG approves CR045.")])
    with database.session() as session:
        (psg,) = Calendar(config).meetings(PSG, PSG, ["PSG"])
        meetings.keep(session, [psg])
        by = people["Tobias Wrenfield"]
        author = members.named(session, "Harriet Bassington")
        papers.expect(session, psg, "Readiness of the Quorvex hub", author=author, by=by, now=clock.now())
        row = kept(session, psg.uid)
        found = SpokenTerms(config, lambda _: agenda).of_recording(session, row.id)
        session.rollback()
    texts = [term.text for term in found]
    assert texts[: len(config.transcription.glossary)] == [e.split(" =")[0] for e in config.transcription.glossary]
    assert {"MHHS", "PSG", "CR045", "Zentralix", "Quorvex", HARRIET, "SITAG", "RECCo", "iDNO"} <= set(texts)
    assert {"adapter", "Readiness", "Cutover", "Sub-Group", "WEBINAR"}.isdisjoint(texts)
    assert next(term for term in found if term.text == "TORWG").said == ("tor wig",)
    assert next(term for term in found if term.text == HARRIET).kind == "person"
    assert len(texts) == len(set(texts))
    told = for_recogniser(found)
    assert len(told) <= 40
    assert {"PSG", "CR045", HARRIET} <= set(told)


@pytest.mark.parametrize("entry", ["", " = said", "TORWG =", "a=b=c"])
def test_an_entry_that_cannot_be_read_is_refused(config: Config, entry: str) -> None:
    with pytest.raises(ValueError, match="glossary"):
        config.transcription.__class__(glossary=[entry])


# Kept, listed, taken back


def kept(session: Session, uid: str, *texts: str) -> RecordingRow:
    """A recording of that meeting, transcribed."""
    row = recordings.arrived(session, name="PSG-2024-02-07.flac", sha256="a" * 64, meeting_uid=uid, now=AT)
    if texts:
        transcripts.keep_version(session, row, transcript(*texts), AT)
        recordings.settle(row, "transcribed")
    session.flush()
    return row


@pytest.fixture
def recording(database: Database, config: Config, people: dict[str, Person]) -> str:
    """A transcribed recording of PSG that has two names to be put right."""
    with database.session() as session:
        (psg,) = Calendar(config).meetings(PSG, PSG, ["PSG"])
        meetings.keep(session, [psg])
        return kept(session, psg.uid, "Thanks to off-gem.", "And to Harriet Basington, and LXON.").id


def says(database: Database, recording: str) -> list[str]:
    with database.reading() as session:
        found = transcripts.latest(session, recording)
    assert found
    return [segment.text for segment in found[1].segments]


def test_the_pmo_corrects_lists_and_takes_back(
    database: Database, recording: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETARIAT_PATHS__STATE", str(tmp_path))

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["--config", str(ROOT / "config.yaml"), "transcript", *arguments])
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    by = ("--by", "Tobias Wrenfield")
    assert "00:00:01 off-gem. is now Ofgem." in run("correct", "PSG-2024-02-07", *by)
    corrected_text = ["Thanks to Ofgem.", "And to Harriet Bassington, and Elexon."]
    assert says(database, recording) == corrected_text
    assert "Nothing was found" in run("correct", "PSG-2024-02-07", *by)
    listed = run("corrections", recording)
    assert "Basington, │ Bassington," in listed
    assert "Bassington, is Basington, again." in run("undo", recording, "2", *by)
    assert says(database, recording) == ["Thanks to Ofgem.", "And to Harriet Basington, and Elexon."]
    assert "as heard" in run("corrections", recording)
    assert "Nothing was found" in run("correct", recording, *by)
    run("undo", recording, "--all", *by)
    assert says(database, recording) == ["Thanks to off-gem.", "And to Harriet Basington, and LXON."]
    assert "Nothing was left" in run("undo", recording, "--all", *by)
    with database.reading() as session:
        events = session.scalars(select(AuditRow.event).where(AuditRow.actor == "Tobias Wrenfield")).all()
    assert events == ["transcript corrected", "corrections taken back", "corrections taken back"]


def test_what_cannot_be_taken_back_is_said_in_a_sentence(
    database: Database, recording: str, people: dict[str, Person]
) -> None:
    with database.session() as session:
        row = session.get_one(RecordingRow, recording)
        by = people["Tobias Wrenfield"]
        with pytest.raises(UnknownThing, match="has no correction 7"):
            misheard.take_back(session, row, {7}, by=by, now=AT)
        misheard.put_right(session, row, TERMS, by=by, now=AT)
        row.state = "transcribed:working"
        with pytest.raises(SecretariatError, match="is being worked on"):
            misheard.take_back(session, row, None, by=by, now=AT)
        silent = recordings.arrived(session, name="x.flac", sha256="b" * 64, meeting_uid=None, now=AT)
        with pytest.raises(UnknownThing, match="no transcript yet"):
            misheard.of_recording(session, silent)


def test_a_correction_is_taken_back_on_the_page(
    database: Database, config: Config, recording: str, people: dict[str, Person], clock: Clock, tmp_path: Path
) -> None:
    tobias = people["Tobias Wrenfield"]
    with database.session() as session:
        misheard.put_right(session, session.get_one(RecordingRow, recording), TERMS, by=tobias, now=AT)
    calendar = Calendar(config)
    desk = WebDesk(
        database=database, config=config, clock=clock, calendar=calendar,
        announcer=Announcer(config, calendar, lambda: "http://page"), files=ContentFolder(tmp_path / "content"),
        slack_messages=list, entry_key="key", session_secret="secret", feed_secret="feeds",
    )  # fmt: skip
    path = f"/recordings/{recording}/about"
    with TestClient(page_app(desk, []), base_url="http://127.0.0.1") as client:
        client.get("/enter/key")
        page = html.unescape(client.get(path).text)
        assert "put right in its transcript: 3" in page
        assert "heard “LXON.”, now “Elexon.”" in page
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token
        sent = {"token": token[1], "by": tobias.id, "step": "undo", "correction": "3"}
        after = html.unescape(client.post(path, data=sent, headers={"Origin": "http://127.0.0.1"}).text)
    assert "heard “LXON.”, left so" in after
    assert says(database, recording) == ["Thanks to Ofgem.", "And to Harriet Bassington, and LXON."]


def test_what_is_switched_off_is_not_done(config: Config) -> None:
    neither = config.transcription.model_copy(update={"correct": False, "tell_terms": False})
    as_shipped = SpokenTerms(config, lambda _: Agenda())
    off = SpokenTerms(config.model_copy(update={"transcription": neither}), lambda _: Agenda())
    before = transcript("Thanks to off-gem.")
    assert off.corrected(before, TERMS) == before
    assert as_shipped.corrected(before, TERMS) != before
    assert off.told(TERMS) == ()
    assert as_shipped.told(TERMS)[0] == TERMS[0].text
    other = config.transcription.model_copy(update={"engine": "openai-whisper"})
    assert SpokenTerms(config.model_copy(update={"transcription": other}), lambda _: Agenda()).told(TERMS) == ()
