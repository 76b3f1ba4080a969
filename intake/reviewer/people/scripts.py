"""Words in which letters of two scripts are mixed because they look alike, brought back to one script."""

from __future__ import annotations

_CYRILLIC_FOR = dict(zip("abcehikmoptxyəɵj", "авсеһікмортхуәөј", strict=True))
_LATIN_FOR = {
    **{cyrillic: latin for latin, cyrillic in _CYRILLIC_FOR.items()},
    **dict(zip("нѕԁԛԝқғңұүө", "hsdqwqgnuuo", strict=True)),
}


def _is_cyrillic(letter: str) -> bool:
    return "\u0400" <= letter <= "\u052f"


def _is_latin(letter: str) -> bool:
    return letter.isalpha() and letter < "\u0300"


def one_script(text: str) -> str:
    """`text` with look-alike letters of the rarer script replaced by those of the other; Cyrillic wins a draw.

    A letter that has no twin stays. The Latin `h` stands for `н` when it was a capital, which folding hides:
    in a word otherwise Cyrillic it is read as `н`.
    """
    cyrillic = [letter for letter in text if _is_cyrillic(letter)]
    latin = [letter for letter in text if _is_latin(letter)]
    if not cyrillic or not latin:
        return text
    to_cyrillic = sum(letter not in _CYRILLIC_FOR for letter in latin)
    to_latin = sum(letter not in _LATIN_FOR for letter in cyrillic)
    if to_cyrillic <= to_latin:
        return "".join("н" if letter == "h" else _CYRILLIC_FOR.get(letter, letter) for letter in text)
    return "".join(_LATIN_FOR.get(letter, letter) for letter in text)
