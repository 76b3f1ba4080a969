"""Unfinished media, reservations, erasures and media without a record: what a stopped process can leave."""

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
from intake.server.services.objects import NewObject, put_object
from intake.server.services.repair import hash_blob
from intake.server.services.unfinished import record_sealed
from intake.wire.constants import OBJECT_MEDIA
from intake.wire.errors import WireError
from intake.wire.sealed import check_media_size, header_bytes_needed, parse_header

T = TypeVar("T")
_SETTLE_SECONDS = 2.0
_NO_EPOCH = 0


def check_uploads(check: Check) -> None:
    """Uploads against parts, erasures against records, sealed media against both."""
    _check_erasures(check)
    for upload_id, seen in sorted(_twice(check, partial(_damaged_uploads, check)).items()):
        # Of an upload that a server has open it knows the offset better than its record.
        mended = check.mend and (check.alone or seen.damage is not Damage.UPLOAD_CUT)
        if mended:
            _mend_upload(check, seen)
        check.found.add(seen.damage, upload_id.hex(), mended)
    _check_parts(check)
    for blob_id in sorted(_twice(check, partial(_unrecorded, check))):
        check.found.add(Damage.MEDIA_UNRECORDED, blob_id.hex(), check.mend and _take_in(check, blob_id))


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
    """What is seen the same in two looks; while a server runs a file is an instant ahead of its record, or behind."""
    first = look()
    if not first or check.alone:
        return first
    time.sleep(_SETTLE_SECONDS)
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
    still = waiting if check.mend else check.core.store.read(_erasures)[0]
    for object_id in sorted((waiting - stored) & still):
        check.found.add(Damage.ERASURE_WAITING, object_id.hex(), check.mend)


def _erasures(connection: Connection) -> tuple[set[bytes], set[bytes]]:
    waiting = set(connection.execute(select(erasures.c.id)).scalars())
    known = select(objects.c.id).where(objects.c.id.in_(waiting))
    return waiting, set(connection.execute(known).scalars()) if waiting else set()


def _damaged_uploads(check: Check) -> dict[bytes, _Seen]:
    rows = check.core.store.read(lambda connection: connection.execute(select(uploads)).all())
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
    """Parts without a record; only where no server runs can they be told from those of a request in flight."""
    if not check.alone:
        return
    known = check.core.store.read(lambda connection: set(connection.execute(select(uploads.c.id)).scalars()))
    for part in sorted(check.core.blobs.parts() - known):
        if check.mend:
            check.core.blobs.discard(part)
        check.found.add(Damage.PART_UNRECORDED, part.hex(), check.mend)


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
