"""The records of sealed objects, small and media alike."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from intake.server.errors import Refusal
from intake.server.models import objects
from intake.wire.constants import KIND_WORDS as WORDS
from intake.wire.constants import OBJECT_MEDIA, OBJECT_SMALL, SALT_SIZE

KIND_WORDS = dict(zip((OBJECT_SMALL, OBJECT_MEDIA), WORDS, strict=True))
"""The kinds of objects as bundles name them."""


# Built once: building a statement anew costs more than running it.
_KEPT = (objects.c.kind, objects.c.sha256, objects.c.epoch, objects.c.day)
_FIND: Final = select(*_KEPT).where(objects.c.id == bindparam("object_id"))
_FIND_ALL: Final = select(objects.c.id, *_KEPT).where(objects.c.id.in_(bindparam("object_ids", expanding=True)))
_FIND_DIGEST: Final = select(objects.c.id).where(objects.c.sha256 == bindparam("digest"))
_INSERT: Final = insert(objects)


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


def find_all_kept(connection: Connection, several: Sequence[NewObject]) -> dict[bytes, Kept]:
    """The records of those of `several` that are stored, by id.

    Raises Refusal id-conflict when one has the id of another one, stored or beside it.
    """
    rows = connection.execute(_FIND_ALL, {"object_ids": [new.object_id for new in several]}).all()
    known = {row.id: (row.kind, row.sha256) for row in rows}
    for new in several:
        if known.setdefault(new.object_id, (new.kind, new.sha256)) != (new.kind, new.sha256):
            raise Refusal("id-conflict")
    return {row.id: Kept(row.epoch, row.day) for row in rows}


def put_object(connection: Connection, new: NewObject, day: date) -> None:
    """Inserts the record of an object with a fresh 32-byte salt; it enters the log when the batch closes."""
    put_objects(connection, [(new, day)])


def put_objects(connection: Connection, several: Sequence[tuple[NewObject, date]]) -> None:
    """Inserts the records of objects as `put_object` does, in one call; `several` is not empty."""
    connection.execute(_INSERT, [_values(new, day) for new, day in several])


def _values(new: NewObject, day: date) -> dict[str, object]:
    return {
        "id": new.object_id,
        "kind": new.kind,
        "size": new.size,
        "sha256": new.sha256,
        "epoch": new.epoch,
        "work": new.work,
        "day": day,
        "salt": os.urandom(SALT_SIZE),
    }


def is_stored(connection: Connection, sha256: bytes) -> bool:
    """Whether an object with these bytes is stored under any id."""
    return connection.execute(_FIND_DIGEST, {"digest": sha256}).first() is not None
