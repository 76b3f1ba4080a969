"""Making a data folder and giving it its roots and manifests; every step may be done again or later."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from intake.server.errors import FolderInvalid, StoresInvalid
from intake.server.services.core import Core, open_blobs, open_core, open_store
from intake.server.services.deletion import observe_revocations
from intake.server.services.mailboxes import make_nobody
from intake.server.services.manifests import add_manifest, load_manifests
from intake.server.settings import Folder, Settings, write_private
from intake.server.signing import LogKey, ReceiptKey, load_log_key, load_receipt_key, make_log_key, make_receipt_key
from intake.server.stores import Stores, read_private_stores, read_stores, write_stores
from intake.wire.constants import DECOY_SECRET_SIZE, MANIFEST_MAX_SIZE, REHEARSAL_NOTICE
from intake.wire.encoding import b64
from intake.wire.errors import WireError
from intake.wire.manifest import Manifest, roots_from_json, roots_to_json


@dataclass(frozen=True)
class Wishes:
    """What `intake init` was asked: each part may be missing, and come with a later `intake init`."""

    roots: Path | None
    manifests: tuple[Path, ...]
    log_name: str
    receipt_name: str
    decoy_secret: Path | None
    stores: Path | None = None


def init(settings: Settings, wishes: Wishes) -> Iterator[str]:
    """Makes or completes the data folder and yields lines for the operator.

    The keys come first: the laptop needs their public halves before it can sign a manifest. Raises FolderInvalid when
    other roots are pinned already, StoresInvalid when it has other stores already, ManifestRefused.
    """
    folder = settings.folder
    folder.make()
    key = _log_key(settings, wishes.log_name)
    receipt_key = _receipt_key(settings, wishes.receipt_name)
    if not folder.decoy_secret.exists():
        write_private(folder.decoy_secret, _decoy_secret(wishes.decoy_secret))
    stores = _stores(folder, wishes.stores)
    with contextlib.closing(open_store(folder, stores, make=True)) as store:
        store.write(make_nobody, alone=True).result()
    yield f"log key: {key.name} {b64(key.public)}"
    yield f"receipt key: {receipt_key.name} {b64(receipt_key.public)}"
    if wishes.roots is not None:
        pin_roots(settings, wishes.roots)
    if not folder.roots.exists():
        yield "next: intake init --data DIR --roots FILE --manifest FILE"
        return
    with open_core(settings) as core:
        yield f"deployment: {core.roots.deployment}" + (f" ({REHEARSAL_NOTICE})" if core.rehearsal else "")
        yield from add_manifests(core, wishes.manifests)


def _stores(folder: Folder, path: Path | None) -> Stores:
    """The stores of the folder; those that `path` names become its own while it has none."""
    if path is None:
        return read_stores(folder.stores)
    wished = read_private_stores(path)
    if folder.stores.exists():
        if read_stores(folder.stores) != wished:
            raise StoresInvalid("the data folder names others already; intake move changes them")
    elif folder.database.exists():
        raise StoresInvalid("the data folder has a database of its own already; intake move moves it")
    else:
        with contextlib.closing(open_store(folder, wished, make=True)):
            open_blobs(folder, wished).sealed_sizes()
        write_stores(folder, wished)
    return wished


def pin_roots(settings: Settings, path: Path) -> None:
    """Pins the roots of a deployment for good; raises FolderInvalid for damaged or other roots."""
    try:
        roots, rehearsal = roots_from_json(path.read_text("utf-8").removesuffix("\n"))
    except (ValueError, WireError):
        raise FolderInvalid("the file of roots is not a deployment block") from None
    text = roots_to_json(roots, rehearsal)
    if not settings.folder.roots.exists():
        write_private(settings.folder.roots, text.encode())
    elif settings.folder.roots.read_text("utf-8") != text:
        raise FolderInvalid("other roots are pinned already")


def add_manifests(core: Core, paths: Sequence[Path]) -> Iterator[str]:
    """Adds manifests, each on its own; yields a line for each. Raises ManifestRefused at the first that may not be."""
    for path in paths:
        data = read_at_most(path, MANIFEST_MAX_SIZE)
        operation = partial(_add, core=core, data=data, day=core.clock())
        taken = core.store.write(operation, alone=True).result()
        days = f"from {taken.not_before} to {taken.not_after}"
        yield f"manifest: serial {taken.serial}, {days}, epoch {taken.epoch.number}"


def _add(connection: Connection, core: Core, data: bytes, day: date) -> Manifest:
    added = add_manifest(connection, data, core.roots)
    in_force = load_manifests(connection, core.roots, day).in_force
    if in_force is not None:
        # At once: a revocation stops a deletion only from the moment it is known here.
        observe_revocations(connection, in_force.manifest, day)
    return added.manifest


def read_at_most(path: Path, limit: int) -> bytes:
    """The bytes of a file, one more than `limit` when it is longer, so that its parser refuses it."""
    with path.open("rb") as source:
        return source.read(limit + 1)


def _log_key(settings: Settings, name: str) -> LogKey:
    if settings.folder.log_key.exists():
        return load_log_key(settings.folder.log_key)
    return make_log_key(settings.folder.log_key, name)


def _receipt_key(settings: Settings, name: str) -> ReceiptKey:
    if settings.folder.receipt_key.exists():
        return load_receipt_key(settings.folder.receipt_key)
    return make_receipt_key(settings.folder.receipt_key, name)


def _decoy_secret(path: Path | None) -> bytes:
    if path is None:
        return os.urandom(DECOY_SECRET_SIZE)
    secret = path.read_bytes()
    if len(secret) != DECOY_SECRET_SIZE:
        raise FolderInvalid("the decoy secret is not 32 bytes")
    return secret
