"""Unfinished media that nobody goes on with: gone whole days after their last byte. Reports and stored media stay."""

import contextlib
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Connection, delete, select

from intake.server.errors import Refusal
from intake.server.models import uploads
from intake.server.services.core import Core
from intake.server.services.feeding import RunningHash
from intake.server.services.handover import Locks
from intake.server.services.objects import NewObject
from intake.server.services.unfinished import Progress, Unfinished, find, hash_of, kept_days, record_sealed
from intake.wire.constants import OBJECT_MEDIA


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
        found = find(core.store, core.blobs, upload_id)
        if isinstance(found, Progress) or found.day >= oldest or _completed(core, found):
            return False
        gone = delete(uploads).where(uploads.c.id == upload_id)
        core.store.write(lambda connection: connection.execute(gone)).result()
        core.blobs.discard(upload_id)
        return True
    except Refusal:
        return False
    finally:
        locks.release(upload_id)


def _completed(core: Core, found: Unfinished) -> bool:
    """Stores an upload of which all bytes came, though its sender never said that this was all."""
    if found.position != found.size:
        return False
    running = RunningHash()
    hash_of(core.blobs, found.upload_id, running, found.size)
    sha256, day = running.digest.digest(), core.clock()
    if found.announced not in (None, sha256):
        return False
    new = NewObject(found.upload_id, OBJECT_MEDIA, found.size, sha256, found.epoch, work=found.work)
    core.blobs.seal(found.upload_id, found.size, day)
    core.store.write(lambda connection: record_sealed(connection, new, day)).result()
    return True
