"""Place names typed with the wrong keyboard layout on, turned into what the same keys give on the right one."""

from __future__ import annotations

from collections.abc import Iterator

_ENGLISH = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_TO_RUSSIAN = str.maketrans(_ENGLISH, _RUSSIAN)
_TO_ENGLISH = str.maketrans(_RUSSIAN, _ENGLISH)
_TO_KAZAKH = str.maketrans("2345890", "әіңғүұқ")
"""The upper row of the Kazakh layout: whoever forgets to switch from Russian gets digits for these letters."""
_TO_KAZAKH_ALL = str.maketrans("2345890-=", "әіңғүұқөһ")


def other_layouts(folded: str) -> Iterator[str]:
    """What the keys of `folded` (as fold_text returns it) give on other layouts, likelier ones first."""
    letters = [letter for letter in folded if letter.isalpha()]
    is_cyrillic = any("а" <= letter <= "ө" for letter in letters)
    if any(letter.isdigit() for letter in folded) and letters:
        cyrillic = folded if is_cyrillic else folded.translate(_TO_RUSSIAN)
        yield cyrillic.translate(_TO_KAZAKH)
        yield cyrillic.translate(_TO_KAZAKH_ALL)
    yield folded.translate(_TO_ENGLISH if is_cyrillic else _TO_RUSSIAN)
