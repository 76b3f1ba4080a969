"""Small sealed objects: through the gate, into the database, acknowledged when committed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, insert

from intake.server.models import bodies
from intake.server.services.admission import admit_report
from intake.server.services.core import Core
from intake.server.services.objects import NewObject, put_objects, unknown_of
from intake.server.writer import Batched
from intake.wire.constants import OBJECT_SMALL
from intake.wire.envelope import Envelope, parse_envelope
from intake.wire.sealed import check_small

_INSERT: Final = insert(bodies)


@dataclass(frozen=True)
class Arrived:
    """A small object that passed the gate, the day it came, and the class of work its sender proved."""

    envelope: Envelope
    day: date
    work: int = 0

    def new_object(self) -> NewObject:
        """What its record will say."""
        envelope = self.envelope
        size = len(envelope.sealed)
        return NewObject(envelope.object_id, OBJECT_SMALL, size, envelope.sha256, envelope.epoch, self.work)


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
        await asyncio.wrap_future(core.store.write(Batched(store_reports, Arrived(envelope, day, work))))
    return envelope


def store_report(connection: Connection, envelope: Envelope, day: date, work: int = 0) -> None:
    """Stores a small object that passed the gate, with its class of work; the same one again changes nothing.

    Raises Refusal id-conflict when the id belongs to an object with other bytes.
    """
    store_reports(connection, [Arrived(envelope, day, work)])


def store_reports(connection: Connection, several: Sequence[Arrived]) -> None:
    """As `store_report` for each, with three statements for all: one by one they cost twice the processor time."""
    by_id = {arrived.envelope.object_id: arrived for arrived in several}
    unknown = unknown_of(connection, [arrived.new_object() for arrived in several])
    if not unknown:
        return
    put_objects(connection, [(new, by_id[object_id].day) for object_id, new in unknown.items()])
    sealed = [{"id": object_id, "sealed": by_id[object_id].envelope.sealed} for object_id in unknown]
    connection.execute(_INSERT, sealed)
