"""The server's only clock: days in UTC. Nothing finer is ever stored, logged or set on a file."""

import calendar
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

from intake.wire.constants import PUZZLE_WINDOW_SECONDS

Clock = Callable[[], date]
"""Tells the day; passed in, so that rules about days can be tested on any day."""


def utc_today() -> date:
    """The day it is in UTC."""
    return datetime.now(UTC).date()


def utc_hour() -> int:
    """Hours since 1970: the window of puzzles (SPEC.md section 13), never stored."""
    return int(time.time()) // PUZZLE_WINDOW_SECONDS


def day_seconds(day: date) -> int:
    """Seconds since 1970 at which `day` begins in UTC: what file times are set to."""
    return calendar.timegm(day.timetuple())
