"""How far two words of two names are apart, and as what part of a name they are compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from intake.reviewer.people import lexicon
from intake.reviewer.people.distance import FAR, nearest, slipped_distance
from intake.reviewer.people.keys import coarse
from intake.reviewer.people.slips import SLIP, slip
from intake.reviewer.people.words import Form, Kind, Word

CLEAR = 0.12
"""Below this distance no other form of a word is tried: it is the same word in another spelling."""
OTHER_NAME = 1.25
"""The least distance of two words that are different listed given names."""
_OTHER = 0.4
"""From this distance two listed names are taken for different names, below it for spellings of one."""
_SHORT_NAME = 3
_SPELLING = 0.1
"""A Cyrillic name of so few letters is another one unless it sounds nearly the same: Тен and Ден, Пак and Бак."""
_OTHER_AS_LISTED = 0.28
"""The same when both stand in the lists letter by letter."""
_SHORTEST_OTHER = 4
_FREE_FAMILIES = {"ли", "зода", "ийн"}
"""Endings of surnames that stand for another one, or for none, in the papers of one person."""
_COST = {
    "dropped ending": 0.2,
    "father's name as surname": 0.3,
    "other ending": 0.9,
    "other sex": 0.1,
    "part of a double name": 0.2,
}


_INFLECTED = 6
"""Classes of sounds that two case endings may change at most."""
_SLIPS = 1.55
"""Words farther apart than this differ by more than one slip of a finger."""
_ONE_SLIP = 0.65
_SHORTEST_SLIP = 4


@dataclass(frozen=True, slots=True)
class Pair:
    """Two words compared: as which part of a name, how far apart (0 to FAR wrong consonants), and why so.

    `why` names the rule that brought them together: empty for plain sound, else a key of the words of `explain`.
    """

    kind: Kind
    apart: float
    why: str = ""
    cases: tuple[str, str] = ("", "")


@lru_cache(maxsize=60_000)
def pair(a: Word, b: Word) -> Pair:
    """The best way to take the words `a` and `b` for one; symmetric but for the order of `cases`."""
    best = _pair_forms(a.forms[0], b.forms[0])
    if _listed_apart(a.forms[0], b.forms[0], best):
        return _one_a_case(a, b) or best
    if best.apart > CLEAR and (best.apart < FAR or _may_be_inflected(a.forms[0], b.forms[0])):
        for one in a.forms:
            for other in b.forms:
                if one.cost + other.cost < best.apart and (one.cost or other.cost):
                    found = _pair_forms(one, other)
                    cost = max(one.cost, other.cost) + 0.5 * min(one.cost, other.cost)
                    if found.apart + cost < best.apart:
                        best = Pair(found.kind, found.apart + cost, found.why or "case", (one.case, other.case))
    if SLIP < best.apart <= _SLIPS and best.why != "other sex" and (apart := _slipped(a, b, best)) < best.apart:
        return Pair(best.kind, apart, "slip")
    return best


def _listed_apart(a: Form, b: Form, found: Pair) -> bool:
    """Whether two words are two listed given names, letter by letter: only a case of the very name joins them."""
    return found.why == "other listed name" and {a.text, b.text} <= lexicon.exact_given().keys()


def _one_a_case(a: Word, b: Word) -> Pair | None:
    """Two listed names where one is also a case of the other, as Карима of Карим; None when neither is."""
    for one in a.forms:
        for other in b.forms:
            if (one.cost or other.cost) and nearest(one.sounds, other.sounds) <= CLEAR:
                return Pair(Kind.GIVEN, max(one.cost, other.cost), "case", (one.case, other.case))
    return None


def _may_be_inflected(a: Form, b: Form) -> bool:
    """Whether case endings alone could keep two forms apart: else the other forms need not be tried."""
    if not a.sounds or not b.sounds:
        return False
    outlines = [coarse(form.sounds[0]) for form in (a, b)]
    return Levenshtein.distance(*outlines, score_cutoff=_INFLECTED) <= _INFLECTED


def _slipped(a: Word, b: Word, found: Pair) -> float:
    """How far apart two words are when one finger slipped: by their letters, or by sound across scripts.

    FAR for different given names, which a slip would turn into brothers; fathers' names are that only by letters.
    """
    different = found.why == "other listed name"
    if slip(a.text, b.text) and not (different and found.kind is not Kind.PATRONYMIC):
        return SLIP
    if different:
        return FAR
    one, other = a.forms[0], b.forms[0]
    stems = bool(one.stem and other.stem and one.family == other.family)
    sounds = (one.stem[0], other.stem[0]) if stems else (one.sounds[0], other.sounds[0])
    if min(map(len, sounds)) < _SHORTEST_SLIP:
        return FAR
    apart = slipped_distance(*sounds)
    return max(SLIP, apart) if apart <= _ONE_SLIP else FAR


def _pair_forms(a: Form, b: Form) -> Pair:
    kinds = {a.kind, b.kind}
    if Kind.INITIAL in kinds:
        return _initials(a, b)
    if kinds == {Kind.PATRONYMIC}:
        return _patronymics(a, b)
    if kinds == {Kind.SURNAME}:
        return _surnames(a, b)
    if Kind.PATRONYMIC in kinds:
        return _father_as_surname(a, b)
    if Kind.SURNAME in kinds:
        return _with_and_without_ending(a, b)
    return _given(a, b)


def _initials(a: Form, b: Form) -> Pair:
    kind = b.kind if a.kind is Kind.INITIAL else a.kind
    starts = min(
        (nearest((one[:size],), (other[:size],)) for one in a.sounds for other in b.sounds for size in (1, 2)),
        default=FAR,
    )
    return Pair(kind, 0.1 if starts <= 0.3 else OTHER_NAME, "initial" if starts <= 0.3 else "other initial")


def _patronymics(a: Form, b: Form) -> Pair:
    apart = nearest(a.stem, b.stem)
    apart, why = _by_list(a, b, apart)
    if "u" not in (a.sex, b.sex) and a.sex != b.sex:
        return Pair(Kind.PATRONYMIC, max(apart, OTHER_NAME), "other sex")
    return Pair(Kind.PATRONYMIC, min(apart, FAR), why)


def _surnames(a: Form, b: Form) -> Pair:
    stems = nearest(a.stem, b.stem)
    if a.family != b.family:
        stems += _COST["dropped ending" if _FREE_FAMILIES & {a.family, b.family} else "other ending"]
    elif a.sex != b.sex:
        stems += _COST["other sex"] * 0.5
    return Pair(Kind.SURNAME, min(stems, nearest(a.sounds, b.sounds), FAR))


def _father_as_surname(a: Form, b: Form) -> Pair:
    patronymic, other = (a, b) if a.kind is Kind.PATRONYMIC else (b, a)
    kind = Kind.SURNAME if other.kind is Kind.SURNAME else Kind.UNKNOWN
    whole = nearest(patronymic.sounds, other.sounds)
    apart = nearest(patronymic.stem, other.stem or other.sounds) + _COST["father's name as surname"]
    if whole < apart:
        return Pair(kind, whole)
    return Pair(kind, min(apart, FAR), "father's name as surname")


def _with_and_without_ending(a: Form, b: Form) -> Pair:
    surname, other = (a, b) if a.kind is Kind.SURNAME else (b, a)
    whole = nearest(surname.sounds, other.sounds)
    stem = nearest(surname.stem, other.sounds) + _COST["dropped ending"]
    if stem < whole:
        return Pair(Kind.SURNAME, min(stem, FAR), "dropped ending")
    return Pair(Kind.SURNAME, min(whole, FAR))


def _given(a: Form, b: Form) -> Pair:
    apart = nearest(a.sounds, b.sounds)
    if (
        max(len(a.text), len(b.text)) <= _SHORT_NAME
        and a.text != b.text
        and apart > _SPELLING
        and not (a.text.isascii() or b.text.isascii())
    ):
        apart = max(apart, OTHER_NAME)
    apart, why = _by_list(a, b, apart)
    kind = Kind.GIVEN if Kind.GIVEN in (a.kind, b.kind) else Kind.UNKNOWN
    return Pair(kind, apart, why)


def _by_list(a: Form, b: Form, apart: float) -> tuple[float, str]:
    """What the lists of given names say of two names: one that may stand for the other, or two different ones."""
    if not a.given or not b.given or a.given & b.like or a.like & b.given:
        return apart, ""
    also = lexicon.also_called()
    costs = [also[one][other] for one in a.given if one in also for other in b.given if other in also[one]]
    if costs and min(costs) < apart:
        return min(costs), "short form"
    if {a.text, b.text} <= lexicon.exact_given().keys():
        return (max(apart, OTHER_NAME), "other listed name") if apart >= _OTHER_AS_LISTED else (apart, "")
    if apart < _OTHER or min(len(a.text), len(b.text)) < _SHORTEST_OTHER:
        return apart, ""
    entries = (nearest(lexicon.entry(one).sounds, lexicon.entry(two).sounds) for one in a.given for two in b.given)
    return (max(apart, OTHER_NAME), "other listed name") if min(entries) >= _OTHER else (apart, "")
