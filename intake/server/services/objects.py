"""The records of sealed objects, small and media alike."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from intake.server.errors import Refusal
from intake.server.models import objects
from intake.wire.constants import OBJECT_MEDIA, OBJECT_SMALL, SALT_SIZE

KIND_WORDS = {OBJECT_SMALL: "report", OBJECT_MEDIA: "media"}
"""The kinds of objects as bundles name them."""


# Built once: building a statement anew costs more than running it.
_FIND: Final = select(objects.c.kind, objects.c.sha256).where(objects.c.id == bindparam("object_id"))
_FIND_ALL: Final = select(objects.c.id, objects.c.kind, objects.c.sha256).where(
    objects.c.id.in_(bindparam("object_ids", expanding=True))
)
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


def is_known(connection: Connection, new: NewObject) -> bool:
    """Whether this very object is stored; raises Refusal id-conflict when its id belongs to another one."""
    row = connection.execute(_FIND, {"object_id": new.object_id}).one_or_none()
    if row is not None and (row.kind, row.sha256) != (new.kind, new.sha256):
        raise Refusal("id-conflict")
    return row is not None


def unknown_of(connection: Connection, several: Sequence[NewObject]) -> dict[bytes, NewObject]:
    """Those of `several` that are not stored yet, by id, each once.

    Raises Refusal id-conflict when one has the id of another one, stored or beside it.
    """
    rows = connection.execute(_FIND_ALL, {"object_ids": [new.object_id for new in several]})
    known = {row.id: (row.kind, row.sha256) for row in rows}
    unknown: dict[bytes, NewObject] = {}
    for new in several:
        if new.object_id not in known:
            unknown[new.object_id] = new
        if known.setdefault(new.object_id, (new.kind, new.sha256)) != (new.kind, new.sha256):
            raise Refusal("id-conflict")
    return unknown


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
