"""A bag being written: durable files dated to the day, named for a bundle only when whole.

Until then the folder is called `.bundle-….part` and locked by who writes it; the next export clears away what a
killed one has left.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from intake.server.clock import day_seconds
from intake.server.settings import sync_folder
from intake.wire import bundle
from intake.wire.bundle_index import OBJECTS_FOLDER, SEGMENTS_FOLDER

_DRAFTS = ".bundle-*.part"
_FOLDERS = (SEGMENTS_FOLDER, OBJECTS_FOLDER, str(Path(bundle.LEAVES_NAME).parent), "data", ".")


class BagFile:
    """One file of a bag, written from its beginning; `close` makes it durable."""

    def __init__(self, path: Path, seconds: int) -> None:
        self._file = path.open("xb")
        self._seconds = seconds
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Adds bytes."""
        self._hash.update(piece)
        self._file.write(piece)
        self.size += len(piece)

    def close(self) -> str:
        """Puts the file on the disk, dated to the day; returns its SHA-256 as 64 hex."""
        with self._file:
            self._file.flush()
            os.utime(self._file.fileno(), (self._seconds, self._seconds))
            os.fsync(self._file.fileno())
        return self._hash.hexdigest()

    def abandon(self) -> None:
        """Closes it without a promise."""
        self._file.close()


class Bag:
    """The files of a draft and their hashes."""

    def __init__(self, draft: Path, day: date) -> None:
        self._draft = draft
        self._seconds = day_seconds(day)
        self._hashes: dict[str, str] = {}
        for folder in _FOLDERS[:3]:
            (draft / folder).mkdir(parents=True)

    @contextlib.contextmanager
    def file(self, path: str) -> Iterator[BagFile]:
        """A file to write to; durable and counted when the block ends well."""
        target = BagFile(self._draft / path, self._seconds)
        try:
            yield target
        except BaseException:
            target.abandon()
            raise
        self._hashes[path] = target.close()

    def add(self, path: str, pieces: Iterable[bytes]) -> str:
        """Writes one file from its pieces; returns its SHA-256 as 64 hex."""
        with self.file(path) as target:
            for piece in pieces:
                target.write(piece)
        return self._hashes[path]

    def hashes(self, beginning: str) -> list[tuple[str, str]]:
        """(path, 64 hex) of every file written so far whose path begins so."""
        return [(path, sha256) for path, sha256 in self._hashes.items() if path.startswith(beginning)]

    def hash_of(self, path: str) -> str:
        """64 hex of a file that was written."""
        return self._hashes[path]

    def finish(self, folder: Path) -> None:
        """Makes the folders durable and gives the bag its name."""
        for inner in _FOLDERS:
            os.utime(self._draft / inner, (self._seconds, self._seconds))
            sync_folder(self._draft / inner)
        self._draft.rename(folder)
        sync_folder(folder.parent)


@contextlib.contextmanager
def new_bag(target: Path, name: str, day: date) -> Iterator[Bag]:
    """A bag for a bundle whose folder will be `name` below `target`; no trace of it stays when the block fails."""
    clear_drafts(target)
    draft = target / f".{name}.part"
    handle = _locked_draft(draft)
    try:
        bag = Bag(draft, day)
        yield bag
        bag.finish(target / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    finally:
        os.close(handle)


def _locked_draft(draft: Path) -> int:
    """Makes and locks a draft folder; before it is locked another export may take it for a dead one and remove it."""
    while True:
        draft.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.path.exists(draft) and os.path.samestat(os.fstat(handle), draft.stat()):
                return handle
            os.close(handle)


def clear_drafts(target: Path) -> int:
    """Removes the drafts below `target` that nobody is writing any more; returns how many."""
    return sum(_clear_draft(draft) for draft in target.glob(_DRAFTS))


def _clear_draft(draft: Path) -> bool:
    # Gone meanwhile: its writer gave it its name, or another export was quicker to clear it away.
    with contextlib.suppress(FileNotFoundError):
        handle = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(draft)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(handle)
    return False
