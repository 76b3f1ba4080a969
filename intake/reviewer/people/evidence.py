"""What names, birth years, sex and companions of two records say about their being one person.

Each rule looks at its own field alone and is silent when either record lacks it, so a missing field changes nothing
but its own points. All rules are symmetric.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from intake.reviewer.people.agreement import best_names, compare_names, likely_pairs, name_points, telling_names
from intake.reviewer.people.models import BirthYears, Sex
from intake.reviewer.people.presence import Stay, presence_evidence
from intake.reviewer.people.records import Record
from intake.reviewer.people.score import calibration
from intake.reviewer.people.weights import Evidence, weights

NAME_CODES = ("names_agree", "names_differ")


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


def are_strangers(one: Prepared, other: Prepared) -> bool:
    """Tell whether names rule out a candidate, before anything dearer is compared: unlike, at most one word agrees."""
    best = best_names(one.names, other.names)
    if best is None or (one.companions and other.companions):
        return False
    first, second, points = best
    return points < least_name_points() and compare_names(first, second).parts <= 1.0


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
        score = round(compare_names(first, second).score, 2)
        yield Evidence(code, points, {"first": first, "second": second, "score": score})


def names_compared(found: Iterable[Evidence]) -> tuple[str, str] | None:
    """Return the two forms that the evidence rests on; None when a record has no name."""
    return next(
        ((str(each.values["first"]), str(each.values["second"])) for each in found if each.code in NAME_CODES), None
    )


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
    scored = [(compare_names(a, b), a, b) for a, b in likely_pairs(one, other)]
    close = [(-found.score, min(a, b), max(a, b), a, b) for found, a, b in scored if found.is_same]
    taken: set[tuple[int, str]] = set()
    pairs = []
    for _, first, second, a, b in sorted(close):
        if (0, a) not in taken and (1, b) not in taken:
            taken |= {(0, a), (1, b)}
            pairs.append((first, second))
    return pairs


def _is_companion(one: Prepared, other: Prepared) -> str | None:
    """The companion of `one` whose name the person of `other` bears clearly more than the person of `one` does."""
    own = max((compare_names(a, b).score for a, b in likely_pairs(one.names, other.names)), default=0.0)
    pairs = likely_pairs(one.companions, other.names)
    scored = [(compare_names(each, name).score, each) for each, name in pairs]
    best = max(scored, default=(0.0, ""))
    needed = max(calibration().threshold, own + weights().points["companion_margin"])
    return best[1] if best[0] >= needed else None
