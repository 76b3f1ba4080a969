"""From one name as written to the places it may mean: by spelling, then by sound, then by endings, then by likeness."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from intake.reviewer.people.places_fold import bases_of, fold, key_of, plain_of, undeclined
from intake.reviewer.people.places_layout import other_layouts
from intake.reviewer.people.places_table import Place

EXACT, SOUND, ENDING, LAYOUT, LIKE = 1.0, 0.97, 0.94, 0.95, 0.93
"""Scores in [0, 1] of the four ways to match and of a changed keyboard layout; LIKE is multiplied by the likeness."""
LEAST_LIKENESS = 0.6
_LEAST_KEY = 3
_MOST_LIKE = 12


class PlaceIndex:
    """Names of places, looked up without reading the table again. Built once; never changed."""

    def __init__(self, places: Iterable[Place]) -> None:
        listed = list(places)
        european = [(name, place.place_id) for place in listed for name in place.names]
        self._exact: dict[str, list[int]] = {}
        self._codes: dict[str, list[int]] = {}
        self._keys: dict[str, list[int]] = {}
        self._bases: dict[str, list[int]] = {}
        folded = _put_all(self._exact, european)
        _put_all(self._exact, [(name, place.place_id) for place in listed for name in place.foreign])
        _put_all(self._codes, [(name, place.place_id) for place in listed for name in place.codes])
        for key, (_, number) in zip(key_of(folded).split("\n"), european, strict=True):
            self._keys.setdefault(key, []).append(number)
        for key, numbers in self._keys.items():
            for base in bases_of(key):
                self._bases.setdefault(base, []).extend(numbers)
        self._all_keys = [key for key in self._keys if len(key) >= _LEAST_KEY]

    def whole(self, folded: str) -> list[int]:
        """The places that a whole folded text names exactly, codes included."""
        plain = plain_of(folded)
        return [*self._exact.get(plain, ()), *self._codes.get(plain, ())]

    def named(self, folded: str) -> dict[int, float]:
        """Places whose spelling, key or declined key this is: place id -> score."""
        key = key_of(folded)
        found: dict[int, float] = {}
        if len(key) >= _LEAST_KEY:
            for base in undeclined(key):
                _raise(found, self._bases.get(base, ()), ENDING)
            _raise(found, self._bases.get(key, ()), ENDING)
            _raise(found, self._keys.get(key, ()), SOUND)
        _raise(found, self._exact.get(plain_of(folded), ()), EXACT)
        return found

    def retyped(self, folded: str) -> dict[int, float]:
        """The same for what the keys of `folded` give on another keyboard layout."""
        found: dict[int, float] = {}
        for other in other_layouts(folded):
            for number, score in self.named(other).items():
                found[number] = max(found.get(number, 0.0), score * LAYOUT)
        return found

    def alike(self, folded: str) -> dict[int, float]:
        """Places with a name spelled somewhat like this: place id -> at most LIKE."""
        key = key_of(folded)
        found: dict[int, float] = {}
        if len(key) < _LEAST_KEY:
            return found
        for other, likeness, _ in process.extract(
            key, self._all_keys, scorer=JaroWinkler.similarity, limit=_MOST_LIKE, score_cutoff=LEAST_LIKENESS
        ):
            value = (likeness + OSA.normalized_similarity(key, other)) / 2
            _raise(found, self._keys[other], LIKE * value)
        return found


def _put_all(table: dict[str, list[int]], named: list[tuple[str, int]]) -> str:
    """Puts every name's exact spelling into `table`, all at once because that is much faster; returns them folded."""
    folded = fold("\n".join(name for name, _ in named))
    for plain, (_, number) in zip(plain_of(folded).split("\n"), named, strict=True):
        table.setdefault(plain, []).append(number)
    return folded


def _raise(found: dict[int, float], numbers: Iterable[int], score: float) -> None:
    for number in numbers:
        found[number] = max(found.get(number, 0.0), score)
