"""One slip of a finger: a neighbouring key, two letters swapped, one left out or put in."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from rapidfuzz.distance import OSA

SLIP = 0.45
"""What one slip costs, in wrong consonants."""
_SHORTEST = 3


@cache
def neighbours() -> frozenset[str]:
    """Pairs of characters whose keys touch on one of the layouts, each pair in both orders."""
    data = json.loads(files(__package__).joinpath("data/keyboards.json").read_text("utf-8"))
    found: set[str] = set()
    for rows in data["rows"]:
        keys = [(key, at + 0.5 * down, down) for down, row in enumerate(rows) for at, key in enumerate(row)]
        for key, x, y in keys:
            found.update(
                key + other for other, x2, y2 in keys if key != other and abs(x - x2) <= 1 and abs(y - y2) <= 1
            )
    return frozenset(found)


def slip(a: str, b: str) -> str:
    """The one slip of the finger that turns the folded `a` into `b`: `neighbour`, `swapped`, `dropped`, or empty."""
    if min(len(a), len(b)) < _SHORTEST or OSA.distance(a, b, score_cutoff=1) != 1:
        return ""
    if len(a) != len(b):
        return "dropped"
    different = [at for at in range(len(a)) if a[at] != b[at]]
    if len(different) == 2:
        return "swapped"
    return "neighbour" if a[different[0]] + b[different[0]] in neighbours() else ""
