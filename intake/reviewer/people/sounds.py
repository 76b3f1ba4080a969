"""How a written word may sound: a word becomes a few strings of symbols, each symbol a fuzzy set of sounds.

The tables are data (`data/spellings.json`), so a spelling rule is added there and not here. A symbol is one
character of a private alphabet: two readings that sound alike differ in their characters and are brought
together by `distance`, which knows what each pair of symbols costs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files

from anyascii import anyascii

MAX_READINGS = 4
"""Readings kept of one word: the usual one first, then those with one letter group read another way."""
MAX_SYMBOLS = 40
"""Symbols kept of one reading; the longest word of a real name known to us has 24 letters."""


@dataclass(frozen=True)
class Spelling:
    """The tables of `data/spellings.json`, checked and turned for use. All costs are in wrong consonants."""

    symbols: Mapping[str, Mapping[str, float]]
    drop: Mapping[str, float]
    drop_other: float
    vowels: frozenset[str]
    sounds: Mapping[tuple[str, str], float]
    other_sounds: float
    other_vowels: float
    vowel_for_consonant: float
    letters: Mapping[str, tuple[str, ...]]
    start: Mapping[str, tuple[str, ...]]
    after_vowel: Mapping[str, tuple[str, ...]]
    other_readings: Mapping[str, tuple[str, ...]]
    longest: int
    names: tuple[str, ...] = field(default=())

    def code(self, symbol: str) -> str:
        """The one private character that stands for `symbol` in a reading."""
        return chr(0xE000 + self.names.index(symbol))


def _rules(table: Mapping[str, str], symbols: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    rules = {letters: tuple(value.split()) for letters, value in table.items()}
    unknown = {symbol for value in rules.values() for symbol in value} - set(symbols)
    if unknown:
        raise ValueError(f"spellings.json names symbols it does not define: {sorted(unknown)}")
    return rules


@cache
def spelling() -> Spelling:
    """The tables, read once. Raises ValueError when a rule names a symbol that is not defined."""
    data = json.loads(files(__package__).joinpath("data/spellings.json").read_text("utf-8"))
    symbols = data["symbols"]
    pairs = {(a, b): cost for a, b, cost in data["sounds"]}
    letters = _rules(data["letters"], symbols)
    return Spelling(
        symbols=symbols,
        drop=data["drop"],
        drop_other=data["drop_other"],
        vowels=frozenset(data["vowels"]),
        sounds=pairs | {(b, a): cost for (a, b), cost in pairs.items()},
        other_sounds=data["other_sounds"],
        other_vowels=data["other_vowels"],
        vowel_for_consonant=data["vowel_for_consonant"],
        letters=letters,
        start=_rules(data["start"], symbols),
        after_vowel=_rules(data["between_or_after_vowel"], symbols),
        other_readings=_rules(data["other_readings"], symbols),
        longest=max(map(len, letters)),
        names=tuple(symbols),
    )


@lru_cache(maxsize=20_000)
def readings(word: str) -> tuple[str, ...]:
    """The symbol strings a folded `word` may stand for, the usual one first; empty when nothing in it sounds."""
    return _readings(word) or _readings(anyascii(word).casefold())


def _readings(word: str) -> tuple[str, ...]:
    tables = spelling()
    usual = _read(word, {})
    found = [usual] if usual else []
    for group, value in tables.other_readings.items():
        if len(found) >= MAX_READINGS:
            break
        if group in word and (other := _read(word, {group: value})) and other not in found:
            found.append(other)
    return tuple(found)


def _read(word: str, instead: Mapping[str, tuple[str, ...]]) -> str:
    tables = spelling()
    found: list[str] = []
    at = 0
    while at < len(word) and len(found) < MAX_SYMBOLS:
        group, symbols = _group(word, at, instead, after_vowel=bool(found) and _is_vowel(found[-1]))
        found.extend(symbol for symbol in symbols if found[-1:] != [symbol] or _is_vowel(symbol))
        at += len(group)
    return "".join(map(tables.code, found))


def _is_vowel(symbol: str) -> bool:
    tables = spelling()
    return min(tables.symbols[symbol], key=tables.symbols[symbol].__getitem__) in tables.vowels


def _group(
    word: str, at: int, instead: Mapping[str, tuple[str, ...]], *, after_vowel: bool
) -> tuple[str, tuple[str, ...]]:
    tables = spelling()
    for length in range(min(tables.longest, len(word) - at), 0, -1):
        group = word[at : at + length]
        for table in (instead, tables.start if at == 0 else tables.after_vowel if after_vowel else {}, tables.letters):
            if group in table:
                return group, table[group]
    letter = word[at]
    plain = anyascii(letter).casefold()
    if letter.isascii() or not plain.isalpha():
        return letter, ()
    return letter, tuple(symbol for part in plain for symbol in tables.letters.get(part, ()))
