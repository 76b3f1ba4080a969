"""Whether a sealed file is stored: told to whoever has its whole digest, for three days, yes and no in one shape."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from intake.server.models import objects
from intake.server.services.core import Core

LOOKUP_DAYS: Final = 3
"""Days before today whose objects are told: 72 hours at least."""


def is_known(core: Core, sha256: bytes) -> bool:
    """Whether an object with this SHA-256 came today or in the three days before; raises StorageUnavailable."""
    oldest = core.clock() - timedelta(days=LOOKUP_DAYS)
    query = select(objects.c.id).where(objects.c.sha256 == sha256, objects.c.day >= oldest)
    return core.store.read(lambda connection: connection.execute(query).first() is not None)
