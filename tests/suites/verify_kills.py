"""kill -9 with PostgreSQL and a bucket, then `intake verify`: tests/run --suite verify-kills [--count 54] [--light]

Two real servers over one PostgreSQL and one bucket (moto), both under reports, uploads in pieces and forms, `intake
apply` beside them at times and `intake offload` at others. Each turn kills one of them with SIGKILL at a seeded moment,
and what ran beside. While the other goes on being loaded:

* `intake verify` names exactly the uploads and media that the kill left half done, as SQL and a listing of the spool
  and the bucket tell them afterwards, nothing that the living server is receiving, and nothing else;
* `intake verify --repair` repairs them, and `intake verify` finds nothing wrong any more.

In every other turn the second one is killed as well, under its load: then `intake verify` names reservations without a
record too, exactly those that are there. After that, whatever happened: everything that was acknowledged is there with
its bytes, both start again, and verify finds the store whole. A fresh folder every 6 turns, looked at whole at its end.
Progress is kept in .cache/suites/verify-kills.json. Exit code 1 when anything was not so.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.houses import Stands
from tests.server.parts import Deployment, House, Server, copy_house, make_house, run_intake
from tests.server.stand_ins import run_bucketeer, run_postgres
from tests.suites.kill_processes import Apply, apply_beside, start
from tests.suites.saving import Saved
from tests.suites.verify_checks import STRAY, BothLedger, Named, look, named, wrong_things
from tests.suites.verify_load import BothLoad

PROGRESS = Path(__file__).resolve().parents[2] / ".cache" / "suites" / "verify-kills.json"
FOLDER_TURNS = 6
LOAD_SECONDS = 1.0


@dataclass
class Progress(Saved):
    """What a seed has come to: kills of servers, what was acknowledged, what verify named by kind, failures."""

    turns: int = 0
    kills: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Pair:
    """Two servers on one house, and what each one's clients were told."""

    def __init__(self, house: House, progress: Progress, light: bool) -> None:
        self.house = house
        self._progress = progress
        self._light = light
        self._servers = [Server(house, log_name=f"serve-{number}.log") for number in range(2)]
        self._ledgers = [BothLedger(), BothLedger()]
        self._serial = 0
        self._turn = 0

    def turn(self, both: bool) -> None:
        """Loads both, kills one, verifies beside the other; with `both` kills that too and verifies alone."""
        self._turn = self._progress.turns
        rng = random.Random(f"{self._progress.seed}/{self._turn}")
        # Each server goes on with the uploads of the other's clients.
        self._ledgers.reverse()
        before = [(len(one.reports), len(one.slots), len(one.forwarded)) for one in self._ledgers]
        loads = [
            BothLoad(server.port, ledger, f"{self._progress.seed}/{self._turn}/{number}", self._light)
            for number, (server, ledger) in enumerate(zip(self._servers, self._ledgers, strict=True))
        ]
        for one in loads:
            one.start()
        victim = rng.randrange(2)
        self._kill(victim, rng)
        loads[victim].join()
        named_now = self._verify("--repair" if rng.random() < 0.3 else None)
        if both:
            self._kill(1 - victim, rng)
        loads[1 - victim].join()
        self._settle(named_now, both)
        for ledger, first in zip(self._ledgers, before, strict=True):
            self._take_note(ledger, first)
        for number in range(2) if both else (victim,):
            self._servers[number].start()
        self._expect_whole("after the start")
        self._progress.turns += 1

    def finish(self) -> None:
        """Stops both gently and compares everything that was ever told."""
        for server in self._servers:
            if server.stop() != 0:
                self._fail("a server did not stop")
        for ledger in self._ledgers:
            for media in ledger.media:
                media.checked = False
            self._fail(*wrong_things(self.house, ledger))
        # Beside a living server a reservation is left to it for an hour: the last kill's are seen only now.
        left = self._named("repaired", "--repair")
        if left.keys() - {STRAY}:
            self._fail(f"at the end verify named {left}")
        self._count(left)
        self._expect_whole("at the end")

    def _kill(self, number: int, rng: random.Random) -> None:
        beside = self._beside(rng)
        time.sleep(rng.uniform(0.02, LOAD_SECONDS))
        self._servers[number].process.kill()
        for one in beside:
            # Half of them may end, so that something is told of them.
            one.process.join(rng.choice((0, 10)))
            self._ledgers[number].slots += one.kill()
        self._servers[number].process.join(10)
        self._progress.kills += 1

    def _beside(self, rng: random.Random) -> list[Apply]:
        """What runs beside at that moment, if anything: an apply, or an offload, of which nothing is told."""
        self._serial += 1
        chosen = rng.random()
        if chosen < 0.4:
            return [apply_beside(self.house, self._serial, rng)]
        if chosen < 0.8:
            return [Apply(start(self.house, "offload", "--data", str(self.house.data)), [])]
        return []

    def _settle(self, before: Named, both: bool) -> None:
        """Compares what verify named with what is there, repairs, and expects everything whole."""
        there = look(self.house).leftovers()
        if not both:
            # A part that nothing has a record of may be one that the living server is receiving.
            there.pop(STRAY, None)
        told = self._named("problem")
        if told != there:
            self._fail(f"verify named {told} where {there} is")
        self._count(before, told)
        if self._named("repaired", "--repair") != there:
            self._fail("verify did not repair what it had named")
        self._expect_whole("after the repair")

    def _verify(self, option: str | None) -> Named:
        """Verifies beside a loaded server; what it repairs there must be whole for the comparison that follows."""
        told = self._named("repaired", option) if option else self._named("problem")
        if STRAY in told:
            self._fail("verify named a part that a living server may be receiving")
        if option is None and not self._light:
            again = self._named("problem")
            if again != told:
                self._fail(f"verify named {told}, then {again}")
        return told if option else {}

    def _named(self, word: str, *options: str) -> Named:
        ran = run_intake("verify", "--data", self.house.data, *options)
        other = named(ran.stdout, "repaired" if word == "problem" else "problem")
        told = named(ran.stdout, word)
        if other or ran.returncode != (1 if word == "problem" and told else 0):
            self._fail(f"verify ended with {ran.returncode}: {ran.stdout[-800:]}{ran.stderr}")
        return told

    def _expect_whole(self, when: str) -> None:
        if told := self._named("problem"):
            self._fail(f"{when} verify named {told}")

    def _take_note(self, ledger: BothLedger, first: tuple[int, int, int]) -> None:
        self._fail(*ledger.wrong, *wrong_things(self.house, ledger, first))
        ledger.wrong.clear()
        sizes = (len(ledger.reports), len(ledger.slots), len(ledger.forwarded))
        for name, new, old in zip(("reports", "replies", "forwarded"), sizes, first, strict=True):
            self._progress.counts[name] = self._progress.counts.get(name, 0) + new - old
        self._progress.counts["offsets"] = self._progress.counts.get("offsets", 0) + ledger.offsets
        ledger.offsets = 0

    def _count(self, *several: Named) -> None:
        for found in several:
            for kind, ids in found.items():
                self._progress.named[kind] = self._progress.named.get(kind, 0) + len(ids)

    def _fail(self, *words: str) -> None:
        self._progress.failures += [f"turn {self._turn}: {one}" for one in words]


def run(kills: int, seed: str, path: Path | None, stands: Stands, light: bool = False) -> Progress:
    """Turns until so many servers were killed, from where the file at `path` (None: no file) says it had come to.

    With `light`, under fewer senders, and verify looks once at a time: a sample.
    """
    progress = Progress.load(path, seed)
    with tempfile.TemporaryDirectory(prefix="intake-verify-") as name:
        built = make_house(Path(name), Deployment(), stands)
        while progress.kills < kills:
            started = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="intake-verify-") as folder:
                pair = Pair(copy_house(built, Path(folder)), progress, light)
                for number in range(FOLDER_TURNS):
                    if progress.kills < kills:
                        pair.turn(both=number % 2 == 1)
                pair.finish()
            progress.seconds += time.monotonic() - started
            if path:
                progress.save(path)
                print(told(progress), flush=True)
    return progress


def told(progress: Progress) -> str:
    return (
        f"{progress.kills} kills in {progress.turns} turns, {len(progress.failures)} failures; "
        f"acknowledged {progress.counts}; named and repaired {progress.named}; {progress.seconds:.0f} s"
    )


def main(argv: list[str]) -> int:
    """Runs the suite; returns 1 when verify named too much or too little, or anything acknowledged was lost."""
    parser = argparse.ArgumentParser(prog="verify-kills", description="kill -9 of two servers, then intake verify")
    parser.add_argument("--light", action="store_true", help="fewer senders, for a slow or busy machine")
    parser.add_argument("--count", type=int, default=54, help="kills in all, those of earlier runs included")
    parser.add_argument("--seed", default="1", help="any text")
    options = parser.parse_args(argv)
    with run_postgres() as postgres, run_bucketeer() as bucketeer:
        progress = run(options.count, options.seed, PROGRESS, Stands(postgres, bucketeer), options.light)
    for failure in progress.failures[:50]:
        print(f"failed: {failure}")
    print(told(progress))
    return 1 if progress.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
