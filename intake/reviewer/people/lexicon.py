"""The word lists: given names and what stands for them, titles, and the endings of patronymics and surnames.

The lists are data files written from general knowledge. They help and never decide alone: a name that is in no
list is compared by its sound like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from intake.reviewer.people.distance import nearest
from intake.reviewer.people.keys import keys
from intake.reviewer.people.sounds import readings
from intake.reviewer.people.text import fold_text

SAME_ENTRY = 0.3
"""The farthest a word may sound from a listed given name and still be taken for it."""


def table(name: str) -> Iterator[list[str]]:
    """The rows of `data/NAME.tsv` as lists of cells, without comments and empty lines."""
    for line in files(__package__).joinpath(f"data/{name}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@dataclass(frozen=True)
class Ending:
    """An ending of a patronymic or a surname: as folded text, whose sex it tells (`m`, `f` or `u`) and its family."""

    text: str
    sex: str
    family: str


@dataclass(frozen=True)
class Entry:
    """A listed given name: its number, its sounds, the sex it tells, and the numbers of names one may also carry."""

    number: int
    sounds: tuple[str, ...]
    sex: str


@cache
def titles() -> frozenset[str]:
    """Words that stand beside a name and are not part of it, folded; none that can be a name itself."""
    return frozenset(fold_text(row[0]).strip(".") for row in table("titles") if row[3:] != ["1"])


@cache
def patronymic_endings() -> tuple[Ending, ...]:
    """Endings that make a father's name of a given name, longest first."""
    rows = [row for row in table("patronymics") if row[1] == "suffix"]
    return _longest_first(Ending(fold_text(row[0]).strip("-"), row[2], "patronymic") for row in rows)


@cache
def patronymic_words() -> dict[str, str]:
    """Words of their own that make the word before them a father's name, with the sex they tell."""
    return {fold_text(row[0]): row[2] for row in table("patronymics") if row[1] == "word"}


@cache
def surname_endings() -> tuple[Ending, ...]:
    """Endings of surnames, longest first; `family` is the masculine ending they belong with."""
    return _longest_first(
        Ending(fold_text(row[0]).strip("-"), row[2], row[1].strip("-")) for row in table("surname_endings")
    )


@cache
def exact_given() -> frozenset[str]:
    """The listed given names as folded text: a word that is one keeps what looks like a surname's ending."""
    return frozenset(fold_text(row[0]) for name in ("given_names", "given_names_world") for row in table(name))


def _longest_first(endings: Iterator[Ending]) -> tuple[Ending, ...]:
    return tuple(sorted(set(endings), key=lambda ending: (-len(ending.text), ending.text, ending.sex)))


@cache
def _entries() -> tuple[Entry, ...]:
    rows = [(row[0], row[1]) for name in ("given_names", "given_names_world") for row in table(name)]
    return tuple(Entry(number, readings(fold_text(name)), sex) for number, (name, sex) in enumerate(rows))


def entry(number: int) -> Entry:
    """The listed given name with this number, as `given_names` gives it."""
    return _entries()[number]


@cache
def _by_key() -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in _entries():
        for key in {key for reading in one.sounds for key in keys(reading)}:
            found.setdefault(key, []).append(one)
    return found


@lru_cache(maxsize=100_000)
def _listed(name: str) -> tuple[Entry, ...]:
    sounds = readings(name)
    near = {one for reading in sounds for key in keys(reading) for one in _by_key().get(key, ())}
    apart = {one: nearest(sounds, one.sounds) for one in near}
    best = min(apart.values(), default=SAME_ENTRY + 1)
    return tuple(one for one, far in apart.items() if far <= min(SAME_ENTRY, best + 0.05))


def given_names(word: str) -> frozenset[int]:
    """The numbers of the listed given names that the folded `word` sounds like; empty when there is none."""
    return frozenset(one.number for one in _listed(word))


def sex_of_given(word: str) -> str:
    """`m`, `f`, or `u` when the folded `word` is no listed given name or one for both."""
    sexes = {one.sex for one in _listed(word)}
    return sexes.pop() if len(sexes) == 1 else "u"


@cache
def also_called() -> dict[int, dict[int, float]]:
    """For the number of a given name, the numbers of those that may stand for it, with what that costs."""
    found: dict[int, dict[int, float]] = {}
    for short, fulls, strength in ((*row[:2], row[2]) for row in table("short_forms")):
        for full in fulls.split(","):
            _pair(found, short, full, 0.5 - 0.1 * int(strength))
    for row in table("same_names"):
        names = row[0].split(",")
        for name in names:
            for other in names:
                _pair(found, name, other, 0.15)
    return found


def _pair(found: dict[int, dict[int, float]], name: str, other: str, cost: float) -> None:
    for a in given_names(fold_text(name)):
        for b in given_names(fold_text(other)):
            if a != b:
                for one, two in ((a, b), (b, a)):
                    known = found.setdefault(one, {})
                    known[two] = min(cost, known.get(two, cost))
