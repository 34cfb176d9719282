"""Speech to text side by side: openai-whisper, faster-whisper and ours, the same weights, the same recording.

    python benchmarks/speech.py [--model base] [--rounds 3] [--audio X.flac --truth X.json] [--only ours-openvino ...]

Each runs in a process of its own, in turn, so that a crowded machine slows all alike; the table has medians of the
rounds. Seconds are from the weights on disk to the transcript, imports apart; the processor's are of all threads;
memory is the peak of the process. What is not installed is left out. Prints Markdown; with `--write FILE` it takes the
place of what stands between the marks of that file (docs/PERFORMANCE.md).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
BEGINS, ENDS = "<!-- speech -->", "<!-- /speech -->"  # between which the table stands in docs/PERFORMANCE.md
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from speech_score import Said, Score, normaliser, score  # noqa: E402

from bot.adapters.av_decoder import RATE, decoded  # noqa: E402
from bot.adapters.whisper_weights import resolve  # noqa: E402

SAMPLE = ROOT / "benchmarks" / "speech" / "long.flac"
PACKAGES = ("openai-whisper", "torch", "faster-whisper", "ctranslate2", "openvino", "onnxruntime", "numpy")
Spoken = tuple[float, float, str]  # a segment: from, to, text


@dataclass(frozen=True)
class Run:
    """One transcription: seconds by the clock and of the processor, peak megabytes, words, length of the recording."""

    seconds: float
    processor: float
    megabytes: float
    words: list[Said]
    duration: float


def openai_whisper(audio: Path, model: str, models: Path) -> list[Said]:
    """`whisper.transcribe` as it is called by default, the language given."""
    import torch
    import whisper

    from bot.adapters.openai_whisper_engine import load

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    began()
    result = whisper.transcribe(load(model, models), samples(audio), language="en", fp16=False)
    return spread((s["start"], s["end"], s["text"]) for s in result["segments"])


def faster_whisper(**options: Any) -> Callable[[Path, str, Path], list[Said]]:
    """`WhisperModel.transcribe` by default (beam 5), or with those options; int8, as ours."""

    def run(audio: Path, model: str, models: Path) -> list[Said]:
        from faster_whisper import WhisperModel

        began()
        engine = WhisperModel(str(resolve(model, models)), device="cpu", compute_type="int8")
        found, _ = engine.transcribe(samples(audio), language="en", **options)
        return spread((s.start, s.end, s.text) for s in found)

    return run


def faster_whisper_batched(audio: Path, model: str, models: Path) -> list[Said]:
    """Its `BatchedInferencePipeline`, batches of 8."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    began()
    engine = WhisperModel(str(resolve(model, models)), device="cpu", compute_type="int8")
    found, _ = BatchedInferencePipeline(engine).transcribe(samples(audio), language="en", batch_size=8)
    return spread((s.start, s.end, s.text) for s in found)


def ours(encoder: Literal["ctranslate2", "openvino"]) -> Callable[[Path, str, Path], list[Said]]:
    """The pipeline, with words of their own times."""

    def run(audio: Path, model: str, models: Path) -> list[Said]:
        from bot.adapters.speech_pipeline import SpeechPipeline

        began()
        engine = SpeechPipeline(model, language="en", encoder=encoder, models=models)
        transcript = engine.transcribe(audio, name=audio.name, on_progress=lambda _done, _total: None)
        return [(word.start, word.end, word.text) for s in transcript.segments for word in s.words or ()]

    return run


CONTENDERS: dict[str, tuple[str, Callable[[Path, str, Path], list[Said]], str]] = {
    "openai-whisper": ("openai-whisper, its default", openai_whisper, "openai-whisper"),
    "faster-whisper": ("faster-whisper, its default (beam 5)", faster_whisper(), "faster-whisper"),
    "faster-whisper-vad": ("faster-whisper, with its VAD filter", faster_whisper(vad_filter=True), "faster-whisper"),
    "faster-whisper-batched": ("faster-whisper, batched 8", faster_whisper_batched, "faster-whisper"),
    "ours-ctranslate2": ("pipeline, CTranslate2 alone", ours("ctranslate2"), "ctranslate2"),
    "ours-openvino": ("pipeline, encoder in OpenVINO", ours("openvino"), "openvino"),
}


def samples(audio: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    return decoded(audio, audio.name).astype(np.float32) / np.float32(32768)


def spread(segments: Iterator[Spoken]) -> list[Said]:
    """The words of segments that come without times of their own, spread evenly."""
    said: list[Said] = []
    for start, end, text in segments:
        words = text.split()
        step = (end - start) / max(1, len(words))
        said += [(start + n * step, start + (n + 1) * step, word) for n, word in enumerate(words)]
    return said


CLOCK = [time.perf_counter(), time.process_time()]


def began() -> None:
    """Imports are done: start the clocks."""
    CLOCK[:] = [time.perf_counter(), time.process_time()]


def one(name: str, audio: Path, model: str, models: Path) -> None:
    """Run one contender here, and print what came of it as JSON."""
    words = CONTENDERS[name][1](audio, model, models)
    taken = [time.perf_counter() - CLOCK[0], time.process_time() - CLOCK[1]]
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    duration = len(decoded(audio, audio.name)) / RATE
    print(json.dumps([*taken, megabytes, words, duration]))


def run_of(name: str, arguments: argparse.Namespace) -> Run:
    """The same in a process of its own."""
    given = ["--audio", arguments.audio, "--model", arguments.model, "--models", arguments.models]
    command = [sys.executable, __file__, "--one", name, *map(str, given)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
    seconds, processor, megabytes, words, duration = json.loads(printed.splitlines()[-1])
    return Run(seconds, processor, megabytes, [(a, b, text) for a, b, text in words], duration)


def is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


def line(name: str, runs: list[Run], found: Score, first: list[Run]) -> str:
    """A row of the table; the ratios are to openai-whisper, or empty where that did not run."""
    seconds, processor = (statistics.median(getattr(r, what) for r in runs) for what in ("seconds", "processor"))
    ratio = {"seconds": "", "processor": ""}
    for what in ratio if first else ():
        ratios = [getattr(a, what) / getattr(b, what) for a, b in zip(first, runs, strict=True)]
        ratio[what] = f" ({statistics.median(ratios):.1f}x)"
    minutes = runs[0].duration / 60
    cells = (
        CONTENDERS[name][0],
        f"{runs[0].duration / seconds:.1f}",
        f"{seconds:.1f} s{ratio['seconds']}",
        f"{processor / minutes:.2f} s{ratio['processor']}",
        f"{found.word_error_rate:.2%}",
        str(found.invented),
        str(len(found.lost)),
        f"{found.start_median:.2f} s, {found.start_p90:.2f} s",
        f"{max(r.megabytes for r in runs):.0f} MB",
    )
    return f"| {' | '.join(cells)} |"


def with_table(page: str, table: Sequence[str]) -> str:
    """The page with this table between its marks. Raises ValueError where it has none."""
    before, begins, rest = page.partition(f"{BEGINS}\n")
    _, ends, after = rest.partition(f"\n{ENDS}")
    if not (begins and ends):
        raise ValueError(f"The page has no {BEGINS} with {ENDS} after it.")
    return "".join((before, begins, "\n".join(("", *table, "")), ends, after))


def processor() -> str:
    """What this machine calls its processor, and how many of it we may use."""
    names = [
        line.split(":")[1].strip() for line in _cpu_info() if line.startswith(("model name", "cpu family", "model\t"))
    ]
    return f"{len(os.sched_getaffinity(0))} x {', '.join(dict.fromkeys(names)) or platform.processor()}"


def _cpu_info() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audio", type=Path, default=SAMPLE)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--model", default="base")
    parser.add_argument("--models", type=Path, default=ROOT / "var" / "models")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this page, between its marks")
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one, arguments.audio, arguments.model, arguments.models)
        return 0
    truth = json.loads((arguments.truth or arguments.audio.with_suffix(".json")).read_text(encoding="utf-8"))
    normal, named = normaliser()
    wanted = [name for name in arguments.only or CONTENDERS if is_installed(CONTENDERS[name][2])]
    runs: dict[str, list[Run]] = {name: [] for name in wanted}
    for _ in range(arguments.rounds):
        for name in wanted:
            runs[name].append(run_of(name, arguments))
    columns = (
        "",
        "times real time",
        "seconds",
        "processor, a minute",
        "word errors",
        "invented",
        "lost",
        "starts",
        "memory",
    )
    kinds = ", ".join(f"{package} {version(package)}" for package in PACKAGES if is_installed(package))
    table = [
        f"| {' | '.join(columns)} |",
        "|---|---|---|---|---|---|---|---|---|",
        *(line(name, runs[name], score(runs[name][0].words, truth, normal), runs.get("openai-whisper", []))
          for name in wanted),
        "",
        f"{arguments.audio.name}, weights {arguments.model}, rounds: {arguments.rounds}. {processor()}. {named}. "
        f"{kinds}. Starts: median and 90th percentile of the error.",
    ]  # fmt: skip
    print("\n".join(table))
    if arguments.write:
        page = arguments.write.read_text(encoding="utf-8")
        arguments.write.write_text(with_table(page, table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
