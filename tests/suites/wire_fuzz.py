"""Mutational fuzzing of every parser of intake/wire: tests/run --suite wire-fuzz [--count N] [--seed S] [--only NUMBER]

Case NUMBER of seed S is always the same input for the same parser (as long as vectors and targets stay). For each:

* nothing but a WireError may be raised, its words are at most 300 characters, and no case takes 5 seconds;
* what is accepted is written again as the same bytes;
* what verifies was signed.

Progress is kept in .cache/suites/wire-fuzz.json; the same seed goes on after the last saved case. Exit code 1 when
any case failed.
"""

import argparse
import collections
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from intake.wire.errors import WireError
from tests.suites.mutations import mutate
from tests.suites.saving import Saved
from tests.suites.wire_targets import Target, all_targets

PROGRESS = Path(__file__).resolve().parents[2] / ".cache" / "suites" / "wire-fuzz.json"
SAVE_EVERY = 20_000
SLOW_SECONDS = 5.0
WORDS_MAX = 300


@dataclass
class Progress(Saved):
    """What a seed has come to: cases done, outcomes by target, the slowest case of each, failures."""

    done: int = 0
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    slowest: dict[str, list[float]] = field(default_factory=dict)
    failures: list[dict[str, object]] = field(default_factory=list)

    def count(self, target: str, outcome: str, seconds: float, number: int) -> None:
        """Adds one case."""
        counts = self.outcomes.setdefault(target, {})
        counts[outcome] = counts.get(outcome, 0) + 1
        if seconds > self.slowest.get(target, [0.0])[0]:
            self.slowest[target] = [round(seconds, 6), number]


def make_case(targets: tuple[Target, ...], seed: str, number: int) -> tuple[Target, bytes]:
    """Target and input of one case."""
    rng = random.Random(f"{seed}/{number}")
    target = targets[number % len(targets)]
    return target, mutate(rng, target.corpus)


def outcome_of(target: Target, data: bytes) -> tuple[str, str]:
    """(outcome, what is wrong or ""): `accepted`, the name of the WireError, or `failed`."""
    try:
        written = target.read(data)
    except WireError as error:
        words = str(error)
        return type(error).__name__, "" if len(words) <= WORDS_MAX else "an error that says too much"
    except Exception as error:
        return "failed", f"{type(error).__name__} is no WireError"
    return ("accepted", "") if written == data else ("failed", "accepted, but written in another way")


def run_case(targets: tuple[Target, ...], progress: Progress, number: int) -> None:
    """Runs one case and counts it."""
    target, data = make_case(targets, progress.seed, number)
    started = time.perf_counter()
    outcome, wrong = outcome_of(target, data)
    seconds = time.perf_counter() - started
    if not wrong and seconds > SLOW_SECONDS:
        wrong = "too slow"
    if wrong:
        progress.failures.append({"number": number, "target": target.name, "wrong": wrong, "input": data[:9000].hex()})
    progress.count(target.name, outcome, seconds, number)


def run(count: int, seed: str, path: Path | None) -> Progress:
    """Runs the cases up to number `count`, from where the file at `path` (None: no file) says the seed had come to."""
    targets = all_targets()
    progress = Progress.load(path, seed)
    while progress.done < count:
        run_case(targets, progress, progress.done)
        progress.done += 1
        if path and (progress.done % SAVE_EVERY == 0 or progress.done == count):
            progress.save(path)
            print(f"{progress.done} of {count}, {len(progress.failures)} failed", flush=True)
    return progress


def report(progress: Progress) -> None:
    """Prints one line a target and one a failure."""
    for name, counts in progress.outcomes.items():
        seconds, number = progress.slowest.get(name, [0.0, 0])
        told = ", ".join(f"{outcome} {n}" for outcome, n in collections.Counter(counts).most_common())
        print(f"{name}: {told}; slowest {seconds * 1000:.1f} ms (case {int(number)})")
    for failure in progress.failures[:50]:
        print(f"failed: case {failure['number']} of {failure['target']}: {failure['wrong']}")
    print(f"{progress.done} cases, seed {progress.seed}, {len(progress.failures)} failed")


def main(argv: list[str]) -> int:
    """Runs the suite; returns 1 when a case failed."""
    parser = argparse.ArgumentParser(prog="wire-fuzz", description="mutational fuzzing of every parser of intake/wire")
    parser.add_argument("--count", type=int, default=1_000_000, help="cases in all, those of earlier runs included")
    parser.add_argument("--seed", default="1", help="any text")
    parser.add_argument("--only", type=int, help="print this one case instead")
    options = parser.parse_args(argv)
    if options.only is not None:
        target, data = make_case(all_targets(), options.seed, options.only)
        print(target.name, data.hex(), *outcome_of(target, data), sep="\n")
        return 0
    progress = run(options.count, options.seed, PROGRESS)
    report(progress)
    return 1 if progress.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
