"""Coverage-guided fuzzing of every parser of outside bytes: tests/run --suite fuzz [--minutes 30] [--only TARGET]

atheris (libFuzzer) feeds each target of fuzz_targets.py in a process of its own, in turns of equal length, started from
the good and bad examples of the vectors and from corpus/, where inputs are kept that reached what the examples did not
(base64, one a line, at most 40 of at most 4 KB a target; the shortest win). What is fed and what counts as wrong stands
with the targets. An input that crashes a target is printed, kept in .cache/suites/fuzz-findings/ and makes the exit
code 1; so does one on which a target takes 10 s or 2 GB.

Seconds and executions of all runs add up in .cache/suites/fuzz.json.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.suites.fuzz_targets import all_targets

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CORPUS = HERE / "corpus"
PROGRESS = ROOT / ".cache" / "suites" / "fuzz.json"
FINDINGS = PROGRESS.with_name("fuzz-findings")
KEPT_MOST = 40
KEPT_SIZE = 4096
LENGTH_MOST = 70_000
CHILD = HERE / "fuzz_child.py"


@dataclass
class Ran:
    """What runs of one target came to; `findings` are inputs in hex that crashed it."""

    seconds: int = 0
    executions: int = 0
    kept: int = 0
    findings: list[str] = field(default_factory=list)


def kept(name: str) -> list[bytes]:
    """The inputs that earlier runs kept."""
    path = CORPUS / f"{name}.txt"
    return [base64.b64decode(line) for line in path.read_text("ascii").split()] if path.is_file() else []


def keep(name: str, fresh: list[bytes]) -> int:
    """Adds inputs to the kept ones, the shortest of all; returns how many there are now."""
    short = {data for data in [*kept(name), *fresh] if len(data) <= KEPT_SIZE}
    lines = [base64.b64encode(data).decode() for data in sorted(short, key=lambda data: (len(data), data))]
    if lines:
        CORPUS.mkdir(exist_ok=True)
        (CORPUS / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines[:KEPT_MOST]), "ascii")
    return min(len(lines), KEPT_MOST)


def run_child(name: str, folder: Path, arguments: list[str]) -> str:
    """Runs libFuzzer on one target; returns what it said."""
    command = [sys.executable, str(CHILD), name, *arguments, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    return done.stderr.decode("utf-8", "replace") + done.stdout.decode("utf-8", "replace")


def fuzz(name: str, examples: tuple[bytes, ...], seconds: int, ran: Ran) -> None:
    """One turn of one target."""
    with tempfile.TemporaryDirectory(prefix="intake-fuzz-") as place:
        folder, crashes = Path(place) / "corpus", Path(place) / "crashes"
        folder.mkdir()
        crashes.mkdir()
        for number, data in enumerate([*examples, *kept(name)]):
            (folder / f"example-{number}").write_bytes(data)
        limits = [f"-max_total_time={seconds}", f"-max_len={LENGTH_MOST}", "-timeout=10", "-rss_limit_mb=2048"]
        said = run_child(name, folder, [*limits, "-print_final_stats=1", f"-artifact_prefix={crashes}/"])
        fresh = [path.read_bytes() for path in folder.iterdir() if not path.name.startswith("example-")]
        found = [path.read_bytes() for path in crashes.iterdir()]
    executions = re.search(r"number_of_executed_units: (\d+)", said)
    if executions is None and not found:
        raise SystemExit(f"error: the fuzzer of {name} did not run.\nhint: {said[-1500:]}")
    ran.seconds += seconds
    ran.executions += int(executions[1]) if executions else 0
    ran.kept = keep(name, fresh)
    for data in found:
        ran.findings.append(data.hex())
        FINDINGS.mkdir(parents=True, exist_ok=True)
        (FINDINGS / f"{name}-{len(ran.findings)}").write_bytes(data)
        print(f"failed: {name}: {data[:200]!r}\n{said[-2500:]}", flush=True)


def load() -> dict[str, Ran]:
    """What all runs so far came to."""
    saved = json.loads(PROGRESS.read_text("utf-8")) if PROGRESS.is_file() else {}
    return {name: Ran(**values) for name, values in saved.items()}


def save(progress: dict[str, Ran]) -> None:
    """Writes the file in one step."""
    PROGRESS.parent.mkdir(parents=True, exist_ok=True)
    fresh = PROGRESS.with_suffix(".new")
    fresh.write_text(json.dumps({name: vars(ran) for name, ran in progress.items()}), "utf-8")
    fresh.replace(PROGRESS)


def main(argv: list[str]) -> int:
    """Fuzzes every target for its share of the time; returns 1 when one was ever found to fail."""
    parser = argparse.ArgumentParser(prog="fuzz", description="coverage-guided fuzzing of every parser")
    parser.add_argument("--minutes", type=float, default=30, help="for all targets together")
    parser.add_argument("--only", help="this target alone")
    options = parser.parse_args(argv)
    targets = all_targets()
    names = [options.only] if options.only else list(targets)
    seconds = max(1, round(options.minutes * 60 / len(names)))
    progress = load()
    for name in names:
        ran = progress.setdefault(name, Ran())
        fuzz(name, targets[name].corpus, seconds, ran)
        save(progress)
        print(f"{name}: {ran.seconds} s, {ran.executions} executions, {ran.kept} kept", flush=True)
    findings = sum(len(ran.findings) for ran in progress.values())
    total = (sum(ran.seconds for ran in progress.values()), sum(ran.executions for ran in progress.values()))
    print(f"{len(progress)} targets, {total[0]} s, {total[1]} executions, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
