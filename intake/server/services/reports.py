"""Small sealed objects: through the gate, into the database, acknowledged when committed."""

import asyncio
from datetime import date
from typing import Final

from sqlalchemy import Connection, insert

from intake.server.models import bodies
from intake.server.services.core import Core
from intake.server.services.objects import NewObject, is_known, put_object
from intake.wire.constants import OBJECT_SMALL
from intake.wire.envelope import Envelope, parse_envelope
from intake.wire.sealed import check_small

_INSERT: Final = insert(bodies)


async def accept_report(core: Core, untrusted: bytes) -> Envelope:
    """The whole way of a `POST /reports` body; returns once it is durable.

    Raises WireError from the envelope and the gate, Refusal for its epoch or id, StorageFull, StorageUnavailable.
    """
    envelope = parse_envelope(untrusted)
    check_small(envelope.sealed, core.manifests.stanzas_of(envelope.epoch))
    core.room.for_text()
    day = core.clock()
    await asyncio.wrap_future(core.store.write(lambda connection: store_report(connection, envelope, day)))
    return envelope


def store_report(connection: Connection, envelope: Envelope, day: date) -> None:
    """Stores a small object that passed the gate; the same one again changes nothing.

    Raises Refusal id-conflict when the id belongs to an object with other bytes.
    """
    new = NewObject(envelope.object_id, OBJECT_SMALL, len(envelope.sealed), envelope.sha256, envelope.epoch)
    if is_known(connection, new):
        return
    put_object(connection, new, day)
    connection.execute(_INSERT, {"id": envelope.object_id, "sealed": envelope.sealed})
