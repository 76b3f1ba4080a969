"""Uploads and reports over a line that loses, repeats, reorders and halves: tests/run --suite faults [--count 1000]

Run NUMBER of a seed uploads one media object (64 to 384 KiB) to a real server over raw sockets, in up to 60 steps:
pieces cut at any byte, pieces whose answer is lost, pieces sent twice (one after another, at once, on one connection),
later pieces before earlier ones, wrong, absurd and unreadable offsets, bodies longer or shorter than announced, bytes
changed on the way, reports under an id that is taken. Then a clean client asks for the offset and sends the rest.

Whatever happened, the end must be one of two, or the run has failed:

* identical: the server tells the SHA-256 of the file as it is on the phone, and the file on the server's disk is it;
* a clear error: a problem document with a name of SPEC.md section 7, or a SHA-256 of other bytes. Only a run in which
  bytes were changed on the way may end so.

Every answer on the way must be a success or such a document, and no offset may go back. Progress is kept in
.cache/suites/faults.json.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.server.parts import Deployment, House, Server, make_house
from tests.suites.fault_client import Client
from tests.suites.fault_line import Line, Unclear
from tests.suites.saving import Saved

PROGRESS = Path(__file__).resolve().parents[2] / ".cache" / "suites" / "faults.json"
STEPS_MAX = 60
SAVE_EVERY = 50
AT_ONCE = 4


@dataclass
class Progress(Saved):
    """What a seed has come to: runs done, how they ended, what was answered on the way, failures."""

    done: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0


async def one_run(house: House, line: Line, rng: random.Random) -> str:
    """How the run ended. Raises Unclear for an end that is neither of the two."""
    client = Client(line, rng)
    await client.create()
    for _ in range(rng.randrange(4, STEPS_MAX)):
        await client.step()
        if client.gone or client.complete:
            break
    end = await client.finish()
    if end != "identical":
        if not client.changed:
            raise Unclear(f"no byte was changed, and it ended with {end}")
        return end
    stored = house.data / "objects" / f"{client.upload_id}.age"
    if hashlib.sha256(stored.read_bytes()).digest() != hashlib.sha256(client.data).digest():
        raise Unclear("another file is stored than was told")
    return end


async def _guarded(house: House, line: Line, progress: Progress, number: int) -> None:
    rng = random.Random(f"{progress.seed}/{number}")
    try:
        end = await asyncio.wait_for(one_run(house, line, rng), 120)
    except (Unclear, TimeoutError, OSError) as error:
        progress.failures.append(f"run {number}: {type(error).__name__} {error}")
        end = "failed"
    progress.ends[end] = progress.ends.get(end, 0) + 1


async def _some(house: House, line: Line, progress: Progress, last: int) -> None:
    while progress.done < last:
        numbers = range(progress.done, min(last, progress.done + AT_ONCE))
        await asyncio.gather(*(_guarded(house, line, progress, number) for number in numbers))
        progress.done = numbers.stop


def run(count: int, seed: str, path: Path | None) -> Progress:
    """Runs up to number `count`, from where the file at `path` (None: no file) says the seed had come to."""
    progress = Progress.load(path, seed)
    while progress.done < count:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="intake-faults-") as name:
            server = Server(make_house(Path(name), Deployment()))
            line = Line(server.port, progress.answers)
            asyncio.run(_some(server.house, line, progress, min(count, progress.done + SAVE_EVERY)))
            if server.stop() != 0 or "unexpected error" in server.log.read_text("utf-8"):
                progress.failures.append(f"before run {progress.done}: the server failed, see its log")
        progress.seconds += time.monotonic() - started
        if path:
            progress.save(path)
            print(told(progress, count), flush=True)
    return progress


def told(progress: Progress, count: int) -> str:
    return (
        f"{progress.done} of {count} runs, {len(progress.failures)} failed; ends {progress.ends}; "
        f"answers {progress.answers}; {progress.seconds:.0f} s"
    )


def main(argv: list[str]) -> int:
    """Runs the suite; returns 1 when a run failed."""
    parser = argparse.ArgumentParser(prog="faults", description="uploads over a line that breaks")
    parser.add_argument("--count", type=int, default=1000, help="runs in all, those of earlier runs included")
    parser.add_argument("--seed", default="1", help="any text")
    options = parser.parse_args(argv)
    progress = run(options.count, options.seed, PROGRESS)
    for failure in progress.failures[:50]:
        print(f"failed: {failure}")
    print(told(progress, options.count))
    return 1 if progress.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
