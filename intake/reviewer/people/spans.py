"""Intervals of time whose ends may be open, and the little arithmetic that never loses an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from intake.reviewer.errors import ClaimInvalid

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199


@dataclass(frozen=True)
class Span:
    """All instants from `earliest` to `latest`, both included; None is an open end. UTC, whole seconds."""

    earliest: datetime | None = None
    latest: datetime | None = None

    def __post_init__(self) -> None:
        _check_instant(self.earliest)
        _check_instant(self.latest)
        if self.earliest is not None and self.latest is not None and self.earliest > self.latest:
            raise ClaimInvalid("time: the first end lies after the second")

    def meets(self, other: Span) -> bool:
        """Tell whether both have an instant in common."""
        return not (surely_before(self, other) or surely_before(other, self))

    def intersect(self, other: Span) -> Span | None:
        """Return the instants that both have, None when there are none."""
        if not self.meets(other):
            return None
        starts = [each for each in (self.earliest, other.earliest) if each is not None]
        ends = [each for each in (self.latest, other.latest) if each is not None]
        return Span(max(starts, default=None), min(ends, default=None))

    def hull(self, other: Span) -> Span:
        """Return the narrowest span that loses no instant of either."""
        starts, ends = (self.earliest, other.earliest), (self.latest, other.latest)
        earliest = None if None in starts else min(each for each in starts if each is not None)
        latest = None if None in ends else max(each for each in ends if each is not None)
        return Span(earliest, latest)

    def width(self) -> timedelta | None:
        """Return the length, None when an end is open."""
        return None if self.earliest is None or self.latest is None else self.latest - self.earliest


def surely_before(first: Span, second: Span, slack: timedelta = timedelta(0)) -> bool:
    """Tell whether every instant of `first` lies more than `slack` before every instant of `second`."""
    return first.latest is not None and second.earliest is not None and first.latest + slack < second.earliest


def elapsed(start: Span, end: Span) -> tuple[timedelta, timedelta | None]:
    """Return the least and the most time from an instant of `start` to a later one of `end`; None is no upper limit.

    Two uncertain ends make a wider answer than either: 2 hours of doubt and 3 hours of doubt give 5.
    Raises ClaimInvalid when `end` surely lies before `start`.
    """
    if surely_before(end, start):
        raise ClaimInvalid("time: the end lies before the start")
    least = timedelta(0)
    if start.latest is not None and end.earliest is not None:
        least = max(least, end.earliest - start.latest)
    most = None if start.earliest is None or end.latest is None else end.latest - start.earliest
    return least, most


def _check_instant(instant: object) -> None:
    if instant is None:
        return
    if not isinstance(instant, datetime) or instant.tzinfo is not UTC or instant.microsecond:
        raise ClaimInvalid("time: an instant is UTC, to the second")
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ClaimInvalid(f"time: a year from {FIRST_YEAR} to {LAST_YEAR}")
