"""kill -9 of the server at random points under load: tests/run --suite kill [--count 1000] [--seed 1]

Each cycle starts a real server on the folder the last one left, sends reports, media in pieces and an outbox with
replies, kills the server (and the `intake apply` beside it) with SIGKILL after a seeded time, in one of six cycles
while it is still starting, and then looks at what is left:

* every acknowledged report is there with its bytes, every told offset is still on the disk, every media object whose
  digest was told is sealed and identical, every applied reply is in its mailbox or waits for it;
* no row is half there: each small object has its body, and every body the SHA-256 of its record;
* SQLite's integrity check says ok;
* the next start says what it repaired, in the very numbers that are counted here from files and records before it.

A fresh folder every 25 cycles; each is checked whole at its end. Progress is kept in .cache/suites/kill.json; the same
seed goes on with the next cycle, in a fresh folder. What only a power cut loses (the system's own cache) is not tried
by this: see power_cut.py.
"""

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.parts import Deployment, House, Server, copy_house, make_house
from tests.suites.kill_checks import check_all, check_new, expected_repairs, told_repairs
from tests.suites.kill_load import Ledger, Load
from tests.suites.kill_processes import apply_beside, kill_while_starting
from tests.suites.saving import Saved

PROGRESS = Path(__file__).resolve().parents[2] / ".cache" / "suites" / "kill.json"
FOLDER_CYCLES = 25
LOAD_SECONDS = 0.7
STARTING_SHARE = 1 / 6


@dataclass
class Progress(Saved):
    """What a seed has come to: kills done, what was acknowledged before them, what starts repaired, failures."""

    done: int = 0
    kills: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, kept: dict[str, int], more: dict[str, int]) -> None:
        """Adds counts to `counts` or `repaired`."""
        for name, count in more.items():
            kept[name] = kept.get(name, 0) + count


class Folder:
    """A data folder that is served and killed again and again, with the ledger of what was acknowledged."""

    def __init__(self, house: House, progress: Progress) -> None:
        self._house = house
        self._progress = progress
        self._ledger = Ledger()
        self._serial = 0
        self._expected: dict[str, int] = {}

    def after_kill(self) -> None:
        """What else happens at that moment: nothing here."""

    def cycle(self, number: int) -> None:
        """Starts, checks what the start said, loads, kills, checks what is left."""
        rng = random.Random(f"{self._progress.seed}/{number}")
        if self._expected and rng.random() < STARTING_SHARE:
            kill_while_starting(self._house, rng.uniform(0.0, 0.25))
            self._progress.kills += 1
            self.after_kill()
            self._expected = expected_repairs(self._house)
        server = self._serve(number)
        before = (len(self._ledger.reports), self._ledger.offsets, len(self._ledger.slots))
        self._load(server, rng, number)
        self._count(before)
        for words in [*self._ledger.wrong, *check_new(self._house, self._ledger, before[0])]:
            self._progress.failures.append(f"cycle {number}: {words}")
        self._ledger.wrong.clear()
        self._expected = expected_repairs(self._house)

    def finish(self, number: int) -> None:
        """Starts once more, stops gently, and compares everything that was ever acknowledged."""
        server = self._serve(number)
        if server.stop() != 0:
            self._progress.failures.append(f"cycle {number}: the server did not stop")
        for words in check_all(self._house, self._ledger):
            self._progress.failures.append(f"cycle {number}: {words}")

    def _serve(self, number: int) -> Server:
        (self._house.data.parent / "serve.log").unlink(missing_ok=True)
        server = Server(self._house)
        told = told_repairs(server.log.read_text("utf-8"))
        self._progress.add(self._progress.repaired, told)
        if told != self._expected:
            self._progress.failures.append(f"cycle {number}: a start told {told} instead of {self._expected}")
        return server

    def _load(self, server: Server, rng: random.Random, number: int) -> None:
        senders = Load(server.port, self._ledger, f"{self._progress.seed}/{number}")
        senders.start()
        self._serial += 1
        apply = apply_beside(self._house, self._serial, rng) if rng.random() < 0.3 else None
        time.sleep(rng.uniform(0.02, LOAD_SECONDS))
        server.process.kill()
        applied = apply.kill() if apply else []
        server.process.join(10)
        self.after_kill()
        senders.join()
        self._ledger.slots += applied
        self._progress.kills += 1

    def _count(self, before: tuple[int, int, int]) -> None:
        after = (len(self._ledger.reports), self._ledger.offsets, len(self._ledger.slots))
        names = ("reports", "offsets", "replies")
        self._progress.add(
            self._progress.counts, {n: new - old for n, new, old in zip(names, after, before, strict=True)}
        )


def run(count: int, seed: str, path: Path | None) -> Progress:
    """Cycles up to number `count`, from where the file at `path` (None: no file) says the seed had come to."""
    progress = Progress.load(path, seed)
    with tempfile.TemporaryDirectory(prefix="intake-kill-") as name:
        built = make_house(Path(name), Deployment())
        while progress.done < count:
            started = time.monotonic()
            first, last = progress.done, min(count, progress.done + FOLDER_CYCLES)
            with tempfile.TemporaryDirectory(prefix="intake-kill-") as folder:
                _run_folder(Folder(copy_house(built, Path(folder)), progress), first, last)
            progress.done = last
            progress.seconds += time.monotonic() - started
            if path:
                progress.save(path)
                print(told(progress, count), flush=True)
    return progress


def _run_folder(folder: Folder, first: int, last: int) -> None:
    for number in range(first, last):
        folder.cycle(number)
    folder.finish(last)


def told(progress: Progress, count: int) -> str:
    return (
        f"{progress.done} of {count} cycles, {progress.kills} kills, {len(progress.failures)} failures; "
        f"acknowledged {progress.counts}; repaired {progress.repaired}; {progress.seconds:.0f} s"
    )


def main(argv: list[str]) -> int:
    """Runs the suite; returns 1 when anything acknowledged was lost or a start told something else than it found."""
    parser = argparse.ArgumentParser(prog="kill", description="kill -9 at random points under load")
    parser.add_argument("--count", type=int, default=1000, help="cycles in all, those of earlier runs included")
    parser.add_argument("--seed", default="1", help="any text")
    options = parser.parse_args(argv)
    progress = run(options.count, options.seed, PROGRESS)
    for failure in progress.failures[:50]:
        print(f"failed: {failure}")
    print(told(progress, options.count))
    return 1 if progress.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
