"""Draft headline reports: what they say, how they stand with the Chair, and drafting once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from slack_sdk.models.blocks import ButtonElement
from sqlalchemy.orm import Session

from bot import access, clearances, draft_reading, drafts
from bot.access import Deed, Viewer
from bot.clearances import SUBJECT_TO_REVIEW, TOLD
from bot.clock import spoken, spoken_date
from bot.corrections import OUTCOMES
from bot.draft_reading import ReadDraft
from bot.errors import SecretariatError
from bot.formats import DraftedDecision, marked_alone
from bot.model import Person
from bot.slack_text import escaped, spelt
from handlers.slack import headed_lines
from handlers.slack.blocks import asks_first, button, buttons, context, header, section
from handlers.slack.confirming import Doing, Follows, Weighty, in_words
from handlers.slack.door import Answer, Asked, SlackDoor, acted_before, asker
from handlers.slack.headed_lines import Line, headed, line_shown
from handlers.slack.paging import page_asked, page_of, turning, turning_in_words
from schedules import clearing
from schedules.finding import day_named, known_group

DRAFT, COPY, SAID = "draft", "draft_copy", "draft_said"  # clicks
DRAFT_FORM = "[again] [GROUP [DATE]] [with-chair|cleared|subject-to-review]"
AGAIN = "again"
SAYS = WITH_CHAIR, CLEARED, SUBJECT = "with-chair", "cleared", "subject-to-review"
A_PAGE = 15
HINT = "Only the PMO says where a report stands."


def draft_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The drafts not issued; or a group's draft, line by line; or what is said of it."""
    text, number = page_asked(asked.text)
    words = text.split()
    if not words:
        return _listed(door, asked, number)
    if words[0].casefold() == AGAIN:
        return in_words(REDRAFT, door, replace(asked, text=" ".join(words[1:])))
    if words[-1].casefold() in SAYS:
        return said_of_draft(door, replace(asked, text=text))
    with door.database.reading() as session:
        person = asker(session, asked)
        read = _meant(door, session, person, words)
        of_pmo = access.may_do(session, person, Deed.DRAFT, door.clock.today()).allowed
        clocks = door.announcer.clocks_of(session, read.meeting)
    due = next((c.due_at for c in clocks if c.kind == "headline_report"), None)
    return _shown(door, read, f"; the report is due {spoken(due)}" if due else "", number, of_pmo=of_pmo)


def _meant(door: SlackDoor, session: Session, person: Person, words: list[str]) -> ReadDraft:
    if not words:
        raise SecretariatError("Which report's draft?", hint="Write: draft PSG 2024-02-07")
    viewer = Viewer(session, door.config, person, door.clock.today())
    day = day_named(words[1]) if len(words) > 1 else None
    page = door.announcer.page()
    return draft_reading.of_group(viewer, known_group(door.config, words[0]), door.clock.now(), page, day)


def _listed(door: SlackDoor, asked: Asked, number: int) -> Answer:
    with door.database.reading() as session:
        viewer = Viewer(session, door.config, asker(session, asked), door.clock.today())
        found = draft_reading.unissued(viewer, door.announcer.page())
    if not found:
        return Answer("No draft report waits for you.")
    page = page_of(found, number, size=A_PAGE)
    rows = [section(spelt(_title(read)), beside=button("Open", DRAFT, _named(read))) for read in page.rows]
    turn = turning(page, DRAFT, "")
    said = [*(f"• {escaped(_title(read))}" for read in page.rows)]
    said.append(turning_in_words(page, f"{door.config.slack.command} {DRAFT}"))
    return Answer("\n".join(filter(None, said)), (*rows, *([buttons(*turn)] if turn else [])), replaces=number > 1)


def _title(read: ReadDraft) -> str:
    unclear = f" ({len(read.unconfirmed)} to be confirmed by listening)" if read.unconfirmed else ""
    return (
        f"{read.reference}, draft {read.row.version} of {spoken(read.row.made_at)}: "
        f"{len(read.draft.decisions)} decisions{unclear}, {len(read.draft.actions)} actions; {read.clearance}"
    )


def _named(read: ReadDraft) -> str:
    return f"{read.meeting.group} {read.meeting.on.isoformat()}"


def _shown(door: SlackDoor, read: ReadDraft, due: str, number: int, *, of_pmo: bool) -> Answer:
    small = f"{_title(read)}{due}. {drafts.WORKING}."
    page = page_of(list(lines_of(read)), number, size=A_PAGE)
    title = f"{read.meeting.known_as} draft report, {spoken_date(read.meeting.on)}"
    said, lines = headed(page.rows, lambda line: line_shown(line, read.link(line.at)))
    turn = turning(page, DRAFT, _named(read))
    blocks = [header(title), context(spelt(small)), *lines, buttons(*_buttons(read, of_pmo=of_pmo))]
    blocks += [buttons(*turn)] if turn else []
    said = [escaped(small), *said, turning_in_words(page, f"{door.config.slack.command} {DRAFT} {_named(read)}")]
    return Answer("\n".join(filter(None, said)), tuple(blocks), replaces=number > 1)


def lines_of(read: ReadDraft) -> Iterator[Line]:
    """The draft's lines, and what was marked live with no line near it."""
    yield from headed_lines.lines_of(read.draft, _outcome, is_issued=False)
    for mark in marked_alone(read.draft):
        yield Line("Marked live, no line found", "", mark)


def _outcome(decision: DraftedDecision) -> str:
    return "its outcome is not clear: listen" if decision.outcome == "none" else OUTCOMES[decision.outcome]


def _buttons(read: ReadDraft, *, of_pmo: bool) -> list[ButtonElement]:
    named = _named(read)
    copy = button("Send me the document", COPY, named)
    told = "It is put on file in your name that the Chair has cleared it."
    clear = asks_first(button("Cleared", f"{SAID}:cleared", f"{named} {CLEARED}"), "Cleared?", told, "It is cleared")
    if not of_pmo:
        return [clear, copy]
    told = "The newest draft goes to the Chair by mail, as a Word document. Your word is its release."
    put = button("With the Chair", f"{SAID}:put", f"{named} {WITH_CHAIR}")
    asks_first(put, "With the Chair?", told, "It is with the Chair")
    told = "No answer came: the report goes out subject to the Chair's review."
    subject = button("No answer came", f"{SAID}:subject", f"{named} {SUBJECT}")
    asks_first(subject, "Without an answer?", told, "Subject to review")
    issue = button("Issue it", "issue", named, style="primary")
    return [issue, copy, put, clear, subject, button("Draft it again", "sure_again", named)]


def draft_copy_asked(door: SlackDoor, asked: Asked) -> Answer:
    """The Word document, sent to whoever may see the draft; asked for again that day, it is the same message."""
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        read = _meant(door, session, person, asked.text.split())
        draft_reading.send_copy(session, door.config, read, person, now)
        return Answer(f"Draft {read.row.version} of {escaped(read.reference)} is on its way to you.")


def said_of_draft(door: SlackDoor, asked: Asked) -> Answer:
    """`PSG 2024-02-07 with-chair`, `cleared` (the Chair may say so too), `subject-to-review`."""
    *words, says = asked.text.casefold().split() or [""]
    if says not in SAYS:
        raise SecretariatError("What is to be said of the draft?", hint=f"Write: draft {DRAFT_FORM}")
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        read = _meant(door, session, person, words)
        if says == CLEARED:
            ruling = access.may_speak_for_chair(session, door.config, person, read.meeting, door.clock.today())
            access.require(session, ruling, person=person, what=f"clear {read.reference}", now=now, hint=HINT)
        else:
            access.require_deed(session, person, Deed.CLEARANCE, now, hint=HINT)
        sent = ""
        if not acted_before(session, f"{DRAFT}:{asked.source_key}", now):
            if says == WITH_CHAIR:
                sent = clearing.send_to_chair(session, door.announcer, read.meeting, by=person, now=now).words
            else:
                answer = SUBJECT_TO_REVIEW if says == SUBJECT else TOLD
                clearances.clear(session, read.meeting, by=person, now=now, answer=answer)
        session.flush()
        said = f"{read.reference}: {draft_reading.clearance_of(session, read.meeting.uid)}. {sent}"
        return Answer(escaped(said.strip()))


def _draft_again(doing: Doing) -> Follows:
    session, door = doing.session, doing.door
    access.require_deed(session, doing.person, Deed.DRAFT, doing.now, hint="Only the PMO has reports drafted.")
    read = _meant(door, session, doing.person, doing.text.split())
    row = drafts.draft_again(session, read.meeting, by=doing.person, now=doing.now)
    new = row.version + 1
    parts = {"What follows": [
        f"Draft {new} is made from the same recording, with the agenda, apologies and live marks on file now.",
        f"What was edited in draft {row.version} is put upon it, line by line; draft {row.version} stays on file.",
        "The group's secretary and deputy are told when it is ready.",
        f"It is draft {new} that is issued then.",
    ]}  # fmt: skip
    return Follows(f"{read.reference} would be drafted once more.", f"{read.reference} is being drafted again.", parts)


REDRAFT = Weighty("again", "Draft it again", "Draft it again", _draft_again, f"{DRAFT} {AGAIN}")
