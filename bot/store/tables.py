"""The tables: facts that happened. Deadlines are derived, never stored (house §2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.store.columns import Table


class Fact(Table):
    """What this installation knows of itself: when it first started, and the like."""

    __tablename__ = "facts"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class PersonRow(Table):
    """One identity; addresses and Slack ids hang on it."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    organisation: Mapped[str] = mapped_column(String(200), default="")

    emails: Mapped[list[EmailRow]] = relationship(back_populates="person", order_by="EmailRow.position")
    slack_ids: Mapped[list[SlackIdRow]] = relationship(back_populates="person", order_by="SlackIdRow.position")


class EmailRow(Table):
    __tablename__ = "person_emails"

    address: Mapped[str] = mapped_column(String(254), primary_key=True)  # in lower case
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)  # mail goes to the first that has not bounced
    bounced_at: Mapped[datetime | None]
    bounce_reason: Mapped[str] = mapped_column(Text, default="")

    person: Mapped[PersonRow] = relationship(back_populates="emails")


class SlackIdRow(Table):
    __tablename__ = "person_slack_ids"

    slack_user_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)

    person: Mapped[PersonRow] = relationship(back_populates="slack_ids")


class PersonOptionRow(Table):
    """A reminder that a person has chosen to hear, of those that nobody hears otherwise (`opt_in` in the ladder)."""

    __tablename__ = "person_options"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(80), primary_key=True)


class SeatHoldingRow(Table):
    """Who holds which seat, from when to when; an alternate names the person stood in for."""

    __tablename__ = "seat_holdings"
    __table_args__ = (UniqueConstraint("person_id", "group_key", "seat", "role", "from_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    group_key: Mapped[str] = mapped_column(String(40), index=True, default="")  # "": the whole programme
    seat: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[str] = mapped_column(String(40))
    constituency: Mapped[str | None] = mapped_column(String(200))
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    alternate_for: Mapped[str | None] = mapped_column(String(200))

    person: Mapped[PersonRow] = relationship()


class ListEntryRow(Table):
    """Who is on an open group's list, from when to when. Nobody on it holds a seat."""

    __tablename__ = "list_entries"
    __table_args__ = (UniqueConstraint("group_key", "person_id", "from_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]  # the last whole day on it; before `from_on` where they left on the day they joined
    joined_at: Mapped[datetime]


class MeetingRow(Table):
    __tablename__ = "meetings"
    __table_args__ = (Index("ix_meetings_group_starts", "group_key", "starts_at"),)

    uid: Mapped[str] = mapped_column(String(120), primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40))
    nominal_on: Mapped[date]
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20))
    revision: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    proposals: Mapped[list[Any]] = mapped_column(default=list)  # ISO dates, best first
    called_at: Mapped[datetime | None]  # when a person set this date; clocks already past then are not attainable
    approved_by: Mapped[str] = mapped_column(String(200), default="")  # the Chair, of a meeting called at short notice
    announced_close_at: Mapped[datetime | None]  # honoured even when the next meeting is brought forward
    also_for: Mapped[list[Any]] = mapped_column(default=list)  # the groups that meet jointly with `group_key`


class RecordingRow(Table):
    """A recording of a meeting, in parts, and where its transcription stands."""

    __tablename__ = "recordings"
    __table_args__ = (Index("ix_recordings_state_claimed", "state", "claimed_until"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    meeting_uid: Mapped[str | None] = mapped_column(ForeignKey("meetings.uid"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(20))  # as in bot.recordings.STATES; `:working` while a worker has it
    state_reason: Mapped[str] = mapped_column(Text, default="")
    arrived_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    claimed_by: Mapped[str] = mapped_column(String(80), default="")
    tries: Mapped[int] = mapped_column(default=0)
    seconds_done: Mapped[float] = mapped_column(default=0.0)
    seconds_in_all: Mapped[float] = mapped_column(default=0.0)
    seconds_left: Mapped[float | None]  # of work, as the worker guesses
    is_complete: Mapped[bool] = mapped_column(default=False)  # a person said that no part is missing
    copy_sha256: Mapped[str] = mapped_column(String(64), default="")  # to listen to: parts joined, exclusions silent
    copy_of: Mapped[str] = mapped_column(String(64), default="")  # which parts and exclusions that copy is of

    parts: Mapped[list[RecordingPartRow]] = relationship(order_by="RecordingPartRow.position")


class RecordingPartRow(Table):
    __tablename__ = "recording_parts"
    __table_args__ = (UniqueConstraint("recording_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)  # the same recording twice is one recording
    number: Mapped[int] = mapped_column(default=0)  # `part 2 of 3`; 0 where the name says nothing
    of: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime | None]  # on the wall's clock
    seconds: Mapped[float | None]  # its length, once it has been listened to


class TranscriptRow(Table):
    __tablename__ = "transcripts"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), index=True)
    made_at: Mapped[datetime]
    engine: Mapped[str] = mapped_column(String(80))
    model: Mapped[str | None] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)  # JSON, as `transcript` in the documented formats


class DraftRow(Table):
    """A draft headline report, versioned; working material."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("meeting_uid", "version"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    version: Mapped[int]
    transcript_id: Mapped[str | None] = mapped_column(ForeignKey("transcripts.id"))
    made_at: Mapped[datetime]
    content: Mapped[str] = mapped_column(Text)  # JSON, as `draft` in the documented formats
    document_sha256: Mapped[str] = mapped_column(String(64))
    edited_by: Mapped[str] = mapped_column(String(200), default="")  # whose edits are in it; empty: only the machine's

    lines: Mapped[list[DraftLineRow]] = relationship(order_by="DraftLineRow.position")


class DraftLineRow(Table):
    """One line of a draft: a decision, an action, a viewpoint, a RAID item, or a line of attendance."""

    __tablename__ = "draft_lines"
    __table_args__ = (UniqueConstraint("draft_id", "ref"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[str] = mapped_column(ForeignKey("drafts.id"), index=True)
    position: Mapped[int]
    ref: Mapped[str] = mapped_column(String(20))  # D-01, A-01, V-01, R-01, P-01
    kind: Mapped[str] = mapped_column(String(20))  # decision | action | viewpoint | raid | attendance
    item: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    at_seconds: Mapped[float | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # outcome, owner, due, stance, evidence ...


class ReportRow(Table):
    """An issued revision of a headline report. Frozen: nothing in it is ever changed (house §4.7)."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("meeting_uid", "revision"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    revision: Mapped[int]
    reference: Mapped[str] = mapped_column(String(60), index=True)  # PSG-2026-11-04
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    snapshot: Mapped[str] = mapped_column(Text)  # JSON of everything that the document was rendered from
    snapshot_sha256: Mapped[str] = mapped_column(String(64))
    document_sha256: Mapped[str] = mapped_column(String(64))
    supersedes: Mapped[str | None] = mapped_column(ForeignKey("reports.id"))
    kind: Mapped[str] = mapped_column(String(20), default="issued")  # issued | amended | supplementary | erratum
    reason: Mapped[str] = mapped_column(Text, default="")  # of an erratum
    redline_sha256: Mapped[str] = mapped_column(String(64), default="")  # the changes from the one superseded, tracked


class DecisionRow(Table):
    __tablename__ = "decisions"

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)  # PSG-DEC41
    group_key: Mapped[str] = mapped_column(String(40), index=True)
    number: Mapped[int]
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id"))
    draft_ref: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(30))
    reached_by: Mapped[str | None] = mapped_column(String(30))
    at_seconds: Mapped[float | None]
    confirmed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))


class ActionRow(Table):
    __tablename__ = "actions"

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)  # PSG27-03
    group_key: Mapped[str] = mapped_column(String(40), index=True)
    report_id: Mapped[str] = mapped_column(ForeignKey("reports.id"))
    draft_ref: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text, default="")  # a seat, an organisation or a person
    due: Mapped[str] = mapped_column(String(120), default="")
    state: Mapped[str] = mapped_column(String(20), default="open")
    at_seconds: Mapped[float | None]


class ActionNoteRow(Table):
    """What an action's owner, or the PMO, says of where it stands."""

    __tablename__ = "action_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(ForeignKey("actions.reference"), index=True)
    at: Mapped[datetime]
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str] = mapped_column(Text)


class AmendmentRow(Table):
    """A request to amend a headline report, a decision or an action. Never dropped, never edited."""

    __tablename__ = "amendments"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # AM-001
    number: Mapped[int] = mapped_column(unique=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    line_ref: Mapped[str | None] = mapped_column(String(40))
    requester_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    constituency: Mapped[str | None] = mapped_column(String(200))
    came_by: Mapped[str] = mapped_column(String(20))  # slack | mail
    source_key: Mapped[str] = mapped_column(
        String(250), unique=True
    )  # one message is one request, however often it comes
    received_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]  # the closing instant that the requester was told
    late: Mapped[bool] = mapped_column(default=False)  # it came after the closing, whatever its state is now
    state: Mapped[str] = mapped_column(String(20))  # bot.amendments.State
    kind: Mapped[str] = mapped_column(String(20), default="record")  # record | note | disagreement | no_comments
    about: Mapped[str] = mapped_column(
        String(20), default="other"
    )  # decision | action | viewpoint | attendance | other
    present_text: Mapped[str] = mapped_column(Text, default="")
    proposed_text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")  # the requester's
    at_seconds: Mapped[float | None]  # of the line, in the recording
    evidence: Mapped[list[Any]] = mapped_column(default=list)  # {"segment", "quote", "at"}; working material
    wants_escalation: Mapped[bool] = mapped_column(default=False)
    needs_word_of: Mapped[str | None] = mapped_column(String(200))  # the constituency whose recorded view it changes
    word_given_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    word_given_at: Mapped[datetime | None]
    agreed_text: Mapped[str] = mapped_column(Text, default="")  # what the report is to say; empty until accepted
    carried_by: Mapped[str | None] = mapped_column(ForeignKey("reports.id"))  # the revision that tells its fate
    in_words: Mapped[bool] = mapped_column(default=False)  # it says what is wrong, not how the line shall read

    events: Mapped[list[AmendmentEventRow]] = relationship(order_by="AmendmentEventRow.id")


class AmendmentEventRow(Table):
    """What happened to a request: it came, changed its state, was added to, or was given a representative's word."""

    __tablename__ = "amendment_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(ForeignKey("amendments.reference"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(String(20))  # received | state | addition | word
    from_state: Mapped[str] = mapped_column(String(20), default="")
    to_state: Mapped[str] = mapped_column(String(20), default="")
    text: Mapped[str] = mapped_column(Text, default="")  # the reason, or what was added
    late: Mapped[bool] = mapped_column(default=False)  # an addition after the closing
    source_key: Mapped[str | None] = mapped_column(String(250), unique=True)  # of the message that added something


class ObligationRow(Table):
    """An obligation that has been met: which clock of which meeting, when, by whom, and how."""

    __tablename__ = "obligations"

    # no foreign key: a change request may be decided on a day without a meeting, by correspondence or by Ofgem
    meeting_uid: Mapped[str] = mapped_column(String(120), primary_key=True)
    clock: Mapped[str] = mapped_column(String(80), primary_key=True)  # papers; or with a reference, action:PSG27-03
    done_at: Mapped[datetime]
    done_by: Mapped[str] = mapped_column(String(200))
    link: Mapped[str] = mapped_column(Text, default="")


class ApologyRow(Table):
    """Somebody of a group's table cannot come to one meeting. No reason is asked or kept (rules §1)."""

    __tablename__ = "apologies"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # AP-001
    number: Mapped[int] = mapped_column(unique=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(200))
    alternate_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    alternate_named_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class ExpectedPaperRow(Table):
    """A paper that its author is to send for one meeting's pack."""

    __tablename__ = "expected_papers"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # PAP-001
    number: Mapped[int] = mapped_column(unique=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    title: Mapped[str] = mapped_column(Text)
    author_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    expected_at: Mapped[datetime]  # when it was put on file
    expected_by: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime | None]
    received_by: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(Text, default="")
    withdrawn_at: Mapped[datetime | None]
    purpose: Mapped[str] = mapped_column(String(20), default="")  # decision | discussion | information
    note: Mapped[str] = mapped_column(Text, default="")  # what its author says of it
    file: Mapped[str] = mapped_column(Text, default="")  # "sha256:file name", where the file itself is kept
    is_item: Mapped[bool] = mapped_column(default=False)  # an item for the agenda; its paper may follow or not
    late: Mapped[bool] = mapped_column(default=False)  # it came after the pack's clock, or after the pack
    chair_says: Mapped[str] = mapped_column(String(20), default="")  # of a late one: taken | refused


class ClearanceRow(Table):
    """A draft report that was put to the Chair, and the answer."""

    __tablename__ = "clearances"

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(ForeignKey("meetings.uid"), index=True)
    draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))
    with_chair_at: Mapped[datetime]
    with_chair_by: Mapped[str] = mapped_column(String(200))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(200), default="")
    subject_to_review: Mapped[bool] = mapped_column(default=False)
    answered_how: Mapped[str] = mapped_column(String(20), default="")  # told | mail | word; "" where nobody noted it
    cleared_draft_id: Mapped[str | None] = mapped_column(ForeignKey("drafts.id"))  # None: the one that was sent
    held_at: Mapped[datetime | None]  # the PMO holds it until the Chair answers
    held_by: Mapped[str] = mapped_column(String(200), default="")
    held_reason: Mapped[str] = mapped_column(Text, default="")


class ChangeRequestRow(Table):
    """A change request that has been decided, and when the decision was communicated."""

    __tablename__ = "change_requests"

    reference: Mapped[str] = mapped_column(String(40), primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40))
    decided_on: Mapped[date]
    communicated_at: Mapped[datetime | None] = mapped_column(index=True)


class QueryRow(Table):
    """A general query: where it is proposed to go, where it went; or that a person alone answers it, until when."""

    __tablename__ = "queries"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    source_key: Mapped[str] = mapped_column(String(250), unique=True)  # one message is one query
    came_by: Mapped[str] = mapped_column(String(20))  # slack | mail | command
    asked_at: Mapped[datetime]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)  # None: nobody on file
    address: Mapped[str] = mapped_column(String(254), default="")  # that it came from, by mail
    text: Mapped[str] = mapped_column(Text)
    mailbox: Mapped[str] = mapped_column(String(80))  # the proposal
    group_key: Mapped[str] = mapped_column(String(40), default="")
    because: Mapped[str] = mapped_column(Text)
    is_uncertain: Mapped[bool] = mapped_column(default=False)
    is_escalation: Mapped[bool] = mapped_column(default=False)
    for_a_person: Mapped[str] = mapped_column(Text, default="")  # why no machine answers it
    due_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(20), index=True)
    sent_to: Mapped[str] = mapped_column(String(80), default="")  # the mailbox it was passed on to


class EscalationRow(Table):
    """A concern on its way up the governance, or to the IPA: from what, to whom, by which meeting, and why."""

    __tablename__ = "escalations"

    reference: Mapped[str] = mapped_column(String(20), primary_key=True)  # ESC-001
    number: Mapped[int] = mapped_column(unique=True)
    source_key: Mapped[str] = mapped_column(String(250), unique=True)
    came_by: Mapped[str] = mapped_column(String(20))  # slack | mail | command
    raised_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))  # decision | appeal | informal
    from_group: Mapped[str] = mapped_column(String(40))
    to: Mapped[str] = mapped_column(String(40))  # a group's key, or IPA
    for_ofgem: Mapped[bool] = mapped_column(default=False)  # the party holds Ofgem's thresholds to be met
    meeting_uid: Mapped[str | None] = mapped_column(ForeignKey("meetings.uid"), index=True)
    is_late: Mapped[bool] = mapped_column(default=False)  # a late paper there, with the Chair's consent
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    constituency: Mapped[str | None] = mapped_column(String(200))
    decision_ref: Mapped[str | None] = mapped_column(String(40))
    context: Mapped[str] = mapped_column(Text)
    rationale: Mapped[str] = mapped_column(Text)
    impact: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), index=True)
    state_reason: Mapped[str] = mapped_column(Text, default="")


class OutboxRow(Table):
    """A notice to one recipient, rendered when decided, with its life and its reason."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("meeting_uid", "meeting_revision", "clock", "step", "recipient"),
        Index("ix_outbox_state_next_try", "state", "next_try_at"),
        Index("ix_outbox_released_sent", "released_by", "sent_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    meeting_uid: Mapped[str] = mapped_column(String(120), index=True)
    meeting_revision: Mapped[int]
    clock: Mapped[str] = mapped_column(String(80))
    step: Mapped[str] = mapped_column(String(80))
    recipient: Mapped[str] = mapped_column(String(300))
    recipient_name: Mapped[str] = mapped_column(String(200))
    group_key: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    in_reply_to: Mapped[str] = mapped_column(Text, default="")
    attachments: Mapped[list[Any]] = mapped_column(default=list)  # "sha256:file name"
    due_at: Mapped[datetime]
    not_after: Mapped[datetime | None]
    decided_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20))
    state_reason: Mapped[str] = mapped_column(Text, default="")
    released_by: Mapped[str] = mapped_column(String(200), default="")
    next_try_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    claimed_by: Mapped[str] = mapped_column(String(80), default="")
    channel: Mapped[str] = mapped_column(String(20), default="")  # of the attempt now under way, or the last
    address: Mapped[str] = mapped_column(String(300), default="")
    tries: Mapped[int] = mapped_column(default=0)
    service_id: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")  # said above the text: that it comes late, and why
    told_in: Mapped[str | None] = mapped_column(String(40), index=True)  # the digest that carries it, and its fate
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"), index=True)
    offers: Mapped[list[Any]] = mapped_column(default=list)  # buttons: [label, action, value]

    attempts: Mapped[list[AttemptRow]] = relationship(order_by="AttemptRow.id")


class AttemptRow(Table):
    """One attempt at one channel, written before the service is called: a crash leaves it unanswered, never unseen."""

    __tablename__ = "outbox_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    outbox_id: Mapped[str] = mapped_column(ForeignKey("outbox.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(300))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    service_id: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str] = mapped_column(Text, default="")


class BrakeRow(Table):
    """Sending is stopped: for one group, or ("") for all."""

    __tablename__ = "brakes"

    group_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")


class ReleaseRow(Table):
    """A person's word that a batch of notices may go; summed up once the fate of each is known."""

    __tablename__ = "releases"

    id: Mapped[int] = mapped_column(primary_key=True)
    released_at: Mapped[datetime]
    released_by: Mapped[str] = mapped_column(String(200))  # by name
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    summed_up_at: Mapped[datetime | None] = mapped_column(index=True)


class AuditRow(Table):
    """What happened, by whom, chained by hash: each row vouches for all before it."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(200))
    event: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str] = mapped_column(String(200), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
