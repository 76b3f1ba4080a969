"""Media uploads: begin, append, complete. An offset that is told is durable; a newer request takes over at once.

```
begin_upload -> reserved (fallocate, record)
append_chunk -> gate on the header -> bytes written, hashed -> fdatasync -> offset recorded      (again and again)
complete_upload -> fsync, rename, fsync of the folders -> record of the object committed -> digest told
cancel_upload -> record and part removed            (never a complete one: only acks erase what is stored)
```
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection, delete, insert

from intake.server.blobs import BlobStore, Part
from intake.server.clock import Clock
from intake.server.errors import BodyCut, Refusal, WrongOffset
from intake.server.models import uploads
from intake.server.services.door import Door
from intake.server.services.feeding import CHECKPOINT_SIZE, Body, Feed, Gate, Room, RunningHash
from intake.server.services.objects import NewObject
from intake.server.services.turns import Live, Turns
from intake.server.services.unfinished import (
    Progress,
    Unfinished,
    Wanted,
    find,
    hash_of,
    kept_days,
    move,
    record_sealed,
)
from intake.server.storage import MetadataStore
from intake.wire.constants import OBJECT_ID_SIZE, OBJECT_MEDIA
from intake.wire.errors import DigestMismatch, WireError
from intake.wire.sealed import header_bytes_needed

P = ParamSpec("P")
T = TypeVar("T")
_WRITERS = 4
_READERS = 2


@dataclass(frozen=True)
class Chunk:
    """What a request says of its own body, which starts at `offset` of the upload.

    `sha256` is of the body alone: it is appended whole or not at all. `ends` is whether the upload is complete with
    it, None when that is so once all bytes are there. `total` is the whole size in bytes where the request told it.
    """

    offset: int
    body: Body
    sha256: bytes | None = None
    ends: bool | None = None
    total: int | None = None


class Uploads:
    """All uploads of one server process."""

    def __init__(
        self, store: MetadataStore, blobs: BlobStore, door: Door, clock: Clock, turns: Turns, unfinished_hours: int
    ) -> None:
        self.door = door
        self._kept_days = kept_days(unfinished_hours)
        self._store = store
        self._blobs = blobs
        self._clock = clock
        self._turns = turns
        self._room = Room()
        self.pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix="media")
        # A look at the database must not wait behind other uploads' disk writes.
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="records")

    @property
    def media_max(self) -> int:
        """The largest upload in bytes."""
        return self.door.size_max

    def goes_on(self, progress: Progress) -> date | None:
        """The first day on which an unfinished upload may be removed; None for a complete one."""
        return None if progress.day is None else progress.day + timedelta(self._kept_days + 1)

    async def begin_upload(
        self,
        size: int,
        epoch: int,
        work: int = 0,
        upload_id: bytes | None = None,
        announced: bytes | None = None,
    ) -> bytes:
        """Reserves room for `size` bytes; returns the 16-byte id of the upload, a random one where none is given.

        `work` is the class of puzzle work solved for it, `announced` the SHA-256 the whole must have. The same id
        again with the same size, epoch and work changes nothing. Raises Refusal (too-large, unknown-epoch,
        destroyed-epoch, id-conflict), WrongSize, StorageFull before the first byte.
        """
        wanted = Wanted(self.door.length(size), epoch, work, announced)
        await self._look(self.door.gate, size, epoch)
        if upload_id is None:
            upload_id = os.urandom(OBJECT_ID_SIZE)
        async with self._turns.take(upload_id, None):
            if not await self._look(wanted.is_begun, self._store, upload_id):
                await self._reserve(upload_id, wanted)
        return upload_id

    async def progress(self, upload_id: bytes, *, finish: bool = True) -> Progress:
        """Where an upload stands; stops a request that is still reading, so that the offset is final.

        With `finish`, an upload whose bytes are all there is completed. Raises Refusal not-found, unknown-epoch,
        destroyed-epoch.
        """
        async with self._turn(upload_id, None) as (live, found):
            if isinstance(found, Progress):
                return found
            await self._look(self.door.gate, found.size, found.epoch)
            if finish and found.position == found.size:
                return await self.complete_upload(live, found)
            return found.progress()

    async def append_chunk(self, upload_id: bytes, chunk: Chunk) -> Progress:
        """Appends a body and returns the new, durable offset; completes the upload with its last byte.

        Raises WrongOffset, Refusal (not-found, too-large, upload-busy, completed-upload, checksum-mismatch,
        inconsistent-upload-length), WireError from the gate, after which the upload is gone, BodyCut when the
        connection ended: what came until then is kept unless it had to match a digest.
        """
        async with self._turn(upload_id, chunk.body) as (live, found):
            if isinstance(found, Progress):
                return _replayed(found, chunk)
            if chunk.offset != found.position:
                raise WrongOffset(found.position)
            if chunk.body.length is not None and chunk.body.length > found.size - found.position:
                raise Refusal("too-large")
            if chunk.total not in (None, found.size):
                raise Refusal("inconsistent-upload-length")
            await self._receive(live, found, chunk)
            if found.position == found.size and chunk.ends is not False:
                return await self.complete_upload(live, found)
            if chunk.ends:
                raise Refusal("inconsistent-upload-length")
            return found.progress()

    async def append_first(self, upload_id: bytes, chunk: Chunk, repeatable: bool = False) -> Progress:
        """Appends the body of a creation; raises as `append_chunk`, and then nothing of the upload is left.

        Nobody was told its address yet, so nobody could go on with it; but with `repeatable`, the same creation again
        is the same upload, and may be under way: what came stays.
        """
        try:
            return await self.append_chunk(upload_id, chunk)
        except BaseException:
            if not repeatable:
                with suppress(Refusal):
                    await asyncio.shield(self.cancel_upload(upload_id))
            raise

    async def complete_upload(self, live: Live, found: Unfinished) -> Progress:
        """Seals a whole upload: durable file under its last name, then the committed record.

        Raises, after which the upload is gone: DigestMismatch when it is not what was announced, Refusal id-conflict
        when a report was meanwhile sent under its id.
        """
        running = live.hash
        if running.position != found.size:
            await self._run(hash_of, self._blobs, found.upload_id, running, found.size)
        if found.announced not in (None, running.digest.digest()):
            await self._remove(live, found.upload_id)
            raise DigestMismatch("not the announced digest")
        new = NewObject(
            found.upload_id, OBJECT_MEDIA, found.size, running.digest.digest(), found.epoch, work=found.work
        )
        day = self._clock()
        await self._run(self._blobs.seal, found.upload_id, found.size, day)
        try:
            await self._write(lambda connection: record_sealed(connection, new, day))
        except Refusal:
            await self._run(self._blobs.erase, found.upload_id)
            await self._remove(live, found.upload_id)
            raise
        live.gone = True
        return Progress(found.size, found.size, new.sha256)

    async def cancel_upload(self, upload_id: bytes) -> None:
        """Removes an unfinished upload with all that came; raises Refusal not-found, completed-upload."""
        async with self._turn(upload_id, None) as (live, found):
            if isinstance(found, Progress):
                raise Refusal("completed-upload")
            await self._remove(live, upload_id)

    def listen(self) -> None:
        """Lets other processes ask for uploads; in the loop that serves, before the first request."""
        self._turns.listen()

    def stop_all(self) -> None:
        """Ends every request that is reading, keeping what came: the server is about to stop."""
        self._turns.stop_all()

    def close(self) -> None:
        """Waits for the threads and lets go of all uploads."""
        self.pool.shutdown()
        self._readers.shutdown()
        self._turns.close()

    @asynccontextmanager
    async def _turn(self, upload_id: bytes, body: Body | None) -> AsyncIterator[tuple[Live, Unfinished | Progress]]:
        async with self._turns.take(upload_id, body) as live:
            try:
                found = await self._look(find, self._store, self._blobs, upload_id)
            except Refusal:
                live.gone = True
                raise
            if isinstance(found, Progress):
                live.gone = True
            else:
                live.follow(found.nonce, found.position)
            yield live, found

    async def _reserve(self, upload_id: bytes, wanted: Wanted) -> None:
        day = self._clock()
        # What a crash left between the reservation and its record belongs to nobody.
        await self._run(self._blobs.discard, upload_id)
        await self._run(self._blobs.reserve, upload_id, wanted.size, day)
        try:
            values = wanted.values(upload_id, day)
            await self._write(lambda connection: connection.execute(insert(uploads).values(values)))
        except Exception:
            await self._run(self._blobs.discard, upload_id)
            raise

    async def _receive(self, live: Live, found: Unfinished, chunk: Chunk) -> None:
        before, known_gate = live.hash.copy(), live.gate
        live.gate = None
        part, gate = await self._look(self._opened, found, known_gate)
        try:
            body_hash = RunningHash()
            hashes = [live.hash] if live.hash.position == found.position else []
            feed = Feed(part, found.position, found.size, gate, [*hashes, *([body_hash] if chunk.sha256 else [])])
            with self._room.taken():
                await self._take_in(found, feed, chunk, body_hash)
            live.gate = gate if gate.passed is not None else None
        except WireError:
            await self._remove(live, found.upload_id)
            raise
        except BaseException as error:
            if chunk.sha256 is not None or not isinstance(error, BodyCut):
                # Bytes that are not recorded may have gone into it.
                live.hash = before
            raise
        finally:
            part.close()

    def _opened(self, found: Unfinished, gate: Gate | None) -> tuple[Part, Gate]:
        """The part, and the gate after the bytes that are there, of which only the header's matter; in a thread."""
        part = self._blobs.open_part(found.upload_id)
        try:
            if gate is None:
                gate = self.door.gate(found.size, found.epoch)
                gate.look(list(part.read(0, min(found.position, header_bytes_needed))))
        except BaseException:
            part.close()
            raise
        return part, gate

    async def _take_in(self, found: Unfinished, feed: Feed, chunk: Chunk, body_hash: RunningHash) -> None:
        try:
            cut = await self._take_all(found, feed, chunk)
            if chunk.sha256 is not None:
                await feed.written()
                if cut is not None:
                    raise cut
                if body_hash.digest.digest() != chunk.sha256:
                    raise Refusal("checksum-mismatch")
            if feed.position > found.position:
                await self._record(found, feed, chunk)
        except BaseException:
            # The file must not be closed below a thread that writes it.
            await feed.settle()
            raise
        if cut is not None and found.position < found.size:
            raise cut

    async def _take_all(self, found: Unfinished, feed: Feed, chunk: Chunk) -> BodyCut | None:
        """Writes a body as it comes; returns what cut it off, None when it ended."""
        try:
            while pieces := await chunk.body.take(self._room.batch_size()):
                await feed.put(pieces, self.pool)
                if feed.position - found.position >= CHECKPOINT_SIZE and chunk.sha256 is None:
                    await self._record(found, feed, chunk)
        except BodyCut as error:
            return error
        return None

    async def _record(self, found: Unfinished, feed: Feed, chunk: Chunk) -> None:
        """Makes an offset true: fdatasync, then its committed record; the whole size is recorded by sealing."""
        day = self._clock()
        position = await feed.flush(self.pool, day)
        found.position, found.day = position, day
        if position < found.size or chunk.ends is False:
            await self._write(lambda connection: move(connection, found))

    async def _remove(self, live: Live, upload_id: bytes) -> None:
        await self._write(lambda connection: connection.execute(delete(uploads).where(uploads.c.id == upload_id)))
        await self._run(self._blobs.discard, upload_id)
        live.gone = True

    async def _write(self, operation: Callable[[Connection], object]) -> None:
        await asyncio.wrap_future(self._store.write(operation))

    async def _run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self.pool.submit(call, *args, **kwargs))

    async def _look(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.wrap_future(self._readers.submit(call, *args, **kwargs))


def _replayed(found: Progress, chunk: Chunk) -> Progress:
    """The answer to an append that was answered before, when its answer was lost."""
    if chunk.offset != found.size:
        raise WrongOffset(found.size)
    if chunk.body.length or chunk.total not in (None, found.size):
        raise Refusal("completed-upload")
    return found
