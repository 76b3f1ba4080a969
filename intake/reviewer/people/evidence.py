"""What names, birth years, sex and companions of two records say about their being one person.

Each rule looks at its own field alone and is silent when either record lacks it, so a missing field changes nothing
but its own points. All rules are symmetric.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from intake.reviewer.people.align import align
from intake.reviewer.people.explain import Verdict, explain
from intake.reviewer.people.models import BirthYears, NameForm, Sex
from intake.reviewer.people.parts import parse_name
from intake.reviewer.people.presence import Stay, presence_evidence
from intake.reviewer.people.records import Record
from intake.reviewer.people.score import MATCHED, calibration, similarity
from intake.reviewer.people.weights import Evidence, weights

NAME_CODES = ("names_agree", "names_differ")
_INITIALS = ("initial", "other initial")


@dataclass(frozen=True)
class Prepared:
    """A record made ready for comparing: the texts of its names that count, its companions' names, its stays."""

    record: Record
    names: tuple[str, ...]
    companions: tuple[str, ...]
    stays: tuple[Stay, ...]


def prepare(record: Record) -> Prepared:
    """Look up what comparing needs once per record instead of once per pair."""
    companions = tuple(dict.fromkeys(each.as_written for each in record.companions))
    return Prepared(record, telling_names(record.names), companions, tuple(map(Stay.of, record.presence)))


def telling_names(names: Sequence[NameForm]) -> tuple[str, ...]:
    """Return the names that count: not those that say less than another form that agrees with them.

    Of "Тоқаев" and "Тоқаев Серік" the second alone counts: else the bare surname would hide that the given names
    of two records differ.
    """
    texts = tuple(dict.fromkeys(each.as_written for each in names))
    return tuple(
        text
        for text in texts
        if not any(_told(text) < _told(other) and is_same_name(text, other) for other in texts if other != text)
    )


def is_same_name(one: str, other: str) -> bool:
    """Tell whether two names count as the same by the stored threshold."""
    return likeness(one, other) >= calibration().threshold


@lru_cache(maxsize=200_000)
def likeness(one: str, other: str) -> float:
    """Return `similarity`, kept for names met again."""
    return similarity(one, other)


def is_whole_name(one: str, other: str) -> bool:
    """Tell whether two names count as the same and neither tells a part that the other lacks."""
    return is_same_name(one, other) and _agreeing(one, other) >= max(_told(one), _told(other))


@lru_cache(maxsize=100_000)
def _told(name: str) -> float:
    initial = weights().points["name_initial"]
    return sum(initial if len(found.text) == 1 else 1.0 for found in parse_name(name))


@lru_cache(maxsize=200_000)
def _matched(one: str, other: str) -> tuple[int, int]:
    """How many whole words of two names agree, and how many initials."""
    pairs = align(parse_name(one), parse_name(other)).pairs
    agree = [each.pair.why in _INITIALS for each in pairs if each.pair.apart <= MATCHED]
    return agree.count(False), agree.count(True)


def _agreeing(one: str, other: str) -> float:
    words, initials = _matched(one, other)
    return words + weights().points["name_initial"] * initials


def name_points(one: str, other: str) -> float:
    """Return the points of two names: by how many parts agree when they count as the same, else below 0."""
    score, threshold, points = likeness(one, other), calibration().threshold, weights().points
    if score < threshold:
        return points["name_differs"] * (threshold - score) / threshold
    base = points["name_at_threshold"]
    share = base + (1.0 - base) * (score - threshold) / (1.0 - threshold)
    return share * _points_of_parts(_agreeing(one, other))


def _points_of_parts(parts: float) -> float:
    points = weights().points
    known = (0.0, points["name_one_part"], points["name_two_parts"], points["name_three_parts"])
    at = min(bisect_right(range(len(known)), parts) - 1, len(known) - 1)
    return known[at] + (known[at + 1] - known[at]) * (parts - at) if at + 1 < len(known) else known[-1]


def best_names(one: Sequence[str], other: Sequence[str]) -> tuple[str, str, float] | None:
    """Return the pair of forms with the most points, in alphabetical order; None when a record has no name."""
    pairs = [(-name_points(a, b), min(a, b), max(a, b)) for a in one for b in other]
    if not pairs:
        return None
    lost, first, second = min(pairs)
    return first, second, -lost


def are_strangers(one: Prepared, other: Prepared) -> bool:
    """Tell whether names rule out a candidate, before anything dearer is compared: unlike, at most one word agrees."""
    best = best_names(one.names, other.names)
    if best is None or (one.companions and other.companions):
        return False
    first, second, points = best
    return points < least_name_points() and _agreeing(first, second) <= 1.0


def least_name_points() -> float:
    """Return the points below which names tie nobody together."""
    return weights().points["name_differs"] * (1.0 - weights().points["name_kept_from"])


def compare(one: Prepared, other: Prepared) -> list[Evidence]:
    """Return all evidence about two records being one person; the same whichever comes first."""
    found = [*_names(one, other), *_birth(one.record.birth, other.record.birth), *_sex(one.record, other.record)]
    return [*found, *presence_evidence(one.stays, other.stays), *_companions(one, other)]


def total(found: Sequence[Evidence]) -> float:
    """Return the score: the sum of all points, rounded to a millionth so that the order of adding cannot show."""
    return round(math.fsum(each.points for each in found), 6)


def _names(one: Prepared, other: Prepared) -> Iterator[Evidence]:
    best = best_names(one.names, other.names)
    if best:
        first, second, points = best
        code = "names_agree" if points >= 0 else "names_differ"
        yield Evidence(code, points, {"first": first, "second": second, "score": round(likeness(first, second), 2)})


def agreeing_parts(found: Iterable[Evidence]) -> float:
    """Return how many parts of the two names compared agree, an initial for its weight; 0 without names."""
    return sum(_agreeing(*_compared(each)) for each in found if each.code in NAME_CODES)


def share_a_word(found: Iterable[Evidence]) -> bool:
    """Tell whether a whole word of the names compared agrees, not initials alone."""
    return any(_matched(*_compared(each))[0] for each in found if each.code in NAME_CODES)


def are_relatives(found: Iterable[Evidence]) -> bool:
    """Tell whether the names compared agree but for the given name, as brothers' and sisters' do."""
    names = [_compared(each) for each in found if each.code in NAME_CODES]
    return any(not _is_contained(*each) and explain(*each).verdict is Verdict.RELATIVE for each in names)


def _compared(names: Evidence) -> tuple[str, str]:
    return str(names.values["first"]), str(names.values["second"])


def _is_contained(one: str, other: str) -> bool:
    """Tell whether every part of the shorter name agrees with the other: then nothing conflicts."""
    return _agreeing(one, other) >= min(_told(one), _told(other))


def _birth(one: BirthYears, other: BirthYears) -> Iterator[Evidence]:
    points, pool = weights().points, weights().points["birth_pool_years"]
    first, second = sorted((one, other), key=lambda each: (each.earliest or 0, each.latest or math.inf))
    if not (_is_known(one) and _is_known(other)):
        return
    apart = _years_apart(first, second)
    if apart:
        lost = points["birth_first_year_apart"] + points["birth_next_year_apart"] * (apart - 1)
        found = Evidence("birth_years_differ", max(points["birth_least"], lost))
    else:
        width = _years(one, pool) + _years(other, pool) - 1
        found = Evidence("birth_years_agree", min(points["birth_most"], max(0.0, math.log(pool / width))))
    yield Evidence(found.code, found.points, {"first": first, "second": second, "years": apart})


def _is_known(born: BirthYears) -> bool:
    return born.earliest is not None or born.latest is not None


def _years(born: BirthYears, pool: float) -> float:
    return pool if born.earliest is None or born.latest is None else born.latest - born.earliest + 1


def _years_apart(one: BirthYears, other: BirthYears) -> int:
    gaps = [
        first.earliest - second.latest
        for first, second in ((one, other), (other, one))
        if first.earliest is not None and second.latest is not None
    ]
    return max(0, *gaps) if gaps else 0


def _sex(one: Record, other: Record) -> Iterator[Evidence]:
    if Sex.UNKNOWN not in (one.sex, other.sex):
        yield weights().evidence("sex_same" if one.sex is other.sex else "sex_differs")


def _companions(one: Prepared, other: Prepared) -> Iterator[Evidence]:
    points = weights().points
    shared = _shared(one.companions, other.companions)
    if shared:
        gained = sum(points["companion_share"] * name_points(*pair) for pair in shared)
        names = ", ".join(sorted(f"{first} / {second}" for first, second in shared))
        yield Evidence("companions_shared", min(points["companions_most"], gained), {"names": names})
    others = [found for a, b in ((one, other), (other, one)) if (found := _is_companion(a, b))]
    if others:
        yield weights().evidence("companion_is_other", name=min(others))


def _shared(one: Sequence[str], other: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of companions with the same name, each companion in one pair at most, best pairs first."""
    close = [(-likeness(a, b), min(a, b), max(a, b), a, b) for a in one for b in other if is_same_name(a, b)]
    taken: set[tuple[int, str]] = set()
    pairs = []
    for _, first, second, a, b in sorted(close):
        if (0, a) not in taken and (1, b) not in taken:
            taken |= {(0, a), (1, b)}
            pairs.append((first, second))
    return pairs


def _is_companion(one: Prepared, other: Prepared) -> str | None:
    """The companion of `one` whose name the person of `other` bears clearly more than the person of `one` does."""
    own = max((likeness(a, b) for a in one.names for b in other.names), default=0.0)
    scored = [(likeness(each, name), each) for each in one.companions for name in other.names]
    best = max(scored, default=(0.0, ""))
    needed = max(calibration().threshold, own + weights().points["companion_margin"])
    return best[1] if best[0] >= needed else None
