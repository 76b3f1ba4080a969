"""What two names are worth as evidence: how well they agree, and in how many parts.

One name proves little: "Серік" agrees with every Серік. So points go by the number of parts that agree, and only how
surely by the score. All functions are symmetric.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.fuzz import token_ratio

from intake.reviewer.people.align import align
from intake.reviewer.people.explain import Verdict, explain
from intake.reviewer.people.keys import coarse
from intake.reviewer.people.models import NameForm
from intake.reviewer.people.parts import parse_name
from intake.reviewer.people.score import MATCHED, calibration, features
from intake.reviewer.people.text import fold_text
from intake.reviewer.people.weights import weights

MOST_COMPARED: Final = 600
"""Pairs of words that comparing two lists of names may cost: all of 8 by 8 names of three words each."""
_INITIALS = ("initial", "other initial")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two names compared: their `similarity`, and how many whole words and how many initials of them agree."""

    score: float
    words: int
    initials: int

    @property
    def parts(self) -> float:
        """How many parts agree, an initial counting by its weight."""
        return self.words + weights().points["name_initial"] * self.initials

    @property
    def is_same(self) -> bool:
        """Whether the two count as one name by the stored threshold."""
        return self.score >= calibration().threshold


def compare_names(one: str, other: str) -> Agreement:
    """Compare two names: the score that `similarity` gives, and what agrees, from one alignment."""
    return _compare(one, other) if one <= other else _compare(other, one)


@lru_cache(maxsize=50_000)
def _compare(one: str, other: str) -> Agreement:
    found = align(parse_name(one), parse_name(other))
    agree = [each.pair.why in _INITIALS for each in found.pairs if each.pair.apart <= MATCHED]
    if fold_text(one) == fold_text(other):
        score = 1.0 if fold_text(one) else 0.0
    else:
        score = calibration().score(features(found)) if parse_name(one) and parse_name(other) else 0.0
    return Agreement(score, agree.count(False), agree.count(True))


@lru_cache(maxsize=50_000)
def told_parts(name: str) -> float:
    """Return how many parts a name tells, an initial counting by its weight."""
    initial = weights().points["name_initial"]
    return sum(initial if len(found.text) == 1 else 1.0 for found in parse_name(name))


def is_whole_name(one: str, other: str) -> bool:
    """Tell whether two names count as the same and neither tells a part that the other lacks."""
    found = compare_names(one, other)
    return found.is_same and found.parts >= max(told_parts(one), told_parts(other))


def are_relatives(one: str, other: str) -> bool:
    """Tell whether two names agree but for the given name, as brothers' and sisters' do."""
    # Where every part of the shorter name agrees nothing conflicts, and nothing need be explained.
    if compare_names(one, other).parts >= min(told_parts(one), told_parts(other)):
        return False
    return explain(one, other).verdict is Verdict.RELATIVE


def telling_names(names: Sequence[NameForm]) -> tuple[str, ...]:
    """Return the names that count: not those that say less than another form that agrees with them.

    Of "Тоқаев" and "Тоқаев Серік" the second alone counts: else the bare surname would hide that the given names
    of two records differ.
    """
    texts = tuple(dict.fromkeys(each.as_written for each in names))
    pairs = ((text, other) for text, other in likely_pairs(texts, texts) if told_parts(text) < told_parts(other))
    lesser = {text for text, other in pairs if compare_names(text, other).is_same}
    return tuple(text for text in texts if text not in lesser)


def likely_pairs(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of names worth comparing: all, or of long lists those that sound most alike in outline.

    The same pairs from either side. What they cost together is bounded by MOST_COMPARED, whoever wrote the names.
    """
    costs = {(min(a, b), max(a, b)): len(parse_name(a)) * len(parse_name(b)) for a in one for b in other}
    if sum(costs.values()) > MOST_COMPARED:
        spent, kept = 0, set()
        for pair in sorted(costs, key=lambda each: (-token_ratio(_outline(each[0]), _outline(each[1])), each)):
            spent += costs[pair]
            if spent > MOST_COMPARED:
                break
            kept.add(pair)
    else:
        kept = set(costs)
    return [(a, b) for a in one for b in other if (min(a, b), max(a, b)) in kept]


@lru_cache(maxsize=4_000)
def _outline(name: str) -> str:
    return " ".join(coarse(found.sounds[0]) for found in parse_name(name))


def name_points(one: str, other: str) -> float:
    """Return the points of two names: by how many parts agree when they count as the same, else below 0."""
    found, threshold, points = compare_names(one, other), calibration().threshold, weights().points
    if not found.is_same:
        return points["name_differs"] * (threshold - found.score) / threshold
    base = points["name_at_threshold"]
    share = base + (1.0 - base) * (found.score - threshold) / (1.0 - threshold)
    return share * _points_of_parts(found.parts)


def _points_of_parts(parts: float) -> float:
    points = weights().points
    known = (0.0, points["name_one_part"], points["name_two_parts"], points["name_three_parts"])
    at = min(bisect_right(range(len(known)), parts) - 1, len(known) - 1)
    return known[at] + (known[at + 1] - known[at]) * (parts - at) if at + 1 < len(known) else known[-1]


def best_names(one: Sequence[str], other: Sequence[str]) -> tuple[str, str, float] | None:
    """Return the pair of forms with the most points, in alphabetical order; None when a record has no name."""
    pairs = [(-name_points(a, b), min(a, b), max(a, b)) for a, b in likely_pairs(one, other)]
    if not pairs:
        return None
    lost, first, second = min(pairs)
    return first, second, -lost
