"""Moving an existing data folder from the embedded stores to PostgreSQL, to a bucket, or to both.

Everything is copied and compared first; stores.json is written last, and until then nothing has changed for the server.
Done again after a stop at any moment it goes on where that one came to.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Select, Table, delete, insert, select

from intake.server.blobs import BlobStore, FolderBlobs, digest_of
from intake.server.errors import MoveFailed
from intake.server.models import counters, metadata, objects
from intake.server.services.core import open_blobs, open_lock, open_store
from intake.server.settings import Folder, Settings
from intake.server.storage import MetadataStore
from intake.server.stores import Stores, read_private_stores, read_stores, write_stores
from intake.wire.constants import OBJECT_MEDIA

_ROWS_AT_ONCE: Final = 200
_BLOBS_A_LINE: Final = 100
_MARK: Final = "move-unfinished"
Fingerprint = tuple[int, str]
"""How many rows a table has, and a SHA-256 over all of them in any order, as 64 hex."""


def move(settings: Settings, path: Path) -> Iterator[str]:
    """Moves the stores to those that the file at `path` names; yields lines for the operator.

    Raises FolderBusy while anything has the folder open, StoresInvalid, MoveFailed, StorageUnavailable.
    """
    folder = settings.folder
    folder.check()
    with open_lock(settings, alone=True):
        before, after = read_stores(folder.stores), read_private_stores(path)
        _check_way(before, after)
        with contextlib.closing(open_store(folder, before)) as source:
            if after.database != before.database:
                with contextlib.closing(open_store(folder, after)) as target:
                    yield from _move_records(source, target)
            if after.bucket != before.bucket:
                yield from _copy_media(source, FolderBlobs(folder.uploads, folder.objects), open_blobs(folder, after))
        write_stores(folder, after)
    yield from _last_words(folder, before, after)


def _check_way(before: Stores, after: Stores) -> None:
    if before == after:
        raise MoveFailed("they are named already")
    for old, new in ((before.database, after.database), (before.bucket, after.bucket)):
        if old is not None and old != new:
            raise MoveFailed("only records and media that lie in the data folder can be moved")


def _last_words(folder: Folder, before: Stores, after: Stores) -> Iterator[str]:
    yield f"{folder.stores.name} names the new stores now"
    if after.database != before.database:
        yield f"{folder.database.name} stays as it was, with all it held: nothing is erased in it any more"
        yield f"remove it once the new database has proved itself: rm {folder.database}*"
    if after.bucket != before.bucket:
        yield "the copies in objects are freed by the server, or by: intake offload"


def fingerprint(store: MetadataStore, table: Table) -> Fingerprint:
    """The same for the same rows, whichever database holds them."""

    def query(connection: Connection) -> Fingerprint:
        digests = sorted(hashlib.sha256(repr(tuple(row)).encode()).digest() for row in connection.execute(_all(table)))
        return len(digests), hashlib.sha256(b"".join(digests)).hexdigest()

    return store.read(query)


def _all(table: Table) -> Select[tuple[object, ...]]:
    """All rows but the mark of this module, some at a time: a table may be larger than the memory."""
    query = select(table).where(counters.c.name != _MARK) if table is counters else select(table)
    return query.execution_options(yield_per=_ROWS_AT_ONCE)


def _move_records(source: MetadataStore, target: MetadataStore) -> Iterator[str]:
    wanted = {table: fingerprint(source, table) for table in metadata.sorted_tables}
    if not _claim(target, wanted):
        yield "records: all are there already"
        return
    for table, (rows, sha256) in wanted.items():
        if fingerprint(target, table) != (rows, sha256):
            _copy(source, target, table)
        if fingerprint(target, table) != (rows, sha256):
            raise MoveFailed(f"the rows of {table.name} are not the same after copying")
        yield f"{table.name}: {rows} rows, the same on both sides, SHA-256 {sha256}"
    target.write(lambda c: c.execute(delete(counters).where(counters.c.name == _MARK))).result()


def _claim(target: MetadataStore, wanted: dict[Table, Fingerprint]) -> bool:
    """Marks an empty database as being filled; False when it is filled already. Raises MoveFailed for any other."""
    if target.read(_is_marked):
        return True
    found = {table: fingerprint(target, table) for table in wanted}
    if any(rows for rows, _ in found.values()):
        if found != wanted:
            raise MoveFailed("the new database holds other records; name an empty one")
        return False
    target.write(lambda c: c.execute(insert(counters).values(name=_MARK, value=""))).result()
    return True


def _is_marked(connection: Connection) -> bool:
    return connection.execute(select(counters.c.name).where(counters.c.name == _MARK)).first() is not None


def _copy(source: MetadataStore, target: MetadataStore, table: Table) -> None:
    clear = delete(table).where(counters.c.name != _MARK) if table is counters else delete(table)
    target.write(lambda connection: connection.execute(clear)).result()

    def query(connection: Connection) -> None:
        for rows in connection.execute(_all(table)).mappings().partitions():
            values = [dict(row) for row in rows]
            target.write(lambda c, values=values: c.execute(insert(table), values)).result()  # type: ignore[misc]

    source.read(query)


def _copy_media(source: MetadataStore, here: FolderBlobs, there: BlobStore) -> Iterator[str]:
    """Copies sealed media and reads each back; what is damaged here stays as it is, and its copy is not made."""
    query = select(objects.c.id, objects.c.sha256).where(objects.c.kind == OBJECT_MEDIA)
    records = source.read(lambda connection: [(row.id, row.sha256) for row in connection.execute(query)])
    damaged = 0
    for number, (blob_id, sha256) in enumerate(records, start=1):
        if not _is_whole(here, blob_id, sha256):
            damaged += 1
            yield f"missing or damaged before, not copied: {blob_id.hex()}"
        elif not there.offload(blob_id, sha256, keep=True):
            raise MoveFailed("the bucket holds other bytes under the name of a stored object")
        if number % _BLOBS_A_LINE == 0:
            yield f"media: {number} of {len(records)}"
    yield f"media: {len(records) - damaged} of {len(records)} copied, read back and the same"


def _is_whole(blobs: FolderBlobs, blob_id: bytes, sha256: bytes) -> bool:
    try:
        return digest_of(blobs.read(blob_id)) == sha256
    except FileNotFoundError:
        return False
