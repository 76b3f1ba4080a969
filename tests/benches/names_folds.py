"""Cross-validation by person: what is learned on four parts of the persons is measured on the fifth.

Rows join persons into a graph (a negative row joins two). Walking it breadth first puts neighbours side by side, and
cutting that walk into runs tears few rows apart; the runs are dealt to the parts in turn, full names and single names
each for themselves. Every row is tested exactly once, in the part of whichever of its persons was met first; to learn
for a part, every row with any person of its test rows is left out, so nobody is on both sides. The brother of a
person counts as that person.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable

import names_metrics as metrics
from names_rows import Row, Scorer, tracks_of

FOLDS = 5
RUNS_PER_FOLD = 3
SUMMARISED = {
    "full_with_brothers": ("P", "R", "F1", "AUC", "R_at_FPR_1%"),
    "full_real_only": ("F1", "AUC", "R_at_FPR_1%"),
    "brothers_told_apart": ("told_apart",),
    "patronymic_one_side": ("R",),
    "non_english_latin": ("R",),
    "kk_vs_ru_cyrillic": ("R",),
    "tokens": ("F1", "AUC", "R_at_FPR_1%"),
}
POOLED = ("P", "R", "F1", "told_apart")
Fit = Callable[[list[Row]], tuple[Scorer, float]]


def walk(rows: list[Row]) -> dict[str, int]:
    """Every person and its place in a breadth-first walk over those who share rows."""
    neighbours: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        a, b = row.persons
        neighbours[a].append(b)
        neighbours[b].append(a)
    places: dict[str, int] = {}
    for start in neighbours:
        waiting = deque([start])
        while waiting:
            person = waiting.popleft()
            if person not in places:
                places[person] = len(places)
                waiting.extend(neighbours[person])
    return places


def split(rows: list[Row], count: int = FOLDS) -> list[tuple[list[Row], list[Row]]]:
    """`count` pairs of rows to learn from and rows to test, with no person in both of a pair."""
    tests: list[list[Row]] = [[] for _ in range(count)]
    full, tokens = [row for row in rows if row.track != "token"], [row for row in rows if row.track == "token"]
    for kind in (full, tokens):
        for place, run in enumerate(runs_of(kind, count * RUNS_PER_FOLD)):
            tests[place % count].extend(run)
    return [apart(rows, test) for test in tests]


def runs_of(rows: list[Row], count: int) -> list[list[Row]]:
    """`rows` along the walk in `count` runs of about equal length; rows of one first person stay together."""
    places = walk(rows)
    first = {id(row): min(places[person] for person in row.persons) for row in rows}
    runs: list[list[Row]] = [[] for _ in range(count)]
    part, last = 0, -1
    for place, row in enumerate(sorted(rows, key=lambda row: first[id(row)])):
        if first[id(row)] != last:
            part = place * count // len(rows)
        runs[part].append(row)
        last = first[id(row)]
    return runs


def apart(rows: list[Row], test: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows without any person of `test`, and `test`."""
    tested = {person for row in test for person in row.persons}
    return [row for row in rows if tested.isdisjoint(row.persons)], test


def scores_of(rows: list[Row], scorer: Scorer) -> metrics.Scored:
    """Scores of `rows`, apart by label."""
    same = [scorer(row.a, row.b) for row in rows if row.same]
    return metrics.Scored(same, [scorer(row.a, row.b) for row in rows if not row.same])


def threshold_alone(scorer: Scorer) -> Fit:
    """A fit that learns nothing but the threshold with the best F1 over all its rows."""
    return lambda rows: (scorer, metrics.best_threshold(scores_of(rows, scorer))[0])


def margins(rows: list[Row], scorer: Scorer, threshold: float) -> metrics.Scored:
    """How far `rows` score above a fold's own threshold: this can be pooled over folds."""
    found = scores_of(rows, scorer)
    return metrics.Scored([s - threshold for s in found.positive], [s - threshold for s in found.negative])


def cross_validate(rows: list[Row], fit: Fit) -> metrics.Figures:
    """The figures in SUMMARISED: mean, least and most of the folds; pooled over them what a threshold decides.

    `learned_rows` says how many rows each fold learned from, `thresholds` what it chose.
    """
    folds: dict[str, list[metrics.Scored]] = defaultdict(list)
    learned, thresholds = [], []
    for training, test in split(rows):
        scorer, threshold = fit(training)
        learned.append(len(training))
        thresholds.append(round(threshold, metrics.DIGITS))
        for track, members in tracks_of(test).items():
            if track in SUMMARISED:
                folds[track].append(margins(members, scorer, threshold))
    summary = {track: summarise(parts, SUMMARISED[track]) for track, parts in folds.items()}
    return {"learned_rows": learned, "thresholds": thresholds, **summary}


def summarise(parts: list[metrics.Scored], names: tuple[str, ...]) -> dict[str, metrics.Figures]:
    """Each figure's mean, least and most over `parts` that have it, and pooled if it is one of a threshold."""
    pooled = metrics.Scored([s for p in parts for s in p.positive], [s for p in parts for s in p.negative])
    every = [metrics.figures(part, 0.0) for part in parts]
    summary: dict[str, metrics.Figures] = {}
    for name in names:
        values = [float(str(found[name])) for found in every if name in found]
        mean = round(sum(values) / max(len(values), 1), metrics.DIGITS)
        low, high = min(values, default=0.0), max(values, default=0.0)
        summary[name] = {"mean": mean, "min": low, "max": high}
        if name in POOLED:
            summary[name] |= {"pooled": metrics.figures(pooled, 0.0).get(name)}
    return summary
