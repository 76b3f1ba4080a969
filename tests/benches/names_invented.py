"""Full names made of the room's own lists of given names and surnames, always the same; they are nobody's on purpose.

Surnames are those of the list and more of the same make: a man's name with -ов or -ев. A third each: Kazakh order with
«-ұлы», «-қызы»; surname first with -ович, -овна; Latin letters, some with a patronymic.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib.resources import files

from anyascii import anyascii

SEED = 7
VOWELS = "аәеёиіоөуүұыэюя"
LANGUAGES = {"kk", "ru"}


def table(name: str) -> list[list[str]]:
    """The rows of a list of the room, without comments and empty lines."""
    text = files("intake.reviewer.people").joinpath("data", f"{name}.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def is_cyrillic(name: str) -> bool:
    return all("Ѐ" <= letter <= "ӿ" for letter in name)


def of_father(father: str, *, female: bool, kazakh: bool) -> str:
    """The patronymic of `father`, well enough for a bench."""
    if kazakh:
        return father + ("қызы" if female else "ұлы")
    if father[-1] in "йь":
        return father[:-1] + ("евна" if female else "евич")
    if father[-1] in VOWELS:
        return father + ("евна" if female else "евич")
    return father + ("овна" if female else "ович")


def surname_of(forefather: str) -> str:
    """The surname made of a man's name, as most Kazakh ones are."""
    if forefather[-1] in "йь":
        return forefather[:-1] + "ев"
    return forefather + ("ев" if forefather[-1] in VOWELS else "ов")


def invented_names(seed: int = SEED) -> Iterator[str]:
    """Different full names until the lists give no more; the same ones in the same order for a seed."""
    given = [
        (row[0], row[1]) for row in table("given_names") if is_cyrillic(row[0]) and LANGUAGES & {*row[2].split(",")}
    ]
    men = [name for name, sex in given if sex == "m"]
    surnames = [row[0] for row in table("surnames") if is_cyrillic(row[0])] + [surname_of(name) for name in men]
    chance, seen = random.Random(seed), set()
    for _ in range(len(given) * len(surnames) * len(men)):
        name = compose(chance, chance.choice(given), chance.choice(men), chance.choice(surnames))
        if name not in seen:
            seen.add(name)
            yield name


def compose(chance: random.Random, given: tuple[str, str], father: str, surname: str) -> str:
    """One full name in one of the three ways."""
    name, female = given[0], given[1] == "f"
    if female and surname.endswith(("ов", "ев", "ин")):
        surname += "а"
    way = chance.randrange(3)
    if way == 0:
        return f"{name} {of_father(father, female=female, kazakh=True)} {surname}"
    patronymic = of_father(father, female=female, kazakh=False)
    if way == 1:
        return f"{surname} {name} {patronymic}"
    return anyascii(f"{name} {surname}" if chance.random() < 0.5 else f"{surname} {name} {patronymic}")
