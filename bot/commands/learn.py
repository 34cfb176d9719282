"""learn: the ranking of possible lines learns from the reports that were issued here."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bot import audit, learning
from bot.commands.dates import PlainFormat
from bot.durable_files import write_whole
from bot.errors import SecretariatError


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command("learn")(learn)


def learn(
    context: typer.Context,
    accept: Annotated[bool, typer.Option("--accept", help="Keep what was learnt even where it ranks worse.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the scores, and keep nothing.")] = False,
    format_: Annotated[PlainFormat, typer.Option("--format")] = PlainFormat.table,
) -> None:
    """Learn what a decision and an action sound like here, from issued reports and what was changed in their drafts."""
    from bot.headlines.learning import FEWEST_MEETINGS, unpacked
    from bot.headlines.learning import learn as learnt_from
    from bot.headlines.learning import packed as packed_up

    whole = context.obj.secretariat
    place = whole.places.learnt
    with whole.database.reading() as session:
        meetings, told = learning.lessons(session)
    own, judged = learnt_from(meetings, unpacked(place.read_bytes()) if place.exists() else None)
    if not judged:
        raise SecretariatError(
            f"There are {len(meetings)} issued reports with a recording: too few to learn from.",
            hint=f"It needs {FEWEST_MEETINGS} with decisions, or {FEWEST_MEETINGS} with actions.",
        )
    better = all(one.after >= one.before for one in judged) and any(one.after > one.before for one in judged)
    keeps = not dry_run and (better or accept)
    if keeps:
        write_whole(place, packed_up(own))
        with whole.database.session() as session:
            scores = {one.head: [round(one.before, 3), round(one.after, 3)] for one in judged}
            audit.record(session, whole.clock.now(), "secretariat", "ranking learnt", place.name, scores=scores)
    if format_ is PlainFormat.json:
        heads = [{"head": o.head, "meetings": o.meetings, "lines": o.lines, "before": round(o.before, 3),
                  "after": round(o.after, 3)} for o in judged]  # fmt: skip
        typer.echo(json.dumps({"lines": vars(told), "heads": heads, "kept": keeps}, indent=2))
        return
    typer.echo(
        f"{len(meetings)} issued reports. Drafted lines: {told.kept} kept, {told.reworded} reworded, {told.removed} "
        f"removed; {told.added} added by people, {told.taken_up} possible lines taken up."
    )
    for one in judged:
        typer.echo(
            f"{one.head}: average precision {one.before:.3f} before, {one.after:.3f} after, on meetings held out "
            f"({one.meetings} meetings, {one.lines} lines)."
        )
    typer.echo(_ending(keeps, better))


def _ending(keeps: bool, better: bool) -> str:
    if keeps:
        return "Kept: drafts are ranked so from now on."
    return "Nothing was kept." if better else "Nothing was kept, for it does not rank better. To keep it: --accept."
