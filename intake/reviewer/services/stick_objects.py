"""The bytes of objects on a stick: out of segments, files of their own, and parts (SPEC.md section 9).

Nothing here believes what it reads; whoever asks compares size and hash.
"""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, Protocol

from intake.reviewer.services.folders import UntrustedFolder, readable
from intake.wire.bundle_index import SEGMENTS_FOLDER, IndexEntry
from intake.wire.constants import AGE_VERSION_LINE, BUNDLE_SEGMENT_MAX_SIZE, SMALL_CLASSES

_FIRST_LINE = AGE_VERSION_LINE.encode()
_GRID = min(SMALL_CLASSES)


class Readable(Protocol):
    """Bytes from a beginning to an end."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


class Segments:
    """Reads objects out of segments, holding open the one it read from last: an index goes through them in order."""

    def __init__(self, folder: UntrustedFolder) -> None:
        self._folder = folder
        self._held = ExitStack()
        self._path = ""
        self._file: BinaryIO | None = None

    def read(self, entry: IndexEntry) -> bytes:
        """Return the bytes at an entry's place, fewer where the segment ends; raises FileNotFoundError, Unreadable."""
        if entry.place is None:
            raise FileNotFoundError
        file = self._open(entry.place.path)
        with readable():
            file.seek(entry.place.offset)
            return file.read(entry.size)

    def close(self) -> None:
        """Let go of the segment."""
        self._held.close()
        self._file, self._path = None, ""

    def _open(self, path: str) -> BinaryIO:
        if self._file is None or path != self._path:
            self.close()
            self._file, self._path = self._held.enter_context(self._folder.open(path)), path
        return self._file


@contextmanager
def open_object(folder: UntrustedFolder, entry: IndexEntry) -> Iterator[Readable]:
    """Give an object's bytes wherever they lie; raises FileNotFoundError, or Unreadable for all but plain files."""
    with ExitStack() as held:
        if entry.place is None:
            yield _Joined([held.enter_context(folder.open(path)) for path in entry.paths])
            return
        file = held.enter_context(folder.open(entry.place.path))
        file.seek(entry.place.offset)
        yield Cut(file, entry.size)


def carve(folder: UntrustedFolder) -> Iterator[bytes]:
    """Give what looks like a sealed object in any segment, without an index; raises FileNotFoundError, Unreadable.

    All small sizes are multiples of 8,192 bytes, so each begins at one, with the first line of an age file.
    """
    for name in folder.names(SEGMENTS_FOLDER):
        data = folder.read(name, BUNDLE_SEGMENT_MAX_SIZE)
        starts = [at for at in range(0, len(data), _GRID) if data.startswith(_FIRST_LINE, at)]
        for start, end in itertools.pairwise([*starts, len(data)]):
            yield data[start:end]


class _Joined:
    """Files one after another as one."""

    def __init__(self, files: list[BinaryIO]) -> None:
        self._files = files

    def read(self, size: int, /) -> bytes:
        while self._files:
            if piece := self._files[0].read(size):
                return piece
            self._files.pop(0)
        return b""


class Cut:
    """The next `size` bytes of something, and no more."""

    def __init__(self, file: Readable, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int, /) -> bytes:
        """As Readable."""
        piece = self._file.read(min(size, self._left))
        self._left -= len(piece)
        return piece
