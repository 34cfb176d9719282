"""An erratum: the same day, to everybody who had the report; the old one superseded wherever it went."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import docx
import pytest
from docx_plus.revisions import read_revisions
from sqlalchemy import select, update

from bot.clock import Clock
from bot.model import Delivery, Outcome, OutgoingMessage
from bot.reports import latest
from bot.store.house_tables import AuditRow
from bot.store.outbox_tables import OutboxRow
from bot.store.report_tables import ActionRow, DecisionRow, SupersededMessageRow
from bot.superseded_messages import SupersededMessages
from tests.issued_desk import ASKED, HARRIET, PAPERS_DAY, PMO, REFERENCE, UID, IssuedDesk, desk

__all__ = ["desk"]
SAME_DAY = datetime(2024, 2, 9, 15, tzinfo=UTC)
THEN = SAME_DAY + timedelta(minutes=5)
WRONG = "The group did not approve the plan."
CORRECT = ("reports", "correct", REFERENCE, "D-01", "--text", WRONG, "--outcome", "reject", "--reason", "Misheard.")


class Slack:
    """A Slack that takes changes, after as many failures as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.said = failures, list[OutgoingMessage]()

    def revise(self, message: OutgoingMessage) -> Delivery:
        if self.failures:
            self.failures -= 1
            return Delivery(Outcome.FAILED_FOR_NOW, error="Slack asks to send more slowly.", retry_after=90)
        self.said.append(message)
        return Delivery(Outcome.DELIVERED, service_id=message.service_id)


def delivered_by_slack(desk: IssuedDesk, state: str = "sent") -> str:
    """One of the report's notices went by Slack, the others by mail; the recipient of that one."""
    with desk.whole.database.session() as session:
        session.execute(update(OutboxRow).where(OutboxRow.kind == "report").values(state="sent", channel="mail"))
        row = session.scalars(select(OutboxRow).where(OutboxRow.kind == "report")).first()
        assert row
        row.channel, row.address, row.service_id, row.state = "slack", "U001", "D001:1707.0001", state
        return row.id


def test_a_decision_recorded_wrongly_is_corrected_the_same_day(desk: IssuedDesk) -> None:
    said = desk.run(*CORRECT, *PMO, now=SAME_DAY)
    assert f"PSG-DEC41: “{WRONG}”, before: “The group approved the plan of January.”" in said
    first, second = desk.reports()
    assert (second.kind, second.supersedes, second.reason) == ("erratum", first.id, "Misheard.")
    with desk.whole.database.reading() as session:
        decision = session.get_one(DecisionRow, "PSG-DEC41")
        assert (decision.text, decision.outcome, decision.report_id) == (WRONG, "reject", second.id)
        assert session.scalars(select(AuditRow).where(AuditRow.event == "erratum issued")).one().actor == PMO[1]
    row = desk.newest().dispositions[0]
    assert (row.reference, row.line) == ("Erratum of Friday 9 February 2024", "PSG-DEC41")
    assert row.outcome == "Corrected. It said: The group approved the plan of January. Outcome: Accepted."
    redline = docx.Document(io.BytesIO(desk.content(second.redline_sha256)))
    assert {r.author for r in read_revisions(redline)} == {"PMO", "PMO, erratum"}
    assert [c.text for c in redline.comments] == [
        "Erratum of Friday 9 February 2024, on the word of Tobias Wrenfield. Misheard."
    ]


def test_everybody_who_had_it_is_told_at_once_on_that_persons_word(desk: IssuedDesk) -> None:
    delivered_by_slack(desk)
    had_it = {row.recipient for row in desk.notices("report")}
    desk.run(*CORRECT, *PMO, now=SAME_DAY)
    rows = desk.notices("correction")
    assert {row.recipient for row in rows} == had_it
    assert {(row.state, row.released_by, row.due_at) for row in rows} == {("pending", PMO[1], rows[0].due_at)}
    assert rows[0].due_at.date() == SAME_DAY.date()
    for words in ("was recorded wrongly", WRONG, "Reason: Misheard.", "please use revision 2"):
        assert words in rows[0].text


def test_slack_messages_that_brought_the_old_one_say_so(desk: IssuedDesk) -> None:
    outbox_id = delivered_by_slack(desk)
    desk.run(*CORRECT, *PMO, now=SAME_DAY)
    slack, clock = Slack(failures=1), [THEN]
    marking = SupersededMessages(desk.whole.database, slack, lambda: clock[0])
    assert marking.mark_one()
    assert not marking.mark_one(), "Slack asked to wait"
    clock[0] += timedelta(minutes=5)
    assert marking.mark_one()
    assert not marking.mark_one()
    [message] = slack.said
    assert (message.id, message.service_id, message.to) == (outbox_id, "D001:1707.0001", "U001")
    assert message.subject.startswith("Superseded: PSG: headline report")
    assert message.text.startswith("This report was corrected by an erratum: revision 2 takes its place")
    assert not message.offers, "nobody answers the old one"


def test_a_message_of_which_nobody_knows_is_waited_for(desk: IssuedDesk) -> None:
    outbox_id = delivered_by_slack(desk, "unknown")
    desk.run(*CORRECT, *PMO, now=SAME_DAY)
    slack, clock = Slack(), [THEN]
    marking = SupersededMessages(desk.whole.database, slack, lambda: clock[0])
    assert not marking.mark_one()
    with desk.whole.database.session() as session:
        session.get_one(OutboxRow, outbox_id).state = "sent"
    clock[0] += timedelta(minutes=5)
    assert marking.mark_one()
    assert len(slack.said) == 1


def test_a_second_erratum_changes_them_again(desk: IssuedDesk) -> None:
    delivered_by_slack(desk)
    desk.run(*CORRECT, *PMO, now=SAME_DAY)
    slack = Slack()
    marking = SupersededMessages(desk.whole.database, slack, Clock(THEN).now)
    assert marking.mark_one()
    again = ("reports", "correct", REFERENCE, "A-01", "--text", "The IPA was asked to.", "--reason", "Misheard.")
    desk.run(*again, *PMO, now=SAME_DAY)
    assert marking.mark_one()
    assert ["revision 2" in one.text for one in slack.said] == [True, False]
    with desk.whole.database.reading() as session:
        assert session.scalars(select(SupersededMessageRow)).one().report_id == f"{REFERENCE}-r3"
        assert session.scalars(select(ActionRow)).one().text == "The IPA was asked to."


def test_in_the_log_that_stands_for_slack_the_word_follows(desk: IssuedDesk) -> None:
    outbox_id = delivered_by_slack(desk)
    desk.run(*CORRECT, *PMO, now=SAME_DAY)
    assert SupersededMessages(desk.whole.database, desk.whole.slack_log, Clock(THEN).now).mark_one()
    lines = [json.loads(line) for line in desk.whole.places.slack_log.read_text(encoding="utf-8").splitlines()]
    assert [line["id"].partition(":")[0] for line in lines] == [outbox_id]
    assert lines[0]["subject"].startswith("Superseded")


def test_an_amended_report_made_ready_before_is_made_ready_anew_upon_the_corrected_one(desk: IssuedDesk) -> None:
    desk.accept(desk.ask("The group noted the risk of delay.", "D-02"))
    assert desk.prepare(PAPERS_DAY) == 1
    desk.run(*CORRECT, *PMO, now=PAPERS_DAY)
    assert desk.prepare(PAPERS_DAY) == 1
    desk.reissue()
    assert [d.text for d in desk.newest().draft.decisions] == [WRONG, "The group noted the risk of delay."]
    assert [row.reference for row in desk.newest().dispositions] == ["Erratum of Wednesday 28 February 2024", "AM-001"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("D-09", "--text", "X.", "--reason", "Y."), "no decision or action D-09"),
        (("V-01", "--text", "X.", "--reason", "Y."), "no decision or action V-01"),
        (("D-01", "--text", " ", "--reason", "Y."), "needs what the line shall say"),
        (("D-01", "--text", "X.", "--reason", " "), "needs what the line shall say"),
        (("D-01", "--text", "X.", "--reason", "Y.", "--outcome", "perhaps"), "perhaps is no outcome"),
        (("A-01", "--text", "X.", "--reason", "Y.", "--outcome", "reject"), "PSG27-01 has no outcome"),
        (("D-01", "--text", "The group approved the plan of January.", "--reason", "Y."), "says that already"),
    ],
)
def test_what_means_nothing_is_refused_and_nothing_changes(desk: IssuedDesk, words: tuple[str, ...], said: str) -> None:
    assert said in desk.refused("reports", "correct", REFERENCE, *words, *PMO, now=SAME_DAY)
    assert len(desk.reports()) == 1
    assert not desk.notices("correction")


def test_only_the_pmo_corrects(desk: IssuedDesk) -> None:
    assert "is not of the PMO" in desk.refused(*CORRECT, "--by", HARRIET, now=SAME_DAY)


def test_what_was_tampered_with_is_not_built_upon(desk: IssuedDesk) -> None:
    with desk.whole.database.session() as session:
        row = latest(session, UID)
        assert row
        row.snapshot = row.snapshot.replace("approved", "rejected")
    assert "was changed since its issue" in desk.refused(*CORRECT, *PMO, now=SAME_DAY)


def test_requests_are_made_about_what_the_newest_revision_says(desk: IssuedDesk) -> None:
    desk.accept(desk.ask("Large Supplier asked for June.", "V-01"))
    desk.reissue()
    desk.ask("Large Supplier asked for July.", "V-01", now=PAPERS_DAY)
    shown = desk.run("amendments", "show", "AM-002", now=ASKED)
    assert "Large Supplier asked for June." in shown
