"""How hard the server is pressed, and the level of work it asks of every sender alike for that.

```
0 at rest: nothing is asked
   | offered > calm rate, or too many requests wait, or too much unsolved and unacked lies here,
   | or a twentieth of the calm rate comes with work
   v
1 <-> 2 <-> 3    up, at most every 10 s: more than a fifth of the calm rate was solved at this level,
                 or more than a twentieth above it, so that who works unasked does not go before everyone else
                 down, after 60 s: less than a twentieth was (from 1 to 0: half of what pressed is gone)
```

Nothing here knows a sender: a thousand people behind one address are a thousand requests like any others. Refused
requests count as offered, or a flood would end the pressure by being refused. They cannot raise the level above 1: only
who solves makes it dearer, and each solution counts once, however often it is sent again.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from intake.wire.constants import WORK_CLASS_MAX

_SPAN_SECONDS: Final = 10
_CALM_SECONDS: Final = 60
_SOLVED_SHARE: Final = 5
_QUIET_SHARE: Final = 20
WAITING_MAX: Final = 1000
"""Reports that may wait for their commit."""
BACKLOG_MAX: Final = 50_000
"""Unsolved objects that no laptop has acked: 400 MB of the smallest."""
_COUNTED_MAX: Final = 32_768
_TOKENS_A_SECOND: Final = 2
_TOKENS_MAX: Final = 32


class _Waiting(contextlib.AbstractContextManager[None]):
    """How many are within it. One for all: a generator for each report cost more than the counting."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1


class _Counts:
    """What came in some time."""

    def __init__(self) -> None:
        self.offered = 0
        self.solved = [0] * (WORK_CLASS_MAX + 1)

    def take_away(self, other: "_Counts") -> None:
        """Forgets what `other` has counted."""
        self.offered -= other.offered
        self.solved = [mine - gone for mine, gone in zip(self.solved, other.solved, strict=True)]


class _Second(_Counts):
    """Counts of one second."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Pressure:
    """The pressure of one server process; use it from its event loop alone, but for `backlog`."""

    def __init__(self, calm_rate: int, now: Callable[[], float] = time.monotonic) -> None:
        self.calm_rate = calm_rate
        self.backlog = 0
        self._now = now
        # What the seconds add up to is kept beside them: adding them up cost a twentieth of every report.
        self._seconds: deque[_Second] = deque()
        self._sum = _Counts()
        self._waiting = _Waiting()
        self._level = 0
        self._raised = self._pressed = now()
        self._judged = -1
        self._tokens = float(_TOKENS_MAX)
        self._filled = now()
        # Sets: they do not tell in which order solutions came.
        self._counted, self._counted_before = set[bytes](), set[bytes]()

    @property
    def level(self) -> int:
        """The class of work that is asked of everyone now: 0 none, to 3; judged anew once a second."""
        self._judge()
        return self._level

    def offer(self) -> None:
        """Counts a request to store something, whatever becomes of it."""
        self._second().offered += 1
        self._sum.offered += 1

    def take(self, work: int, solution: bytes = b"") -> None:
        """Counts a request that was let in with a class of work; once for each `solution`, where that is named.

        One that is sent again stores nothing new and cost nothing: a single report sent again three times a second
        would else make every phone work at the dearest level.
        """
        if solution and work and not self._is_new(solution):
            return
        self._second().solved[work] += 1
        self._sum.solved[work] += 1

    def _is_new(self, solution: bytes) -> bool:
        """Whether a solution was not counted yet; the last 32,768 at least are remembered."""
        if solution in self._counted or solution in self._counted_before:
            return False
        self._counted.add(solution)
        if len(self._counted) >= _COUNTED_MAX:
            self._counted, self._counted_before = set(), self._counted
        return True

    def waiting(self) -> contextlib.AbstractContextManager[None]:
        """Counts a report while it waits for its commit."""
        return self._waiting

    def take_token(self) -> bool:
        """Whether something that cannot solve may come in now: always at rest, else 2 a second, 32 at once."""
        if self.level == 0:
            return True
        now = self._now()
        self._tokens = min(_TOKENS_MAX, self._tokens + (now - self._filled) * _TOKENS_A_SECOND)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _second(self) -> _Second:
        number = int(self._now())
        if not self._seconds or self._seconds[-1].number != number:
            self._seconds.append(_Second(number))
        while self._seconds[0].number <= number - _SPAN_SECONDS:
            self._sum.take_away(self._seconds.popleft())
        return self._seconds[-1]

    def _judge(self) -> None:
        number = self._second().number
        if number == self._judged and self._level:
            return
        self._judged = number
        now, loud = self._now(), self._is_loud()
        if loud:
            self._pressed = now
        if self._level == 0:
            if loud:
                self._set(1, now)
        elif self._level < WORK_CLASS_MAX and self._is_outdone():
            if now - self._raised >= _SPAN_SECONDS:
                self._set(self._level + 1, now)
        elif now - self._pressed >= _CALM_SECONDS:
            self._set(self._level - 1, now)

    def _set(self, level: int, now: float) -> None:
        self._level = level
        self._raised = self._pressed = now

    def _is_outdone(self) -> bool:
        """Whether what is asked for now is done too easily."""
        solved, above = self._solved(self._level), self._solved(self._level + 1)
        return solved * _SOLVED_SHARE > self.calm_rate or above * _QUIET_SHARE > self.calm_rate

    def _is_loud(self) -> bool:
        """Whether what led to this level, or a good part of it, is still there."""
        if self._level > 1:
            return self._solved(self._level) * _QUIET_SHARE >= self.calm_rate
        # What has pressed once must fall by half before it counts as gone.
        part = 2 if self._level else 1
        offered = self._sum.offered / _SPAN_SECONDS
        return (
            offered * part > self.calm_rate
            or self._waiting.count * part > WAITING_MAX
            or self.backlog * part > BACKLOG_MAX
            or self._solved(self._level + 1) * _QUIET_SHARE > self.calm_rate
        )

    def _solved(self, work: int) -> float:
        """Requests a second let in with at least this class of work."""
        return sum(self._sum.solved[work:]) / _SPAN_SECONDS
