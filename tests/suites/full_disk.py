"""A disk filled to its last byte, read-only, or failing: tests/run --suite full-disk [--kind loop|tmpfs] [--size MIB]

In a mount namespace of its own, on an ext4 file system of SIZE MiB in a file (`loop`, needs root) or a tmpfs:

* media are begun until they are refused, 429 without work and 507 with it, each before its first byte;
* everything else on the disk is taken by another file, to the last block;
* reports are sent until they are refused: how many were still taken (`--reports` is the gate, 10,000 by default);
* the full disk is exported, whole; every acknowledged report and media object is there, byte for byte;
* the other file goes: the reserve grows again and media are taken, by the same process;
* `loop` only: the file system goes read-only under the running server, and comes back after a restart;
* strace makes fdatasync, pwrite64 and pwritev fail with EIO: 503, and nothing acknowledged is lost.

The last line is one JSON object with the counts. Exit code 1 when one of these does not hold. It takes minutes, so it
keeps no progress.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.server.parts import Deployment, House, Server, copy_house, make_house
from tests.suites.disk_checks import Ledger, check_failures, check_read_only, exported, fill, recover, stored

MIB = 1 << 20
RESERVE = 256 * MIB
INSIDE = "INTAKE_TEST_DISK"


def enter_namespace(argv: list[str]) -> int:
    """Runs this suite again where it may mount; returns its exit code."""
    root = [] if os.geteuid() == 0 else ["--map-root-user"]
    runner = Path(__file__).resolve().parent.parent / "runner.py"
    again = [sys.executable, str(runner), "inside", str(Path(__file__).resolve()), *argv]
    return subprocess.run(["unshare", *root, "--mount", *again], env=os.environ | {INSIDE: "1"}, check=False).returncode


@contextlib.contextmanager
def mounted(kind: str, size: int, folder: Path) -> Iterator[Path]:
    """A small disk of `size` MiB at folder/disk."""
    disk, image = folder / "disk", folder / "image"
    disk.mkdir()
    if kind == "loop":
        with image.open("wb") as made:
            made.truncate(size * MIB)
        subprocess.run(["/sbin/mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
        mount = ["mount", "-o", "loop", str(image), str(disk)]
    else:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=700", "tmpfs", str(disk)]
    subprocess.run(mount, check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def serve(house: House, reserve: int) -> Server:
    return Server(house, "--reserve", str(reserve))


def full_and_back(house: House, disk: Path, folder: Path, reserve: int) -> tuple[dict[str, object], Ledger]:
    """Fills the disk, exports it, frees it; the figures, and everything acknowledged."""
    server, ledger = serve(house, reserve), Ledger()
    process = server.process.pid
    try:
        figures = fill(server, disk, ledger)
        figures["exported_all"] = exported(house, folder / "stick")
        figures["lost_in_full"] = ledger.missing(stored(house))
        figures |= recover(server, disk, ledger)
        figures["same_process"] = server.runs and server.process.pid == process
    finally:
        server.stop()
    return figures, ledger


def passed(figures: dict[str, object], reports: int) -> bool:
    """Whether everything is as the head of this file says."""
    wanted = {
        "exported_all": True,
        "lost_in_full": 0,
        "lost": 0,
        "media_again": 201,
        "refused_left_nothing": True,
        "report_again": 200,
        "health_on_full_disk": 200,
        "same_process": True,
    }
    failing = [value for key, value in figures.items() if key.endswith("_statuses")]
    return (
        all(figures[key] == value for key, value in wanted.items())
        and int(str(figures["reports_on_full_disk"])) >= reports
        and figures["media_refusals"] == [429, 507]
        and all(set(statuses) <= {200, 204, 503} and 503 in statuses for statuses in failing)
    )


def main(argv: list[str]) -> int:
    """Prints the figures; exit code 1 when one does not hold."""
    parser = argparse.ArgumentParser(prog="tests/run --suite full-disk")
    parser.add_argument("--kind", choices=("loop", "tmpfs"), default="loop" if os.geteuid() == 0 else "tmpfs")
    parser.add_argument("--size", type=int, default=1536)
    parser.add_argument("--reports", type=int, default=10_000)
    options = parser.parse_args(argv)
    if INSIDE not in os.environ:
        return enter_namespace(argv)
    with tempfile.TemporaryDirectory(prefix="intake-disk-") as name:
        folder = Path(name)
        house = make_house(folder, Deployment())
        with mounted(options.kind, options.size, folder) as disk:
            house = copy_house(house, disk)
            figures, ledger = full_and_back(house, disk, folder, RESERVE)
            figures |= check_failures(lambda: serve(house, RESERVE), house, ledger)
            if options.kind == "loop":
                figures |= check_read_only(lambda: serve(house, RESERVE), folder, disk, ledger)
            figures["lost"] = ledger.missing(stored(house))
    figures = {"suite": "full-disk", "kind": options.kind, "size_mib": options.size} | figures
    figures["passed"] = passed(figures, options.reports)
    print(json.dumps(figures))
    return 0 if figures["passed"] else 1
