"""The peers as search engines over a gallery of names: brute force, in the fastest way each of them allows.

Words are compared once per pair of different words and looked up from there. numpy is a tool of the bench alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from names_peers import latin, logic_v2_parts, words
from names_retrieval import LIMIT, Search
from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

# Rows: words of the query; columns: words of the vocabulary.
Compare = Callable[[list[str], list[str]], np.ndarray]


def best_places(scores: np.ndarray) -> list[int]:
    """Places of the LIMIT highest scores, the best first; ties in the gallery's (shuffled) order."""
    return [int(place) for place in np.argsort(-scores, kind="stable")[:LIMIT]]


class WordSearch:
    """Mean of the best word for every word of the shorter name, over all names of a gallery at once."""

    def __init__(self, names: list[str], compare: Compare) -> None:
        split = [words(name) or [""] for name in names]
        self.vocabulary = sorted({word for each in split for word in each})
        places = {word: place for place, word in enumerate(self.vocabulary)}
        self.lengths = np.array([len(each) for each in split])
        # Short names repeat their first word: a maximum over a name does not see that.
        wide = max(self.lengths)
        self.words = np.array([[places[w] for w in each] + [places[each[0]]] * (wide - len(each)) for each in split])
        self.real = np.arange(wide)[None, :] < self.lengths[:, None]
        self.compare = compare

    def __call__(self, query: str) -> list[int]:
        asked = words(query) or [""]
        alike = self.compare(asked, self.vocabulary)[:, self.words]
        there = alike.max(axis=2).mean(axis=0)
        back = (alike.max(axis=0) * self.real).sum(axis=1) / self.lengths
        both = (there + back) / 2
        shorter = len(asked) < self.lengths
        return best_places(np.where(shorter, there, np.where(len(asked) > self.lengths, back, both)))


def compare_jaro(asked: list[str], vocabulary: list[str]) -> np.ndarray:
    return process.cdist(asked, vocabulary, scorer=JaroWinkler.similarity, workers=1)


class CompareCodes:
    """Jaro-Winkler of the nearest Double Metaphone codes of two words; the vocabulary's codes are made once."""

    def __init__(self) -> None:
        from doublemetaphone import doublemetaphone

        self.encode = doublemetaphone
        self.first: list[str] = []
        self.second: list[str] = []

    def __call__(self, asked: list[str], vocabulary: list[str]) -> np.ndarray:
        if not self.first:
            codes = [self.encode(word) for word in vocabulary]
            self.first = [first for first, _ in codes]
            self.second = [second or first for first, second in codes]
        mine = [self.encode(word) for word in asked]
        both = [[first for first, _ in mine], [second or first for first, second in mine]]
        tables = [compare_jaro(a, b) for a, b in itertools.product(both, (self.first, self.second))]
        return np.maximum.reduce(tables)


def wratio_search(names: list[str]) -> Search:
    """rapidfuzz's WRatio over names made Latin beforehand."""
    plain = [latin(name) for name in names]
    return lambda query: best_places(process.cdist([latin(query)], plain, scorer=fuzz.WRatio, workers=1)[0])


def logic_v2_search(names: list[str]) -> Search:
    """logic-v2 over entities made beforehand."""
    entity, compare = logic_v2_parts()
    gallery = [entity(name) for name in names]

    def search(query: str) -> list[int]:
        asked = entity(query)
        return best_places(np.array([compare(asked, each) for each in gallery]))

    return search


def peer_searches(names: list[str]) -> dict[str, tuple[Search, int]]:
    """Every peer that can search here, and how many queries its speed allows it."""
    searches: dict[str, tuple[Search, int]] = {
        "monge_elkan": (WordSearch(names, compare_jaro), 10_000),
        "wratio": (wratio_search(names), 10_000),
    }
    if find_spec("doublemetaphone"):
        searches["metaphone_jaro"] = (WordSearch(names, CompareCodes()), 10_000)
    if find_spec("nomenklatura"):
        searches["logic_v2"] = (logic_v2_search(names), 20)
    return searches
