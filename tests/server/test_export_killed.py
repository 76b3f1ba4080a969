"""An export that is killed leaves nothing that looks like a bundle, and nothing in the way of the next."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bagit

from intake.server.services.bag import clear_drafts
from intake.server.services.export import export_bundle
from intake.server.services.reports import store_report
from intake.wire.envelope import parse_envelope

KILLS = 6
COUNT = 300


def test_killed_export_leaves_no_bundle_and_the_next_is_whole(house, core, forge, store_media, tmp_path):
    for _ in range(COUNT // 50):
        envelopes = [parse_envelope(forge.envelope(forge.sealed(65536))) for _ in range(50)]
        core.store.write(lambda c, some=envelopes: [store_report(c, e, core.clock()) for e in some]).result()
    for _ in range(3):
        store_media(core, forge.media(2_000_000), core.clock())
    target, chance = tmp_path / "out", random.Random(5)
    target.mkdir()
    killed = sum(export_and_kill(house.data, target, chance.randrange(25_000_000)) for _ in range(KILLS))
    assert killed >= KILLS // 2
    for path in target.glob("bundle-*"):
        # Those that were faster than their killer.
        bagit.Bag(str(path)).validate()
    done = export_bundle(core, target)
    bagit.Bag(str(done.folder)).validate()
    assert done.objects == COUNT + 3
    assert list(target.glob(".bundle-*")) == []


def export_and_kill(data: Path, target: Path, after: int) -> bool:
    """Kills an export once its draft has so many bytes; returns whether it was still at it."""
    before = set(target.iterdir())
    command = [sys.executable, "-m", "intake.server.cli", "export", "--data", str(data), "--out", str(target)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
        while child.poll() is None:
            drafts = set(target.glob(".bundle-*")) - before
            if drafts and size_of(drafts.pop()) >= after:
                os.kill(child.pid, signal.SIGKILL)
                break
            os.sched_yield()
    return child.returncode == -signal.SIGKILL


def size_of(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except FileNotFoundError:
        return 0


def test_drafts_that_go_while_they_are_looked_at_stop_no_export(tmp_path):
    """Their writers name or clear them at the same moment."""

    def come_and_go(number: int) -> None:
        for turn in range(300):
            draft = tmp_path / f".bundle-{number}-{turn}.part"
            draft.mkdir()
            # Without a lock it may be taken for a dead one.
            with contextlib.suppress(FileNotFoundError):
                draft.rename(tmp_path / f"bundle-{number}-{turn}")

    with ThreadPoolExecutor(2) as pool:
        moving = [pool.submit(come_and_go, number) for number in range(2)]
        while not all(one.done() for one in moving):
            clear_drafts(tmp_path)
    assert list(tmp_path.glob(".bundle-*")) == []
