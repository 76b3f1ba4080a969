"""Writing bundles: every stored object, the whole log and the newest manifest, as a BagIt bag (SPEC.md section 9).

Objects first, the signed note last, everything durable, then one rename: a folder named bundle-… is always whole.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from intake.server.clock import day_seconds
from intake.server.errors import ExportFailed
from intake.server.models import bodies, counters, heads, leaves, objects
from intake.server.services.core import Core, erase_lock
from intake.server.services.log import close_batch
from intake.server.services.objects import KIND_WORDS
from intake.server.settings import sync_folder
from intake.wire import bundle
from intake.wire.constants import OBJECT_ID_SIZE, OBJECT_SMALL

_SERIAL = "bundle-serial"


@dataclass(frozen=True)
class Exported:
    """A written bundle: its folder, how many objects and bytes it names, and the ids of those that are damaged."""

    folder: Path
    serial: int
    objects: int
    bytes: int
    damaged: tuple[str, ...]


@dataclass(frozen=True)
class _Contents:
    entries: tuple[bundle.IndexEntry, ...]
    leaves: bytes
    leaves_count: int
    heads: bytes


def export_bundle(core: Core, target: Path) -> Exported:
    """Closes the log's batch and writes everything stored as a new bundle folder below `target`.

    Raises ExportFailed when there is no manifest yet or the folder cannot be written.
    """
    newest = core.manifests.known().newest
    if newest is None:
        raise ExportFailed("the server has no key manifest yet")
    with erase_lock(core.settings, alone=False):
        day = core.clock()
        serial = core.store.write(lambda connection: _begin(connection, core, day), alone=True).result()
        contents = core.store.read(_collect)
        bundle_id = os.urandom(OBJECT_ID_SIZE).hex()
        draft = target / f".bundle-{bundle_id[:8]}.part"
        try:
            bag = _Bag(draft, day)
            damaged = tuple(_write_objects(core, bag, contents.entries))
            statement = _statement(core, contents, bundle_id, serial, day, newest.data)
            _write_log(bag, contents, newest.data)
            _write_tags(bag, statement, core.bundle_signer.sign(statement))
            folder = bag.finish(target / statement.folder)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise ExportFailed(type(error).__name__) from None
    return Exported(folder, serial, len(contents.entries), statement.bytes, damaged)


def _begin(connection: Connection, core: Core, day: date) -> int:
    close_batch(connection, core.head_signer, core.roots.deployment, day)
    last = connection.execute(select(counters.c.value).where(counters.c.name == _SERIAL)).scalar()
    if last is None:
        connection.execute(insert(counters).values(name=_SERIAL, value="1"))
        return 1
    serial = int(last) + 1
    connection.execute(update(counters).where(counters.c.name == _SERIAL).values(value=str(serial)))
    return serial


def _collect(connection: Connection) -> _Contents:
    rows = connection.execute(select(objects).where(objects.c.leaf_number.is_not(None)).order_by(objects.c.leaf_number))
    entries = tuple(
        bundle.IndexEntry(
            row.id, KIND_WORDS[row.kind], row.size, row.sha256, row.epoch, row.salt, row.leaf_number, row.day
        )
        for row in rows
    )
    tree = connection.execute(select(leaves.c.leaf).order_by(leaves.c.number)).scalars().all()
    signed = connection.execute(select(heads.c.note).order_by(heads.c.batch)).scalars().all()
    return _Contents(entries, b"".join(tree), len(tree), bundle.write_heads(signed))


def _statement(
    core: Core, contents: _Contents, bundle_id: str, serial: int, day: date, manifest: bytes
) -> bundle.BundleStatement:
    return bundle.BundleStatement(
        deployment=core.roots.deployment,
        bundle=bundle_id,
        serial=serial,
        day=day,
        rehearsal=core.rehearsal,
        objects=len(contents.entries),
        bytes=sum(entry.size for entry in contents.entries),
        index=_digest(_index(contents)),
        leaves_first=0,
        leaves_count=contents.leaves_count,
        leaves=_digest(contents.leaves),
        heads=_digest(contents.heads),
        manifest=_digest(manifest),
    )


def _write_objects(core: Core, bag: "_Bag", entries: Iterable[bundle.IndexEntry]) -> Iterator[str]:
    """Writes each object; yields the ids of those that are missing or not what they were when they came."""
    for entry in entries:
        try:
            written = bag.add(entry.path, _object_bytes(core, entry))
        except FileNotFoundError:
            yield entry.object_id.hex()
        else:
            if written != entry.sha256.hex():
                yield entry.object_id.hex()


def _object_bytes(core: Core, entry: bundle.IndexEntry) -> Iterable[bytes]:
    if entry.kind != KIND_WORDS[OBJECT_SMALL]:
        # Opened before the target is made, so that a missing object leaves no empty file in the bag.
        source = core.blobs.read(entry.object_id)
        first = next(source, b"")
        return (piece for part in ((first,), source) for piece in part)
    query = select(bodies.c.sealed).where(bodies.c.id == entry.object_id)
    sealed = core.store.read(lambda connection: connection.execute(query).scalar())
    if sealed is None:
        raise FileNotFoundError
    return (sealed,)


def _index(contents: _Contents) -> bytes:
    return "".join(entry.line() for entry in contents.entries).encode()


def _write_log(bag: "_Bag", contents: _Contents, manifest: bytes) -> None:
    bag.add(bundle.INDEX_NAME, [_index(contents)])
    bag.add(bundle.LEAVES_NAME, [contents.leaves])
    bag.add(bundle.HEADS_NAME, [contents.heads])
    bag.add(bundle.MANIFEST_NAME, [manifest])


def _write_tags(bag: "_Bag", statement: bundle.BundleStatement, note: bytes) -> None:
    payload = bundle.bag_manifest(bag.hashes("data/"))
    bag.add("bagit.txt", [bundle.BAGIT_TXT.encode()])
    bag.add("bag-info.txt", [bundle.bag_info(statement).encode()])
    bag.add("manifest-sha256.txt", [payload.encode()])
    tags = [*bag.hashes("bag"), *bag.hashes("manifest"), (bundle.NOTE_NAME, _digest(note))]
    bag.add("tagmanifest-sha256.txt", [bundle.bag_manifest(tags).encode()])
    bag.add(bundle.NOTE_NAME, [note])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class _Bag:
    """A bag being written in `draft`: each file is durable and dated to the day when `add` returns."""

    def __init__(self, draft: Path, day: date) -> None:
        self._draft = draft
        self._seconds = day_seconds(day)
        self._hashes: dict[str, str] = {}
        (draft / bundle.OBJECTS_FOLDER).mkdir(parents=True)
        (draft / bundle.LEAVES_NAME).parent.mkdir()

    def add(self, path: str, pieces: Iterable[bytes]) -> str:
        """Writes one file from its pieces; returns its SHA-256 as 64 hex."""
        state = hashlib.sha256()
        with (self._draft / path).open("xb") as target:
            for piece in pieces:
                state.update(piece)
                target.write(piece)
            target.flush()
            os.utime(target.fileno(), (self._seconds, self._seconds))
            os.fsync(target.fileno())
        self._hashes[path] = state.hexdigest()
        return state.hexdigest()

    def hashes(self, beginning: str) -> list[tuple[str, str]]:
        """(path, 64 hex) of every file written so far whose path begins so."""
        return [(path, sha256) for path, sha256 in self._hashes.items() if path.startswith(beginning)]

    def finish(self, folder: Path) -> Path:
        """Makes the folders durable and gives the bag its name."""
        for inner in (bundle.OBJECTS_FOLDER, Path(bundle.LEAVES_NAME).parent, "data", "."):
            os.utime(self._draft / inner, (self._seconds, self._seconds))
            sync_folder(self._draft / inner)
        self._draft.rename(folder)
        sync_folder(folder.parent)
        return folder
