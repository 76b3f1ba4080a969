"""Power cuts under load: tests/run --suite power-cut [--count 300] [--seed 1]; needs root and loop devices.

The data folder lies on an ext4 in a file on another ext4 in a file: what the inner one has not flushed to its "disk"
with a barrier is only in the outer one's memory, as in a disk's volatile cache. A cut kills the server and copies the
outer file as it is at that moment: everything that was written and not synced (fsync, fdatasync, flushed) is not in the
copy. The copy is mounted (both journals are replayed) and the suite goes on with it, checking all that `kill` checks.

Every cut proves itself: a file written just before it without fsync must not be whole in the copy (counted as
`dropped`; the kernel may have written it by itself, so not each time).
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.server.parts import Deployment, House, copy_house, make_house
from tests.suites.kill import Folder, Progress, told

ROOT = Path(__file__).resolve().parents[2]
PROGRESS = ROOT / ".cache" / "suites" / "power-cut.json"
FOLDER_CYCLES = 20
OUTER_MB, INNER_MB = 700, 500
WITNESS = b"never synced" * 1000


def run_tool(*words: str | Path) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


def unmount(folder: Path) -> None:
    """Unmounts; the kernel lets go of the loop device inside a little later, and until then says that it is busy."""
    for _ in range(100):
        if subprocess.run(["umount", str(folder)], check=False, capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit(f"error: {folder} cannot be unmounted.\nhint: fuser -vm {folder}")


class Disk:
    """Two file systems in each other; `folder` is where the inner one is mounted."""

    def __init__(self, place: Path) -> None:
        self._image, self._outer, self.folder = place / "image", place / "outer", place / "inner"
        self.dropped = 0
        self._outer.mkdir()
        self.folder.mkdir()
        run_tool("truncate", "-s", f"{OUTER_MB}M", self._image)
        run_tool("mkfs.ext4", "-q", "-F", self._image)
        run_tool("mount", "-o", "loop", self._image, self._outer)
        run_tool("fallocate", "-l", str(INNER_MB << 20), self._outer / "disk")
        run_tool("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1", self._outer / "disk")
        run_tool("mount", "-o", "loop", self._outer / "disk", self.folder)

    def cut(self) -> None:
        """Takes the power: what is not synced is gone, and the machine is up again."""
        witness = self.folder / "witness"
        witness.unlink(missing_ok=True)
        witness.write_bytes(WITNESS)
        copy = self._image.with_suffix(".copy")
        run_tool("cp", "--sparse=always", self._image, copy)
        self.close()
        copy.replace(self._image)
        run_tool("mount", "-o", "loop", self._image, self._outer)
        run_tool("mount", "-o", "loop", self._outer / "disk", self.folder)
        self.dropped += not witness.exists() or witness.read_bytes() != WITNESS

    def close(self) -> None:
        """Unmounts both."""
        for folder in (self.folder, self._outer):
            if folder.is_mount():
                unmount(folder)


@contextlib.contextmanager
def disk() -> Iterator[Disk]:
    """A new disk. Raises CalledProcessError where nothing may be mounted."""
    with tempfile.TemporaryDirectory(prefix="intake-power-") as name:
        made = Disk(Path(name))
        try:
            yield made
        finally:
            made.close()


class CutFolder(Folder):
    """A folder whose server loses its power with every kill."""

    def __init__(self, house: House, progress: Progress, drive: Disk) -> None:
        super().__init__(house, progress)
        self._drive = drive

    def after_kill(self) -> None:
        """The cut."""
        self._drive.cut()


def run(count: int, seed: str, path: Path | None, length: int = FOLDER_CYCLES) -> Progress:
    """Cycles up to number `count`, as kill.run; a fresh disk every `length` cycles."""
    progress = Progress.load(path, seed)
    with tempfile.TemporaryDirectory(prefix="intake-power-") as name:
        built = make_house(Path(name), Deployment())
        while progress.done < count:
            started = time.monotonic()
            _run_disk(built, progress, min(count, progress.done + length))
            progress.seconds += time.monotonic() - started
            if path:
                progress.save(path)
                print(told(progress, count), flush=True)
    return progress


def _run_disk(built: House, progress: Progress, last: int) -> None:
    with disk() as drive:
        folder = CutFolder(copy_house(built, drive.folder), progress, drive)
        run_tool("sync", "-f", drive.folder)
        for number in range(progress.done, last):
            folder.cycle(number)
        folder.finish(last)
        progress.add(progress.counts, {"dropped": drive.dropped})
    progress.done = last


def in_own_namespace(argv: list[str]) -> int:
    """Runs the suite again where nobody else sees its mounts: a namespace made meanwhile would keep them busy."""
    words = ["unshare", "--mount", sys.executable, str(ROOT / "tests" / "runner.py"), "inside", __file__, "--here"]
    return subprocess.run([*words, *argv], check=False).returncode


def main(argv: list[str]) -> int:
    """Runs the suite; returns 1 when anything acknowledged was lost, or no cut lost what was not synced."""
    parser = argparse.ArgumentParser(prog="power-cut", description="power cuts under load")
    parser.add_argument("--count", type=int, default=300, help="cycles in all, those of earlier runs included")
    parser.add_argument("--seed", default="1", help="any text")
    parser.add_argument("--anew", action="store_true", help="keep no progress")
    parser.add_argument("--here", action="store_true", help="mount where everybody sees it")
    options = parser.parse_args(argv)
    if not options.here:
        return in_own_namespace(argv)
    progress = run(options.count, options.seed, None if options.anew else PROGRESS)
    for failure in progress.failures[:50]:
        print(f"failed: {failure}")
    print(told(progress, options.count))
    return 1 if progress.failures or not progress.counts.get("dropped") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
