"""Files that come with mails: named safely, held or refused by what they are, and never unpacked for it."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest

from handlers.mail.attachments import LONGEST_NAME, MOST_FILES, Standing, attached, named_apart, safe_name


def packed(names: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return file.getvalue()


def word(**more: bytes) -> bytes:
    parts = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document><w:p/></w:document>"}
    return packed(parts | {name.replace("__", "/"): content for name, content in more.items()})


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
PLAIN = word()
MACROS = packed({"[Content_Types].xml": b"<Types/>", "word/vbaProject.bin": b"x", "word/document.xml": b""})
SHEET_4 = packed({"[Content_Types].xml": b"<Types/>", "xl/macrosheets/sheet1.xml": b"x"})
EMBEDDED = packed({"[Content_Types].xml": b"<Types/>", "word/embeddings/oleObject1.bin": b"x"})

FILES = [
    ("plan.docx", PLAIN, Standing.TAKEN, ""),
    ("plan.pdf", b"%PDF-1.7\n", Standing.TAKEN, ""),
    ("notes.txt", b"hello", Standing.TAKEN, ""),
    ("plan.DOCX", PLAIN, Standing.TAKEN, ""),
    ("plan.docm", MACROS, Standing.HELD, "macros"),
    ("plan.docx", MACROS, Standing.HELD, "macros"),
    ("plan.docm", PLAIN, Standing.HELD, "macros"),
    ("plan.xlsx", SHEET_4, Standing.HELD, "macros"),
    ("plan.doc", OLE + "_VBA_PROJECT".encode("utf-16-le"), Standing.HELD, "macros"),
    ("plan.docx", OLE + "EncryptedPackage".encode("utf-16-le"), Standing.HELD, "password"),
    ("plan.doc", OLE, Standing.HELD, "old format"),
    ("plan.docx", EMBEDDED, Standing.HELD, "embedded"),
    ("plan.zip", packed({"a.txt": b"x"}), Standing.HELD, "archive"),
    ("plan.docx", packed({"a.txt": b"x"}), Standing.HELD, "not what its name says"),
    ("plan.pdf", packed({"a.txt": b"x"}), Standing.HELD, "archive"),
    ("plan.rar", b"Rar!\x1a\x07\x00", Standing.HELD, "archive"),
    ("plan.txt", b"7z\xbc\xaf\x27\x1c", Standing.HELD, "archive"),
    ("plan.tar", b"x" * 600, Standing.HELD, "archive"),
    ("plan.pdf.exe", b"MZ\x90\x00", Standing.HELD, "program"),
    ("plan.pdf", b"MZ\x90\x00", Standing.HELD, "program"),
    ("plan.sh", b"#!/bin/sh\n", Standing.HELD, "script"),
    ("plan.js", b"alert(1)", Standing.HELD, "no kind"),
    ("plan.html", b"<script>", Standing.HELD, "no kind"),
    ("plan.svg", b"<svg/>", Standing.HELD, "no kind"),
    ("plan", b"hello", Standing.HELD, "no kind"),
    ("plan.pdf", b"hello", Standing.HELD, "not what its name says"),
    ("plan.docx", b"hello", Standing.HELD, "not what its name says"),
    ("plan.docx", PLAIN[:-30], Standing.HELD, "damaged"),
    ("winmail.dat", b"\x78\x9f\x3e\x22", Standing.HELD, "Outlook"),
    ("empty.txt", b"", Standing.TAKEN, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "standing", "why"), FILES)
def test_what_may_be_done_with_a_file(name: str, content: bytes, standing: Standing, why: str) -> None:
    file = attached(name, "application/octet-stream", content)
    assert file.standing is standing, file.why
    assert why in file.why
    assert (file.why == "") == (standing is Standing.TAKEN)
    assert file.size == len(content)


def test_a_file_too_large_is_held() -> None:
    assert attached("plan.txt", "text/plain", bytes(26 * 1024 * 1024)).standing is Standing.HELD


def overlapping() -> bytes:
    """Many entries that share the bytes of one, as the bomb that needs no nesting."""
    content = packed({"a": bytes(1_000_000)})
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        one = archive.infolist()[0]
    start = content.index(b"PK\x01\x02")
    entry = content[start : content.index(b"PK\x05\x06")]
    end = bytearray(content[content.index(b"PK\x05\x06") :])
    count = 3000
    end[8:10] = end[10:12] = count.to_bytes(2, "little")
    end[12:16] = (len(entry) * count).to_bytes(4, "little")
    assert one.compress_size * count > len(content)
    return content[:start] + entry * count + bytes(end)


BOMBS = {
    "a hundred times": packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": bytes(350 * 1024 * 1024)}),
    "by ratio": packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": bytes(30 * 1024 * 1024)}),
    "by number": packed({f"{n}": b"" for n in range(5001)}, zipfile.ZIP_STORED),
    "overlapping": overlapping(),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_zip_bomb_is_refused_without_unpacking(bomb: bytes) -> None:
    tracemalloc.start()
    file = attached("plan.docx", "application/zip", bomb)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert file.standing is Standing.REFUSED
    assert most < 12 * 1024 * 1024


NAMES = [
    ("plan.docx", "plan.docx"),
    ("../../etc/passwd", "passwd"),
    ("C:\\Users\\h\\plan.docx", "plan.docx"),
    ("/etc/cron.d/x", "x"),
    ("a\x00b\n.txt", "ab.txt"),
    ("fdp\u202excod.exe", "fdpxcod.exe"),
    ("con.txt", "_con.txt"),
    ("LPT1", "_LPT1"),
    ("...", "attachment"),
    ("", "attachment"),
    (" . .plan.pdf. ", "plan.pdf"),
    ('a<b>:"|?*.txt', "a_b______.txt"),
    ("cafe\u0301.pdf", "café.pdf"),
    ("ciële.txt", "ciële.txt"),
    ("かきくけこ.txt", "かきくけこ.txt"),
]


@pytest.mark.parametrize(("name", "safe"), NAMES)
def test_a_name_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending() -> None:
    assert safe_name(f"{'x' * 400}.docx").endswith("x.docx")
    assert len(safe_name(f"{'x' * 400}.docx")) <= LONGEST_NAME
    assert len(safe_name("x" * 400)) <= LONGEST_NAME


def test_two_files_of_one_name_are_told_apart() -> None:
    one = attached("plan.pdf", "", b"%PDF-1")
    assert [f.name for f in named_apart([one, one, attached("PLAN.pdf", "", b"%PDF-1")])] == [
        *("plan.pdf", "plan (2).pdf", "PLAN (3).pdf")
    ]


def test_too_many_files_are_held() -> None:
    files = named_apart(attached(f"{n}.txt", "", b"x") for n in range(MOST_FILES + 1))
    assert [f.standing for f in files[-2:]] == [Standing.TAKEN, Standing.HELD]


@pytest.mark.parametrize("mark", [b'<w:ins w:id="1">', b"<w:del >", b'<w:moveFrom w:id="2">'])
def test_tracked_changes_are_seen(mark: bytes) -> None:
    content = packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:p>" + mark + b"</w:p>"})
    assert attached("report.docx", "", content).has_tracked_changes
    assert not attached("report.docx", "", PLAIN).has_tracked_changes
    assert not attached("report.docx", "", packed({"[Content_Types].xml": b"<w:insideH/>"})).has_tracked_changes
