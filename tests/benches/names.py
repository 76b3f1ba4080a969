"""How well names are matched across spellings, and how fast, on a file of labelled pairs.

    tests/bench names FILE.tsv [--quick] [--errors PATH]

For each track: precision, recall and F1 at the stored THRESHOLD (a pair is "the same" at or above it), AUC with ties
counting half, and the recall of the best threshold that at most 1 % of that track's own negatives reach. Tracks with
one kind of pair say only R or `told_apart`, the share of negatives below THRESHOLD. Rates are per CPU-second of one
thread, parsing and whatever the matcher caches included. `--quick` prints the tracks alone.

`--errors` writes the pairs on the wrong side of THRESHOLD, the farthest first; they are names of real people.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import names_metrics as metrics
from names_rows import Row, Scorer, UnreadableFile, read_rows, tracks_of

RATE_TRACKS = ("full_with_brothers", "tokens")


@dataclass(frozen=True)
class Judged:
    """A row and the score some matcher gave it."""

    row: Row
    score: float


def judge(rows: list[Row], scorer: Scorer) -> tuple[list[Judged], float]:
    """Scores of `rows` in their order, and pairs per CPU-second."""
    started = time.process_time()
    judged = [Judged(row, scorer(row.a, row.b)) for row in rows]
    return judged, round(len(rows) / max(time.process_time() - started, 1e-9))


def scored(judged: list[Judged]) -> metrics.Scored:
    """Only the scores, apart by label."""
    return metrics.Scored([j.score for j in judged if j.row.same], [j.score for j in judged if not j.row.same])


def measure_tracks(rows: list[Row], scorer: Scorer, threshold: float) -> tuple[metrics.Figures, list[Judged]]:
    """Figures of every track, and every row's score."""
    judged, _ = judge(rows, scorer)
    by_row = {id(j.row): j for j in judged}
    found: metrics.Figures = {}
    for name, members in tracks_of(rows).items():
        found[name] = metrics.figures(scored([by_row[id(row)] for row in members]), threshold)
    return found, judged


def error_lines(judged: list[Judged], threshold: float) -> list[str]:
    """The pairs on the wrong side of `threshold`, the farthest first within each track and kind."""
    wrong = [j for j in judged if (j.score >= threshold) != j.row.same]
    wrong.sort(key=lambda j: (j.row.track, j.row.same, -abs(j.score - threshold)))
    kinds = {True: "missed", False: "taken for one"}
    return [f"{j.row.track}\t{kinds[j.row.same]}\t{j.score:.4f}\t{j.row.scripts}\t{j.row.a}\t{j.row.b}" for j in wrong]


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments; a mistake prints what is right and exits with 2."""
    parser = argparse.ArgumentParser(prog="tests/bench names")
    parser.add_argument("file", type=Path, help="labelled pairs, tab-separated")
    parser.add_argument("--quick", action="store_true", help="the tracks alone")
    parser.add_argument("--errors", type=Path, help="where to write the pairs judged wrongly")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object. Returns 2 when the file cannot be read."""
    arguments = parse(argv)
    try:
        rows = read_rows(arguments.file)
    except UnreadableFile as error:
        print(f"error: {arguments.file} cannot be used: {error}.", file=sys.stderr)
        return 2
    from intake.reviewer.people import THRESHOLD, similarity

    found, judged = measure_tracks(rows, similarity, THRESHOLD)
    if arguments.errors:
        arguments.errors.write_text("\n".join(error_lines(judged, THRESHOLD)) + "\n", "utf-8")
    print(json.dumps({"bench": "names", "rows": len(rows), "threshold": THRESHOLD, "tracks": found}))
    return 0
