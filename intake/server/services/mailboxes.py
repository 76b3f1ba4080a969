"""Mailboxes: unknown, empty, answered and emptied ones look, weigh and take the same (SPEC.md section 6).

A read always computes four decoys and always fetches one row of 16,384 bytes: the mailbox's, or else the one that
belongs to nobody. Slots without an answer hold their decoy in the row too, so one code path builds every answer.
"""

import asyncio
import hashlib
import hmac
import os
from datetime import date
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from intake.server.models import mailboxes
from intake.server.services.core import Core
from intake.server.services.waiting import forget_waiting
from intake.wire.constants import MAILBOX_ID_SIZE, MAILBOX_SIZE, SLOT_SIZE, SLOTS
from intake.wire.mailbox import decoy_slot, parse_delete, parse_read, split_slots, verify_delete
from intake.wire.outbox import SlotEntry

NOBODY: Final = bytes(MAILBOX_ID_SIZE)
"""Whose row is fetched for an unknown mailbox: no key hashes to it."""


def decoys(secret: bytes, mailbox: bytes) -> bytes:
    """The 16,384 bytes of a mailbox without answers."""
    return b"".join(decoy_slot(secret, mailbox, index) for index in range(SLOTS))


def make_nobody(connection: Connection) -> None:
    """Makes the row that belongs to nobody, if it is missing."""
    if connection.execute(select(mailboxes.c.id).where(mailboxes.c.id == NOBODY)).first() is None:
        connection.execute(insert(mailboxes).values(id=NOBODY, slots=os.urandom(MAILBOX_SIZE)))


def fetch(connection: Connection, mailbox: bytes) -> tuple[bytes, bytes]:
    """Id and slots of the mailbox's row, or of nobody's."""
    known = select(mailboxes.c.id).where(mailboxes.c.id == mailbox).scalar_subquery()
    query = select(mailboxes.c.id, mailboxes.c.slots).where(mailboxes.c.id == func.coalesce(known, NOBODY))
    row = connection.execute(query).one()
    return row.id, row.slots


def read_mailbox(core: Core, untrusted: bytes) -> bytes:
    """The 16,384 bytes for the body of a read request; raises EnvelopeInvalid unless that is a 32-byte id."""
    mailbox = parse_read(untrusted)
    empty = decoys(core.decoy_secret, mailbox)
    found, slots = core.store.read(lambda connection: fetch(connection, mailbox))
    return (empty, slots)[hmac.compare_digest(found, mailbox)]


async def empty_mailbox(core: Core, untrusted: bytes) -> None:
    """Empties the slots that are as the request saw them; a slot that was filled since then stays.

    Raises EnvelopeInvalid or BadSignature; a mailbox nobody knows is no error.
    """
    request = parse_delete(untrusted)
    mailbox = verify_delete(request)
    empty = decoys(core.decoy_secret, mailbox)
    write = core.store.write(lambda connection: _empty(connection, mailbox, request.hashes, empty), alone=True)
    await asyncio.wrap_future(write)


def _empty(connection: Connection, mailbox: bytes, hashes: tuple[bytes, ...], empty: bytes) -> None:
    found, slots = fetch(connection, mailbox)
    if found != mailbox:
        return
    shown = split_slots(slots)
    gone = [hashlib.sha256(slot).digest() == seen for slot, seen in zip(shown, hashes, strict=True)]
    left = b"".join(
        decoy if is_gone else slot for slot, decoy, is_gone in zip(shown, split_slots(empty), gone, strict=True)
    )
    for index, slot in enumerate(shown):
        if gone[index]:
            forget_waiting(connection, mailbox, index, slot)
    if left == empty:
        connection.execute(delete(mailboxes).where(mailboxes.c.id == mailbox))
    else:
        connection.execute(update(mailboxes).where(mailboxes.c.id == mailbox).values(slots=left))


def fill_slot(connection: Connection, secret: bytes, entry: SlotEntry, day: date) -> None:
    """Puts 4,096 bytes into a slot, over what was there; the other slots of a new mailbox hold their decoys."""
    found, slots = fetch(connection, entry.mailbox_id)
    start = entry.slot * SLOT_SIZE
    before = slots if found == entry.mailbox_id else decoys(secret, entry.mailbox_id)
    filled = before[:start] + entry.data + before[start + SLOT_SIZE :]
    if found == entry.mailbox_id:
        connection.execute(update(mailboxes).where(mailboxes.c.id == entry.mailbox_id).values(slots=filled, day=day))
    else:
        connection.execute(insert(mailboxes).values(id=entry.mailbox_id, slots=filled, day=day))
