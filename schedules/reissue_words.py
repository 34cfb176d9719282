"""What is said of a report amended or corrected: to the PMO that it is ready, to all who had it that it is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import members, outbox, releases, report_copies, superseded
from bot.amended_report import LineConflict
from bot.clock import LONDON, spoken_date
from bot.drafts import reference_of
from bot.model import Meeting, Notice, Person
from bot.reissues import CLOCKS, conflict_words
from bot.report_cells import place
from bot.report_texts import changed_cells, said
from bot.revisions import ERRATUM, KIND_WORDS, Revision, report_of
from bot.store.amendment_tables import AmendmentRow
from bot.store.report_tables import ReissueRow, ReportRow
from bot.wording import render
from schedules.announcements import Announcer

USEFUL_FOR = timedelta(days=28)


def made_ready(
    announcer: Announcer, session: Session, revision: Revision, conflicts: Iterable[LineConflict], row: ReissueRow,
    now: datetime,
) -> None:  # fmt: skip
    """Tell the group's secretary and deputy that the amended report waits for their word, or what it needs first."""
    meeting = revision.meeting
    values = _values(announcer, revision) | {"conflicts": [conflict_words(conflict) for conflict in conflicts]}
    held = members.holdings(session, now.astimezone(LONDON).date(), group=meeting.group)
    documents = ((row.document_sha256, f"Preview of {revision.file_name}"),
                 (row.redline_sha256, f"Preview of {revision.redline_name}"))  # fmt: skip
    for person in _once(members.recipients(held, "secretary") + members.recipients(held, "deputy")):
        subject, text = render(announcer.config.paths.templates, "reissue_ready.txt", values | {"name": person.name})
        notice = Notice(
            meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock=CLOCKS[revision.kind],
            step=f"ready_{row.id}", recipient=person.id, group=meeting.group, kind="pmo_reminder", subject=subject,
            text=text, why=f"The requests to {revision.base.id} are decided: its amended report was made ready.",
            due_at=now, not_after=now + USEFUL_FOR,
            attachments=tuple(f"{sha256}:{name}" for sha256, name in documents if sha256),
        )  # fmt: skip
        dial = announcer.config.dial_for("pmo_reminder", meeting.group)
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name)


def recipients(announcer: Announcer, session: Session, revision: Revision) -> list[Person]:
    """Everybody who had the report or should have had it, and who asked for what it settles; each once."""
    asked = (session.get_one(AmendmentRow, reference).requester_id for reference in revision.carried)
    requesters = (members.by_id(session, person_id) for person_id in asked)
    had_it = superseded.had_it(session, revision.meeting.uid)
    at_table = announcer.report_recipients(session, revision.meeting)
    return _once([*at_table, *had_it, *(person for person in requesters if person)])


def issued_again(
    announcer: Announcer, session: Session, revision: Revision, row: ReportRow, *, by: Person, now: datetime
) -> int:
    """Send the new revision, with its changes tracked, on the word of the person who issued it. Returns to how many.

    Unsent notices of older revisions are taken back.
    """
    meeting, erratum = revision.meeting, revision.kind == ERRATUM
    template, kind = ("report_corrected.txt", "correction") if erratum else ("report_reissued.txt", "reissue")
    values = _values(announcer, revision) | {"issued_by": by.name, "reason": revision.reason}
    attachments = (f"{row.document_sha256}:{revision.file_name}", f"{row.redline_sha256}:{revision.redline_name}")
    people = recipients(announcer, session, revision)
    superseded.give_way(session, row, now)
    for person in people:
        subject, text = render(announcer.config.paths.templates, template, values | {"name": person.name})
        notice = Notice(
            meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock=superseded.REPORT,
            step=superseded.step_of(row), recipient=person.id, group=meeting.group, kind=kind, subject=subject,
            text=text, why=f"{by.name} issued {row.id}, which takes the place of {row.supersedes}.",
            due_at=now, not_after=now + USEFUL_FOR,
            attachments=attachments,
        )  # fmt: skip
        dial = announcer.config.dial_for(kind, meeting.group)  # type: ignore[arg-type]  # both are NoticeKinds
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=person.name, released_by=by.name)
    sent = releases.of_step(session, meeting.uid, superseded.REPORT, superseded.step_of(row))
    releases.keep_together(session, sent, by=by, now=now)
    report_copies.let_notices_wait(session, row, sent, now)
    return len(people)


def changes(revision: Revision) -> Iterator[str]:
    """What each changed line, or cell of one, says now and said before: 'PSG27-03 owner: “...”, before: “...”'."""
    before = report_of(revision.base)
    notes = {note.ref: note for note in revision.report.post_meeting_notes}
    for line in revision.whose:
        if line in notes:
            yield f"{line}, noted for {notes[line].source}: “{notes[line].text}”"
            continue
        for cell in changed_cells(before, revision.report, line):
            now, was = said(revision.report, line, cell), said(before, line, cell)
            yield f"{place(line, cell)}: “{now}”, before: “{was}”"


def _values(announcer: Announcer, revision: Revision) -> dict[str, object]:
    meeting: Meeting = revision.meeting
    return {
        "group": meeting.known_as,
        "group_name": " and ".join(announcer.config.groups[g].name for g in meeting.groups),
        "meeting_on": spoken_date(meeting.on),
        "reference": reference_of(meeting),
        "revision": revision.number,
        "before": revision.base.revision,
        "what": KIND_WORDS[revision.kind],
        "changes": list(changes(revision)),
        "requests": ", ".join(revision.carried),
        "page": announcer.page(),
    }


def _once(people: Iterable[Person]) -> list[Person]:
    return list({person.id: person for person in people}.values())
