"""Small sealed objects: through the gate, into the database, acknowledged when committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, insert

from intake.server.models import bodies
from intake.server.services.admission import admit_report
from intake.server.services.core import Core
from intake.server.services.objects import Kept, NewObject, find_all_kept, put_objects
from intake.server.services.receipts import sign_receipt
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


async def accept_report(core: Core, untrusted: bytes, work_header: str | None = None) -> tuple[Envelope, str]:
    """The whole way of a `POST /reports` body and its Intake-Work header; returns it, durable, with its receipt.

    Raises WireError from the envelope and the gate, Refusal for its epoch or id, PuzzleNeeded, StorageFull,
    StorageUnavailable.
    """
    envelope = parse_envelope(untrusted)
    check_small(envelope.sealed, core.manifests.stanzas_of(envelope.epoch))
    work = admit_report(core, work_header, envelope.object_id, len(envelope.sealed))
    core.room.for_text()
    day = core.clock()
    arrived = Arrived(envelope, day, work)
    with core.pressure.waiting():
        kept = await core.store.write_from_loop(Batched(store_reports, arrived))
    return envelope, sign_receipt(core, arrived.new_object(), kept)


def store_report(connection: Connection, envelope: Envelope, day: date, work: int = 0) -> Kept:
    """Stores a small object that passed the gate, with its class of work; the same one again changes nothing.

    Returns what is on record. Raises Refusal id-conflict when the id belongs to an object with other bytes.
    """
    return store_reports(connection, [Arrived(envelope, day, work)])[0]


def store_reports(connection: Connection, several: Sequence[Arrived]) -> list[Kept]:
    """As `store_report` for each, with three statements for all: one by one they cost twice the processor time."""
    kept = find_all_kept(connection, [arrived.new_object() for arrived in several])
    fresh: dict[bytes, Arrived] = {}
    for arrived in several:
        if arrived.envelope.object_id not in kept:
            fresh.setdefault(arrived.envelope.object_id, arrived)
    if fresh:
        put_objects(connection, [(arrived.new_object(), arrived.day) for arrived in fresh.values()])
        rows = [{"id": object_id, "sealed": arrived.envelope.sealed} for object_id, arrived in fresh.items()]
        connection.execute(_INSERT, rows)
        kept |= {object_id: Kept(arrived.envelope.epoch, arrived.day) for object_id, arrived in fresh.items()}
    return [kept[arrived.envelope.object_id] for arrived in several]
