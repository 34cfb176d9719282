"""The table of contents of Slack: each id and the function that it calls, a line each."""

from __future__ import annotations

from collections.abc import Callable

from bot.amendments import FORM
from handlers.slack.amendments import amendment_submitted
from handlers.slack.door import Click, Command, Form, Happened, SlackDoor
from handlers.slack.meetings import deadlines_asked, next_asked

COMMANDS: dict[str, Command] = {
    "next": Command("next [GROUP]: the next meetings", next_asked),
    "deadlines": Command("deadlines GROUP [DATE]: what falls due around a meeting, and why", deadlines_asked),
    "amend": Command(f"amend {FORM}", amendment_submitted),
}

CLICKS: dict[str, Click] = {}  # by action id, in messages and on the home tab

FORMS: dict[str, Form] = {}  # modals, by callback id

SHORTCUTS: dict[str, str] = {}  # callback id -> form; global ones and those of a message

EVENTS: dict[str, Callable[[SlackDoor, Happened], None]] = {}
