"""How a headline report prints what is kept as codes and dates, and how an edited cell is read back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

from bot.clock import spoken_date
from bot.errors import SecretariatError
from bot.report_table import Change, Edit, PrintedLine, plain

OUTCOMES: Mapping[str, str] = {
    "accept": "Accepted",
    "reject": "Rejected",
    "refer": "Referred for further work",
    "accept_subject_to": "Accepted subject to further work",
    "escalate": "Escalated",
    "noted": "Noted",
    "deferred": "Deferred",
    "withdrawn": "Withdrawn",
    "none": "To be confirmed",
}
REACHED_BY: Mapping[str | None, str] = {
    "consensus": "Consensus",
    "chair": "Chair's informed decision",
    "sro": "SRO's decision",
    "recommendation": "Recommendation",
    None: "Not recorded",
}
STATUS: Mapping[str, str] = {
    "present": "Present",
    "alternate": "Alternate",
    "apologies": "Apologies",
    "expected": "Expected, not confirmed",
}
STANCES = ("supports", "concern", "objects", "asks", "abstains", "comments")
RAID_KINDS = ("risk", "assumption", "issue", "dependency")
NO_OWNER, NO_DUE, NO_CONSTITUENCY, NO_TIME = "To be confirmed", "Not given", "Not attributed", "—"
WHOLE_REPORT = "The report as a whole"


def due_words(due: str | None) -> str:
    """'9 February 2024' for an ISO date, else the words as they were said."""
    try:
        return spoken_date(date.fromisoformat(due or "")).split(" ", 1)[1]
    except ValueError:
        words = " ".join((due or "").split())
        return f"{words[:1].upper()}{words[1:]}" or NO_DUE


def due_of(words: str) -> str | None:
    """An ISO date where the cell holds one, else its words; None where it says that none was given."""
    said = " ".join(words.split())
    if said in ("", NO_DUE):
        return None
    bare = re.sub(r"^(mon|tues|wednes|thurs|fri|satur|sun)day,?\s+", "", said, flags=re.IGNORECASE)
    for pattern in ("%d %B %Y", "%d %b %Y", "%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(bare, pattern).date().isoformat()  # noqa: DTZ007  # a day, no instant
        except ValueError:
            continue
    return said


def owners_of(words: str) -> list[str]:
    """The owners in a cell, separated by commas."""
    said = " ".join(words.split())
    return [] if said == NO_OWNER else [owner.strip() for owner in said.split(",") if owner.strip()]


def seconds_of(words: str) -> float | None:
    """'00:12:34' as seconds; None where the cell names no time. Raises SecretariatError for anything else."""
    said = "".join(words.split())
    if said in ("", NO_TIME, "-"):
        return None
    found = re.fullmatch(r"(?:(\d{1,2}):)?(\d{1,2}):(\d{2})", said)
    if found is None:
        raise SecretariatError(f"{words.strip()} is no time in a recording.", hint="Write it as 00:12:34.")
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])


def code_of(words: str, printed: Mapping[str, str], what: str) -> str:
    """The code that is printed so, in any case; the code itself is understood too. Raises SecretariatError."""
    said = " ".join(words.split()).casefold()
    for code, label in printed.items():
        if said in (label.casefold(), code.casefold()):
            return code
    raise SecretariatError(
        f"{words.strip() or 'Nothing'} is no {what}.", hint=f"Write one of: {', '.join(printed.values())}."
    )


COLUMN_WORDS: Mapping[str, str] = {
    "text": "text",
    "reached_by": "how reached",
    "owner": "owner",
    "due": "due date",
    "kind": "kind",
    "": "the whole line",
}


TABLE_WORDS: Mapping[str, str] = {
    "decision": "decisions",
    "action": "actions",
    "viewpoint": "viewpoints",
    "raid": "RAID items",
    "attendance": "attendance",
}


def edit_words(edit: Edit) -> str:
    """What was done to one line, in a sentence with the words before and after."""
    name = f"{edit.ref or 'A new line'} ({edit.kind})"
    if edit.change is Change.AMBIGUOUS:
        return f"{name}: cannot be told apart. {edit.why}"
    if edit.change is Change.REMOVED:
        return f"{name}: removed. It said: {_shown(edit.before)}"
    if edit.change is Change.NEW:
        return f"{name}: new, with no evidence yet. It says: {_shown(edit.after)}"
    if edit.change is Change.MOVED:
        return f"{name}: moved."
    changed = [_column_changed(edit, column) for column in edit.fields]
    moved = " It stands elsewhere, too." if edit.also_moved else ""
    return f"{name}: {edit.change}. {' '.join(changed)}{moved}".rstrip()


def _column_changed(edit: Edit, column: str) -> str:
    before, after = ((line.cells.get(column, "") if line else "") for line in (edit.before, edit.after))
    return f"{COLUMN_WORDS.get(column, column).capitalize()}: “{plain(before)}” is now “{plain(after)}”."


def _shown(line: PrintedLine | None) -> str:
    """The words of a line, its columns in order."""
    return "; ".join(plain(cell) for cell in line.cells.values() if plain(cell)) if line else ""
