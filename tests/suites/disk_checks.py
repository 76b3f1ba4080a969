"""What tests/suites/full_disk.py does to a server and its disk, and the ledger of what was acknowledged."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from intake.wire.constants import MEDIA_FLOOR_SIZE
from intake.wire.padding import padme
from intake.wire.puzzle import Puzzle
from tests.puzzles import solve
from tests.server.parts import Forge, House, Server, run_intake

TUS = {"Tus-Resumable": "1.0.0", "Intake-Epoch": "12"}
SENDERS = 8
FILLER = "filler"
PATIENCE_SECONDS = 90
INJECTED = ("fdatasync", "pwrite64", "pwritev,pwritev2")


@dataclass
class Ledger:
    """SHA-256 of everything that was acknowledged."""

    acknowledged: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, sealed: bytes) -> None:
        with self.lock:
            self.acknowledged.add(hashlib.sha256(sealed).hexdigest())

    def missing(self, stored: set[str]) -> int:
        """How many of these are not among what is stored."""
        return len(self.acknowledged - stored)


class Sender:
    """One connection that goes on after errors."""

    def __init__(self, server: Server, seed: int, ledger: Ledger) -> None:
        self.port = server.port
        self.forge = Forge(seed)
        self.ledger = ledger
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None):
        """The answer, read whole; status 0 when there was none."""
        try:
            self.connection.request(method, path, body, headers or {})
            answer = self.connection.getresponse()
            return answer, answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return None, b""

    def report(self) -> int:
        """Sends one report of 8 KiB; its status."""
        sealed = self.forge.sealed()
        answer, _ = self.ask("POST", "/reports", self.forge.envelope(sealed))
        if answer is not None and answer.status == 200:
            self.ledger.note(sealed)
        return answer.status if answer else 0

    def begin(self, size: int, subject: bytes | None = None) -> tuple[int, str]:
        """Begins an upload, with work when `subject` is given; its status and place."""
        headers = TUS | {"Upload-Length": str(size)}
        answer, body = self.ask("POST", "/uploads", headers=headers)
        if answer is not None and answer.status == 429 and subject is not None:
            asked = json.loads(body)
            puzzle = Puzzle(asked["window"], bytes.fromhex(asked["seed"]), asked["bits"])
            answer, _ = self.ask("POST", "/uploads", headers=headers | {"Intake-Work": solve(puzzle, subject, size)})
        return (answer.status, answer.headers.get("Location", "")) if answer else (0, "")

    def media(self, size: int = 1 << 20) -> int:
        """Sends a media object whole; its last status."""
        media = self.forge.media(size)
        status, place = self.begin(len(media), self.forge.object_id())
        if status != 201:
            return status
        headers = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        answer, _ = self.ask("PATCH", place, media, headers)
        if answer is not None and answer.status == 204:
            self.ledger.note(media)
        return answer.status if answer else 0


def fill(server: Server, disk: Path, ledger: Ledger) -> dict[str, object]:
    """Fills the disk with media, then with something else, then with reports."""
    sender = Sender(server, 1, ledger)
    whole = [sender.media() for _ in range(5)]
    # Half of the disk is somebody else's from the beginning, and comes back at the end.
    with (disk / FILLER).open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(disk).free // 2)
    figures = begin_until_refused(sender, shutil.disk_usage(disk).free // 24)
    figures["refused_left_nothing"] = len(list((server.house.data / "uploads").iterdir())) == figures["uploads_begun"]
    take_the_rest(disk)
    figures |= {"media_stored": whole.count(204), "free_before_reports": shutil.disk_usage(disk).free}
    counts = send_until_refused(server, ledger)
    refusals = {str(status): count for status, count in counts.items() if status != 200}
    figures |= {"reports_on_full_disk": counts[200], "report_refusals": refusals}
    sender.connection.close()
    answer, _ = sender.ask("GET", "/health")
    figures["health_on_full_disk"] = answer.status if answer else 0
    return figures


def begin_until_refused(sender: Sender, about: int) -> dict[str, object]:
    """Begins uploads without and then with work until both are refused; nothing of them is ever sent."""
    size = len(sender.forge.media(padme(max(MEDIA_FLOOR_SIZE, about))))
    refusals: list[int] = []
    begun = 0
    for number in range(1000):
        subject = number.to_bytes(16) if refusals else None
        status, _ = sender.begin(size, subject)
        begun += status == 201
        if status != 201:
            refusals.append(status)
        if status not in (201, 429):
            break
    return {"uploads_begun": begun, "media_refusals": refusals}


def take_the_rest(disk: Path) -> None:
    """Another file takes every block that is free."""
    with (disk / FILLER).open("ab", buffering=0) as filler:
        for piece in (1 << 24, 1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(piece))
        with contextlib.suppress(OSError):
            os.fsync(filler.fileno())


def send_until_refused(server: Server, ledger: Ledger) -> collections.Counter[int]:
    """Reports from several senders at once until each was refused; the statuses."""

    def run(seed: int) -> collections.Counter[int]:
        sender, seen = Sender(server, seed, ledger), collections.Counter()
        while seen.total() == seen[200]:
            seen[sender.report()] += 1
        return seen

    with ThreadPoolExecutor(SENDERS) as pool:
        return sum(pool.map(run, range(100, 100 + SENDERS)), collections.Counter())


def exported(house: House, stick: Path) -> bool:
    """Exports the disk as it is; whether the bundle has as many objects as the store."""
    stick.mkdir()
    done = run_intake("export", "--data", house.data, "--out", stick)
    found = re.search(r"(\d+) objects", done.stdout)
    return done.returncode == 0 and found is not None and int(found[1]) == house.count("objects")


def stored(house: House) -> set[str]:
    """SHA-256 of every stored object, computed from its bytes where the records are."""
    rows = house.rows()
    bodies = {row[0]: row[1] for row in rows["bodies"]}
    media = {path.stem: path for path in (house.data / "objects").iterdir()}
    data = (bodies[row[0]] if row[0] in bodies else media[row[0].hex()].read_bytes() for row in rows["objects"])
    return {hashlib.sha256(sealed).hexdigest() for sealed in data}


def recover(server: Server, disk: Path, ledger: Ledger) -> dict[str, object]:
    """Frees the disk, waits until the reserve is back, and sends again."""
    sender, started = Sender(server, 3, ledger), time.monotonic()
    reserve = server.house.data / "reserve.bin"
    left = reserve.stat().st_size
    (disk / FILLER).unlink()
    while reserve.stat().st_size <= left:
        if time.monotonic() - started > PATIENCE_SECONDS:
            break
    figures = {"reserve_left": left, "reserve_again": reserve.stat().st_size}
    figures["seconds_to_recover"] = round(time.monotonic() - started)
    status, _ = sender.begin(len(sender.forge.media()), bytes(16))
    return figures | {"media_again": status, "report_again": sender.report()}


def check_failures(serve: Callable[[], Server], house: House, ledger: Ledger) -> dict[str, object]:
    """Makes system calls of a running server fail, one of three; then kills it. What was said is in the ledger."""
    figures: dict[str, object] = {}
    for number, calls in enumerate(INJECTED):
        call = calls.partition(",")[0]
        server = serve()
        sender = Sender(server, 50 + number, ledger)
        with failing(server.process.pid, calls):
            seen = collections.Counter(sender.report() for _ in range(40))
            if call == "pwritev":
                seen.update(sender.media() for _ in range(10))
        after = [sender.report(), sender.media()]
        figures[f"{call}_statuses"] = sorted(seen)
        figures[f"{call}_counts"] = {str(status): count for status, count in sorted(seen.items())}
        figures[f"after_{call}"] = after
        server.kill()
    return figures


@contextlib.contextmanager
def failing(pid: int, calls: str) -> Iterator[None]:
    """One of three calls of these kinds fails with EIO in every thread of a process while the block runs."""
    inject = f"inject={calls}:error=EIO:when=1+3"
    command = ["strace", "-f", "-qq", "-e", f"trace={calls}", "-e", inject, "-o", "/dev/null", "-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until_traced(pid)
        yield
    finally:
        tracer.terminate()
        tracer.wait(20)


def wait_until_traced(pid: int) -> None:
    deadline = time.monotonic() + 30
    while "TracerPid:\t0" in Path(f"/proc/{pid}/status").read_text():
        if time.monotonic() > deadline:
            raise AssertionError("strace could not attach")


def check_read_only(serve: Callable[[], Server], folder: Path, disk: Path, ledger: Ledger) -> dict[str, object]:
    """The file system goes read-only as after an error of its own; mounted again, everything is there."""
    server = serve()
    sender = Sender(server, 77, ledger)
    before = [sender.report() for _ in range(20)]
    subprocess.run(["mount", "-o", "remount,abort", str(disk)], check=True)
    seen = [sender.report() for _ in range(20)] + [sender.media() for _ in range(5)]
    server.kill()
    subprocess.run(["umount", str(disk)], check=True)
    subprocess.run(["/sbin/fsck.ext4", "-p", str(folder / "image")], check=False, capture_output=True)
    subprocess.run(["mount", "-o", "loop", str(folder / "image"), str(disk)], check=True)
    again = serve()
    after = Sender(again, 78, ledger).report()
    again.stop()
    return {"before_read_only": sorted(set(before)), "read_only_statuses": sorted(set(seen)), "after_read_only": after}
