"""Reading `config.yaml`: all problems at once, each with its line, an id and a hint."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from bot.config import Config, Secrets
from bot.errors import ConfigInvalid, Problem, SecretariatError

Path_ = tuple[str | int, ...]
HINTS = {
    "missing": ("config-missing", "Add the key; docs/CONFIGURATION.md shows an example."),
    "extra_forbidden": ("config-unknown-key", "Remove it or correct its spelling."),
    "literal_error": ("config-choice", "Use one of the words listed."),
    "time_parsing": ("config-time", 'Write a time that exists, in quotes: "10:00".'),
    "date_from_datetime_parsing": ("config-date", "Write a date that exists, as 2024-02-07."),
    "date_parsing": ("config-date", "Write a date that exists, as 2024-02-07."),
    "value_error": ("config-contradiction", "Change one of the two so that they agree."),
}


class PlainWords(yaml.SafeLoader):
    """YAML in which only true and false are truth values: `on`, `off`, `yes` and `no` are words (as in YAML 1.2)."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # PyYAML's own idiom
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_config(file: Path, **overrides: object) -> Config:
    """The configuration of `file`, environment and command line above it.

    Raises ConfigInvalid with every problem found, or SecretariatError where there is no such file.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SecretariatError(
            f"The configuration {file} cannot be read ({error.strerror}).", hint="Name another with --config FILE."
        ) from None
    data, lines = _parse(file, text)
    problems = list(_broken_references(data, lines))
    try:
        config = Config(_file=data, **overrides)  # type: ignore[call-arg, arg-type]  # settings_customise_sources takes _file out
    except ValidationError as error:
        problems += [_problem(detail, lines) for detail in error.errors()]
    if problems:
        raise ConfigInvalid(str(file), sorted(problems, key=lambda p: p.line or 0))
    return config


def read_secrets() -> Secrets:
    """Secrets from SECRETARIAT_NAME, or from the file named by SECRETARIAT_NAME_FILE."""
    from_files: dict[str, SecretStr] = {}
    for name in Secrets.model_fields:
        place = os.environ.get(f"SECRETARIAT_{name.upper()}_FILE")
        if place and not os.environ.get(f"SECRETARIAT_{name.upper()}"):
            try:
                from_files[name] = SecretStr(Path(place).read_text(encoding="utf-8").strip())
            except OSError as error:
                raise SecretariatError(
                    f"SECRETARIAT_{name.upper()}_FILE names {place}, which cannot be read ({error.strerror}).",
                    hint="Correct the path or the file's permissions.",
                ) from None
    return Secrets.model_validate({**Secrets().model_dump(exclude_none=True), **from_files})


def _parse(file: Path, text: str) -> tuple[dict[str, Any], dict[Path_, int]]:
    """The file's data, and the line of every key and list entry in it."""
    try:
        node = yaml.compose(text, Loader=PlainWords)
        data = yaml.load(text, Loader=PlainWords)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        what = getattr(error, "problem", None) or error
        sentence = f"This is not valid YAML: {what}."
        raise ConfigInvalid(
            str(file), [Problem("config-yaml", sentence, "Check indentation, colons and quotes there.", line)]
        ) from None
    if not isinstance(data, dict) or node is None:
        raise ConfigInvalid(
            str(file), [Problem("config-yaml", "The file holds no settings.", "Start from the shipped config.yaml.", 1)]
        )
    lines = dict(_lines(node, ()))
    repeated = [_repeated_key(path, line) for path, line in _repeated_keys(node, ())]
    if repeated:
        raise ConfigInvalid(str(file), repeated)
    return data, lines


def _lines(node: yaml.Node, path: Path_) -> Iterator[tuple[Path_, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
            yield (*path, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, index))


def _repeated_keys(node: yaml.Node, path: Path_) -> Iterator[tuple[Path_, int]]:
    """YAML lets a later key silently win; a second PSG would hide the first."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield (*path, key.value), key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated_keys(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated_keys(value, (*path, index))


def _repeated_key(path: Path_, line: int) -> Problem:
    return Problem("config-twice", f"`{_dotted(path)}` is given twice.", "Keep one of the two.", line)


def _problem(detail: ErrorDetails, lines: dict[Path_, int]) -> Problem:
    path = tuple(part for part in detail["loc"] if not str(part).startswith("function-"))
    problem_id, hint = HINTS.get(detail["type"], ("config-value", "Correct the value."))
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        hint = _nearest_key(path) or hint
        message = "this key is not known"
    elif detail["type"] == "value_error" and "`source:`" in message:
        problem_id, hint = "config-unsourced", "Name the clause, or say that it is assumed and why."
    return Problem(problem_id, f"`{_dotted(path)}`: {message}.", hint, _line_of(path, lines))


def _line_of(path: Path_, lines: dict[Path_, int]) -> int | None:
    """The line of the path, or of the nearest thing around it (a missing key has no line of its own)."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def _nearest_key(path: Path_) -> str:
    near = difflib.get_close_matches(str(path[-1]), _known_keys(path[:-1]), n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else ""


def _known_keys(path: Path_) -> list[str]:
    """The keys allowed at that place, found by walking the model along the path."""
    model: Any = Config
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[str(part)].annotation
        arguments = [a for a in getattr(model, "__args__", ()) if isinstance(a, type) and issubclass(a, BaseModel)]
        model = arguments[0] if arguments else model
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _broken_references(data: dict[str, Any], lines: dict[Path_, int]) -> Iterator[Problem]:
    """What points at something that is not there; works on the raw file, so that it is reported beside all else."""
    groups = _mapping(data.get("groups"))
    for path, value in _references(data, groups):
        if value not in groups:
            near = difflib.get_close_matches(str(value), list(groups), n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Groups on file: {', '.join(groups)}."
            yield Problem(
                "config-group-unknown",
                f"`{_dotted(path)}` names {value}, which is no group.",
                hint,
                _line_of(path, lines),
            )
    for key in groups:
        circle = _circle_from(key, groups)
        if circle:
            yield Problem(
                "config-parent-circle",
                f"The parents of {key} go round in a circle: {' > '.join(circle)}.",
                "A group's line of parents must end.",
                _line_of(("groups", key, "parent"), lines),
            )
    yield from _broken_ladder(data, lines)
    yield from _broken_mailboxes(data, lines, groups)


def _references(data: dict[str, Any], groups: dict[str, Any]) -> Iterator[tuple[Path_, str]]:
    for key, group in groups.items():
        for field in ("parent", "serves"):
            if isinstance(group, dict) and isinstance(group.get(field), str):
                yield ("groups", key, field), group[field]
    for index, clock in enumerate(_dicts(data.get("clocks"))):
        for field in ("groups", "not_groups"):
            for place, name in enumerate(clock.get(field) or []):
                yield ("clocks", index, field, place), name
    for section in ("dated_entries", "contradictions"):
        for index, entry in enumerate(_dicts(data.get(section))):
            if isinstance(entry.get("group"), str):
                yield (section, index, "group"), entry["group"]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [v if isinstance(v, dict) else {} for v in value] if isinstance(value, list) else []


def _circle_from(key: str, groups: dict[str, Any]) -> list[str]:
    walked, at = [key], key
    while isinstance(groups.get(at), dict) and groups[at].get("parent") in groups:
        at = groups[at]["parent"]
        walked.append(at)
        if at == key:
            return walked
        if walked.count(at) > 1:
            return []  # a circle further up, reported where it is
    return []


def _broken_ladder(data: dict[str, Any], lines: dict[Path_, int]) -> Iterator[Problem]:
    kinds = {clock.get("kind") for clock in _dicts(data.get("clocks"))} | {"meeting"}
    seen: set[object] = set()
    for index, step in enumerate(_dicts(data.get("reminders"))):
        if step.get("clock") and step["clock"] not in kinds:
            yield Problem(
                "config-clock-unknown",
                f"`reminders.{index}.clock` names {step['clock']}, which is no clock.",
                f"Clocks on file: {', '.join(sorted(str(k) for k in kinds))}.",
                _line_of(("reminders", index, "clock"), lines),
            )
        if step.get("id") in seen:
            yield Problem(
                "config-twice",
                f"The reminder step {step['id']} is given twice.",
                "Give each step an id of its own: it is part of the key that keeps a notice from going twice.",
                _line_of(("reminders", index, "id"), lines),
            )
        seen.add(step.get("id"))


def _broken_mailboxes(data: dict[str, Any], lines: dict[Path_, int], groups: dict[str, Any]) -> Iterator[Problem]:
    known, mail = _mapping(data.get("mailboxes")), _mapping(data.get("mail"))
    named: list[tuple[Path_, Any]] = [
        (("groups", k, "mailbox"), g["mailbox"]) for k, g in groups.items() if isinstance(g, dict) and "mailbox" in g
    ]
    named += [(("mail", "mailbox"), mail["mailbox"])] if "mailbox" in mail else []
    for path, name in named:
        if name not in known:
            yield Problem(
                "config-mailbox-unknown",
                f"`{_dotted(path)}` names {name}, which is no mailbox.",
                f"Mailboxes on file: {', '.join(known)}.",
                _line_of(path, lines),
            )


def _dotted(path: Path_) -> str:
    return ".".join(str(part) for part in path)
