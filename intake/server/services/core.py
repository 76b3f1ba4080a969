"""Everything a service needs, opened once from a data folder."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass

from intake.server.blobs import BlobStore, FolderBlobs
from intake.server.clock import Clock, utc_today
from intake.server.errors import FolderInvalid
from intake.server.services.manifests import Manifests
from intake.server.services.page import Pages
from intake.server.services.uploads import Uploads
from intake.server.settings import PRIVATE_FILE_MODE, Settings
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
from intake.wire.constants import DECOY_SECRET_SIZE
from intake.wire.errors import WireError
from intake.wire.manifest import Roots, roots_from_json


@dataclass(frozen=True, repr=False)
class Core:
    """The two stores, the pinned roots, the keys of this server, and its clock."""

    settings: Settings
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
    with contextlib.closing(SqliteStore(folder.database)) as store:
        blobs = FolderBlobs(folder.uploads, folder.objects)
        manifests = Manifests(store, roots, clock)
        uploads = Uploads(store, blobs, manifests, clock, settings.media_max_bytes)
        pages = Pages(folder.page, roots, rehearsal)
        with contextlib.closing(uploads):
            yield Core(
                settings, store, blobs, roots, rehearsal, log_key, receipt_key, secret, manifests, uploads, pages, clock
            )


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


@contextlib.contextmanager
def erase_lock(settings: Settings, alone: bool) -> Iterator[None]:
    """Waits for and holds the lock between exports (shared) and deletions (`alone`), across processes."""
    handle = os.open(settings.folder.erase_lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)
