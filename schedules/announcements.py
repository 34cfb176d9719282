"""What is said when something happens, and when a clock asks for it: notices composed from the PMO's own templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot import amendments, meetings, members, offers, open_lists, outbox, releases, report_copies
from bot.amendment_life import KIND_WORDS, Kind, represents_today
from bot.amendments import place_of
from bot.clock import LONDON, spoken, spoken_date
from bot.config import Config
from bot.drafts import DraftMade, reference_of
from bot.model import Deadline, Meeting, MeetingStatus, Notice, Offer, Person
from bot.obligations import NOT_TO_BE_MET
from bot.ports import ContentFiles
from bot.reports import Issue
from bot.store.amendment_tables import AmendmentRow
from bot.store.report_tables import ReportRow
from bot.wording import render
from schedules.amendment_window import Requests
from schedules.deadlines import NO_REQUESTS, Circumstances, deadlines_for, next_ordinary_meeting
from schedules.invitations import cancellation, invitation
from schedules.reminders import Reminder
from schedules.series import Calendar

CHANGED = "changed"  # the step that tells of a meeting moved, cancelled or called, and brings its invitation
STALE_AFTER = timedelta(days=28)


@dataclass(frozen=True)
class Announcer:
    """Composes notices and puts them into the outbox, in the caller's transaction.

    `files` keeps the invitations that go with them; without it (in a rehearsal) none are made.
    """

    config: Config
    calendar: Calendar
    page: Callable[[], str]
    files: ContentFiles | None = None

    def clocks_of(self, session: Session, meeting: Meeting, issued_at: datetime | None = None) -> list[Deadline]:
        """The meeting's deadlines as they stand: with what people have decided, and when its report was issued.

        `issued_at` is for a report about to be issued.
        """
        following = self.following(session, meeting)
        issued = issued_at or meetings.issued_at(session, meeting.uid)
        requests = _requests_to(session, meeting, following) if issued else NO_REQUESTS
        return deadlines_for(meeting, self.calendar, Circumstances(following, issued, requests))

    def following(self, session: Session, meeting: Meeting) -> Meeting | None:
        """The group's next ordinary meeting, as it stands; None at the end of a series."""
        later = meeting.starts_at + timedelta(days=400)
        known = meetings.between(session, meeting.starts_at, later, meeting.group)
        return next_ordinary_meeting(meeting, self.calendar, known)

    def report_due(self, session: Session, meeting: Meeting) -> datetime | None:
        """When the headline report of a meeting is due; None where no clock runs for it."""
        return next((d.due_at for d in self.clocks_of(session, meeting) if d.kind == "headline_report"), None)

    def window_of(self, session: Session, meeting: Meeting, issued_at: datetime | None = None) -> datetime | None:
        """When requests to this meeting's report close; None where that is not known yet."""
        clocks = self.clocks_of(session, meeting, issued_at)
        return next((d.due_at for d in clocks if d.kind == "amendments_close"), None)

    def reminder(
        self,
        reminder: Reminder,
        person: Person,
        *,
        expected: Sequence[str] = (),
        pack: str = "",
        alternate_for: str = "",
        by_list: bool = False,
        missing_papers: Sequence[str] = (),
        represents: bool = False,
    ) -> Notice:
        """One reminder for one person. `expected` are the names of who comes, `pack` the link to the papers.

        `alternate_for` is in whose place the person comes, `by_list` whether an open group's list alone brings them,
        `missing_papers` what has not come of what is expected, `represents` whether they speak for a constituency.
        """
        meeting, step, deadline, matter = reminder.meeting, reminder.step, reminder.deadline, reminder.matter
        rule, source = _rule_of(reminder)
        values = self._meeting_values(meeting) | {
            "deadline": spoken(deadline.due_at) if deadline and deadline.due_at else "",
            "rule": rule,
            "source": source,
            "name": person.name,
            "nominal_on": spoken_date(meeting.nominal_on),
            "proposals": ", ".join(spoken_date(day) for day in meeting.proposals),
            "expected": ", ".join(expected),
            "pack": pack,
            "alternate_for": alternate_for,
            "by_list": by_list,
            "missing_papers": "; ".join(missing_papers),
            "reference": matter.reference if matter else "",
            "text": matter.text if matter else "",
            "owner": (matter.owner if matter else "") or "not given",
        }
        subject, text = render(self.config.paths.templates, step.template, values)
        why = f"{rule} ({source}). Step {step.id} of the ladder: {step.on_the_word_of}."
        return Notice(
            meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock=reminder.obligation, step=step.id,
            recipient=person.id, group=meeting.group, kind=step.kind, subject=subject, text=text, why=why,
            due_at=reminder.at, not_after=reminder.not_after,
            attachments=self._calendar_part(meeting, person, reminder.at) if step.kind == "invitation" else (),
            offers=_offers(reminder, represents=represents),
        )  # fmt: skip

    def _calendar_part(self, meeting: Meeting, person: Person, now: datetime) -> tuple[str, ...]:
        """The invitation or cancellation that goes with a notice; none where people are invited another way."""
        if self.files is None or self.config.invitations != "mail":
            return ()
        cancelled = meeting.status is MeetingStatus.CANCELLED
        organiser = self.config.mailboxes[self.config.mail.mailbox].address
        composed = (cancellation if cancelled else invitation)(meeting, self.config, person, organiser, now=now)
        name = "cancellation.ics" if cancelled else "invitation.ics"
        return (f"{self.files.put(composed.encode())}:{name}",) if composed else ()

    def draft_ready(self, session: Session, made: DraftMade, now: datetime) -> None:
        """Tell the group's secretary and deputy that a draft waits for them."""
        meeting = made.meeting
        due = next((d for d in self.clocks_of(session, meeting) if d.kind == "headline_report"), None)
        values = self._meeting_values(meeting) | {
            "reference": reference_of(meeting),
            "decisions": len(made.draft.decisions),
            "actions": len(made.draft.actions),
            "viewpoints": len(made.draft.viewpoints),
            "edited": made.edited,
            "notes_by": made.draft.notes_by or "",
            "questions": len(made.conflicts),
            "deadline": spoken(due.due_at) if due and due.due_at else "no set day",
            "rule": due.rule if due else "A draft was made from a recording",
            "source": due.source if due else "no clock of the headline report runs for this group",
        }
        held = members.holdings(session, now.astimezone(LONDON).date(), group=meeting.group)  # who is in office now
        people = members.recipients(held, "secretary") + members.recipients(held, "deputy")
        for person in {p.id: p for p in people}.values():
            subject, text = render(self.config.paths.templates, "draft_ready.txt", values | {"name": person.name})
            notice = Notice(
                meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock="draft",
                step=f"ready_v{made.version}", recipient=person.id, group=meeting.group, kind="pmo_reminder",
                subject=subject, text=text,
                why=f"Draft {made.draft_id} was made; its group's secretary and deputy are told.",
                due_at=now, not_after=now + STALE_AFTER,
            )  # fmt: skip
            self._queue(session, notice, person.name, now)

    def report_recipients(self, session: Session, meeting: Meeting) -> list[Person]:
        """Who is sent the issued report: everybody with a seat or on the list that day, and who stood in; each once."""
        held = members.at_tables(session, meeting)
        stood_in = {h.person.id: h.person for h in held if h.group and h.role == "alternate"}
        listed = {e.person.id: e.person for e in open_lists.of_meeting(session, self.config, meeting)}
        return list(({p.id: p for p in members.recipients(held, "members")} | stood_in | listed).values())

    def report_issued(self, session: Session, issue: Issue, row: ReportRow, now: datetime) -> int:
        """Send the issued report to the group's members, on the word of the person who issued it. Returns how many."""
        closes_at = self.window_of(session, issue.meeting)
        values = self._meeting_values(issue.meeting) | {
            "reference": issue.reference,
            "closes_at": spoken(closes_at) if closes_at else "",
            "issued_by": issue.by.name,
        }
        if closes_at:
            meetings.announce_closing(session, issue.meeting.uid, closes_at)
        people = self.report_recipients(session, issue.meeting)
        for person in people:
            subject, text = render(self.config.paths.templates, "report_issued.txt", values | {"name": person.name})
            notice = Notice(
                meeting_uid=issue.meeting.uid, meeting_revision=issue.meeting.revision, clock="report",
                step=f"issued_r{row.revision}", recipient=person.id, group=issue.meeting.group, kind="report",
                subject=subject, text=text, why=f"{issue.by.name} issued {row.id}; members are sent the report.",
                due_at=now, not_after=now + STALE_AFTER, attachments=(f"{row.document_sha256}:{issue.file_name}",),
                offers=_answers(issue.meeting, represents=bool(represents_today(session, person, issue.meeting, now))),
            )  # fmt: skip
            self._queue(session, notice, person.name, now, released_by=issue.by.name)
        sent = releases.of_step(session, issue.meeting.uid, "report", f"issued_r{row.revision}")
        releases.keep_together(session, sent, by=issue.by, now=now)
        report_copies.let_notices_wait(session, row, sent, now)
        return len(people)

    def meeting_changed(
        self, session: Session, before: Meeting | None, after: Meeting, people: list[Person], now: datetime, *, by: str
    ) -> None:
        """Tell the group's members of a meeting moved, cancelled or called (dial: move)."""
        if after.status is MeetingStatus.CANCELLED:
            template = "meeting_cancelled.txt"
        else:
            stood = before is not None and before.status is not MeetingStatus.CANCELLED
            template = "meeting_moved.txt" if stood else "meeting_called.txt"
        unknown = (MeetingStatus.PROPOSED_MOVE, MeetingStatus.CANCELLED)
        was_known = before is not None and before.status not in unknown
        values = self._meeting_values(after) | {
            "before_on": spoken_date(before.on) if before and was_known else "",
            "reason": after.reason,
            "by": by,
        }
        for person in people:
            subject, text = render(self.config.paths.templates, template, values | {"name": person.name})
            notice = Notice(
                meeting_uid=after.uid, meeting_revision=after.revision, clock="meeting", step=CHANGED,
                recipient=person.id, group=after.group, kind="move", subject=subject, text=text,
                why=f"{by} changed the meeting: {after.reason or 'no reason was given'}.", due_at=now,
                not_after=after.starts_at, attachments=self._calendar_part(after, person, now),
            )  # fmt: skip
            self._queue(session, notice, person.name, now)

    def closing_corrected(self, session: Session, meeting: Meeting, changed: Meeting, now: datetime) -> None:
        """Correct the closing instant for whoever was told another one (dial: correction)."""
        closes_at = self.window_of(session, meeting)
        told = outbox.told_of(session, meeting.uid, ("report", "amendments_close"))
        if closes_at is None or not told or meeting.announced_close_at == closes_at:
            return
        values = self._meeting_values(meeting) | {
            "closes_at": spoken(closes_at),
            "changed_group": changed.known_as,
            "changed_on": spoken_date(changed.on),
        }
        for person in told:
            subject, text = render(self.config.paths.templates, "closing_corrected.txt", values | {"name": person.name})
            notice = Notice(
                meeting_uid=meeting.uid, meeting_revision=meeting.revision, clock="amendments_close",
                step=f"corrected_{changed.uid}_r{changed.revision}", recipient=person.id, group=meeting.group,
                kind="correction", subject=subject, text=text,
                why=f"{changed.uid} was changed, and with it the closing instant that this person was told.",
                due_at=now, not_after=closes_at,
            )  # fmt: skip
            self._queue(session, notice, person.name, now)
        meetings.announce_closing(session, meeting.uid, closes_at)

    def receipt_text(self, request: AmendmentRow, meeting: Meeting) -> tuple[str, str]:
        """(subject, text) of a receipt, the same by Slack and by mail. It shows the requester's own words only."""
        template = "receipt_amendment_late.txt" if request.state == "late" else "receipt_amendment.txt"
        values: dict[str, object] = {
            "reference": request.reference,
            "report": f"the {meeting.known_as} headline report of {spoken_date(meeting.on)}",
            "line": place_of(request),
            "kind": KIND_WORDS[Kind(request.kind)],
            "proposed_text": request.proposed_text,
            "closes_at": spoken(request.closes_at) if request.closes_at else "a day still to be fixed",
        }
        return render(self.config.paths.templates, template, values)

    def queue_receipt(self, session: Session, notice: Notice, name: str, now: datetime) -> None:
        """Put a receipt into the outbox."""
        self._queue(session, notice, name, now)

    def dates_to_note(
        self, session: Session, meeting: Meeting, issued_at: datetime | None = None
    ) -> tuple[tuple[str, str], ...]:
        """The dates a report ends with: when requests close, and the following meeting."""
        closes_at = self.window_of(session, meeting, issued_at)
        return tuple(self._dates(meeting, closes_at))

    def _dates(self, meeting: Meeting, closes_at: datetime | None) -> Iterator[tuple[str, str]]:
        if closes_at:
            yield "Amendment requests close", spoken(closes_at)
        following = next_ordinary_meeting(meeting, self.calendar, cancelled=False)
        if following and following.status is MeetingStatus.PROPOSED_MOVE:
            yield f"Next {meeting.group} meeting", "to be confirmed: its usual day is a bank holiday"
        elif following:
            yield f"Next {meeting.group} meeting", spoken(following.starts_at)

    def _meeting_values(self, meeting: Meeting) -> dict[str, object]:
        start, end = meeting.starts_at.astimezone(LONDON), meeting.ends_at.astimezone(LONDON)
        return {
            "group": meeting.known_as,
            "group_name": " and ".join(self.config.groups[g].name for g in meeting.groups if g in self.config.groups),
            "meeting_on": spoken_date(meeting.on),
            "meeting_time": f"{start:%H:%M}-{end:%H:%M} (London)",
            "page": self.page(),
        }

    def _queue(self, session: Session, notice: Notice, name: str, now: datetime, released_by: str = "") -> None:
        dial = self.config.dial_for(notice.kind, notice.group)  # type: ignore[arg-type]  # a step's kind is a NoticeKind
        outbox.queue(session, notice, now=now, dial=dial, recipient_name=name, released_by=released_by)


def _requests_to(session: Session, meeting: Meeting, following: Meeting | None) -> Requests:
    """The requests to the meeting's report, and when the pack went that its amended report goes with."""
    came_at = [request.received_at for request in amendments.may_change_report(session, meeting.uid)]
    pack = meetings.obligations_met(session, following.uid).get("papers") if came_at and following else None
    return Requests(came_at, pack.done_at if pack else None)


def _offers(reminder: Reminder, *, represents: bool) -> tuple[Offer, ...]:
    """The buttons under a reminder: that it is done, or an answer to the report whose window closes."""
    if reminder.step.clock == "amendments_close" and reminder.step.kind == "member_reminder":
        return _answers(reminder.meeting, represents=represents)
    if reminder.step.kind not in meetings.REMINDERS or reminder.step.clock in NOT_TO_BE_MET:
        return ()
    return (offers.done(reminder.meeting.uid, reminder.obligation),)


def _answers(meeting: Meeting, *, represents: bool) -> tuple[Offer, ...]:
    """How a report may be answered; only a representative can say for a constituency that it has no comments."""
    return (offers.to_amend(meeting), *([offers.of_no_comments(meeting)] if represents else []))


def _rule_of(reminder: Reminder) -> tuple[str, str]:
    """Why it is said, and on whose word."""
    meeting, deadline = reminder.meeting, reminder.deadline
    if deadline:
        return deadline.rule, deadline.source
    if reminder.step.clock == "proposed_date":
        return meeting.reason, reminder.step.on_the_word_of
    return f"The meeting is on {spoken_date(meeting.on)}", meeting.source
