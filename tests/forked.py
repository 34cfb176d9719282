"""The process from which a test process forks others. It has loaded what they need, so that they start at once.

Python keeps one such process for each that asks, and what it loads is settled when the first is forked: one list for
all, or whoever comes second loads the software anew each time.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext

PRELOADED = [
    "bot.app", "bot.adapters.word_document", "handlers.web.pages", "sqlalchemy.dialects.sqlite",
    "tests.commands_built", "tests.kill_life", "tests.mail_kill_life", "pytest",
]  # fmt: skip


def forking() -> ForkServerContext:
    """Where to make the processes."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context
