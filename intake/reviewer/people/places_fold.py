"""Place names brought to one form whatever they are written in: «Қызылорда», "Kızılorda" and "Qyzylorda" are one key.

A key is coarse on purpose: it drops what spellings of one name disagree on (length and backness of vowels, soft
signs, which sibilant). What two different places may share after that, the exact spelling still tells apart.
Every function here that takes folded text also takes many names at once, one a line, which is what makes loading fast.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from importlib.resources import files

from anyascii import anyascii

_RULES = json.loads(files(__package__).joinpath("data/place_sounds.json").read_text("utf-8"))
_APOSTROPHES = re.compile("[\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02bf\u2032\u0060\u00b4]")
_DASHES = re.compile("[\u2010-\u2014\u2212]")
_LATIN_VOWELS = re.compile("(?<=[aeiouyáóúı])(?:ý|y')|ou|(?<![aeiou])[aou]e(?!v)")
"""The u of two older Kazakh alphabets, the French u and German umlauts: letter pairs that mean this in Latin only."""


def fold(text: str) -> str:
    """`text` without letter case, Unicode form and kinds of apostrophe and dash."""
    text = unicodedata.normalize("NFKC", _APOSTROPHES.sub("'", text.casefold()))
    return _DASHES.sub("-", text).replace("\u0307", "")


def plain_of(folded: str) -> str:
    """Folded text without apostrophes, with spaces for hyphens and full stops: the exact spelling of a name."""
    return re.sub("  +", " ", folded.replace("'", "").replace("-", " ").replace(".", " "))


class _Letters(dict[int, str]):
    """Maps one character to Latin letters; J and C stand for the sounds of ж and of ш, щ, ч, ц."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFD", chr(code))[0]
        found = plain if plain.isascii() else anyascii(chr(code)).lower()
        self[code] = found = "".join(letter for letter in found if letter.isalnum())
        return found


_LETTERS = _Letters({ord(old): new for new, letters in _RULES["letters"].items() for old in letters})
_LETTERS[ord("\n")] = "\n"
_SOUNDS: dict[str, str] = {old: new for new, some in _RULES["sounds"].items() for old in some.split()}
_SOUND = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_SOFT_J = re.compile("(?<=[aeiou])j|j(?![aeiou])")
_TWICE = re.compile(r"(.)\1+")


def _one_vowel(found: re.Match[str]) -> str:
    return found[0][0] if found[0].endswith("e") else "u"


def key_of(folded: str) -> str:
    """The key of folded text: lower-case ASCII letters and digits, none twice in a row; may be empty."""
    text = _LATIN_VOWELS.sub(_one_vowel, folded).translate(_LETTERS)
    text = _SOFT_J.sub("i", _SOUND.sub(lambda found: _SOUNDS[found[0]], text)).lower()
    return _TWICE.sub(r"\1", text.replace("ie", "e"))


_KAZAKH: tuple[str, ...] = tuple(_RULES["kazakh_cases"].split())
_RUSSIAN: tuple[str, ...] = tuple(_RULES["russian_cases"].split())
_OF_ADJECTIVES: tuple[str, ...] = tuple(_RULES["adjectives_after_sk"].split())
_BEFORE_SK: tuple[str, ...] = ("", *_RULES["adjectives_before_sk"].split())
LOST: tuple[str, ...] = tuple(_RULES["lost_before_a_case"].split())
"""Endings a Russian name loses before it gets those of a case, as keys."""
_LEAST_CASELESS = 2
LEAST_BASE = 3
"""Letters of the shortest key that is looked for without its ending."""


def adjective_stems(key: str) -> set[str]:
    """The key of a Russian adjective in -ский without its ending, for each ending it may be: алматинская."""
    return set(_without(key, _OF_ADJECTIVES, "sk"))


def undeclined(key: str) -> set[str]:
    """What the key of a mention may have been before a Kazakh or Russian case: Алматыда, из Алма-Аты."""
    found = {*_without(key, _KAZAKH), *_without(key, _RUSSIAN), *adjective_stems(key)}
    return {form for form in found if len(form) >= _LEAST_CASELESS}


def unadjectived(key: str) -> set[str]:
    """What the key of a Russian adjective may have been made of: карагандинский."""
    stems = [stem.removesuffix("sk") for stem in adjective_stems(key)]
    return {form for stem in stems for form in _without(stem, _BEFORE_SK) if len(form) >= LEAST_BASE}


def _without(key: str, endings: Iterable[str], kept: str = "") -> Iterator[str]:
    """`key` without each of the endings it has; what stays must end in `kept`."""
    return (key[: len(key) - len(e)] for e in endings if key.endswith(kept + e))
