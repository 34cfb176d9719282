"""How mail goes out and comes in here, by configuration alone; and the account at Microsoft 365."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.adapters.mail_folder import MailFolder
from bot.adapters.mailbox_folder import MailboxFolder
from bot.config import Config, Secrets
from bot.config_channels import Smtp
from bot.errors import SecretariatError
from bot.places import Places
from bot.ports import Channel, MailboxReader

if TYPE_CHECKING:
    from bot.adapters.graph_connection import GraphAccount


def mail_channel(config: Config, secret: Secrets, places: Places) -> Channel:
    """The way to people by mail. Raises SecretariatError, with what to set."""
    sender, name = config.mailboxes[config.mail.mailbox].address, f"{config.programme.short_name} PMO"
    if config.mail.transport == "local":
        return MailFolder(places.root / config.mail.folder, sender=sender, sender_name=name)
    if config.mail.transport == "smtp":
        return _smtp(config.mail.smtp, secret, sender, name)
    from bot.adapters.graph_mail import GraphMail

    return GraphMail(graph_account(config, secret))


def _smtp(server: Smtp, secret: Secrets, sender: str, sender_name: str) -> Channel:
    if not server.host or (server.user and secret.smtp_password is None):
        raise SecretariatError(
            "`mail.transport` is smtp, but the mail server's name or its user's password is missing.",
            hint="Set mail.smtp.host, and SECRETARIAT_SMTP_PASSWORD (or …_PASSWORD_FILE) where there is a user.",
        )
    from bot.adapters.smtp_mail import SmtpAccount, SmtpMail

    return SmtpMail(
        SmtpAccount(
            host=server.host,
            port=server.port,
            security=server.security,
            sender=sender,
            sender_name=sender_name,
            user=server.user,
            password=secret.smtp_password or SecretStr(""),
        )
    )


def mailbox_reader(config: Config, secret: Secrets, places: Places, key: str) -> MailboxReader:
    """What reads the mailbox of that key. Raises SecretariatError, with what to set."""
    if config.mail.read_from == "folder":
        return MailboxFolder(key, mail_folder(config, places, key))
    if config.mail.read_from == "imap":
        return _imap_mailbox(config, secret, key)
    from bot.adapters.mailbox_graph import MailboxGraph

    return MailboxGraph(key, graph_account(config, secret, key))


def mail_folder(config: Config, places: Places, key: str) -> Path:
    """Where a mailbox's mail lies where folders stand for mailboxes; its `inbox` is made."""
    folder = places.root / config.mail.folder
    own = folder if key == config.mail.mailbox else folder.with_name(f"{folder.name}-{key}")
    (own / "inbox").mkdir(parents=True, exist_ok=True)
    return own


def _imap_mailbox(config: Config, secret: Secrets, key: str) -> MailboxReader:
    server, mailbox = config.mail.imap, config.mailboxes[key]
    password = secret.imap_password_of(key)
    if not server.host or password is None:
        raise SecretariatError(
            f"Mail is read by IMAP, but the server's name or the password of {key} is missing.",
            hint="Set mail.imap.host, and SECRETARIAT_IMAP_PASSWORD (or …_PASSWORD_FILE, or …_PASSWORDS for several).",
        )
    from bot.adapters.mailbox_imap import ImapAccount, MailboxImap

    user = mailbox.imap_user or mailbox.address
    return MailboxImap(key, ImapAccount(server.host, server.port, server.security, user, password))


def graph_account(config: Config, secret: Secrets, mailbox: str = "") -> GraphAccount:
    """The account that works with a mailbox, by its key; "": the one that we write from. Raises SecretariatError."""
    from bot.adapters.graph_connection import GraphAccount

    graph = config.mail.graph
    return GraphAccount(
        tenant_id=graph.tenant_id,
        client_id=graph.client_id,
        credential=_graph_credential(secret),
        mailbox=config.mailboxes[mailbox or config.mail.mailbox].address,
        graph_url=graph.url,
        authority=f"{graph.authority.rstrip('/')}/{graph.tenant_id}",
    )


def _graph_credential(secret: Secrets) -> str | dict[str, str]:
    if secret.graph_certificate:
        pem = secret.graph_certificate.get_secret_value()
        return {"private_key": pem, "public_certificate": pem}
    if secret.graph_client_secret:
        return secret.graph_client_secret.get_secret_value()
    raise SecretariatError(
        "Microsoft 365 is asked for (`mail`, `invitations` or `issued_reports`), but there is no credential.",
        hint="Set SECRETARIAT_GRAPH_CERTIFICATE_FILE (preferred) or SECRETARIAT_GRAPH_CLIENT_SECRET.",
    )
