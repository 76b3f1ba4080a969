"""Finds the places a text names: every run of words is looked up, and places that contain each other add up.

A place's score is how well its name matches (places_index) times how much of the text its name and the names of
places around it explain, so that «Алмалинский район, Алматы» is the district and not the city.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from intake.reviewer.people.places_index import WHOLE, PlaceIndex
from intake.reviewer.people.places_table import FIRST_GEONAMES_ID, Place
from intake.reviewer.people.places_words import Text, Word

WINDOW = 4
"""Words of the longest name looked for inside a text; a whole text may be longer."""
NAMED_SCORE = 0.8
"""From here on a place is taken as named."""
_GUESSED = 2
"""Words of the longest run that is compared with every name, and below how many runs of one text."""
_GUESSES = 16
_SURE = 0.9
_EXPLAINED = 0.3
"""The share of a score that depends on how much of the text is explained."""
_WRONG_LEVEL = 0.9
_BARE = 0.975
_BARE_REGION = 0.96
"""The same of a region beside a police word: Жетісу is also a district of Almaty, and РОП a district's police."""
_ROAD = 0.75
_ORDER = {"city": 0, "village": 0, "region": 1, "district": 2}
_FITS = {
    "region": {"region"},
    "district": {"district"},
    "city": {"city", "village"},
    "village": {"village", "city"},
}


@dataclass
class Hit:
    """What speaks for one place: its best score so far and the words (positions in the text) that named it."""

    score: float = 0.0
    words: frozenset[int] = field(default_factory=frozenset)
    is_guess: bool = False
    """Whether only a likeness speaks for it."""


@dataclass(frozen=True)
class Found:
    """A place a text may name."""

    place: Place
    score: float
    """In [0, 1]: how well its name matches, and how much of the text is explained by it and what contains it."""
    hit: Hit
    words: frozenset[int]
    """The positions of the words of the text that name it and what contains it."""

    @property
    def is_named(self) -> bool:
        """Whether to take the place as named; a mere likeness has to explain most of the text as well."""
        return (self.score if self.hit.is_guess else self.hit.score) >= NAMED_SCORE

    def order(self) -> tuple[float, int, int, bool, int]:
        """What to sort by, best first."""
        place = self.place
        is_own = place.place_id < FIRST_GEONAMES_ID
        return (-round(self.score, 4), _ORDER[place.kind], -place.population, is_own, place.place_id)


class PlaceSearch:
    """The gazetteer: places by id, and the search over their names."""

    def __init__(self, places: dict[int, Place]) -> None:
        self.places = places
        self._index = PlaceIndex(places.values())

    def search(self, text: Text, limit: int) -> list[Found]:
        """At most `limit` places, best first.

        Of equal scores settlements come before regions and districts, then the more populous, then the lower id.
        """
        hits = self._hits(text)
        weights = {at: len(word.key) for at, word in enumerate(text.words) if word.is_name and not word.is_road}
        total = sum(weights.values())
        found = []
        for number, hit in hits.items():
            words = self._with_surroundings(number, hits)
            explained = sum(weights.get(at, 0) for at in words) / total if total else 1.0
            score = hit.score * (1 - _EXPLAINED + _EXPLAINED * explained)
            found.append(Found(self.places[number], score, hit, words))
        return sorted(found, key=Found.order)[:limit]

    def surroundings(self, number: int) -> list[int]:
        """The ids of the places that contain place `number`, the smallest first."""
        found = []
        while number := self.places[number].inside:
            found.append(number)
        return found

    def _with_surroundings(self, number: int, hits: dict[int, Hit]) -> frozenset[int]:
        words = hits[number].words
        for around in self.surroundings(number):
            if around in hits and hits[around].score >= _SURE and not hits[around].words & words:
                words |= hits[around].words
        return words

    def _hits(self, text: Text) -> dict[int, Hit]:
        hits: dict[int, Hit] = {}
        everything = frozenset(range(len(text.words)))
        for number in self._index.whole(text.folded):
            hits[number] = Hit(WHOLE * _fit_of_level(self.places[number], text.names(), text), everything)
        windows = self._windows(text)
        for words in windows:
            self._note(hits, text, words, self._index.named(_joined(text, words)))
        if not any(hit.score >= _SURE for hit in hits.values()):
            self._note(hits, text, tuple(everything), self._index.retyped(text.folded))
            for words in windows:
                self._note(hits, text, words, self._index.retyped(_joined(text, words)))
        self._guess(hits, text, windows)
        return hits

    def _guess(self, hits: dict[int, Hit], text: Text, windows: list[tuple[int, ...]]) -> None:
        """Looks for likenesses, of the runs of words that nothing has explained so far."""
        known: frozenset[int] = frozenset().union(*(hit.words for hit in hits.values() if hit.score >= _SURE))
        short = [words for words in windows if len(words) <= _GUESSED and not known.intersection(words)]
        for words in short[:_GUESSES]:
            self._note(hits, text, words, self._index.alike(_joined(text, words)), is_guess=True)
        if not hits and not text.kinds:
            everything = tuple(range(len(text.words)))
            self._note(hits, text, everything, self._index.alike(text.folded), is_guess=True)

    def _windows(self, text: Text) -> list[tuple[int, ...]]:
        """Runs of up to WINDOW names, by the positions of their words."""
        runs: list[tuple[int, ...]] = []
        names = [at for at, word in enumerate(text.words) if word.is_name]
        for first in range(len(names)):
            for last in range(first, min(first + WINDOW, len(names))):
                run = tuple(names[first : last + 1])
                if run[-1] - run[0] != len(run) - 1 or not _is_joined(text, run):
                    break
                runs.append(run)
        return runs

    def _note(
        self, hits: dict[int, Hit], text: Text, words: tuple[int, ...], found: dict[int, float], is_guess: bool = False
    ) -> None:
        """Keeps for each place found in these words the best that was ever found for it."""
        here = [text.words[at] for at in words]
        road = _ROAD if any(word.is_road for word in here) else 1.0
        for number, score in found.items():
            fitted = score * road * _fit_of_level(self.places[number], here, text)
            if fitted > hits.setdefault(number, Hit()).score:
                hits[number] = Hit(fitted, frozenset(words), is_guess)


def _fit_of_level(place: Place, words: list[Word], text: Text) -> float:
    """How well what neighbouring words say of a name fits the place.

    Without such a word a bare name means the town rather than the region or district called after it.
    """
    levels = {word.level for word in words if word.level}
    if not levels and place.kind in {"region", "district"} and not any(word.is_adjective for word in words):
        return _BARE_REGION if place.kind == "region" and text.is_local_police else _BARE
    return 1.0 if all(place.kind in _FITS[level] for level in levels) else _WRONG_LEVEL


def _is_joined(text: Text, run: tuple[int, ...]) -> bool:
    return all(text.is_joined(text.words[a], text.words[b]) for a, b in pairwise(run))


def _joined(text: Text, words: tuple[int, ...]) -> str:
    """A run of words as one folded name, its apostrophes and hyphens kept."""
    return " ".join(text.words[at].folded for at in words)
