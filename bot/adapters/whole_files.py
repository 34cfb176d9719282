"""Whether a sound file in a folder is all there: by its container's own book-keeping, and by who still has it open."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from bot.ports import Wholeness

TAIL = 1 << 16  # bytes at the end in which the last page or frame is looked for
WHOLE, UNKNOWN = Wholeness(True), Wholeness(None)
UNKNOWN_SIZE = 0xFFFF_FFFF  # what a program writes that does not know yet how long the file will be
MP3_RATES = {
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}  # kbit/s of layer III, MPEG 1 and 2
MP3_SAMPLING = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def wholeness(path: Path) -> Wholeness:
    """What can be said without decoding: whole, unfinished (with what is missing), or not known."""
    being_written = _is_being_written(path)
    if being_written:
        return Wholeness(False, "another program still writes it", being_written=True)
    size = path.stat().st_size
    with path.open("rb") as content:
        head = content.read(64)
        look = next((look for begins, look in KINDS if begins(head)), None)
        return replace(look(content, size, head) if look else UNKNOWN, being_written=being_written)


def _is_being_written(path: Path) -> bool | None:
    """Whether a program of this machine has it open for writing: Linux grants a read lease only where none has."""
    with path.open("rb") as content:
        try:
            fcntl.fcntl(content, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except BlockingIOError:
            return True
        except OSError:  # a network disk, or somebody else's file
            return None
        fcntl.fcntl(content, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _mp4(content: BinaryIO, size: int, _head: bytes) -> Wholeness:
    """Every box must end within the file, and the index (moov) be among them."""
    found = set()
    for kind, end in _boxes(content, size):
        found.add(kind)
        if end > size:
            return Wholeness(False, f"it ends within its part “{kind}”")
    missing = {"moov", "mdat"} - found - ({"mdat"} if "moof" in found else set())
    if missing:
        return Wholeness(
            False, f"its {'index' if 'moov' in missing else 'sound'} ({', '.join(sorted(missing))}) is missing"
        )
    return WHOLE


def _boxes(content: BinaryIO, size: int) -> Iterator[tuple[str, int]]:
    at = 0
    while at + 8 <= size:
        content.seek(at)
        header = content.read(16)
        length, kind = int.from_bytes(header[:4]), header[4:8].decode("latin-1")
        if length == 1:
            length = int.from_bytes(header[8:16])
        end = at + length if length >= 8 else size  # 0: to the end of the file
        yield kind, end
        at = end
    if at < size:
        yield "header", size + 1


def _wave(_content: BinaryIO, size: int, head: bytes) -> Wholeness:
    said = int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or said in (0, UNKNOWN_SIZE, UNKNOWN_SIZE - 8):
        return UNKNOWN
    if said + 8 > size + 1:
        return Wholeness(False, f"its header promises {said + 8} bytes and there are {size}")
    return WHOLE if size - said <= 9 else UNKNOWN


def _flac(content: BinaryIO, size: int, head: bytes) -> Wholeness:
    """STREAMINFO says how many samples there are; the last frame's header says at which sample it begins."""
    information = head[8:42] if head[4] & 0x7F == 0 else b""
    total = int.from_bytes(information[13:18]) & 0xF_FFFF_FFFF if len(information) == 34 else 0
    if not total:
        return UNKNOWN
    largest = int.from_bytes(information[2:4])
    last = max(_flac_frames(_tail(content, size), largest), default=-1)
    if last < 0:
        return UNKNOWN
    if last + largest >= total:
        return WHOLE
    return Wholeness(False, f"it should hold {total} samples and ends after {last}")


def _flac_frames(tail: bytes, block: int) -> Iterator[int]:
    """The samples at which the frames in `tail` begin: each header is vouched for by its own checksum."""
    at = -1
    while (at := tail.find(b"\xff", at + 1)) >= 0:
        if tail[at + 1 : at + 2] not in (b"\xf8", b"\xf9"):
            continue
        number, end = _coded(tail, at + 4)
        if number is None or end + 3 > len(tail):
            continue
        end += {6: 1, 7: 2}.get(tail[at + 2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(tail[at + 2] & 15, 0)
        if end < len(tail) and _crc8(tail[at:end]) == tail[end]:
            yield number if tail[at + 1] == 0xF9 else number * block


def _coded(text: bytes, at: int) -> tuple[int | None, int]:
    """A number in FLAC's form of UTF-8 (up to seven bytes), and where it ends."""
    first = text[at] if at < len(text) else 0xFF
    more = next((n for n in range(8) if not first & 0x80 >> n), 8)
    if more == 0:
        return first, at + 1
    rest = text[at + 1 : at + more]
    if more in (1, 8) or len(rest) < more - 1 or any(byte & 0xC0 != 0x80 for byte in rest):
        return None, at
    number = first & (0x7F >> more)
    for byte in rest:
        number = number << 6 | byte & 0x3F
    return number, at + more


def _crc8(text: bytes) -> int:
    crc = 0
    for byte in text:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 7) & 0xFF if crc & 0x80 else crc << 1
    return crc


def _ogg(content: BinaryIO, size: int, _head: bytes) -> Wholeness:
    """The last page of a finished stream says so."""
    tail = _tail(content, size)
    last = tail.rfind(b"OggS")
    return WHOLE if last >= 0 and len(tail) > last + 5 and tail[last + 5] & 4 else UNKNOWN


def _matroska(content: BinaryIO, size: int, _head: bytes) -> Wholeness:
    """The segment says how long it is, unless it was written as a stream."""
    content.seek(0)
    head = content.read(4096)
    length, at = _varint(head, 4)
    segment = at + (length or 0)
    if head[segment : segment + 4] != b"\x18\x53\x80\x67":
        return UNKNOWN
    length, at = _varint(head, segment + 4)
    if length is None:
        return UNKNOWN
    if at + length > size:
        return Wholeness(False, f"its header promises {at + length} bytes and there are {size}")
    return WHOLE


def _varint(text: bytes, at: int) -> tuple[int | None, int]:
    """EBML's number at that place and where it ends; None where it stands for `not known`."""
    first = text[at] if at < len(text) else 0
    length = next((n + 1 for n in range(8) if first & 0x80 >> n), 8)
    number = int.from_bytes(text[at : at + length]) & ((1 << 7 * length) - 1)
    return (None if number == (1 << 7 * length) - 1 else number), at + length


def _mp3(content: BinaryIO, size: int, head: bytes) -> Wholeness:
    """A finished file ends where a frame ends; its first frame may say how many bytes there are."""
    start = _after_id3(head)
    content.seek(start)
    first = content.read(4096)
    promised = _xing_bytes(first)
    if promised and start + promised > size + 1:
        return Wholeness(False, f"its header promises {start + promised} bytes and there are {size}")
    content.seek(max(start, size - TAIL))
    tail = content.read()
    if tail[-128:-125] == b"TAG":
        tail = tail[:-128]
    return WHOLE if promised or _ends_with_a_frame(tail) else UNKNOWN


def _after_id3(head: bytes) -> int:
    if head[:3] != b"ID3":
        return 0
    return 10 + sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(head[6:10]))


def _xing_bytes(first: bytes) -> int:
    at = max(first.find(b"Xing", 0, 64), first.find(b"Info", 0, 64))
    if at < 0 or not first[at + 7] & 2:
        return 0
    after = at + 8 + (4 if first[at + 7] & 1 else 0)
    return int.from_bytes(first[after : after + 4])


def _ends_with_a_frame(tail: bytes) -> bool:
    """Walks the frames of the last stretch from a place where three follow one another."""
    at = -1
    while (at := tail.find(b"\xff", at + 1)) >= 0:
        ends = at
        for frames in range(len(tail)):
            length = _mp3_frame(tail[ends : ends + 4])
            if not length:
                break
            ends += length
            if ends >= len(tail):
                return ends == len(tail) and frames > 1
        else:
            return False
        if ends - at > 3 * 144:
            return False
    return False


def _mp3_frame(header: bytes) -> int:
    """The length of a layer III frame in bytes, 0 where that is no header of one."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate, sampling = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or sampling == 3:
        return 0
    bits = MP3_RATES[3 if version == 3 else 2][rate - 1] * 1000
    return (144 if version == 3 else 72) * bits // MP3_SAMPLING[version][sampling] + (header[2] >> 1 & 1)


def _tail(content: BinaryIO, size: int) -> bytes:
    content.seek(max(0, size - TAIL))
    return content.read()


Look = Callable[[BinaryIO, int, bytes], Wholeness]
KINDS: tuple[tuple[Callable[[bytes], bool], Look], ...] = (
    (lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), _mp4),
    (lambda head: head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE", _wave),
    (lambda head: head[:4] == b"fLaC", _flac),
    (lambda head: head[:4] == b"OggS", _ogg),
    (lambda head: head[:4] == b"\x1a\x45\xdf\xa3", _matroska),
    (lambda head: head[:3] == b"ID3" or bool(_mp3_frame(head[:4])), _mp3),
)
