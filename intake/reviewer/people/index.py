"""Names kept ready for searching: the words of all names, gathered under the keys of how they may sound.

A search takes, for each word of the query, the words that share a key with it and keeps those that truly sound near.
Names that one word brought in are looked through for the others, which a slip may have taken away from their keys;
when nothing answers well, words one consonant off and words written apart or together come in too. What the words of
a name say is added up, and the best names are scored exactly.
"""

from __future__ import annotations

import heapq
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import BinaryIO

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from intake.reviewer.errors import IndexUnreadable, NoSuchName
from intake.reviewer.people import lexicon
from intake.reviewer.people.keys import coarse, keys
from intake.reviewer.people.parts import MAX_WORDS, parse_name
from intake.reviewer.people.score import similarity_of
from intake.reviewer.people.sounds import readings
from intake.reviewer.people.text import MAX_CHARACTERS, fold_text
from intake.reviewer.people.words import MAX_FORMS, Form, Kind, Word, word

FORMAT = "intake name index 1"
MAX_SAVED = 512 * 1024 * 1024
"""Bytes of a saved index that are read; 1,000,000 names take about 60 MB."""
_COARSELY = 3
_SLIPPED = 2
_CHANGE = 0.25
"""How many classes of sounds may change in a word that shares a key, in one that a slip damaged, and the cost."""
_OTHER_NAME = 0.6
_QUERY_FORMS = 3
_SCORED = 24
"""Names scored exactly in one search, or two for each wanted, whichever is more."""
_WELL = 0.9
_MOST_JOINED = 4
_WEIGHED = 160
_LEFT_ON_BOTH = 0.6
_LEFT_OVER = 0.02
_INITIAL_FITS = 0.15
_INITIAL_DIFFERS = 0.3
MOST_FOUND = 500
"""The most names one search gives, whatever limit is asked for."""
_LONG = 7
"""Symbols from which a word of the query is also looked up in two halves, in case others write it apart."""
_LONGEST = 24


class NameIndex:
    """Names to be searched by likeness. Positions count from 0 in the order of adding and are never used again."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """An index of `names`, whose positions are those in `names`."""
        self._names: list[str | None] = []
        self._words: list[Word] = []
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
        """Adds `name`, of which 4 * MAX_CHARACTERS are kept, and returns its position."""
        kept = name[: MAX_CHARACTERS * 4].encode("utf-8", "replace").decode()
        return self._append(kept, [self._number(found) for found in parse_name(kept)])

    def _append(self, name: str, words: Sequence[int]) -> int:
        position = len(self._names)
        numbers = array("I", words)
        self._names.append(name)
        self._words_of.append(numbers)
        for number in set(numbers):
            self._names_of[number].append(position)
        self._count += 1
        return position

    def remove(self, position: int) -> None:
        """Takes the name at `position` out of all searches; raises NoSuchName when there is none."""
        if not 0 <= position < len(self._names) or self._names[position] is None:
            raise NoSuchName
        for number in set(self._words_of[position]):
            self._names_of[number].remove(position)
        self._names[position] = None
        self._words_of[position] = array("I")
        self._count -= 1

    def search(self, query: str, limit: int = 10) -> list[tuple[int, float]]:
        """Up to `limit` positions with their `similarity` to `query`, the likeliest first; ties by position."""
        words = parse_name(query)
        gathered = self._gather(words)
        limit = min(limit, MOST_FOUND)
        wanted = max(_SCORED, 2 * limit)
        likely = heapq.nsmallest(wanted, gathered.items(), key=lambda item: (-item[1], item[0]))
        scored = [(self._score(query, words, position), position) for position, _ in likely]
        best = heapq.nsmallest(limit, scored, key=lambda item: (-item[0], item[1]))
        return [(position, score) for score, position in best if score > 0.0]

    def save(self, file: BinaryIO) -> None:
        """Writes the index as UTF-8 JSON. Names are in plain text: `file` belongs in the vault or an encrypted disk."""
        texts = [found.text for found in self._words]
        state = [FORMAT, lexicon.tables_digest(), self._names, texts, [list(numbers) for numbers in self._words_of]]
        file.write(json.dumps(state, ensure_ascii=False, separators=(",", ":")).encode())

    @classmethod
    def load(cls, file: BinaryIO) -> NameIndex:
        """The index that was saved to `file`, with the same positions; raises IndexUnreadable.

        Names saved under other tables of spellings or word lists are read anew, which takes as long as adding them.
        """
        try:
            kind, digest, names, texts, words_of = json.loads(file.read(MAX_SAVED).decode())
        except (ValueError, TypeError, RecursionError):
            state = None
        else:
            state = (kind, digest, names, texts, words_of)
        if state is None:  # raised here, where no decoding error holds the names in its context
            raise IndexUnreadable
        if kind != FORMAT or not _is_saved(names, texts, words_of):
            raise IndexUnreadable
        index = cls()
        if digest == lexicon.tables_digest():
            for text in texts:
                index._number(word(text))
        for name, numbers in zip(names, words_of, strict=True):
            position = (
                index._append(name or "", numbers) if digest == lexicon.tables_digest() else index.add(name or "")
            )
            if name is None:
                index.remove(position)
        return index

    def _score(self, query: str, words: Sequence[Word], position: int) -> float:
        name = self._names[position]
        return (
            0.0
            if name is None
            else similarity_of(query, words, name, [self._words[n] for n in self._words_of[position]])
        )

    def _number(self, found: Word) -> int:
        if (number := self._numbers.get(found.text)) is not None:
            return number
        number = len(self._words)
        self._numbers[found.text] = number
        self._words.append(found)
        self._coarse.append(coarse(_telling(found.forms[0])[0]))
        self._names_of.append(array("I"))
        for key in _keys(found, MAX_FORMS):
            self._by_key.setdefault(key, array("I")).append(number)
        return number

    def _gather(self, words: Sequence[Word]) -> dict[int, float]:
        """For each name that shares a word with the query, how much its words speak for it, roughly."""
        full = [one for one in words if one.kind is not Kind.INITIAL]
        keyed = [self._keyed(one) for one in full]
        found = self._sum(keyed)
        if len(full) > 1:
            found = self._sum(self._with_damaged(full, keyed, found), only=found)
        if max(found.values(), default=0.0) < _WELL * min(len(full), 2):
            for other in self._written_otherwise(full):
                for position, likeness in other.items():
                    found[position] = max(found.get(position, 0.0), likeness)
        return self._weighed(words, len(full), found)

    def _weighed(self, words: Sequence[Word], full: int, found: Mapping[int, float]) -> dict[int, float]:
        """The best of `found`, less what is left over on both sides or on one, and with what initials say."""
        starts = {coarse(sounds)[:1] for one in words for sounds in one.sounds[:1]}
        best = heapq.nlargest(_WEIGHED, found.items(), key=lambda item: (item[1], -item[0]))
        weighed: dict[int, float] = {}
        for position, likeness in best:
            mine = [self._words[number] for number in self._words_of[position]]
            initials = [coarse(one.sounds[0])[:1] for one in mine if one.kind is Kind.INITIAL]
            both = min(full, len(mine) - len(initials))
            fitting = sum(_INITIAL_FITS if initial in starts else -_INITIAL_DIFFERS for initial in initials)
            left = _LEFT_ON_BOTH * max(0.0, both - likeness) + _LEFT_OVER * abs(len(mine) - len(words))
            weighed[position] = likeness + fitting - left
        return weighed

    def _written_otherwise(self, words: Sequence[Word]) -> Iterator[dict[int, float]]:
        """What names say for words one consonant off, for a word written apart, and for two written as one."""
        yield self._sum(map(self._damaged, words))
        for one, two in (pieces for found in words for pieces in _halves(found)):
            yield self._sum([self._keyed(one), self._keyed(two)])
        for joined in _joined(words):
            yield self._sum([self._keyed(joined)])

    def _with_damaged(
        self, words: Sequence[Word], keyed: Sequence[Mapping[int, float]], found: Iterable[int]
    ) -> Iterator[Mapping[int, float]]:
        """`keyed`, also with words of the names `found` that a slip took away from the keys of the query's words."""
        around = {number for position in found for number in self._words_of[position]}
        choices = {number: self._coarse[number] for number in around}
        for one, near in zip(words, keyed, strict=True):
            yield {**self._coarsely(one, choices, _SLIPPED), **near}

    def _sum(self, near: Iterable[Mapping[int, float]], only: Mapping[int, float] | None = None) -> dict[int, float]:
        """For each name, the likeness of its best word for each word of the query, added up."""
        found: dict[int, float] = {}
        for likely in near:
            best: dict[int, float] = {}
            for number, likeness in likely.items():
                for position in self._names_of[number]:
                    if likeness > best.get(position, 0.0):
                        best[position] = likeness
            for position, likeness in best.items():
                if only is None or position in only:
                    found[position] = found.get(position, 0.0) + likeness
        return found

    def _keyed(self, one: Word) -> dict[int, float]:
        """The words that share a key with `one`, or spell a name that may stand for it."""
        numbers = {number for own in _keys(one, _QUERY_FORMS) for number in self._by_key.get(own, ())}
        found = self._coarsely(one, {number: self._coarse[number] for number in numbers}, _COARSELY)
        for form in one.forms:
            if (number := self._numbers.get(form.text)) is not None:
                found[number] = 1.0 - form.cost
        for number in self._listed(_other_names(one)):
            found[number] = max(found.get(number, 0.0), _OTHER_NAME)
        return found

    def _damaged(self, one: Word) -> dict[int, float]:
        """The words whose key differs from a key of `one` in one consonant."""
        numbers: set[int] = set()
        for own in _keys(one, 1):
            near = process.extract(own, self._by_key.keys(), scorer=Levenshtein.distance, score_cutoff=1, limit=None)
            for key, _, _ in near:
                numbers.update(self._by_key[key])
        return self._coarsely(one, {number: self._coarse[number] for number in numbers}, _COARSELY)

    def _coarsely(self, one: Word, choices: Mapping[int, str], most: int) -> dict[int, float]:
        """Those of `choices`, coarse spellings by number, that are at most `most` changes from one of `one`."""
        found: dict[int, float] = {}
        for text in _outlines(one):
            cutoff = max(most, len(text) // 3)
            near = process.extract(text, choices, scorer=Levenshtein.distance, score_cutoff=cutoff, limit=None)
            for _, changes, number in near:
                found[number] = max(found.get(number, 0.0), 1.0 - _CHANGE * changes)
        return found

    def _listed(self, others: set[int]) -> set[int]:
        """The words that spell a listed given name with one of these numbers."""
        texts = {key for number in others for reading in lexicon.entry(number).sounds for key in keys(reading)}
        numbers = {number for key in texts for number in self._by_key.get(key, ())}
        return {number for number in numbers if self._words[number].forms[0].given & others}


def _is_saved_word(text: object) -> bool:
    return isinstance(text, str) and len(text) <= MAX_CHARACTERS and fold_text(text) == text and bool(readings(text))


def _is_saved(names: object, texts: object, words_of: object) -> bool:
    """Whether the parts of a saved index are what `save` writes, each word number among the words."""
    if not isinstance(names, list) or not isinstance(texts, list) or not isinstance(words_of, list):
        return False
    if len(names) != len(words_of) or not all(map(_is_saved_word, texts)):
        return False
    if len(set(texts)) != len(texts) or not all(name is None or isinstance(name, str) for name in names):
        return False
    return all(
        isinstance(numbers, list)
        and len(numbers) <= MAX_WORDS
        and all(type(n) is int and 0 <= n < len(texts) for n in numbers)
        for numbers in words_of
    )


def _keys(one: Word, forms: int) -> set[str]:
    """The keys of the first `forms` forms of a word, of their stems, and of the halves of a double name."""
    sounds = {reading for form in one.forms[:forms] for reading in (*form.sounds, *form.stem)}
    pieces = {reading for piece in one.text.split("-")[:3] if piece != one.text for reading in word(piece).sounds}
    return {key for reading in sounds | pieces for key in keys(reading) if key}


def _outlines(one: Word) -> set[str]:
    """The coarse spellings of the likeliest forms of a word, and of the parts of a double name."""
    pieces = [word(piece) for piece in one.text.split("-")[:3] if piece != one.text]
    forms = [*one.forms[:_QUERY_FORMS], *(piece.forms[0] for piece in pieces if piece.sounds)]
    return {coarse(sounds) for form in forms for sounds in _telling(form)[:2]}


def _telling(form: Form) -> tuple[str, ...]:
    """The readings that tell a word from others: of a patronymic, whose ending may be any, those of the father."""
    return form.stem if form.kind is Kind.PATRONYMIC and form.stem else form.sounds


def _other_names(one: Word) -> set[int]:
    """The numbers of the listed given names that may stand for the one that the word spells."""
    also = lexicon.also_called()
    return {other for form in one.forms[:_QUERY_FORMS] for number in form.given for other in also.get(number, ())}


def _halves(one: Word) -> Iterator[tuple[Word, Word]]:
    if _LONG <= len(one.sounds[0]) <= _LONGEST:
        for at in range(3, len(one.text) - 2):
            yield word(one.text[:at]), word(one.text[at:])


def _joined(words: Sequence[Word]) -> Iterator[Word]:
    if len(words) <= _MOST_JOINED:
        for one, two in permutations(words, 2):
            yield word(one.text + two.text)
