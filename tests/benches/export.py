"""How an export of a great backlog goes, and what reports that come meanwhile wait for it.

    tests/bench export [--objects 100000]

Reports of 8 KiB with random work classes in the embedded store, the batch closed before. In this process: seconds by
the clock and of processor time, peak MB over idle (Linux's VmHWM), MB a second written; and the wait of one report
after another until it is committed while the export runs, worst and 99th percentile, in milliseconds. The disk below
counts: every figure is of one machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import tempfile
import threading
import time
from pathlib import Path

from proc import idle_bytes, resident_bytes

from intake.server.models import bodies, leaves, objects
from intake.server.services.core import Core, open_core
from intake.server.services.export import export_bundle
from intake.server.services.log import close_batch
from intake.server.services.reports import store_report
from intake.wire.constants import OBJECT_SMALL
from intake.wire.envelope import parse_envelope
from intake.wire.log import leaf
from tests.server.parts import EPOCH, Deployment, Forge, House, make_house

SIZE = 8192
STEP = 2000


def fill(core: Core, count: int) -> None:
    """Puts reports straight into the tables, already in the log; their bytes are of no age file."""
    for start in range(0, count, STEP):
        rows = [_row(core, number) for number in range(start, min(start + STEP, count))]

        def put(connection, rows=rows) -> None:
            connection.execute(objects.insert(), [row for row, _, _ in rows])
            connection.execute(bodies.insert(), [{"id": row["id"], "sealed": sealed} for row, sealed, _ in rows])
            numbered = [{"number": row["leaf_number"], "leaf": entry} for row, _, entry in rows]
            connection.execute(leaves.insert(), numbered)

        core.store.write(put).result()


def fill_house(house: House, count: int) -> None:
    """Fills a house and signs the head over it."""
    with open_core(house.settings) as core:
        fill(core, count)
        core.store.write(lambda c: close_batch(c, core.head_signer, core.roots.deployment, core.clock())).result()


def _row(core: Core, number: int):
    sealed, salt = os.urandom(SIZE), os.urandom(32)
    sha256 = hashlib.sha256(sealed).digest()
    fields = {"kind": OBJECT_SMALL, "size": SIZE, "epoch": EPOCH, "day": core.clock(), "leaf_number": number}
    row = {"id": os.urandom(16), "sha256": sha256, "salt": salt, "work": os.urandom(1)[0] % 4} | fields
    return row, sealed, leaf(salt, sha256, OBJECT_SMALL, SIZE, EPOCH)


class Reports(threading.Thread):
    """Stores one report after another and notes how long each waited."""

    def __init__(self, core: Core) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._core = core
        self._stopped = threading.Event()

    def run(self) -> None:
        forge = Forge(7)
        while not self._stopped.wait(0.02):
            envelope = parse_envelope(forge.envelope())
            begun = time.monotonic()
            self._core.store.write(lambda c, e=envelope: store_report(c, e, self._core.clock())).result()
            self.waits.append(time.monotonic() - begun)

    def stop(self) -> list[float]:
        self._stopped.set()
        self.join()
        return sorted(self.waits)


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="tests/bench export")
    parser.add_argument("--objects", type=int, default=100_000)
    count = parser.parse_args(argv).objects
    with tempfile.TemporaryDirectory(prefix="intake-bench-") as name:
        house = make_house(Path(name), Deployment())
        # In a process of its own, so that what it needed does not hide what the export needs.
        filling = multiprocessing.get_context("fork").Process(target=fill_house, args=(house, count))
        filling.start()
        filling.join()
        with open_core(house.settings) as core:
            quiet = Reports(core)
            quiet.start()
            time.sleep(5)
            alone = quiet.stop()
            meanwhile = Reports(core)
            idle = idle_bytes()
            meanwhile.start()
            wall, cpu = time.monotonic(), time.process_time()
            done = export_bundle(core, Path(name) / "out")
            wall, cpu = time.monotonic() - wall, time.process_time() - cpu
            waits = meanwhile.stop()
            peak = resident_bytes("VmHWM") - idle
    figures = {
        "objects": done.objects,
        "seconds": round(wall, 1),
        "cpu_seconds": round(cpu, 1),
        "mb_per_s": round(done.bytes / wall / 1e6, 1),
        "peak_mb_over_idle": round(peak / 1e6, 1),
        "report_wait_ms": {"p99": _ms(waits, 0.99), "worst": _ms(waits, 1)},
        "report_wait_without_export_ms": {"p99": _ms(alone, 0.99), "worst": _ms(alone, 1)},
    }
    print(json.dumps({"bench": "export"} | figures))
    return 0


def _ms(waits: list[float], share: float) -> float:
    return round(waits[min(len(waits) - 1, int(share * len(waits)))] * 1000, 1)
