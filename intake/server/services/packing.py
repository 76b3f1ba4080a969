"""Sealed objects into the files of a bag: small ones into segments, media into files and parts that FAT32 can hold.

Every object's hash is checked on the way. One that is damaged or missing gets a file of its own, or none: a segment
holds only what was whole when it was written, so one bad object costs its neighbours nothing.
"""

import errno
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from enum import Enum
from types import TracebackType
from typing import Self

from intake.server.blobs import BlobStore
from intake.server.errors import StorageUnavailable
from intake.server.services.backlog import Waiting
from intake.server.services.bag import Bag, BagFile
from intake.wire.bundle_index import IndexEntry, Layout, Place, own_paths
from intake.wire.constants import BUNDLE_PART_SIZE


class Fate(Enum):
    """What became of an object: written as it came; missing or other bytes; or its store did not answer."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    UNREAD = "unread"


_BAD_SECTOR = errno.errorcode[errno.EIO]


class Packer:
    """Writes objects into a bag in the order given; use it as a context manager, so that the last segment is closed."""

    def __init__(self, bag: Bag, blobs: BlobStore, part_size: int = BUNDLE_PART_SIZE) -> None:
        self._bag = bag
        self._blobs = blobs
        self._part_size = part_size
        self._layout = Layout()
        self._open = ExitStack()
        self._segment: BagFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def put(self, waiting: Waiting) -> tuple[IndexEntry, Fate]:
        """Writes one object; returns its index entry and what became of it.

        Raises OSError when the bag cannot be written, StorageUnavailable when a store falls silent within an object.
        """
        record, sealed = waiting.record, waiting.sealed
        if sealed is not None and _is_whole(sealed, record.size, record.sha256):
            place = self._layout.place(record.size)
            self._segment_at(place).write(sealed)
            return _entry(waiting, place), Fate.WHOLE
        if sealed is not None:
            self._bag.add(own_paths(record.id, len(sealed))[0], [sealed])
            return _entry(waiting, None), Fate.DAMAGED
        try:
            pieces = self._pieces(waiting)
        except FileNotFoundError:
            return _entry(waiting, None), Fate.DAMAGED
        except StorageUnavailable:
            # A bucket that is away must not keep the reports here; the laptop gets this one with a later bundle.
            return _entry(waiting, None), Fate.UNREAD
        is_whole = self._own_files(waiting, pieces) == (record.size, record.sha256)
        return _entry(waiting, None), Fate.WHOLE if is_whole else Fate.DAMAGED

    def _segment_at(self, place: Place) -> BagFile:
        if self._segment is None or place.offset == 0:
            self._open.close()
            self._segment = self._open.enter_context(self._bag.file(place.path))
        return self._segment

    def _pieces(self, waiting: Waiting) -> Iterator[bytes]:
        # Opened before the target is made, so that a missing object leaves no empty file in the bag.
        if waiting.kind == "report":
            raise FileNotFoundError
        source = _as_far_as_it_goes(self._blobs.read(waiting.record.id))
        first = next(source, b"")
        return (piece for part in ((first,), source) for piece in part)

    def _own_files(self, waiting: Waiting, pieces: Iterator[bytes]) -> tuple[int, bytes]:
        """Writes the object as its entry says it lies; returns the size and SHA-256 it turned out to have."""
        state, size = hashlib.sha256(), 0
        paths = list(own_paths(waiting.record.id, waiting.record.size, self._part_size))
        rest = b""
        while paths:
            with self._bag.file(paths.pop(0)) as target:
                while rest or (rest := next(pieces, b"")):
                    # What is longer than its record says stays in the last part: it is damaged, and shown as it is.
                    room = self._part_size - target.size if paths else len(rest)
                    state.update(rest[:room])
                    target.write(rest[:room])
                    size += len(rest[:room])
                    rest = rest[room:]
                    if paths and target.size == self._part_size:
                        break
        return size, state.digest()


def _as_far_as_it_goes(source: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from source
    except FileNotFoundError:
        raise
    except (OSError, StorageUnavailable) as error:
        # One bad sector damages one object; it must not keep a thousand others here. A store that is away may.
        if isinstance(error, StorageUnavailable) and error.args != (_BAD_SECTOR,):
            raise


def _is_whole(sealed: bytes, size: int, sha256: bytes) -> bool:
    return len(sealed) == size and hashlib.sha256(sealed).digest() == sha256


def _entry(waiting: Waiting, place: Place | None) -> IndexEntry:
    row = waiting.record
    return IndexEntry(
        row.id,
        waiting.kind,
        row.size,
        row.sha256,
        row.epoch,
        row.salt,
        row.leaf_number,
        row.day,
        waiting.work,
        place,
    )
