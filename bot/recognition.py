"""Who a Slack account is: a person on file, by Slack id or by an address that Slack has confirmed. Decision 0018."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from bot import audit, members
from bot.model import Person
from bot.ports import SlackUser
from bot.store.people_tables import EmailRow, SlackIdRow


def counts_as_proof(account: SlackUser, trusted: Collection[str]) -> bool:
    """Whether an account's address says who somebody is. Pure.

    Never of a bot or a deactivated account, nor an address that nobody has confirmed. Another workspace's word counts
    only where that workspace is among the `trusted`: its owners decide which addresses its accounts have.
    """
    if account.is_bot or account.is_gone or not account.email_confirmed or not account.email:
        return False
    return not account.is_stranger or account.workspace in trusted


def recognise(session: Session, account: SlackUser, trusted: Collection[str], now: datetime) -> Person | None:
    """The person on file whose account it is; None for everybody else.

    An account recognised by its address is put on file, with an entry in the audit; from then on its id is enough.
    """
    known = members.by_slack_id(session, account.id)
    if known or not counts_as_proof(account, trusted):
        return known
    row = session.get(EmailRow, account.email)
    if row is None:
        return None
    person = row.person
    person.slack_ids.append(SlackIdRow(slack_user_id=account.id, position=len(person.slack_ids)))
    session.flush()
    audit.record(
        session, now, "secretariat", "Slack account recognised", account.id, person=person.name, by=account.email,
        workspace=account.workspace,
    )  # fmt: skip
    return members.as_person(person)
