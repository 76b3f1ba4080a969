"""How far apart two readings are: an edit distance whose costs know which sounds are mixed up in names.

One wrong consonant costs 1; a vowel heard otherwise, a spelling of the same sound, a dropped glide cost less.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import accumulate

from rapidfuzz.distance import Levenshtein

from intake.reviewer.people.keys import coarse
from intake.reviewer.people.slips import neighbours
from intake.reviewer.people.sounds import spelling

FAR = 1.6
"""The greatest distance told apart; anything further counts as this."""
_COARSELY = 4
"""Classes of sounds changed beyond which two readings are never less than FAR apart; tested on many words."""
_SWAP = 0.6
_NEIGHBOUR = 0.4
_DOUBLED = 0.1
_LEFT_OUT = 0.5


@cache
def _tables() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Costs of dropping a symbol and, per symbol, of reading it as another one, by their private characters."""
    tables = spelling()
    names = tables.names
    drop = {tables.code(name): tables.drop.get(name, tables.drop_other) for name in names}
    change = {tables.code(a): {tables.code(b): _change(a, b) for b in names} for a in names}
    return drop, change


def _change(a: str, b: str) -> float:
    tables = spelling()
    if a == b:
        return 0.0
    return min(
        cost_p + cost_q + _sounds_apart(p, q)
        for p, cost_p in tables.symbols[a].items()
        for q, cost_q in tables.symbols[b].items()
    )


def _sounds_apart(p: str, q: str) -> float:
    tables = spelling()
    if p == q:
        return 0.0
    if (known := tables.sounds.get((p, q))) is not None:
        return known
    vowels = (p in tables.vowels) + (q in tables.vowels)
    return (tables.other_sounds, tables.vowel_for_consonant, tables.other_vowels)[vowels]


@cache
def _slip_tables() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The same costs for one slip of a finger: a neighbouring key for any other sound, a letter left out."""
    tables = spelling()
    drop, change = _tables()
    single = {
        letter: tables.code(symbols[0])
        for letter, symbols in tables.letters.items()
        if len(letter + "".join(symbols)) == 2
    }
    slipped = {one: dict(row) for one, row in change.items()}
    for typed, meant in map(tuple, neighbours()):
        if typed in single and meant in single:
            a, b = single[typed], single[meant]
            for other, cost in change[b].items():
                slipped[a][other] = slipped[other][a] = min(slipped[a][other], _NEIGHBOUR + cost)
    return {symbol: min(cost, _LEFT_OUT) for symbol, cost in drop.items()}, slipped


@lru_cache(maxsize=60_000)
def distance(a: str, b: str) -> float:
    """What it costs to turn the reading `a` into `b`, from 0 to FAR; the same both ways."""
    if a == b:
        return 0.0
    if Levenshtein.distance(coarse(a), coarse(b), score_cutoff=_COARSELY) > _COARSELY:
        return FAR
    return _distance(min(a, b), max(a, b), _tables(), _SWAP)


@lru_cache(maxsize=5_000)
def slipped_distance(a: str, b: str) -> float:
    """`distance` where a slip of the finger costs less than a wrong sound, for words that nearly agree."""
    return _distance(min(a, b), max(a, b), _slip_tables(), _NEIGHBOUR)


def _distance(a: str, b: str, tables: tuple[dict[str, float], dict[str, dict[str, float]]], swap: float) -> float:
    drop, change = tables
    start = next((at for at, (mine, other) in enumerate(zip(a, b, strict=False)) if mine != other), min(len(a), len(b)))
    dropped_a, dropped_b = _dropped(a, drop)[start:], _dropped(b, drop)[start:]
    a, b = a[start:], b[start:]
    older: list[float] = []
    before = [0.0, *accumulate(dropped_b)]
    for i, mine in enumerate(a):
        dropped, changed = dropped_a[i], change[mine]
        value = before[0] + dropped
        row = [value]
        for j, other in enumerate(b):
            value += dropped_b[j]
            if (found := before[j] + changed[other]) < value:
                value = found
            if (found := before[j + 1] + dropped) < value:
                value = found
            if i and j and mine == b[j - 1] and other == a[i - 1] and (found := older[j - 1] + swap) < value:
                value = found
            row.append(value)
        if min(row) >= FAR:
            return FAR
        older, before = before, row
    return min(before[-1], FAR)


def _dropped(reading: str, drop: dict[str, float]) -> list[float]:
    """What it costs to drop each symbol of `reading`; the second of two alike costs little."""
    costs = [drop[symbol] for symbol in reading]
    for at in range(1, len(reading)):
        if reading[at] == reading[at - 1]:
            costs[at] = _DOUBLED
    return costs


def nearest(some: tuple[str, ...], others: tuple[str, ...]) -> float:
    """The distance between the two closest readings of two words; FAR when one has none."""
    return min((distance(a, b) for a in some for b in others), default=FAR)
