"""What `config.yaml` says of the way from a recording to a report: transcription, Teams, drafting, publishing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from bot.config_words import Strict

GlossaryEntry = Annotated[str, Field(pattern=r"^\s*[^=\s][^=]*(=\s*[^=\s][^=]*)?$", max_length=80)]
"""A name or term as it is written; after `=` how it sounds, where its letters don't tell: TORWG = tor wig."""


class Transcription(Strict):
    engine: Literal["pipeline", "faster-whisper", "openai-whisper"] = "pipeline"
    encoder: Literal["auto", "ctranslate2", "openvino"] = "auto"  # the pipeline's
    model: str = "embedded"
    language: str | None = "en"
    threads: int = Field(default=0, ge=0)
    glossary: list[GlossaryEntry] = []
    speakers: bool = True  # tell the voices apart: Speaker 1, Speaker 2 ...
    tell_terms: bool | None = None  # tell the recogniser what to listen for; None: where it is our own pipeline
    correct: bool = True  # put misheard names and terms right; each can be taken back
    processes: int = Field(default=1, ge=0, le=16)  # workers that `run` starts; 0: they run elsewhere
    nice: int = Field(default=10, ge=0, le=19)
    unfinished_minutes: int = Field(default=10, ge=1, le=1440)


class Recording(Strict):
    link: str = ""  # pattern with {group} {date} and {seconds} or {nav}; empty: our own page


class SharePoint(Strict):
    """A document library: `site` as Graph writes it, HOST:/sites/NAME; `library` its name, "" for the site's own."""

    site: str = Field(default="", pattern=r"^([^:/\s]+(:/[^\s]+)?)?$")
    library: str = ""
    folder: str = "Headline reports"


class Teams(Strict):
    """What is fetched from Microsoft 365 after a meeting; nothing, as shipped."""

    transcripts: bool = False
    recordings: Literal["nowhere", "teams", "folder"] = "nowhere"
    organiser: str = ""  # the object id of the user whose meetings they are; empty: the mailbox we write from
    site: str = Field(default="", pattern=r"^([^:/\s]+(:/[^\s]+)?)?$")  # of the folder; empty: the organiser's OneDrive
    library: str = ""
    folder: str = Field(default="Recordings", min_length=1)
    days: int = Field(default=14, ge=1, le=60)  # how long after a meeting it is looked for
    look_every_minutes: int = Field(default=10, ge=1, le=1440)

    @property
    def is_on(self) -> bool:
        """Whether anything is fetched."""
        return self.transcripts or self.recordings != "nowhere"


class IssuedReports(Strict):
    """What becomes of an issued report beside its mails: a PDF by LibreOffice, and the place where it is published."""

    pdf: Literal["auto", "never"] = "auto"
    pdf_seconds: int = Field(default=90, ge=5, le=600)
    publish_to: Literal["nowhere", "folder", "sharepoint"] = "nowhere"
    folder: Path = Path("published")  # inside paths.state, unless it is a whole path
    sharepoint: SharePoint = SharePoint()

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.publish_to == "sharepoint" and not self.sharepoint.site:
            raise ValueError("`publish_to: sharepoint` needs `sharepoint.site`: HOST:/sites/NAME")
        return self


class LanguageModelAt(Strict):
    """An OpenAI-compatible endpoint that may word drafted lines; "" (as shipped): none is asked.

    `closed_groups`: groups that are not open to everybody and whose words may go there all the same.
    """

    url: str = ""
    model: str = ""
    timeout_seconds: float = Field(default=20, gt=0, le=300)
    closed_groups: list[str] = []

    @field_validator("url")
    @classmethod
    def _is_private(cls, url: str) -> str:
        here = re.match(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:/|$)", url)
        if url and not url.startswith("https://") and not here:
            raise ValueError("what was said in a meeting leaves by https only (or by http to this computer)")
        return url

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if bool(self.url) != bool(self.model):
            raise ValueError("`url` and `model` come together: give both or neither")
        return self


class DraftingRules(Strict):
    """How drafts are worded."""

    language_model: LanguageModelAt = LanguageModelAt()
