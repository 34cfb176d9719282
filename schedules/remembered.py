"""Answers that are worked out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Remembered(dict[Question, Answer]):
    """The answers of a function, by what was asked. `answers[question]` asks the function the first time only.

    It lives as long as its owner; give it questions of which there are few (days, years, groups).
    """

    def __init__(self, ask: Callable[[Question], Answer]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, question: Question) -> Answer:
        answer = self[question] = self._ask(question)
        return answer
