"""Who is at the door: a person on file, or somebody who is told so and goes no further."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

import structlog

from bot import access, members
from bot.clock import LONDON
from bot.errors import SecretariatError
from bot.recognition import recognise
from handlers.slack.door import SlackDoor

log = structlog.get_logger()
ASK_AGAIN = timedelta(minutes=10)  # an unknown account is looked up at Slack once in so long
MOST_REMEMBERED = 1_000


class Doorkeeper:
    """Lets people on file pass. An unknown account is looked up at Slack once, before any transaction begins."""

    def __init__(self, door: SlackDoor) -> None:
        self.door = door
        self._passed: set[str] = set()  # whoever it serves looks them up again: this only spares a look here
        self._unknown: OrderedDict[str, datetime] = OrderedDict()
        self._lock = Lock()

    def admit(self, slack_user_id: str, what: str) -> None:
        """Go on for a person on file. Raises NotAllowed for everybody else; the audit keeps that they asked `what`."""
        if self.knows(slack_user_id):
            return
        now = self.door.clock.now()
        with self.door.database.reading() as session:
            ruling = access.may_do(session, None, access.Deed.ASK, now.astimezone(LONDON).date())
            access.require(session, ruling, person=None, what=f"slack {what}", now=now, asked_as=slack_user_id)

    def knows(self, slack_user_id: str) -> bool:
        """Whether it is somebody on file, perhaps only just recognised by their address."""
        if not slack_user_id or slack_user_id in self._passed:
            return bool(slack_user_id)
        if not (self._on_file(slack_user_id) or self._recognised(slack_user_id)):
            return False
        self._passed.add(slack_user_id)
        return True

    def _on_file(self, slack_user_id: str) -> bool:
        with self.door.database.reading() as session:
            return members.by_slack_id(session, slack_user_id) is not None

    def _recognised(self, slack_user_id: str) -> bool:
        now, screens = self.door.clock.now(), self.door.screens
        if not screens.is_there or self._was_unknown_just_now(slack_user_id, now):
            return False
        try:
            account = screens.user(slack_user_id)
        except SecretariatError as error:
            log.warning("A Slack account could not be looked up", reason=str(error))
            return False
        if account is not None:
            with self.door.database.session() as session:
                if recognise(session, account, self.door.config.slack.trusted_workspaces, now):
                    return True
        self._remember_unknown(slack_user_id, now)
        return False

    def _was_unknown_just_now(self, slack_user_id: str, now: datetime) -> bool:
        with self._lock:
            asked_at = self._unknown.get(slack_user_id)
            return asked_at is not None and now - asked_at < ASK_AGAIN

    def _remember_unknown(self, slack_user_id: str, now: datetime) -> None:
        with self._lock:
            self._unknown[slack_user_id] = now
            self._unknown.move_to_end(slack_user_id)
            while len(self._unknown) > MOST_REMEMBERED:
                self._unknown.popitem(last=False)
