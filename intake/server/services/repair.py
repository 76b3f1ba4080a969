"""What a start makes good after a crash or a power cut, and what it can only tell.

Everything acknowledged is durable before it is told, so only the unacknowledged is ever cut away here.
"""

import hashlib
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, select, update

from intake.server.blobs import BlobStore
from intake.server.models import objects, uploads
from intake.server.services.core import Core
from intake.server.services.deletion import finish_erasures
from intake.server.services.objects import NewObject
from intake.server.services.uploads import record_sealed
from intake.wire.constants import OBJECT_MEDIA


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


@dataclass(frozen=True)
class _Record:
    upload_id: bytes
    size: int
    epoch: int
    position: int
    work: int
    day: date


def repair(core: Core) -> Repairs:
    """Brings files and records together; only the one server of a data folder may do this, before it serves."""
    found = Repairs(erased=finish_erasures(core))
    records = core.store.read(_records)
    for record in records:
        _repair_upload(core, record, found)
    for part in core.blobs.parts() - {record.upload_id for record in records}:
        core.blobs.discard(part)
        found.reservations += 1
    _compare(core, found)
    return found


def _records(connection: Connection) -> list[_Record]:
    rows = connection.execute(select(uploads))
    return [_Record(row.id, row.size, row.epoch, row.position, row.work, row.day) for row in rows]


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
    digest = hashlib.sha256()
    for piece in blobs.read(blob_id):
        digest.update(piece)
    return digest.digest()


def _compare(core: Core, found: Repairs) -> None:
    query = select(objects.c.id, objects.c.size).where(objects.c.kind == OBJECT_MEDIA)
    sizes = core.store.read(lambda connection: {row.id: row.size for row in connection.execute(query)})
    found.damaged = sum(core.blobs.sealed_size(blob_id) != size for blob_id, size in sizes.items())
    # Left alone: after a restored backup they may be the only copy of something acknowledged.
    found.unrecorded = len(core.blobs.sealed() - set(sizes))
