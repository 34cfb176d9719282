"""Which mailboxes are read, and how: by the configuration alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import select

from bot import members
from bot.app import Secretariat, build
from bot.clock import Clock
from bot.config import Config, Secrets
from bot.config_channels import Mail
from bot.errors import SecretariatError
from bot.store.mail_tables import InboxRow
from schedules.checking import problems_of
from tests.conftest import MEMBERS
from tests.dovecot_server import PASSWORD, running_dovecot
from tests.fake_graph import CLIENT_ID, MAILBOX, SECRET, TENANT, running_graph
from tests.test_mail_inbox import mail

NOW = datetime(2024, 2, 9, 9, tzinfo=UTC)
Made = Callable[..., Secretariat]
SENDING = {"smtp_password": "x", "graph_client_secret": "x"}  # invented


@pytest.fixture
def made_with(tmp_path: Path, config: Config) -> Made:
    def make(
        mail: dict[str, Any] | None = None, mailboxes: dict[str, dict[str, Any]] | None = None, **secrets: str
    ) -> Secretariat:
        changed = {
            key: kept.model_copy(update=(mailboxes or {}).get(key, {})) for key, kept in config.mailboxes.items()
        }
        paths = config.paths.model_copy(update={"state": tmp_path / "var"})
        update = {"mail": Mail.model_validate(mail or {}), "mailboxes": changed, "paths": paths}
        given = Secrets.model_validate({name: SecretStr(value) for name, value in secrets.items()})
        return build(config.model_copy(update=update), given, Clock(NOW))

    return make


def ready(whole: Secretariat) -> Secretariat:
    """With the invented people on file."""
    whole.database.bring_up_to_date()
    with whole.database.session() as session:
        members.import_members(session, members.read_members_file(MEMBERS, whole.config.groups))
    return whole


def work(whole: Secretariat) -> list[tuple[str, str]]:
    """Everything that waits is worked; the mailbox and the state of each message."""
    for inbox in whole.inboxes():
        while inbox.take_in_one():
            pass
    with whole.database.reading() as session:
        rows = session.scalars(select(InboxRow).order_by(InboxRow.mailbox)).all()
        return [(row.mailbox, row.state) for row in rows]


@pytest.mark.parametrize(
    ("settings", "reads"),
    [
        ({}, "folder"),
        ({"transport": "graph"}, "graph"),
        ({"transport": "smtp"}, "nothing"),
        ({"transport": "smtp", "reading": "imap"}, "imap"),
        ({"transport": "graph", "reading": "nothing"}, "nothing"),
    ],
)
def test_mail_is_read_as_goes_with_its_sending_unless_said(
    made_with: Made, settings: dict[str, Any], reads: str
) -> None:
    config = made_with({**settings, "smtp": {"host": "mail.example.org"}}, **SENDING).config
    assert config.mail.read_from == reads
    assert config.watched_mailboxes == (() if reads == "nothing" else ("pmo",))


def test_each_watched_mailbox_has_a_folder_of_its_own(made_with: Made, tmp_path: Path) -> None:
    whole = ready(made_with(mailboxes={"design": {"watched": True}}))
    inboxes = whole.inboxes()
    assert [inbox.mailbox for inbox in inboxes] == ["pmo", "design"]
    for number, folder in enumerate(("mailbox", "mailbox-design")):
        (tmp_path / "var" / folder / "inbox/a.eml").write_bytes(mail(f"PSG 2024-02-07 D-01: text {number}"))
    for inbox in inboxes:
        inbox.every = timedelta(0)
        for _ in range(6):
            inbox.take_in_one()
    assert list((tmp_path / "var/mailbox-design/done").iterdir())


def test_mailboxes_of_microsoft_365_are_worked(made_with: Made, tmp_path: Path) -> None:
    with running_graph(tmp_path) as graph:
        entered = {"tenant_id": TENANT, "client_id": CLIENT_ID, "url": graph.url, "authority": graph.url}
        pmo = {"address": MAILBOX, "trust": "folder"}
        whole = ready(made_with({"reading": "graph", "graph": entered}, {"pmo": pmo}, graph_client_secret=SECRET))
        graph.mailbox.receive(mail(), subject="A request")
        assert work(whole) == [("pmo", "done")]
        assert len(graph.mailbox.inside("Done")) == 1


def test_mailboxes_by_imap_are_worked_each_with_its_own_sign_in(made_with: Made) -> None:
    with running_dovecot() as server:
        imap = {"host": "127.0.0.1", "port": server.plain, "security": "none"}
        mailboxes = {"pmo": {"imap_user": "the-pmo"}, "design": {"watched": True}}
        whole = ready(made_with({"reading": "imap", "imap": imap}, mailboxes, imap_password=PASSWORD))
        server.receive(mail(), user="the-pmo")
        server.receive(mail("PSG 2024-02-07 A-01: x"), user="design@mhhsprogramme.co.uk")
        assert work(whole) == [("design", "done"), ("pmo", "done")]
        assert len(server.inside("Done", "the-pmo")) == 1


def test_a_mailbox_may_have_a_password_of_its_own() -> None:
    secrets = Secrets(imap_password=SecretStr("all"), imap_passwords=SecretStr('{"design": "its own"}'))
    found = [secrets.imap_password_of(key) for key in ("design", "pmo")]
    assert [each and each.get_secret_value() for each in found] == ["its own", "all"]
    for broken in ("no json", "[]", "3"):
        with pytest.raises(SecretariatError, match="SECRETARIAT_IMAP_PASSWORDS is not a list") as refused:
            Secrets(imap_passwords=SecretStr(broken)).imap_password_of("pmo")
        assert broken not in str(refused.value)


def test_imap_without_a_password_is_refused_in_a_sentence(made_with: Made) -> None:
    with pytest.raises(SecretariatError, match="the password of pmo is missing"):
        made_with({"reading": "imap", "imap": {"host": "mail.example.org"}}).inboxes()


def test_passwords_go_to_another_computer_only_in_tls() -> None:
    with pytest.raises(ValidationError, match="only from a server on this computer"):
        Mail.model_validate({"imap": {"host": "mail.example.org", "security": "none"}})


@pytest.mark.parametrize(
    ("settings", "mailbox", "named"),
    [
        ({}, {}, set()),
        ({"reading": "imap"}, {"trust": "required"}, {"credentials-imap", "mailbox-trust"}),
        ({"reading": "imap", "imap": {"host": "h", "authserv_id": "mx"}}, {"trust": "required"}, {"credentials-imap"}),
        ({"reading": "graph"}, {"trust": "required"}, {"credentials-graph"}),
        ({"reading": "graph"}, {"trust": "folder"}, {"credentials-graph", "mailbox-trust"}),
    ],
)
def test_check_names_what_reading_lacks(
    made_with: Made, settings: dict[str, Any], mailbox: dict[str, Any], named: set[str]
) -> None:
    whole = made_with(settings, {"pmo": mailbox})
    found = {problem.id for problem in problems_of(whole.config, whole.secrets, NOW.date())}
    assert {name for name in found if name.startswith(("credentials", "mailbox"))} == named
