"""Key manifests as the server knows them: which one is in force, and how many recipients an epoch has.

A manifest is verified against the pinned roots when it is added and again whenever it is loaded, so nobody who can
write the database can put keys in it.
"""

import contextlib
import threading
import time
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, select

from intake.server.clock import Clock
from intake.server.errors import FolderInvalid, ManifestRefused, Refusal, StorageUnavailable
from intake.server.models import manifests
from intake.server.storage import MetadataStore
from intake.wire.constants import CARRY_EPOCH_FIRST
from intake.wire.errors import WireError
from intake.wire.manifest import Roots, VerifiedManifest, parse_manifest, verify_manifest

_FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class Known:
    """All manifests at one moment: `in_force` is the newest whose first day has come, `newest` the highest serial.

    `stanzas` maps each epoch number to its number of recipients.
    """

    count: int
    day: date
    in_force: VerifiedManifest | None
    newest: VerifiedManifest | None
    stanzas: dict[int, int]
    verified: tuple[VerifiedManifest, ...]

    def on(self, day: date) -> "Known":
        """The same manifests on another day."""
        return known_of(self.verified, day)

    @property
    def oldest_epoch(self) -> int:
        """Epochs below were destroyed; 0 while no manifest is in force."""
        return self.in_force.manifest.oldest_epoch if self.in_force else 0


def load_manifests(connection: Connection, roots: Roots, day: date) -> Known:
    """Loads and verifies every manifest; raises FolderInvalid when one does not verify any more."""
    rows = connection.execute(select(manifests.c.data).order_by(manifests.c.serial)).scalars().all()
    try:
        verified = [verify_manifest(parse_manifest(data), roots) for data in rows]
    except WireError as error:
        raise FolderInvalid(f"a stored key manifest does not verify: {type(error).__name__}") from None
    return known_of(tuple(verified), day)


def known_of(verified: tuple[VerifiedManifest, ...], day: date) -> Known:
    """What verified manifests, by rising serial, say on a day."""
    begun = [v for v in verified if v.manifest.not_before <= day]
    stanzas = {epoch.number: len(epoch.recipients) for v in verified for epoch in (v.manifest.epoch, v.manifest.carry)}
    newest = verified[-1] if verified else None
    return Known(len(verified), day, begun[-1] if begun else None, newest, stanzas, verified)


def add_manifest(connection: Connection, data: bytes, roots: Roots) -> VerifiedManifest:
    """Adds a manifest that a quorum of `roots` signed; adding it again changes nothing.

    Raises ManifestRefused for anything else, also for another manifest of a serial that is there.
    """
    try:
        verified = verify_manifest(parse_manifest(data), roots)
    except WireError as error:
        raise ManifestRefused(str(error)) from None
    serial = verified.manifest.serial
    known = connection.execute(select(manifests.c.data).where(manifests.c.serial == serial)).scalar()
    if known is None:
        connection.execute(insert(manifests).values(serial=serial, data=data))
    elif known != data:
        raise ManifestRefused(f"another manifest has the serial {serial}")
    return verified


class Manifests:
    """The manifests behind requests: kept in memory, loaded again when a command line has added one.

    A look at the store is taken in a thread of its own: requests are answered in the event loop, which a database that
    says nothing must not hold up.
    """

    def __init__(self, store: MetadataStore, roots: Roots, clock: Clock) -> None:
        self._store = store
        self._roots = roots
        self._clock = clock
        self._known = self._load()
        self._checked = time.monotonic()
        self._looking: threading.Thread | None = None

    def known(self) -> Known:
        """The manifests as of a second or two ago, on the day it is; never waits for the store."""
        if self._known.day != self._clock():
            self._known = self._known.on(self._clock())
        if time.monotonic() - self._checked >= _FRESH_SECONDS and not self._is_looking():
            self._checked = time.monotonic()
            self._looking = threading.Thread(target=self.look, name="manifests", daemon=True)
            self._looking.start()
        return self._known

    def look(self) -> None:
        """Takes over what the store holds now; waits for it. What it cannot tell now, a later look will."""
        with contextlib.suppress(StorageUnavailable, FolderInvalid):
            count = self._store.read(lambda c: c.execute(select(func.count()).select_from(manifests)).scalar_one())
            if count != self._known.count:
                self._known = self._load()

    def close(self) -> None:
        """Waits for a look at the store that is under way."""
        if self._looking is not None:
            self._looking.join()

    def _is_looking(self) -> bool:
        return self._looking is not None and self._looking.is_alive()

    def stanzas_of(self, epoch: int) -> int | None:
        """Number of recipients of an epoch label, None for label 0 (no hint).

        Raises Refusal: unknown-epoch, or destroyed-epoch for one whose keys are gone.
        """
        known = self.known()
        if epoch == 0:
            return None
        if epoch < min(known.oldest_epoch, CARRY_EPOCH_FIRST):
            raise Refusal("destroyed-epoch")
        if epoch not in known.stanzas:
            raise Refusal("unknown-epoch")
        return known.stanzas[epoch]

    def _load(self) -> Known:
        return self._store.read(lambda connection: load_manifests(connection, self._roots, self._clock()))
