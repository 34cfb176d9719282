"""What a mail is, and what it asks for. Pure: a mail and what is known around it in, findings with reasons out."""

from __future__ import annotations

from dataclasses import replace

from bot import triage
from handlers.mail.about import Looking, about
from handlers.mail.amendment_words import ELSEWHERE
from handlers.mail.attendance_words import alternate
from handlers.mail.clearing import clearance
from handlers.mail.findings import Finding, What
from handlers.mail.invitation_replies import Answered, InvitationReply
from handlers.mail.known import Known
from handlers.mail.matters import matters
from handlers.mail.reading import ReadMail
from handlers.mail.remainder import left_over


def findings(mail: ReadMail, known: Known) -> list[Finding]:
    """The matters that a mail brings, in the order written and numbered from 1; never none.

    What nobody answers stands alone. What is for a person alone (rules §7) stands first, and nothing beside it is done.
    """
    machine = _machines(mail, known)
    if machine:
        return [machine]
    answered = clearance(mail, known)
    if answered:  # before what is kept from machines by who wrote: the Chair was asked
        return [answered]
    found = list(_of_a_person(mail, known))
    rest = left_over(mail.own_words, found)
    if rest:  # what is certain does not close a mail of which a part is not understood
        found.append(Finding(What.UNCLEAR, f'It also says what no machine understands: "{rest}"', words=rest))
    return [replace(one, part=number) for number, one in enumerate(found, start=1)]


def _machines(mail: ReadMail, known: Known) -> Finding | None:
    """What no person has written to us, or none that we answer."""
    if mail.bounces:
        first = mail.bounces[0]
        said = f"A mail of ours to {first.address} came back: {first.reason}"
        return Finding(What.BOUNCE, said, certain=True, notice_id=first.notice_id)
    if mail.loop or mail.sender in known.own_addresses:
        return Finding(
            What.LOOP, f"It is our own, come back: {mail.loop or f'it is from {mail.sender}'}.", certain=True
        )
    by_a_calendar = mail.invitation is not None and bool(mail.invitation.attendee)
    if not by_a_calendar and (mail.absence or mail.automatic or mail.is_report):
        return _automatic(mail)  # calendars mark what they send for a person as automatic, too
    if mail.spam:
        is_strangers = known.sender is None
        return Finding(What.SPAM, f"It is taken for spam: {mail.spam}.", certain=is_strangers, words=mail.own_words)
    return None


def _automatic(mail: ReadMail) -> Finding:
    if mail.absence:
        return Finding(What.OUT_OF_OFFICE, f"An absence notice, so it is not answered: {mail.absence}.", certain=True)
    why = mail.automatic or "it is a mail server's report, about no mail of ours"
    return Finding(What.AUTOMATIC, f"Automatic mail, so it is not answered: {why}.", certain=True)


def _of_a_person(mail: ReadMail, known: Known) -> list[Finding]:
    said = f"{mail.subject}\n{mail.own_words}"
    kind = triage.kind_for_a_person(said, known.config, address=mail.sender, seats=known.seats)
    found = _answer_to_invitation(mail, known) or list(matters(mail, known))
    if kind is None:
        return found or [_unclear(mail)]
    reason = f"No machine answers this: {kind.reason}."
    first = Finding(What.FOR_A_PERSON, reason, certain=True, words=mail.own_words or mail.subject)
    beside = [one for one in found if one.what not in (What.QUERY, What.UNCLEAR)]
    return [first, *(replace(one, certain=False) for one in beside)]


def _answer_to_invitation(mail: ReadMail, known: Known) -> list[Finding]:
    """A declined invitation is a proposed apology; an accepted one asks nothing, unless something is written to it."""
    reply = mail.invitation
    if reply is None or (not reply.attendee and known.notice is None and not reply.summary):
        return []
    if reply.answered is Answered.DECLINED:
        return [_declined(reply, mail, known)]
    if mail.own_words.strip():
        return []
    if reply.answered is Answered.OTHER_TIME:
        return [Finding(What.UNCLEAR, "The invitation is answered with another time; the PMO decides on that.")]
    said = f"The invitation is {reply.answered.value}: there is nothing to do."
    return [Finding(What.AUTOMATIC, said, certain=True)]


def _declined(reply: InvitationReply, mail: ReadMail, known: Known) -> Finding:
    meeting = known.meeting(reply.uid)
    if meeting is None:
        when = reply.on.isoformat() if reply.on else ""
        found = about(mail, known, f"{reply.summary} {when}", Looking.AHEAD)
        group, on, because = found.group, found.on, found.because
    else:
        group, on, because = meeting.group, meeting.on, "the invitation is ours"
    who, _ = alternate(mail.own_words, known.people, known.sender)
    by_another = f" It answers for {reply.attendee}." if reply.attendee and reply.attendee != mail.sender else ""
    why = because or "its subject says so"
    reason = f"The invitation to {group or 'a meeting'} was declined ({why}); an apology is proposed.{by_another}"
    return Finding(
        What.APOLOGY, reason, words=f"Declined: {reply.summary or mail.subject}", group=group, on=on, who=who
    )


def _unclear(mail: ReadMail) -> Finding:
    """Why nobody but a person can tell what to do."""
    if not mail.own_words.strip():
        why = "It has no words of its own: it only quotes or forwards." if mail.cut else "It is empty."
        if mail.files:
            why = "It brings files without a word of what they are for."
    elif ELSEWHERE.search(mail.own_words):
        why = "It points to changes that stand elsewhere (marked, inline or below)."
    else:
        why = "It names no report together with a change that is asked for, and nothing else that we know."
    names = tuple(file.name for file in mail.files if not file.is_inline)
    return Finding(What.UNCLEAR, why, words=mail.own_words, files=names)
