"""Sealing and opening hold a chunk at a time: the memory of a process of its own, over 64 MiB from file to file."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from keys.age import HybridIdentity, HybridRecipient, seal_stream

MIB = 1 << 20
SIZE_MIB = 64
STREAMING_MB = 16
AT_ONCE_MB = 64


@pytest.fixture(scope="module")
def identity() -> HybridIdentity:
    return HybridIdentity.generate()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streaming") / "plain"
    block = random.Random(0).randbytes(MIB)
    with path.open("wb") as target:
        target.writelines([block] * SIZE_MIB)
    return path


@pytest.fixture(scope="module")
def sealed(plain: Path, identity: HybridIdentity) -> Path:
    path = plain.with_suffix(".age")
    with plain.open("rb") as source, path.open("wb") as sink:
        seal_stream(source, sink, [HybridRecipient(identity.recipient)])
    return path


def peak_mb(root: Path, job: str, source: Path, target: Path, key: str) -> float:
    """The most memory a job of tests/benches/age_child.py held over idle."""
    child = root / "tests" / "benches" / "age_child.py"
    command = [sys.executable, str(child), job, str(source), str(target), key]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(root)}, stdout=subprocess.PIPE, check=True, timeout=60
    )
    return json.loads(done.stdout)["peak_mb"]


def test_opening_at_once_is_seen_to_take_memory(
    root: Path, sealed: Path, identity: HybridIdentity, tmp_path: Path
) -> None:
    assert peak_mb(root, "open-ours-at-once", sealed, tmp_path / "opened", identity.to_text()) > AT_ONCE_MB


def test_opening_a_file_streams(
    root: Path, plain: Path, sealed: Path, identity: HybridIdentity, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    assert peak_mb(root, "open-ours-to-disk", sealed, opened, identity.to_text()) <= STREAMING_MB
    assert opened.read_bytes() == plain.read_bytes()


def test_sealing_a_file_streams(
    root: Path, plain: Path, sealed: Path, identity: HybridIdentity, tmp_path: Path
) -> None:
    target = tmp_path / "sealed"
    recipient = HybridRecipient(identity.recipient).to_text()
    assert peak_mb(root, "seal-ours", plain, target, recipient) <= STREAMING_MB
    assert target.stat().st_size == sealed.stat().st_size
