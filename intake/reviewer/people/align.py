"""Which word of one name answers which word of the other, and which stay over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from rapidfuzz.distance import Levenshtein

from intake.reviewer.people.distance import FAR
from intake.reviewer.people.keys import coarse
from intake.reviewer.people.pairing import OTHER_NAME, Pair, pair
from intake.reviewer.people.parts import MAX_WORDS
from intake.reviewer.people.sounds import readings
from intake.reviewer.people.words import Kind, Word, word

_CLOSE = 0.45
_NOT_COMPARED = 0.6
"""Beyond this distance a father's name and another part simply are different parts: no evidence either way."""
_COST_NOT_COMPARED = 1.55
_MOST = 1.5
_MAX_JOINED = 5
_JOINED_OUTLINE = 3
_FULLY = 0.35
_DAMAGED = 0.55
_MOST_DAMAGE = {Kind.SURNAME: 1.35}
_MOST_DAMAGE_ELSE = 1.25
_FEWEST_WITH_DAMAGE = 3


@dataclass(frozen=True, slots=True)
class Aligned:
    """One word of each name and what their comparison found."""

    a: Word
    b: Word
    pair: Pair


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words that answer each other and, of either name, those that nothing answers."""

    pairs: tuple[Aligned, ...]
    left_a: tuple[Word, ...]
    left_b: tuple[Word, ...]
    cost: float


def align(a: Sequence[Word], b: Sequence[Word]) -> Alignment:
    """The cheapest way to line up `a` and `b`, also with a double name split or two words written as one."""
    best = _align(a, b)
    if best.cost <= _CLOSE:
        return best
    for one, other, extra in _rewritten(a, b):
        found = _align(one, other)
        if found.cost + extra < best.cost:
            best = Alignment(found.pairs, found.left_a, found.left_b, found.cost + extra)
    return best


def _rewritten(a: Sequence[Word], b: Sequence[Word]) -> Iterator[tuple[Sequence[Word], Sequence[Word], float]]:
    for words, other, swapped in ((a, b, False), (b, a, True)):
        if any("-" in found.text for found in words):
            split = [word(piece) for found in words for piece in found.text.split("-") if readings(piece)][:MAX_WORDS]
            yield (other, split, 0.0) if swapped else (split, other, 0.0)
        if 2 <= len(words) <= _MAX_JOINED and len(words) > len(other):
            for one, two in permutations(range(len(words)), 2):
                if _could_be_joined(words[one], words[two], other):
                    rest = [words[at] for at in range(len(words)) if at not in (one, two)]
                    joined = [*rest, word(words[one].text + words[two].text)]
                    yield (other, joined, 0.1) if swapped else (joined, other, 0.1)


def _could_be_joined(one: Word, two: Word, other: Sequence[Word]) -> bool:
    """Whether a word of `other` looks like `one` and `two` written together, before that word is made."""
    if one.kind is Kind.PATRONYMIC or Kind.INITIAL in (one.kind, two.kind):
        return False
    outline = coarse(one.sounds[0] + two.sounds[0])
    return any(
        Levenshtein.distance(outline, coarse(found.sounds[0]), score_cutoff=_JOINED_OUTLINE) <= _JOINED_OUTLINE
        for found in other
    )


def _align(a: Sequence[Word], b: Sequence[Word]) -> Alignment:
    if len(a) > len(b):
        found = _align(b, a)
        pairs = tuple(Aligned(one.b, one.a, _turned(one.pair)) for one in found.pairs)
        return Alignment(pairs, found.left_b, found.left_a, found.cost)
    costs = [[_cost(_pair(one, other, a, b)) for other in b] for one in a]
    order = _cheapest(costs, len(b))
    return _alignment(a, b, order, sum(costs[at][to] for at, to in enumerate(order)))


def _cheapest(costs: list[list[float]], width: int) -> tuple[int, ...]:
    """For each row of `costs` its own column of `width`, so that the sum is least: all tries, by columns taken."""
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for row in costs:
        reached: dict[int, tuple[float, tuple[int, ...]]] = {}
        for taken, (cost, order) in best.items():
            for column in range(width):
                if not taken >> column & 1:
                    now, value = taken | 1 << column, cost + row[column]
                    if now not in reached or value < reached[now][0]:
                        reached[now] = (value, (*order, column))
        best = reached
    return min(best.values())[1]


def _alignment(a: Sequence[Word], b: Sequence[Word], order: Sequence[int], cost: float) -> Alignment:
    pairs, left_a, left_b = [], [], [b[at] for at in range(len(b)) if at not in order]
    for one, to in zip(a, order, strict=True):
        found = _pair(one, b[to], a, b)
        if _compared(found):
            pairs.append(Aligned(one, b[to], found))
        else:
            left_a.append(one)
            left_b.append(b[to])
    return Alignment(tuple(_damaged(pairs)), tuple(left_a), tuple(left_b), cost)


def _damaged(pairs: list[Aligned]) -> list[Aligned]:
    """`pairs`, where one word is damaged beyond a slip and at least two others answer fully: it counts as little.

    Not when both words are listed given names: those differ on purpose, and brothers would become one.
    """
    pairs = _of_one_sex(_crossed(pairs))
    wrong = [one for one in pairs if one.pair.apart > _FULLY]
    if len(pairs) < _FEWEST_WITH_DAMAGE or len(wrong) != 1:
        return pairs
    found = wrong[0].pair
    if not _DAMAGED < found.apart <= _MOST_DAMAGE.get(found.kind, _MOST_DAMAGE_ELSE) or found.why in (
        "other listed name",
        "other initial",
        "other sex",
    ):
        return pairs
    like_a, like_b = wrong[0].a.forms[0].like, wrong[0].b.forms[0].like
    if found.kind in (Kind.GIVEN, Kind.PATRONYMIC) and like_a and like_b and not like_a & like_b:
        return pairs
    mended = Aligned(wrong[0].a, wrong[0].b, Pair(found.kind, _DAMAGED, "damaged", found.cases))
    return [mended if one is wrong[0] else one for one in pairs]


def _crossed(pairs: list[Aligned]) -> list[Aligned]:
    """`pairs`, where words that answer each other only by changing places stand against each other instead.

    Серік Оспанұлы is not Оспан Серікұлы, nor Марат С. Серік М.: each answer holds alone, and not two at once.
    """
    roles = [one for one in pairs if one.pair.why in ("father's name as surname", "dropped ending")]
    initials = [one for one in pairs if one.pair.why == "initial" and one.a.kind is not one.b.kind]
    turned = {one.a.kind is Kind.INITIAL for one in initials}
    crossed = (roles if len(roles) > 1 else []) + (initials if len(turned) > 1 else [])
    return [
        Aligned(one.a, one.b, Pair(one.pair.kind, OTHER_NAME, "other place")) if one in crossed else one
        for one in pairs
    ]


def _of_one_sex(pairs: list[Aligned]) -> list[Aligned]:
    """`pairs`, where a listed given name is no grammatical case of another once the fathers' names tell two sexes."""
    if not any(one.pair.why == "other sex" for one in pairs):
        return pairs
    found = []
    for one in pairs:
        listed = one.a.forms[0].given and one.b.forms[0].given
        if one.pair.kind is Kind.GIVEN and one.pair.why == "case" and listed:
            found.append(Aligned(one.a, one.b, Pair(Kind.GIVEN, OTHER_NAME, "other listed name")))
        else:
            found.append(one)
    return found


def _pair(one: Word, other: Word, a: Sequence[Word], b: Sequence[Word]) -> Pair:
    """The `pair` of two words, but a father's name answers another part only where no surname stands beside that."""
    found = pair(one, other)
    if found.why == "father's name as surname":
        bare, beside = (other, b) if one.kind is Kind.PATRONYMIC else (one, a)
        if any(found.kind is Kind.SURNAME for found in beside if found is not bare):
            return Pair(found.kind, FAR, found.why)
    return found


def _compared(found: Pair) -> bool:
    return found.why != "father's name as surname" or found.apart <= _NOT_COMPARED


def _cost(found: Pair) -> float:
    return min(found.apart, _MOST) if _compared(found) else _COST_NOT_COMPARED


def _turned(found: Pair) -> Pair:
    return Pair(found.kind, found.apart, found.why, (found.cases[1], found.cases[0]))
