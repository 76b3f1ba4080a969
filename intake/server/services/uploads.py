"""Media uploads: begin, append, complete. An offset that is told is durable; a newer request takes over at once.

```
begin_upload -> reserved (fallocate, record)
append_chunk -> gate on the header -> bytes written, hashed -> fdatasync -> offset recorded      (again and again)
complete_upload -> fsync, rename, fsync of the folders -> record of the object committed -> digest told
```
"""

import asyncio
import os
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from intake.server.blobs import BlobStore, Part
from intake.server.clock import Clock
from intake.server.errors import BodyCut, Refusal, WrongOffset
from intake.server.models import objects, uploads
from intake.server.services.feeding import CHECKPOINT_SIZE, Body, Digest, Feed, Gate, batches, rehash
from intake.server.services.manifests import Manifests
from intake.server.services.objects import NewObject, is_known, put_object
from intake.server.storage import MetadataStore
from intake.wire.constants import OBJECT_ID_SIZE, OBJECT_MEDIA, RECIPIENTS_MAX
from intake.wire.errors import WireError, WrongSize
from intake.wire.padding import media_class_ok

P = ParamSpec("P")
T = TypeVar("T")
_LIVE_MAX = 10_000
_THREADS = 4


@dataclass(frozen=True)
class Progress:
    """An upload as a phone sees it: bytes durable of bytes announced, and the SHA-256 once it is complete."""

    offset: int
    size: int
    sha256: bytes | None = None


@dataclass
class _Live:
    """What memory knows of an unfinished upload; `digest` is None when it must be computed from the file again."""

    upload_id: bytes
    size: int
    epoch: int
    work: int
    offset: int
    stanzas: int | None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    newest: object = None
    reading: Body | None = None
    digest: Digest | None = None
    gate: Gate | None = None
    gone: bool = False

    def forget(self) -> None:
        """Makes the next append compute the digest from the file: bytes not acknowledged may have gone into it."""
        self.digest = self.gate = None


class Uploads:
    """All uploads of one server process."""

    def __init__(
        self, store: MetadataStore, blobs: BlobStore, manifests: Manifests, clock: Clock, media_max: int
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._manifests = manifests
        self._clock = clock
        self.media_max = media_max
        self._live: OrderedDict[bytes, _Live] = OrderedDict()
        self.pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="media")

    async def begin_upload(self, size: int, epoch: int, work: int = 0, upload_id: bytes | None = None) -> bytes:
        """Reserves room for a media object of `size` bytes and a class of work; returns its 16-byte id.

        The id is random, or the one given, under which an upload that was begun before is found again.
        Raises Refusal (too-large, unknown-epoch, destroyed-epoch), WrongSize, StorageFull before the first byte.
        """
        if size > self.media_max:
            raise Refusal("too-large")
        stanzas = self._manifests.stanzas_of(epoch)
        counts = range(1, RECIPIENTS_MAX + 1) if stanzas is None else (stanzas,)
        if not any(media_class_ok(size, count) for count in counts):
            raise WrongSize("not a class of media objects")
        if upload_id is not None and self._is_begun(upload_id):
            return upload_id
        upload_id, day = upload_id or os.urandom(OBJECT_ID_SIZE), self._clock()
        await self._run(self._blobs.reserve, upload_id, size, day)
        values = {"id": upload_id, "size": size, "epoch": epoch, "position": 0, "work": work, "day": day}
        try:
            await self._write(lambda connection: connection.execute(insert(uploads).values(values)))
        except Exception:
            await self._run(self._blobs.discard, upload_id)
            raise
        return upload_id

    async def progress(self, upload_id: bytes) -> Progress:
        """Where an upload stands; stops a request that is still reading, so that the offset is final.

        Raises Refusal not-found.
        """
        async with self._turn(upload_id, None) as live:
            return await self._finished(live) if isinstance(live, _Live) else live

    async def append_chunk(self, upload_id: bytes, offset: int, body: Body) -> Progress:
        """Appends a body at `offset` and returns the new, durable offset; completes the upload with its last byte.

        Raises WrongOffset, Refusal (not-found, too-large, upload-busy), WireError from the gate, after which the upload
        is gone, BodyCut when the connection ended: what came until then is kept.
        """
        async with self._turn(upload_id, body) as live:
            if offset != live.offset:
                raise WrongOffset(live.offset)
            if body.length is not None and body.length > live.size - offset:
                raise Refusal("too-large")
            if not isinstance(live, _Live):
                return live
            if live.offset < live.size:
                await self._receive(live, body)
            return await self._finished(live)

    async def complete_upload(self, live: _Live, digest: Digest) -> Progress:
        """Seals a whole upload: durable file under its last name, then the committed record.

        Done again after a failure it goes on where that one stopped. Raises Refusal id-conflict, after which the
        upload is gone, when a report was meanwhile sent under its id.
        """
        new = NewObject(live.upload_id, OBJECT_MEDIA, live.size, digest.digest(), live.epoch, live.work)
        day = self._clock()
        await self._run(self._blobs.seal, live.upload_id, live.size, day)
        try:
            await self._write(lambda connection: record_sealed(connection, new, day))
        except Refusal:
            await self._run(self._blobs.erase, live.upload_id)
            await self._remove(live)
            raise
        self._drop(live)
        return Progress(live.size, live.size, new.sha256)

    def stop_all(self) -> None:
        """Ends every request that is reading, keeping what came: the server is about to stop."""
        for live in self._live.values():
            if live.reading is not None:
                live.reading.stop()

    def close(self) -> None:
        """Waits for the threads."""
        self.pool.shutdown()

    @asynccontextmanager
    async def _turn(self, upload_id: bytes, body: Body | None) -> AsyncIterator[_Live | Progress]:
        """One request at a time on an upload, the newest first: whoever reads now is stopped and flushes."""
        live = self._find(upload_id)
        if isinstance(live, Progress):
            yield live
            return
        ticket = live.newest = object()
        if live.reading is not None:
            live.reading.stop()
        async with live.lock:
            if body is not None and live.newest is not ticket:
                raise Refusal("upload-busy")
            if live.gone:
                yield self._stored(upload_id)
                return
            live.reading = body
            try:
                yield live
            finally:
                live.reading = None

    def _find(self, upload_id: bytes) -> _Live | Progress:
        if upload_id in self._live:
            self._live.move_to_end(upload_id)
            return self._live[upload_id]
        query = select(uploads).where(uploads.c.id == upload_id)
        row = self._store.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            return self._stored(upload_id)
        live = _Live(upload_id, row.size, row.epoch, row.work, row.position, self._manifests.stanzas_of(row.epoch))
        self._live[upload_id] = live
        self._evict()
        return live

    def _is_begun(self, upload_id: bytes) -> bool:
        try:
            self._find(upload_id)
        except Refusal:
            return False
        return True

    def _stored(self, upload_id: bytes) -> Progress:
        query = select(objects.c.size, objects.c.sha256).where(
            objects.c.id == upload_id, objects.c.kind == OBJECT_MEDIA
        )
        row = self._store.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            raise Refusal("not-found")
        return Progress(row.size, row.size, row.sha256)

    def _evict(self) -> None:
        # Forgetting costs a later hash over the file; one whose last step failed is kept, its record says less.
        for upload_id in list(self._live)[: max(0, len(self._live) - _LIVE_MAX)]:
            live = self._live[upload_id]
            if not live.lock.locked() and live.offset < live.size:
                del self._live[upload_id]

    def _drop(self, live: _Live) -> None:
        live.gone = True
        self._live.pop(live.upload_id, None)

    async def _finished(self, live: _Live) -> Progress:
        if live.offset == live.size and live.digest is not None:
            return await self.complete_upload(live, live.digest)
        return Progress(live.offset, live.size)

    async def _receive(self, live: _Live, body: Body) -> None:
        part = await self._run(self._blobs.open_part, live.upload_id)
        try:
            feed = await self._prepared(live, part)
            try:
                await self._take_in(live, feed, body)
            finally:
                await feed.settle()
        except WireError:
            await self._remove(live)
            raise
        except BodyCut:
            raise
        except BaseException:
            live.forget()
            raise
        finally:
            part.close()

    async def _prepared(self, live: _Live, part: Part) -> Feed:
        if live.digest is None or live.gate is None:
            live.gate = Gate(live.size, live.stanzas)
            live.digest = await self._run(rehash, part, live.offset, live.gate)
        return Feed(part, live.offset, live.size, live.gate, live.digest)

    async def _take_in(self, live: _Live, feed: Feed, body: Body) -> None:
        cut: BodyCut | None = None
        try:
            async for pieces in batches(body):
                await feed.put(pieces, self.pool)
                if feed.position - live.offset >= CHECKPOINT_SIZE:
                    await self._record(live, feed)
        except BodyCut as error:
            cut = error
        await self._record(live, feed)
        if cut is not None and live.offset < live.size:
            raise cut

    async def _record(self, live: _Live, feed: Feed) -> None:
        """Makes an offset true: fdatasync, then its committed record; the whole size is recorded by sealing."""
        position = await feed.flush(self.pool, self._clock())
        if position < live.size:
            change = update(uploads).where(uploads.c.id == live.upload_id).values(position=position)
            await self._write(lambda connection: connection.execute(change))
        live.offset = position

    async def _remove(self, live: _Live) -> None:
        await self._write(lambda connection: connection.execute(delete(uploads).where(uploads.c.id == live.upload_id)))
        await self._run(self._blobs.discard, live.upload_id)
        self._drop(live)

    async def _write(self, operation: Callable[[Connection], object]) -> None:
        await asyncio.wrap_future(self._store.write(operation))

    async def _run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self.pool.submit(call, *args, **kwargs))


def record_sealed(connection: Connection, new: NewObject, day: date) -> None:
    """Turns the record of an upload into that of a stored object, once."""
    connection.execute(delete(uploads).where(uploads.c.id == new.object_id))
    if not is_known(connection, new):
        put_object(connection, new, day)
