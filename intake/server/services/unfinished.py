"""The records of unfinished uploads, read anew at every turn: another process may have gone on with one."""

import os
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from intake.server.blobs import BlobStore
from intake.server.errors import Refusal, StorageUnavailable
from intake.server.models import objects, uploads
from intake.server.services.feeding import RunningHash
from intake.server.services.objects import NewObject, is_known, put_object
from intake.server.storage import MetadataStore
from intake.wire.constants import OBJECT_ID_SIZE, OBJECT_MEDIA

# Built once: building a statement anew costs more than running it.
_FIND: Final = select(uploads).where(uploads.c.id == bindparam("upload_id"))
_FIND_STORED: Final = select(objects.c.size, objects.c.sha256).where(
    objects.c.id == bindparam("upload_id"), objects.c.kind == OBJECT_MEDIA
)
_MOVE: Final = (
    update(uploads).where(uploads.c.id == bindparam("upload_id")).values(position=bindparam("at"), day=bindparam("on"))
)


@dataclass(frozen=True)
class Progress:
    """An upload as a phone sees it: bytes durable of bytes announced, and the SHA-256 once it is complete.

    `day` is that of the last byte, or of the beginning, while it is unfinished.
    """

    offset: int
    size: int
    sha256: bytes | None = None
    day: date | None = None


@dataclass
class Unfinished:
    """The record of an upload: `position` bytes of `size` are durable, the last came on `day`."""

    upload_id: bytes
    size: int
    epoch: int
    work: int
    position: int
    day: date
    announced: bytes | None
    nonce: bytes | None

    def progress(self) -> Progress:
        """What a phone is told of it."""
        return Progress(self.position, self.size, None, self.day)


@dataclass(frozen=True)
class Wanted:
    """What a creation asks for: size in bytes, epoch label, class of work, the digest the whole must have."""

    size: int
    epoch: int
    work: int
    announced: bytes | None

    def values(self, upload_id: bytes, day: date) -> dict[str, object]:
        """The record of an upload of which nothing has come yet."""
        return {"id": upload_id, "position": 0, "day": day, "nonce": os.urandom(OBJECT_ID_SIZE)} | vars(self)

    def is_begun(self, store: MetadataStore, upload_id: bytes) -> bool:
        """Whether this very upload is there, complete or not; raises Refusal id-conflict for another one."""
        return store.read(lambda connection: self._is_there(connection, upload_id))

    def _is_there(self, connection: Connection, upload_id: bytes) -> bool:
        for table in (uploads, objects):
            row = connection.execute(select(table).where(table.c.id == upload_id)).one_or_none()
            if row is not None:
                same = (row.size, row.epoch, row.work) == (self.size, self.epoch, self.work)
                if not same or getattr(row, "kind", OBJECT_MEDIA) != OBJECT_MEDIA:
                    raise Refusal("id-conflict")
                return True
        return False


def find(store: MetadataStore, blobs: BlobStore, upload_id: bytes) -> Unfinished | Progress:
    """Where an upload stands by its record; raises Refusal not-found. Call it while its turn is held, in a thread.

    One that a failure stopped between the seal of its file and the record of its object is completed here.
    """
    found = store.read(lambda connection: _row(connection, upload_id))
    if isinstance(found, Progress) or blobs.part_size(upload_id) is not None:
        return found
    if blobs.sealed_size(upload_id) != found.size:
        raise Refusal("not-found")
    running = RunningHash()
    running.take(blobs.read(upload_id))
    new = NewObject(upload_id, OBJECT_MEDIA, found.size, running.digest.digest(), found.epoch, work=found.work)
    store.write(lambda connection: record_sealed(connection, new, found.day)).result()
    return Progress(found.size, found.size, new.sha256)


def _row(connection: Connection, upload_id: bytes) -> Unfinished | Progress:
    row = connection.execute(_FIND, {"upload_id": upload_id}).one_or_none()
    if row is not None:
        return Unfinished(row.id, row.size, row.epoch, row.work, row.position, row.day, row.announced, row.nonce)
    stored = connection.execute(_FIND_STORED, {"upload_id": upload_id}).one_or_none()
    if stored is None:
        raise Refusal("not-found")
    return Progress(stored.size, stored.size, stored.sha256)


def move(connection: Connection, found: Unfinished) -> None:
    """Records how far an upload has come, which must be durable by now."""
    connection.execute(_MOVE, {"upload_id": found.upload_id, "at": found.position, "on": found.day})


def hash_of(blobs: BlobStore, upload_id: bytes, running: RunningHash, end: int) -> None:
    """Takes a part's bytes up to `end` into a hash that has not seen them: once, whoever wrote them. In a thread."""
    part = blobs.open_part(upload_id)
    try:
        running.take(part.read(running.position, end))
    finally:
        part.close()
    if running.position != end:
        raise StorageUnavailable("a part is shorter than its record says")


def kept_days(hours: int) -> int:
    """Whole days for which an unfinished upload is kept after its last byte: days are the only clock here."""
    return -(-hours // 24)


def record_sealed(connection: Connection, new: NewObject, day: date) -> None:
    """Turns the record of an upload into that of a stored object, once."""
    connection.execute(delete(uploads).where(uploads.c.id == new.object_id))
    if not is_known(connection, new):
        put_object(connection, new, day)
