"""How many reports a second the server takes, beside the same route plainly written and others that store nothing.

    tests/bench server [--seconds 5] [--rounds 3] [--connections 32]

wrk sends reports of 8 KiB under ever new random ids over 32 connections; the four servers take turns in `--rounds`
rounds of `--seconds`, so that what else the machine does hits all alike. Then 64 and 500 senders at once on ours, on
a new data folder: at 50,000 reports that no laptop has fetched a server asks for puzzles, which wrk cannot solve.

- reports_per_s, p99_ms: ours; the median of the rounds. cpu_ms_per_report: processor time of its whole process.
- ratio_to_async_session, ratio_to_no_database, ratio_to_own_without_database: of the reports accepted in all rounds;
  what the peers are stands in server_peers.py.
- failures: answers that were not 200, and connections refused, cut or timed out (2 s), over everything sent to ours;
  after each run every report that was answered must be in the database, or the benchmark ends with an error.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benches.proc import cpu_seconds
from tests.benches.server_peers import PEERS, serve_peer
from tests.server.parts import Deployment, Forge, Server, make_house

SCRIPT = Path(__file__).with_name("server_reports.lua")
CROWDS = (64, 500)


@dataclass
class Measured:
    """One server under wrk: its address and process, and what each round gave."""

    url: str
    process: int
    rounds: list[dict[str, float]] = field(default_factory=list)
    answered: float = 0

    def total(self, figure: str) -> float:
        return sum(one[figure] for one in self.rounds)

    @property
    def accepted_per_s(self) -> float:
        return (self.total("requests") - self.total("failures")) / self.total("seconds")

    def median(self, figure: str) -> float:
        return round(statistics.median(one[figure] for one in self.rounds), 2)


class Wrk:
    """Sends reports; each run under a seed of its own, so that no id comes twice."""

    def __init__(self, folder: Path) -> None:
        self._rest = folder / "rest"
        self._rest.write_bytes(Forge(1).envelope()[16:])
        self._seed = 0

    def run(self, server: Measured, connections: int, seconds: int) -> dict[str, float]:
        """One run; its figures with `cpu_seconds` and `per_s` added."""
        self._seed += 1
        command = ["wrk", "-t", "2", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s", "-s", str(SCRIPT)]
        before = cpu_seconds(server.process)
        done = subprocess.run(
            [*command, server.url, "--", str(self._rest), str(self._seed)], capture_output=True, text=True, check=True
        )
        figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        figures["cpu_seconds"] = cpu_seconds(server.process) - before
        figures["per_s"] = figures["requests"] / figures["seconds"]
        server.answered += figures["requests"]
        return figures


@contextmanager
def peer(name: str, folder: Path) -> Iterator[Measured]:
    """A peer in a process of its own."""
    folder.mkdir()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve_peer, args=(name, folder, theirs), daemon=True)
    process.start()
    try:
        yield Measured(f"http://127.0.0.1:{ours.recv()}", process.pid or 0)
    finally:
        process.kill()
        process.join()


def rounds(wrk: Wrk, servers: dict[str, Measured], count: int, connections: int, seconds: int) -> None:
    """The servers in turns."""
    for server in servers.values():
        wrk.run(server, connections, 1)
    for _ in range(count):
        for name, server in servers.items():
            server.rounds.append(wrk.run(server, connections, seconds))
            print(name, told(server.rounds[-1]), flush=True)


def told(run: dict[str, float]) -> str:
    cpu = 1000 * run["cpu_seconds"] / max(1, run["requests"])
    return f"{run['per_s']:.0f}/s, p99 {run['p99_ms']:.1f} ms, {run['failures']:.0f} failed, {cpu:.2f} CPU ms each"


@contextmanager
def ours(folder: Path) -> Iterator[Measured]:
    """Our server on a new data folder; afterwards everything that it answered must be stored."""
    folder.mkdir()
    server = Server(make_house(folder, Deployment()))
    try:
        measured = Measured(server.url, server.process.pid or 0)
        yield measured
        require_stored(server, measured.answered)
    finally:
        server.stop()


def crowds(wrk: Wrk, server: Measured, seconds: int) -> dict[str, dict[str, float]]:
    """Many senders at once on ours."""
    found = {}
    for connections in CROWDS:
        run = wrk.run(server, connections, seconds)
        print(connections, "senders", told(run), flush=True)
        found[str(connections)] = {name: round(run[name], 1) for name in ("per_s", "p99_ms", "failures")}
    return found


def require_stored(server: Server, answered: float) -> None:
    """Ends the benchmark when a report was answered and is not there."""
    with sqlite3.connect(f"file:{server.house.data / 'intake.sqlite'}?mode=ro", uri=True) as database:
        (stored,) = database.execute("select count(*) from objects join bodies using (id)").fetchone()
    if stored < answered:
        raise SystemExit(f"error: {answered:.0f} reports were answered, {stored} are stored.\nhint: run the tests")


def main(argv: list[str]) -> int:
    """Prints every round and the figures; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="tests/bench server")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args(argv)
    if shutil.which("wrk") is None:
        raise SystemExit("error: wrk is not installed.\nhint: it is in Debian's package wrk")
    with tempfile.TemporaryDirectory(prefix="intake-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        wrk = Wrk(folder)
        servers = {name: stack.enter_context(peer(name, folder / name)) for name in PEERS}
        with ours(folder / "alone") as one:
            servers = {"intake": one} | servers
            rounds(wrk, servers, options.rounds, options.connections, options.seconds)
        with ours(folder / "crowded") as other:
            many = crowds(wrk, other, options.seconds)
    print(json.dumps(figures(servers, many)))
    return 0


def figures(servers: dict[str, Measured], many: dict[str, dict[str, float]]) -> dict[str, object]:
    mine = servers["intake"]
    return {
        "bench": "server",
        "reports_per_s": round(mine.accepted_per_s),
        "p99_ms": mine.median("p99_ms"),
        "failures": int(mine.total("failures") + sum(crowd["failures"] for crowd in many.values())),
        "cpu_ms_per_report": round(1000 * mine.total("cpu_seconds") / mine.total("requests"), 3),
        **{f"ratio_to_{name}": round(mine.accepted_per_s / servers[name].accepted_per_s, 3) for name in PEERS},
        "senders": many,
        "peers": {
            name: {
                "reports_per_s": round(one.accepted_per_s),
                "p99_ms": one.median("p99_ms"),
                "failures": one.total("failures"),
            }
            for name, one in servers.items()
            if name in PEERS
        },
    }
