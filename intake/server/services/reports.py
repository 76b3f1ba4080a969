"""Small sealed objects: through the gate, into the database, acknowledged when committed."""

import asyncio
from datetime import date
from typing import Final

from sqlalchemy import Connection, insert

from intake.server.models import bodies
from intake.server.services.core import Core
from intake.server.services.objects import Kept, NewObject, find_kept, put_object
from intake.server.services.receipts import sign_receipt
from intake.server.services.room import leave_work_room
from intake.wire.constants import OBJECT_SMALL
from intake.wire.envelope import Envelope, parse_envelope
from intake.wire.sealed import check_small

_INSERT: Final = insert(bodies)


async def accept_report(core: Core, untrusted: bytes) -> tuple[Envelope, str]:
    """The whole way of a `POST /reports` body; returns it with its receipt once it is durable.

    Raises WireError from the envelope and the gate, Refusal for its epoch or id, StorageFull, StorageUnavailable.
    """
    envelope = parse_envelope(untrusted)
    check_small(envelope.sealed, core.manifests.stanzas_of(envelope.epoch))
    leave_work_room(core.settings.folder.root)
    day = core.clock()
    kept = await asyncio.wrap_future(core.store.write(lambda connection: store_report(connection, envelope, day)))
    return envelope, sign_receipt(core, _new(envelope), kept)


def store_report(connection: Connection, envelope: Envelope, day: date) -> Kept:
    """Stores a small object that passed the gate; the same one again changes nothing. Returns what is on record.

    Raises Refusal id-conflict when the id belongs to an object with other bytes.
    """
    new = _new(envelope)
    if kept := find_kept(connection, new):
        return kept
    put_object(connection, new, day)
    connection.execute(_INSERT, {"id": envelope.object_id, "sealed": envelope.sealed})
    return Kept(new.epoch, day)


def _new(envelope: Envelope) -> NewObject:
    return NewObject(envelope.object_id, OBJECT_SMALL, len(envelope.sealed), envelope.sha256, envelope.epoch)
