"""How well names are matched across spellings, and how fast, on a file of labelled pairs.

    tests/bench names FILE.tsv [--quick] [--errors PATH]

For each track: precision, recall and F1 at the stored THRESHOLD (a pair is "the same" at or above it), AUC with ties
counting half, and the recall of the best threshold that at most 1 % of that track's own negatives reach. Tracks with
one kind of pair say only R or `told_apart`, the share of negatives below THRESHOLD. Pairs per second are of one
thread's CPU time and the first time these pairs are seen; names seen twice may be parsed once.

The peers have no threshold of their own: each gets the one with its best F1 on the very rows of the track, which
favours them (tracks with one kind of pair: that of `full_with_brothers` or `tokens`). `--quick` prints our tracks
alone.

`--errors` writes the pairs on the wrong side of THRESHOLD, the farthest first, and the queries whose right answer
does not come first; these are names of real people.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import names_folds as folds
import names_metrics as metrics
import names_retrieval as retrieval
import names_scale as scale
from names_fit import fit
from names_invented import invented_names
from names_peer_search import peer_searches
from names_peers import installed_peers
from names_rows import Row, Scorer, UnreadableFile, read_rows, tracks_of

from intake.reviewer.people import THRESHOLD, similarity
from intake.reviewer.people.score import features_of
from intake.reviewer.people.text import fold_text

INQUIRIES = 1_000
TOLD = ("P", "R", "F1", "AUC", "R_at_FPR_1%", "told_apart")


@dataclass(frozen=True)
class Judged:
    """A row and the score some matcher gave it."""

    row: Row
    score: float


@dataclass(frozen=True)
class Judgement:
    """Every row with its score, and how many pairs per CPU-second that was, full names and single ones."""

    judged: list[Judged]
    pairs_per_s: metrics.Figures

    def scored(self, rows: list[Row]) -> metrics.Scored:
        """Scores of `rows`, apart by label."""
        by_row = {id(j.row): j.score for j in self.judged}
        same = [by_row[id(row)] for row in rows if row.same]
        return metrics.Scored(same, [by_row[id(row)] for row in rows if not row.same])


def judge(rows: list[Row], scorer: Scorer) -> Judgement:
    """Scores every row once; whatever a matcher loads at first is loaded before the clock runs."""
    scorer("Айгүл Досжанова", "Aigul Doszhanova")
    judged: list[Judged] = []
    rates: metrics.Figures = {}
    for kind, members in itertools.groupby(sorted(rows, key=kind_of), kind_of):
        started = time.process_time()
        found = [Judged(row, scorer(row.a, row.b)) for row in members]
        rates[kind] = round(len(found) / max(time.process_time() - started, 1e-9))
        judged += found
    return Judgement(judged, rates)


def kind_of(row: Row) -> str:
    return "tokens" if row.track == "token" else "full_with_brothers"


def track_figures(rows: list[Row], judgement: Judgement, threshold: float) -> metrics.Figures:
    """Figures of every track at one threshold."""
    return {name: metrics.figures(judgement.scored(members), threshold) for name, members in tracks_of(rows).items()}


def peer_figures(rows: list[Row], scorer: Scorer) -> metrics.Figures:
    """The same for a peer, at the thresholds that suit it best."""
    judgement, tracks = judge(rows, scorer), tracks_of(rows)
    usual = {
        kind: metrics.best_threshold(judgement.scored(tracks[kind]))[0] for kind in ("full_with_brothers", "tokens")
    }
    found: metrics.Figures = {"pairs_per_s": judgement.pairs_per_s}
    for name, members in tracks.items():
        scored = judgement.scored(members)
        own = scored.positive and scored.negative
        at = metrics.best_threshold(scored)[0] if own else usual[kind_of(members[0]) if members else "tokens"]
        found[name] = {"threshold": round(at, metrics.DIGITS), **metrics.figures(scored, at)}
    return found


def refit(rows: list[Row]) -> tuple[Scorer, float]:
    """The product's score with weights and threshold learned on `rows` alone."""
    found = fit(rows)

    def scorer(a: str, b: str) -> float:
        values = features_of(*sorted((fold_text(a), fold_text(b))))
        return 0.0 if values is None else found.score(values)

    return scorer, found.threshold


def search_figures(gallery: retrieval.Gallery, queries: list[retrieval.Query]) -> tuple[metrics.Figures, list[str]]:
    """Retrieval and scale, and the queries that went wrong."""
    build, asked = scale.run_in_fresh_process(scale.search_all, gallery.names, queries)
    inquiries = [query.name for query in queries] + gallery.names
    found = {
        "retrieval": {"gallery": len(gallery.names), "build_s": build, **retrieval.figures(gallery, asked)},
        "inquiries": scale.inquiry_figures(gallery.names, inquiries[:INQUIRIES]),
        "index": scale.big_index_figures(),
    }
    return found, retrieval.missed(gallery, asked)


def all_peers(
    rows: list[Row], gallery: retrieval.Gallery, queries: list[retrieval.Query]
) -> dict[str, metrics.Figures]:
    """Every installed peer's tracks and retrieval."""
    found = {name: peer_figures(rows, scorer) for name, scorer in installed_peers().items()}
    for name, (search, most) in peer_searches(gallery.names).items():
        found[name]["retrieval"] = retrieval.figures(gallery, retrieval.ask(queries[:most], search))
    return found


def error_lines(judged: list[Judged], threshold: float) -> list[str]:
    """The pairs on the wrong side of `threshold`, the farthest first within each track and kind."""
    wrong = [j for j in judged if (j.score >= threshold) != j.row.same]
    wrong.sort(key=lambda j: (j.row.track, j.row.same, -abs(j.score - threshold)))
    kinds = {True: "missed", False: "taken for one"}
    return [f"{j.row.track}\t{kinds[j.row.same]}\t{j.score:.4f}\t{j.row.scripts}\t{j.row.a}\t{j.row.b}" for j in wrong]


def print_table(title: str, tracks: metrics.Figures) -> None:
    """A line per track for people; the JSON has the same figures."""
    print(f"{title:24}{'n_pos':>6}{'n_neg':>6}" + "".join(f"{name:>13}" for name in TOLD))
    for name, found in tracks.items():
        if isinstance(found, dict) and "n_pos" in found:
            values = "".join(f"{found[each]:>13}" if each in found else " " * 13 for each in TOLD)
            print(f"{name:24}{found['n_pos']:>6}{found['n_neg']:>6}{values}".rstrip())


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments; a mistake prints what is right and exits with 2."""
    parser = argparse.ArgumentParser(prog="tests/bench names")
    parser.add_argument("file", type=Path, help="labelled pairs, tab-separated")
    parser.add_argument("--quick", action="store_true", help="our tracks alone")
    parser.add_argument("--errors", type=Path, help="where to write what was judged wrongly")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object. Returns 2 when the file cannot be read."""
    arguments = parse(argv)
    try:
        rows = read_rows(arguments.file)
    except UnreadableFile as error:
        print(f"error: {arguments.file} cannot be used: {error}.", file=sys.stderr)
        return 2
    judgement = judge(rows, similarity)
    found: metrics.Figures = {"bench": "names", "rows": len(rows), "threshold": THRESHOLD}
    tracks = track_figures(rows, judgement, THRESHOLD)
    print_table("ours", tracks)
    wrong = error_lines(judgement.judged, THRESHOLD)
    found |= {"tracks": tracks, "pairs_per_s": judgement.pairs_per_s}
    if not arguments.quick:
        gallery, queries = retrieval.build(rows, invented_names())
        searched, lost = search_figures(gallery, queries)
        peers = all_peers(rows, gallery, queries)
        for name, each in peers.items():
            print_table(name, each)
        wrong += lost
        found |= {"cross_validation": folds.cross_validate(rows, refit), **searched, "peers": peers}
    if arguments.errors:
        arguments.errors.write_text("\n".join(wrong) + "\n", "utf-8")
    print(json.dumps(found))
    return 0
