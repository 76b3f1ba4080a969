"""How far apart two readings are: an edit distance whose costs know which sounds are mixed up in names.

One wrong consonant costs 1; a vowel heard otherwise, a spelling of the same sound, a dropped glide cost less.
"""

from __future__ import annotations

from functools import cache, lru_cache

from intake.reviewer.people.sounds import spelling

FAR = 2.5
"""The greatest distance told apart; anything further counts as this."""
_SWAP = 0.6


@cache
def _tables() -> tuple[dict[str, float], dict[str, float]]:
    """Costs of dropping a symbol and of reading a pair of symbols as one sound, by their private characters."""
    tables = spelling()
    names = tables.names
    drop = {tables.code(name): tables.drop.get(name, tables.drop_other) for name in names}
    swap = {tables.code(a) + tables.code(b): _change(a, b) for a in names for b in names}
    return drop, swap


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


@lru_cache(maxsize=400_000)
def distance(a: str, b: str) -> float:
    """What it costs to turn the reading `a` into `b`, from 0 to FAR; the same both ways."""
    if a == b:
        return 0.0
    if a > b:
        a, b = b, a
    drop, change = _tables()
    before: list[float] = []
    row = [0.0]
    for symbol in b:
        row.append(row[-1] + drop[symbol])
    for i, mine in enumerate(a):
        dropped = drop[mine]
        older, before = before, row
        row = [before[0] + dropped]
        for j, other in enumerate(b):
            best = before[j] + change[mine + other]
            if (value := before[j + 1] + dropped) < best:
                best = value
            if (value := row[j] + drop[other]) < best:
                best = value
            if i and j and mine == b[j - 1] and other == a[i - 1] and (value := older[j - 1] + _SWAP) < best:
                best = value
            row.append(best)
        if min(row) >= FAR:
            return FAR
    return min(row[-1], FAR)


def nearest(some: tuple[str, ...], others: tuple[str, ...]) -> float:
    """The distance between the two closest readings of two words; FAR when one has none."""
    return min((distance(a, b) for a in some for b in others), default=FAR)
