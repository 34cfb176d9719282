#!/usr/bin/env python3
# ruff: noqa
# fmt: off
"""Score `secretariat draft` against labelled meetings.

    python benchmarks/score_drafts.py [--corpus senedd,ami,w3c] [--limit N] [--jobs N]
                                           [--command 'secretariat draft'] [--keep DIR] [--json]

For every labelled meeting this writes the transcript, agenda and members in the formats of
`secretariat draft`, runs

    <command> transcript.json --group G --date D [--agenda agenda.json] [--members members.json] --format json

and scores what comes back. A meeting whose run fails counts as an empty draft (and is named).

Figures, per corpus, pooled over meetings:
  decisions, actions   precision, recall, F1 of items. A drafted item is a point (its `segment`); it is right when a
                       labelled item's evidence lies within the tolerance (ami 30 s, w3c 90 s, senedd 1 turn), matched
                       one to one. `false_per_hour` where the corpus is timed. `error_p50/p90`: distance of the matched.
  owner                share of matched actions with a labelled owner whose owner shares a name.
  outcome              share of matched decisions with the labelled outcome; `reject_as_accept` is the worst error.
  agenda               share of segments filed under the right title (titles are given, in order); boundary F1.
  viewpoints           (senedd) labelled spans that hold evidence of a drafted viewpoint (recall); drafted viewpoints'
                       evidence that lies inside a labelled span (precision).
  grounding            quoted: every evidence quote is verbatim text of its segment. supported: at least 70 % of the
                       content words, and every name and number, of a line occur in or beside its evidence, or belong to
                       the report's own language (REPORT below), the agenda, the members or the line's due date. A line
                       that only repeats its quote is a copy, not a report: it is counted in `copies` and not supported.
  chance_f1            the same number of items placed at random segments: what F1 means nothing below.
Standard library only.
"""
import argparse, json, lzma, pathlib, random, re, shlex, statistics, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor

DATA = pathlib.Path(__file__).resolve().parent / "meetings"
TOLERANCE = {"ami": 30.0, "w3c": 90.0, "senedd": 1.0}
WORDS_PER_SECOND = 2.5  # untimed corpora get a plausible clock; their tolerance is in turns
REPORT = set("""accept accepted agree agreed approve approved reject rejected refer referred defer deferred withdraw withdrawn note noted
    escalate escalated endorse endorsed recommend recommended recommendation consensus unanimous objection decision decide decided outcome
    confirm confirmed subject action ask asked question questioned say said state stated report reported raise raised concern support
    supported oppose opposed request requested respond responded explain explained suggest suggested propose proposed highlight highlighted
    express expressed comment view provide circulate share publish update review consider bring send write written paper information detail
    member members committee group meeting chair chairs representative representatives supplier suppliers agent programme pmo sro ipa ofgem
    constituency item behalf whether following next due date later recording minute minutes
    january february march april may june july august september october november december monday tuesday wednesday thursday friday""".split())
STOP = set("a an the and or but if then so of to in on at for from by with as is are was were be been it its this that "
           "these those there here he she they we you i me us them him his her their our your my not no do does did done "
           "have has had will would shall should can could may might must about into over under out up down off also just "
           "very more most some any all each both which who whom what when where why how than too".split())


def load(corpus):
    with lzma.open(DATA / f"{corpus}.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def clock(meeting):
    """(start, end) of every utterance in seconds; invented from word counts where the corpus has no times."""
    utterances, now, times = meeting["utterances"], 0.0, []
    for i, u in enumerate(utterances):
        length = max(1, len(u["text"].split())) / WORDS_PER_SECOND
        if meeting["timed"]:
            now = float(u["start"]) if u["start"] is not None else now
            following = next((x["start"] for x in utterances[i + 1: i + 50] if x["start"] is not None and x["start"] > now), now + length)
            times.append((now, float(u["end"] or min(following, now + length))))
        else:
            times.append((now, now + length))
            now += length
    return times


def write_inputs(meeting, folder):
    times = clock(meeting)
    transcript = {"audio": {"name": meeting["id"], "duration": max(e for _, e in times), "sha256": None},
                  "engine": "reference", "model": None, "language": "en",
                  "segments": [{"id": str(u["i"]), "start": t[0], "end": t[1], "speaker": u["speaker"], "text": u["text"], "words": None}
                               for u, t in zip(meeting["utterances"], times)]}
    members = {"chair": meeting.get("chair"),
               "members": [{"name": p["name"], "alias": k, "constituency": p.get("org")} for k, p in (meeting.get("people") or {}).items()]
               or [{"name": s} for s in sorted({u["speaker"] for u in meeting["utterances"]})]}
    files = {"transcript.json": transcript, "members.json": members}
    if meeting["corpus"] == "w3c" and meeting["agenda"]:
        files["agenda.json"] = {"items": [{"title": a["title"]} for a in meeting["agenda"]]}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False))
    return "agenda.json" in files


def run(command, meeting, keep):
    if keep is None:
        with tempfile.TemporaryDirectory() as scratch:
            return run(command, meeting, scratch)
    folder = pathlib.Path(keep) / re.sub(r"\W+", "_", meeting["id"])
    folder.mkdir(parents=True, exist_ok=True)
    has_agenda = write_inputs(meeting, folder)
    date = re.search(r"(19|20)\d\d-\d\d-\d\d", meeting["id"])
    call = [*shlex.split(command), str(folder / "transcript.json"), "--group", "PSG", "--date", date[0] if date else "2024-02-07",
            "--members", str(folder / "members.json"), "--format", "json"]
    if has_agenda:
        call += ["--agenda", str(folder / "agenda.json")]
    try:
        done = subprocess.run(call, capture_output=True, text=True, timeout=300)
        (folder / "draft.json").write_text(done.stdout)
        if done.returncode:
            raise ValueError(done.stderr.strip()[-300:])
        draft = json.loads(done.stdout)
        if not isinstance(draft, dict):
            raise ValueError("the draft is no JSON object")
        return draft
    except (ValueError, subprocess.TimeoutExpired) as problem:
        print(f"! {meeting['id']}: {problem}", file=sys.stderr)
        return {}


def words(text): return re.findall(r"[a-z0-9]+(?:'[a-z]+)?", text.lower().replace("’", "'"))
def stem(w):
    for s in ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "s", "ly"):
        if w.endswith(s) and len(w) - len(s) >= 3:
            return w[: -len(s)]
    return w
def content(text): return [stem(w) for w in words(text) if w not in STOP and (len(w) > 1 or w.isdigit())]
def names(people):
    return {w for p in people for w in re.sub(r"\b(mr|mrs|ms|dr|sir|am|ms|mp|hon|the)\b", "", re.sub(r"[^a-z ]", " ", p.lower())).split()}


def match(references, positions, tolerance):
    """One-to-one matching, as many pairs as possible; -> {drafted index: (reference index, error)}."""
    near = [sorted((min(abs(p - x) for p in r), j) for j, r in enumerate(references) if r and min(abs(p - x) for p in r) <= tolerance)
            for x in positions]
    taken = {}
    def place(i, seen):
        for error, j in near[i]:
            if j not in seen:
                seen.add(j)
                if j not in taken or place(taken[j], seen):
                    taken[j] = i
                    return True
        return False
    for i in range(len(positions)):
        place(i, set())
    return {i: (j, dict((b, a) for a, b in near[i])[j]) for j, i in taken.items()}


def fold(outcome): return "accept" if outcome in ("accept_subject_to", "noted") else outcome  # the labels know accept and reject


def f1(tp, drafted, labelled):
    p = tp / drafted if drafted else float(not labelled)
    r = tp / labelled if labelled else float(not drafted)
    return {"p": round(p, 3), "r": round(r, 3), "f1": round(2 * p * r / (p + r), 3) if p + r else 0.0, "drafted": drafted, "labelled": labelled}


def points(meeting, item, times):
    spots = list(item.get("utts") or [])
    if item.get("at_utt") is not None:  # a line that a scribe typed: the utterances on either side of it, and its own time
        spots += [i for i in (item["at_utt"] - 1, item["at_utt"]) if 0 <= i < len(times)]
    if meeting["timed"]:
        return [times[i][0] for i in spots] + ([float(item["start"])] if item.get("at_utt") is not None else [])
    return [float(i) for i in spots]


def index(draft_item):
    try:
        return int(draft_item.get("segment"))
    except (TypeError, ValueError):
        return None


def items_of(draft, kind):
    """The drafted lines of a kind; anything that is not a list of objects counts as none."""
    found = draft.get(kind) if isinstance(draft, dict) else None
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []


def evidence_of(line, count):
    """(segment index, quote) of each piece of evidence that names a segment of this transcript."""
    return [(int(e["segment"]), str(e.get("quote") or "")) for e in items_of(line, "evidence") if str(e.get("segment", "")).isdigit() and int(e["segment"]) < count]


def grounding(draft, meeting):
    utterances, quoted, supported, copies, lines = meeting["utterances"], 0, 0, 0, 0
    flat = lambda t: " " + " ".join(words(t)) + " "
    given = {w for a in meeting["agenda"] for w in words(a["title"])} | {w for u in utterances for w in words(u["speaker"] or "")}
    for kind in ("decisions", "actions", "viewpoints", "raid"):
        for line in items_of(draft, kind):
            lines += 1
            text, evidence = str(line.get("text") or ""), evidence_of(line, len(utterances))
            quoted += bool(evidence) and all(words(q) and flat(q) in flat(utterances[i]["text"]) for i, q in evidence)
            source = " ".join(u["text"] for i, _ in evidence for u in utterances[max(0, i - 2): i + 3])
            known = set(words(source)) | given | REPORT | set(words(str(line.get("due") or "")))
            have, need = {stem(w) for w in known}, content(text)
            hard = [w for x in re.findall(r"(?<![.!?:]\s)(?<!^)\b[A-Z][a-zA-Z]+\b|\b\d[\d.,/]*\b", text) for w in words(x) if w not in STOP]
            copy = any(flat(text) in flat(q) for _, q in evidence) and len(words(text)) > 6
            copies += copy
            supported += bool(evidence) and not copy and sum(w in have for w in need) >= 0.7 * len(need) and all(h in known or stem(h) in have for h in hard)
    return lines, quoted, supported, copies


def viewpoints(pairs):
    found = labelled = inside = drafted = 0
    for meeting, draft in pairs:
        spans = [s for v in meeting["viewpoints"] for s in v["spans"]]
        at = [i for line in items_of(draft, "viewpoints") for i, _ in evidence_of(line, len(meeting["utterances"]))]
        labelled += sum(bool(v["spans"]) for v in meeting["viewpoints"]); drafted += len(at)
        found += sum(any(a <= i <= b for a, b in v["spans"] for i in at) for v in meeting["viewpoints"])
        inside += sum(any(a <= i <= b for a, b in spans) for i in at)
    return {"recall": round(found / labelled, 3) if labelled else None, "precision": round(inside / drafted, 3) if drafted else None,
            "labelled": labelled, "drafted_evidence": drafted}


def score(corpus, pairs):
    rng, out = random.Random(7), {"meetings": len(pairs), "failed": sum(not d for _, d in pairs)}
    hours = sum((max(t[1] for t in clock(m)) - min(t[0] for t in clock(m))) / 3600 for m, _ in pairs) if corpus != "senedd" else None
    for kind in ("decisions", "actions"):
        tp = drafted = labelled = chance = 0; errors, owners, outcomes = [], [], []
        for meeting, draft in pairs:
            times = clock(meeting)
            here = (lambda i: times[i][0]) if meeting["timed"] else float
            references = [(points(meeting, x, times), x) for x in meeting[kind]]
            references = [(p, x) for p, x in references if p]
            items = [d for d in items_of(draft, kind) if index(d) is not None and 0 <= index(d) < len(times)]
            hit = match([p for p, _ in references], [here(index(d)) for d in items], TOLERANCE[corpus])
            guess = match([p for p, _ in references], [here(rng.randrange(len(times))) for _ in items], TOLERANCE[corpus])
            tp += len(hit); drafted += len(items_of(draft, kind)); labelled += len(references); chance += len(guess)
            for i, (j, error) in hit.items():
                label = references[j][1]; errors.append(error)
                if kind == "actions" and label.get("owner"):
                    owners.append(bool(names(label["owner"]) & names([str(o) for o in items[i].get("owner") or []])) or "ALL" in label["owner"])
                if kind == "decisions" and label.get("outcome"):
                    outcomes.append((label["outcome"], items[i].get("outcome")))
        out[kind] = f1(tp, drafted, labelled) | {"chance_f1": f1(chance, drafted, labelled)["f1"]}
        if errors:
            errors.sort(); out[kind] |= {"error_p50": errors[len(errors) // 2], "error_p90": errors[int(len(errors) * 0.9)]}
        if hours: out[kind]["false_per_hour"] = round((drafted - tp) / hours, 2)
        if owners: out[kind]["owner"] = round(statistics.mean(owners), 3)
        if outcomes:
            out[kind]["outcome"] = round(statistics.mean(fold(a) == fold(b) for a, b in outcomes), 3)
            out[kind]["reject_as_accept"] = f"{sum(a == 'reject' and b in ('accept', 'accept_subject_to') for a, b in outcomes)}/{sum(a == 'reject' for a, _ in outcomes)}"
    if corpus == "w3c":
        right = total = hit = drawn = true = 0
        for meeting, draft in pairs:
            n, times = len(meeting["utterances"]), clock(meeting)
            label = [None] * n
            for a in meeting["agenda"]:
                label[a["start_utt"]: a["end_utt"] + 1] = [a["title"]] * (a["end_utt"] + 1 - a["start_utt"])
            marks = sorted((index(a), a.get("title")) for a in items_of(draft, "agenda") if index(a) is not None)
            mine = [None] * n
            for k, (at, title) in enumerate(marks):
                end = marks[k + 1][0] if k + 1 < len(marks) else n
                mine[at:end] = [title] * (end - at)
            right += sum(a == b for a, b in zip(label, mine) if a is not None); total += sum(a is not None for a in label)
            b = [times[a["start_utt"]][0] for a in meeting["agenda"] if a["start_utt"] > 0]
            h = [times[at][0] for at, _ in marks if 0 < at < n]
            hit += len(match([[x] for x in b], h, 30.0)); drawn += len(h); true += len(b)
        out["agenda"] = {"title_accuracy": round(right / total, 3) if total else None, "boundary": f1(hit, drawn, true)}
    lines = [grounding(d, m) for m, d in pairs]
    if n := sum(x[0] for x in lines):
        out["grounding"] = {"lines": n, "quoted": round(sum(x[1] for x in lines) / n, 3), "supported": round(sum(x[2] for x in lines) / n, 3),
                            "copies": round(sum(x[3] for x in lines) / n, 3)}
    if any(m["viewpoints"] for m, _ in pairs):
        out["viewpoints"] = viewpoints(pairs)
    return out


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--corpus", default="senedd,ami,w3c"); a.add_argument("--limit", type=int); a.add_argument("--jobs", type=int, default=2)
    a.add_argument("--command", default="secretariat draft"); a.add_argument("--keep"); a.add_argument("--json", action="store_true")
    x = a.parse_args(); result = {}
    for corpus in x.corpus.split(","):
        meetings = load(corpus)
        if x.limit: meetings = random.Random(1).sample(meetings, min(x.limit, len(meetings)))
        with ThreadPoolExecutor(x.jobs) as pool:
            drafts = list(pool.map(lambda m: run(x.command, m, x.keep), meetings))
        result[corpus] = score(corpus, list(zip(meetings, drafts)))
        if not x.json:
            print(f"[{corpus}]"); [print("  ", k, v) for k, v in result[corpus].items()]
    if x.json: print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
