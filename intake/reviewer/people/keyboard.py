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
from intake.reviewer.people.text import fold_text

_MARGIN = 1.6
"""By how much, in natural logarithms per letter, the other reading must be likelier. Set on invented names."""
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
def neighbours() -> frozenset[str]:
    """Pairs of characters whose keys touch on one of the layouts, each pair in both orders."""
    data = json.loads(files(__package__).joinpath("data/keyboards.json").read_text("utf-8"))
    found: set[str] = set()
    for rows in data["rows"]:
        keys = [(key, at + 0.5 * down, down) for down, row in enumerate(rows) for at, key in enumerate(row)]
        for key, x, y in keys:
            found.update(
                key + other for other, x2, y2 in keys if key != other and abs(x - x2) <= 1 and abs(y - y2) <= 1
            )
    return frozenset(found)


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
    """The folded `text` with each piece between spaces turned to the layout it was meant for, where that is clear."""
    return " ".join(map(_meant, text.split()))


def _meant(piece: str) -> str:
    if len(piece) < 3:
        return piece
    best, likely = piece, _likelihood(piece.strip(_PUNCTUATION), _script(piece)) + _MARGIN
    for target, keys in _layouts():
        if all(letter in keys for letter in piece) and any(keys[letter] != letter for letter in piece):
            turned = fold_text("".join(keys[letter] for letter in piece))
            if (value := _likelihood(turned, target)) > likely:
                best, likely = turned, value
    return best
