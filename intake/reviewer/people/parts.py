"""From a name as written to its words: separators, initials, titles, separate patronymic words, mixed scripts."""

from __future__ import annotations

import re
from functools import lru_cache

from intake.reviewer.people import lexicon
from intake.reviewer.people.keyboard import meant
from intake.reviewer.people.text import fold_text
from intake.reviewer.people.words import Word, word

MAX_WORDS = 8
"""Words of a name that are compared; what comes after in the sorted order is left out."""

_NOT_NAME = re.compile(r"[^\w'\-.]+|_")


@lru_cache(maxsize=4_000)
def parse_name(name: str) -> tuple[Word, ...]:
    """The words of `name`, sorted, so that their order in writing changes nothing; empty when there is none."""
    texts: list[str] = []
    for chunk in meant(fold_text(name)).split():
        for piece in _NOT_NAME.sub(" ", chunk).split():
            texts.extend(_pieces(piece))
    texts = _join_fathers([text for text in texts if text])
    kept = [text for text in texts if text not in lexicon.titles() or lexicon.like_given(text)] or texts
    words = sorted(map(word, kept), key=lambda found: found.text)
    return tuple(found for found in words if found.sounds)[:MAX_WORDS]


def _pieces(piece: str) -> list[str]:
    """The words of one piece between spaces: initials as one word each, other dots as separators."""
    texts = [text.strip("-").lstrip("'") for text in piece.split(".")]
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
