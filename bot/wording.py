"""The texts that people receive: templates in `report_templates/messages/` that the PMO may edit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound

from bot.errors import SecretariatError


@lru_cache(maxsize=8)
def _texts(folder: Path) -> Environment:
    return Environment(  # noqa: S701  # plain text, not HTML: escaping would put &amp; into mails
        loader=FileSystemLoader(folder), undefined=StrictUndefined, keep_trailing_newline=False, trim_blocks=True
    )


def render(templates: Path, name: str, values: dict[str, object]) -> tuple[str, str]:
    """(subject, text) of a message. The template's first line is `Subject: ...`. Raises SecretariatError naming it."""
    try:
        whole = _texts(templates / "messages").get_template(name).render(values)
    except TemplateNotFound:
        raise SecretariatError(
            f"The message template {name} is not in {templates / 'messages'}.", hint="Put it back, or name another."
        ) from None
    except TemplateError as error:
        raise SecretariatError(
            f"The message template {name} cannot be filled in: {error}.",
            hint="Correct it; report_templates/messages/README.md lists the placeholders.",
        ) from None
    first, _, body = whole.partition("\n")
    if not first.startswith("Subject: "):
        raise SecretariatError(
            f"The message template {name} does not begin with a line `Subject: ...`.", hint="Add it."
        )
    return first.removeprefix("Subject: ").strip(), body.strip() + "\n"
