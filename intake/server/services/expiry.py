"""Unfinished media that nobody goes on with: gone whole days after their last byte. Reports and stored media stay."""

import contextlib
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Connection, delete, select

from intake.server.models import uploads
from intake.server.services.core import Core
from intake.server.services.handover import Locks
from intake.server.services.unfinished import kept_days


def expire_unfinished(core: Core) -> int:
    """Removes every upload whose last byte, or whose beginning, is too many days ago; returns how many. In a thread.

    One that is being received stays, in whichever process. Raises StorageFull or StorageUnavailable.
    """
    oldest = core.clock() - timedelta(kept_days(core.settings.unfinished_hours))
    # Locks of its own: those of the requests in this very process exclude it too.
    with contextlib.closing(Locks(core.settings.folder.run)) as locks:
        due = core.store.read(lambda connection: _due(connection, oldest))
        return sum(_expire(core, locks, upload_id, oldest) for upload_id in due)


def _due(connection: Connection, oldest: date) -> Sequence[bytes]:
    return connection.execute(select(uploads.c.id).where(uploads.c.day < oldest)).scalars().all()


def _expire(core: Core, locks: Locks, upload_id: bytes, oldest: date) -> bool:
    if not locks.take(upload_id):
        return False
    try:
        # Asked again under the lock: a byte may have come since.
        gone = delete(uploads).where(uploads.c.id == upload_id, uploads.c.day < oldest)
        if core.store.write(lambda connection: connection.execute(gone).rowcount).result() == 0:
            return False
        core.blobs.discard(upload_id)
        return True
    finally:
        locks.release(upload_id)
