"""Names kept ready for searching: the words of all names, gathered under the keys of how they may sound.

A search takes, for each word of the query, the words that share a key with it once one consonant is dropped from
either, keeps those that truly sound near, adds up per name what its words say, and scores the best names exactly.
"""

from __future__ import annotations

import heapq
import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from intake.reviewer.errors import IndexUnreadable, NoSuchName
from intake.reviewer.people import lexicon
from intake.reviewer.people.keys import coarse, keys, near_keys
from intake.reviewer.people.pairing import pair
from intake.reviewer.people.parts import parse_name
from intake.reviewer.people.score import similarity
from intake.reviewer.people.words import Kind, Word, word

FORMAT = "intake name index 1"
MAX_SAVED = 512 * 1024 * 1024
"""Bytes of a saved index that are read; 1,000,000 names take about 60 MB."""
NEAR = 1.05
"""The farthest, in wrong consonants, a word may sound from a word of the query to bring its name into the search."""
_COMPARED = 160
"""Words compared exactly for one word of the query; the coarsely nearest of all that share a key."""
_SCORED = 60
"""Names scored exactly in one search, or six for each wanted, whichever is more."""
_LONG = 7
"""Symbols from which a word of the query is also looked up in two halves, in case others write it apart."""
_LONGEST = 24


class NameIndex:
    """Names to be searched by likeness. Positions count from 0 in the order of adding and are never used again."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """An index of `names`, whose positions are those in `names`."""
        self._names: list[str | None] = []
        self._words: list[str] = []
        self._numbers: dict[str, int] = {}
        self._coarse: list[str] = []
        self._names_of: list[array[int]] = []
        self._words_of: list[array[int]] = []
        self._by_key: dict[str, array[int]] = {}
        self._count = 0
        for name in names:
            self.add(name)

    def __len__(self) -> int:
        """How many names can be found: those added and not removed."""
        return self._count

    def add(self, name: str) -> int:
        """Adds `name` and returns its position."""
        position = len(self._names)
        numbers = array("I", sorted({self._number(found) for found in parse_name(name)}))
        self._names.append(name)
        self._words_of.append(numbers)
        for number in numbers:
            self._names_of[number].append(position)
        self._count += 1
        return position

    def remove(self, position: int) -> None:
        """Takes the name at `position` out of all searches; raises NoSuchName when there is none."""
        if not 0 <= position < len(self._names) or self._names[position] is None:
            raise NoSuchName
        for number in self._words_of[position]:
            self._names_of[number].remove(position)
        self._names[position] = None
        self._words_of[position] = array("I")
        self._count -= 1

    def search(self, query: str, limit: int = 10) -> list[tuple[int, float]]:
        """Up to `limit` positions with their `similarity` to `query`, the likeliest first; ties by position."""
        gathered = self._gather(parse_name(query))
        wanted = max(_SCORED, 6 * limit)
        likely = heapq.nsmallest(wanted, gathered.items(), key=lambda item: (-item[1], item[0]))
        scored = [(similarity(query, name), position) for position, _ in likely if (name := self._names[position])]
        best = heapq.nsmallest(limit, scored, key=lambda item: (-item[0], item[1]))
        return [(position, score) for score, position in best if score > 0.0]

    def save(self, file: BinaryIO) -> None:
        """Writes the names as UTF-8 JSON, in plain text: `file` belongs inside the vault or on an encrypted disk."""
        file.write(json.dumps([FORMAT, self._names], ensure_ascii=False, separators=(",", ":")).encode())

    @classmethod
    def load(cls, file: BinaryIO) -> NameIndex:
        """The index that was saved to `file`, with the same positions; raises IndexUnreadable."""
        try:
            kind, names = json.loads(file.read(MAX_SAVED).decode())
        except (ValueError, TypeError, RecursionError) as error:
            raise IndexUnreadable from error
        if kind != FORMAT or not isinstance(names, list) or not all(n is None or isinstance(n, str) for n in names):
            raise IndexUnreadable
        index = cls()
        for name in names:
            position = index.add(name or "")
            if name is None:
                index.remove(position)
        return index

    def _number(self, found: Word) -> int:
        if (number := self._numbers.get(found.text)) is not None:
            return number
        number = len(self._words)
        self._numbers[found.text] = number
        self._words.append(found.text)
        self._coarse.append(coarse(found.sounds[0]))
        self._names_of.append(array("I"))
        for key in {near for own in _keys(found) for near in near_keys(own)}:
            self._by_key.setdefault(key, array("I")).append(number)
        return number

    def _gather(self, words: Sequence[Word]) -> dict[int, float]:
        """For each name that shares a word with the query, how much its words speak for it."""
        found: dict[int, float] = {}
        for one in words:
            best: dict[int, float] = {}
            for number, likeness in self._near(one):
                for position in self._names_of[number]:
                    if likeness > best.get(position, 0.0):
                        best[position] = likeness
            for position, likeness in best.items():
                found[position] = found.get(position, 0.0) + likeness
        for position in found:
            found[position] -= 0.02 * abs(len(self._words_of[position]) - len(words))
        return found

    def _near(self, one: Word) -> Iterator[tuple[int, float]]:
        if one.kind is Kind.INITIAL:
            return
        yield from self._near_word(one, _keys(one) | _keys_of_other_names(one))
        for half in _halves(one):
            yield from ((number, likeness * 0.6) for number, likeness in self._near_word(half, _keys(half)))

    def _near_word(self, one: Word, own: set[str]) -> Iterator[tuple[int, float]]:
        numbers = {n for key in own for near in near_keys(key) for n in self._by_key.get(near, ())}
        if len(numbers) > _COMPARED:
            numbers = self._coarsely_nearest(one, numbers)
        for number in numbers:
            apart = pair(one, word(self._words[number])).apart
            if apart <= NEAR:
                yield number, 1.2 - apart

    def _coarsely_nearest(self, one: Word, numbers: set[int]) -> set[int]:
        """Of the words `numbers`, those whose coarse spelling needs the fewest changes, over all forms of `one`."""
        choices = {number: self._coarse[number] for number in numbers}
        kept: set[int] = set()
        for text in dict.fromkeys(coarse(sounds) for form in one.forms[:2] for sounds in form.sounds[:2]):
            kept.update(
                number for _, _, number in process.extract(text, choices, scorer=Levenshtein.distance, limit=_COMPARED)
            )
        exact = {self._numbers.get(form.text, -1) for form in one.forms} & numbers
        return kept | exact | self._listed(one, numbers)

    def _listed(self, one: Word, numbers: set[int]) -> set[int]:
        """Of the words `numbers`, those that may stand for a given name of `one` without sounding like it."""
        also = lexicon.also_called()
        others = {entry for number in one.forms[0].given for entry in also.get(number, ())}
        return {n for n in numbers if others and word(self._words[n]).forms[0].given & others}


def _keys(one: Word) -> set[str]:
    sounds = {reading for form in one.forms for reading in (*form.sounds, *form.stem)}
    pieces = (
        {reading for piece in one.text.split("-")[:3] for reading in word(piece).sounds} if "-" in one.text else set()
    )
    return {key for reading in sounds | pieces for key in keys(reading) if key}


def _keys_of_other_names(one: Word) -> set[str]:
    also = lexicon.also_called()
    numbers = {other for number in one.forms[0].given for other in also.get(number, ())}
    return {key for number in numbers for reading in lexicon.entry(number).sounds for key in keys(reading) if key}


def _halves(one: Word) -> Iterator[Word]:
    if _LONG <= len(one.sounds[0]) <= _LONGEST:
        for at in range(3, len(one.text) - 2):
            yield word(one.text[:at])
            yield word(one.text[at:])
