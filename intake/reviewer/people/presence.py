"""Whether two records can be one person's hours: free, taken, seen in custody, released, and never in two places.

Every rule asks whether some instants within what was said can be true together; only when none can, also after
allowing for wrong clocks and memories, is there evidence against. A missing time or place gives none at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from intake.reviewer.people.records import Presence, PresenceKind
from intake.reviewer.people.spans import Span, surely_before
from intake.reviewer.people.spots import Spot, find_spot, same_city, same_place, travel_hours
from intake.reviewer.people.weights import Evidence, Value, weights

_RANK = {kind: number for number, kind in enumerate(PresenceKind)}
_NO_TIME = timedelta(0)
# What comes first by its nature, what comes second, and the code for "surely the other way round".
_TURNED = {
    (PresenceKind.FREE, PresenceKind.TAKEN): "free_after_taken",
    (PresenceKind.FREE, PresenceKind.SEEN): "free_after_seen",
    (PresenceKind.TAKEN, PresenceKind.SEEN): "seen_before_taken",
    (PresenceKind.TAKEN, PresenceKind.RELEASED): "released_before_taken",
    (PresenceKind.SEEN, PresenceKind.RELEASED): "seen_after_release",
}
_TWICE = {PresenceKind.TAKEN: "taken_at_other_time", PresenceKind.RELEASED: "released_at_other_time"}
PRESENCE_CODES: Final = frozenset((*_TURNED.values(), *_TWICE.values(), "two_places_at_once"))
"""Codes of evidence that two records' hours or places cannot both be true of one person."""
# What must have happened in between for the two to belong to two detentions of one person.
_BETWEEN = {PresenceKind.SEEN: PresenceKind.TAKEN, PresenceKind.TAKEN: PresenceKind.RELEASED}
_BETWEEN |= {PresenceKind.FREE: PresenceKind.RELEASED, PresenceKind.RELEASED: PresenceKind.TAKEN}


@dataclass(frozen=True)
class Stay:
    """A presence with its place looked up; `slack` is how wrong its times may be."""

    said: Presence
    spot: Spot | None
    slack: timedelta
    key: str

    @classmethod
    def of(cls, said: Presence) -> Stay:
        """Look up the place and the slack of a presence."""
        slack = weights().slack[said.when.basis] if said.when else _NO_TIME
        if said.until:
            slack = max(slack, weights().slack[said.until.basis])
        return cls(said, find_spot(said.where) if said.where else None, slack, f"{_RANK[said.what]} {said}")


def presence_evidence(one: Sequence[Stay], other: Sequence[Stay]) -> list[Evidence]:
    """Return what the presences of two records say about each other: at most one of each rule's kind.

    Symmetric. Of many contradictions the gravest counts, of many agreements the best, and two presences that
    contradict each other agree in nothing: so more presences that contradict never raise the sum.
    """
    known = [each.said for each in (*one, *other)]
    order, places, times, where = [], [], [], []
    for first, second in sorted((_in_order(first, second) for first in one for second in other), key=_key):
        turned, apart = _order_conflict(first, second, known), _place_conflict(first, second)
        order.extend(turned)
        places.extend(apart)
        if not apart and all(each.points == 0 for each in turned):
            times.extend([] if turned else _time_support(first, second))
            where.extend(_place_support(first, second))
    good = _best(each for each in where if each.points > 0)
    return [*_gravest(order), *_gravest(places), *_best(times), *(good or ([] if places else where[:1]))]


def _in_order(one: Stay, other: Stay) -> tuple[Stay, Stay]:
    """The two by their rank in a detention, then by what they say: the same for both sides."""
    return (one, other) if one.key <= other.key else (other, one)


def _key(pair: tuple[Stay, Stay]) -> tuple[str, str]:
    return pair[0].key, pair[1].key


def _order_conflict(first: Stay, second: Stay, known: Sequence[Presence]) -> list[Evidence]:
    code = _TURNED.get((first.said.what, second.said.what))
    earlier, later = second.said, first.said
    if code is None and first.said.what is second.said.what and first.said.what in _TWICE:
        code = _TWICE[first.said.what]
        if surely_before(first.said.leaves, second.said.arrives):
            earlier, later = first.said, second.said
    if code is None or not surely_before(earlier.arrives, later.leaves):
        return []
    if not surely_before(earlier.arrives, later.leaves, max(first.slack, second.slack)):
        return [Evidence("times_nearly_fit", 0.0, _times(first, second))]
    if _explained(earlier, later, known):
        return []
    # So long after the one, the other is plainly read as of another detention, which nobody need have reported.
    if surely_before(earlier.leaves, later.arrives, timedelta(days=weights().limits["another_detention_days"])):
        return [Evidence("another_detention", 0.0, _times(first, second))]
    return [weights().evidence(code, **_times(first, second))]


def _explained(earlier: Presence, later: Presence, known: Sequence[Presence]) -> bool:
    """Tell whether a known taking or release may lie between, so that the two belong to two detentions."""
    needed = _BETWEEN[later.what]
    return any(
        each.what is needed
        and each is not earlier
        and each is not later
        and each.when is not None
        and not surely_before(each.leaves, earlier.arrives)
        and not surely_before(later.leaves, each.arrives)
        for each in known
    )


def _place_conflict(first: Stay, second: Stay) -> list[Evidence]:
    if first.spot is None or second.spot is None or first.said.when is None or second.said.when is None:
        return []
    hours = travel_hours(first.spot, second.spot)
    way = timedelta(hours=hours) - max(first.slack, second.slack)
    if way <= _NO_TIME or _in_time(first, second, way) or _in_time(second, first, way):
        return []
    values = {**_times(first, second), **_places(first, second)}
    return [weights().evidence("two_places_at_once", hours=round(hours, 1), **values)]


def _in_time(first: Stay, second: Stay, way: timedelta) -> bool:
    """Tell whether whoever left `first` as early as possible can be at `second` as late as possible."""
    left, arrived = first.said.leaves.earliest, second.said.arrives.latest
    return left is None or arrived is None or left + way <= arrived


def _time_support(first: Stay, second: Stay) -> list[Evidence]:
    gap = _gap(first.said, second.said)
    if gap is None:
        return []
    if first.said.what is second.said.what and first.said.what in _TWICE:
        narrow = first.said.what is PresenceKind.TAKEN and _is_narrow(first.said, second.said)
        code, most = "taken_same_time" if narrow else "times_fit", max(first.slack, second.slack)
    else:
        code, most = "times_fit", timedelta(hours=weights().limits["fit_hours"])
    return [weights().evidence(code, **_times(first, second))] if gap <= most else []


def _is_narrow(first: Presence, second: Presence) -> bool:
    both = first.arrives.hull(second.arrives).width()
    return both is not None and both <= timedelta(hours=weights().limits["same_taking_hours"])


def _gap(one: Presence, other: Presence) -> timedelta | None:
    """The least time between two presences whose times are bounded; None when one is not."""
    if one.when is None or other.when is None or _is_open(one) or _is_open(other):
        return None
    stays = [Span(each.arrives.earliest, each.leaves.latest) for each in (one, other)]
    if stays[0].meets(stays[1]):
        return _NO_TIME
    first, second = stays if surely_before(stays[0], stays[1]) else stays[::-1]
    return (second.earliest or first.latest) - first.latest if first.latest and second.earliest else None


def _is_open(said: Presence) -> bool:
    return said.arrives.earliest is None or said.leaves.latest is None


def _place_support(first: Stay, second: Stay) -> list[Evidence]:
    if first.spot is None or second.spot is None:
        return []
    values = _places(first, second)
    if same_place(first.spot, second.spot):
        gap = _gap(first.said, second.said)
        near = gap is not None and gap <= timedelta(hours=weights().limits["near_hours"])
        return [weights().evidence("same_place_same_time" if near else "same_place", **values)]
    same = same_city(first.spot, second.spot)
    return [] if same is None else [weights().evidence("same_city" if same else "other_city", **values)]


def _times(first: Stay, second: Stay) -> dict[str, Value]:
    """Both times for a sentence; of a stay that comes first the end, since that is what the second is held against."""
    ends = first.said.until or first.said.when, second.said.when
    return {name: each for name, each in zip(("first", "second"), ends, strict=True) if each}


def _places(first: Stay, second: Stay) -> dict[str, Value]:
    places = [each.said.where for each in (first, second) if each.said.where is not None]
    return dict(zip(("first_place", "second_place"), places, strict=False))


def _gravest(found: Iterable[Evidence]) -> list[Evidence]:
    """The one with the fewest points, of equals the first; a note without points only where nothing has any."""
    least = min(found, key=lambda each: each.points, default=None)
    return [] if least is None else [least]


def _best(found: Iterable[Evidence]) -> list[Evidence]:
    most = max(found, key=lambda each: each.points, default=None)
    return [] if most is None else [most]
