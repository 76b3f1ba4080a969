"""Small sealed objects: through the gate, into the database, acknowledged when committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection

from intake.server.errors import Refusal, StorageUnavailable
from intake.server.models import bodies
from intake.server.rows import insert_new
from intake.server.services.admission import admit_report
from intake.server.services.core import Core
from intake.server.services.objects import Kept, NewObject, put_new_objects
from intake.server.services.receipts import sign_receipt
from intake.server.writer import Batched
from intake.wire.constants import OBJECT_SMALL
from intake.wire.envelope import Envelope, parse_envelope
from intake.wire.sealed import check_small

_BODY: Final = (bodies.c.id, bodies.c.sealed)


@dataclass(frozen=True)
class Arrived:
    """A small object that passed the gate: what its record will say, the day it came, and its bytes."""

    new: NewObject
    day: date
    sealed: bytes


def arrived(envelope: Envelope, day: date, work: int = 0) -> Arrived:
    """What came in an envelope whose sender proved a class of work."""
    size = len(envelope.sealed)
    new = NewObject(envelope.object_id, OBJECT_SMALL, size, envelope.sha256, envelope.epoch, work)
    return Arrived(new, day, envelope.sealed)


async def accept_report(core: Core, untrusted: bytes, work_header: str | None = None) -> tuple[Envelope, str]:
    """The whole way of a `POST /reports` body and its Intake-Work header; returns it, durable, with its receipt.

    Raises WireError from the envelope and the gate, Refusal for its epoch or id, PuzzleNeeded, StorageFull,
    StorageUnavailable.
    """
    envelope = parse_envelope(untrusted)
    check_small(envelope.sealed, core.manifests.stanzas_of(envelope.epoch))
    work = admit_report(core, work_header, envelope.object_id, len(envelope.sealed))
    core.room.for_text()
    one = arrived(envelope, core.clock(), work)
    with core.pressure.waiting():
        kept = await core.store.write_from_loop(Batched(store_reports, one))
    return envelope, sign_receipt(core, one.new, kept)


def store_report(connection: Connection, envelope: Envelope, day: date, work: int = 0) -> Kept:
    """Stores a small object that passed the gate, with its class of work; the same one again changes nothing.

    Returns what is on record. Raises Refusal id-conflict when the id belongs to an object with other bytes.
    """
    return store_reports(connection, [arrived(envelope, day, work)])[0]


def store_reports(connection: Connection, several: Sequence[Arrived]) -> list[Kept]:
    """As `store_report` for each, in two calls of the database for all: one by one they cost twice as much."""
    # In the order of their ids: two processes that get the same reports at once do not wait for each other crosswise.
    by_id: dict[bytes, Arrived] = {}
    for one in sorted(several, key=lambda one: one.new.object_id):
        if by_id.setdefault(one.new.object_id, one).new.sha256 != one.new.sha256:
            raise Refusal("id-conflict")
    kept = put_new_objects(connection, {object_id: (one.new, one.day) for object_id, one in by_id.items()})
    bodies_of_new = [(object_id, one.sealed) for object_id, one in by_id.items() if object_id not in kept]
    if bodies_of_new and insert_new(connection, _BODY, bodies_of_new) != len(bodies_of_new):
        # Bytes without a record lie there under that id; `intake verify` says what to do.
        raise StorageUnavailable("a body is there already")
    kept |= {object_id: Kept(one.new.epoch, one.day) for object_id, one in by_id.items() if object_id not in kept}
    return [kept[one.new.object_id] for one in several]
