"""From one name as written to the places it may mean: by spelling, then by sound, then by endings, then by likeness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from intake.reviewer.people.places_fold import (
    LEAST_BASE,
    LOST,
    adjective_stems,
    fold,
    key_of,
    plain_of,
    unadjectived,
    undeclined,
)
from intake.reviewer.people.places_layout import other_layouts
from intake.reviewer.people.places_table import Place

WHOLE = 1.0
"""Scores in [0, 1]: of a text that is a name and nothing else."""
EXACT, SOUND, ENDING, ADJECTIVE, LIKE = 0.99, 0.97, 0.94, 0.91, 0.93
"""The same of a name in a text, for five ways to match; LIKE is multiplied by the likeness."""
LAYOUT = 0.95
"""What every score is multiplied by when the keyboard layout had to be changed."""
LEAST_LIKENESS = 0.6
_MOST_LIKE = 12


class PlaceIndex:
    """Names of places, looked up without reading the table again. Built once; never changed."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = {place.place_id: place for place in places}
        self._spelled: dict[int, frozenset[str]] = {}
        self._keys: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._others: dict[str, list[int]] = {}
        for number, place in self._places.items():
            for key in place.keys:
                self._keys.setdefault(key, []).append(number)
        others = [(name, n) for n, place in self._places.items() for name in (*place.foreign, *place.codes)]
        plains = plain_of(fold("\n".join(name for name, _ in others))).split("\n")
        for plain, (_, number) in zip(plains, others, strict=True):
            self._others.setdefault(plain, []).append(number)
        for key in self._keys:
            for stem in adjective_stems(key) if "sk" in key else ():
                self._stems.setdefault(stem, []).extend(self._keys[key])
        self._all_keys = [key for key in self._keys if len(key) >= LEAST_BASE]

    def whole(self, folded: str) -> list[int]:
        """The places that a whole folded text names exactly, by names in any script and by codes."""
        plain = plain_of(folded)
        found = [number for number in self._keys.get(key_of(folded), ()) if plain in self._spellings(number)]
        return [*found, *self._others.get(plain, ())]

    def named(self, folded: str) -> dict[int, float]:
        """Places whose spelling, key or declined key this is: place id -> score."""
        key = key_of(folded)
        found: dict[int, float] = {}
        if len(key) >= LEAST_BASE:
            for base in unadjectived(key):
                _raise(found, self._based(base), ADJECTIVE)
            for base in (key, *undeclined(key)):
                _raise(found, self._based(base), ENDING)
            _raise(found, self._keys.get(key, ()), SOUND)
        plain = plain_of(folded)
        _raise(found, (n for n in self._keys.get(key, ()) if plain in self._spellings(n)), EXACT)
        return found

    def _based(self, base: str) -> Iterator[int]:
        """Places whose key is `base`, with or without one more vowel or an adjective's ending."""
        yield from self._keys.get(base, ())
        if len(base) >= LEAST_BASE:
            for ending in LOST:
                yield from self._keys.get(base + ending, ())
            yield from self._stems.get(base, ())

    def _spellings(self, number: int) -> frozenset[str]:
        """The exact spellings of a place; made when first asked for, since most places never are."""
        if (found := self._spelled.get(number)) is None:
            names = self._places[number].names
            self._spelled[number] = found = frozenset(plain_of(fold("\n".join(names))).split("\n"))
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
        if len(key) < LEAST_BASE:
            return found
        for other, likeness, _ in process.extract(
            key, self._all_keys, scorer=JaroWinkler.similarity, limit=_MOST_LIKE, score_cutoff=LEAST_LIKENESS
        ):
            value = (likeness + OSA.normalized_similarity(key, other)) / 2
            _raise(found, self._keys[other], LIKE * value)
        return found


def _raise(found: dict[int, float], numbers: Iterable[int], score: float) -> None:
    for number in numbers:
        found[number] = max(found.get(number, 0.0), score)
