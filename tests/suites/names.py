"""Names in every spelling, case and slip, and brothers: tests/run --suite names [--count N] [--seed S] [--show N]

For each of the first N people of tests/reviewer/people_names.tsv (all by default):

* every spelling of the name against the original, and every pair of spellings, is one person's (score >= THRESHOLD);
* the name in every case of Russian and Kazakh, with every keyboard slip, with a typo, is one person's;
* a brother or sister, in any spelling and with a typo, is another's, and `explain` calls them a relative;
* every spelling finds its person in the first 10 of an index of everyone with every brother and sister.

Progress is kept in .cache/suites/names.json; the same seed goes on after the last saved person, unless the matcher has
changed. The last line is one JSON object: the share that is right, by kind. Exit code 1 when a share is below its gate
(name_checks.GATES).
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from intake.reviewer.people import THRESHOLD, NameIndex, Verdict, explain, similarity
from tests.suites.name_checks import BY_KIND, GATES, Check, all_checks
from tests.suites.name_spellings import spellings
from tests.suites.name_table import Person, people, siblings

ROOT = Path(__file__).resolve().parents[2]
PROGRESS = ROOT / ".cache" / "suites" / "names.json"
SAVE_EVERY = 10
KEPT_FAILURES = 200
FIRST = 10
VERDICTS_OF_EACH = 5


@cache
def matcher() -> str:
    """A digest of the matcher's code and data."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "intake" / "reviewer" / "people").rglob("*")):
        if path.suffix in {".py", ".tsv", ".json"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass
class Progress:
    """What a seed has come to: people done, right and all checks by kind, failures as (score, first, second)."""

    seed: str
    matcher: str = field(default_factory=matcher)
    done: int = 0
    counts: dict[str, list[int]] = field(default_factory=dict)
    failures: dict[str, list[tuple[float, str, str]]] = field(default_factory=dict)

    def count(self, kind: str, is_right: bool, failure: tuple[float, str, str]) -> None:
        """Adds one check."""
        counts = self.counts.setdefault(kind, [0, 0])
        counts[0] += is_right
        counts[1] += 1
        if not is_right and len(self.failures.setdefault(kind, [])) < KEPT_FAILURES:
            self.failures[kind].append(failure)

    def save(self, path: Path) -> None:
        """Writes the file in one step, so that a kill leaves the old one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(vars(self)), "utf-8")
        fresh.replace(path)

    def shares(self) -> dict[str, float]:
        """The share that is right: by kind for BY_KIND, else by group."""
        sums: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0])
        for kind, (right, total) in self.counts.items():
            group = kind.partition(":")[0]
            for each in {group, kind} if group in BY_KIND else {group}:
                sums[each][0] += right
                sums[each][1] += total
        return {each: round(right / total, 5) for each, (right, total) in sorted(sums.items())}

    def missed(self) -> list[str]:
        """Shares below their gate, as sentences."""
        shares = self.shares()
        wanted = {each: GATES[each.partition(":")[0]] for each in shares}
        return [f"{each}: {shares[each]} < {gate}" for each, gate in wanted.items() if shares[each] < gate]


def load(path: Path, seed: str) -> Progress:
    """The saved progress of this seed with this matcher, else a new one."""
    if path.is_file():
        saved = Progress(**json.loads(path.read_text("utf-8")))
        if (saved.seed, saved.matcher) == (seed, matcher()):
            return saved
    return Progress(seed)


def run_checks(checks: Iterable[Check], progress: Progress) -> None:
    """Scores each pair of names."""
    for check in checks:
        score = similarity(check.first, check.second)
        progress.count(check.kind, (score >= THRESHOLD) == check.is_same, (score, check.first, check.second))


def run_verdicts(person: Person, progress: Progress) -> None:
    """What `explain` calls some brothers or sisters."""
    for brother in siblings(person, VERDICTS_OF_EACH, progress.seed):
        told = explain(str(person.kazakh), str(brother.russian))
        failure = (told.score, f"{told.verdict} {person.kazakh}", str(brother.russian))
        progress.count("verdict:relative", told.verdict is Verdict.RELATIVE, failure)


def make_index(brothers: int | None = None) -> NameIndex:
    """Everyone of the table at their own position, then `brothers` of each (None: all)."""
    everyone = [str(each.kazakh) for each in people()]
    return NameIndex([*everyone, *(str(b.kazakh) for each in people() for b in siblings(each, brothers))])


def run_searches(position: int, index: NameIndex, progress: Progress, schemes: Iterable[str] | None = None) -> None:
    """Whether each spelling (or those named) of the person at `position` finds that position."""
    written = spellings(people()[position])
    for scheme in schemes if schemes is not None else written:
        if scheme in written:
            found = [place for place, _ in index.search(written[scheme], FIRST)]
            failure = (0.0, written[scheme], str(people()[position].kazakh))
            progress.count(f"found:{scheme}", position in found, failure)


def run(count: int, seed: str, path: Path | None, brothers: int | None = None) -> Progress:
    """Everything about the first `count` people, from where the file at `path` (None: no file) says the seed is.

    The index holds everyone with `brothers` of each (None: all).
    """
    progress = load(path, seed) if path else Progress(seed)
    index = make_index(brothers) if progress.done < count else NameIndex()
    while progress.done < count:
        person = people()[progress.done]
        run_checks(all_checks(person, seed), progress)
        run_verdicts(person, progress)
        run_searches(progress.done, index, progress)
        progress.done += 1
        if path and (progress.done % SAVE_EVERY == 0 or progress.done == count):
            progress.save(path)
            print(f"{progress.done} of {count} people", flush=True)
    return progress


def report(progress: Progress, shown: int) -> Iterator[str]:
    """The kinds with failures, worst first, with `shown` of the failures of each."""
    rates = {kind: right / total for kind, (right, total) in progress.counts.items() if right < total}
    for kind in sorted(rates, key=lambda each: rates[each]):
        right, total = progress.counts[kind]
        yield f"{kind}: {total - right} of {total} wrong"
        for score, first, second in progress.failures[kind][:shown]:
            yield f"    {score:.3f}  {first}  |  {second}"


def main(argv: list[str]) -> int:
    """Runs the suite; returns 1 when a share is below its gate."""
    parser = argparse.ArgumentParser(prog="names", description="names in every spelling, case and slip, and brothers")
    parser.add_argument(
        "--count", type=int, default=len(people()), help="people in all, those of earlier runs included"
    )
    parser.add_argument("--seed", default="1", help="any text")
    parser.add_argument("--show", type=int, default=5, help="failures to print of each kind")
    options = parser.parse_args(argv)
    progress = run(min(options.count, len(people())), options.seed, PROGRESS)
    missed = progress.missed()
    for line in [*report(progress, options.show), *(f"failed: {each}" for each in missed)]:
        print(line)
    total = sum(counts[1] for counts in progress.counts.values())
    print(
        json.dumps(
            {"seed": options.seed, "people": progress.done, "checks": total, "threshold": THRESHOLD} | progress.shares()
        )
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
