"""One job of sealing or opening, file to file, in a process of its own; prints one JSON object.

    age_child.py JOB SOURCE TARGET KEY

`seconds` and `cpu_seconds` (user and system, all threads) of the job alone, without starting Python and importing
the library. `peak_mb`: the most memory held during the job, less what was held when it began; MB is 10**6 bytes.
KEY is a recipient's or identity's text, made for the one run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from proc import idle_bytes, resident_bytes

Job = Callable[[Path, Path], None]


def seal_ours(key: str) -> Job:
    """keys.age, 64 KiB at a time."""
    from keys.age import HybridRecipient, seal_stream

    recipient = HybridRecipient.from_text(key)

    def job(source: Path, target: Path) -> None:
        with source.open("rb") as plain, target.open("wb") as sealed:
            seal_stream(plain, sealed, [recipient])

    return job


def open_ours(key: str) -> Job:
    """keys.age, 64 KiB at a time; like pyrage's, without waiting for the disk."""
    from keys.age import HybridIdentity, open_sealed_chunks

    identity = HybridIdentity.from_text(key)

    def job(source: Path, target: Path) -> None:
        with source.open("rb") as sealed, target.open("wb") as plain:
            for chunk in open_sealed_chunks(sealed, [identity]):
                plain.write(chunk)

    return job


def open_ours_to_disk(key: str) -> Job:
    """keys.age as the laptop opens media: the target appears whole, after it is on the disk."""
    from keys.age import HybridIdentity, open_sealed_file

    identity = HybridIdentity.from_text(key)

    def job(source: Path, target: Path) -> None:
        with source.open("rb") as sealed:
            open_sealed_file(sealed, target, [identity])

    return job


def open_ours_at_once(key: str) -> Job:
    """keys.age with everything in memory: shows that this measure sees it."""
    from keys.age import HybridIdentity, open_sealed_bytes

    identity = HybridIdentity.from_text(key)

    def job(source: Path, target: Path) -> None:
        target.write_bytes(open_sealed_bytes(source.read_bytes(), [identity], source.stat().st_size))

    return job


def seal_pyrage(key: str) -> Job:
    """pyrage, which reads and writes the files in Rust."""
    import pyrage

    recipient = pyrage.x25519.Recipient.from_str(key)
    return lambda source, target: pyrage.encrypt_file(str(source), str(target), [recipient])


def open_pyrage(key: str) -> Job:
    """pyrage, which reads and writes the files in Rust."""
    import pyrage

    identity = pyrage.x25519.Identity.from_str(key)
    return lambda source, target: pyrage.decrypt_file(str(source), str(target), [identity])


JOBS: dict[str, Callable[[str], Job]] = {
    "seal-ours": seal_ours,
    "seal-pyrage": seal_pyrage,
    "open-ours": open_ours,
    "open-ours-to-disk": open_ours_to_disk,
    "open-ours-at-once": open_ours_at_once,
    "open-pyrage": open_pyrage,
}


def measure(job: Job, source: Path, target: Path) -> dict[str, float]:
    """Does the job once, and returns what it took."""
    idle = idle_bytes()
    started, cpu_started = time.perf_counter(), time.process_time()
    job(source, target)
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    peak = resident_bytes("VmHWM") - idle
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": peak / 1e6}


if __name__ == "__main__":
    name, from_file, to_file, key_text = sys.argv[1:]
    print(json.dumps(measure(JOBS[name](key_text), Path(from_file), Path(to_file))))
