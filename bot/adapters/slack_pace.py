"""The pace towards Slack: less than a message a second in a conversation, and silence while Slack asks for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

SPACING = 1.1  # seconds between two posts in one conversation: Slack takes one a second
LONGEST_WAIT = 5  # seconds worth waiting inside one attempt; the outbox waits longer and blocks nobody


class AskedToWait(Exception):
    """Slack was not called: it wants no call for `seconds`."""

    def __init__(self, seconds: float, words: str = "Slack asks to send more slowly") -> None:
        self.seconds = seconds
        super().__init__(f"{words[0].upper()}{words[1:]}.")


@dataclass
class _Place:
    """A conversation that is posted to, or was within the last moment."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0  # monotonic seconds
    users: int = 0


class Pace:
    """When the next call may go: less than a post a second in a conversation, none while Slack asks to wait.

    For one process: where several send at once, Slack may ask them to wait. Forgets a conversation once it is free.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._paused_until: dict[str, float] = {}  # by method: Slack counts each by itself, over the whole workspace

    def pause(self, method: str, seconds: float) -> None:
        """Slack has asked that this method be not called for so long."""
        with self._lock:
            until = time.monotonic() + seconds
            self._paused_until[method] = max(until, self._paused_until.get(method, until))

    def check(self, method: str) -> None:
        """Raises AskedToWait where the method is not to be called yet."""
        with self._lock:
            left = self._paused_until.get(method, 0) - time.monotonic()
        if left > 0:
            raise AskedToWait(left)

    @contextmanager
    def turn(self, conversation: str) -> Iterator[None]:
        """Wait for the conversation and have it to oneself; raises AskedToWait where others hold it too long."""
        with self._lock:
            place = self._places.setdefault(conversation, _Place())
            place.users += 1
        try:
            if not place.lock.acquire(timeout=LONGEST_WAIT):
                raise AskedToWait(SPACING, "several messages wait for the same conversation")
            try:
                time.sleep(max(0.0, place.free_at - time.monotonic()))
                yield
            finally:
                place.free_at = time.monotonic() + SPACING
                place.lock.release()
        finally:
            with self._lock:
                place.users -= 1
                now = time.monotonic()
                self._places = {name: p for name, p in self._places.items() if p.users or p.free_at > now}
