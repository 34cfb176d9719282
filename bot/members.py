"""People: one identity with its addresses, the seats it holds by date, and who is meant by a role."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, selectinload

from bot.config_channels import RecipientRole
from bot.errors import BadTable, UnknownThing
from bot.model import Meeting, Person, SeatHolding
from bot.store.people_tables import EmailRow, PersonOptionRow, PersonRow, SeatHoldingRow, SlackIdRow

COLUMNS = (
    "person", "email", "slack_user_id", "organisation", "constituency", "group", "seat", "role", "from", "to",
    "alternate_for",
)  # fmt: skip
ROLES = (
    "chair", "member", "observer", "programme", "pmo", "pmo_lead", "secretary", "deputy", "alternate", "assistant",
)  # fmt: skip
PMO_ROLES = ("pmo", "pmo_lead", "secretary", "deputy")
AT_THE_TABLE = ("chair", "member", "observer", "programme", "alternate")


@dataclass(frozen=True)
class MemberLine:
    """One line of a members file, checked."""

    person: str
    email: str
    slack_user_id: str
    organisation: str
    constituency: str
    group: str
    seat: str
    role: str
    from_on: date
    to_on: date | None
    alternate_for: str


def read_members_file(file: Path, groups: Iterable[str]) -> list[MemberLine]:
    """The lines of a members file (CSV, UTF-8). Raises BadTable naming every line that is wrong, and what to do."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            _refuse_wrong_columns(file, reader.fieldnames or [])
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise BadTable(
            f"The members file {file} cannot be read ({error.strerror}).", hint="Correct the path."
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadTable(f"The members file {file} is no CSV in UTF-8 ({error}).", hint="Save it as CSV UTF-8.") from None
    known, lines, wrong = set(groups), [], []
    for number, row in rows:
        try:
            lines.append(_member_line(row, known))
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
    if wrong:
        raise BadTable(
            f"The members file {file} has {len(wrong)} line(s) that cannot be taken: {'; '.join(wrong)}.",
            hint="Correct them and import again; nothing has been imported.",
        )
    return lines


def _refuse_wrong_columns(file: Path, found: Iterable[str]) -> None:
    found = [name.strip() for name in found]
    unknown, absent = [c for c in found if c not in COLUMNS], [c for c in COLUMNS if c not in found]
    if unknown or absent:
        said = [f"has the unknown column(s) {', '.join(unknown)}"] * bool(unknown)
        said += [f"lacks the column(s) {', '.join(absent)}"] * bool(absent)
        raise BadTable(
            f"The members file {file} {' and '.join(said)}.",
            hint=f"The columns are: {','.join(COLUMNS)}. Nothing has been imported.",
        )


def _member_line(row: dict[str, str | None], groups: set[str]) -> MemberLine:
    value = {column: (row.get(column) or "").strip() for column in COLUMNS}
    if None in row:  # where csv puts what stands beyond the last column
        raise ValueError("it has more values than there are columns (put a value that holds a comma in quotes)")
    if not value["person"]:
        raise ValueError("`person` is empty")
    if value["email"] and not re.fullmatch(r"[^@\s]+@[^@\s]+", value["email"]):
        raise ValueError(f"`email` is {value['email']}, which is no e-mail address")
    if not value["email"] and not value["slack_user_id"]:
        raise ValueError(f"{value['person']} has neither an e-mail address nor a Slack id, and could not be reached")
    if value["group"] and value["group"] not in groups:
        raise ValueError(f"`group` is {value['group']}, which is no group")
    if value["role"] not in ROLES:
        raise ValueError(f"`role` is {value['role'] or 'empty'}, which is none of {', '.join(ROLES)}")
    if value["role"] == "assistant":
        if not value["alternate_for"]:
            raise ValueError(f"{value['person']} is assistant to whom? Name them under `alternate_for`")
        value["seat"] = f"Assistant to {value['alternate_for']}"  # one may assist several
    from_on = _date(value["from"], "from") or date.min
    to_on = _date(value["to"], "to")
    if to_on and to_on < from_on:
        raise ValueError(f"{value['person']} leaves ({to_on}) before arriving ({from_on})")
    return MemberLine(
        person=value["person"], email=value["email"].lower(), slack_user_id=value["slack_user_id"],
        organisation=value["organisation"], constituency=value["constituency"], group=value["group"],
        seat=value["seat"], role=value["role"], from_on=from_on, to_on=to_on, alternate_for=value["alternate_for"],
    )  # fmt: skip


def _date(text: str, column: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(f"`{column}` is {text}, which is no date (write 2024-02-07)") from None


def import_members(session: Session, lines: Iterable[MemberLine]) -> tuple[int, int]:
    """Put people and their seats on file; returns (people new, seats new). The same file again changes nothing."""
    before_people, before_seats = _count(session, PersonRow), _count(session, SeatHoldingRow)
    for line in lines:
        person = _person_for(session, line)
        _add_addresses(session, person, line)
        _add_seat(session, person, line)
        session.flush()
    return _count(session, PersonRow) - before_people, _count(session, SeatHoldingRow) - before_seats


def _count(session: Session, table: type[PersonRow] | type[SeatHoldingRow]) -> int:
    return len(session.scalars(select(table.id)).all())


def _person_for(session: Session, line: MemberLine) -> PersonRow:
    """The same address or Slack id is the same person; failing those, the same name at the same organisation."""
    email = session.get(EmailRow, line.email) if line.email else None
    slack = session.get(SlackIdRow, line.slack_user_id) if line.slack_user_id else None
    found = [row.person for row in (email, slack) if row]
    if len({p.id for p in found}) > 1:
        raise BadTable(
            f"{line.email} is {found[0].name}'s address, but {line.slack_user_id} is {found[1].name}'s Slack id.",
            hint="Correct the line; nothing has been imported.",
        )
    if found:
        return found[0]
    same = select(PersonRow).where(PersonRow.name == line.person, PersonRow.organisation == line.organisation)
    person = session.scalars(same).first()
    if person is None:
        digest = hashlib.sha256(f"{line.person}|{line.organisation}|{line.email}".encode()).hexdigest()[:12]
        person = PersonRow(id=f"P-{digest}", name=line.person, organisation=line.organisation, emails=[], slack_ids=[])
        session.add(person)
    return person


def _add_addresses(session: Session, person: PersonRow, line: MemberLine) -> None:
    if line.email and session.get(EmailRow, line.email) is None:
        person.emails.append(EmailRow(address=line.email, position=len(person.emails)))
    if line.slack_user_id and session.get(SlackIdRow, line.slack_user_id) is None:
        person.slack_ids.append(SlackIdRow(slack_user_id=line.slack_user_id, position=len(person.slack_ids)))


def _add_seat(session: Session, person: PersonRow, line: MemberLine) -> None:
    same = select(SeatHoldingRow).where(
        SeatHoldingRow.person_id == person.id,
        SeatHoldingRow.group_key == line.group,
        SeatHoldingRow.seat == line.seat,
        SeatHoldingRow.role == line.role,
        SeatHoldingRow.from_on == line.from_on,
    )
    holding = session.scalars(same).first()
    if holding is None:
        holding = SeatHoldingRow(
            person=person, group_key=line.group, seat=line.seat, role=line.role, from_on=line.from_on
        )
        session.add(holding)
    holding.constituency, holding.to_on = line.constituency or None, line.to_on
    holding.alternate_for = line.alternate_for or None


def as_person(row: PersonRow) -> Person:
    """The value of a row, with the first address that takes mail, and the first Slack id."""
    good = (email.address for email in row.emails if email.bounced_at is None)
    return Person(
        id=row.id,
        name=row.name,
        organisation=row.organisation,
        email=next(good, None),
        slack_user_id=row.slack_ids[0].slack_user_id if row.slack_ids else None,
    )


def by_email(session: Session, address: str) -> Person | None:
    """The person on file who writes from that address, whatever its case."""
    row = session.get(EmailRow, address.strip().lower())
    return as_person(row.person) if row else None


def by_slack_id(session: Session, slack_user_id: str) -> Person | None:
    """The person on file with that Slack id."""
    row = session.get(SlackIdRow, slack_user_id)
    return as_person(row.person) if row else None


def by_id(session: Session, person_id: str) -> Person | None:
    """The person of that id."""
    row = session.get(PersonRow, person_id)
    return as_person(row) if row else None


def named(session: Session, text: str) -> Person:
    """The one person meant by a name, an address, a Slack id or an id. Raises UnknownThing otherwise."""
    exact = by_email(session, text) or by_slack_id(session, text) or by_id(session, text)
    if exact:
        return exact
    found = [r for r in session.scalars(select(PersonRow)) if text.casefold() == r.name.casefold()]
    found = found or [r for r in session.scalars(select(PersonRow)) if text.casefold() in r.name.casefold()]
    if len(found) == 1:
        return as_person(found[0])
    if found:
        raise UnknownThing(f"{text} may be {', '.join(sorted(r.name for r in found))}.", hint="Give the whole name.")
    raise UnknownThing(
        f"{text} is not on file.", hint="Import people with `secretariat members import FILE.csv`, or correct the name."
    )


def at_tables(session: Session, meeting: Meeting, on: date | None = None) -> list[SeatHolding]:
    """The seats of every group whose meeting it is, the host's first, and of the programme's own people.

    On the day of the meeting, or on another day given.
    """
    on = on or meeting.on
    held = [h for group in meeting.groups for h in holdings(session, on, group=group)]
    return list(dict.fromkeys(held))


def holdings(
    session: Session, on: date, *, group: str | None = None, person_id: str | None = None
) -> list[SeatHolding]:
    """Seats held on that day: at one group's table, or by one person, or all."""
    still = or_(SeatHoldingRow.to_on.is_(None), SeatHoldingRow.to_on >= on)
    query = _with_people().where(SeatHoldingRow.from_on <= on, still)
    if group is not None:
        query = query.where(SeatHoldingRow.group_key.in_([group, ""]))
    if person_id is not None:
        query = query.where(SeatHoldingRow.person_id == person_id)
    return [_as_holding(row) for row in session.scalars(query.order_by(SeatHoldingRow.id))]


def ever_held(session: Session, group: str) -> list[SeatHolding]:
    """Every seat that anybody holds, held or is to hold at a group's table, and the programme's own people."""
    query = _with_people().where(SeatHoldingRow.group_key.in_([group, ""]))
    return [_as_holding(row) for row in session.scalars(query.order_by(SeatHoldingRow.id))]


def _with_people() -> Select[SeatHoldingRow]:
    return select(SeatHoldingRow).options(
        selectinload(SeatHoldingRow.person).selectinload(PersonRow.emails),
        selectinload(SeatHoldingRow.person).selectinload(PersonRow.slack_ids),
    )


def _as_holding(row: SeatHoldingRow) -> SeatHolding:
    return SeatHolding(
        person=as_person(row.person),
        group=row.group_key or None,
        seat=row.seat,
        role=row.role,
        constituency=row.constituency,
        from_on=row.from_on,
        to_on=row.to_on,
        alternate_for=row.alternate_for,
    )


def is_pmo(session: Session, person_id: str, on: date) -> bool:
    """Whether the person is of the PMO on that day, for the whole programme or as a group's secretary."""
    return any(h.role in PMO_ROLES for h in holdings(session, on, person_id=person_id))


def role_of(session: Session, person_id: str, on: date) -> RecipientRole:
    """As what a person is written to on that day: of the PMO first of all, then by the seats held."""
    roles = {h.role for h in holdings(session, on, person_id=person_id)}
    if roles.intersection(PMO_ROLES):
        return "pmo"
    if "chair" in roles:
        return "chair"
    if roles.intersection(("member", "alternate")):
        return "representative"
    if "programme" in roles:
        return "programme"
    return "observer" if "observer" in roles else "other"


def constituency_of(session: Session, person_id: str, group: str, on: date) -> str | None:
    """The constituency for which the person speaks in that group on that day, or None."""
    held = holdings(session, on, group=group, person_id=person_id)
    return next((h.constituency for h in held if h.constituency), None)


def owner_names(held: SeatHolding) -> set[str]:
    """What an action's owner may be called who holds this seat: the person, the seat, the constituency; casefolded."""
    names = (held.person.name, held.seat, held.seat.removesuffix(" Representative"), held.constituency or "")
    return {name.casefold() for name in names if name}


def recipients(held: Iterable[SeatHolding], whom: str) -> list[Person]:
    """Who is meant by a ladder's `to`, among the seats held (of `holdings(group=...)`), each person once.

    A group's own secretary comes before the programme's; where no such person is on file it is the PMO as a whole.
    """
    held = list(held)
    if whom == "members":
        return _once(h for h in held if h.group and h.role in AT_THE_TABLE and h.role != "alternate")
    if whom == "representatives":
        return _once(h for h in held if h.group and h.role == "member" and h.constituency)
    if whom == "pmo":
        return _once(h for h in held if h.role in PMO_ROLES)
    mine = [h for h in held if h.role == whom]
    chosen = [h for h in mine if h.group] or mine or [h for h in held if h.role in PMO_ROLES]
    return _once(chosen)


def choose(session: Session, person: Person, step: str) -> None:
    """A person chooses to hear a reminder that nobody hears otherwise. Chosen twice, it is chosen once."""
    if session.get(PersonOptionRow, (person.id, step)) is None:
        session.add(PersonOptionRow(person_id=person.id, step=step))
        session.flush()


def choose_no_more(session: Session, person: Person, step: str) -> None:
    """Undo `choose`."""
    row = session.get(PersonOptionRow, (person.id, step))
    if row:
        session.delete(row)
        session.flush()


def who_chose(session: Session, step: str) -> set[str]:
    """The ids of those who chose to hear it."""
    return set(session.scalars(select(PersonOptionRow.person_id).where(PersonOptionRow.step == step)))


def _once(held: Iterable[SeatHolding]) -> list[Person]:
    return list({h.person.id: h.person for h in held}.values())
