"""What `config.yaml` says of the Programme's mailboxes: which query belongs where, and what no machine answers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.config_words import Sourced

TakenWords = Annotated[str, Field(pattern=r"^\w[^*]*\*?$")]
"""A word or phrase looked for in a text: whole words, `*` for any ending; with a capital letter, only as written."""


class Mailbox(Sourced):
    """One of the Programme's mailboxes, and which queries belong in it (rules §7)."""

    address: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    purpose: str
    trust: Literal["folder", "required"] = "required"
    watched: bool = False  # read as the one is that we write from
    imap_user: str = ""  # who signs in to it by IMAP, where that is not its address
    takes: list[TakenWords] = []
    general: bool = False  # its words count only where a query has no other mailbox's
    takes_the_rest: bool = False  # where nobody knows whom to ask


class EscalationWords(Sourced):
    """What makes a query a concern about what a group has decided or dealt with: that is escalated, not answered."""

    takes: list[TakenWords] = []


class ForAPerson(Sourced):
    """One kind of message that gets no automatic answer: by whom it comes from, or by what it says."""

    reason: str
    roles: list[Literal["chair", "member", "observer", "programme"]] = []
    seats: list[TakenWords] = []
    domains: list[str] = []
    takes: list[TakenWords] = []
    due_within_days: int | None = Field(default=None, ge=1, le=260)

    @model_validator(mode="after")
    def _can_be_told(self) -> Self:
        if not (self.roles or self.seats or self.domains or self.takes):
            raise ValueError("give at least one of `roles`, `seats`, `domains` and `takes`")
        return self


class NotForAMachine(Sourced):
    """What is logged with a due date and told to the PMO lead, and never answered by us (rules §7)."""

    due_within_days: int = Field(default=5, ge=1, le=260)
    kinds: list[ForAPerson]

    @classmethod
    def by_seat_alone(cls) -> Self:
        """For a file that says nothing of it: who sits where is known all the same; words and domains are not."""
        known = {"Ofgem": "Ofgem*", "the IPA": "IPA*", "the SRO": "SRO as Chair"}
        why = "the rules name them (§7), and this file does not"
        kinds = [ForAPerson(reason=f"it comes from {who}", seats=[seat], assumed=why) for who, seat in known.items()]
        kinds.append(ForAPerson(reason="it comes from a Chair", roles=["chair"], assumed=why))
        return cls(kinds=kinds, assumed=why)

    def days_for(self, kind: ForAPerson) -> int:
        """Within how many working days a person is to answer."""
        return kind.due_within_days or self.due_within_days
