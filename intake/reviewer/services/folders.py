"""Reading a folder that somebody else filled: nothing outside it, no links, no pipes, no surprise sizes."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = _FILE | os.O_DIRECTORY
_DEPTH_MAX = 4
READ_MAX_SIZE = 256 * 1024**2
"""Bytes of the largest file that is read whole: an index of a million objects has 240 MB."""


class Unreadable(Exception):
    """A file of the folder is a link, no plain file, too large, or its medium is failing."""


class UntrustedFolder:
    """A folder on a stick. Every path inside it is followed step by step, refusing links at each."""

    def __init__(self, path: Path) -> None:
        """Take a folder; raises NotADirectoryError or FileNotFoundError."""
        self._root = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the folder, so that the stick can be taken out."""
        os.close(self._root)

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Give a plain file by its path inside; raises FileNotFoundError, or Unreadable for anything else."""
        with readable():
            descriptor = self._descend(name.split("/"))
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Unreadable
        with os.fdopen(descriptor, "rb") as file:
            yield file

    def read(self, name: str, limit: int) -> bytes:
        """Return a file of at most `limit` bytes; raises FileNotFoundError or Unreadable."""
        with self.open(name) as file, readable():
            # read() takes memory for all it is asked for, and a limit may itself come from outside.
            size = os.fstat(file.fileno()).st_size
            if size > min(limit, READ_MAX_SIZE):
                raise Unreadable
            data = file.read(size + 1)
        if len(data) > size:
            raise Unreadable
        return data

    def names(self, under: str = "") -> list[str]:
        """Return the paths of all files inside, links and special files too, sorted; four levels deep."""
        return sorted(self._walk(under, _DEPTH_MAX))

    def _walk(self, under: str, depth: int) -> Iterator[str]:
        try:
            with readable():
                descriptor = self._descend([*under.split("/")], _FOLDER) if under else os.dup(self._root)
        except (FileNotFoundError, Unreadable):
            return
        try:
            with os.scandir(descriptor) as entries:
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
        finally:
            os.close(descriptor)
        for name, is_folder in found:
            path = f"{under}/{name}" if under else name
            if is_folder and depth > 1:
                yield from self._walk(path, depth - 1)
            else:
                yield path

    def _descend(self, steps: list[str], last_flags: int = _FILE) -> int:
        if not all(step not in ("", ".", "..") for step in steps):
            raise Unreadable
        current = os.dup(self._root)
        try:
            for index, step in enumerate(steps):
                flags = last_flags if index == len(steps) - 1 else _FOLDER
                following = os.open(step, flags, dir_fd=current)
                os.close(current)
                current = following
        except OSError:
            os.close(current)
            raise
        return current


@contextmanager
def readable() -> Iterator[None]:
    """Turn every failure to read, a missing file apart, into Unreadable: a failing stick damages one object."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError:
        raise Unreadable from None
