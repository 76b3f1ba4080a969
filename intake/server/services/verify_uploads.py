"""Unfinished media, reservations, erasures and media without a record: what a stopped process can leave."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, delete, select, update

from intake.server.models import erasures, objects, uploads
from intake.server.services.deletion import finish_erasures
from intake.server.services.findings import Check, Damage
from intake.server.services.handover import Locks
from intake.server.services.objects import NewObject, put_object
from intake.server.services.repair import STRAY_SECONDS, hash_blob
from intake.server.services.unfinished import record_sealed
from intake.wire.constants import OBJECT_MEDIA
from intake.wire.errors import WireError
from intake.wire.sealed import check_media_size, header_bytes_needed, parse_header

T = TypeVar("T")
_SETTLE_SECONDS = 2.0
_LAST_COMMIT_SECONDS = 0.3
_NO_EPOCH = 0


def check_uploads(check: Check) -> None:
    """Uploads against parts, erasures against records, sealed media against both."""
    _check_erasures(check)
    with contextlib.closing(Locks(check.core.settings.folder.run)) as locks:
        for upload_id in sorted(_twice(check, partial(_damaged_uploads, check))):
            if locks.take(upload_id):
                try:
                    _check_free(check, upload_id)
                finally:
                    locks.release(upload_id)
    _check_parts(check)
    for blob_id in sorted(_twice(check, partial(_unrecorded, check))):
        check.found.add(Damage.MEDIA_UNRECORDED, blob_id.hex(), check.mend and _take_in(check, blob_id))


def _check_free(check: Check, upload_id: bytes) -> None:
    """Names and mends an upload that no server is receiving: only under its lock its record and its file agree."""
    seen = _damaged_uploads(check, upload_id).get(upload_id)
    if seen is not None:
        if check.mend:
            _mend_upload(check, seen)
        check.found.add(seen.damage, upload_id.hex(), check.mend)


@dataclass(frozen=True)
class _Seen:
    """A damaged upload and the record it was judged by."""

    damage: Damage
    upload_id: bytes
    size: int
    epoch: int
    position: int
    work: int


def _twice(check: Check, look: Callable[[], dict[bytes, T]]) -> dict[bytes, T]:
    """What is seen the same in two looks; while a server runs a file is an instant ahead of its record, or behind.

    So it is just after one was killed over PostgreSQL, which may still be at its last commit.
    """
    first = look()
    if not first or (check.alone and check.core.stores.database is None):
        return first
    time.sleep(_LAST_COMMIT_SECONDS if check.alone else _SETTLE_SECONDS)
    second = look()
    return {key: value for key, value in first.items() if key in second and second[key] == value}


def _check_erasures(check: Check) -> None:
    waiting, stored = check.core.store.read(_erasures)
    for object_id in waiting & stored:
        # Finishing this erasure would remove something that is acknowledged and recorded: the mark goes instead.
        if check.mend:
            gone = delete(erasures).where(erasures.c.id == object_id)
            check.core.store.write(partial(Connection.execute, statement=gone)).result()
        check.found.add(Damage.ERASURE_OF_STORED, object_id.hex(), check.mend)
    if check.mend:
        finish_erasures(check.core)
    # What is gone by the second look a running server has finished by itself.
    still = waiting if check.mend else _twice(check, partial(_waiting, check))
    for object_id in sorted((waiting - stored) & set(still)):
        check.found.add(Damage.ERASURE_WAITING, object_id.hex(), check.mend)


def _waiting(check: Check) -> dict[bytes, None]:
    return dict.fromkeys(check.core.store.read(_erasures)[0])


def _erasures(connection: Connection) -> tuple[set[bytes], set[bytes]]:
    waiting = set(connection.execute(select(erasures.c.id)).scalars())
    known = select(objects.c.id).where(objects.c.id.in_(waiting))
    return waiting, set(connection.execute(known).scalars()) if waiting else set()


def _damaged_uploads(check: Check, upload_id: bytes | None = None) -> dict[bytes, _Seen]:
    """All damaged uploads, or this one if it is."""
    query = select(uploads) if upload_id is None else select(uploads).where(uploads.c.id == upload_id)
    rows = check.core.store.read(lambda connection: connection.execute(query).all())
    found = {}
    for row in rows:
        if damage := _damage_of(check, row.id, row.size, row.position):
            found[row.id] = _Seen(damage, row.id, row.size, row.epoch, row.position, row.work)
    return found


def _damage_of(check: Check, upload_id: bytes, size: int, position: int) -> Damage | None:
    part = check.core.blobs.part_size(upload_id)
    if part is not None:
        return Damage.UPLOAD_CUT if part < position else None
    return Damage.UPLOAD_WHOLE if check.core.blobs.sealed_size(upload_id) == size else Damage.UPLOAD_LOST


def _check_parts(check: Check) -> None:
    """Parts without a record; while a server runs only old ones can be told from those of a request in flight."""
    idle_seconds = 0 if check.alone else STRAY_SECONDS
    for part in sorted(_twice(check, partial(_stray_parts, check, idle_seconds))):
        if check.mend:
            check.core.blobs.discard(part)
        check.found.add(Damage.PART_UNRECORDED, part.hex(), check.mend)


def _stray_parts(check: Check, idle_seconds: int) -> dict[bytes, None]:
    parts = check.core.blobs.parts(idle_seconds)
    known = check.core.store.read(lambda connection: set(connection.execute(select(uploads.c.id)).scalars()))
    return dict.fromkeys(parts - known)


def _mend_upload(check: Check, seen: _Seen) -> None:
    core, day, mine = check.core, check.core.clock(), uploads.c.id == seen.upload_id
    if seen.damage is Damage.UPLOAD_WHOLE:
        sha256 = hash_blob(core.blobs, seen.upload_id)
        new = NewObject(seen.upload_id, OBJECT_MEDIA, seen.size, sha256, seen.epoch, seen.work)
        core.store.write(lambda connection: record_sealed(connection, new, day)).result()
    elif seen.damage is Damage.UPLOAD_CUT:
        cut = update(uploads).where(mine).values(position=core.blobs.part_size(seen.upload_id) or 0)
        core.store.write(lambda connection: connection.execute(cut)).result()
    else:
        core.store.write(lambda connection: connection.execute(delete(uploads).where(mine))).result()


def _unrecorded(check: Check) -> dict[bytes, None]:
    sealed = check.core.blobs.sealed()

    def recorded(connection: Connection) -> set[bytes]:
        media = select(objects.c.id).where(objects.c.kind == OBJECT_MEDIA)
        queries = (media, select(uploads.c.id), select(erasures.c.id))
        return {row for query in queries for row in connection.execute(query).scalars()}

    return dict.fromkeys(sealed - check.core.store.read(recorded))


def _take_in(check: Check, blob_id: bytes) -> bool:
    """Records a sealed file as a new object of today without an epoch label; False when it is no sealed object."""
    core, day = check.core, check.core.clock()
    size = core.blobs.sealed_size(blob_id) or 0
    first = next(core.blobs.read(blob_id), b"")[:header_bytes_needed]
    try:
        check_media_size(size, parse_header(first).stanzas)
    except WireError:
        return False
    new = NewObject(blob_id, OBJECT_MEDIA, size, hash_blob(core.blobs, blob_id), _NO_EPOCH)
    return core.store.write(partial(_put_if_free, new=new, day=day)).result()


def _put_if_free(connection: Connection, new: NewObject, day: date) -> bool:
    known = select(objects.c.id).where(objects.c.id == new.object_id)
    if connection.execute(known).first() is not None:
        return False
    put_object(connection, new, day)
    return True
