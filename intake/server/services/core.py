"""Everything a service needs, opened once from a data folder."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from intake.server.blobs import BlobStore, FolderBlobs
from intake.server.clock import Clock, utc_today
from intake.server.errors import FolderBusy, FolderInvalid
from intake.server.services.door import SealedDoor
from intake.server.services.handover import Handover
from intake.server.services.manifests import Manifests
from intake.server.services.page import Pages
from intake.server.services.pressure import Pressure
from intake.server.services.puzzles import Puzzles
from intake.server.services.room import Room
from intake.server.services.turns import Turns
from intake.server.services.uploads import Uploads
from intake.server.settings import PRIVATE_FILE_MODE, Folder, Settings
from intake.server.signing import (
    BundleSigner,
    HeadSigner,
    LogKey,
    ReceiptKey,
    ReceiptSigner,
    load_log_key,
    load_receipt_key,
)
from intake.server.storage import MetadataStore, SqliteStore
from intake.server.stores import Stores, read_stores
from intake.wire.constants import DECOY_SECRET_SIZE
from intake.wire.errors import WireError
from intake.wire.manifest import Roots, roots_from_json


@dataclass(frozen=True, repr=False)
class Core:
    """The two stores, the pinned roots, the keys of this server, and its clock."""

    settings: Settings
    stores: Stores
    store: MetadataStore
    blobs: BlobStore
    roots: Roots
    rehearsal: bool
    log_key: LogKey
    receipt_key: ReceiptKey
    decoy_secret: bytes
    manifests: Manifests
    uploads: Uploads
    pages: Pages
    clock: Clock
    room: Room
    pressure: Pressure
    puzzles: Puzzles

    @property
    def head_signer(self) -> HeadSigner:
        """Signs heads of the intake log."""
        return HeadSigner(self.log_key)

    @property
    def bundle_signer(self) -> BundleSigner:
        """Signs statements of bundles."""
        return BundleSigner(self.log_key)

    @property
    def receipt_signer(self) -> ReceiptSigner:
        """Signs receipts."""
        return ReceiptSigner(self.receipt_key)


@contextlib.contextmanager
def open_core(settings: Settings, clock: Clock = utc_today) -> Iterator[Core]:
    """Opens a data folder and closes it afterwards; raises FolderInvalid when `intake init` has not finished it."""
    folder = settings.folder
    folder.check()
    roots, rehearsal = read_roots(settings)
    log_key, receipt_key = load_log_key(folder.log_key), load_receipt_key(folder.receipt_key)
    secret = _read_decoy_secret(settings)
    with open_lock(settings, alone=False), contextlib.ExitStack() as opened:
        stores = read_stores(folder.stores)
        store = opened.enter_context(contextlib.closing(open_store(folder, stores)))
        blobs = open_blobs(folder, stores)
        manifests = opened.enter_context(contextlib.closing(Manifests(store, roots, clock)))
        door, turns = SealedDoor(manifests, settings.media_max_bytes), Turns(Handover(folder.run))
        uploads = Uploads(store, blobs, door, clock, turns, settings.unfinished_hours)
        pages = Pages(folder.page, roots, rehearsal)
        opened.enter_context(contextlib.closing(uploads))
        room = Room(folder, settings.reserve_bytes, clock)
        asking = (Pressure(settings.calm_rate), Puzzles(secret))
        parts = (roots, rehearsal, log_key, receipt_key, secret, manifests, uploads, pages, clock, room, *asking)
        yield Core(settings, stores, store, blobs, *parts)


def read_roots(settings: Settings) -> tuple[Roots, bool]:
    """The pinned roots, and whether this is a rehearsal; raises FolderInvalid."""
    try:
        return roots_from_json(settings.folder.roots.read_text("utf-8").removesuffix("\n"))
    except FileNotFoundError:
        raise FolderInvalid("no roots are pinned yet") from None
    except (OSError, ValueError, WireError) as error:
        raise FolderInvalid(f"the pinned roots cannot be read: {type(error).__name__}") from None


def _read_decoy_secret(settings: Settings) -> bytes:
    secret = settings.folder.decoy_secret.read_bytes()
    if len(secret) != DECOY_SECRET_SIZE:
        raise FolderInvalid("the decoy secret is not 32 bytes")
    return secret


def open_store(folder: Folder, stores: Stores, make: bool = False) -> MetadataStore:
    """Opens the records of a data folder; `make` lets SQLite's file be missing.

    Raises FolderInvalid or StorageUnavailable.
    """
    if stores.database is None:
        if not make and not folder.database.exists():
            raise FolderInvalid(f"{folder.database.name} is missing")
        return SqliteStore(folder.database)
    # The driver takes longer to load than SQLite to open.
    from intake.server.storage_postgres import PostgresStore

    return PostgresStore(stores.database)


def open_blobs(folder: Folder, stores: Stores) -> BlobStore:
    """The blobs of a data folder, and of the bucket when one is named."""
    spool = FolderBlobs(folder.uploads, folder.objects)
    if stores.bucket is None:
        return spool
    from intake.server.blobs_s3 import S3Blobs

    return S3Blobs(spool, stores.bucket)


@contextlib.contextmanager
def held(path: Path, alone: bool, wait: bool = True) -> Iterator[bool]:
    """Holds a lock across processes, shared or `alone`; False when it cannot be had without waiting."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


@contextlib.contextmanager
def erase_lock(settings: Settings, alone: bool) -> Iterator[None]:
    """Waits for and holds the lock between exports (shared) and deletions (`alone`), across processes."""
    with held(settings.folder.erase_lock, alone):
        yield


@contextlib.contextmanager
def open_lock(settings: Settings, alone: bool) -> Iterator[None]:
    """Holds the lock between what uses the stores (shared) and what moves them (`alone`); raises FolderBusy."""
    with held(settings.folder.open_lock, alone, wait=False) as mine:
        if not mine:
            raise FolderBusy("something else has it open" if alone else "its stores are being moved")
        yield
