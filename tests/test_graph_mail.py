"""Mail through Microsoft 365: a real sign-in by msal and real requests by O365, to a mailbox on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from bot.adapters.graph_connection import GraphAccount
from bot.adapters.graph_mail import GraphMail
from bot.model import Attachment, Outcome, OutgoingMessage
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, FakeGraph, Fault, running_graph

Opener = Callable[..., GraphMail]
REMINDER = OutgoingMessage(
    id="17",
    to="chair@example.org",
    to_name="Ann O’Example",
    subject="Papers due: PSG, 4 November 2026",
    text="Dear Ann,\n\nthe papers are due – £0 late fee.",
    message_id="<psg-17@example.org>",
    sent_at=datetime(2026, 10, 28, 9, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def only_graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGraph]:
    with running_graph(tmp_path_factory.mktemp("graph")) as graph:
        yield graph


@pytest.fixture
def graph(only_graph: FakeGraph) -> FakeGraph:
    only_graph.forget()
    return only_graph


@pytest.fixture
def opened(graph: FakeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opener:
    """A GraphMail as an installation has it, working in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def open_mail(**settings: Any) -> GraphMail:
        usual = {
            "tenant_id": TENANT,
            "client_id": CLIENT_ID,
            "credential": SecretStr(SECRET),
            "mailbox": MAILBOX,
            "graph_url": graph.url,
            "authority": graph.authority,
            "timeout": 5.0,
        }
        return GraphMail(GraphAccount(**{**usual, **settings}))

    return open_mail


def test_signs_in_and_sends_and_finds_it_again(graph: FakeGraph, opened: Opener) -> None:
    mail = opened()
    assert mail.look_up(REMINDER) is None
    delivery = mail.deliver(REMINDER)
    assert delivery.outcome is Outcome.DELIVERED, delivery.error
    [sent] = graph.sent
    assert sent["id"] == delivery.service_id, "the id is the same after the move to Sent Items"
    assert sent["internetMessageId"] == REMINDER.message_id
    assert sent["toRecipients"] == [{"emailAddress": {"address": "chair@example.org", "name": "Ann O’Example"}}]
    assert sent["body"] == {"contentType": "text", "content": REMINDER.text}
    assert {"name": "x-secretariat-id", "value": "17"} in sent["_headers"]
    assert mail.look_up(REMINDER) == delivery
    assert graph.requests.count("token") == 1, "one sign-in for all requests"


def test_a_second_delivery_sends_nothing(graph: FakeGraph, opened: Opener) -> None:
    first = opened().deliver(REMINDER)
    assert opened().deliver(REMINDER) == first
    assert len(graph.mails) == 1


def test_signs_in_with_a_certificate_and_keeps_nothing_on_disk(
    graph: FakeGraph, opened: Opener, tmp_path: Path
) -> None:
    pair = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("secretariat@example.org", key_type=trustme.KeyType.RSA)
    graph.sign_in.certificate_pem = pair.cert_chain_pems[0].bytes().decode()
    credential = {
        "private_key": pair.private_key_pem.bytes().decode(),
        "public_certificate": graph.sign_in.certificate_pem,
    }
    assert opened(credential=credential).deliver(REMINDER).outcome is Outcome.DELIVERED
    assert list(tmp_path.iterdir()) == []


def test_a_refused_sign_in_says_why_without_the_secret(
    graph: FakeGraph, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    mail = opened(credential="wrong-secret")
    delivery = mail.deliver(REMINDER)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW, "an expired secret must not lose the whole queue"
    assert "AADSTS7000215: Invalid client secret provided" in delivery.error
    assert "\n" not in delivery.error
    found = mail.look_up(REMINDER)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert "wrong-secret" not in f"{mail!r} {vars(mail)} {delivery} {found} {caplog.text}"
    assert graph.mails == []


def test_no_token_is_logged(graph: FakeGraph, opened: Opener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    opened().deliver(REMINDER)
    assert graph.tokens
    assert not [token for token in graph.tokens if token in caplog.text]
    assert SECRET not in caplog.text


def test_a_credential_that_cannot_be_one_is_named_not_shown(opened: Opener) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nnot-a-key\n-----END PRIVATE KEY-----"
    delivery = opened(credential={"private_key": key, "public_certificate": "none"}).deliver(REMINDER)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert "credential" in delivery.error
    assert "not-a-key" not in delivery.error


@pytest.mark.parametrize("step", ["find", "draft", "send"])
@pytest.mark.parametrize("status", [429, 503])
def test_throttling_waits_as_long_as_graph_says(graph: FakeGraph, opened: Opener, step: str, status: int) -> None:
    graph.meet(step, Fault(status=status, code="ApplicationThrottled", headers={"Retry-After": "17"}))
    mail = opened()
    delivery = mail.deliver(REMINDER)
    assert (delivery.outcome, delivery.retry_after) == (Outcome.FAILED_FOR_NOW, 17.0)
    assert graph.sent == []
    assert mail.deliver(REMINDER).outcome is Outcome.DELIVERED
    assert len(graph.mails) == 1


@pytest.mark.parametrize("cut", ["after", "silence"])
def test_a_send_cut_after_acceptance_is_unknown_and_then_found(graph: FakeGraph, opened: Opener, cut: str) -> None:
    graph.meet("send", Fault(cut=cut))
    mail = opened(timeout=0.5)
    delivery = mail.deliver(REMINDER)
    assert delivery.outcome is Outcome.UNKNOWN
    assert len(graph.sent) == 1, "it went all the same, and once"
    found = mail.look_up(REMINDER)
    assert found is not None
    assert (found.outcome, found.service_id) == (Outcome.DELIVERED, delivery.service_id)


def test_a_send_cut_before_acceptance_is_unknown_and_then_sent_once(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("send", Fault(cut="before"))
    mail = opened()
    assert mail.deliver(REMINDER).outcome is Outcome.UNKNOWN
    assert mail.look_up(REMINDER) is None, "a draft is no mail"
    assert mail.deliver(REMINDER).outcome is Outcome.DELIVERED
    assert len(graph.mails) == 1


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_error_while_sending_is_unknown(graph: FakeGraph, opened: Opener, status: int) -> None:
    graph.meet("send", Fault(status=status))
    assert opened().deliver(REMINDER).outcome is Outcome.UNKNOWN


def test_a_crash_between_draft_and_send_leaves_one_sent_mail(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("draft", Fault(cut="after"))  # all that the crashed attempt left behind is the draft
    assert opened().deliver(REMINDER).outcome is Outcome.FAILED_FOR_NOW
    assert (len(graph.drafts), len(graph.sent)) == (1, 0)
    assert opened().deliver(REMINDER).outcome is Outcome.DELIVERED
    assert (len(graph.drafts), len(graph.sent)) == (0, 1)


def test_somebody_elses_mail_with_our_message_id_is_not_ours(graph: FakeGraph, opened: Opener) -> None:
    opened().deliver(replace(REMINDER, id="99"))
    mail = opened()
    assert mail.look_up(REMINDER) is None
    assert mail.deliver(REMINDER).outcome is Outcome.DELIVERED
    assert len(graph.sent) == 2


def test_attachments_go_with_the_mail(graph: FakeGraph, opened: Opener) -> None:
    report = Attachment("PSG report.docx", "application/octet-stream", b"PK\x03\x04" * 1000)
    assert opened().deliver(replace(REMINDER, attachments=(report,))).outcome is Outcome.DELIVERED
    [attached] = graph.sent[0]["_wanted"]["attachments"]
    assert (attached["@odata.type"], attached["name"]) == ("#microsoft.graph.fileAttachment", "PSG report.docx")
    assert graph.sent[0]["hasAttachments"] is True


PACK = Attachment("PSG pack.pdf", "application/pdf", b"%PDF-1.7" + bytes(range(256)) * 18_000)  # 4.6 MB
PAPERS = (PACK, Attachment("PSG report.docx", "application/octet-stream", b"PK\x03\x04" * 600_000))
WITH_PACK = replace(REMINDER, attachments=PAPERS)


def attached(mail: dict[str, Any]) -> list[tuple[str, bytes]]:
    return sorted((entry["name"], entry["_content"]) for entry in mail["_attachments"])


def as_wanted(message: OutgoingMessage) -> list[tuple[str, bytes]]:
    return sorted((attachment.name, attachment.content) for attachment in message.attachments)


def test_large_attachments_go_in_pieces_and_arrive_whole(graph: FakeGraph, opened: Opener) -> None:
    delivery = opened().deliver(WITH_PACK)
    assert delivery.outcome is Outcome.DELIVERED, delivery.error
    [sent] = graph.sent
    assert attached(sent) == as_wanted(WITH_PACK)
    assert sent["id"] == delivery.service_id
    assert len(graph.uploads.pieces) == 2
    assert all(size % (320 * 1024) == 0 and size < 4_000_000 for size in graph.uploads.pieces[:-1])


@pytest.mark.parametrize("size", [3_000_000, 3_000_001, 3_145_000, 3_145_728])
def test_attachments_around_the_limit_of_one_request_go(graph: FakeGraph, opened: Opener, size: int) -> None:
    message = replace(REMINDER, attachments=(Attachment("pack.pdf", "application/pdf", bytes(size)),))
    delivery = opened().deliver(message)
    assert delivery.outcome is Outcome.DELIVERED, delivery.error
    assert attached(graph.sent[0]) == as_wanted(message)


def test_many_small_attachments_that_are_much_together_go(graph: FakeGraph, opened: Opener) -> None:
    papers = tuple(Attachment(f"paper {n}.pdf", "application/pdf", bytes([n]) * 1_500_000) for n in range(4))
    message = replace(REMINDER, attachments=papers)
    assert opened().deliver(message).outcome is Outcome.DELIVERED
    assert attached(graph.sent[0]) == as_wanted(message)


@pytest.mark.parametrize("fault", [Fault(cut="before"), Fault(cut="after"), Fault(status=500), Fault(status=502)])
def test_an_upload_goes_on_where_the_connection_broke(graph: FakeGraph, opened: Opener, fault: Fault) -> None:
    graph.meet("piece", Fault(), fault)
    in_three = replace(REMINDER, attachments=(replace(PACK, content=PACK.content * 2),))
    delivery = opened().deliver(in_three)
    assert delivery.outcome is Outcome.DELIVERED, delivery.error
    assert attached(graph.sent[0]) == as_wanted(in_three)
    assert len(graph.uploads.pieces) == 3, "no piece was taken twice"


def test_an_upload_whose_last_answer_was_lost_is_not_repeated(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("piece", Fault(), Fault(cut="after"))
    assert opened().deliver(WITH_PACK).outcome is Outcome.FAILED_FOR_NOW
    assert opened().deliver(WITH_PACK).outcome is Outcome.DELIVERED
    assert attached(graph.sent[0]) == as_wanted(WITH_PACK)
    assert len(graph.uploads.pieces) == 2


def test_an_upload_that_stays_broken_is_tried_again_later(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("piece", *[Fault(status=500)] * 4)
    delivery = opened().deliver(WITH_PACK)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert graph.sent == []
    assert delivery.service_id == graph.drafts[0]["id"], "the draft is remembered"
    assert opened().deliver(replace(WITH_PACK, service_id=delivery.service_id)).outcome is Outcome.DELIVERED
    assert attached(graph.sent[0]) == as_wanted(WITH_PACK)


def test_a_throttled_upload_waits_as_long_as_graph_says(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("piece", Fault(status=429, code="ApplicationThrottled", headers={"Retry-After": "17"}))
    delivery = opened().deliver(WITH_PACK)
    assert (delivery.outcome, delivery.retry_after) == (Outcome.FAILED_FOR_NOW, 17.0)
    assert graph.sent == []


# Each step at which a process can be killed: it was taken, and nothing followed.
STEPS = ["draft", "open upload", "piece", "attach", "send"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_half_filled_draft_is_made_whole_and_sent_once(graph: FakeGraph, opened: Opener, step: str, cut: str) -> None:
    graph.meet(step, Fault(cut=cut))
    graph.meet("upload", Fault(cut="before"))  # nor can the upload be taken up again
    first = opened().deliver(WITH_PACK)
    assert first.outcome is (Outcome.UNKNOWN if step == "send" else Outcome.FAILED_FOR_NOW)
    if step != "send":
        assert opened().look_up(WITH_PACK) is None, "a draft is no mail"
    assert opened().deliver(WITH_PACK).outcome is Outcome.DELIVERED
    assert len(graph.mails) == 1
    assert attached(graph.sent[0]) == as_wanted(WITH_PACK)


def test_a_draft_that_somebody_deletes_meanwhile_is_made_anew(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("piece", *[Fault(status=500)] * 4)
    opened().deliver(WITH_PACK)
    graph.meet("attachments", Fault(status=404, code="ErrorItemNotFound"))
    assert opened().deliver(WITH_PACK).outcome is Outcome.FAILED_FOR_NOW
    graph.mails.clear()
    assert opened().deliver(WITH_PACK).outcome is Outcome.DELIVERED
    assert attached(graph.sent[0]) == as_wanted(WITH_PACK)


@pytest.mark.parametrize("step", ["find", "mail", "draft", "open upload", "piece", "attach", "send"])
def test_a_success_that_is_not_graphs_own_is_not_taken_for_one(graph: FakeGraph, opened: Opener, step: str) -> None:
    known = replace(WITH_PACK, service_id="AAMkNotThere=")
    graph.meet(step, Fault(status=200, code="Hello from a proxy"))
    graph.meet("upload", Fault(status=200, code="Hello from a proxy"))
    first = opened().deliver(known)
    assert first.outcome is (Outcome.UNKNOWN if step == "send" else Outcome.FAILED_FOR_NOW)
    assert graph.sent == []
    assert opened().deliver(WITH_PACK).outcome is Outcome.DELIVERED
    assert attached(graph.sent[0]) == as_wanted(WITH_PACK)


def test_what_is_partial_or_twice_in_a_draft_is_taken_away(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("send", Fault(status=503))
    opened().deliver(WITH_PACK)
    [draft] = graph.drafts
    whole = next(entry for entry in draft["_attachments"] if entry["name"] == PACK.name)
    draft["_attachments"] += [{**whole, "id": "twice"}, {**whole, "id": "partial", "size": 700, "_content": b"%PDF"}]
    assert opened().deliver(WITH_PACK).outcome is Outcome.DELIVERED
    assert attached(graph.sent[0]) == as_wanted(WITH_PACK)


def test_the_upload_does_not_get_our_token_and_its_address_is_not_logged(
    graph: FakeGraph, opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    graph.meet("piece", Fault(status=404, code="ErrorItemNotFound"))  # the stand-in refuses a piece that brings a token
    delivery = opened().deliver(WITH_PACK)
    assert opened().deliver(WITH_PACK).outcome is Outcome.DELIVERED
    assert "authtoken" not in f"{caplog.text} {delivery}"


def test_a_mail_larger_than_the_mailbox_may_send_is_refused_in_words(graph: FakeGraph, opened: Opener) -> None:
    recording = Attachment("recording.mp4", "video/mp4", bytes(30_000_000))
    refused = opened().deliver(replace(REMINDER, attachments=(recording,)))
    assert refused.outcome is Outcome.FAILED_FOR_GOOD
    assert "35 MB unless the tenant's administrator allows more" in refused.error
    assert graph.sent == []
    never = opened().deliver(replace(REMINDER, attachments=(recording,) * 4))
    assert never.outcome is Outcome.FAILED_FOR_GOOD
    assert "120.0 MB; a mail takes 110 MB. Send a link" in never.error


def test_a_known_id_is_asked_first(graph: FakeGraph, opened: Opener) -> None:
    delivery = opened().deliver(REMINDER)
    graph.requests.clear()
    known = replace(REMINDER, service_id=delivery.service_id)
    assert opened().look_up(known) == delivery
    assert opened().deliver(known) == delivery
    assert "find" not in graph.requests
    assert opened().look_up(replace(known, service_id="not-one-of-graphs")) == delivery, "then by Message-ID"
    graph.forget()
    assert opened().look_up(known) is None


def test_a_draft_of_a_known_id_is_sent_though_no_list_shows_it_yet(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("send", Fault(status=503))
    first = opened().deliver(REMINDER)
    [draft] = graph.drafts
    draft["internetMessageId"] = "<not-indexed-yet@example.org>"
    assert opened().deliver(replace(REMINDER, service_id=first.service_id)).service_id == first.service_id
    assert len(graph.mails) == 1


def test_a_reply_joins_its_thread(graph: FakeGraph, opened: Opener) -> None:
    opened().deliver(replace(REMINDER, in_reply_to="<question@example.org>"))
    properties = graph.sent[0]["_wanted"]["singleValueExtendedProperties"]
    assert {"id": "String 0x1042", "value": "<question@example.org>"} in properties


def test_a_wrong_recipient_or_mailbox_is_refused_in_words(opened: Opener) -> None:
    wrong_recipient = opened().deliver(replace(REMINDER, to="nobody"))
    assert wrong_recipient.outcome is Outcome.FAILED_FOR_GOOD
    assert "a recipient's address is not valid" in wrong_recipient.error
    wrong_mailbox = opened(mailbox="other@example.org").deliver(REMINDER)
    assert wrong_mailbox.outcome is Outcome.FAILED_FOR_GOOD
    assert "the mailbox does not exist" in wrong_mailbox.error


def test_a_token_taken_back_is_replaced(graph: FakeGraph, opened: Opener) -> None:
    mail = opened()
    mail.look_up(REMINDER)
    graph.tokens.clear()
    assert mail.deliver(REMINDER).outcome is Outcome.FAILED_FOR_NOW
    assert mail.deliver(REMINDER).outcome is Outcome.DELIVERED


def test_nobody_there_is_a_failure_for_now(opened: Opener) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"https://localhost:{free.getsockname()[1]}/"
    no_sign_in = opened(authority=f"{nowhere}{TENANT}").deliver(REMINDER)
    assert (no_sign_in.outcome, "can't be reached" in no_sign_in.error) == (Outcome.FAILED_FOR_NOW, True)


@pytest.mark.parametrize("step", ["discovery", "token"])
@pytest.mark.parametrize("fault", [Fault(status=500), Fault(cut="after")])
def test_a_failing_sign_in_is_a_failure_for_now(graph: FakeGraph, opened: Opener, step: str, fault: Fault) -> None:
    graph.meet(step, fault, fault)
    delivery = opened().deliver(REMINDER)
    assert delivery.outcome is Outcome.FAILED_FOR_NOW
    assert "sign-in" in delivery.error
    assert graph.mails == []


def test_an_untrusted_certificate_is_a_failure_for_now(
    graph: FakeGraph, opened: Opener, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mail = opened()
    assert mail.look_up(REMINDER) is None
    other = tmp_path / "other-ca.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    assert opened().deliver(REMINDER).outcome is Outcome.FAILED_FOR_NOW
    assert graph.mails == []


def calendar_mail(method: str) -> OutgoingMessage:
    """A mail with a calendar part, as the outbox makes it."""
    name = {"REQUEST": "invitation.ics", "CANCEL": "cancellation.ics"}[method]
    text = "\r\n".join(
        [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//MHHS//meeting secretariat//EN", f"METHOD:{method}",
            "BEGIN:VEVENT", "UID:psg-2026-11-04@example.org", "SEQUENCE:1", "DTSTAMP:20261028T090000Z",
            "DTSTART:20261104T100000Z", "DTEND:20261104T120000Z", "SUMMARY:PSG – O’Example",
            f"ORGANIZER:mailto:{MAILBOX}", "ATTENDEE;RSVP=TRUE:mailto:chair@example.org", "END:VEVENT",
            "END:VCALENDAR", "",
        ]
    )  # fmt: skip
    media_type = f"text/calendar; method={method}; charset=utf-8"
    return replace(REMINDER, attachments=(Attachment(name, media_type, text.encode()),))


@pytest.mark.parametrize(("method", "kind"), [("REQUEST", "meetingRequest"), ("CANCEL", "meetingCancelled")])
def test_an_invitation_goes_as_one_and_not_as_a_file(graph: FakeGraph, opened: Opener, method: str, kind: str) -> None:
    delivery = opened().deliver(calendar_mail(method))
    assert delivery.outcome is Outcome.DELIVERED, delivery.error
    [sent] = graph.sent
    assert sent["meetingMessageType"] == kind
    assert sent["id"] == delivery.service_id
    assert (sent["subject"], sent["internetMessageId"]) == (REMINDER.subject, REMINDER.message_id)
    assert sent["body"]["content"].strip().replace("\r\n", "\n") == REMINDER.text
    assert sent["toRecipients"] == [{"emailAddress": {"address": "chair@example.org", "name": "Ann O’Example"}}]
    assert {"name": "X-Secretariat-Id", "value": "17"} in sent["_headers"]


def test_an_invitation_is_found_again_and_sent_once(graph: FakeGraph, opened: Opener) -> None:
    graph.meet("draft", Fault(cut="after"))  # all that the crashed attempt left behind is the draft
    message = calendar_mail("REQUEST")
    assert opened().deliver(message).outcome is Outcome.FAILED_FOR_NOW
    assert (len(graph.drafts), len(graph.sent)) == (1, 0)
    delivery = opened().deliver(message)
    assert (len(graph.drafts), len(graph.sent)) == (0, 1)
    assert opened().look_up(message) == delivery
    assert opened().deliver(message) == delivery
    assert len(graph.mails) == 1


def test_an_invitation_with_a_large_paper_or_no_address_is_refused_in_words(graph: FakeGraph, opened: Opener) -> None:
    message = calendar_mail("REQUEST")
    pack = Attachment("pack.pdf", "application/pdf", bytes(2_190_000))
    assert opened().deliver(replace(message, attachments=(*message.attachments, pack))).outcome is Outcome.DELIVERED
    larger = replace(message, attachments=(*message.attachments, replace(pack, content=bytes(2_200_000))))
    assert "takes 2.2 MB. Send a link" in opened().deliver(larger).error
    nobody = opened().deliver(replace(message, to="nobody", message_id="<other@example.org>", id="18"))
    assert nobody.outcome is Outcome.FAILED_FOR_GOOD
    assert "“nobody” is not a mail address" in nobody.error
    assert len(graph.mails) == 1
