"""The same flood without a machine to share: the server's own pressure on a clock that is moved by hand.

The flood has so many hashes a second for itself and solves what is asked (`asked`) or the dearest class always
(`dearest`); phones take a random time for their random number of hashes. It tells what a real run cannot when flood,
server and phones wait for the same two cores, and from how many hashes a second on the order of a bundle breaks.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field

from intake.server.services.pressure import Pressure
from intake.server.settings import CALM_RATE
from intake.wire.constants import PUZZLE_PARTS, WORK_CLASS_MAX
from intake.wire.puzzle import bits_for

SIZE = 8192
FIRST_OBJECTS = (64 << 20) // SIZE


@dataclass
class Model:
    """One flood: its rate, its hashes a second, whether it always solves the dearest class; the phones' speed."""

    rate: int
    hashes: float
    dearest: bool
    phone: float
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    now: float = 0.0
    junk: list[int] = field(default_factory=lambda: [0] * (WORK_CLASS_MAX + 1))
    honest: list[int] = field(default_factory=lambda: [0] * (WORK_CLASS_MAX + 1))
    waits: list[float] = field(default_factory=list)
    due: list[tuple[float, float, int]] = field(default_factory=list)

    def run(self, seconds: int) -> dict[str, float]:
        """The share of honest reports with work in the first 64 MiB, and the p95 of what all honest ones waited."""
        pressure, left = Pressure(CALM_RATE, lambda: self.now), 0.0
        for second in range(seconds):
            self.now = float(second)
            heapq.heappush(self.due, (self.now, self.now, 0))
            left = self._flood(pressure, left + self.hashes)
            self._phones(pressure)
        while self.due:
            self.now += 1
            self._phones(pressure)
        return {"first_64mb": self._first(), "honest_p95_s": round(sorted(self.waits)[int(0.95 * len(self.waits))], 1)}

    def _flood(self, pressure: Pressure, left: float) -> float:
        """A second of junk; returns the hashes that are left over."""
        for _ in range(self.rate):
            pressure.offer()
            level = pressure.level
            work = WORK_CLASS_MAX if self.dearest else level
            cost = PUZZLE_PARTS * 2.0 ** bits_for(SIZE, work) if work else 0.0
            if cost <= left:
                left -= cost
                pressure.take(work)
                self.junk[work] += 1
            elif level == 0:
                pressure.take(0)
                self.junk[0] += 1
        return left

    def _phones(self, pressure: Pressure) -> None:
        """Every phone that is due asks, and is taken or begins to solve."""
        while self.due and self.due[0][0] <= self.now:
            at, begun, work = heapq.heappop(self.due)
            pressure.offer()
            level = pressure.level
            if work >= level:
                pressure.take(work)
                self.honest[work] += 1
                self.waits.append(max(at, self.now) - begun)
                continue
            hashes = self.chance.gammavariate(PUZZLE_PARTS, 2.0 ** bits_for(SIZE, level))
            heapq.heappush(self.due, (self.now + hashes / self.phone, begun, level))

    def _first(self) -> float:
        """By class, then by chance: of a class that fits only in part, junk and honest ones get the same share."""
        left, inside = float(FIRST_OBJECTS), 0.0
        for work in range(WORK_CLASS_MAX, 0, -1):
            total = self.junk[work] + self.honest[work]
            share = min(1.0, left / total) if total else 0.0
            inside += share * self.honest[work]
            left -= share * total
        return round(inside / max(1, sum(self.honest[1:])), 4)


def modelled(rate: int, hashes: float, phone: float, seconds: int) -> dict[str, float]:
    """The worse of the flood's two ways."""
    runs = [Model(rate, hashes, dearest, phone).run(seconds) for dearest in (False, True)]
    return min(runs, key=lambda run: run["first_64mb"]) | {"honest_p95_s": max(run["honest_p95_s"] for run in runs)}


def breaking_point(rate: int, phone: float, seconds: int, wanted: float) -> int | None:
    """The fewest million hashes a second at which less than `wanted` of the honest ones are in the first 64 MiB."""
    for millions in range(5, 2000, 5):
        if modelled(rate, millions * 1e6, phone, seconds)["first_64mb"] < wanted:
            return millions
    return None
