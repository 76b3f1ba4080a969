"""Room on the disk that strangers may not fill, or nobody could make room again.

Exporting, applying acks and erasing write the database before they free anything. On a disk that reports had filled to
the last byte all three failed.
"""

import os
from pathlib import Path
from typing import Final

from intake.server.errors import StorageFull

_WORK_ROOM_MAX_SIZE: Final = 256 * 1024**2
_WORK_ROOM_SHARE: Final = 20


def leave_work_room(folder: Path) -> None:
    """Raises StorageFull while 256 MiB, or a twentieth of the disk of `folder` where that is less, are not free."""
    disk = os.statvfs(folder)
    work_room = min(_WORK_ROOM_MAX_SIZE, disk.f_blocks * disk.f_frsize // _WORK_ROOM_SHARE)
    if disk.f_bavail * disk.f_frsize < work_room:
        raise StorageFull
