"""How long a three-hour transcript (30,000 words) takes to a draft in Word, and how much memory: goals 20 s and 1 GB.

    python benchmarks/draft.py [HOURS]

The transcript is made of the labelled committee meetings, end on end; the whole process is timed, loading included.
The goal is held against the processor's seconds: the wall's clock also counts waiting for others.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import score_drafts  # noqa: E402

WORDS_AN_HOUR = 10_000
SECONDS_GOAL, MEMORY_GOAL = 20.0, 1024.0  # for three hours


def transcript(hours: float) -> dict:
    """Turns with invented times, at 10,000 words an hour."""
    turns = [u for meeting in score_drafts.load("senedd") for u in meeting["utterances"]] * 20
    segments, words = [], 0
    for place, turn in enumerate(turns):
        start, words = words, words + len(turn["text"].split())
        times = {"start": round(start * 3600 / WORDS_AN_HOUR, 2), "end": round(words * 3600 / WORDS_AN_HOUR, 2)}
        segments.append({"id": str(place), "speaker": turn["speaker"], "text": turn["text"], **times})
        if words >= hours * WORDS_AN_HOUR:
            break
    return {"audio": {"name": "long.wav", "duration": hours * 3600}, "engine": "reference", "segments": segments}


def main() -> int:
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory() as folder:
        said, agenda, document = Path(folder) / "said.json", Path(folder) / "agenda.json", Path(folder) / "draft.docx"
        said.write_text(json.dumps(transcript(hours)))
        titles = [
            "Apologies",
            "Mental health services",
            "Legislation",
            "Qualifications",
            "Papers to note",
            "Next steps",
        ]
        agenda.write_text(json.dumps({"items": [{"title": title} for title in titles]}))
        command = [sys.executable, "-m", "bot", "draft", str(said), "--group", "PSG", "--date", "2024-02-07"]
        began = time.perf_counter()
        command += ["--agenda", str(agenda), "--output", str(document)]
        subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603  (our own program)
        took, size = time.perf_counter() - began, document.stat().st_size
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, processor = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
    print(f"{hours:g} hours, {hours * WORDS_AN_HOUR:,.0f} words to .docx ({size // 1024} KB):", end=" ")
    print(f"{took:.1f} s, {processor:.1f} s of them the processor's, {peak:.0f} MB")
    return int(hours <= 3 and (processor > SECONDS_GOAL or peak > MEMORY_GOAL))


if __name__ == "__main__":
    sys.exit(main())
