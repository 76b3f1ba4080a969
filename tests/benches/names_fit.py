"""Learns the weights and the threshold of `intake/reviewer/people/data/calibration.json` from labelled pairs.

    tests/bench names-fit FILE.tsv [--write]

Logistic regression with no weight below its floor, drawn towards weights set by hand, so that a feature the file
hardly shows keeps its sense. The threshold lies an eighth into those with a good mean F1 of full names
and of single ones: a missed brother costs a family more than a pair that a reviewer looks at and refuses.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from names_rows import Row, read_rows

from intake.reviewer.people import score
from intake.reviewer.people.score import Calibration

STORED = Path(score.__file__).parent / "data" / "calibration.json"
PRIOR = {
    "given 0": 4.0,
    "given 1": 9.0,
    "given 2": 4.0,
    "surname 0": 3.0,
    "surname 1": 8.0,
    "surname 2": 4.0,
    "patronymic 0": 3.0,
    "patronymic 1": 8.0,
    "patronymic 2": 6.0,
    "name 0": 4.0,
    "name 1": 8.0,
    "name 2": 4.0,
    "left on both": 2.0,
    "left over": 0.2,
    "one match": 0.3,
    "no match": 6.0,
    "lone guess": 4.0,
}
"""Weights set by hand, towards which the learned ones are drawn."""
FIXED = ("left over", "one match", "no match")
"""Features that are not learned: public lists would teach that a missing part is a reason for or against."""
ABOUT = (
    "Weights of the name score, for the features of intake/reviewer/people/score.py. Learned by"
    " tests/benches/names_fit.py on labelled pairs of development data that is not part of this project."
)
FLOOR = 0.7
"""The least share of its weight in PRIOR that a feature keeps."""
DRAW = 2.0
"""How strongly weights are drawn to PRIOR: the precision of the normal prior, in pairs."""
STEPS = 4000
SLACK = 0.004
"""Thresholds whose two F1 add up to this much below the best count as good."""


def fit(rows: Sequence[Row]) -> Calibration:
    """Weights and threshold for `rows`; the same for the same rows."""
    names = list(PRIOR)
    values = [score.features_of(row.a, row.b) for row in rows]
    known = [(found, row) for found, row in zip(values, rows, strict=True) if found is not None]
    x = np.array([[found.get(name, 0.0) for name in names] for found, _ in known])
    y = np.array([row.same for _, row in known], dtype=float)
    bias, weights = _descend(x, y, np.array([PRIOR[name] for name in names]), [names.index(name) for name in FIXED])
    found = Calibration(bias, dict(zip(names, map(float, weights), strict=True)), 0.5)
    return Calibration(found.bias, found.weights, best_threshold(found, known))


def _descend(x: np.ndarray, y: np.ndarray, prior: np.ndarray, fixed: list[int]) -> tuple[float, np.ndarray]:
    """Projected gradient with Adam's step sizes: deterministic, and enough for a score of features."""
    weights, bias = prior.copy(), 4.0
    first, second = np.zeros(len(prior) + 1), np.zeros(len(prior) + 1)
    for step in range(1, STEPS + 1):
        p = 1 / (1 + np.exp(-(bias - x @ weights)))
        error = p - y
        slope = np.append(-(x.T @ error) + DRAW * (weights - prior), error.sum())
        slope[fixed] = 0.0
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        move = 0.02 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-9)
        weights = np.maximum(
            weights - move[:-1], np.where(np.isin(np.arange(len(prior)), fixed), -np.inf, FLOOR * prior)
        )
        bias -= float(move[-1])
    return bias, weights


def best_threshold(found: Calibration, known: Sequence[tuple[Mapping[str, float], Row]]) -> float:
    """The threshold with the best mean of F1 on full names with brothers and F1 on single names."""
    scored = [(found.score(values), row) for values, row in known]
    groups = [[(s, row.same) for s, row in scored if (row.track == "token") == single] for single in (False, True)]
    quality = {i / 200: sum(_f1(group, i / 200) for group in groups if group) for i in range(20, 196)}
    good = [at for at, value in quality.items() if value >= max(quality.values()) - SLACK]
    return good[len(good) // 8]


def _f1(group: list[tuple[float, bool]], threshold: float) -> float:
    right = sum(same for value, same in group if value >= threshold)
    wrong = sum(not same for value, same in group if value >= threshold)
    return 2 * right / max(1, right + wrong + sum(same for _, same in group))


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the calibration learned on a file, and stores it with `--write`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args(argv)
    rows = read_rows(args.file)
    found = fit(rows)
    stored = {
        "about": ABOUT,
        "learned_on": {"pairs": len(rows), "same": sum(row.same for row in rows), "fixed_by_hand": list(FIXED)},
        "bias": round(found.bias, 3),
        "threshold": found.threshold,
        "weights": {name: round(value, 3) for name, value in found.weights.items()},
    }
    if args.write:
        STORED.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(json.dumps({"bench": "names-fit", **stored}, ensure_ascii=False))
    return 0
