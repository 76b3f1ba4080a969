"""Small sealed objects: through the gate, into the database, acknowledged when committed."""

import asyncio
from datetime import date
from typing import Final

from sqlalchemy import Connection, insert

from intake.server.models import bodies
from intake.server.services.admission import admit_report
from intake.server.services.core import Core
from intake.server.services.objects import NewObject, is_known, put_object
from intake.wire.constants import OBJECT_SMALL
from intake.wire.envelope import Envelope, parse_envelope
from intake.wire.sealed import check_small

_INSERT: Final = insert(bodies)


async def accept_report(core: Core, untrusted: bytes, work_header: str | None = None) -> Envelope:
    """The whole way of a `POST /reports` body and its Intake-Work header; returns once it is durable.

    Raises WireError from the envelope and the gate, Refusal for its epoch or id, PuzzleNeeded, StorageFull,
    StorageUnavailable.
    """
    envelope = parse_envelope(untrusted)
    check_small(envelope.sealed, core.manifests.stanzas_of(envelope.epoch))
    work = admit_report(core, work_header, envelope.object_id, len(envelope.sealed))
    core.room.for_text()
    day = core.clock()
    with core.pressure.waiting():
        await asyncio.wrap_future(core.store.write(lambda connection: store_report(connection, envelope, day, work)))
    return envelope


def store_report(connection: Connection, envelope: Envelope, day: date, work: int = 0) -> None:
    """Stores a small object that passed the gate, with its class of work; the same one again changes nothing.

    Raises Refusal id-conflict when the id belongs to an object with other bytes.
    """
    new = NewObject(envelope.object_id, OBJECT_SMALL, len(envelope.sealed), envelope.sha256, envelope.epoch, work)
    if is_known(connection, new):
        return
    put_object(connection, new, day)
    connection.execute(_INSERT, {"id": envelope.object_id, "sealed": envelope.sealed})
