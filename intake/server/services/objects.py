"""The records of sealed objects, small and media alike."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from intake.server.errors import Refusal, StorageUnavailable
from intake.server.models import objects
from intake.server.rows import insert_new
from intake.wire.constants import KIND_WORDS as WORDS
from intake.wire.constants import OBJECT_MEDIA, OBJECT_SMALL, SALT_SIZE

KIND_WORDS = dict(zip((OBJECT_SMALL, OBJECT_MEDIA), WORDS, strict=True))
"""The kinds of objects as bundles name them."""


# Built once: building a statement anew costs more than running it.
_KEPT = (objects.c.kind, objects.c.sha256, objects.c.epoch, objects.c.day)
_FIND: Final = select(*_KEPT).where(objects.c.id == bindparam("object_id"))
_OF_IDS: Final = objects.c.id.in_(bindparam("object_ids", expanding=True))
_FIND_ALL: Final = select(objects.c.id, objects.c.salt, *_KEPT).where(_OF_IDS)
_FIND_DIGEST: Final = select(objects.c.id).where(objects.c.sha256 == bindparam("digest"))
_INSERT: Final = insert(objects)
_COLUMNS: Final = tuple(objects.c[name] for name in ("id", "kind", "size", "sha256", "epoch", "work", "day", "salt"))


@dataclass(frozen=True)
class NewObject:
    """A sealed object about to be stored: 16-byte id, kind 1 or 2, size in bytes, SHA-256, epoch label, work class."""

    object_id: bytes
    kind: int
    size: int
    sha256: bytes
    epoch: int
    work: int = 0


@dataclass(frozen=True)
class Kept:
    """What the first arrival of an object left on record: its epoch label and day, whatever a repeat may say."""

    epoch: int
    day: date


def is_known(connection: Connection, new: NewObject) -> bool:
    """Whether this very object is stored; raises Refusal id-conflict when its id belongs to another one."""
    return find_kept(connection, new) is not None


def find_kept(connection: Connection, new: NewObject) -> Kept | None:
    """The record of this very object, None when it is not stored; raises Refusal id-conflict as `is_known` does."""
    row = connection.execute(_FIND, {"object_id": new.object_id}).one_or_none()
    if row is not None and (row.kind, row.sha256) != (new.kind, new.sha256):
        raise Refusal("id-conflict")
    return None if row is None else Kept(row.epoch, row.day)


def put_object(connection: Connection, new: NewObject, day: date) -> None:
    """Inserts the record of an object with a fresh 32-byte salt; it enters the log when the batch closes."""
    values = _values(new, day, os.urandom(SALT_SIZE))
    connection.execute(_INSERT, {column.name: value for column, value in zip(_COLUMNS, values, strict=True)})


def put_new_objects(connection: Connection, several: Mapping[bytes, tuple[NewObject, date]]) -> dict[bytes, Kept]:
    """Inserts the records of objects by their ids as `put_object` does, but of those alone that are not stored.

    `several` is not empty. Returns the records of the others. Raises Refusal id-conflict when one of these is another
    object, StorageUnavailable when one was erased by another process meanwhile: tried again, it is a new one.
    """
    fresh = os.urandom(SALT_SIZE * len(several))
    salts = {object_id: fresh[i * SALT_SIZE :][:SALT_SIZE] for i, object_id in enumerate(several)}
    rows = [_values(new, day, salts[object_id]) for object_id, (new, day) in several.items()]
    if insert_new(connection, _COLUMNS, rows) == len(rows):
        return {}
    found = connection.execute(_FIND_ALL, {"object_ids": list(several)}).all()
    if len(found) != len(rows):
        raise StorageUnavailable("a record went meanwhile")
    # A salt of ours tells what is there since a moment ago.
    known = [row for row in found if row.salt != salts[row.id]]
    for row in known:
        new, _ = several[row.id]
        if (row.kind, row.sha256) != (new.kind, new.sha256):
            raise Refusal("id-conflict")
    return {row.id: Kept(row.epoch, row.day) for row in known}


def _values(new: NewObject, day: date, salt: bytes) -> tuple[object, ...]:
    """In the order of _COLUMNS."""
    return (new.object_id, new.kind, new.size, new.sha256, new.epoch, new.work, day, salt)


def is_stored(connection: Connection, sha256: bytes) -> bool:
    """Whether an object with these bytes is stored under any id."""
    return connection.execute(_FIND_DIGEST, {"digest": sha256}).first() is not None
