"""Names typed with the wrong keyboard layout switched on, read as they were meant.

`Njrftd Cthbr` is Токаев Серик typed on the English layout, `Ыукшл` is Serik typed on the Russian one. Text is
turned over only when what stands there can hardly be a name and what it turns into can.
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from importlib.resources import files

from anyascii import anyascii

from intake.reviewer.people import lexicon
from intake.reviewer.people.scripts import one_script
from intake.reviewer.people.text import fold_text

_MARGIN = 1.6
"""By how much, in natural logarithms per letter, the other reading must be likelier. Set on invented names."""
_MARGIN_NAME = 0.9
_MARGIN_DIGITS = 0.3
"""The same for a name as a whole, and for a piece with digits or signs inside, which no name has."""
_SHORTEST_NAME = 6
_FEWEST_PIECES = 2
_SHORTEST_PIECE = 5
_SHORTEST_MIXED = 3
_PLAIN = -7.0
"""Text at least this likely, per letter, is a name as it stands."""
_DIGIT = re.compile(r"[^\W\d_]\d|[\d\"%()*;+][^\W\d_]")
_PUNCTUATION = ",.;:'\"[]{}<>`~-"


@cache
def _layouts() -> tuple[tuple[str, dict[str, str]], ...]:
    """For each direction: the script to end in, and what each typed character was meant to be."""
    data = json.loads(files(__package__).joinpath("data/keyboards.json").read_text("utf-8"))
    found = []
    for target, typed, intended in data["layouts"]:
        found.append((target, dict(zip(typed, intended, strict=True))))
    return tuple(found)


@cache
def _pairs(script: str) -> dict[str, float]:
    """Natural logarithms of how often each letter follows another in listed names of `script`."""
    counts: dict[str, int] = {}
    for name in ("given_names", "surnames"):
        for row in lexicon.table(name):
            text = f"^{fold_text(row[0] if script == 'cyrillic' else anyascii(row[0]))}$"
            for at in range(len(text) - 1):
                counts[text[at : at + 2]] = counts.get(text[at : at + 2], 0) + 1
    total = sum(counts.values()) or 1
    return {pair: math.log(count / total) for pair, count in counts.items()}


def _likelihood(text: str, script: str) -> float:
    pairs = _pairs(script)
    framed = f"^{text}$"
    return sum(pairs.get(framed[at : at + 2], -11.0) for at in range(len(framed) - 1)) / (len(framed) - 1)


def _script(text: str) -> str:
    return "cyrillic" if re.search("[\u0400-\u052f]", text) else "latin"


def meant(text: str) -> str:
    """The folded `text` turned to the layout it was meant for, where that is clear: as a whole, else piece by piece."""
    pieces = [one_script(piece) for piece in text.split()]
    own = _mean(pieces, "")
    if own >= _PLAIN and not any(map(_DIGIT.search, pieces)):
        return " ".join(pieces)
    if len(pieces) < _FEWEST_PIECES or any(map(_listed, pieces)):
        return " ".join(map(_meant, pieces))
    best, likely = pieces, own + _MARGIN_NAME
    for target, keys in _layouts():
        if sum(map(len, pieces)) >= _SHORTEST_NAME and any(letter in keys for letter in text):
            turned = [_turned(piece, keys) for piece in pieces]
            if (value := _mean(turned, target)) > likely:
                best, likely = turned, value
    return " ".join(map(_meant, pieces) if best is pieces else best)


@cache
def _surnames() -> frozenset[str]:
    return frozenset(fold_text(row[0]) for row in lexicon.table("surnames"))


def _listed(piece: str) -> bool:
    """Whether a piece stands in the lists of given names or surnames as it is."""
    return piece in lexicon.exact_given() or piece in _surnames()


def _is_name(piece: str) -> bool:
    """Whether a piece turned to another layout is listed, or has the ending of a surname or patronymic."""
    return (
        _listed(piece)
        or bool(lexicon.like_given(piece))
        or any(piece[-size:] in lexicon.endings() for size in (2, 3, 4, 5))
    )


def _mean(pieces: list[str], script: str) -> float:
    """The likelihood per letter of all `pieces` in `script`, or each in its own when that is empty."""
    letters = sum(len(piece) + 1 for piece in pieces) or 1
    bare = [(piece.strip(_PUNCTUATION), len(piece) + 1) for piece in pieces]
    return sum(_likelihood(piece, script or _script(piece)) * size for piece, size in bare) / letters


def _turned(piece: str, keys: dict[str, str]) -> str:
    return fold_text("".join(keys.get(letter, letter) for letter in piece))


def _meant(piece: str) -> str:
    if _listed(piece):
        return piece
    mixed = _DIGIT.search(piece)
    if len(piece) < (_SHORTEST_MIXED if mixed else _SHORTEST_PIECE):
        return piece
    margin = _MARGIN_DIGITS if mixed else _MARGIN
    best, likely = piece, _likelihood(piece.strip(_PUNCTUATION), _script(piece)) + margin
    for target, keys in _layouts():
        if all(letter in keys for letter in piece) and any(keys[letter] != letter for letter in piece):
            turned = _turned(piece, keys)
            if (value := _likelihood(turned, target)) > likely and _is_name(turned):
                best, likely = turned, value
    return best
