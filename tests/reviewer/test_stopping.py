"""Killed in the middle of an import, then again: nothing is lost, nothing is double, nothing is acked too early."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from intake.reviewer.services.recording import STEP_OBJECTS
from intake.reviewer.services.reports import COMPLETE
from intake.reviewer.storage import open_vault

COUNT = 3 * STEP_OBJECTS
PROGRAM = """
import os, sys
from datetime import date
from pathlib import Path
from intake.reviewer.services.importing import Importer
from intake.reviewer.settings import Home
from intake.reviewer.storage import open_vault
from keys.ring import ring_from_bytes

home = Home(Path(sys.argv[1]))
ring = ring_from_bytes(sys.stdin.buffer.read())
with open_vault(home, ring.seeds.vault) as vault:
    importer = Importer(vault, ring, date(2026, 11, 22), lambda done, total: print(done, flush=True))
    importer.run(Path(sys.argv[2]))
print("finished", flush=True)
"""


def import_and_kill(laptop, bundle: Path, lines: int) -> bool:
    """Imports in a process that is killed after `lines` lines of progress; returns whether it had finished."""
    command = [sys.executable, "-c", PROGRAM, str(laptop.home.path), str(bundle)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(laptop.ring.to_bytes())
        child.stdin.close()
        seen = [child.stdout.readline() for _ in range(lines)]
        os.kill(child.pid, signal.SIGKILL)
    return b"finished\n" in seen


@pytest.fixture
def closed(laptop):
    """The laptop with its vault closed, so that other processes may open it."""
    laptop.close()
    return laptop


def check_complete(laptop, count: int) -> None:
    with open_vault(laptop.home, laptop.ring.seeds.vault) as vault:
        laptop.vault = vault
        assert len(laptop.items()) == count
        assert all(each.state == COMPLETE for each in laptop.items())
        assert laptop.event_count() > 0


@pytest.mark.parametrize("lines", [0, 1, 2])
def test_killed_between_steps_then_again_is_complete(closed, stick, lines):
    objects = [closed.phone().section(who=str(number)) for number in range(COUNT)]
    bundle = closed.server.bundle(stick, objects)
    assert not import_and_kill(closed, bundle, lines)
    with open_vault(closed.home, closed.ring.seeds.vault) as vault:
        closed.vault = vault
        kept = {each.parts[0].sha256 for each in closed.items()}
        # Whatever is to be acked is in the vault already.
        assert {bytes.fromhex(each) for each in closed.state().to_ack.values()} == kept
        assert len(kept) >= lines * STEP_OBJECTS
        (result,) = closed.take(bundle)
        assert result.new + result.known == COUNT
        assert set(closed.state().to_ack) == {each.object_id.hex() for each in objects}
    check_complete(closed, COUNT)


def test_killed_while_a_video_is_copied_then_again_is_complete(closed, stick):
    report = closed.report()
    video = closed.phone()
    text = video.section(1, parts=3, who="B")
    media = video.media(2, os.urandom(20_000_000), media_type=6)
    bundle = closed.server.bundle(stick, [*report.parts, text, media, video.closing(3, text, media)])
    command = [sys.executable, "-c", PROGRAM, str(closed.home.path), str(bundle)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        child.stdin.write(closed.ring.to_bytes())
        child.stdin.close()
        deadline = time.monotonic() + 60
        while not list(closed.home.objects.glob(".receiving-*")) and time.monotonic() < deadline:
            os.sched_yield()
        os.kill(child.pid, signal.SIGKILL)
    with open_vault(closed.home, closed.ring.seeds.vault) as vault:
        closed.vault = vault
        closed.take(bundle)
    check_complete(closed, 2)
    assert list(closed.home.objects.glob(".receiving-*")) == []
