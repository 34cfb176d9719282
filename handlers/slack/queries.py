"""`/secretariat ask`: which mailbox or group takes a query (rules §7). The PMO passes it on."""

from __future__ import annotations

from slack_sdk.models.blocks import PlainTextInputElement, StaticSelectElement
from slack_sdk.models.views import View

from bot import access, queries
from bot.access import Deed
from bot.errors import SecretariatError
from bot.slack_text import cut, spelt
from handlers.slack.blocks import button, buttons, field, modal, option, section
from handlers.slack.door import Answer, Asked, Filled, SlackDoor, Wrong, asker
from schedules.finding import known_group

FORM = "ask"
LONGEST_FIELD = 3_000  # what Slack takes in a field
LONGEST_ANSWER = 3_000


def query_asked(door: SlackDoor, asked: Asked) -> Answer:
    """Record a query; the answer says where it may belong, and why."""
    if not asked.text.strip():
        raise SecretariatError("The query says nothing yet.", hint="Write: ask When are the test scripts published?")
    return _recorded(door, asked, asked.text, None)


def query_opened(door: SlackDoor, asked: Asked) -> View:
    """The modal: the query, and the group that it is about, if any."""
    with door.database.reading() as session:
        asker(session, asked)
    living = [(key, g) for key, g in door.config.groups.items() if g.status != "historical"]
    return modal(
        FORM,
        "Ask",
        [
            section("You hear at once which mailbox or group takes it. The PMO passes it on."),
            field(
                "Your query",
                PlainTextInputElement(
                    action_id="text", multiline=True, max_length=LONGEST_FIELD, initial_value=asked.text or None
                ),
                block_id="text",
            ),
            field(
                "Group that it is about",
                StaticSelectElement(action_id="group", options=[option(f"{k}: {g.name}", k) for k, g in living]),
                block_id="group",
                optional=True,
            ),
        ],
        submit="Ask",
    )


def query_sent(door: SlackDoor, filled: Filled) -> Answer | Wrong:
    """The modal sent in."""
    if not filled.text("text"):
        return Wrong({"text": "Write what you would like to know."})
    group = filled.text("group")
    return _recorded(door, filled.asked, filled.text("text"), known_group(door.config, group) if group else None)


def _recorded(door: SlackDoor, asked: Asked, text: str, group: str | None) -> Answer:
    now = door.clock.now()
    with door.database.session() as session:
        person = asker(session, asked)
        access.require_deed(session, person, Deed.ASK, now, hint="Ask the PMO.")
        query = queries.Asked(text, "slack", f"slack:{asked.source_key}", by=person, group=group)
        row, _ = queries.ask(session, door.config, query, now, nth_working_day=door.calendar.closed.nth_from)
        said = cut(spelt(queries.answer_text(session, door.config, row)), LONGEST_ANSWER)
        reference, to_escalate = row.reference, row.is_escalation and not row.for_a_person
    offered = (buttons(button("Escalate it", "escalate", reference, style="primary")),) if to_escalate else ()
    return Answer(said, (section(said), *offered))
