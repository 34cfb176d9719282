"""Microsoft's own client drives the stand-in for Graph: what it asks and reads we did not write.

It brings 200 MB, so it is no part of the ordinary tests: `make test-graph-sdk` installs and runs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.attachment_item import AttachmentItem
from msgraph.generated.models.attachment_type import AttachmentType
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.internet_message_header import InternetMessageHeader
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.messages.item.attachments.create_upload_session import (
    create_upload_session_post_request_body as upload_body,
)
from msgraph.generated.users.item.messages.item.move.move_post_request_body import MovePostRequestBody
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph_core.tasks.large_file_upload import LargeFileUploadTask

from tests.fake_graph import MAILBOX, FakeGraph, running_graph

PACK = bytes(range(256)) * 25_000  # 6.4 MB
PIECE = 12 * 320 * 1024


class Token(AccessTokenProvider):
    """A token for Graph's own host, as azure-identity would give; none for any other."""

    def __init__(self, graph: FakeGraph) -> None:
        self.graph, self.hosts = graph, AllowedHostsValidator(["localhost"])

    async def get_authorization_token(self, uri: str, additional_authentication_context: object = None) -> str:
        del additional_authentication_context
        if not self.hosts.is_url_host_valid(uri):
            return ""
        self.graph.tokens.add("a-token")
        return "a-token"

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return self.hosts


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[FakeGraph]:
    with running_graph(tmp_path) as graph:
        yield graph


def drive(graph: FakeGraph, steps: Callable[[GraphServiceClient], Awaitable[None]]) -> None:
    """Run the steps with Microsoft's client at the stand-in."""

    async def whole() -> None:
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Token(graph)))
        adapter.base_url = f"{graph.url}v1.0"
        await steps(GraphServiceClient(request_adapter=adapter))

    asyncio.run(whole())


def draft() -> Message:
    chair = EmailAddress(address="chair@example.org", name="Ann O’Example")
    return Message(
        subject="Papers due",
        body=ItemBody(content_type=BodyType.Text, content="They are due."),
        to_recipients=[Recipient(email_address=chair)],
        internet_message_id="<psg-17@example.org>",
        internet_message_headers=[InternetMessageHeader(name="x-secretariat-id", value="17")],
        attachments=[FileAttachment(name="report.docx", content_bytes=b"PK\x03\x04", odata_type=FILE)],
    )


FILE = "#microsoft.graph.fileAttachment"


def by_message_id() -> RequestConfiguration[MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters]:
    query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        filter="internetMessageId eq '<psg-17@example.org>'", select=["id", "isDraft", "internetMessageHeaders"]
    )
    return RequestConfiguration(query_parameters=query)


def immutable() -> RequestConfiguration[object]:
    configuration: RequestConfiguration[object] = RequestConfiguration()
    configuration.headers.add("Prefer", 'IdType="ImmutableId"')
    return configuration


def test_a_draft_is_made_filled_found_and_sent(graph: FakeGraph) -> None:
    async def steps(client: GraphServiceClient) -> None:
        messages = client.users.by_user_id(MAILBOX).messages
        made = await messages.post(draft(), request_configuration=immutable())
        assert made.is_draft
        assert (made.subject, made.has_attachments) == ("Papers due", True)
        mail = messages.by_message_id(made.id)
        await upload(client, made.id)
        listed = await mail.attachments.get()
        assert [type(entry) for entry in listed.value] == [FileAttachment, FileAttachment]
        assert [entry.content_bytes for entry in listed.value] == [b"PK\x03\x04", PACK]
        await mail.send.post()
        found = await messages.get(request_configuration=by_message_id())
        assert [(entry.id, entry.is_draft) for entry in found.value] == [(made.id, False)]
        assert found.value[0].internet_message_headers[0].value == "17"
        assert (await mail.get()).parent_folder_id == (await folder(client, "SentItems").get()).id

    drive(graph, steps)
    assert [len(entry["_content"]) for entry in graph.sent[0]["_attachments"]] == [4, len(PACK)]


async def upload(client: GraphServiceClient, mail_id: str) -> None:
    """By Microsoft's own upload task, a piece at a time."""
    item = AttachmentItem(attachment_type=AttachmentType.File, name="pack.pdf", size=len(PACK))
    attachments = client.users.by_user_id(MAILBOX).messages.by_message_id(mail_id).attachments
    session = await attachments.create_upload_session.post(
        upload_body.CreateUploadSessionPostRequestBody(attachment_item=item)
    )
    assert session.next_expected_ranges == ["0-"]
    stream = BytesIO(PACK)
    task = LargeFileUploadTask(session, client.request_adapter, stream, max_chunk_size=PIECE)
    assert not task.upload_session_expired()
    after = await task.next_chunk(stream)
    assert after.next_expected_ranges == [str(PIECE)]
    # `task.upload()` would stop here: it reads only ranges that say their end, and Outlook's say none.
    task.next_range = f"{after.next_expected_ranges[0]}-{len(PACK) - 1}"
    assert await task.next_chunk(stream) is None, "complete, and nothing more to say"


def folder(client: GraphServiceClient, name: str) -> Any:
    return client.users.by_user_id(MAILBOX).mail_folders.by_mail_folder_id(name)


def test_a_folder_tells_what_changed(graph: FakeGraph) -> None:
    async def steps(client: GraphServiceClient) -> None:
        messages = client.users.by_user_id(MAILBOX).messages
        made = [await messages.post(draft(), request_configuration=immutable()) for _ in range(3)]
        changes = folder(client, "drafts").messages.delta
        pages = RequestConfiguration()
        pages.headers.add("Prefer", "odata.maxpagesize=2")
        first = await changes.get(request_configuration=pages)
        second = await changes.with_url(first.odata_next_link).get(request_configuration=pages)
        assert [entry.id for entry in (*first.value, *second.value)] == [entry.id for entry in made]
        moved = await messages.by_message_id(made[0].id).move.post(MovePostRequestBody(destination_id="archive"))
        assert moved.parent_folder_id == (await folder(client, "Archive").get()).id
        after = await changes.with_url(second.odata_delta_link).get()
        [gone] = after.value
        assert (gone.id, gone.additional_data["@removed"]["reason"]) == (made[0].id, "deleted")
        assert after.odata_delta_link
        there = await folder(client, "archive").messages.get()
        assert [entry.id for entry in there.value] == [made[0].id]
        assert {entry.display_name for entry in (await client.users.by_user_id(MAILBOX).mail_folders.get()).value} >= {
            "Inbox",
            "Drafts",
            "Sent Items",
        }

    drive(graph, steps)


def test_refusals_are_read_as_graphs_own(graph: FakeGraph) -> None:
    async def steps(client: GraphServiceClient) -> None:
        messages = client.users.by_user_id(MAILBOX).messages
        with pytest.raises(ODataError) as none_there:
            await messages.by_message_id("not-there").get()
        assert none_there.value.error.code == "ErrorItemNotFound"
        made = await messages.post(draft())
        await messages.by_message_id(made.id).send.post()
        with pytest.raises(APIError) as gone:
            await messages.by_message_id(made.id).send.post()
        assert gone.value.response_status_code == 404, "without an immutable id it has another one once sent"

    drive(graph, steps)
