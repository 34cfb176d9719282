"""Constituency by item: who spoke, who let an item pass, who was away. Alternates speak for their constituency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from bot.formats import Agenda, Attendance, Attendee, Draft, Matrix, MatrixCell, MatrixItem, MatrixRow
from bot.headlines.agenda import Begun, item_at, item_keys
from bot.headlines.people import attendee_of
from bot.headlines.sentences import Sentence

Spoken = Mapping[tuple[str, str | None], float]
"""Seconds for which a constituency is known to have spoken on an item (None: under none)."""


def spoken_seconds(sentences: Sequence[Sentence], *, attendance: Attendance, begun: Sequence[Begun]) -> Spoken:
    """How long each constituency spoke on each item, by the names of the speakers. Nobody's is guessed."""
    seconds: dict[tuple[str, str | None], float] = defaultdict(float)
    counted: set[int] = set()
    for sentence in sentences:
        member = attendee_of(sentence.speaker, attendance)
        item = item_at(sentence.number, begun)
        for piece in sentence.pieces:
            if member and member.constituency and piece.place not in counted:
                length = max(0.0, piece.segment.end - piece.segment.start)
                seconds[member.constituency, item.item if item else None] += length
            counted.add(piece.place)
    return seconds


def matrix_of(draft: Draft, *, agenda: Agenda, attendance: Attendance, spoken: Spoken) -> Matrix:
    """The matrix of a draft: working material of the PMO, not for issue.

    A constituency "spoke" on an item where its voice is known there, or a drafted viewpoint is its own; it is "absent"
    where everybody who sits for it is said to be away, and nothing of theirs was heard.
    """
    titled = [MatrixItem(item=key, title=x.title) for key, x in zip(item_keys(agenda), agenda.items, strict=True)]
    return _matrix(draft, titled or [MatrixItem(item=None, title="The meeting")], attendance.members, spoken)


def matrix_after_edits(draft: Draft, was: Matrix) -> Matrix:
    """The matrix of a draft that a person edited: its own viewpoints and attendance now, the speech as it was heard."""
    spoken = {
        (row.constituency, item.item): cell.seconds
        for row in was.rows
        for item, cell in zip(was.items, row.cells, strict=True)
    }
    if draft.attendance is not None:
        present = {"present": True, "alternate": True, "apologies": False}
        members = [
            Attendee(name=line.name, constituency=line.constituency, present=present.get(line.status))
            for line in draft.attendance
        ]
    else:
        members = [
            Attendee(name=row.constituency, constituency=row.constituency, present=False if _away(row) else None)
            for row in was.rows
        ]
    return _matrix(draft, was.items, members, spoken)


def _away(row: MatrixRow) -> bool:
    return bool(row.cells) and all(cell.state == "absent" for cell in row.cells)


def _matrix(draft: Draft, items: Sequence[MatrixItem], members: Sequence[Attendee], spoken: Spoken) -> Matrix:
    seated = [member.constituency for member in members if member.constituency]
    spoke = [v.constituency for v in draft.viewpoints if v.constituency]
    return Matrix(
        items=list(items),
        rows=[
            MatrixRow(constituency=name, cells=_cells(name, draft, items, members, spoken))
            for name in dict.fromkeys([*seated, *spoke])
        ],
    )


def _cells(
    name: str, draft: Draft, items: Sequence[MatrixItem], members: Sequence[Attendee], spoken: Spoken
) -> list[MatrixCell]:
    sitting = [member for member in members if member.constituency == name]
    views = [view for view in draft.viewpoints if view.constituency == name]
    heard = bool(views) or any(seconds for (who, _), seconds in spoken.items() if who == name)
    away = bool(sitting) and all(member.present is False for member in sitting) and not heard
    cells = []
    for item in items:
        whole = item.item is None  # the meeting as one, where there is no agenda
        own = [view.ref for view in views if whole or view.item == item.item]
        seconds = sum(s for (who, key), s in spoken.items() if who == name and (whole or key == item.item))
        state = "spoke" if own or seconds else "absent" if away else "no view recorded"
        cells.append(MatrixCell.model_validate({"state": state, "seconds": round(seconds, 1), "views": own}))
    return cells
