"""The blob store: sealed media, one interface, and a folder behind it with our own durable lines.

An unfinished blob (a part) is reserved whole, written at offsets and sealed once; a sealed blob never changes.
Order for what is acknowledged: write, fdatasync, only then the offset; to seal: fsync, rename, fsync of the folders.
No library does that: obstore and opendal leave out fsyncs. All file times are set to a day.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Protocol

from intake.server.clock import day_seconds
from intake.server.disk import leave_text_room
from intake.server.errors import StorageFull, StorageUnavailable
from intake.server.settings import PRIVATE_FILE_MODE, sync_folder
from intake.wire.constants import OBJECT_ID_SIZE

_READ_SIZE = 1 << 20
_VECTOR_MAX = 1024
_DAY_SECONDS = 86_400
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Part(Protocol):
    """An unfinished blob, open for one writer; positions are bytes from its start."""

    def write(self, position: int, pieces: Sequence[bytes]) -> None:
        """Writes the pieces one after another; not durable yet. Raises StorageFull or StorageUnavailable."""

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end`, at most 1 MiB at a time."""

    def flush(self, day: date) -> None:
        """Makes everything written durable; the file's times become `day`."""

    def close(self) -> None:
        """Lets go of it; call it once."""


class BlobStore(Protocol):
    """Where media are kept; ids are 16 bytes. Everything raises StorageFull or StorageUnavailable."""

    def reserve(self, blob_id: bytes, size: int, day: date) -> None:
        """Makes a part with room for `size` bytes, or raises StorageFull and leaves nothing."""

    def open_part(self, blob_id: bytes) -> Part:
        """Opens a part for writing."""

    def seal(self, blob_id: bytes, size: int, day: date) -> None:
        """Turns a part into a durable sealed blob of `size` bytes; doing it again changes nothing."""

    def discard(self, blob_id: bytes) -> None:
        """Removes a part if there is one."""

    def erase(self, blob_id: bytes) -> None:
        """Removes a sealed blob if there is one, durably."""

    def read(self, blob_id: bytes) -> Iterator[bytes]:
        """A sealed blob's bytes, at most 1 MiB at a time; raises FileNotFoundError when it is missing.

        Another OSError is the disk's, over this blob; StorageUnavailable says nothing about it, only "not now".
        """

    def part_size(self, blob_id: bytes) -> int | None:
        """Size of a part's file in bytes, None when there is none."""

    def sealed_size(self, blob_id: bytes) -> int | None:
        """Size of a sealed blob in bytes, None when there is none."""

    def parts(self, idle_seconds: int = 0) -> set[bytes]:
        """The ids of all parts, or of those that nothing has touched for so long."""

    def sealed(self) -> set[bytes]:
        """The ids of all sealed blobs."""

    def sealed_sizes(self) -> dict[bytes, int]:
        """The ids of all sealed blobs and their sizes in bytes."""

    def waiting(self) -> set[bytes]:
        """The ids of sealed blobs that have still to go where they will stay."""

    def offload(self, blob_id: bytes, sha256: bytes, keep: bool = False) -> bool:
        """Brings a waiting blob to where it will stay, checks it there against `sha256`, then frees its room here.

        With `keep` the room is not freed. False, and nothing freed, when the bytes here or there are not those of
        `sha256`. May be done by several processes at once, and again after a kill at any moment.
        """


@contextlib.contextmanager
def _disk(missing_ok: bool = False) -> Iterator[None]:
    # The text of an OSError holds a path: only its number leaves this module.
    try:
        yield
    except OSError as error:
        if missing_ok and isinstance(error, FileNotFoundError):
            raise FileNotFoundError from None
        if error.errno in _FULL:
            raise StorageFull from None
        raise StorageUnavailable(errno.errorcode.get(error.errno or 0, "unknown")) from None


class FolderPart:
    """A part as a file; its descriptor is closed by `close`."""

    def __init__(self, path: Path) -> None:
        with _disk():
            self._handle = os.open(path, os.O_RDWR | os.O_NOATIME)

    def write(self, position: int, pieces: Sequence[bytes]) -> None:
        """As Part says; up to 1,024 pieces a system call."""
        left = [memoryview(piece) for piece in pieces if piece]
        with _disk():
            while left:
                written = os.pwritev(self._handle, left[:_VECTOR_MAX], position)
                position += written
                left = _after(left, written)

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """As Part says; ends early when the file does."""
        while start < end:
            with _disk():
                piece = os.pread(self._handle, min(_READ_SIZE, end - start), start)
            if not piece:
                return
            start += len(piece)
            yield piece

    def flush(self, day: date) -> None:
        """As Part says."""
        with _disk():
            _set_day(self._handle, day)
            os.fdatasync(self._handle)

    def close(self) -> None:
        """As Part says."""
        os.close(self._handle)


class FolderBlobs:
    """Two folders of one file system: `parts_folder` for unfinished blobs, `sealed_folder` for sealed ones."""

    def __init__(self, parts_folder: Path, sealed_folder: Path) -> None:
        self._parts = parts_folder
        self._sealed = sealed_folder

    def reserve(self, blob_id: bytes, size: int, day: date) -> None:
        """As BlobStore says; posix_fallocate claims the blocks, so a full disk is told before the first byte.

        The last GiB of the disk, or its last tenth where that is less, is kept for text and the database.
        """
        path = self._part(blob_id)
        with _disk():
            leave_text_room(self._parts, size)
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
            try:
                os.posix_fallocate(handle, 0, size)
                _set_day(handle, day)
                os.fsync(handle)
            except OSError:
                path.unlink()
                raise
            finally:
                os.close(handle)
                _settle(self._parts, day)

    def open_part(self, blob_id: bytes) -> FolderPart:
        """As BlobStore says."""
        return FolderPart(self._part(blob_id))

    def seal(self, blob_id: bytes, size: int, day: date) -> None:
        """As BlobStore says: truncate to `size`, fsync, rename, fsync of both folders."""
        source, target = self._part(blob_id), self._blob(blob_id)
        with _disk():
            if not source.exists() and target.exists():
                return
            handle = os.open(source, os.O_RDWR)
            try:
                os.ftruncate(handle, size)
                _set_day(handle, day)
                os.fsync(handle)
            finally:
                os.close(handle)
            source.rename(target)
            _settle(self._sealed, day)
            _settle(self._parts, day)

    def discard(self, blob_id: bytes) -> None:
        """As BlobStore says."""
        with _disk(), _same_day(self._parts):
            self._part(blob_id).unlink(missing_ok=True)

    def erase(self, blob_id: bytes) -> None:
        """As BlobStore says."""
        with _disk():
            with _same_day(self._sealed):
                self._blob(blob_id).unlink(missing_ok=True)
            sync_folder(self._sealed)

    def read(self, blob_id: bytes) -> Iterator[bytes]:
        """As BlobStore says."""
        # A plain read would leave the minute of the last export on every file.
        with open(self._blob(blob_id), "rb", opener=_quietly) as source:
            while piece := source.read(_READ_SIZE):
                yield piece

    def part_size(self, blob_id: bytes) -> int | None:
        """As BlobStore says."""
        return _size(self._part(blob_id))

    def sealed_size(self, blob_id: bytes) -> int | None:
        """As BlobStore says."""
        return _size(self._blob(blob_id))

    def parts(self, idle_seconds: int = 0) -> set[bytes]:
        """As BlobStore says; files of other names are not ours and not named."""
        latest = time.time() - idle_seconds
        found = named_ids((entry.name for entry in os.scandir(self._parts)), ".part")
        return {blob_id for blob_id, name in found.items() if not idle_seconds or _changed(self._parts / name) < latest}

    def sealed(self) -> set[bytes]:
        """As BlobStore says; files of other names are not ours and not named."""
        return set(named_ids(entry.name for entry in os.scandir(self._sealed)))

    def sealed_sizes(self) -> dict[bytes, int]:
        """As BlobStore says."""
        sizes = {blob_id: self.sealed_size(blob_id) for blob_id in self.sealed()}
        return {blob_id: size for blob_id, size in sizes.items() if size is not None}

    def waiting(self) -> set[bytes]:
        """As BlobStore says: nothing, all stay here."""
        return set()

    def offload(self, blob_id: bytes, sha256: bytes, keep: bool = False) -> bool:
        """As BlobStore says: there is nothing to do."""
        return True

    def sealed_path(self, blob_id: bytes) -> Path:
        """Where a sealed blob lies."""
        return self._blob(blob_id)

    @contextlib.contextmanager
    def held(self, blob_id: bytes, wait: bool) -> Iterator[bool]:
        """Holds a sealed blob's file across processes; False when there is none, or without `wait` another has it."""
        try:
            handle = _quietly(str(self._blob(blob_id)), os.O_RDONLY)
        except FileNotFoundError:
            yield False
            return
        try:
            yield _flock(handle, wait) and os.fstat(handle).st_nlink > 0
        finally:
            os.close(handle)

    def _part(self, blob_id: bytes) -> Path:
        return self._parts / f"{blob_id.hex()}.part"

    def _blob(self, blob_id: bytes) -> Path:
        return self._sealed / blob_name(blob_id)


def _quietly(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOATIME)


def _after(left: list[memoryview], written: int) -> list[memoryview]:
    for index, piece in enumerate(left):
        if written < len(piece):
            return [piece[written:], *left[index + 1 :]]
        written -= len(piece)
    return []


def _set_day(handle: int, day: date) -> None:
    os.utime(handle, (day_seconds(day), day_seconds(day)))


def _settle(folder: Path, day: date) -> None:
    """fsync of a folder, whose times become `day`: they would tell when the last object came."""
    os.utime(folder, (day_seconds(day), day_seconds(day)))
    sync_folder(folder)


@contextlib.contextmanager
def _same_day(folder: Path) -> Iterator[None]:
    """Leaves a folder with the day it had: what is taken out of it would leave the second at which it went."""
    day = int(folder.stat().st_mtime) // _DAY_SECONDS * _DAY_SECONDS
    try:
        yield
    finally:
        os.utime(folder, (day, day))


def _size(path: Path) -> int | None:
    try:
        with _disk(missing_ok=True):
            return path.stat().st_size
    except FileNotFoundError:
        return None


def _changed(path: Path) -> float:
    try:
        return path.stat().st_ctime
    except FileNotFoundError:
        return time.time()


def _flock(handle: int, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def digest_of(pieces: Iterable[bytes]) -> bytes:
    """SHA-256 over the pieces of a blob."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def blob_name(blob_id: bytes) -> str:
    """The name of a sealed blob's file or object."""
    return f"{blob_id.hex()}.age"


def named_ids(names: Iterable[str], suffix: str = ".age") -> dict[bytes, str]:
    """The ids that names stand for; other names are not ours and left out."""
    found = {}
    for name in names:
        with contextlib.suppress(ValueError):
            blob_id = bytes.fromhex(name.removesuffix(suffix))
            if len(blob_id) == OBJECT_ID_SIZE and name == blob_id.hex() + suffix:
                found[blob_id] = name
    return found
