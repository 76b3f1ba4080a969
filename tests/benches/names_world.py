"""How the rest of the world's names fare: nomenklatura's public name benchmark, its cases of persons.

    tests/bench names-world CASES.csv [--revision TEXT] [--errors PATH]

CASES.csv is contrib/name_bench/cases.csv of github.com/opensanctions/nomenklatura, or a stored run of theirs beside
it (run_data/logicv2-frozen.csv), whose scores then stand under `stored`; neither is part of this project. Printed:
figures at our THRESHOLD, the best F1 of any threshold and AUC; for the peers (logic-v2 where nomenklatura is
installed) at the threshold of 0.7 that the benchmark uses, too. `--revision` names the commit the file is of.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import names_metrics as metrics
from names_peers import Scorer, installed_peers

from intake.reviewer.people import THRESHOLD, similarity

THEIR_THRESHOLD = 0.7


@dataclass(frozen=True)
class Case:
    """One pair of their file; `stored` is the score a stored run gave it, if the file is one."""

    a: str
    b: str
    same: bool
    kind: str
    stored: float | None


def read_cases(path: Path) -> list[Case]:
    """The cases of persons; raises OSError, KeyError or ValueError when the file is no such file."""
    with path.open(encoding="utf-8", newline="") as file:
        records = [record for record in csv.DictReader(file) if record["schema"] == "Person"]
    if not records:
        raise ValueError("no cases of persons")
    return [
        Case(
            record["name1"],
            record["name2"],
            record["is_match"].lower() == "true",
            "/".join(part for part in (record["case_group"], record["quality"], record["category"]) if part),
            float(record["score"]) if record.get("score") else None,
        )
        for record in records
    ]


def scored(cases: list[Case], score: Callable[[Case], float]) -> metrics.Scored:
    """Scores of `cases`, apart by label."""
    return metrics.Scored([score(c) for c in cases if c.same], [score(c) for c in cases if not c.same])


def figures(found: metrics.Scored, threshold: float) -> metrics.Figures:
    """Figures at `threshold`, and the best F1 of any threshold."""
    where, best = metrics.best_threshold(found)
    best_of = {"best_F1": round(best, metrics.DIGITS), "best_threshold": round(where, metrics.DIGITS)}
    return {"threshold": threshold, **metrics.figures(found, threshold), **best_of}


def by_names(scorer: Scorer) -> Callable[[Case], float]:
    return lambda case: scorer(case.a, case.b)


def error_lines(cases: list[Case], scorer: Scorer, threshold: float) -> list[str]:
    """The cases on the wrong side of `threshold`, the farthest first."""
    judged = [(case, scorer(case.a, case.b)) for case in cases]
    wrong = [(case, score) for case, score in judged if (score >= threshold) != case.same]
    wrong.sort(key=lambda each: (each[0].same, -abs(each[1] - threshold)))
    kinds = {True: "missed", False: "taken for one"}
    return [f"{kinds[case.same]}\t{score:.4f}\t{case.kind}\t{case.a}\t{case.b}" for case, score in wrong]


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments; a mistake prints what is right and exits with 2."""
    parser = argparse.ArgumentParser(prog="tests/bench names-world")
    parser.add_argument("cases", type=Path, help="their cases, comma-separated")
    parser.add_argument("--revision", default="unknown", help="the commit that the cases are of")
    parser.add_argument("--errors", type=Path, help="where to write the cases judged wrongly")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object. Returns 2 when the cases cannot be read."""
    arguments = parse(argv)
    try:
        cases = read_cases(arguments.cases)
    except (OSError, KeyError, ValueError) as error:
        print(f"error: {arguments.cases} is no readable file of cases ({type(error).__name__}).", file=sys.stderr)
        return 2
    peers = {name: figures(scored(cases, by_names(peer)), THEIR_THRESHOLD) for name, peer in installed_peers().items()}
    if all(case.stored is not None for case in cases):
        peers["stored"] = figures(scored(cases, lambda case: case.stored or 0.0), THEIR_THRESHOLD)
    if arguments.errors:
        arguments.errors.write_text("\n".join(error_lines(cases, similarity, THRESHOLD)) + "\n", "utf-8")
    told = {
        "bench": "names-world",
        "revision": arguments.revision,
        "sha256": hashlib.sha256(arguments.cases.read_bytes()).hexdigest(),
        "ours": figures(scored(cases, by_names(similarity)), THRESHOLD),
        "peers": peers,
    }
    print(json.dumps(told))
    return 0
