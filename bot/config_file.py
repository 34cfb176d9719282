"""Reading `config.yaml`: all problems at once, each with its line, an id and a hint."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from bot.config import Config, Secrets
from bot.config_words import EVENTS
from bot.errors import ConfigInvalid, Problem, SecretariatError

DEEPEST = 100  # levels; the reader in C has no bound of its own
Path_ = tuple[str | int, ...]
HINTS = {
    "missing": ("config-missing", "Add the key; the shipped config.yaml shows how."),
    "extra_forbidden": ("config-unknown-key", "Remove it or correct its spelling."),
    "literal_error": ("config-choice", "Use one of the words listed."),
    "time_parsing": ("config-time", 'Write a time that exists, in quotes: "10:00".'),
    "date_from_datetime_parsing": ("config-date", "Write a date that exists, as 2024-02-07."),
    "date_parsing": ("config-date", "Write a date that exists, as 2024-02-07."),
    "value_error": ("config-contradiction", "Change one of the two so that they agree."),
}


Resolver = tuple[str, re.Pattern[str]]


def _as_in_yaml_1_2(first: str, resolvers: list[Resolver]) -> list[Resolver]:
    """The kinds of value that a word beginning with `first` may be, without the surprises of YAML 1.1."""
    whole, truth = "tag:yaml.org,2002:int", "tag:yaml.org,2002:bool"
    kept = [(tag, pattern) for tag, pattern in resolvers if tag != truth or first in "tTfF"]
    return [(tag, re.compile(r"[-+]?[0-9]+$") if tag == whole else pattern) for tag, pattern in kept]


class PlainWords(yaml.CSafeLoader):  # in C: the shipped file is read six times as fast
    """YAML in which `on`, `off`, `yes` and `no` are words, and so is 10:00 (as in YAML 1.2; 1.1 reads 600).

    A date that does not exist stays the word it is, and is refused where a date is wanted, with its line.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012  # PyYAML's own idiom
        first: _as_in_yaml_1_2(first, resolvers) for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def date_or_word(self, node: yaml.ScalarNode) -> object:
        """A date or an instant; the word itself where there is no such day."""
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value


PlainWords.add_constructor("tag:yaml.org,2002:timestamp", PlainWords.date_or_word)


def read_config(file: Path, **overrides: object) -> Config:
    """The configuration of `file`, environment and command line above it.

    Raises ConfigInvalid with every problem found, or SecretariatError where there is no such file.
    """
    data, lines, problems = _parse(file, _text_of(file))
    problems += _broken_references(data, lines)
    try:
        config = Config(_file=data, **overrides)  # type: ignore[call-arg, arg-type]  # settings_customise_sources takes _file out
    except ValidationError as error:
        problems += [_problem(detail, lines) for detail in error.errors()]
    except SettingsError as error:  # a value of the environment that should be JSON, and is not
        problems.append(_not_json(error))
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


def _text_of(file: Path) -> str:
    try:
        content = file.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise SecretariatError(
            f"The configuration {file} cannot be read ({error.strerror}).", hint="Name another with --config FILE."
        ) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _no_yaml(file, "This is not text in UTF-8.", "Save the file as UTF-8.", line) from None


def _parse(file: Path, text: str) -> tuple[dict[str, Any], dict[Path_, int], list[Problem]]:
    """The file's data, the line of every key and list entry in it, and the keys that are given twice."""
    try:
        _refuse_bottomless(text)
        loader = PlainWords(text)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node else None
        lines = dict(_lines(node, ())) if node else {}
    except (yaml.YAMLError, ValueError) as error:
        sentence = f"This is not valid YAML: {getattr(error, 'problem', None) or error}."
        raise _no_yaml(file, sentence, "Check indentation, colons and quotes there.", _line_in(text, error)) from None
    except RecursionError:
        raise _no_yaml(
            file, "The file is nested too deeply, or an alias in it holds itself.", "Write it without.", None
        ) from None
    if not isinstance(data, dict) or node is None:
        raise _no_yaml(file, "The file holds no settings.", "Start from the shipped config.yaml.", 1)
    return data, lines, [_repeated_key(path, line) for path, line in _repeated_keys(node, ())]


def _refuse_bottomless(text: str) -> None:
    """Raises RecursionError where lists and mappings lie in one another more than DEEPEST levels deep."""
    depth = 0
    for event in yaml.parse(text, Loader=PlainWords):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise RecursionError


def _no_yaml(file: Path, sentence: str, hint: str, line: int | None) -> ConfigInvalid:
    return ConfigInvalid(str(file), [Problem("config-yaml", sentence, hint, line)])


def _line_in(text: str, error: Exception) -> int | None:
    """The line that a reading error speaks of; a character that YAML forbids has only its place in the text."""
    mark = getattr(error, "problem_mark", None)
    place = getattr(error, "position", None)
    return mark.line + 1 if mark else text.count("\n", 0, place) + 1 if place is not None else None


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
    variable = _variable(path)
    if variable:
        return Problem(problem_id, f"The environment variable {variable} is wrong: {message}.", hint)
    return Problem(problem_id, f"`{_dotted(path)}`: {message}.", hint, _line_of(path, lines))


def _variable(path: Path_) -> str | None:
    """The environment variable that stands above the file at that place, or None."""
    names = ["SECRETARIAT_" + "__".join(str(p) for p in path[:end]).upper() for end in range(len(path), 0, -1)]
    return next((name for name in names if name in os.environ), None)


def _not_json(error: SettingsError) -> Problem:
    named = re.search(r'field "(\w+)"', str(error))
    variable = f"SECRETARIAT_{named[1].upper()}" if named else "SECRETARIAT_..."
    return Problem(
        "config-value",
        f"The environment variable {variable} is no JSON.",
        f"Correct it, or set one value alone, as in {variable}__KEY.",
    )


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
    groups = {key: group for key, group in _mapping(data.get("groups")).items() if isinstance(key, str)}
    joint = (((*path, n), name) for path, _, names in _joint_meetings(data, groups) for n, name in enumerate(names))
    for path, value in (*_references(data, groups), *joint):
        if value not in groups:
            near = difflib.get_close_matches(value, list(groups), n=1)
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
    yield from _broken_joint_meetings(data, lines, groups)
    yield from _broken_ladder(data, lines)
    yield from _broken_mailboxes(data, lines, groups)


def _references(data: dict[str, Any], groups: dict[str, Any]) -> Iterator[tuple[Path_, str]]:
    for key, group in groups.items():
        for field in ("parent", "serves"):
            if isinstance(group, dict) and isinstance(group.get(field), str):
                yield ("groups", key, field), group[field]
    for section in ("clocks", "reminders"):
        for index, entry in enumerate(_dicts(data.get(section))):
            for field in ("groups", "not_groups"):
                names = entry.get(field)
                for place, name in enumerate(names if isinstance(names, list) else []):
                    if isinstance(name, str):
                        yield (section, index, field, place), name
    for section in ("dated_entries", "contradictions"):
        for index, entry in enumerate(_dicts(data.get(section))):
            if isinstance(entry.get("group"), str):
                yield (section, index, "group"), entry["group"]


def _joint_meetings(data: dict[str, Any], groups: dict[str, Any]) -> Iterator[tuple[Path_, str, list[str]]]:
    """Where each `joint_with` stands, whose meeting it is of, and the groups it names."""
    for key, group in groups.items():
        for index, rule in enumerate(_dicts(_mapping(group).get("series"))):
            yield ("groups", key, "series", index, "joint_with"), key, _words(rule.get("joint_with"))
    for index, entry in enumerate(_dicts(data.get("dated_entries"))):
        yield ("dated_entries", index, "joint_with"), str(entry.get("group")), _words(entry.get("joint_with"))


def _broken_joint_meetings(data: dict[str, Any], lines: dict[Path_, int], groups: dict[str, Any]) -> Iterator[Problem]:
    for path, host, names in _joint_meetings(data, groups):
        for place, name in enumerate(names):
            if name == host:
                sentence, hint = f"{host} meets jointly with itself", "Name the other groups only."
            elif name in names[:place]:
                sentence, hint = f"{name} is named twice", "Keep one of the two."
            elif path[0] == "groups" and _mapping(groups[host]).get("status") == "email_update":
                sentence, hint = f"{host} sends an e-mail update instead", "Write a dated entry that adds the meeting."
            else:
                continue
            line = _line_of((*path, place), lines)
            yield Problem("config-joint", f"`{_dotted((*path, place))}`: {sentence}.", hint, line)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _words(value: object) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []


def _dicts(value: object) -> list[dict[str, Any]]:
    return [v if isinstance(v, dict) else {} for v in value] if isinstance(value, list) else []


def _circle_from(key: str, groups: dict[str, Any]) -> list[str]:
    walked, at = [key], key
    while isinstance(parent := _mapping(groups.get(at)).get("parent"), str) and parent in groups:
        at = parent
        walked.append(at)
        if at == key:
            return walked
        if walked.count(at) > 1:
            return []  # a circle further up, reported where it is
    return []


def _broken_ladder(data: dict[str, Any], lines: dict[Path_, int]) -> Iterator[Problem]:
    kinds = {str(clock.get("kind")) for clock in _dicts(data.get("clocks"))} | set(EVENTS)
    seen: set[str] = set()
    for index, step in enumerate(_dicts(data.get("reminders"))):
        if isinstance(step.get("clock"), str) and step["clock"] not in kinds:
            yield Problem(
                "config-clock-unknown",
                f"`reminders.{index}.clock` names {step['clock']}, which is no clock.",
                f"Clocks on file: {', '.join(sorted(kinds))}.",
                _line_of(("reminders", index, "clock"), lines),
            )
        if isinstance(step.get("id"), str) and step["id"] in seen:
            yield Problem(
                "config-twice",
                f"The reminder step {step['id']} is given twice.",
                "Give each step an id of its own: it is part of the key that keeps a notice from going twice.",
                _line_of(("reminders", index, "id"), lines),
            )
        seen.add(str(step.get("id")))


def _broken_mailboxes(data: dict[str, Any], lines: dict[Path_, int], groups: dict[str, Any]) -> Iterator[Problem]:
    known, mail = _mapping(data.get("mailboxes")), _mapping(data.get("mail"))
    named: list[tuple[Path_, Any]] = [
        (("groups", k, "mailbox"), g["mailbox"]) for k, g in groups.items() if isinstance(g, dict) and "mailbox" in g
    ]
    named += [(("mail", "mailbox"), mail["mailbox"])] if "mailbox" in mail else []
    for path, name in named:
        if isinstance(name, str) and name not in known:
            yield Problem(
                "config-mailbox-unknown",
                f"`{_dotted(path)}` names {name}, which is no mailbox.",
                f"Mailboxes on file: {', '.join(str(key) for key in known)}.",
                _line_of(path, lines),
            )


def _dotted(path: Path_) -> str:
    return ".".join(str(part) for part in path)
