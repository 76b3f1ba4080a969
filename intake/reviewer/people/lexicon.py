"""The word lists: given names and what stands for them, titles, and the endings of patronymics and surnames.

The lists are data files written from general knowledge. They help and never decide alone: a name that is in no
list is compared by its sound like any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz.distance import Levenshtein

from intake.reviewer.people.distance import nearest
from intake.reviewer.people.keys import coarse, keys
from intake.reviewer.people.sounds import readings
from intake.reviewer.people.text import fold_text

SAME_ENTRY = 0.15
"""The farthest a word may sound from a listed given name and still be a spelling of it."""
LIKE_ENTRY = 0.3
"""The farthest it may sound and still count as some given name."""
_AS_GOOD = 0.12
_SHORT_FORM = {"1": 0.75, "2": 0.5, "3": 0.3}
"""What it costs to take a short form for the full name, by how often it stands for it.

One that is a name in documents too, as Бақыт beside Бақытбек, counts as the rarest."""


def table(name: str) -> Iterator[list[str]]:
    """The rows of `data/NAME.tsv` as lists of cells, without comments and empty lines."""
    for line in files(__package__).joinpath(f"data/{name}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@cache
def tables_digest() -> str:
    """SHA-256, in hex, over all tables of spellings and words: what a saved index was made with."""
    digest = hashlib.sha256()
    for path in sorted(files(__package__).joinpath("data").iterdir(), key=lambda found: found.name):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Ending:
    """An ending: as folded text, the sex it tells (`m`, `f` or `u`), and its family of surname endings.

    Endings of one family are forms of one surname; the family is empty for the ending of a patronymic.
    """

    text: str
    sex: str
    family: str


@dataclass(frozen=True, eq=False)
class Entry:
    """A listed given name: its number, its sounds, the `coarse` first of them, and the sex it tells."""

    number: int
    sounds: tuple[str, ...]
    outline: str
    sex: str


@cache
def titles() -> frozenset[str]:
    """Words that stand beside a name and are not part of it, folded; none that can be a name itself."""
    return frozenset(fold_text(row[0]).strip(".") for row in table("titles") if row[3:] != ["1"])


@cache
def endings() -> dict[str, Ending]:
    """Endings of patronymics and surnames by their folded text; where both have one, the patronymic's."""
    rows = [row for row in table("endings") if row[1] != "word"]
    found = [Ending(fold_text(row[0]), row[3], row[2] if row[1] == "surname" else "") for row in rows]
    return {ending.text: ending for ending in sorted(found, key=lambda ending: ending.family, reverse=True)}


@cache
def patronymic_words() -> dict[str, str]:
    """Words of their own that make the word before them a father's name, with the sex they tell."""
    return {fold_text(row[0]): row[3] for row in table("endings") if row[1] == "word"}


@cache
def exact_given() -> dict[str, int]:
    """The listed given names and short forms as folded text, with the number of the name.

    Such a word has no ending of a surname, and is in no grammatical case.
    """
    names = [row[0] for name in ("given_names", "given_names_world", "short_forms") for row in table(name)]
    return {name: number for number, name in enumerate(dict.fromkeys(map(fold_text, names)))}


@cache
def _entries() -> tuple[Entry, ...]:
    sexes: dict[str, set[str]] = {}
    for name in ("given_names", "given_names_world"):
        for row in table(name):
            sexes.setdefault(fold_text(row[0]), set()).add(row[1])
    found = []
    for name, number in exact_given().items():
        sounds, sex = readings(name), sexes.get(name, {"u"})
        found.append(Entry(number, sounds, coarse(sounds[0]), sex.pop() if len(sex) == 1 else "u"))
    return tuple(found)


def entry(number: int) -> Entry:
    """The listed given name with this number, as `given_names` gives it."""
    return _entries()[number]


@cache
def _by_key() -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in _entries():
        for key in keys(one.sounds[0]):
            found.setdefault(key, []).append(one)
    return found


@lru_cache(maxsize=12_000)
def _listed(name: str) -> tuple[tuple[Entry, float], ...]:
    """The listed given names nearest to the folded `name`, none farther than LIKE_ENTRY, with their distances."""
    sounds = readings(name)
    near: dict[Entry, float] = {}
    for reading in sounds:
        outline = coarse(reading)
        for key in keys(reading):
            for one in _by_key().get(key, ()):
                if one not in near and Levenshtein.distance(outline, one.outline, score_cutoff=1) <= 1:
                    near[one] = nearest(sounds, one.sounds)
    best = min(near.values(), default=LIKE_ENTRY + 1)
    return tuple((one, far) for one, far in near.items() if far <= min(LIKE_ENTRY, best + _AS_GOOD))


def like_given(word: str) -> frozenset[int]:
    """The numbers of the listed given names nearest to the folded `word`, also when it is no spelling of them."""
    return frozenset(one.number for one, _ in _listed(word))


def given_names(word: str) -> frozenset[int]:
    """The numbers of the listed given names of which the folded `word` is a spelling; empty when there is none."""
    return frozenset(one.number for one, far in _listed(word) if far <= SAME_ENTRY)


def sex_of_given(word: str) -> str:
    """`m`, `f`, or `u` when the folded `word` is no listed given name or one for both."""
    if (number := exact_given().get(word)) is not None:
        return entry(number).sex
    sexes = {one.sex for one, _ in _listed(word)}
    return sexes.pop() if len(sexes) == 1 else "u"


@cache
def also_called() -> dict[int, dict[int, float]]:
    """For the number of a given name, the numbers of those that may stand for it, with what that costs."""
    found: dict[int, dict[int, float]] = {}
    official = {row[0] for row in table("given_names")}
    for short, fulls, strength in table("short_forms"):
        for full in fulls.split(","):
            _pair(found, short, full, _SHORT_FORM["1" if short in official else strength])
    for row in table("same_names"):
        names = row[0].split(",")
        for name in names:
            for other in names:
                _pair(found, name, other, 0.15)
    return found


def _pair(found: dict[int, dict[int, float]], name: str, other: str, cost: float) -> None:
    a, b = exact_given().get(fold_text(name)), exact_given().get(fold_text(other))
    if a is None or b is None or a == b:
        return
    for one, two in ((a, b), (b, a)):
        known = found.setdefault(one, {})
        known[two] = min(cost, known.get(two, cost))
