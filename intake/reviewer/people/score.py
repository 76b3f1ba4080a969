"""From lined-up words to one number between 0 and 1, with weights learned on labelled pairs and stored as data."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from intake.reviewer.people.align import Alignment, align
from intake.reviewer.people.parts import parse_name
from intake.reviewer.people.text import fold_text
from intake.reviewer.people.words import Kind, Word

BENDS = (0.0, 0.35, 0.85, 1.5)
"""Where the line from distance to penalty bends, in wrong consonants: each stretch has its own learned slope."""
MATCHED = 0.5
"""The distance up to which two words count as speaking for the same name."""
_COUNTED = 0.45
"""The distance up to which two words alone are something to go by."""
_GUESSES = ("slip", "father's name as surname")
"""Reasons that hold beside another word that answers, and hardly for a word alone."""
_DIGITS = 4
"""Decimals of a score: what lies below is chance, of names that have nothing in common."""
_SHORT = {
    Kind.GIVEN: "given",
    Kind.SURNAME: "surname",
    Kind.PATRONYMIC: "patronymic",
    Kind.UNKNOWN: "name",
    Kind.INITIAL: "given",
}


@dataclass(frozen=True)
class Calibration:
    """Learned weights: `logit = bias - sum(weights[feature] * value)`, and the threshold on the resulting score."""

    bias: float
    weights: Mapping[str, float]
    threshold: float

    def score(self, values: Mapping[str, float]) -> float:
        """The score for the `features` of an alignment, 0 to 1; 1 for no feature at all."""
        weights = self.weights
        logit = self.bias - sum(weights[name] * value for name, value in values.items())
        return round((1.0 + math.exp(-self.bias)) / (1.0 + math.exp(-min(logit, self.bias))), _DIGITS)


@cache
def calibration() -> Calibration:
    """The stored weights and threshold; `data/calibration.json` says what they were learned on."""
    data = json.loads(files(__package__).joinpath("data/calibration.json").read_text("utf-8"))
    return Calibration(data["bias"], data["weights"], data["threshold"])


def features(found: Alignment) -> dict[str, float]:
    """What speaks against one name, by the kind of part: the stretches of its distances, and what was left over."""
    values: dict[str, float] = {}
    matched = 0
    for one in found.pairs:
        matched += one.pair.apart <= _COUNTED and one.pair.why != "initial"
        name = _SHORT.get(one.pair.kind, "name")
        for number, (low, high) in enumerate(pairwise(BENDS)):
            if one.pair.apart > low:
                key = f"{name} {number}"
                values[key] = values.get(key, 0.0) + min(one.pair.apart, high) - low
    if found.left_a and found.left_b:
        values["left on both"] = 1.0
    if found.left_a or found.left_b:
        values["left over"] = float(max(len(found.left_a), len(found.left_b)))
    if len(found.pairs) == 1 and found.pairs[0].pair.why in _GUESSES:
        values["lone guess"] = 1.0
    if matched < 2:
        values["one match" if matched else "no match"] = 1.0
    return values


@lru_cache(maxsize=2_000)
def features_of(a: str, b: str) -> Mapping[str, float] | None:
    """The `features` of two names' alignment; None when either has nothing that could be a name."""
    one, other = parse_name(a), parse_name(b)
    return features(align(one, other)) if one and other else None


def similarity_of(a: str, words_a: Sequence[Word], b: str, words_b: Sequence[Word]) -> float:
    """`similarity(a, b)` for names whose words, as `parse_name` gives them in any order, are at hand."""
    one, other = fold_text(a), fold_text(b)
    if one == other:
        return 1.0 if one else 0.0
    if not words_a or not words_b:
        return 0.0
    by_text = [sorted(words, key=lambda found: found.text) for words in (words_a, words_b)]
    found = align(*by_text) if one < other else align(*reversed(by_text))
    return calibration().score(features(found))


def similarity(a: str, b: str) -> float:
    """How likely the names `a` and `b` are one name, from 0 to 1, on names alone.

    Symmetric; blind to letter case, Unicode form and the order of parts; 1 for one and the same text, and 0 when
    either has nothing that could be a name. At or above THRESHOLD two names count as the same. Never raises.
    """
    one, other = sorted((fold_text(a), fold_text(b)))
    if one == other:
        return 1.0 if one else 0.0
    values = features_of(one, other)
    return 0.0 if values is None else calibration().score(values)
