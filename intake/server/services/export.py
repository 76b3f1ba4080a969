"""Writing bundles: stored objects, the log and the newest manifest, as a BagIt bag (SPEC.md section 9).

Everything durable, then one rename: a folder named bundle-… is always whole.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from intake.server.errors import ExportFailed, LaptopUnknown, StorageFull, StorageUnavailable
from intake.server.models import counters
from intake.server.services.backlog import Backlog
from intake.server.services.bag import Bag, new_bag
from intake.server.services.core import Core, erase_lock
from intake.server.services.log import close_batch
from intake.server.services.packing import Fate, Packer
from intake.server.settings import sync_folder
from intake.wire import bundle
from intake.wire.bundle import BundleStatement
from intake.wire.constants import OBJECT_ID_SIZE
from intake.wire.log import Head
from intake.wire.manifest import LaptopKeys

_SERIAL = "bundle-serial"


@dataclass(frozen=True)
class Exported:
    """A written bundle: its folder, how many objects and bytes it names, and the ids of those that are damaged.

    `unread` are those whose store did not answer: the index names them, the next bundle may bring them.
    """

    folder: Path
    serial: int
    objects: int
    bytes: int
    damaged: tuple[str, ...]
    unread: tuple[str, ...] = ()


def export_bundle(core: Core, target: Path, laptop: str | None = None) -> Exported:
    """Closes the log's batch and writes a new bundle folder below `target`: what `laptop` has not acked, or everything.

    Raises LaptopUnknown when the manifest in force names no such laptop, ExportFailed when there is no manifest yet,
    the folder cannot be written, or a store does not answer; nothing that looks like a bundle is left then.
    """
    newest = core.manifests.known().newest
    if newest is None:
        raise ExportFailed("the server has no key manifest yet")
    keys = None if laptop is None else _keys_of(core, laptop)
    bundle_id = os.urandom(OBJECT_ID_SIZE).hex()
    try:
        with erase_lock(core.settings, alone=False):
            day = core.clock()
            serial, head = core.store.write(lambda connection: _begin(connection, core, day), alone=True).result()
            backlog = Backlog(core.store, head, keys)
            made = _Made(core, backlog, bundle_id, serial, day, newest.data)
            return _write(made, target)
    except OSError as error:
        raise ExportFailed(type(error).__name__) from None
    except (StorageFull, StorageUnavailable) as error:
        raise ExportFailed(str(error)) from None


def _keys_of(core: Core, laptop: str) -> LaptopKeys:
    in_force = core.manifests.known().in_force
    keys = in_force.manifest.laptop(laptop) if in_force else None
    if keys is None:
        raise LaptopUnknown
    return keys


def _begin(connection: Connection, core: Core, day: date) -> tuple[int, Head]:
    head = close_batch(connection, core.head_signer, core.roots.deployment, day)
    last = connection.execute(select(counters.c.value).where(counters.c.name == _SERIAL)).scalar()
    if last is None:
        connection.execute(insert(counters).values(name=_SERIAL, value="1"))
        return 1, head
    serial = int(last) + 1
    connection.execute(update(counters).where(counters.c.name == _SERIAL).values(value=str(serial)))
    return serial, head


@dataclass(frozen=True)
class _Made:
    """What one bundle is made from."""

    core: Core
    backlog: Backlog
    bundle_id: str
    serial: int
    day: date
    manifest: bytes

    def statement(self, bag: Bag, packed: "_Packed") -> BundleStatement:
        return BundleStatement(
            deployment=self.core.roots.deployment,
            bundle=self.bundle_id,
            serial=self.serial,
            day=self.day,
            rehearsal=self.core.rehearsal,
            laptop=self.backlog.laptop,
            objects=packed.objects,
            bytes=packed.bytes,
            index=bag.hash_of(bundle.INDEX_NAME),
            leaves_first=self.backlog.first,
            leaves_count=self.backlog.leaves_count,
            leaves=bag.hash_of(bundle.LEAVES_NAME),
            heads=bag.hash_of(bundle.HEADS_NAME),
            manifest=bag.hash_of(bundle.MANIFEST_NAME),
        )


@dataclass
class _Packed:
    """Counts of what the index names."""

    objects: int = 0
    bytes: int = 0
    fates: dict[Fate, list[str]] = field(default_factory=lambda: defaultdict(list))

    def ids(self, fate: Fate) -> tuple[str, ...]:
        return tuple(self.fates[fate])


def _write(made: _Made, target: Path) -> Exported:
    name = bundle.folder_name(made.bundle_id)
    packed = _Packed()
    with new_bag(target, name, made.day) as bag:
        bag.add(bundle.INDEX_NAME, _pack(made, bag, packed))
        bag.add(bundle.LEAVES_NAME, made.backlog.leaves())
        bag.add(bundle.HEADS_NAME, [bundle.write_heads(made.backlog.heads())])
        bag.add(bundle.MANIFEST_NAME, [made.manifest])
        _write_tags(bag, made.core, made.statement(bag, packed))
    sync_folder(target)
    damaged, unread = packed.ids(Fate.DAMAGED), packed.ids(Fate.UNREAD)
    return Exported(target / name, made.serial, packed.objects, packed.bytes, damaged, unread)


def _pack(made: _Made, bag: Bag, packed: _Packed) -> Iterator[bytes]:
    """Puts every object into the bag and yields the lines of the index."""
    with Packer(bag, made.core.blobs) as packer:
        for waiting in made.backlog.objects():
            entry, fate = packer.put(waiting)
            packed.objects += 1
            packed.bytes += entry.size
            if fate is not Fate.WHOLE:
                packed.fates[fate].append(entry.object_id.hex())
            yield entry.line().encode()


def _write_tags(bag: Bag, core: Core, statement: BundleStatement) -> None:
    note = core.bundle_signer.sign(statement)
    bag.add("manifest-sha256.txt", [bundle.bag_manifest(bag.hashes("data/")).encode()])
    bag.add("bag-info.txt", [bundle.bag_info(statement).encode()])
    bag.add("bagit.txt", [bundle.BAGIT_TXT.encode()])
    bag.add(bundle.NOTE_NAME, [note])
    tags: Iterable[tuple[str, str]] = [*bag.hashes("bag"), *bag.hashes("manifest"), *bag.hashes(bundle.NOTE_NAME)]
    bag.add("tagmanifest-sha256.txt", [bundle.bag_manifest(tags).encode()])
