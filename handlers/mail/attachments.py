"""The files that come with a mail: named safely, and looked at without unpacking before anybody trusts them. Pure.

What is held is kept with the mail for a person to look at; what is refused is not even offered to one.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256

from bot.document_ids import identifier_in, part_of

MOST_BYTES = 25 * 1024 * 1024  # of one file
MOST_FILES = 40
MOST_UNPACKED = 300 * 1024 * 1024  # bytes that a document may say it unpacks to
MOST_RATIO = 200  # times its own size, for what unpacks to more than:
WORTH_A_LOOK = 10 * 1024 * 1024
MOST_ENTRIES = 5_000
MOST_READ = 32 * 1024 * 1024  # bytes of a document's text that are looked through for tracked changes
LONGEST_NAME = 120

ZIPPED = ("docx", "xlsx", "pptx", "odt", "ods", "odp")
OTHERS = ("pdf", "txt", "md", "csv", "tsv", "rtf", "vtt", "srt", "png", "jpg", "jpeg", "gif")
DOCUMENTS = frozenset((*ZIPPED, *OTHERS))  # the endings of what is taken
MESSAGES = ("eml", "ics", "vcf")
WITH_MACROS = ("docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppsm", "ppam", "sldm")
OLD_OFFICE = ("doc", "dot", "xls", "xlt", "ppt", "pps", "msg")
ARCHIVES = (
    *("zip", "7z", "rar", "gz", "tgz", "bz2", "xz", "tar", "cab", "iso", "img", "vhd", "jar", "ace", "arj", "lzh", "z"),
    "zst",
)
MAGIC = (
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"#!", "a script"),
    (b"Rar!", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"\x1f\x8b", "an archive"),
)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')


class Standing(StrEnum):
    """What may be done with a file."""

    TAKEN = "taken"  # an ordinary document
    HELD = "held"  # for a person
    REFUSED = "refused"


@dataclass(frozen=True)
class AttachedFile:
    """A file of a mail. `name` is safe for any file system; `why` says in words why it is held or refused.

    `is_inline`: a picture in the text, such as a signature's logo, that nobody means to hand in.
    """

    name: str
    media_type: str
    size: int  # bytes
    sha256: str
    content: bytes = field(repr=False)
    standing: Standing = Standing.TAKEN
    why: str = ""
    is_inline: bool = False
    has_tracked_changes: bool = False
    document_id: str = ""  # of a Word document: our own identifier in its properties


def attached(name: str, media_type: str, content: bytes, *, is_inline: bool = False) -> AttachedFile:
    """A file with its standing. `name` and `media_type` are as the mail says, and not believed."""
    safe = safe_name(name, media_type)
    standing, why = _standing(safe, content)
    tracked = standing is Standing.TAKEN and safe.lower().endswith(".docx") and _has_tracked_changes(content)
    digest = sha256(content).hexdigest()
    ours = identifier_in(content) if safe.lower().endswith((".docx", ".docm")) else ""
    return AttachedFile(safe, media_type, len(content), digest, content, standing, why, is_inline, tracked, ours)


def named_apart(files: Iterable[AttachedFile]) -> tuple[AttachedFile, ...]:
    """The files, no two of one name ('plan.docx', 'plan (2).docx'); beyond the most taken, they are held."""
    found: list[AttachedFile] = []
    seen: dict[str, int] = {}
    for number, file in enumerate(files, start=1):
        count = seen[file.name.casefold()] = seen.get(file.name.casefold(), 0) + 1
        if count > 1:
            stem, dot, ending = file.name.rpartition(".")
            renamed = f"{stem} ({count}).{ending}" if dot else f"{file.name} ({count})"
            file = replace(file, name=renamed)  # noqa: PLW2901
        if number > MOST_FILES and file.standing is Standing.TAKEN:
            why = f"The mail has more than {MOST_FILES} files."
            file = replace(file, standing=Standing.HELD, why=why)  # noqa: PLW2901
        found.append(file)
    return tuple(found)


def safe_name(name: str, media_type: str = "") -> str:
    """A name without a folder, a control or direction character, or anything that a file system would take amiss."""
    text = unicodedata.normalize("NFC", name)
    text = text.replace("\\", "/").rpartition("/")[2]
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    text = " ".join(UNSAFE.sub("_", text).split()).strip(". ")
    if not text.strip("_"):
        return {"message/rfc822": "message.eml", "text/calendar": "invitation.ics"}.get(media_type, "attachment")
    if RESERVED.match(text):
        text = f"_{text}"
    stem, dot, ending = text.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: LONGEST_NAME - len(ending) - 1].rstrip('. ')}.{ending}"
    return text[:LONGEST_NAME]


def _standing(name: str, content: bytes) -> tuple[Standing, str]:
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if len(content) > MOST_BYTES:
        return Standing.HELD, f"{name} is larger than {MOST_BYTES >> 20} MB."
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _standing_of_zip(name, ending, content)
    if content.startswith(OLE):
        return Standing.HELD, f"{name} {_of_ole(content)}."
    why = _held_by_name(name, ending, content)
    return (Standing.HELD, f"{name} {why}.") if why else (Standing.TAKEN, "")


def _held_by_name(name: str, ending: str, content: bytes) -> str:
    """Why a file is for a person, by its ending and how it begins; empty where it is not."""
    begins = next((what for start, what in MAGIC if content.startswith(start)), "")
    if begins:
        return f"is {begins}"
    if ending in ARCHIVES:
        return "is an archive"
    if ending in WITH_MACROS:
        return "is a document with macros"
    if ending in ZIPPED or ending in OLD_OFFICE or (ending == "pdf" and b"%PDF" not in content[:1024]):
        return "is not what its name says"
    if name.lower() == "winmail.dat":
        return "is Outlook's own format, which holds files that we cannot see"
    return "" if ending in DOCUMENTS or ending in MESSAGES else "is of no kind that is taken unseen"


def _standing_of_zip(name: str, ending: str, content: bytes) -> tuple[Standing, str]:
    """Judged by the list of contents alone: nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError, IndexError):
        return Standing.HELD, f"{name} is damaged."
    bomb = _bomb(entries, len(content))
    if bomb:
        return Standing.REFUSED, f"{name} {bomb}, as only a trap does."
    why = _held_by_contents(ending, entries)
    return (Standing.HELD, f"{name} {why}.") if why else (Standing.TAKEN, "")


def _held_by_contents(ending: str, entries: list[zipfile.ZipInfo]) -> str:
    names = [entry.filename.lower() for entry in entries]
    has_macros = any(n.endswith(("vbaproject.bin", "vbadata.xml")) or "/macrosheets/" in n for n in names)
    embeds = any("/embeddings/" in n and not n.endswith((".xlsx", ".docx", ".pptx")) for n in names)
    reasons = (
        (has_macros or ending in WITH_MACROS, "is a document with macros"),
        (ending not in ZIPPED, "is an archive"),
        (any(entry.flag_bits & 1 for entry in entries), "is locked by a password"),
        (embeds, "has another file embedded in it"),
        (not {"[content_types].xml", "mimetype", "content.xml"} & set(names), "is not what its name says"),
    )
    return next((why for holds, why in reasons if holds), "")


def _bomb(entries: list[zipfile.ZipInfo], size: int) -> str:
    """How an archive would burst, by its own word: by size, by number, or by entries that share their bytes."""
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED:
        return f"would unpack to {unpacked >> 20:,} MB"
    if unpacked > WORTH_A_LOOK and unpacked > MOST_RATIO * size:
        return f"would unpack to {unpacked // size:,} times its size"
    if len(entries) > MOST_ENTRIES:
        return f"has {len(entries):,} files in it"
    if sum(entry.compress_size for entry in entries) > size:
        return "has files in it that overlap"
    return ""


def _of_ole(content: bytes) -> str:
    """Word, Excel and PowerPoint before 2007; also how a document locked by a password is kept."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "is locked by a password"
    if any(mark.encode("utf-16-le") in content for mark in ("_VBA_PROJECT", "Macros", "VBA")):
        return "is a document with macros"
    return "is in an old format that cannot be checked; ask for it as .docx, .xlsx or .pdf"


def _has_tracked_changes(content: bytes) -> bool:
    """Whether a Word document's text has insertions or deletions marked; only so much of it is read."""
    body = part_of(content, "word/document.xml", MOST_READ)
    return re.search(rb"<w:(ins|del|moveFrom|moveTo)[ >]", body) is not None
