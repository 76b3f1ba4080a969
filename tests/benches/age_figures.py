"""What the benchmarks of sealing and opening share: bytes, keys, runs in turn, figures. MB is 10**6 bytes."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pyrage
from age_browser import Key

from keys.age import HybridIdentity, HybridRecipient, open_sealed_chunks

MIB = 1 << 20
RUNS = 5
BROWSER_RUNS = 3
CHILD = Path(__file__).with_name("age_child.py")
ROOT = CHILD.parents[2]
Sample = dict[str, float]
Figures = dict[str, float]


def mib_of(bench: str, argv: list[str]) -> int:
    """The `--mib` of the command line; 64 without one."""
    parser = argparse.ArgumentParser(prog=f"tests/bench {bench}")
    parser.add_argument("--mib", type=int, default=64, choices=range(1, 1025), metavar="1..1024", help="default 64")
    return int(parser.parse_args(argv).mib)


def write_plain(path: Path, mib: int) -> None:
    """Writes `mib` MiB that do not repeat and are the same in every run."""
    stream = random.Random(mib)
    with path.open("wb") as target:
        for _ in range(mib):
            target.write(stream.randbytes(MIB))


def digest_of(pieces: Iterable[bytes | memoryview]) -> str:
    """SHA-256 of the pieces one after another, as hex."""
    state = hashlib.sha256()
    for piece in pieces:
        state.update(piece)
    return state.hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file, as hex."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def digest_of_sealed(path: Path, identity: HybridIdentity) -> str:
    """SHA-256 of what is sealed in a file, as hex."""
    with path.open("rb") as source:
        return digest_of(open_sealed_chunks(source, [identity]))


def digest_of_pyrage_sealed(path: Path, identity: pyrage.x25519.Identity) -> str:
    """SHA-256 of what pyrage sealed in a file, as hex."""
    opened = path.with_suffix(".opened")
    pyrage.decrypt_file(str(path), str(opened), [identity])
    digest = digest_of_file(opened)
    opened.unlink()
    return digest


def require_equal(what: str, digest: str, expected: str) -> None:
    """Ends the benchmark if a result is not the right bytes: its figures would mean nothing."""
    if digest != expected:
        raise SystemExit(f"error: {what} gave wrong bytes.\nhint: run the tests first")


def recipient_key(identity: HybridIdentity) -> Key:
    """What the page needs to seal to `identity`."""
    return Key(identity.recipient.hex(), HybridRecipient(identity.recipient).to_text())


def identity_key(identity: HybridIdentity) -> Key:
    """What the page needs to open for `identity`."""
    return Key(identity.seed.hex(), identity.to_text())


def run_child(job: str, source: Path, target: Path, key: str) -> Sample:
    """Does `job` of age_child.py once in a new process; `target` is written anew."""
    target.unlink(missing_ok=True)
    command = [sys.executable, str(CHILD), job, str(source), str(target), key]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    sample: Sample = json.loads(done.stdout)
    return sample


def in_turn(runs: int, *jobs: Callable[[], Sample]) -> list[list[Sample]]:
    """Does the jobs one after another, `runs` times over, so that a busy moment of the machine hits them alike."""
    rounds = [[job() for job in jobs] for _ in range(runs)]
    return [list(samples) for samples in zip(*rounds, strict=True)]


def figures(size: int, samples: list[Sample]) -> Figures:
    """Rates of the median run over `size` bytes of plaintext; the highest peak of all runs."""

    def rate(of: str) -> float:
        return round(size / 1e6 / statistics.median(sample[of] for sample in samples), 1)

    peak = max(sample["peak_mb"] for sample in samples)
    return {"mb_per_s": rate("seconds"), "mb_per_cpu_s": rate("cpu_seconds"), "peak_mb": round(peak, 1)}


def tell(name: str, found: Figures) -> None:
    """Prints one line of figures for the eye."""
    print(f"{name:14}", *(f"{value:9.1f} {key}" for key, value in found.items()), flush=True)


def compare(size: int, name: str, ours: list[Sample], peer: str, theirs: list[Sample]) -> dict[str, object]:
    """The figures of both under their names; ours over theirs: `ratio_to_PEER` by the clock, `ratio_to_PEER_cpu`."""
    mine, other = figures(size, ours), figures(size, theirs)
    tell(name, mine)
    tell(peer, other)
    ratios = {
        f"ratio_to_{peer}{end}": round(mine[rate] / other[rate], 2)
        for end, rate in (("", "mb_per_s"), ("_cpu", "mb_per_cpu_s"))
    }
    return {name: mine, peer: other, **ratios}
