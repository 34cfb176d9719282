"""The text of a secretary's notes: plain text, Markdown, or a Word document, a line a paragraph or table row."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from zipfile import BadZipFile

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph

from bot.errors import SecretariatError

SUFFIXES = (".txt", ".md", ".docx")
MOST_BYTES = 20 * 1024 * 1024
_UNREADABLE = (PackageNotFoundError, BadZipFile, KeyError, ValueError, OSError, SyntaxError)


def notes_text(name: str, content: bytes) -> str:
    """The notes in a file of that name. Raises SecretariatError, naming it, for one that cannot be read or is empty."""
    if len(content) > MOST_BYTES:
        raise SecretariatError(f"{name} is too large for notes.", hint="Send the text without its pictures.")
    if name.lower().endswith(".docx"):
        text = "\n".join(_lines_of(name, content))
    elif name.lower().endswith(SUFFIXES):
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        text = content.decode(encoding, errors="replace")
    else:
        raise SecretariatError(f"{name} is no file of notes.", hint=f"Notes come as {', '.join(SUFFIXES)}.")
    if not any(letter.isalpha() for letter in text):
        raise SecretariatError(
            f"{name} holds no words, so nothing can be drafted from it.", hint="Write the notes down."
        )
    return text


def _lines_of(name: str, content: bytes) -> Iterator[str]:
    try:
        document: Document = docx.Document(BytesIO(content))
        for block in document.iter_inner_content():
            if isinstance(block, Paragraph):
                yield " ".join(block.text.split())
            elif isinstance(block, Table):
                for row in block.rows:
                    cells = list(dict.fromkeys(" ".join(cell.text.split()) for cell in row.cells))
                    yield ": ".join(cell for cell in cells if cell)
    except _UNREADABLE as problem:
        raise SecretariatError(
            f"{name} is no Word document.", hint="Save it as .docx or .txt, and try again."
        ) from problem
