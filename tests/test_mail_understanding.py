"""What mails are found to be: the matter, the meeting, the words, and why; and what is left to a person."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from bot.errors import UnreadableMessage
from bot.model import Meeting, MeetingStatus, Person, SeatHolding
from bot.report_lines import ReportLine
from handlers.mail.findings import NOBODY_ANSWERS, Finding, What
from handlers.mail.known import Known, OpenAction, RepliedTo
from handlers.mail.reading import read_mail
from handlers.mail.understanding import findings

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)  # PSG met on 7 February, and meets on 6 March
HARRIET = Person("P-1", "Harriet Bassington", "Example Energy", "harriet.bassington@example.org", None)
JANE = Person("P-2", "Jane Roe", "Example Energy", "jane.roe@example.org", None)
EMEKA = Person("P-3", "Emeka Loxley", "Example Networks", "emeka.loxley@example.org", None)
MARGUERITE = Person("P-4", "Marguerite Oyelaran", "Programme", "marguerite@example.org", None)


def meeting(group: str, on: str, hour: int = 10) -> Meeting:
    day = date.fromisoformat(on)
    starts = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    uid = f"{group.lower()}-{on}@mhhsprogramme.co.uk"
    return Meeting(uid, group, day, starts, starts.replace(hour=hour + 2), MeetingStatus.SCHEDULED, "a test")


def seat(person: Person, group: str, role: str = "member", title: str = "Large Supplier") -> SeatHolding:
    return SeatHolding(person, group, title, role, "Large Supplier", date(2023, 1, 1), None)


PSG_FEB, PSG_MAR = meeting("PSG", "2024-02-07"), meeting("PSG", "2024-03-06")
MWG_FEB, MWG_MAR = meeting("MWG", "2024-02-08", 14), meeting("MWG", "2024-03-14", 14)
LINES = (
    ReportLine("PSG-DEC41", "D-01", "decision", "The delivery plan was approved by the steering group."),
    ReportLine("PSG27-03", "A-03", "action", "Ofgem to publish the consultation on the new timetable."),
    ReportLine("V-02", "V-02", "viewpoint", "Large Suppliers supported the plan.", constituency="Large Supplier"),
)
ACTION = OpenAction("PSG27-03", LINES[1].text, is_senders=True)
REPORT_SENT = RepliedTo("a" * 32, "report", PSG_FEB.uid, "PSG: headline report (PSG-2024-02-07)")
INVITED = RepliedTo("b" * 32, "invitation", PSG_MAR.uid, "PSG on 6 March 2024")
PAPERS_DUE = RepliedTo("c" * 32, "member_reminder", PSG_MAR.uid, "Papers for PSG are due", "papers", to_be_met=True)


@pytest.fixture
def known(config: Config) -> Known:
    return Known(
        config, NOW, sender=HARRIET, seats=(seat(HARRIET, "PSG"),), meetings=(PSG_FEB, MWG_FEB, PSG_MAR, MWG_MAR),
        lines={PSG_FEB.uid: LINES}, issued=frozenset({PSG_FEB.uid}), actions=(ACTION,), people=(HARRIET, JANE, EMEKA),
        requests={"AM-007": PSG_FEB.uid}, own_addresses=frozenset({"pmo@mhhsprogramme.co.uk"}),
    )  # fmt: skip


def mail(
    body: str, subject: str = "", *, sender: str = "", files: dict[str, bytes] | None = None, **headers: str
) -> bytes:
    message = EmailMessage()
    message["From"] = sender or f"{HARRIET.name} <{HARRIET.email}>"
    message["To"], message["Subject"] = headers.pop("To", "pmo@mhhsprogramme.co.uk"), subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    for name, content in (files or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def found(known: Known, body: str, subject: str = "", **more: Any) -> list[Finding]:
    return findings(read_mail(mail(body, subject, **more)), known)


def only(known: Known, body: str, subject: str = "", **more: Any) -> Finding:
    [one] = found(known, body, subject, **more)
    assert one.reason.endswith((".", ")"))
    return one


# ----------------------------------------------------------------------------------------------------------- amendments

# body, subject; line, nature, present, proposed, grounds
REQUESTS = [
    ("PSG 2024-02-07 D-01: the plan was noted", "", "D-01", "record", LINES[0].text, "the plan was noted", ""),
    ("D-01: the plan was noted", "PSG 2024-02-07", "D-01", "record", LINES[0].text, "the plan was noted", ""),
    ('In PSG-DEC41, please replace "approved" with "noted" because nobody approved'
    ' it.', "", "PSG-DEC41", "record", "approved", "noted", "because nobody approved it."),
    ("PSG-DEC41 should read: the plan was noted.", "", "PSG-DEC41", "record", LINES[0].text, "the plan was noted.", ""),
    ('The line “Large Suppliers supported the plan.” should read “Large Suppliers opposed the plan.”, as Harriet'
    ' said at'
    ' 00:41.', "PSG 7"
    " February", "V-02", "record", "Large Suppliers supported the"
    " plan.", "Large Suppliers opposed the plan.", "as Harriet said at 00:41."),
    ("Line: D-01\nCurrent text: The plan was approved\nProposed text: The plan was noted\nReason: see"
    " 00:41:10", "PSG 7 Feb 2024", "D-01", "record", "The plan was approved", "The plan was noted", "see 00:41:10"),
    ("PSG27-03: the owner is wrong, it should read: Elexon to publish the"
    " consultation.", "", "PSG27-03", "record", LINES[1].text, "Elexon to publish the consultation.", ""),
    ('On PSG-DEC41, please delete "by the steering'
    ' group".', "", "PSG-DEC41", "record", "by the steering group", "", ""),
    ("Please add a post-meeting note to the PSG report of 7 February: Large Suppliers will comment in"
    " March.", "", None, "note", "", None, ""),
    ("I disagree with PSG-DEC41 and want to escalate it.", "", "PSG-DEC41", "disagreement", LINES[0].text, None, ""),
    ("We would like it noted for the record that V-02 is a minority"
    " view.", "PSG 2024-02-07", "V-02", "note", LINES[2].text, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("body", "subject", "line", "nature", "present", "proposed", "grounds"), REQUESTS)
def test_a_request_is_taken_apart(
    known: Known,
    body: str,
    subject: str,
    line: str | None,
    nature: str,
    present: str,
    proposed: str | None,
    grounds: str,
) -> None:
    one = only(known, body, subject)
    assert (one.what, one.certain, one.group, one.on) == (What.AMENDMENT, True, "PSG", PSG_FEB.on), one.reason
    assert (one.line, one.nature, one.present_text, one.grounds) == (line, nature, present, grounds)
    assert one.proposed_text == (body if proposed is None else proposed)


# subject, body; the line and the text wanted
WRITTEN = [
    ("A request", "PSG 2024-02-07 D-01: the plan was noted", "D-01", "the plan was noted"),
    ("A request", "psg 2024-02-07 d1: x", "D-01", "x"),
    ("A request", "PSG-2024-02-07 D1: x", "D-01", "x"),
    ("A request", "Dear PMO,\n\nPSG 2024-02-07, A-03: x\ny", "A-03", "x\ny"),
    ("A request", "Dear PMO,\nPSG 2024-02-07 D-01: x", "D-01", "x"),
    ("A request", "PSG 2024-02-07 PSG-DEC41: x", "PSG-DEC41", "x"),
    ("A request", "PSG 2024-02-07 PSG27-03: x", "PSG27-03", "x"),
    ("A request", "PSG 2024-02-07 V-2: x", "V-02", "x"),
    ("PSG 2024-02-07", "D-01: x", "D-01", "x"),
    ("Re: PSG: headline report (PSG-2024-02-07)", "d1 - x", "D-01", "x"),
    ("PSG 2024-02-07 D-01", "Please change it to x", "D-01", "x"),
    ("PSG 2024-02-07 D-01", "The owner should be Elexon", "D-01", "The owner should be Elexon"),
    ("", f"PSG 2024-02-07 D-01: {'word ' * 4000}".strip(), "D-01", ("word " * 4000).strip()),
]


@pytest.mark.parametrize(("subject", "body", "line", "text"), WRITTEN)
def test_the_short_form_of_a_request(known: Known, subject: str, body: str, line: str, text: str) -> None:
    one = only(replace(known, actions=()), body, subject)
    assert (one.what, one.certain, one.line, one.proposed_text) == (What.AMENDMENT, True, line, text), one.reason


@pytest.mark.parametrize(
    ("subject", "body", "what"),
    [
        ("A request", "On 7 February the PSG 2024-02-30 D-01: x", What.AMENDMENT),
        ("A request", "the meeting on 2024-02-06 D-01: x", What.AMENDMENT),
        ("A request", "NOGROUP 2024-02-06 D-01: x", What.AMENDMENT),
        ("PSG 2024-02-07", "The owner should be Elexon", What.AMENDMENT),
        ("PSG 2024-02-07", "Thank you, I shall attend", What.UNCLEAR),
        ("PSG 2024-02-07", "D-01: agreed", What.UNCLEAR),
        ("PSG 2024-02-07 D-01", "", What.UNCLEAR),
    ],
)
def test_a_request_without_its_report_or_a_change_waits(known: Known, subject: str, body: str, what: What) -> None:
    one = only(known, body, subject)
    assert (one.what, one.certain) == (what, False)


def test_several_requests_in_one_mail_are_split(known: Known) -> None:
    body = (
        "Dear PMO,\n\nThree points on the report of PSG of 7 February.\n\n1. D-01 should read: the plan was noted.\n"
        '2. A-03: replace "Ofgem" with "Elexon".\n3. V-02 is wrong: we opposed the plan.\n\nKind regards,\nHarriet'
    )
    parts = found(known, body)
    assert [(p.part, p.what, p.line, p.certain) for p in parts] == [
        (1, What.AMENDMENT, "D-01", True), (2, What.AMENDMENT, "A-03", True), (3, What.AMENDMENT, "V-02", True),
    ]  # fmt: skip
    assert [p.proposed_text for p in parts][:2] == ["the plan was noted.", "Elexon"]
    assert "we opposed the plan" in parts[2].proposed_text


def test_answers_between_quoted_lines_are_about_those_lines(known: Known) -> None:
    body = (
        "Please see below.\n\nOn Fri, 9 Feb 2024 at 08:00, PMO <pmo@mhhsprogramme.co.uk> wrote:\n> D-01 The"
        " delivery plan was approved.\n\n"
        "This should read: noted.\n\n> A-03 Ofgem to publish the consultation.\n\nAgreed.\n\n> V-02 Large Suppliers"
        " supported the plan.\n\n"
        "Incorrect, we opposed it.\n"
    )
    parts = found(replace(known, notice=REPORT_SENT), body, "Re: PSG: headline report (PSG-2024-02-07)")
    assert [(p.what, p.line) for p in parts] == [(What.AMENDMENT, "D-01"), (What.AMENDMENT, "V-02")]


# body, subject, what a person should know
UNSURE = [
    ("Please correct the owner of A-03.", "", "only likely"),
    ("PSG 2024-02-07 D-09: should read noted", "", "no line D-09"),
    ("Please see my changes to the report in red below.", "PSG 2024-02-07", "elsewhere"),
    ("I disagree with the decision at PSG on 7 February.", "", "which decision"),
    ("PSG 2024-03-06 D-01: should read noted", "", "still to come"),
    ("I disagree with D-01; it should read noted.", "PSG 2024-02-07", "disagreement"),
    ("Please amend the PSG report: it should mention testing.", "", "only likely"),
]


@pytest.mark.parametrize(("body", "subject", "doubt"), UNSURE)
def test_what_is_not_sure_is_not_guessed(known: Known, body: str, subject: str, doubt: str) -> None:
    one = only(known, body, subject)
    assert (one.what, one.certain) == (What.AMENDMENT, False)
    assert doubt in one.reason


def docx(body: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:document>{body}</w:document>")
    return file.getvalue()


def test_a_marked_up_report_is_kept_with_its_request_and_waits(known: Known) -> None:
    marked = docx('<w:p><w:ins w:author="H"><w:t>noted</w:t></w:ins></w:p>')
    one = only(
        known, "Please find our amendments to the report attached.", "PSG 2024-02-07", files={"PSG report.docx": marked}
    )
    assert (one.what, one.certain, one.files) == (What.AMENDMENT, False, ("PSG report.docx",))
    assert "a person reads" in one.reason


@pytest.mark.parametrize(
    ("body", "certain"),
    [
        ("No comments from us.", True),
        ("We have no comments on the report, thank you.", True),
        ("Nil return from Large Suppliers.", True),
        ("We have no further comments or amendments.", True),
        ("Content with the report as drafted.", True),
        ("No comments, except that D-01 should be clearer.", False),
    ],
)
def test_no_comments(known: Known, body: str, certain: bool) -> None:
    one = found(replace(known, notice=REPORT_SENT), body, "Re: PSG: headline report (PSG-2024-02-07)")[0]
    if certain:
        assert (one.what, one.certain, one.group, one.on) == (What.NO_COMMENTS, True, "PSG", PSG_FEB.on)
    else:
        assert not one.certain or one.what is What.AMENDMENT


# ---------------------------------------------------------------------------------------------------- meetings to come

# body; the alternate, certain
APOLOGIES = [
    ("I am unable to attend PSG on 6 March. Jane Roe will attend in my place.", "Jane Roe", True),
    ("Apologies for PSG on 6 March 2024.", "", True),
    ("Please accept my apologies for the PSG meeting on Wednesday 6th March.", "", True),
    (
        "I can't make PSG on 06/03/2024, my alternate will be Jane Roe (jane.roe@example.org).",
        "Jane Roe <jane.roe@example.org>",
        True,
    ),
    ("I won't be able to join the next PSG. Jane will deputise.", "Jane Roe", False),
    (
        "I cannot attend PSG on 6 March; Ann Other <ann@example.org> will be my alternate.",
        "Ann Other <ann@example.org>",
        True,
    ),
    ("I cannot attend PSG on 6 March. Bob Nobody will attend instead.", "Bob Nobody", False),
    ("Jane Roe will attend PSG on 6 March on my behalf.", "Jane Roe", True),
    ("I nominate Jane Roe as my alternate for PSG on 6 March.", "Jane Roe", True),
    ("I will be on leave on 6 March and so will miss PSG. My alternate is Jane Roe.", "Jane Roe", True),
    ("I have a clash with PSG on 6 March, so Jane Roe will represent us.", "Jane Roe", True),
    ("I cannot make PSG.", "", False),
    ("I might not be able to attend PSG on 6 March.", "", False),
    ("I'm afraid I will not be attending PSG on 7 February.", "", False),
    ("Emeka Loxley cannot attend PSG on 6 March.", "", False),
]


@pytest.mark.parametrize(("body", "who", "certain"), APOLOGIES)
def test_an_apology_with_its_alternate(known: Known, body: str, who: str, certain: bool) -> None:
    one = only(known, body)
    assert (one.what, one.group, one.who, one.certain) == (What.APOLOGY, "PSG", who, certain), one.reason


@pytest.mark.parametrize(
    "body",
    [
        "I cannot attend PSG on 6 March because I am in hospital.",
        "I cannot attend PSG on 6 March as my daughter is ill.",
        "I am unable to attend PSG on 6 March, due to surgery.",
        "Apologies for PSG on 6 March - I'm on leave, after surgery.",
    ],
)
def test_no_reason_for_staying_away_is_kept(known: Known, body: str) -> None:
    one = only(known, body)
    assert one.what is What.APOLOGY
    for reason in ("hospital", "ill", "surgery", "daughter"):
        assert reason not in f"{one.words} {one.reason}".replace("will", "")


@pytest.mark.parametrize(
    "body",
    ["Apologies for the delay. D-01 should read: noted.", "My apologies for the late reply; D-01 should read: noted."],
)
def test_being_sorry_is_no_apology_for_a_meeting(known: Known, body: str) -> None:
    assert only(known, body, "PSG 2024-02-07").what is What.AMENDMENT


def test_a_reply_to_the_invitation_says_which_meeting(known: Known) -> None:
    one = only(replace(known, notice=INVITED), "Sorry, I can't make it.", "Re: your invitation")
    assert (one.what, one.group, one.on, one.certain) == (What.APOLOGY, "PSG", PSG_MAR.on, True)
    assert "it answers our" in one.reason


PDF = b"%PDF-1.4\n"


def test_papers_come_with_their_meeting(known: Known) -> None:
    one = only(known, "Please find attached our paper for PSG on 6 March.", files={"Delivery plan.pdf": PDF})
    assert (one.what, one.group, one.on, one.files, one.certain) == (
        What.PAPER,
        "PSG",
        PSG_MAR.on,
        ("Delivery plan.pdf",),
        True,
    )
    one = only(
        replace(known, notice=PAPERS_DUE),
        "Here you are.",
        "Re: Papers for PSG are due",
        files={"Delivery plan.pdf": PDF},
    )
    assert (one.what, one.on, one.certain) == (What.PAPER, PSG_MAR.on, True)


def test_a_file_that_is_held_makes_a_paper_wait(known: Known) -> None:
    one = only(known, "Our paper for PSG on 6 March is attached.", files={"plan.zip": b"PK\x05\x06" + bytes(18)})
    assert (one.what, one.certain, one.files) == (What.PAPER, False, ())
    assert "archive" in one.reason


def test_an_item_for_the_agenda_is_proposed(known: Known) -> None:
    one = only(known, "Please could you add an item on data cleansing to the agenda for PSG on 6 March?")
    assert (one.what, one.group, one.on) == (What.AGENDA_ITEM, "PSG", PSG_MAR.on)
    assert (one.proposed_text, one.certain) == ("data cleansing", False)


# ----------------------------------------------------------------------------------------- actions, seats and questions


@pytest.mark.parametrize(
    ("body", "subject", "state"),
    [
        ("PSG27-03: complete, see https://example.org/consultation", "", "done"),
        ("This is done and can be closed.", "PSG27-03", "done"),
        ("PSG27-03 is in progress; we expect it to be complete by 1 March.", "", "open"),
        ("Update on PSG27-03: not done yet, new date 15 March 2024.", "", "open"),
    ],
)
def test_an_update_of_an_action(known: Known, body: str, subject: str, state: str) -> None:
    one = only(known, body, subject)
    assert (one.what, one.line, one.state, one.certain) == (What.ACTION_UPDATE, "PSG27-03", state, True)
    assert one.due_on == (date(2024, 3, 15) if "15 March" in body else date(2024, 3, 1) if "1 March" in body else None)


def test_an_update_by_somebody_who_does_not_own_it_waits(known: Known) -> None:
    known = replace(known, actions=(replace(ACTION, is_senders=False),))
    assert not only(known, "PSG27-03 is complete.").certain


@pytest.mark.parametrize(
    ("body", "certain"),
    [
        ("Done.", True),
        ("Hi Tobias,\n\nDone, see https://example.org/p\n\nThanks,\nHarriet", True),
        ("All done", True),
        ("Completed this morning.", True),
    ],
)
def test_done_to_a_reminder(known: Known, body: str, certain: bool) -> None:
    one = only(replace(known, notice=PAPERS_DUE), body, "Re: Papers for PSG are due")
    assert (one.what, one.notice_id, one.certain) == (What.DONE, PAPERS_DUE.id, certain)


@pytest.mark.parametrize(
    "body", ["Done?", "Not done yet.", "It will be done by Friday.", "I have done nothing of it, sorry."]
)
def test_not_done_is_not_done(known: Known, body: str) -> None:
    assert all(one.what is not What.DONE for one in found(replace(known, notice=PAPERS_DUE), body))


@pytest.mark.parametrize(
    ("body", "who"),
    [
        (
            "We nominate Jane Roe (jane.roe@example.org) as the Large Supplier representative on PSG.",
            "Jane Roe <jane.roe@example.org>",
        ),
        ("Jane Roe will take over from me as Large Supplier representative at PSG from April.", "Jane Roe"),
        ("Our new constituency representative on PSG is Ann Other <ann@example.org>.", "Ann Other <ann@example.org>"),
        ("From 1 April our representative on PSG will be Jane Roe, who replaces me.", "Jane Roe"),
        ("I am standing down as PSG representative.", ""),
    ],
)
def test_a_nomination_is_for_a_person(known: Known, body: str, who: str) -> None:
    one = only(known, body)
    assert (one.what, one.group, one.who, one.certain) == (What.NOMINATION, "PSG", who, False)


@pytest.mark.parametrize(
    "body",
    [
        "Could you tell me who deals with the test plan?",
        "When is the next migration workshop?",
        "I would like to know whether the plan is final.",
    ],
)
def test_a_question_is_a_query(known: Known, body: str) -> None:
    assert only(known, body).what is What.QUERY


def test_a_question_in_answer_to_our_mail_is_looked_at_first(known: Known) -> None:
    one = only(replace(known, notice=REPORT_SENT), "Could you check the recording at 41 minutes?", "Re: the report")
    assert (one.what, one.certain) == (What.QUERY, False)


def test_several_matters_in_one_mail(known: Known) -> None:
    body = (
        "D-01 should read: the plan was noted.\n\nI also cannot attend PSG on 6 March; Jane Roe will attend in my place"
        ".\n\nKind regards\nHarriet"
    )
    parts = found(known, body, "PSG 2024-02-07")
    assert sorted((p.what, p.on) for p in parts) == [(What.AMENDMENT, PSG_FEB.on), (What.APOLOGY, PSG_MAR.on)]
    assert [p.part for p in parts] == [1, 2]


# ----------------------------------------------------------------------------------------------------- which meeting


@pytest.mark.parametrize(
    ("more", "because"),
    [
        ({"subject": "AM-007"}, "AM-007"),
        ({"subject": "PSG-DEC41"}, "PSG-DEC41"),
        ({"subject": "PSG of Wednesday 7 February 2024"}, "names PSG"),
        ({"subject": "Programme Steering Group 7/2/2024"}, "names PSG"),
        ({"To": "PMO <pmo+psg-2024-02-07@mhhsprogramme.co.uk>"}, "was sent to"),
    ],
)
def test_how_the_meeting_is_known(known: Known, more: dict[str, str], because: str) -> None:
    one = only(replace(known, seats=()), "The second line of the report should read: noted.", **more)
    assert (one.what, one.group, one.on, one.certain) == (What.AMENDMENT, "PSG", PSG_FEB.on, True), one.reason
    assert because in one.reason


@pytest.mark.parametrize(
    ("sent", "on"), [("Tue, 5 Mar 2024 18:00:00 +0000", PSG_MAR.on), ("Mon, 1 Jan 1990 00:00:00 +0000", None)]
)
def test_tomorrow_is_the_day_after_the_mail_was_written(known: Known, sent: str, on: date | None) -> None:
    late = replace(known, now=datetime(2024, 3, 6, 9, tzinfo=UTC))
    one = only(late, "Apologies, I cannot attend PSG tomorrow.", Date=sent)
    assert (one.on if one.certain else None) == on


def test_the_report_that_is_quoted_says_which_meeting(known: Known) -> None:
    body = (
        "The owner should read: Elexon.\n\nFrom: PMO <pmo@example.org>\nSent: 09 February 2024 08:00\nTo: H"
        " <h@example.org>\n"
        "Subject: Headline report\n\nOfgem to publish the consultation on the new timetable.\n"
    )
    one = only(replace(known, seats=()), body, "RE: Headline report")
    assert (one.group, one.on) == ("PSG", PSG_FEB.on)
    assert "quotes a line" in one.reason


def test_the_conversation_and_the_seat_come_last(known: Known) -> None:
    one = only(replace(known, conversation=PSG_FEB.uid), "The report should read: noted.")
    assert (one.on, one.certain) == (PSG_FEB.on, True)
    one = only(known, "The report should read: noted.")
    assert (one.group, one.certain) == ("PSG", False)
    assert "sits in PSG" in one.reason


# ------------------------------------------------------------------------------------------------------- for a person


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ("I want to make a complaint about the meeting.", {}),
        ("This is a freedom of information request.", {}),
        ("PSG 2024-02-07 D-01: should read noted", {"sender": "somebody@ofgem.gov.uk"}),
    ],
)
def test_what_no_machine_answers_stands_first(known: Known, body: str, more: dict[str, str]) -> None:
    parts = found(known, body, **more)
    assert (parts[0].what, parts[0].certain, parts[0].part) == (What.FOR_A_PERSON, True, 1)
    assert not any(p.certain for p in parts[1:])


def test_a_chair_is_answered_by_a_person(known: Known) -> None:
    chair = replace(known, sender=MARGUERITE, seats=(seat(MARGUERITE, "PSG", "chair", "SRO as Chair"),))
    parts = found(chair, "D-01 should read: noted", "PSG 2024-02-07", sender="marguerite@example.org")
    assert [p.what for p in parts] == [What.FOR_A_PERSON, What.AMENDMENT]
    assert not parts[1].certain


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("Thank you for the papers.", "names no report"),
        ("", "empty"),
        ("> only quoted", "only quotes"),
    ],
)
def test_what_is_unclear_says_why(known: Known, body: str, why: str) -> None:
    one = only(known, body)
    assert (one.what, one.certain) == (What.UNCLEAR, False)
    assert why in one.reason


# ------------------------------------------------------------------------------------------------------ nobody answers

AUTOMATIC = [
    ({"Auto_Submitted": "auto-replied", "subject": "Automatic reply: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Abwesenheitsnotiz: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Réponse automatique : PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Respuesta automática: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Risposta automatica: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Automatisch antwoord: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Odpowiedź automatyczna: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Autosvar: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Автоматический ответ: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "自動応答: PSG"}, What.OUT_OF_OFFICE),
    ({"subject": "Out of Office: PSG"}, What.OUT_OF_OFFICE),
    ({"Auto_Submitted": "auto-generated", "subject": "Ticket 4711 was opened"}, What.AUTOMATIC),
    ({"List_Id": "<all.example.org>"}, What.AUTOMATIC),
    ({"Precedence": "bulk"}, What.AUTOMATIC),
    ({"X_Secretariat_Id": "abc"}, What.LOOP),
    ({"sender": "pmo@mhhsprogramme.co.uk"}, What.LOOP),
]


@pytest.mark.parametrize(("more", "what"), AUTOMATIC)
def test_what_nobody_answers(known: Known, more: dict[str, str], what: What) -> None:
    body = "A ticket was opened." if what is What.AUTOMATIC else "I am out of the office until 12 February."
    one = only(known, body, **more)
    assert (one.what, one.certain) == (what, True)


def test_somebody_who_is_away_and_says_so_is_no_machine(known: Known) -> None:
    one = only(known, "I cannot attend PSG on 6 March.", "Out of office on 6 March")
    assert one.what is What.APOLOGY


def test_spam_of_a_stranger_is_ignored_and_of_somebody_on_file_looked_at(known: Known) -> None:
    marks = {"X_Forefront_Antispam_Report": "CIP:1.2.3.4;CAT:PHSH;SFV:SPM"}
    assert only(replace(known, sender=None), "Buy now", **marks).certain
    assert not only(known, "Buy now", **marks).certain


def answer(partstat: str, *, method: str = "REPLY", uid: str = PSG_MAR.uid, comment: str = "") -> bytes:
    """As Outlook and Teams answer an invitation."""
    message = EmailMessage()
    message["From"], message["To"] = f"{HARRIET.name} <{HARRIET.email}>", "pmo@mhhsprogramme.co.uk"
    message["Subject"] = f"{partstat.title()}: Programme Steering Group"
    message.set_content(comment)
    calendar = (
        f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nPRODID:Microsoft Exchange Server 2010\r\nVERSION:2.0\r\n"
        f"BEGIN:VEVENT\r\n"
        f"ATTENDEE;PARTSTAT={partstat};CN=Harriet Bassington:mailto:{HARRIET.email}\r\nUID:{uid}\r\n"
        "SUMMARY;LANGUAGE=en-GB:Declined: Programme Steering Group\r\nDTSTART:20240306T100000Z\r\n"
        "DTEND:20240306T120000Z\r\n"
        "DTSTAMP:20240209T090000Z\r\nSEQUENCE:0\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    message.add_alternative(calendar, subtype="calendar", params={"method": method})
    return message.as_bytes()


@pytest.mark.parametrize("uid", [PSG_MAR.uid, "040000008200E00074C5B7101A82E008"])
def test_a_declined_invitation_is_a_proposed_apology(known: Known, uid: str) -> None:
    [one] = findings(read_mail(answer("DECLINED", uid=uid)), known)
    assert (one.what, one.certain, one.group, one.on) == (What.APOLOGY, False, "PSG", PSG_MAR.on)


def test_a_declined_invitation_may_name_the_alternate(known: Known) -> None:
    [one] = findings(read_mail(answer("DECLINED", comment="Jane Roe will attend in my place.")), known)
    assert (one.what, one.who) == (What.APOLOGY, "Jane Roe")


@pytest.mark.parametrize(("partstat", "what"), [("ACCEPTED", What.AUTOMATIC), ("TENTATIVE", What.AUTOMATIC)])
def test_an_accepted_invitation_asks_nothing(known: Known, partstat: str, what: What) -> None:
    assert [one.what for one in findings(read_mail(answer(partstat)), known)] == [what]


def test_another_time_is_for_the_pmo(known: Known) -> None:
    assert [one.what for one in findings(read_mail(answer("TENTATIVE", method="COUNTER")), known)] == [What.UNCLEAR]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "Please correct the report.\n\n" * 3000, "D-01: x\n" * 5000, "Could you? " * 4500, 'replace "a" with ' * 2700,
        "Jane Roe " * 5500, "I cannot attend PSG " * 2400, "7 February 2024 PSG " * 2300, "A" * 49_000,
        "a@b.org " * 6000,
        "nominate " * 5000, "add " * 12_000, "the item " * 5000, "Aaa Bbb Ccc Ddd " * 3000, "word " * 100_000,
    ],
)  # fmt: skip
def test_no_mail_takes_long(known: Known, text: str) -> None:
    assert found(replace(known, notice=REPORT_SENT), text)


WILD = sorted((Path(__file__).parent / "data/mail/awkward").rglob("*.eml"))
REPLIES = sorted((Path(__file__).parent / "data/mail/replies").rglob("*.txt"))


def test_no_message_of_the_wild_leads_to_a_deed(known: Known) -> None:
    """Spam, newsletters, bounces, other people's threads: nothing of them is certain but that nobody answers it."""
    for file in WILD:
        try:
            found_in = findings(read_mail(file.read_bytes()), replace(known, sender=None, seats=()))
        except UnreadableMessage:
            continue
        certain = {one.what for one in found_in if one.certain}
        assert certain <= {*NOBODY_ANSWERS, What.QUERY, What.FOR_A_PERSON}, file.name


def test_no_reply_of_the_wild_leads_to_a_deed(known: Known) -> None:
    for file in REPLIES:
        body = file.read_text(encoding="utf-8")
        certain = {one.what for one in found(known, body, "Re: the report") if one.certain}
        assert certain <= {*NOBODY_ANSWERS, What.QUERY, What.FOR_A_PERSON}, file.name


def test_nothing_is_found_that_was_only_quoted(known: Known) -> None:
    body = (
        "Thank you.\n\nOn Fri, 9 Feb 2024 at 08:00, PMO <pmo@example.org> wrote:\n"
        "> PSG 2024-02-07 D-01: should read noted\n> I cannot attend PSG on 6 March\n"
    )
    assert [one.what for one in found(known, body)] == [What.UNCLEAR]
