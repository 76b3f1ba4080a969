"""Slots that wait for their batch's moment; at most one for each slot of each mailbox, else they are filler."""

import os
import secrets
from typing import Any

from sqlalchemy import Connection, Row, select, update

from intake.server.models import waiting_slots
from intake.wire.constants import MAILBOX_ID_SIZE, SLOT_SIZE, SLOTS
from intake.wire.outbox import SlotEntry


def waiting_for(connection: Connection, mailbox: bytes, slot: int) -> list[Row[Any]]:
    """The rows that wait for a slot of a mailbox."""
    place = (waiting_slots.c.mailbox == mailbox, waiting_slots.c.slot == slot)
    return list(connection.execute(select(waiting_slots).where(*place)).all())


def make_filler(connection: Connection, row: Row[Any]) -> None:
    """Replaces what a waiting row holds, so that its batch keeps its size."""
    this = (waiting_slots.c.batch == row.batch, waiting_slots.c.number == row.number)
    connection.execute(update(waiting_slots).where(*this).values(row_values(filler())))


def filler() -> SlotEntry:
    """What the laptop fills batches up with: random bytes in a mailbox that nobody has."""
    return SlotEntry(os.urandom(MAILBOX_ID_SIZE), secrets.SystemRandom().randrange(SLOTS), os.urandom(SLOT_SIZE))


def row_values(entry: SlotEntry) -> dict[str, Any]:
    """The columns of a waiting row that an entry gives."""
    return {"mailbox": entry.mailbox_id, "slot": entry.slot, "data": entry.data}


def forget_waiting(connection: Connection, mailbox: bytes, slot: int, data: bytes) -> None:
    """Makes filler of the very same answer where it still waits (sent again), so that a deleted one stays deleted."""
    for row in waiting_for(connection, mailbox, slot):
        if row.data == data:
            make_filler(connection, row)
