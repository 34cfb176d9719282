"""The ticks: APScheduler calls steps that it is given. Ticks live in memory only; the truth is in our tables."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.errors import SecretariatError

log = structlog.get_logger()
STEPS_AT_A_TICK = 200
SAY_AGAIN_SECONDS = 300.0


@dataclass(frozen=True)
class Tick:
    """A step called every so many seconds, again and again within a tick while it says that there is more."""

    name: str
    seconds: float
    step: Callable[[], bool]


def start(ticks: list[Tick]) -> BackgroundScheduler:
    """Start the ticks. A tick that is late still runs, once; it never overlaps itself."""
    each = {"default": ThreadPoolExecutor(len(ticks))}  # a mailbox that hangs must not hold up sending
    scheduler = BackgroundScheduler(timezone="UTC", executors=each)
    for tick in ticks:
        scheduler.add_job(
            run_tick,
            IntervalTrigger(seconds=tick.seconds, timezone="UTC"),
            args=[tick],
            id=tick.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=3600,
        )
    scheduler.start()
    return scheduler


def run_tick(tick: Tick) -> None:
    """One tick. Whatever goes wrong in it is logged and tried again at the next: the outermost loop of all work."""
    try:
        for _ in range(STEPS_AT_A_TICK):
            if not tick.step():
                break
    except SecretariatError as error:
        _say(tick.name, str(error))
    except Exception:
        log.exception("Work was put off until the next tick", work=tick.name, problem=secrets.token_hex(4))


_said: dict[str, tuple[str, float]] = {}


def _say(work: str, sentence: str) -> None:
    """Say a sentence once, and again only after a while: trouble that lasts must not fill the log."""
    last, at = _said.get(work, ("", 0.0))
    if sentence != last or time.monotonic() - at > SAY_AGAIN_SECONDS:
        _said[work] = (sentence, time.monotonic())
        log.warning(sentence, work=work)
