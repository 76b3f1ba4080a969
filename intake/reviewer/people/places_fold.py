"""Place names brought to one form whatever they are written in: «Қызылорда», "Kızılorda" and "Qyzylorda" are one key.

A key is coarse on purpose: it drops what spellings of one name disagree on (length and backness of vowels, soft
signs, which sibilant). What two different places may share after that, the exact spelling still tells apart.
Every function here that takes folded text also takes many names at once, one a line, which is what makes loading fast.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from anyascii import anyascii

_CYRILLIC = "абвгғдеёжзийклмнңоөпрстуүұўфхһцчшщыіїьъэюяәқҗєј"
_LATIN = "a b v g g d e e J z i i k l m n n o o p r s t u u u u f h h C C C C i i i _ _ e iu ia a k J e i".split()
_MARKED = {
    **dict.fromkeys("şșšśŝçčć", "C"),
    **dict.fromkeys("žżź", "J"),
    **{"ə": "a", "ı": "i", "ł": "l", "ñ": "n", "ŋ": "n", "ø": "o", "x": "h", "-": "", "'": "", "\n": "\n"},
}
_APOSTROPHES = re.compile("[\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02bf\u2032\u0060\u00b4]")
_DASHES = re.compile("[\u2010-\u2014\u2212]")
_TWO_VOWELS = re.compile("(?<=[aeiouyáóúı])(?:ý|y')")


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


_LETTERS = _Letters({ord(a): b.strip("_") for a, b in zip(_CYRILLIC, _LATIN, strict=True)})
_LETTERS |= {ord(a): b for a, b in _MARKED.items()}
_SOUNDS = {
    **dict.fromkeys(("shch", "schtsch", "tsch", "sch", "sh", "ch", "tch", "tsj", "sj", "sz", "cz", "ts", "tz", "c"), "C"),
    **dict.fromkeys(("dzh", "dJ", "dj", "dsch", "dz", "zh", "jh"), "J"),
    **{"gh": "g", "kh": "h", "q": "k", "w": "u", "ph": "f", "th": "t", "y": "i", "ou": "u"},
    **{"oe": "o", "ae": "a", "ue": "u"},
}
_SOUND = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_SOFT_J = re.compile("(?<=[aeiou])j|j(?![aeiou])")
_TWICE = re.compile(r"(.)\1+")


def key_of(folded: str) -> str:
    """The key of folded text: lower-case ASCII letters and digits, none twice in a row; may be empty."""
    text = _TWO_VOWELS.sub("u", folded).translate(_LETTERS)
    text = _SOFT_J.sub("i", _SOUND.sub(lambda found: _SOUNDS[found[0]], text)).lower()
    return _TWICE.sub(r"\1", text.replace("ie", "e"))


_KAZAKH = re.compile("(?:n?[dt][ae](?:n|gi)?|[ndt]an|[ndt]en|n?[gk][ae]|[ndt]in|[ndt]i|[mbp]en|[dlt]ik(?:tar|ter)?)$")
_RUSSIAN = re.compile("(?:om|em|oi|ei|oiu|eiu|ou|u|a|e|i|o|ah|iah|am|ami|iu|ia|ii|ie)$")
_CASES = "(?:ii|i|aia|oe|ogo|oi|omu|om|uiu|ie|ih|im|imi)$"
_ADJECTIVE = re.compile("(?<=.)(?:(?:in|ov|ev|an|n)?sk)" + _CASES)
_SK = re.compile("(?<=sk)" + _CASES)
_LEAST_BASE = 3


def bases_of(key: str) -> set[str]:
    """What may stay of a name's key when its last vowel or adjective ending changes."""
    found = {key}
    if "sk" in key:
        found.add(_SK.sub("", key))
    found |= {form[:-1] for form in found if form[-1:] in "aeiou"}
    return {form for form in found if len(form) >= _LEAST_BASE}


def undeclined(key: str) -> Iterator[str]:
    """What the key of a mention may have been before it got a Kazakh case, a Russian case or was made an adjective."""
    for ending in (_KAZAKH, _RUSSIAN, _SK, _ADJECTIVE):
        base = ending.sub("", key)
        if base != key and len(base) >= _LEAST_BASE:
            yield base
            if ending is _KAZAKH and (second := _KAZAKH.sub("", base)) != base and len(second) > _LEAST_BASE:
                yield second
