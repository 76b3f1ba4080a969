"""Moving sealed media from the spool to the bucket, when the data folder has one.

A bucket keeps the second at which each of its objects came. So the server moves what is older than today, in random
order, and younger media only when the spool fills up; `intake offload` moves everything at once.
"""

import os
import random
import threading
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from sqlalchemy import Connection, select

from intake.server.errors import ServerError
from intake.server.logs import Event, log
from intake.server.models import objects
from intake.server.services.core import Core
from intake.wire.constants import OBJECT_MEDIA

_TICK_SECONDS: Final = 30
_RECORDS_AT_ONCE: Final = 500
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
    for start in range(0, len(waiting), _RECORDS_AT_ONCE):
        some = waiting[start : start + _RECORDS_AT_ONCE]
        records = core.store.read(partial(_records, ids=some))
        for blob_id in some:
            sha256, day = records.get(blob_id, (b"", date.max))
            if blob_id not in records or not (everything or day < core.clock() or _is_short(core)):
                done.left += 1
            elif core.blobs.offload(blob_id, sha256):
                done.moved += 1
            else:
                done.refused += 1
    return done


def _records(connection: Connection, ids: list[bytes]) -> dict[bytes, tuple[bytes, date]]:
    query = select(objects.c.id, objects.c.sha256, objects.c.day)
    rows = connection.execute(query.where(objects.c.kind == OBJECT_MEDIA, objects.c.id.in_(ids)))
    return {row.id: (row.sha256, row.day) for row in rows}


def _is_short(core: Core) -> bool:
    """Whether less than half of the spool's disk is free."""
    disk = os.statvfs(core.settings.folder.objects)
    return disk.f_bavail * _SPOOL_SHARE < disk.f_blocks


class Mover:
    """Offloads in a thread of its own while the server runs, every 30 seconds; it may be killed at any moment."""

    def __init__(self, core: Core, pause_seconds: float = _TICK_SECONDS) -> None:
        self._core = core
        self._pause_seconds = pause_seconds
        self._stopped = threading.Event()
        self._refused = 0
        threading.Thread(target=self._run, name="mover", daemon=True).start()

    def close(self) -> None:
        """Begins nothing more; what is on its way is not waited for."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self._pause_seconds):
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
