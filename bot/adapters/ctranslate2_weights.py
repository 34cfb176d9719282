"""Whisper weights in CTranslate2's format, as the checkpoint that openai-whisper loads: so it runs on weights we ship.

The file is the format's version, the model's kind, its revision, then named arrays. Measured against CTranslate2 on the
same sound, encoder outputs differ by less than 0.01 (tests/heavy/test_openai_whisper.py).
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.errors import SecretariatError

VERSION, KIND = 6, "WhisperSpec"
FLOATS: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"),
    4: np.dtype("<f2"),
}  # CTranslate2's numbers for types that need no scale
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Checkpoint:
    """What openai-whisper's `load_model` finds in a file of OpenAI's; `alignment_heads`: (layer, head) pairs."""

    dims: dict[str, int]
    state: dict[str, Array]
    alignment_heads: list[tuple[int, int]]


def checkpoint(folder: Path) -> Checkpoint:
    """Read `model.bin` and `config.json` of a folder. Raises SecretariatError where it is none, or is quantised."""
    found = arrays(folder)
    try:
        heads = json.loads((folder / "config.json").read_text(encoding="utf-8"))["alignment_heads"]
        return Checkpoint(_dimensions(found), dict(_renamed(found)), [(int(layer), int(head)) for layer, head in heads])
    except (KeyError, ValueError, OSError) as problem:
        raise _unreadable(folder, problem) from problem


def arrays(folder: Path, prefix: str = "") -> dict[str, Array]:
    """The arrays of `model.bin` whose names, CTranslate2's own, begin so. Raises as `checkpoint` does."""
    try:
        with (folder / "model.bin").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return dict(_arrays(content, prefix))
    except (struct.error, ValueError, OSError) as problem:
        raise _unreadable(folder, problem) from problem


def _unreadable(folder: Path, problem: Exception) -> SecretariatError:
    return SecretariatError(
        f"The weights in {folder} cannot be read as Whisper's by CTranslate2 ({problem}).",
        hint="Give a folder with float weights of CTranslate2, `embedded`, `base`, or OpenAI's own .pt file.",
        folder=folder,
    )


def _arrays(content: mmap.mmap, prefix: str) -> Iterator[tuple[str, Array]]:
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(kind, content, at)
        at += struct.calcsize(kind)
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("<H")
        at += length
        return content[at - length : at].rstrip(b"\0").decode("ascii")

    version, kind, _revision = number("<I"), text(), number("<I")
    if (version, kind) != (VERSION, KIND):
        raise ValueError(f"it is {kind} {version}, not {KIND} {VERSION}")
    for _ in range(number("<I")):
        name, shape = text(), [number("<I") for _ in range(number("<B"))]
        type_, size = number("<B"), number("<I")
        at += size
        if not name.startswith(prefix):
            continue
        if type_ in FLOATS and shape:
            found = np.frombuffer(content[at - size : at], FLOATS[type_])
            yield name, found.reshape(shape).astype(np.float32)
        elif shape:
            raise ValueError(f"{name} is quantised")
        else:  # settings: numbers of heads among them
            yield name, np.array(int.from_bytes(content[at - size : at], "little"), np.float32)


def _dimensions(arrays: dict[str, Array]) -> dict[str, int]:
    audio, text = arrays["encoder/position_encodings/encodings"], arrays["decoder/position_encodings/encodings"]
    return {
        "n_mels": arrays["encoder/conv1/weight"].shape[1],
        "n_vocab": arrays["decoder/embeddings/weight"].shape[0],
        "n_audio_ctx": audio.shape[0],
        "n_audio_state": audio.shape[1],
        "n_audio_head": int(arrays["encoder/num_heads"]),
        "n_audio_layer": _layers(arrays, "encoder"),
        "n_text_ctx": text.shape[0],
        "n_text_state": text.shape[1],
        "n_text_head": int(arrays["decoder/num_heads"]),
        "n_text_layer": _layers(arrays, "decoder"),
    }


def _layers(arrays: dict[str, Array], half: str) -> int:
    return len({name.split("/")[1] for name in arrays if name.startswith(f"{half}/layer_") and name.count("/") > 2})


def _renamed(arrays: dict[str, Array]) -> Iterator[tuple[str, Array]]:
    """Every array under the name that openai-whisper has for it, the joined ones taken apart."""
    for half, last in (("encoder", "ln_post"), ("decoder", "ln")):
        yield f"{half}.positional_embedding", arrays[f"{half}/position_encodings/encodings"]
        yield from _pair(f"{half}.{last}", arrays, f"{half}/layer_norm", ("gamma", "beta"))
        for layer in range(_layers(arrays, half)):
            yield from _block(arrays, f"{half}/layer_{layer}", f"{half}.blocks.{layer}")
    for convolution in ("conv1", "conv2"):
        yield from _pair(f"encoder.{convolution}", arrays, f"encoder/{convolution}")
    yield "decoder.token_embedding.weight", arrays["decoder/embeddings/weight"]


def _block(arrays: dict[str, Array], theirs: str, ours: str) -> Iterator[tuple[str, Array]]:
    yield from _attention(arrays, f"{theirs}/self_attention", f"{ours}.attn", joined=["query", "key", "value"])
    if f"{theirs}/attention/linear_0/weight" in arrays:
        yield from _attention(
            arrays, f"{theirs}/attention", f"{ours}.cross_attn", joined=["query"], more=["key", "value"]
        )
    yield from _pair(f"{ours}.mlp_ln", arrays, f"{theirs}/ffn/layer_norm", ("gamma", "beta"))
    yield from _pair(f"{ours}.mlp.0", arrays, f"{theirs}/ffn/linear_0")
    yield from _pair(f"{ours}.mlp.2", arrays, f"{theirs}/ffn/linear_1")


def _attention(
    arrays: dict[str, Array], theirs: str, ours: str, *, joined: list[str], more: list[str] | None = None
) -> Iterator[tuple[str, Array]]:
    """Self-attention has query, key and value in one array; cross-attention has the query apart. Keys have no bias."""
    yield from _pair(f"{ours}_ln", arrays, f"{theirs}/layer_norm", ("gamma", "beta"))
    linears = [joined, *([more] if more else [])]
    for number, names in enumerate(linears):
        for kind in ("weight", "bias"):
            pieces = np.split(arrays[f"{theirs}/linear_{number}/{kind}"], len(names))
            for name, piece in zip(names, pieces, strict=True):
                if (name, kind) != ("key", "bias"):
                    yield f"{ours}.{name}.{kind}", piece
    yield from _pair(f"{ours}.out", arrays, f"{theirs}/linear_{len(linears)}")


def _pair(
    ours: str, arrays: dict[str, Array], theirs: str, names: tuple[str, str] = ("weight", "bias")
) -> Iterator[tuple[str, Array]]:
    for name, known_as in zip(names, ("weight", "bias"), strict=True):
        yield f"{ours}.{known_as}", arrays[f"{theirs}/{name}"]
