"""What fingers and keyboards do to a name. Every slip is drawn with a random.Random, so a seed repeats it.

Keyboards: ЙЦУКЕН and QWERTY as in every system; the Kazakh one is RST KazSSR 903-90, whose own letters lie on the
row of digits (kz in xkeyboard-config).
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.suites.name_spellings import russified

QWERTY = "`qwertyuiop[]asdfghjkl;'zxcvbnm,." + '~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>'
JCUKEN = "ёйцукенгшщзхъфывапролджэячсмитьбю" + "ЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ"
KAZAKH_KEYS = "әіңғүұқөһ" + "ӘІҢҒҮҰҚӨҺ"
KAZAKH_ON_ENGLISH = "2345890-=" + "@#$%*()_+"
KAZAKH_ON_RUSSIAN = "2345890-=" + '"№;%*()_+'
ROWS = ("qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,.")
TO_ENGLISH = str.maketrans(JCUKEN + KAZAKH_KEYS, QWERTY + KAZAKH_ON_ENGLISH)
TO_RUSSIAN = str.maketrans(QWERTY, JCUKEN)
DIGITS = str.maketrans(KAZAKH_KEYS, KAZAKH_ON_RUSSIAN)
LOOK_ALIKE_CYRILLIC, LOOK_ALIKE_LATIN = "аеорсухіАВЕКМНОРСТХІ", "aeopcyxiABEKMHOPCTXI"
TO_LATIN_SHAPE = dict(zip(LOOK_ALIKE_CYRILLIC, LOOK_ALIKE_LATIN, strict=True))
TO_CYRILLIC_SHAPE = dict(zip(LOOK_ALIKE_LATIN, LOOK_ALIKE_CYRILLIC, strict=True))
Slip = Callable[[random.Random, str], str]


def on_russian_keyboard(name: str) -> str:
    """Kazakh letters replaced by the Russian ones of nearest look."""
    return russified(name)


def cyrillic_on_english_layout(name: str) -> str:
    """Cyrillic meant, English layout on: Серик is Cthbr, Бауыржан <fesh;fy, Серік (Kazakh keys) Cth3r."""
    return name.translate(TO_ENGLISH)


def latin_on_russian_layout(name: str) -> str:
    """English letters meant, Russian layout on: Serik is Ыукшл."""
    return name.translate(TO_RUSSIAN)


def kazakh_on_russian_layout(name: str) -> str:
    """Kazakh letters meant, Russian layout on: Серік is Сер3к, Қанат )анат."""
    return name.translate(DIGITS)


def mix_scripts(rng: random.Random, name: str) -> str:
    """Some letters, at least one and never all, replaced by those of the other script that look the same."""
    shapes = TO_LATIN_SHAPE if any("а" <= letter.lower() <= "я" for letter in name) else TO_CYRILLIC_SHAPE
    places = [at for at, letter in enumerate(name) if letter in shapes]
    chosen = set(rng.sample(places, rng.randint(1, max(1, len(places) // 2))))
    return "".join(shapes[letter] if at in chosen else letter for at, letter in enumerate(name))


def neighbours(letter: str) -> str:
    """Letters on the keys beside that of `letter`, on the layout of its script."""
    key = letter.translate(TO_ENGLISH)
    beside = "".join(row[max(0, row.index(key) - 1) : row.index(key) + 2] for row in ROWS if key in row)
    if key != letter:
        beside = beside.translate(TO_RUSSIAN)
    return "".join(each for each in beside if each.isalpha() and each != letter)


def _place(rng: random.Random, name: str, fits: Callable[[int], bool]) -> int | None:
    """A place for a slip, by lot: not the first letter of a word, in words of at least 4 letters."""
    starts = [at for at in range(len(name)) if at == 0 or not name[at - 1].isalpha()]
    long = [at for at in starts if name[at : at + 4].isalpha() and len(name[at : at + 4]) == 4]
    inside = [at for start in long for at in range(start + 1, _end(name, start)) if fits(at)]
    return rng.choice(inside) if inside else None


def _end(name: str, start: int) -> int:
    """Where the word that begins at `start` ends."""
    return next((at for at in range(start, len(name)) if not name[at].isalpha()), len(name))


def neighbour_key(rng: random.Random, name: str) -> str:
    """One letter replaced by that of a neighbouring key."""
    at = _place(rng, name, lambda at: bool(neighbours(name[at])))
    return name if at is None else name[:at] + rng.choice(neighbours(name[at])) + name[at + 1 :]


def doubled(rng: random.Random, name: str) -> str:
    """One letter typed twice."""
    at = _place(rng, name, lambda _: True)
    return name if at is None else name[:at] + name[at] + name[at:]


def dropped(rng: random.Random, name: str) -> str:
    """One letter left out."""
    at = _place(rng, name, lambda _: True)
    return name if at is None else name[:at] + name[at + 1 :]


def swapped(rng: random.Random, name: str) -> str:
    """Two neighbouring letters in the wrong order."""
    at = _place(rng, name, lambda at: name[at + 1 : at + 2].isalpha() and name[at] != name[at + 1])
    return name if at is None else name[:at] + name[at + 1] + name[at] + name[at + 2 :]


TYPOS: dict[str, Slip] = {"neighbour": neighbour_key, "doubled": doubled, "dropped": dropped, "swapped": swapped}


def typo(kind: str, seed: str, name: str, known: frozenset[str]) -> str:
    """`name` with one slip of a kind of TYPOS; drawn again while it makes a word of `known` (another man's name)."""
    rng = random.Random(f"{kind}/{seed}/{name}")
    for _ in range(100):
        slipped = TYPOS[kind](rng, name)
        if slipped != name and not known & (set(slipped.split()) - set(name.split())):
            return slipped
    raise ValueError(f"no {kind} slip can be made in {name}")
