"""What a mail can be found to be, each finding with its reason in words. Values only: nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.amendment_life import Kind


class What(StrEnum):
    """The kinds of matter that a mail brings. Those of `NOBODY_ANSWERS` get no answer, of a machine or a person."""

    AMENDMENT = "amendment"
    NO_COMMENTS = "no_comments"
    APOLOGY = "apology"  # with the alternate, where one is named
    PAPER = "paper"
    AGENDA_ITEM = "agenda_item"
    ACTION_UPDATE = "action_update"
    NOMINATION = "nomination"
    EDITED_DRAFT = "edited_draft"  # a draft report, edited in Word
    CLEARANCE = "clearance"  # the Chair clears a draft report
    DONE = "done"  # in reply to a reminder
    QUERY = "query"
    FOR_A_PERSON = "for_a_person"  # rules §7: no machine answers it
    OUT_OF_OFFICE = "out_of_office"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"  # another machine's, or a list's
    LOOP = "loop"
    SPAM = "spam"
    COPY = "copy"  # of a message that came before
    UNREADABLE = "unreadable"
    UNCLEAR = "unclear"


NOBODY_ANSWERS = (What.OUT_OF_OFFICE, What.BOUNCE, What.AUTOMATIC, What.LOOP, What.SPAM, What.COPY)


@dataclass(frozen=True)
class Finding:
    """One matter of a mail. What is empty or None was not said.

    `certain`: it may be acted on by the machine; otherwise it is proposed to a person. `words` is the passage that it
    rests on, verbatim. `part` counts the matters of one mail from 1, in the order written.
    """

    what: What
    reason: str
    certain: bool = False
    part: int = 1
    words: str = ""
    group: str | None = None
    on: date | None = None  # the meeting's date
    line: str | None = None  # D-01, PSG27-03
    nature: Kind = Kind.RECORD  # of an amendment: which of the three (rules §5)
    present_text: str = ""
    proposed_text: str = ""
    grounds: str = ""  # the reason that the requester gives
    who: str = ""  # alternate or nominee as written: a name or an address
    state: str = ""  # of an action update: open | done | as written
    due_on: date | None = None
    notice_id: str = ""  # the notice of ours that is replied to
    files: tuple[str, ...] = ()  # names of the attachments meant
    in_words: bool = False  # of an amendment: it says what is wrong, not how the line shall read
    cell: str = ""  # of an amendment: what beside the line's words is meant (bot.report_cells)
