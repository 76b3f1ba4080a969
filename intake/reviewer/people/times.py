"""When something happened, as far as it is known: two instants, the zone of the place, how finely it was told.

The time-zone trap: Almaty and Qostanay kept UTC+6 until 1 March 2024 and keep UTC+5 since. A time is therefore stored
as two UTC instants and the IANA zone of the place; a fixed offset is refused. Nothing here makes a time finer than it
was told: a local time that two instants share keeps both, an interval narrower than its precision is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from re import compile as pattern
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from intake.reviewer.errors import ClaimInvalid, ZoneDataUnusable
from intake.reviewer.people.plain import Plain, check_kind, read_fields, read_maybe, read_text, read_word
from intake.reviewer.people.spans import FIRST_YEAR, LAST_YEAR, Span

_ZONE = pattern(
    r"(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)(?:/[A-Za-z_-]{1,32}){1,2}"
)
_INSTANT = pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Precision(StrEnum):
    """How finely the source told the time."""

    MINUTE = "minute"
    QUARTER = "quarter"
    HOUR = "hour"
    PART_OF_DAY = "part_of_day"
    DAY = "day"
    UNKNOWN = "unknown"


class TimeBasis(StrEnum):
    """What the time rests on."""

    CLOCK = "clock"
    PHOTO_TIME = "photo_time"
    MESSAGE_TIME = "message_time"
    MEMORY = "memory"
    TOLD = "told"
    DOCUMENT = "document"


class PartOfDay(StrEnum):
    """A part of a day, as people say it."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    NIGHT = "night"


GRAIN: Final = {
    Precision.MINUTE: timedelta(0),
    Precision.QUARTER: timedelta(minutes=15),
    Precision.HOUR: timedelta(hours=1),
    Precision.PART_OF_DAY: timedelta(hours=4),
    Precision.DAY: timedelta(hours=23),
    Precision.UNKNOWN: timedelta(0),
}
"""The narrowest interval that each precision may stand with. 23 h, since a day on which clocks jump has no more."""

_ALMATY: Final = {2019: timedelta(hours=6), 2024: timedelta(hours=5)}
_HALF_WIDTH: Final = {
    Precision.MINUTE: (timedelta(0), timedelta(seconds=59)),
    Precision.QUARTER: (timedelta(minutes=15), timedelta(minutes=15)),
    Precision.HOUR: (timedelta(hours=1), timedelta(hours=1)),
}
# Hours from the start of the day. "At night on the 10th" may mean either night that touches the 10th: both are kept.
_PARTS: Final = {
    PartOfDay.MORNING: (5, 12),
    PartOfDay.AFTERNOON: (12, 18),
    PartOfDay.EVENING: (17, 24),
    PartOfDay.NIGHT: (0, 30),
}


@dataclass(frozen=True)
class ApproxTime:
    """An instant somewhere from `earliest` to `latest`, at a place that keeps the time of `zone` (IANA name).

    Raises ClaimInvalid for times without UTC, fractions of seconds, years outside 1900 to 2199, fixed offsets as
    zones, and an interval narrower than its precision. Reading needs no time-zone data; local times do.
    """

    earliest: datetime | None
    latest: datetime | None
    zone: str
    precision: Precision
    basis: TimeBasis

    def __post_init__(self) -> None:
        check_kind(self.precision, Precision, "precision")
        check_kind(self.basis, TimeBasis, "basis of a time")
        check_kind(self.zone, str, "time zone")
        if not _ZONE.fullmatch(self.zone):
            raise ClaimInvalid("time zone: an IANA name such as Asia/Almaty, no offset")
        width = self.span.width()
        if width is not None and width < GRAIN[self.precision]:
            raise ClaimInvalid("time: narrower than its precision")

    @property
    def span(self) -> Span:
        """The two instants alone."""
        return Span(self.earliest, self.latest)

    @classmethod
    def between(cls, first: datetime, last: datetime, zone: str, precision: Precision, basis: TimeBasis) -> ApproxTime:
        """Make one from two local times (naive datetimes, both included) of `zone`; raises as the class does.

        A local time that the clocks showed twice, such as 23:30 on 29 February 2024 in Almaty, keeps both instants.
        """
        return cls(_instants(first, zone)[0], _instants(last, zone)[1], zone, precision, basis)

    @classmethod
    def about(cls, local: datetime, zone: str, precision: Precision, basis: TimeBasis) -> ApproxTime:
        """Make one around a local time: that minute; 15 minutes or an hour to either side; raises for the rest."""
        if precision not in _HALF_WIDTH:
            raise ClaimInvalid("time: about goes with minute, quarter and hour")
        before, after = _HALF_WIDTH[precision]
        return cls(_instants(local, zone)[0] - before, _instants(local, zone)[1] + after, zone, precision, basis)

    @classmethod
    def on_day(cls, day: date, zone: str, basis: TimeBasis, part: PartOfDay | None = None) -> ApproxTime:
        """Make one that covers a local day, or a part of it; a night covers both nights that touch the day."""
        first, last = _PARTS[part] if part else (0, 24)
        midnight = datetime.combine(day, time())
        precision = Precision.PART_OF_DAY if part else Precision.DAY
        end = midnight + timedelta(hours=last, seconds=-1)
        return cls.between(midnight + timedelta(hours=first), end, zone, precision, basis)

    def local(self) -> str:
        """Return both ends as a clock at the place showed them, `..` for an open end; raises ZoneDataUnusable."""
        zone = load_zone(self.zone)
        shown = [each and each.astimezone(zone).strftime("%Y-%m-%d %H:%M") for each in (self.earliest, self.latest)]
        if shown[0] == shown[1]:
            return shown[0] or ".."
        return " – ".join(each or ".." for each in shown)

    def to_dict(self) -> Plain:
        """Return {"from", "to", "zone", "precision", "basis"}; instants as 2019-06-09T08:00:00Z or None."""
        ends = {"from": _write_instant(self.earliest), "to": _write_instant(self.latest)}
        return {**ends, "zone": self.zone, "precision": str(self.precision), "basis": str(self.basis)}

    @classmethod
    def from_dict(cls, data: object) -> ApproxTime:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "time", "from", "to", "zone", "precision", "basis")
        return cls(
            read_maybe(_read_instant, fields["from"]),
            read_maybe(_read_instant, fields["to"]),
            read_text(fields["zone"], "time zone"),
            read_word(Precision, fields["precision"], "precision"),
            read_word(TimeBasis, fields["basis"], "basis of a time"),
        )


@cache
def load_zone(name: str) -> ZoneInfo:
    """Return the rules of a zone; raises ClaimInvalid for an unknown one, ZoneDataUnusable for data before 2024a.

    Python brings no zone data: it reads what Debian's package `tzdata` (priority: required) put on the disk.
    """
    try:
        almaty = ZoneInfo("Asia/Almaty")
    except (ZoneInfoNotFoundError, OSError):
        raise ZoneDataUnusable("missing") from None
    if [datetime(year, 6, 1, tzinfo=almaty).utcoffset() for year in _ALMATY] != list(_ALMATY.values()):
        raise ZoneDataUnusable("too old")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ClaimInvalid("time zone: not one that this machine knows") from None


def _instants(local: datetime, zone: str) -> tuple[datetime, datetime]:
    if local.tzinfo is not None:
        raise ClaimInvalid("time: a local time carries no offset of its own")
    if not FIRST_YEAR < local.year < LAST_YEAR:
        raise ClaimInvalid(f"time: a year from {FIRST_YEAR + 1} to {LAST_YEAR - 1}")
    rules = load_zone(zone)
    both = [local.replace(microsecond=0, fold=fold, tzinfo=rules).astimezone(UTC) for fold in (0, 1)]
    return min(both), max(both)


def _write_instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_instant(value: object) -> datetime:
    text = read_text(value, "time")
    if not _INSTANT.fullmatch(text):
        raise ClaimInvalid("time: written as 2019-06-09T08:00:00Z")
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ClaimInvalid("time: no such day or hour") from None
