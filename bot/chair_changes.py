"""The Chair answers in Word: the draft that has the Chair's changes, as the PMO took them in, is cleared (rules §4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot import access, clearances
from bot.clearances import Answer
from bot.clock import LONDON
from bot.config import Config
from bot.model import Meeting, Person
from bot.store.draft_tables import DraftRow


def taken_in(
    session: Session, config: Config, meeting: Meeting, giver: Person | None, made: DraftRow | None, now: datetime
) -> bool:
    """Clear what the Chair gave back, as the PMO took it in whole (`made` None: the Chair changed nothing).

    Returns whether it was the Chair's answer, to a draft that is with them.
    """
    waiting = clearances.waiting(session, meeting.uid)
    today = now.astimezone(LONDON).date()
    if giver is None or waiting is None or not access.standing_of(session, config, giver, meeting, today).chair_now:
        return False
    answer = Answer(how="word", draft_id=made.id if made else None)
    clearances.clear(session, meeting, by=giver, now=now, answer=answer)
    return True
