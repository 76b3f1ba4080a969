"""Replies on their way into mailboxes: each outbox is one batch that appears whole, at a random moment.

Whoever watches the mailboxes from outside would else see, at the minute of a courier's visit, which ones change.
The delay is memoryless: at each tick a batch goes with the same chance, so no time need be stored; a batch applied two
days ago goes at once. For each slot of each mailbox at most one answer waits, always the newest: an older one in
another batch becomes filler when a newer comes, so no order between batches is kept, and none can be turned round.
"""

import os
import secrets
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from intake.server.models import waiting_slots
from intake.server.services.mailboxes import fill_slot
from intake.server.services.waiting import filler, make_filler, row_values, waiting_for
from intake.wire.constants import OBJECT_ID_SIZE
from intake.wire.outbox import RepliesOutbox, SlotEntry

WAIT_DAYS: Final = 2
_RANDOM: Final = secrets.SystemRandom()


def take_replies(connection: Connection, secret: bytes, outbox: RepliesOutbox, day: date) -> None:
    """Takes the slots of an outbox: into their mailboxes when it says at-once, else as a waiting batch."""
    entries = [_placed(connection, entry, outbox.at_once) for entry in outbox.slots]
    if outbox.at_once:
        for entry in entries:
            fill_slot(connection, secret, entry, day)
    elif entries:
        batch = os.urandom(OBJECT_ID_SIZE)
        rows = [{"batch": batch, "number": number, "day": day} | row_values(e) for number, e in enumerate(entries)]
        connection.execute(insert(waiting_slots), rows)


def release_due(connection: Connection, secret: bytes, day: date, chance: float) -> int:
    """Fills the mailboxes of every batch that `chance` (0 to 1) takes, and of those of two days ago; how many slots."""
    batches = select(waiting_slots.c.batch, func.min(waiting_slots.c.day)).group_by(waiting_slots.c.batch)
    due = [
        batch
        for batch, applied in connection.execute(batches).all()
        if applied <= day - timedelta(days=WAIT_DAYS) or _RANDOM.random() < chance
    ]
    return sum(_release(connection, secret, batch, day) for batch in due)


def _release(connection: Connection, secret: bytes, batch: bytes, day: date) -> int:
    # What is deleted here another process cannot release too.
    columns = (waiting_slots.c.mailbox, waiting_slots.c.slot, waiting_slots.c.data)
    taken = connection.execute(delete(waiting_slots).where(waiting_slots.c.batch == batch).returning(*columns)).all()
    for row in taken:
        fill_slot(connection, secret, SlotEntry(row.mailbox, row.slot, row.data), day)
    return len(taken)


def _placed(connection: Connection, entry: SlotEntry, at_once: bool) -> SlotEntry:
    """The entry, or filler in its place when the same one waits already and will appear sooner."""
    for row in waiting_for(connection, entry.mailbox_id, entry.slot):
        if row.data == entry.data and not at_once:
            return filler()
        make_filler(connection, row)
    return entry
