"""Moving sealed media from the spool to the bucket, when the data folder has one.

A bucket keeps the second at which each of its objects came. So the server moves what is older than today, in random
order, and younger media only when the spool fills up; `intake offload` moves everything at once.
"""

import os
import random
import threading
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select

from intake.server.errors import ServerError
from intake.server.logs import Event, log
from intake.server.models import objects
from intake.server.services.core import Core
from intake.wire.constants import OBJECT_MEDIA

_TICK_SECONDS: Final = 30
_SPOOL_SHARE: Final = 2


@dataclass
class Offloaded:
    """Counts of media: `moved` now lie in the bucket alone, `refused` differ here or there from their record.

    `left` are those that came today, or have no record yet.
    """

    moved: int = 0
    refused: int = 0
    left: int = 0


def offload(core: Core, everything: bool) -> Offloaded:
    """Moves what may go; raises StorageUnavailable when the bucket does not answer, and may be called again."""
    done = Offloaded()
    waiting = list(core.blobs.waiting())
    random.SystemRandom().shuffle(waiting)
    for blob_id in waiting:
        record = _record(core, blob_id)
        if record is None or not (everything or record[1] < core.clock() or _is_short(core)):
            done.left += 1
        elif core.blobs.offload(blob_id, record[0]):
            done.moved += 1
        else:
            done.refused += 1
    return done


def _record(core: Core, blob_id: bytes) -> tuple[bytes, date] | None:
    query = select(objects.c.sha256, objects.c.day).where(objects.c.id == blob_id, objects.c.kind == OBJECT_MEDIA)
    row = core.store.read(lambda connection: connection.execute(query).one_or_none())
    return None if row is None else (row.sha256, row.day)


def _is_short(core: Core) -> bool:
    """Whether less than half of the spool's disk is free."""
    disk = os.statvfs(core.settings.folder.objects)
    return disk.f_bavail * _SPOOL_SHARE < disk.f_blocks


class Mover:
    """Offloads in a thread of its own while the server runs; it may be killed at any moment."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._stopped = threading.Event()
        self._refused = 0
        threading.Thread(target=self._run, name="mover", daemon=True).start()

    def close(self) -> None:
        """Begins nothing more; what is on its way is not waited for."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(_TICK_SECONDS):
            try:
                refused = offload(self._core, everything=False).refused
            except ServerError as error:
                log(Event.BUCKET_AWAY, type(error).__name__)
            except Exception as error:
                log(Event.UNEXPECTED, type(error).__name__)
            else:
                if refused > self._refused:
                    log(Event.NOT_MOVED, refused)
                self._refused = refused
