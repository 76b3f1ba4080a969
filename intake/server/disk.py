"""How the disk of the data folder is divided: what media may never touch, so that text goes on."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from intake.server.errors import StorageFull

_TEXT_ROOM_MAX_SIZE: Final = 1 << 30
_TEXT_ROOM_SHARE: Final = 10


@dataclass(frozen=True)
class Disk:
    """A disk's size and what this user may still write, both in bytes."""

    size: int
    free: int

    @property
    def text_room(self) -> int:
        """Bytes that media leave to text and the database: 1 GiB, or a tenth of the disk where that is less."""
        return min(_TEXT_ROOM_MAX_SIZE, self.size // _TEXT_ROOM_SHARE)


def disk_of(folder: Path) -> Disk:
    """The disk that holds `folder`, as it is now."""
    found = os.statvfs(folder)
    return Disk(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)


def leave_text_room(folder: Path, size: int) -> None:
    """Raises StorageFull when `size` more bytes of media would touch what is left to text.

    Reserving costs a stranger one request without a body: three of them took 12 GB, and then no text was taken.
    """
    disk = disk_of(folder)
    if disk.free < size + disk.text_room:
        raise StorageFull
