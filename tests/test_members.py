"""People: what a members file may say, who holds which seat on a day, and who is meant by a role."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot import members
from bot.config import Config
from bot.errors import BadTable, UnknownThing
from bot.model import Person
from bot.store.database import Database
from tests.conftest import MEMBERS
from tests.secretariat_process import secretariat

HEADER = ",".join(members.COLUMNS)
GOOD = "Ada Example,ada@example.org,U1,Example Ltd,DNO,PSG,DNO Representative,member,2024-01-01,,"
TODAY = date(2024, 2, 9)


def written(folder: Path, *lines: str, header: str = HEADER) -> Path:
    file = folder / "people.csv"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return file


def brought_in(database: Database, config: Config, file: Path) -> tuple[int, int]:
    with database.session() as session:
        return members.import_members(session, members.read_members_file(file, config.groups))


def everything(database: Database) -> list[tuple[object, ...]]:
    """All that is on file of people, as plain values."""
    with database.reading() as session:
        return [
            tuple(row)
            for table in ("people", "person_emails", "person_slack_ids", "seat_holdings")
            for row in session.execute(text(f"SELECT * FROM {table} ORDER BY 1"))  # noqa: S608  # our own names
        ]


def test_the_same_file_again_changes_nothing(database: Database, config: Config, people: dict[str, Person]) -> None:
    before = everything(database)
    assert len(people) > 25
    assert brought_in(database, config, MEMBERS) == (0, 0)
    assert everything(database) == before


def test_a_term_that_ends_is_taken_from_the_file(database: Database, config: Config, tmp_path: Path) -> None:
    brought_in(database, config, written(tmp_path, GOOD))
    assert brought_in(database, config, written(tmp_path, GOOD.replace("2024-01-01,,", "2024-01-01,2024-02-08,"))) == (
        0,
        0,
    )
    with database.reading() as session:
        assert members.holdings(session, TODAY, group="PSG") == [], "it ended yesterday"
        assert len(members.holdings(session, TODAY - timedelta(days=1), group="PSG")) == 1, "the last day counts"


# the wrong line, and what is said of it
WRONG = [
    (GOOD.replace("2024-01-01", "2024-02-30"), "`from` is 2024-02-30, which is no date"),
    (GOOD.replace("2024-01-01", "01/02/2024"), "`from` is 01/02/2024, which is no date"),
    (GOOD.replace("2024-01-01,,", "2024-01-01,soon,"), "`to` is soon, which is no date"),
    (GOOD.replace("2024-01-01,,", "2024-01-01,2023-01-01,"), "leaves (2023-01-01) before arriving (2024-01-01)"),
    (GOOD.replace(",PSG,", ",PSGG,"), "`group` is PSGG, which is no group"),
    (GOOD.replace(",member,", ",boss,"), "`role` is boss, which is none of chair, member,"),
    (GOOD.replace(",member,", ",,"), "`role` is empty"),
    (GOOD.replace("ada@example.org", "ada.example.org"), "`email` is ada.example.org, which is no e-mail address"),
    (GOOD.replace("ada@example.org", "ada@"), "`email` is ada@, which is no e-mail address"),
    (GOOD.replace("ada@example.org", "a@b@example.org"), "`email` is a@b@example.org, which is no e-mail address"),
    (GOOD.replace("Ada Example", " "), "`person` is empty"),
    (GOOD.replace("ada@example.org,U1", ","), "could not be reached"),
    (GOOD.replace("Example Ltd", "Example, Ltd"), "more values than there are columns"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_a_wrong_line_is_named_with_its_column_and_nothing_is_brought_in(
    database: Database, config: Config, tmp_path: Path, line: str, said: str
) -> None:
    file = written(tmp_path, GOOD, line)
    with pytest.raises(BadTable) as refused:
        brought_in(database, config, file)
    assert str(file) in str(refused.value)
    assert f"line 3: {said}" in str(refused.value) or ("line 3: " in str(refused.value) and said in str(refused.value))
    assert "nothing has been imported" in str(refused.value)
    assert everything(database) == []


def test_every_wrong_line_is_named_at_once(config: Config, tmp_path: Path) -> None:
    with pytest.raises(BadTable) as refused:
        members.read_members_file(written(tmp_path, *(line for line, _ in WRONG)), config.groups)
    for number, (_, said) in enumerate(WRONG, 2):
        assert f"line {number}: " in str(refused.value)
        assert said in str(refused.value)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace("person", "name"), "has the unknown column(s) name and lacks the column(s) person"),
        (HEADER.replace(",alternate_for", ""), "lacks the column(s) alternate_for"),
        (HEADER + ",phone", "has the unknown column(s) phone"),
        (HEADER.replace(",", ";"), "lacks the column(s) person"),
        ("", "lacks the column(s) person"),
    ],
)
def test_wrong_columns_are_named(config: Config, tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(BadTable) as refused:
        members.read_members_file(written(tmp_path, GOOD, header=header), config.groups)
    assert said in str(refused.value)
    assert HEADER in str(refused.value), "it says which columns there are"


def test_a_file_that_is_not_there_or_no_text_is_said(config: Config, tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="cannot be read"):
        members.read_members_file(tmp_path / "nowhere.csv", config.groups)
    (tmp_path / "latin.csv").write_bytes(f"{HEADER}\nZo\xeb,".encode("latin-1"))
    with pytest.raises(BadTable, match="UTF-8"):
        members.read_members_file(tmp_path / "latin.csv", config.groups)


def test_a_spreadsheets_own_csv_is_taken(database: Database, config: Config, tmp_path: Path) -> None:
    """A byte-order mark, line ends of Windows, an empty last line, spaces around the values."""
    file = tmp_path / "people.csv"
    file.write_bytes(f"\ufeff{HEADER}\r\n{GOOD.replace(',U1,', ' , U1 ,')}\r\n\r\n".encode())
    assert brought_in(database, config, file) == (1, 1)


def test_the_command_refuses_with_1_and_changes_nothing(tmp_path: Path) -> None:
    done = secretariat(tmp_path / "var", "members", "import", str(written(tmp_path, GOOD, WRONG[0][0])))
    assert done.returncode == 1
    assert "line 3: `from` is 2024-02-30" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_addresses_are_one_person(database: Database, people: dict[str, Person]) -> None:
    """Harriet Bassington writes from a second address about migration; her Slack id ties the two together."""
    with database.reading() as session:
        first = members.by_email(session, "harriet.bassington@example.org")
        second = members.by_email(session, " H.Bassington.Migration@Example.org ")
    assert first is not None
    assert first == second == people["Harriet Bassington"]
    assert first.email == "harriet.bassington@example.org", "mail goes to the first"


def test_an_address_of_one_and_a_slack_id_of_another_is_refused(
    database: Database, config: Config, tmp_path: Path
) -> None:
    other = "Bea Example,bea@example.org,U2,Example Ltd,DNO,PSG,DNO Representative,member,2024-01-01,,"
    mixed = other.replace("U2", "U1")
    before = everything(database)
    with pytest.raises(BadTable, match=r"bea@example\.org is Bea Example's address, but U1 is Ada Example's Slack id"):
        brought_in(database, config, written(tmp_path, GOOD, other, mixed))
    assert everything(database) == before


def test_the_seat_of_a_day(database: Database, people: dict[str, Person]) -> None:
    """Dorothea Vance held the Medium Supplier's seat until 30 June 2024, Rhydian Okonjo from the day after."""
    with database.reading() as session:
        holders = {
            day: [
                h.person.name
                for h in members.holdings(session, day, group="PSG")
                if h.constituency == "Medium Supplier"
            ]
            for day in (date(2024, 6, 30), date(2024, 7, 1))
        }
        assert holders == {date(2024, 6, 30): ["Dorothea Vance"], date(2024, 7, 1): ["Rhydian Okonjo"]}
        before = members.constituency_of(session, people["Dorothea Vance"].id, "PSG", date(2024, 7, 1))
        assert before is None


def test_an_alternate_sits_for_one_meeting_and_is_no_member(database: Database, people: dict[str, Person]) -> None:
    alternate = people["Ingrid Salterton"]
    with database.reading() as session:
        held = members.holdings(session, date(2026, 12, 2), group="PSG")
        after = members.holdings(session, date(2026, 12, 3), group="PSG")
    [seat] = [h for h in held if h.person == alternate]
    assert (seat.role, seat.alternate_for) == ("alternate", "Rhydian Okonjo")
    assert alternate not in members.recipients(held, "members")
    assert people["Rhydian Okonjo"] in members.recipients(held, "members"), "an alternate excuses nobody from reading"
    assert alternate not in [h.person for h in after]


def test_who_is_meant_by_a_role(database: Database, people: dict[str, Person]) -> None:
    with database.reading() as session:
        held = members.holdings(session, TODAY, group="PSG")
    named = {whom: [p.name for p in members.recipients(held, whom)] for whom in ("secretary", "deputy", "pmo_lead")}
    assert named == {
        "secretary": ["Tobias Wrenfield"],
        "deputy": ["Ifeoma Castellane"],
        "pmo_lead": ["Rosalind Achterberg"],
    }
    representatives = members.recipients(held, "representatives")
    assert people["Harriet Bassington"] in representatives
    nobody_from = {"Marguerite Oyelaran", "Benedikt Harrowgate", "Philippa Dunmorrow", "Hamish Torvalden"}
    assert not nobody_from & {p.name for p in representatives}, (
        "Chair, IPA, Ofgem and Programme speak for no constituency"
    )
    assert nobody_from < {p.name for p in members.recipients(held, "members")}


def test_without_a_secretary_the_programmes_pmo_is_meant(database: Database, people: dict[str, Person]) -> None:
    """The Commercial Impacts Group has nobody of its own on file."""
    with database.reading() as session:
        held = members.holdings(session, TODAY, group="CIG")
    assert {p.name for p in members.recipients(held, "secretary")} == {"Rosalind Achterberg", "Saoirse Brandreth"}


def test_who_is_of_the_pmo(database: Database, people: dict[str, Person]) -> None:
    with database.reading() as session:
        pmo = {name for name, person in people.items() if members.is_pmo(session, person.id, TODAY)}
    assert pmo == {
        "Rosalind Achterberg", "Saoirse Brandreth", "Tobias Wrenfield", "Ifeoma Castellane", "Gethin Marlowe-Pugh"
    }  # fmt: skip


def test_a_name_must_mean_one_person(database: Database, people: dict[str, Person]) -> None:
    with database.reading() as session:
        assert members.named(session, "rosalind achterberg") == people["Rosalind Achterberg"]
        assert members.named(session, "Castellane") == people["Ifeoma Castellane"]
        assert members.named(session, "U0SAMPLE16") == people["Harriet Bassington"]
        with pytest.raises(UnknownThing, match="may be"):
            members.named(session, "an")
        with pytest.raises(UnknownThing, match="Nobody Atall is not on file"):
            members.named(session, "Nobody Atall")
