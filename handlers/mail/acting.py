"""What can be done about a mail, a line each: in which ledger it is done, and how it is taken back.

The ledgers are those that Slack and the commands write. Every deed raises SecretariatError with a sentence where it
cannot be done as it stands: then it waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bot.model import Person
from handlers.mail import asking, attending, clearing, edited_drafts, nominations, progress, requests
from handlers.mail.findings import What
from handlers.mail.orders import ANSWERED, PUT_TO_CHAIR, SEND_ON, Done, Order, Work


class Deed(NamedTuple):
    """One thing that can be done, and its inverse."""

    do: Callable[[Work, Order], Done]
    undo: Callable[[Work, Mapping[str, Any], Person, datetime], None]


BY_HAND = Deed(asking.by_hand, asking.nothing_to_take_back)
QUERY = Deed(asking.ask, asking.take_back_query)
DEEDS: Mapping[str, Deed] = {
    What.AMENDMENT: Deed(requests.amend, requests.take_back_request),
    What.NO_COMMENTS: Deed(requests.no_comments, requests.take_back_request),
    What.APOLOGY: Deed(attending.apologise, attending.take_back_apology),
    What.PAPER: Deed(attending.take_paper, attending.take_back_papers),
    What.AGENDA_ITEM: Deed(attending.agenda_item, attending.take_back_papers),
    What.ACTION_UPDATE: Deed(progress.update_action, progress.take_back_progress),
    What.DONE: Deed(progress.note_done, progress.take_back_progress),
    What.NOMINATION: Deed(nominations.nominate, nominations.take_back_nomination),
    What.CLEARANCE: Deed(clearing.clear, clearing.not_cleared),
    What.EDITED_DRAFT: Deed(edited_drafts.give_back, edited_drafts.take_back_draft),
    What.QUERY: QUERY,
    What.FOR_A_PERSON: QUERY,
    SEND_ON: Deed(asking.send_on, asking.take_back_sending),
    ANSWERED: Deed(asking.answered, asking.not_answered),
    PUT_TO_CHAIR: Deed(requests.put_to_chair, requests.take_from_chair),
}


def act(work: Work, order: Order) -> Done:
    """Do it. Raises SecretariatError where it cannot be done as it stands."""
    return DEEDS.get(order.action, BY_HAND).do(work, order)


def undo(work: Work, action: str, inverse: Mapping[str, Any], *, by: Person, now: datetime) -> None:
    """Take it back. Raises SecretariatError where something rests on it since."""
    DEEDS.get(action, BY_HAND).undo(work, inverse, by, now)
