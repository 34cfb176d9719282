"""Two families of errors: the person's (a sentence that says what to do) and ours (a short id, also in the log).

Every exception carries its evidence, so that the sentence can name the meeting, the file or the line.
"""

from __future__ import annotations

from dataclasses import dataclass


class SecretariatError(Exception):
    """Anything a person can mend. `str()` is the whole sentence, fit for a terminal, a modal field or a mail reply."""

    def __init__(self, sentence: str, *, hint: str = "", **evidence: object) -> None:
        self.sentence, self.hint, self.evidence = sentence, hint, evidence
        super().__init__(f"{sentence} {hint}".strip())


class UnknownThing(SecretariatError):
    """A group, meeting, person, report or line that nobody has on file."""


class NotAllowed(SecretariatError):
    """The person is on file but may not do this."""


class UnreadableRecording(SecretariatError):
    """The file holds no audio that can be decoded."""


class UnreadableMessage(SecretariatError):
    """A mail that cannot be parsed far enough to act on."""


class UnreadableDocument(SecretariatError):
    """A Word document that cannot be read, or must not be."""


class BadTable(SecretariatError):
    """An imported table with wrong columns or values; the sentence lists every line that is wrong."""


class StateUnusable(SecretariatError):
    """The database or the state folder cannot be used: locked, of a newer version, damaged, or the disk is full."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the configuration or the installation.

    `id` is stable (documented in docs/CONFIGURATION.md), `line` is 1-based in the file, or None where no line fits.
    """

    id: str
    sentence: str
    hint: str
    line: int | None = None
    severity: str = "error"  # error | warning | information


class ConfigInvalid(SecretariatError):
    """The configuration has one or more problems, all of them listed."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems
        super().__init__(f"{file} has {len(problems)} problem{'s' if len(problems) != 1 else ''}.", problems=problems)
