"""Place names brought to one form whatever they are written in: «Қызылорда», "Kızılorda" and "Qyzylorda" are one key.

A key is coarse on purpose: it drops what spellings of one name disagree on (length and backness of vowels, soft
signs, which sibilant). What two different places may share after that, the exact spelling still tells apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from anyascii import anyascii

from intake.reviewer.people.text import fold_text

_CYRILLIC = "абвгғдеёжзийклмнңоөпрстуүұўфхһцчшщъыіїьэюяәқҗєј"
_LATIN = "a b v g g d e e J z i i k l m n n o o p r s t u u u u f h h C C C C _ i i i _ e iu ia a k J e i".split()
_MARKED = {
    **dict.fromkeys("şșšśŝçčć", "C"),
    **dict.fromkeys("žżź", "J"),
    **{"ə": "a", "ı": "i", "ł": "l", "ñ": "n", "ŋ": "n", "ø": "o", "ұ": "u", "x": "h", "-": "", "'": ""},
}


class _Letters(dict[int, str]):
    """Maps one character to Latin letters; J and C stand for the sounds of ж and of ш, щ, ч, ц."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFD", chr(code))[0]
        found = plain if plain.isascii() else anyascii(chr(code)).lower()
        self[code] = found = "".join(letter for letter in found if letter.isalnum())
        return found


_LETTERS = _Letters({ord(a): b.strip("_") for a, b in zip(_CYRILLIC, _LATIN, strict=True)} | {ord(a): b for a, b in _MARKED.items()})
_SOUNDS = {
    **dict.fromkeys(("shch", "schtsch", "tsch", "sch", "sh", "ch", "tch", "tsj", "sj", "sz", "cz", "ts", "tz", "c"), "C"),
    **dict.fromkeys(("dzh", "dJ", "dj", "dsch", "dz", "zh", "jh"), "J"),
    **{"gh": "g", "kh": "h", "q": "k", "w": "u", "ph": "f", "th": "t", "y": "i", "ou": "u"},
    **{"oe": "o", "ae": "a", "ue": "u"},
}
_SOUND = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_SOFT_J = re.compile("(?<=[aeiou])j|j(?![aeiou])")
_ACUTE_U = re.compile("(?<=[aeiouyáóúı])(?:ý|y')")
_TWICE = re.compile(r"(.)\1+")


@cache
def key_of(folded: str) -> str:
    """The key of what `fold_text` returned: lower-case ASCII letters and digits, none twice in a row."""
    text = _ACUTE_U.sub("u", folded).translate(_LETTERS)
    text = _SOFT_J.sub("i", _SOUND.sub(lambda found: _SOUNDS[found[0]], text)).lower()
    return _TWICE.sub(r"\1", text.replace("ie", "e"))


def plain_of(text: str) -> str:
    """`text` without letter case, Unicode form, apostrophes, and with one space for any white space or hyphen."""
    return " ".join(re.sub("[-'.]", lambda found: "" if found[0] == "'" else " ", fold_text(text)).split())


_KAZAKH = re.compile(
    "(?:n?[dt][ae](?:n|gi)?|[ndt]an|[ndt]en|n?[gk][ae]|[ndt]in|[ndt]i|[mbp]en|[dlt]ik(?:tar|ter)?)$"
)
_RUSSIAN = re.compile("(?:om|em|oi|ei|oiu|eiu|ou|u|a|e|i|o|ah|iah|am|ami|iu|ia|ii|ie)$")
_ADJECTIVE = re.compile("(?<=.)(?:(?:in|ov|ev|an|n)?sk)(?:ii|i|aia|oe|ogo|oi|omu|om|uiu|ie|ih|im|imi)$")
_SK = re.compile("(?<=sk)(?:ii|i|aia|oe|ogo|oi|omu|om|uiu|ie|ih|im|imi)$")
_LEAST_BASE = 3


def bases_of(key: str) -> frozenset[str]:
    """What may stay of a name's key when its last vowel or adjective ending changes."""
    found = {key, _SK.sub("", key)}
    found |= {form[:-1] for form in found if form[-1:] in {"a", "e", "i", "o", "u"}}
    return frozenset(form for form in found if len(form) >= _LEAST_BASE)


def undeclined(key: str) -> Iterator[str]:
    """What the key of a mention may have been before it got a Kazakh case, a Russian case or was made an adjective."""
    for ending in (_KAZAKH, _RUSSIAN, _SK, _ADJECTIVE):
        base = ending.sub("", key)
        if base != key and len(base) >= _LEAST_BASE:
            yield base
            if ending is _KAZAKH and (second := _KAZAKH.sub("", base)) != base and len(second) > _LEAST_BASE:
                yield second
