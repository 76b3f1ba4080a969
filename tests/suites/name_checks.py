"""What is asked of the matcher about each person of the table: pairs of names, and what must come of each."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.suites import name_slips
from tests.suites.name_cases import kazakh_cases, russian_cases
from tests.suites.name_spellings import spellings
from tests.suites.name_table import Parts, Person, givens, siblings

GATES = {
    "spelling": 1.0,
    "pair": 1.0,
    "found": 1.0,
    "case-ru": 0.97,
    "case-kk": 0.97,
    "slip": 0.95,
    "typo": 0.95,
    "brother": 0.97,
    "verdict": 0.97,
}
"""The share that must be right: of each kind for slips and typos (what stands after the colon), else of the group."""
BY_KIND = ("slip", "typo")
TYPED = ("kazakh", "russian", "english")
LATIN = ("english", "plain", "ics2015", "april2021-bare")


@dataclass(frozen=True)
class Check:
    """Two names, and whether they are one person's; `kind` is group:detail, the group one of GATES."""

    kind: str
    first: str
    second: str
    is_same: bool = True

    @property
    def group(self) -> str:
        """The part of `kind` before the colon."""
        return self.kind.partition(":")[0]


@cache
def known_givens(scheme: str) -> frozenset[str]:
    """Every given name of the table in one spelling; a typo must not turn one into another."""
    everyone = [(sex, russian) for sex in "mf" for russian in (True, False)]
    parts = [
        Person("kk", sex, Parts(kazakh, "-", "-"), Parts(russian, "-", "-"))
        for sex, has_russian in everyone
        for kazakh, russian in givens(sex, has_russian)
    ]
    return frozenset(spellings(each)[scheme].split()[0] for each in parts)


def spelling_checks(person: Person) -> Iterator[Check]:
    """Every spelling against the original."""
    for scheme, written in spellings(person).items():
        yield Check(f"spelling:{scheme}", str(person.kazakh), written)


def pair_checks(person: Person) -> Iterator[Check]:
    """Every pair of spellings but the original's."""
    others = [(scheme, written) for scheme, written in spellings(person).items() if scheme != "kazakh"]
    for (one, first), (two, second) in itertools.combinations(others, 2):
        yield Check(f"pair:{one}/{two}", first, second)


def order(parts: Parts, turn: int) -> str:
    """A full name in one of the orders in use: given first, surname first, without the patronymic."""
    given, patronymic, surname = parts
    return (f"{given} {patronymic} {surname}", f"{surname} {given} {patronymic}", f"{given} {surname}")[turn % 3]


def case_checks(person: Person) -> Iterator[Check]:
    """Every case of the Russian and of the Kazakh name, and of the Kazakh given name alone."""
    for turn, (case, parts) in enumerate(russian_cases(person.russian, person.sex).items()):
        for original in (person.kazakh, person.russian):
            yield Check(f"case-ru:{case}", order(parts, turn), str(original))
    for turn in range(3):
        for case, inflected in kazakh_cases(order(person.kazakh, turn)).items():
            yield Check(f"case-kk:{case}", inflected, str(person.kazakh))
    for case, inflected in kazakh_cases(person.kazakh.given).items():
        yield Check(f"case-kk:given-{case}", inflected, person.kazakh.given)


def slip_checks(person: Person, seed: str) -> Iterator[Check]:
    """One name for each thing a keyboard does."""
    kazakh, russian = str(person.kazakh), str(person.russian)
    rng = random.Random(f"{seed}/{kazakh}")
    latin = spellings(person)[rng.choice(LATIN)]
    yield Check("slip:russian-keyboard", name_slips.on_russian_keyboard(kazakh), kazakh)
    yield Check("slip:russian-on-english-layout", name_slips.cyrillic_on_english_layout(russian), kazakh)
    yield Check("slip:kazakh-on-english-layout", name_slips.cyrillic_on_english_layout(kazakh), kazakh)
    yield Check("slip:latin-on-russian-layout", name_slips.latin_on_russian_layout(latin), kazakh)
    if name_slips.kazakh_on_russian_layout(kazakh) != kazakh:
        yield Check("slip:kazakh-on-russian-layout", name_slips.kazakh_on_russian_layout(kazakh), kazakh)
    yield Check("slip:latin-in-cyrillic", name_slips.mix_scripts(rng, rng.choice((kazakh, russian))), kazakh)
    yield Check("slip:cyrillic-in-latin", name_slips.mix_scripts(rng, latin), kazakh)


def typo_of(kind: str, seed: str, person: Person) -> str:
    """The name with one typo of this kind, in a spelling people type in."""
    scheme = random.Random(f"{seed}/{kind}/{person.kazakh}").choice(TYPED)
    return name_slips.typo(kind, seed, spellings(person)[scheme], known_givens(scheme))


def typo_checks(person: Person, seed: str) -> Iterator[Check]:
    """One typo of each kind, against the original and against a spelling by lot."""
    rng = random.Random(f"{seed}/typo/{person.kazakh}")
    for kind in name_slips.TYPOS:
        typed = typo_of(kind, seed, person)
        yield Check(f"typo:{kind}", typed, str(person.kazakh))
        yield Check(f"typo:{kind}", typed, rng.choice(list(spellings(person).values())))


def brother_checks(person: Person, seed: str, count: int | None = None) -> Iterator[Check]:
    """Brothers or sisters, `count` of them or all: as written, in another spelling by lot, and with a typo."""
    for brother in siblings(person, count, seed):
        rng = random.Random(f"{seed}/{person.kazakh}/{brother.kazakh}")
        written, kind = rng.choice(list(spellings(brother).values())), rng.choice(list(name_slips.TYPOS))
        yield Check("brother:original", str(person.kazakh), str(brother.kazakh), is_same=False)
        yield Check("brother:spelling", str(person.kazakh), written, is_same=False)
        yield Check("brother:typo", str(person.kazakh), typo_of(kind, seed, brother), is_same=False)


def all_checks(person: Person, seed: str) -> Iterator[Check]:
    """The full list for one person: about 800 checks."""
    yield from spelling_checks(person)
    yield from pair_checks(person)
    yield from case_checks(person)
    yield from slip_checks(person, seed)
    yield from typo_checks(person, seed)
    yield from brother_checks(person, seed)
