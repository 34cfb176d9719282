"""What would be done about a mail, in a sentence that a person can say yes or no to. Pure."""

from __future__ import annotations

from bot.clock import spoken_date
from bot.model import Person
from bot.report_cells import place_or_whole
from handlers.mail.findings import Finding, What

LONGEST = 300
NATURES = {"record": "the record is wrong", "note": "a note", "disagreement": "a disagreement"}


def summary_of(finding: Finding, person: Person | None, address: str) -> str:
    """The deed that a finding leads to, in whose name, with what."""
    who = person.name if person else address or "somebody not named"
    meeting = _meeting(finding)
    said = {
        What.AMENDMENT: f"Record an amendment request ({NATURES.get(finding.nature, finding.nature)}) from {who} "
        f"to the report of {meeting}, {place_or_whole(finding.line, finding.cell)}: {_short(finding)}",
        What.NO_COMMENTS: f"Record that {who} has no comments on the report of {meeting}.",
        What.APOLOGY: f"Record apologies from {who} for {meeting}{_alternate(finding)}.",
        What.PAPER: f"Mark as received for {meeting} from {who}: {', '.join(finding.files) or 'no file'}.",
        What.AGENDA_ITEM: f"Note an item for the agenda of {meeting} from {who}: {_short(finding)}",
        What.ACTION_UPDATE: f"Note on action {finding.line or '(which?)'} for {who}"
        f"{', and propose its closure' if finding.state == 'done' else ''}: {_short(finding)}",
        What.DONE: f"Mark as done, on the word of {who}, what the reminder asked for.",
        What.NOMINATION: f"Put {finding.who or '(whom?)'} on file for the seat of {who} "
        f"in {finding.group or '(which group?)'}.",
        What.CLEARANCE: f"Record that the Chair has cleared the draft report of {meeting}, on the word of {who}.",
        What.EDITED_DRAFT: f"Read {', '.join(finding.files)} from {who} line by line, as an edited draft of {meeting}.",
        What.QUERY: f"Record a query from {who}: {_short(finding)}",
        What.UNCLEAR: f"Read it and see to it by hand: {_short(finding)}" if finding.words else "See to it by hand.",
        What.FOR_A_PERSON: f"Log for a person to answer, from {who}: {_short(finding)}",
    }
    return said.get(finding.what, f"See to it by hand: {finding.what.replace('_', ' ')}.")


def _meeting(finding: Finding) -> str:
    group = finding.group or "(which group?)"
    return f"{group} on {spoken_date(finding.on)}" if finding.on else f"{group} (which meeting?)"


def _alternate(finding: Finding) -> str:
    return f"; {finding.who} comes instead" if finding.who else ""


def _short(finding: Finding) -> str:
    text = " ".join((finding.proposed_text or finding.words).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
