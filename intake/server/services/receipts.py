"""Signed receipts for what is stored (SPEC.md section 14); a repeat gets the same one, of the first day."""

import asyncio

from sqlalchemy import Connection, select

from intake.server.models import objects
from intake.server.services.core import Core
from intake.server.services.objects import Kept, NewObject
from intake.wire.constants import OBJECT_MEDIA
from intake.wire.receipt import Receipt, StoredObject


def sign_receipt(core: Core, new: NewObject, kept: Kept) -> str:
    """The receipt for an object whose record is committed. About 60 us, so it is signed where it is asked for."""
    stored = StoredObject(core.roots.deployment, new.object_id, new.sha256, new.kind, new.size, kept.epoch)
    return core.receipt_signer.sign(Receipt(stored, kept.day))


async def media_receipt(core: Core, object_id: bytes) -> str | None:
    """The receipt of a stored media object by its 16-byte id; None when there is none (it may just have been erased).

    Raises StorageUnavailable.
    """

    def find(connection: Connection) -> tuple[NewObject, Kept] | None:
        row = connection.execute(select(objects).where(objects.c.id == object_id)).one_or_none()
        if row is None or row.kind != OBJECT_MEDIA:
            return None
        return NewObject(row.id, row.kind, row.size, row.sha256, row.epoch), Kept(row.epoch, row.day)

    found = await asyncio.to_thread(core.store.read, find)
    return None if found is None else sign_receipt(core, *found)
