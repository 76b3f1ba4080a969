"""Small sealed objects: through the gate, into the database, acknowledged when committed."""

import asyncio
import os
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select

from intake.server.errors import Refusal
from intake.server.models import bodies, objects
from intake.server.services.core import Core
from intake.wire.constants import OBJECT_MEDIA, OBJECT_SMALL, SALT_SIZE
from intake.wire.envelope import Envelope, parse_envelope
from intake.wire.sealed import check_small

KIND_WORDS = {OBJECT_SMALL: "report", OBJECT_MEDIA: "media"}
"""The kinds of objects as bundles name them."""


@dataclass(frozen=True)
class NewObject:
    """A sealed object about to be stored: 16-byte id, kind 1 or 2, size in bytes, SHA-256, epoch label."""

    object_id: bytes
    kind: int
    size: int
    sha256: bytes
    epoch: int


def is_known(connection: Connection, new: NewObject) -> bool:
    """Whether this very object is stored; raises Refusal id-conflict when its id belongs to another one."""
    query = select(objects.c.kind, objects.c.sha256).where(objects.c.id == new.object_id)
    row = connection.execute(query).one_or_none()
    if row is not None and (row.kind, row.sha256) != (new.kind, new.sha256):
        raise Refusal("id-conflict")
    return row is not None


def put_object(connection: Connection, new: NewObject, day: date) -> None:
    """Inserts the record of an object with a fresh 32-byte salt; it enters the log when the batch closes."""
    connection.execute(
        insert(objects).values(
            id=new.object_id,
            kind=new.kind,
            size=new.size,
            sha256=new.sha256,
            epoch=new.epoch,
            day=day,
            salt=os.urandom(SALT_SIZE),
        )
    )


def store_report(connection: Connection, envelope: Envelope, day: date) -> None:
    """Stores a small object that passed the gate; the same one again changes nothing.

    Raises Refusal id-conflict when the id belongs to an object with other bytes.
    """
    new = NewObject(envelope.object_id, OBJECT_SMALL, len(envelope.sealed), envelope.sha256, envelope.epoch)
    if is_known(connection, new):
        return
    put_object(connection, new, day)
    connection.execute(insert(bodies).values(id=envelope.object_id, sealed=envelope.sealed))


async def accept_report(core: Core, untrusted: bytes) -> Envelope:
    """The whole way of a `POST /reports` body; returns once it is durable.

    Raises WireError from the envelope and the gate, Refusal for its epoch or id, StorageFull, StorageUnavailable.
    """
    envelope = parse_envelope(untrusted)
    check_small(envelope.sealed, core.manifests.stanzas_of(envelope.epoch))
    day = core.clock()
    await asyncio.wrap_future(core.store.write(lambda connection: store_report(connection, envelope, day)))
    return envelope
