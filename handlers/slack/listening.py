"""Bolt's side: acknowledge at once, do the work in a thread, and show what came of it.

A listener never waits for the database or for Slack. What takes longer than a moment is acknowledged, and its answer
follows: by `response_url`, or in the modal, which shows meanwhile that it is being seen to.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.models.views import View

from bot.errors import SecretariatError
from handlers.slack import reading, register
from handlers.slack.answering import NOTICE, guarded, help_asked, known_command, notice, post, waiting
from handlers.slack.door import LATER, Answer, Asked, Command, Form, Happened, SlackDoor, Wrong
from handlers.slack.home import HomeTabs
from handlers.slack.people import Doorkeeper
from handlers.slack.reading import Body

log = structlog.get_logger()
T = TypeVar("T")
ANY = re.compile(".*", re.DOTALL)
COMMAND = "command:"  # begins the action id of a button for a command: command:next, command:deadlines:ANYTHING
OPTIONS_PATIENCE = 2.5  # seconds: options cannot be sent later


def build_slack_app(door: SlackDoor, *, signing_secret: str, bot_token: str | None) -> AsyncApp:
    """The Bolt app. Nothing is asked of Slack at start: who is asking is decided by our own file of people."""

    async def authorize(**_context: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_token=bot_token or "xoxb-none", bot_id="B0SELF")

    app = AsyncApp(signing_secret=signing_secret, authorize=authorize)
    listening = Listening(door)
    app.command(door.config.slack.command)(listening.command_given)
    app.action(ANY)(listening.clicked)
    app.view(ANY)(listening.form_sent)
    app.view_closed(ANY)(listening.form_closed)
    app.options(ANY)(listening.options_asked)
    app.shortcut(ANY)(listening.shortcut_taken)
    for kind in register.EVENTS:
        app.event(kind)(listening.event_happened)
    app.error(listening.failed)
    return app


@dataclass
class Listening:
    """One method for each way in which Slack speaks to us."""

    door: SlackDoor

    def __post_init__(self) -> None:
        self._keeper, self._homes = Doorkeeper(self.door), HomeTabs(self.door, register.COMMANDS)

    async def command_given(self, ack: Any, body: dict[str, Any]) -> None:
        """A subcommand: its modal, or its answer."""
        asked = reading.of_command(body)
        command, rest = known_command(register.COMMANDS, asked)
        if command and command.form and self.door.screens.is_there and command.opens(rest.text):
            await ack()
            _in_a_thread(self._show, command.form, rest)
            return
        work = partial(self._answer, command, asked, rest)
        said = await self._promptly(work, lambda late: post(late, asked), self.door.patience) or Answer(LATER)
        await ack(
            text=said.text,
            blocks=list(said.blocks) or None,
            response_type="in_channel" if said.public else "ephemeral",
        )
        _in_a_thread(self._homes.show_soon, asked.slack_user_id)

    async def clicked(self, ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        """A button, or a choice inside a modal."""
        await ack()
        _in_a_thread(self._act_on_click, body, action)

    async def form_sent(self, ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        """A modal sent in: errors on its fields, another modal, or what came of it."""
        form = register.FORMS.get(str(view.get("callback_id")))
        if form is None:
            await ack()
            return
        filled = reading.of_view(body)
        came = await self._promptly(
            partial(self._seen_to, partial(form.submitted, self.door, filled), filled.asked, filled.form),
            partial(self._show_late, form, filled.view_id, view),
            self.door.form_patience,
        )
        if isinstance(came, Wrong):
            await ack(response_action="errors", errors=dict(came.fields))
        else:
            shown = waiting(form) if came is None else _as_view(form, came)
            await ack(response_action="update", view=shown)
            _in_a_thread(_post_also, came)
        _in_a_thread(self._homes.show_soon, filled.asked.slack_user_id)

    async def form_closed(self, ack: Any) -> None:
        """Nothing is kept of a modal that was closed."""
        await ack()

    async def options_asked(self, ack: Any, body: dict[str, Any]) -> None:
        """The options of a long list, for what was typed."""
        form = register.FORMS.get(str((body.get("view") or {}).get("callback_id")))
        choices = form.choices.get(str(body.get("action_id"))) if form else None
        if choices is None:
            await ack(options=[])
            return
        filled = reading.of_view(body, action=str(body.get("action_id")), typed=str(body.get("value") or ""))
        work = partial(self._seen_to, partial(choices, self.door, filled), filled.asked, filled.action)
        found = await self._promptly(work, lambda _late: None, OPTIONS_PATIENCE)
        await ack(options=found if isinstance(found, list) else [])

    async def shortcut_taken(self, ack: Any, body: dict[str, Any]) -> None:
        """A shortcut, of the whole app or of a message."""
        await ack()
        shortcut = register.SHORTCUTS.get(str(body.get("callback_id")))
        if shortcut:
            _in_a_thread(self._show, shortcut.form, reading.of_interaction(body))

    async def event_happened(self, body: dict[str, Any]) -> None:
        """An event; Bolt acknowledges it."""
        happened = reading.of_event(body)
        act = register.EVENTS.get(str(happened.event.get("type")))
        if act:
            _in_a_thread(guarded, partial(self._act_on_event, act, happened), str(happened.event.get("type")))

    async def failed(self, error: Exception, body: dict[str, Any]) -> BoltResponse | None:
        """What Bolt could not do at all: a short id for the person, the same in the log."""
        problem = secrets.token_hex(4)
        log.error("A Slack request could not be taken", problem=problem, kind=body.get("type"), exc_info=error)
        said = f"Something went wrong here, not with you (problem {problem}). Please tell the PMO; nothing was done."
        asked = reading.of_interaction(body)
        if asked.response_url:
            _in_a_thread(post, Answer(said), asked)
        return BoltResponse(status=200, body="")

    def _act_on_click(self, body: Body, action: Body) -> None:
        view, action_id = body.get("view") or {}, str(action.get("action_id"))
        form = register.FORMS.get(str(view.get("callback_id"))) if view.get("type") == "modal" else None
        if form and action_id in form.changed:
            filled = replace(reading.of_view(body, action=action_id), typed=_chosen(action))
            work = partial(form.changed[action_id], self.door, filled)
            self._put(form, filled.view_id, self._seen_to(work, filled.asked, action_id))
            return
        click = register.CLICKS.get(action_id.partition(":")[0])  # `next:back`: two buttons of one click in a row
        asked = reading.of_interaction(body, _chosen(action))
        if click and click.form:
            self._show(click.form, asked, above=form is not None or view.get("callback_id") == NOTICE)
        elif click and click.answer:
            self._tell(self._seen_to(partial(click.answer, self.door, asked), asked, action_id), asked, view)
        elif action_id.startswith(COMMAND):
            self._act_on_command_button(action_id.split(":")[1], asked, view)
        self._homes.show_soon(asked.slack_user_id)

    def _act_on_command_button(self, word: str, asked: Asked, view: Body) -> None:
        """A button for a command, the rest of which is the button's value."""
        command = register.COMMANDS.get(word)
        if command and command.form and command.opens(asked.text):
            self._show(command.form, asked, above=view.get("type") == "modal")
        elif command:
            self._tell(self._answer(command, replace(asked, text=word), asked), asked, view)

    def _answer(self, command: Command | None, asked: Asked, rest: Asked) -> Answer:
        """A command's answer; of an unknown one, what can be asked, which is for everybody."""
        if command:
            return self._seen_to(partial(command.answer, self.door, rest), asked, asked.text.split(maxsplit=1)[0])
        return guarded(partial(help_asked, self.door, register.COMMANDS, asked), "help")

    def _seen_to(self, work: Callable[[], T], asked: Asked, what: str) -> T | Answer:
        """What the work gives for somebody on file; for everybody else the sentence that says so."""

        def admitted() -> T:
            self._keeper.admit(asked.slack_user_id, what)
            return work()

        return guarded(admitted, what)

    def _act_on_event(self, act: Callable[[SlackDoor, Happened], None], happened: Happened) -> None:
        self._keeper.knows(happened.slack_user_id)  # it may be the first that is heard of somebody on file
        act(self.door, happened)

    def _tell(self, answer: Answer, asked: Asked, clicked_in: Body) -> None:
        in_modal, shown = clicked_in.get("type") == "modal", notice("Secretariat", answer)
        if asked.response_url:
            post(answer, asked)
        elif in_modal and answer.replaces:
            self._update(str(clicked_in.get("id")), shown.to_dict())
        else:
            self._opened(asked, shown, above=in_modal)

    def _show(self, key: str, asked: Asked, *, above: bool = False) -> None:
        """Open a modal at once, and fill it when it is built."""
        form = register.FORMS[key]
        view_id = self._opened(asked, waiting(form), above=above)
        if view_id:
            self._put(form, view_id, self._seen_to(partial(form.opened, self.door, asked), asked, key))

    def _opened(self, asked: Asked, view: View, *, above: bool) -> str:
        try:
            show = self.door.screens.push if above else self.door.screens.open
            return show(asked.trigger_id, view.to_dict())
        except SecretariatError as error:
            log.warning("A Slack form could not be opened", reason=str(error))
            if asked.response_url:
                post(Answer(str(error)), asked)
            return ""

    def _show_late(self, form: Form, view_id: str, sent: Body, came: View | Wrong | Answer) -> None:
        if isinstance(came, Wrong):
            self._update(view_id, reading.filled_again(sent, came.fields))
        else:
            self._put(form, view_id, came)
            _post_also(came)

    def _put(self, form: Form, view_id: str, came: View | Answer) -> None:
        self._update(view_id, _as_view(form, came).to_dict())

    def _update(self, view_id: str, view: dict[str, Any]) -> None:
        try:
            self.door.screens.update(view_id, view)
        except SecretariatError as error:
            log.warning("A Slack form could not be shown", reason=str(error))

    async def _promptly(self, work: Callable[[], T], late: Callable[[T], None], patience: float) -> T | None:
        """What the work gives, where it gives it in so many seconds; else None, and `late` is told it when it comes.

        A tick may hold the database for seconds, and no acknowledgement waits for it. The work goes on in its thread,
        also through the end of the process. `at_once` is either given the result or cancelled, never both.
        """
        at_once: Future[T] = Future()
        _in_a_thread(_work_once, work, late, at_once)
        await asyncio.wait({asyncio.wrap_future(at_once)}, timeout=patience)
        return None if at_once.cancel() else at_once.result()


def _in_a_thread(work: Callable[..., object], *arguments: object) -> None:
    """In a thread of the loop's own, which are waited for at its end."""
    asyncio.get_running_loop().run_in_executor(None, partial(_logged, work, *arguments))


def _logged(work: Callable[..., object], *arguments: object) -> None:
    """Nobody waits for this: what fails in it is at least on the log."""
    try:
        work(*arguments)
    except Exception:
        log.exception("What Slack brought could not be seen to", problem=secrets.token_hex(4))


def _post_also(came: View | Answer | None) -> None:
    """What a modal's answer says elsewhere: at the message that it was opened from."""
    if isinstance(came, Answer) and came.also:
        post(came.also.answer, Asked("", response_url=came.also.response_url))


def _work_once(work: Callable[[], T], late: Callable[[T], None], at_once: Future[T]) -> None:
    result = work()
    if at_once.set_running_or_notify_cancel():
        at_once.set_result(result)
    else:
        late(result)


def _as_view(form: Form, came: View | Answer) -> View:
    return notice(form.title, came) if isinstance(came, Answer) else came


def _chosen(action: Body) -> str:
    """A button's value, or what was chosen in a menu."""
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")
