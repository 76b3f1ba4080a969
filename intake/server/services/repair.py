"""What a start makes good after a crash or a power cut, and what it can only tell.

Everything acknowledged is durable before it is told, so only the unacknowledged is ever cut away here.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, select, update

from intake.server.blobs import BlobStore, digest_of
from intake.server.errors import StorageUnavailable
from intake.server.models import objects, uploads
from intake.server.services.core import Core
from intake.server.services.deletion import finish_erasures
from intake.server.services.handover import Locks
from intake.server.services.objects import NewObject
from intake.server.services.unfinished import record_sealed
from intake.wire.constants import OBJECT_MEDIA

STRAY_SECONDS: Final = 3600
"""After which a part without a record belongs to nobody: a body that is silent for 300 s is given up."""


@dataclass
class Repairs:
    """Counts of what was found: see `intake.server.logs.Event` for their sentences."""

    measured: int = 0
    sealed: int = 0
    lost: int = 0
    reservations: int = 0
    erased: int = 0
    unrecorded: int = 0
    damaged: int = 0
    away: bool = False


@dataclass(frozen=True)
class _Record:
    upload_id: bytes
    size: int
    epoch: int
    position: int
    work: int
    day: date


def repair(core: Core, alone: bool = True) -> Repairs:
    """Brings files and records together before a server serves; with `alone` none is running on the data folder yet.

    Otherwise what others are receiving is left alone. What lies in a bucket that is away is left for another time.
    """
    found = Repairs()
    with _unless_away(found):
        found.erased = finish_erasures(core)
    with contextlib.closing(Locks(core.settings.folder.run)) as locks:
        for upload_id in core.store.read(lambda c: c.execute(select(uploads.c.id)).scalars().all()):
            with _unless_away(found):
                _repair_free(core, locks, upload_id, found)
    found.reservations = clear_strays(core, 0 if alone else STRAY_SECONDS)
    with _unless_away(found):
        _compare(core, found)
    return found


def clear_strays(core: Core, idle_seconds: int) -> int:
    """Discards parts that have no record and that nothing has touched for so long; returns how many.

    A forwarded file has no record while it comes, and an upload none until a moment after its room was reserved.
    """
    parts = core.blobs.parts(idle_seconds)
    strays = parts - set(core.store.read(lambda c: c.execute(select(uploads.c.id)).scalars())) if parts else parts
    for part in strays:
        core.blobs.discard(part)
    return len(strays)


@contextlib.contextmanager
def _unless_away(found: Repairs) -> Iterator[None]:
    try:
        yield
    except StorageUnavailable:
        found.away = True


def _repair_free(core: Core, locks: Locks, upload_id: bytes, found: Repairs) -> None:
    """Repairs an upload unless another server is receiving it: only under its lock its record and its file agree."""
    if not locks.take(upload_id):
        return
    try:
        record = core.store.read(partial(_record, upload_id=upload_id))
        if record is not None:
            _repair_upload(core, record, found)
    finally:
        locks.release(upload_id)


def _record(connection: Connection, upload_id: bytes) -> _Record | None:
    row = connection.execute(select(uploads).where(uploads.c.id == upload_id)).one_or_none()
    return None if row is None else _Record(row.id, row.size, row.epoch, row.position, row.work, row.day)


def _repair_upload(core: Core, record: _Record, found: Repairs) -> None:
    part = core.blobs.part_size(record.upload_id)
    if part is not None:
        found.measured += 1
        position = min(part, record.position)
        if position != record.position:
            change = update(uploads).where(uploads.c.id == record.upload_id).values(position=position)
            core.store.write(lambda connection: connection.execute(change)).result()
    elif core.blobs.sealed_size(record.upload_id) == record.size:
        # It stopped between the rename and the commit: the file was whole and durable before the rename.
        sha256 = hash_blob(core.blobs, record.upload_id)
        new = NewObject(record.upload_id, OBJECT_MEDIA, record.size, sha256, record.epoch, record.work)
        day = core.clock()
        core.store.write(lambda connection: record_sealed(connection, new, day)).result()
        found.sealed += 1
    else:
        gone = delete(uploads).where(uploads.c.id == record.upload_id)
        core.store.write(lambda connection: connection.execute(gone)).result()
        found.lost += 1


def hash_blob(blobs: BlobStore, blob_id: bytes) -> bytes:
    """SHA-256 over a sealed blob."""
    return digest_of(blobs.read(blob_id))


def _compare(core: Core, found: Repairs) -> None:
    there = core.blobs.sealed_sizes()
    query = select(objects.c.id, objects.c.size).where(objects.c.kind == OBJECT_MEDIA)
    sizes = core.store.read(lambda connection: {row.id: row.size for row in connection.execute(query)})
    odd = {blob_id: size for blob_id, size in sizes.items() if there.get(blob_id) != size}
    # Looked at again: another process may have sealed it since.
    found.damaged = sum(core.blobs.sealed_size(blob_id) != size for blob_id, size in odd.items())
    # Left alone: after a restored backup they may be the only copy of something acknowledged.
    found.unrecorded = len(set(there) - set(sizes))
