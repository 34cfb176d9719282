"""In whose name a command acts: its `--by`, and what only the PMO, or whoever began it, may say."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from bot import access, members
from bot.clock import Clock
from bot.model import Person

BY_PMO = Annotated[
    str, typer.Option("--by", help="The person of the PMO whose word this is: name, address or Slack id.")
]


def whoever_did_or_pmo(
    session: Session, name: str, whose: Person | None, clock: Clock, *, what: str, did: str
) -> Person:
    """The person named, who is `whose` or of the PMO. Raises NotAllowed: that they neither `did` it nor are of the PMO.

    `what` they wanted to do stands in the audit.
    """
    person = members.named(session, name)
    access.require(
        session, access.may_act_for(session, person, whose, clock.today()), person=person, what=what, now=clock.now(),
        sentence=f"{person.name} neither {did} nor is of the PMO.", hint="Ask the PMO.",
    )  # fmt: skip
    return person
