"""The reserve: room on the disk that is really taken, and given back step by step when everything else is full.

```
media refused -> text writes on into the rest of the disk -> text writes on into the reserve, a step at a time
-> its last quarter is left to exporting, acking and erasing -> with space back the reserve grows again
```

A mere promise of free space did not hold: what else writes to the disk does not know of it. Without the last quarter a
full disk could not be emptied, since exporting, acking and erasing write the database before they free anything.
"""

import contextlib
import os
import time
from typing import Final

from intake.server.clock import Clock, day_seconds
from intake.server.disk import Disk, disk_of
from intake.server.errors import StorageFull, StorageUnavailable
from intake.server.settings import PRIVATE_FILE_MODE, Folder

_DISK_SHARE: Final = 4
_WORK_SHARE: Final = 4
_STEPS: Final = 16
_LOOK_SECONDS: Final = 0.01
_LOOK_SPARE_SIZE: Final = 64 << 20


class Room:
    """The reserve file of one data folder; the wish for its size is `wanted` bytes, a quarter of the disk at most."""

    def __init__(self, folder: Folder, wanted: int, clock: Clock) -> None:
        self._folder = folder
        self._wanted = wanted
        self._clock = clock
        self._lent = 0
        self._text_fits_until = 0.0

    def disk(self) -> Disk:
        """The disk now; raises StorageUnavailable."""
        try:
            return disk_of(self._folder.root)
        except OSError as error:
            raise StorageUnavailable(type(error).__name__) from None

    @property
    def held(self) -> int:
        """Bytes that the reserve holds now."""
        try:
            return self._folder.reserve.stat().st_size
        except OSError:
            return 0

    def wanted(self, disk: Disk) -> int:
        """Bytes that the whole reserve has on this disk."""
        return min(self._wanted, disk.size // _DISK_SHARE)

    def for_text(self) -> None:
        """Makes room for the next reports, out of the reserve if need be; raises StorageFull when that is used up."""
        # A hundredth of a second brings less than is left over then; asking for each report is dear.
        now = time.monotonic()
        if now < self._text_fits_until:
            return
        disk = self.disk()
        step = self.wanted(disk) // _STEPS
        left_over = disk.free - 2 * step - self._work_size(disk)
        if left_over >= _LOOK_SPARE_SIZE:
            self._text_fits_until = now + _LOOK_SECONDS
        if left_over >= 0:
            return
        held = self.held
        spare = disk.free + held - self._work_size(disk)
        if spare < step:
            raise StorageFull
        if disk.free < step:
            self._shrink(held - min(held, spare, 2 * step - disk.free))

    def for_work(self) -> None:
        """Makes room for exporting, acking and erasing out of the last of the reserve, which text may not use."""
        disk = self.disk()
        missing = self._work_size(disk) - disk.free
        held = self.held
        if missing > 0 < held:
            self._shrink(max(0, held - missing))

    def grow(self) -> None:
        """Takes back for the reserve what is free again; as much of it as leaves a quarter of its size free."""
        disk, held = self.disk(), self.held
        wanted = self.wanted(disk)
        goal = min(wanted, held + disk.free - wanted // _WORK_SHARE)
        if goal >= held + wanted // _STEPS or held < goal == wanted:
            # Another process may have taken the space meanwhile: then it is tried again later.
            with contextlib.suppress(OSError):
                self._fill(goal)

    def for_media(self) -> int:
        """Bytes that media may still take: what is free without the room for text and what the reserve lacks."""
        disk = self.disk()
        return max(0, disk.free - disk.text_room - max(0, self.wanted(disk) - self.held))

    def lend(self, size: int) -> None:
        """Counts bytes that a forwarded file reserves while it comes: at most half of what is free for media, for all.

        Raises StorageFull. A form announces up to 4 GiB and may then drip for ever.
        """
        if 2 * (self._lent + size) > self.for_media() + self._lent:
            raise StorageFull
        self._lent += size

    def give_back(self, size: int) -> None:
        """A forwarded file of which `size` bytes were lent is stored or forgotten."""
        self._lent -= size

    def _work_size(self, disk: Disk) -> int:
        return self.wanted(disk) // _WORK_SHARE

    def _shrink(self, size: int) -> None:
        try:
            os.truncate(self._folder.reserve, size)
            self._set_day()
        except OSError as error:
            raise StorageUnavailable(type(error).__name__) from None

    def _fill(self, size: int) -> None:
        handle = os.open(self._folder.reserve, os.O_WRONLY | os.O_CREAT, PRIVATE_FILE_MODE)
        try:
            os.posix_fallocate(handle, 0, size)
        finally:
            os.close(handle)
        self._set_day()

    def _set_day(self) -> None:
        # Its times would tell the minute in which the disk was full.
        day = day_seconds(self._clock())
        os.utime(self._folder.reserve, (day, day))
