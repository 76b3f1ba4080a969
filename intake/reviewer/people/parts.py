"""From a name as written to its words: separators, initials, titles, separate patronymic words, mixed scripts."""

from __future__ import annotations

import re
from functools import lru_cache

from intake.reviewer.people import lexicon
from intake.reviewer.people.keyboard import meant
from intake.reviewer.people.text import fold_text
from intake.reviewer.people.words import Word, word

MAX_WORDS = 10
"""Words of a name that are compared: the longest, when there are more."""

_INITIALS = frozenset(["zh", "sh", "kh", "ch", "ts", "yu", "ya", "yo", "ye", "dzh", "dj", "ju", "ja", "je", "дж"])
"""Letter groups that before a dot are one initial."""
_NOT_NAME = re.compile(r"[^\w'\-.]+|_")


def parse_name(name: str) -> tuple[Word, ...]:
    """The words of `name`, sorted, so that their order in writing changes nothing; empty when there is none."""
    return _parse(fold_text(name))


@lru_cache(maxsize=4_000)
def _parse(name: str) -> tuple[Word, ...]:
    texts: list[str] = []
    for chunk in meant(name).split():
        for piece in _NOT_NAME.sub(" ", chunk).split():
            texts.extend(_pieces(piece))
    texts = _join_fathers([text for text in texts if text])
    kept = [text for text in texts if text not in lexicon.titles() or lexicon.like_given(text)] or texts
    sounding = [found for found in map(word, kept) if found.sounds]
    longest = sorted(sounding, key=lambda found: (-len(found.text), found.text))[:MAX_WORDS]
    return tuple(sorted(longest, key=lambda found: found.text))


def _pieces(piece: str) -> list[str]:
    """The words of one piece between spaces: initials as one word each, other dots as separators."""
    texts = [text.strip("-").lstrip("'") for text in piece.split(".")]
    texts = [f"{text}." if text in _INITIALS else text for text in texts[:-1]] + texts[-1:]
    return [text.rstrip("'") if len(text) < 3 else text for text in texts if text.strip("'")]


def _join_fathers(texts: list[str]) -> list[str]:
    """`texts` with each separate word such as `уулу` joined to the father's name before it."""
    joined: list[str] = []
    for text in texts:
        if text in lexicon.patronymic_words() and joined and "+" not in joined[-1] and len(joined[-1]) > 1:
            joined[-1] = f"{joined[-1]}+{text}"
        else:
            joined.append(text)
    return joined
