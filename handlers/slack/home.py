"""The home tab: what is expected of me. Shown when it is opened, and again when it would say something else."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from threading import Lock
from zlib import crc32

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from sqlalchemy import func, select

from bot import access, members
from bot.amendment_life import words
from bot.clock import LONDON, spoken, spoken_date
from bot.errors import NotAllowed
from bot.logs import LoggedAction
from bot.model import Meeting, MeetingStatus, SeatHolding
from bot.slack_text import escaped, sections, spelt
from bot.store.house_tables import AuditRow
from bot.store.slack_tables import SlackHomeRow
from handlers.slack.answering import guarded
from handlers.slack.blocks import MOST_IN_VIEW, button, buttons, context, divider, header, section
from handlers.slack.door import Command, Happened, SlackDoor
from schedules.mine import Coming, ForThePmo, Mine, OpenWindow, mine

KEPT_FRESH = timedelta(days=3)  # after that it is shown anew when it is opened
LOOK_AT_LEAST = timedelta(minutes=30)  # clocks run out also where nothing has happened
AT_ONCE = 2.0  # seconds
RESTS, LONGEST_REST = 4, 0.5  # between two tabs: so many times what the last one took, at most so many seconds
MOST_LINES = 8
CLOCKS = {
    "papers": "papers go out", "update": "the update goes out", "headline_report": "headline report",
    "amendments_close": "amendment requests close",
}  # fmt: skip
CLOCKS_OF_PMO = CLOCKS | {"chair_copy": "report to the Chair", "recording": "recording published"}
AT_A_MEETING = (("deadlines", "Deadlines"), ("papers", "Papers"))  # clicks of the register
# useful without another word
BY_WORD = ("next", "calendar", "actions", "decisions", "requests", "review", "draft", "chase", "outbox")
_TURNS = tuple(Lock() for _ in range(64))  # nobody's older home may be published after a newer one


@dataclass
class HomeTabs:
    """Publishes home tabs. `commands` are those that buttons are made for, by their word."""

    door: SlackDoor
    commands: Mapping[str, Command]
    _round: deque[str] = field(default_factory=deque)
    _seen: tuple[object, ...] = ()
    _asked: deque[str] = field(default_factory=deque)  # whose tab is to be shown again soon, each once
    _lock: Lock = field(default_factory=Lock)
    _looked_at: dict[str, int] = field(default_factory=dict)  # the audit's last number then
    _is_busy: bool = False

    def opened(self, slack_user_id: str) -> None:
        """Somebody opens the tab: it is published, and kept fresh for some days."""
        now = self.door.clock.now()
        with self.door.database.session() as session:
            row = session.get(SlackHomeRow, slack_user_id)
            if row is None:
                row = SlackHomeRow(slack_user_id=slack_user_id)
                session.add(row)
            row.opened_at, row.shown_sha256 = now, ""
        self.show_again(slack_user_id)

    def show_soon(self, slack_user_id: str) -> None:
        """Show somebody's tab again after a deed of theirs. In one thread, with rests: people who wait come first.

        Where many ask it ends after a moment, so that the process can end too; the tick comes to the others.
        """
        if not self.door.screens.is_there:
            return
        with self._lock:
            if slack_user_id not in self._asked:
                self._asked.append(slack_user_id)
            if self._is_busy:
                return  # whoever is at it takes this one too
            self._is_busy = True
        until = time.monotonic() + AT_ONCE
        while (next_one := self._next_asked(until)) is not None:
            began = time.monotonic()
            guarded(partial(self._show_if_anything_happened, next_one), "home")
            time.sleep(min(RESTS * (time.monotonic() - began), LONGEST_REST))

    def _show_if_anything_happened(self, slack_user_id: str) -> None:
        """Whoever only looked need not be looked after: every change is in the audit."""
        with self.door.database.reading() as session:
            happened = session.scalar(select(func.max(AuditRow.number))) or 0
        if self._looked_at.get(slack_user_id) != happened:
            self.show_again(slack_user_id)
            self._looked_at[slack_user_id] = happened

    def _next_asked(self, until: float) -> str | None:
        with self._lock:
            if time.monotonic() > until:
                self._asked.clear()
            self._is_busy = bool(self._asked)
            return self._asked.popleft() if self._asked else None

    def show_again(self, slack_user_id: str) -> None:
        """Publish a tab that was opened lately, where it would show something else now. Raises SecretariatError."""
        if not self.door.screens.is_there:
            return
        with _TURNS[crc32(slack_user_id.encode()) % len(_TURNS)]:
            with self.door.database.reading() as session:
                row = session.get(SlackHomeRow, slack_user_id)
                if row is None or row.opened_at < self.door.clock.now() - KEPT_FRESH:
                    return
                shown_before = row.shown_sha256
            view = self._view(slack_user_id).to_dict()
            shown = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
            if shown == shown_before:
                return
            self.door.screens.publish(slack_user_id, view)
            with self.door.database.session() as session:
                kept = session.get(SlackHomeRow, slack_user_id)
                if kept:
                    kept.shown_sha256 = shown

    def show_changed_one(self) -> bool:
        """One tab of a round through those opened lately; a round begins where something has happened since the last.

        For a tick: one at a time leaves room for people who are waiting. Returns False: there is time.
        """
        if not self._round:
            self._begin_round()
        if self._round:
            self.show_again(self._round.popleft())
        return False

    def _begin_round(self) -> None:
        now = self.door.clock.now()
        with self.door.database.reading() as session:
            happened = session.scalar(select(func.max(AuditRow.number)))
            seen = (happened, int(now.timestamp() // LOOK_AT_LEAST.total_seconds()))
            if seen == self._seen:
                return
            lately = select(SlackHomeRow.slack_user_id).where(SlackHomeRow.opened_at > now - KEPT_FRESH)
            self._round.extend(session.scalars(lately.order_by(SlackHomeRow.opened_at)))
        self._seen = seen

    def _view(self, slack_user_id: str) -> View:
        with self.door.database.reading() as session:
            person = members.by_slack_id(session, slack_user_id)
            if person is None:
                return _saying(access.NOT_KNOWN)
            found = mine(session, self.door.announcer, person, self.door.clock.now())
            return home_view(found, self.commands, self.door.config.slack.command)


def home_opened(commands: Mapping[str, Command], door: SlackDoor, happened: Happened) -> None:
    """`app_home_opened`, of the home tab; the tab of messages needs nothing. A stranger's says whom to ask."""
    slack_user_id, now = happened.slack_user_id, door.clock.now()
    if happened.event.get("tab") != "home" or not door.screens.is_there:
        return
    try:
        with door.database.reading() as session:
            person = members.by_slack_id(session, slack_user_id)
            ruling = access.may_do(session, person, access.Deed.ASK, now.astimezone(LONDON).date())
            access.require(session, ruling, person=person, what="slack home", now=now, asked_as=slack_user_id)
    except NotAllowed as error:
        door.screens.publish(slack_user_id, _saying(str(error)).to_dict())
    else:
        HomeTabs(door, commands).opened(slack_user_id)


def _saying(sentence: str) -> View:
    return View(type="home", blocks=[section(escaped(sentence))])


def home_view(found: Mine, commands: Mapping[str, Command], name: str) -> View:
    """The tab; `name` is that of the command, '/secretariat'."""
    blocks = [
        *_titled("What is expected of you", list(_expected(found))),
        *_titled("Your next meetings", list(_meetings(found))),
        *_titled("Your open requests", list(_requests(found))),
        *_titled("For the PMO", list(_for_pmo(found.for_pmo))),
        *_titled("Your groups", list(_groups(found))),
        divider(),
        *_asking(found, commands),
        context(
            f"All that you can ask: `{escaped(name)} help`. Times are shown in your own zone; the rule's is London."
        ),
    ]
    return View(type="home", blocks=blocks[:MOST_IN_VIEW])


def _titled(title: str, blocks: list[Block]) -> list[Block]:
    return [header(title), *blocks] if blocks else []


def _listed(lines: list[str], more: str) -> Iterator[Block]:
    """Lines that people wrote, the first few; `more` says where the rest is."""
    shown = [*lines[:MOST_LINES], *([f"… and {len(lines) - MOST_LINES} more: {more}"] if lines[MOST_LINES:] else [])]
    yield from (section(part) for part in sections("\n".join(f"• {line}" for line in shown)))


def _expected(found: Mine) -> Iterator[Block]:
    papers = [
        f"*Paper* {paper.title} ({paper.reference}) for {_named(meeting)}" + (f": by {spoken(due)}" if due else "")
        for paper, meeting, due in found.papers
    ]
    windows = [_window(window) for window in found.windows]
    drafts = [
        f"*Draft* of {_named(meeting)}, version {draft.version}: "
        + ("to be edited and issued" if found.for_pmo else "waits for your clearance")
        for draft, meeting in found.drafts
    ]
    actions = [_action(action) for action in found.actions]
    yield from _listed([*papers, *drafts, *windows], "ask the PMO") if papers or drafts or windows else ()
    yield from _listed(actions, "actions mine") if actions else ()
    if not (papers or windows or drafts or actions):
        yield section("Nothing waits for you.")


def _window(window: OpenWindow) -> str:
    answered = "; you have answered" if window.has_answered else ""
    return (
        f"*Report* of {_named(window.meeting)}: amendments may be asked for until {spoken(window.closes_at)}{answered}"
    )


def _action(action: LoggedAction) -> str:
    due = f", due {action.due}" if action.due else ""
    proposed = " (closure proposed)" if action.state == "closure_proposed" else ""
    return f"*Action* {action.reference}{due}: {_short(action.text)}{proposed}"


def _meetings(found: Mine) -> Iterator[Block]:
    for coming in found.coming:
        yield section(spelt(_coming(coming, CLOCKS_OF_PMO if found.for_pmo else CLOCKS)))
        named = f"{coming.meeting.group} {coming.meeting.on.isoformat()}"
        offered = [button(label, f"{click}:{coming.meeting.uid}", named) for click, label in AT_A_MEETING]
        if _can_be_missed(coming):
            offered.append(button("I can't come", f"apologies:{coming.meeting.uid}", coming.meeting.uid))
        yield buttons(*offered)


def _can_be_missed(coming: Coming) -> bool:
    return not coming.is_away and coming.meeting.status not in (MeetingStatus.EMAIL_UPDATE, MeetingStatus.PROPOSED_MOVE)


def _coming(coming: Coming, named: Mapping[str, str]) -> str:
    meeting = coming.meeting
    if meeting.status is MeetingStatus.PROPOSED_MOVE:
        return f"*{meeting.known_as}*: date to be confirmed ({meeting.reason})"
    update = " (e-mail update in lieu of papers)" if meeting.status is MeetingStatus.EMAIL_UPDATE else ""
    clocks = [f"{named[kind]}: {spoken(due_at)}" for kind, due_at in coming.clocks if kind in named]
    away = ["you have sent apologies"] if coming.is_away else []
    pack = [f"papers: {coming.pack}"] if coming.pack else []
    return "\n".join([f"*{meeting.known_as}*: {spoken(meeting.starts_at)}{update}", *away, *pack, *clocks])


def _requests(found: Mine) -> Iterator[Block]:
    lines = [f"*{row.reference}*, {words(row.state)}: {_short(row.proposed_text)}" for row in found.requests]
    yield from _listed(lines, "requests") if lines else ()


def _for_pmo(waiting: ForThePmo | None) -> Iterator[Block]:
    if waiting is None:
        return
    lines = [f"Amendment requests to review: {waiting.to_review}", f"Notices waiting for release: {waiting.to_release}"]
    yield from _listed([*waiting.stopped, *lines], "outbox")
    documents = [
        *(f"*Edited draft to take in* {line}" for line in waiting.edited),
        *(f"*Marked-up report to settle* {line}" for line in waiting.marked),
    ]
    yield from _listed(documents, "the page") if documents else ()


def _groups(found: Mine) -> Iterator[Block]:
    lines = [
        *dict.fromkeys(_seat(held) for held in found.seats),
        *(f"{group}, on its open list" for group in found.lists),
    ]
    yield from (section(part) for part in sections("\n".join(f"• {line}" for line in lines)))


def _seat(held: SeatHolding) -> str:
    until = f", until {spoken_date(held.to_on)}" if held.to_on else ""
    return f"{held.group or 'The whole programme'}: {held.seat}{until}"


def _asking(found: Mine, commands: Mapping[str, Command]) -> Iterator[Block]:
    """A button for each command that needs no other word: those with a modal, and a few more."""
    for of_pmo in (False, True):
        offered = [
            button(word.capitalize(), f"command:{word}")
            for word, command in commands.items()
            if command.for_pmo is of_pmo and (word in BY_WORD or (command.form and command.opens("")))
        ]
        if offered and (found.for_pmo or not of_pmo):
            yield buttons(*offered[:25])


def _named(meeting: Meeting) -> str:
    return f"{meeting.known_as} on {spoken_date(meeting.on)}"


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 200 else f"{one_line[:199]}…"
