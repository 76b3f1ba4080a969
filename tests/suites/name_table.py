"""The people of tests/reviewer/people_names.tsv: invented full names, each in Kazakh and in Russian Cyrillic.

The Russian column is written by hand, because registry offices did not follow one rule (Өтегенов became Утегенов,
Уәлиев Валиев). Given names, patronymics and surnames are common ones, put together at random.
"""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).resolve().parents[1] / "reviewer" / "people_names.tsv"
RUSSIAN_NAMED = {"ru", "ko", "de"}
"""Peoples of Kazakhstan whose given names are mostly Russian; the others' are mostly Turkic or Arabic."""


class Parts(NamedTuple):
    """A full name in one spelling."""

    given: str
    patronymic: str
    surname: str

    def __str__(self) -> str:
        return " ".join(self)


@dataclass(frozen=True)
class Person:
    """One row: `people` is kk, ru, ug, uz, ky, ko, de or du (Dungan), `sex` m or f."""

    people: str
    sex: str
    kazakh: Parts
    russian: Parts

    @property
    def has_russian_names(self) -> bool:
        """Whether given names of this people are mostly Russian."""
        return self.people in RUSSIAN_NAMED

    @property
    def has_kazakh_patronymic(self) -> bool:
        """Whether the patronymic ends in -ұлы or -қызы."""
        return self.kazakh.patronymic.endswith(("ұлы", "қызы"))


@cache
def people() -> tuple[Person, ...]:
    """Everyone in the table, in its order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    return tuple(Person(row[0], row[1], Parts(*row[2:5]), Parts(*row[5:8])) for row in rows)


@cache
def givens(sex: str, has_russian_names: bool) -> tuple[tuple[str, str], ...]:
    """Given names of the table that a brother or sister may have: (Kazakh, Russian) pairs."""
    chosen = [each for each in people() if (each.sex, each.has_russian_names) == (sex, has_russian_names)]
    return tuple(sorted({(each.kazakh.given, each.russian.given) for each in chosen}))


def siblings(person: Person, count: int | None = None, seed: str = "siblings") -> list[Person]:
    """People of the same sex, surname and patronymic with another given name of the table; `count` of them by lot."""
    others = [pair for pair in givens(person.sex, person.has_russian_names) if pair[0] != person.kazakh.given]
    if count is not None and count < len(others):
        others = random.Random(f"{seed}/{person.kazakh}").sample(others, count)
    return [
        Person(person.people, person.sex, person.kazakh._replace(given=kazakh), person.russian._replace(given=russian))
        for kazakh, russian in others
    ]
