"""Media of any size in the same memory: importing and exporting hold 1 MiB of it, whatever the file."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from intake.wire.frame import media_header
from intake.wire.padding import media_plain_size
from keys.age import HybridRecipient, seal_stream

SIZE = 128 * 1024**2
ALLOWED_MIB = 16
PROGRAM = """
import json, sys
from datetime import date
from pathlib import Path
from intake.reviewer.services.importing import Importer
from intake.reviewer.services.media import export_media
from intake.reviewer.services.reports import read_items
from intake.reviewer.settings import Home
from intake.reviewer.storage import open_vault
from keys.ring import ring_from_bytes

def kib(name):
    return int(next(line for line in open("/proc/self/status") if line.startswith(name)).split()[1])

home, ring = Home(Path(sys.argv[1])), ring_from_bytes(sys.stdin.buffer.read())
with open_vault(home, ring.seeds.vault) as vault:
    Path("/proc/self/clear_refs").write_text("5")
    idle = kib("VmRSS")
    (result,) = Importer(vault, ring, date(2026, 11, 22), lambda done, total: None).run(Path(sys.argv[2]))
    with vault.begin() as connection:
        (item,) = read_items(connection)
    ((path, size),) = export_media(vault, ring, item, Path(sys.argv[3]))
    print(json.dumps({"new": result.new, "size": size, "over_idle_mib": (kib("VmHWM") - idle) / 1024}))
"""


class Video:
    """A media frame of SIZE bytes, made as it is read: the same 64 KiB over and over, then padding."""

    def __init__(self, head: bytes) -> None:
        self._block = os.urandom(65_536)
        self.sha256 = hashlib.sha256()
        self._pieces = self._make(head)
        self._rest = b""

    def _make(self, head: bytes):
        yield head
        for _ in range(SIZE // len(self._block)):
            self.sha256.update(self._block)
            yield self._block
        yield bytes(media_plain_size(len(head) + SIZE) - len(head) - SIZE)

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def test_large_video_is_imported_and_exported_in_little_memory(laptop, stick, tmp_path, capsys):
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("this system does not tell a process its peak memory")
    phone = laptop.phone()
    video = Video(media_header(phone.common(2), 6, SIZE))
    with (stick / "carried").open("wb") as sink:
        seal_stream(video, sink, [HybridRecipient(laptop.ring.epochs[0].identity.recipient)])
    laptop.close()
    command = [sys.executable, "-c", PROGRAM, laptop.home.path, stick / "carried", tmp_path / "out"]
    done = subprocess.run(command, input=laptop.ring.to_bytes(), capture_output=True, check=True, timeout=200)
    figures = json.loads(done.stdout)
    with capsys.disabled():
        print(f"\n128 MiB of video: {figures['over_idle_mib']:.1f} MiB over idle")
    assert (figures["new"], figures["size"]) == (1, SIZE)
    assert figures["over_idle_mib"] < ALLOWED_MIB
    with (tmp_path / "out" / "1-1.mp4").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").digest() == video.sha256.digest()
