"""Sealed files handed in by hand on the forwarder page: the same gate and stores, epoch label 0.

A file is small or media by its own size. One that is known already is stored as well, and nobody is told which it was.
"""

import asyncio
import hashlib
import os

from sqlalchemy import Connection, select

from intake.server.errors import Refusal
from intake.server.models import objects
from intake.server.services.core import Core
from intake.server.services.feeding import Feed, Gate, RunningHash, check_beginning
from intake.server.services.objects import NewObject, is_stored, put_object
from intake.server.services.reports import store_report
from intake.wire.constants import OBJECT_ID_SIZE, OBJECT_MEDIA, SMALL_CLASSES
from intake.wire.envelope import Envelope
from intake.wire.errors import NotSealed
from intake.wire.sealed import check_media_size, check_small

_BATCH_SIZE = 64 << 10
"""Small, since forms do not share memory as uploads do: a thousand of them that drip hold a batch each."""
_NO_EPOCH = 0


class ForwardedFile:
    """One file of the form while it comes; `room` bytes are reserved when it proves to be media."""

    def __init__(self, core: Core, room: int) -> None:
        self._core = core
        self._room = min(room, core.uploads.media_max)
        self._object_id = os.urandom(OBJECT_ID_SIZE)
        self._waiting: list[bytes] = []
        self._size = 0
        self._hash = RunningHash()
        self._gate = Gate(None, None)
        self._feed: Feed | None = None
        self._lent = 0

    async def take(self, piece: bytes) -> None:
        """Takes the next bytes; raises what the gate and the store raise, after which only `abandon` may follow."""
        self._waiting.append(piece)
        self._size += len(piece)
        if self._feed is None and self._size <= SMALL_CLASSES[-1]:
            check_beginning(b"".join(self._waiting[:1]))
        elif self._feed is None or sum(map(len, self._waiting)) >= _BATCH_SIZE:
            await self._write()

    async def store(self) -> None:
        """Stores the whole file durably; raises as `take`."""
        if self._feed is None:
            await self._store_small(b"".join(self._waiting))
        else:
            await self._write()
            await self._store_media(self._feed)

    async def abandon(self) -> None:
        """Forgets the file and whatever of it lies on the disk."""
        self._waiting = []
        self._give_back()
        if self._feed is not None:
            await self._feed.settle()
            self._feed.close()
            self._feed = None
            await asyncio.to_thread(self._core.blobs.discard, self._object_id)

    async def _write(self) -> None:
        if self._feed is None:
            day = self._core.clock()
            self._core.room.lend(self._room)
            self._lent = self._room
            await asyncio.to_thread(self._core.blobs.reserve, self._object_id, self._room, day)
            part = await asyncio.to_thread(self._core.blobs.open_part, self._object_id)
            self._feed = Feed(part, 0, self._room, self._gate, (self._hash,))
        pieces, self._waiting = self._waiting, []
        await self._feed.put(pieces, self._core.uploads.pool)

    def _give_back(self) -> None:
        self._core.room.give_back(self._lent)
        self._lent = 0

    async def _store_small(self, sealed: bytes) -> None:
        check_small(sealed, None)
        self._core.room.for_text()
        envelope = Envelope(self._object_id, _NO_EPOCH, hashlib.sha256(sealed).digest(), sealed)
        day = self._core.clock()

        def operation(connection: Connection) -> None:
            if not is_stored(connection, envelope.sha256):
                store_report(connection, envelope, day)

        await asyncio.wrap_future(self._core.store.write(operation))

    async def _store_media(self, feed: Feed) -> None:
        day = self._core.clock()
        size = await feed.flush(self._core.uploads.pool, day)
        if self._gate.passed is None:
            raise NotSealed("cut off in the header")
        check_media_size(size, self._gate.passed.stanzas)
        new = NewObject(self._object_id, OBJECT_MEDIA, size, self._hash.digest.digest(), _NO_EPOCH)
        if await asyncio.to_thread(_is_kept, self._core, new):
            await self.abandon()
            return
        feed.close()
        self._feed = None
        self._give_back()
        await asyncio.to_thread(self._core.blobs.seal, new.object_id, size, day)
        await asyncio.wrap_future(self._core.store.write(lambda connection: put_object(connection, new, day)))


def _is_kept(core: Core, new: NewObject) -> bool:
    """Whether these bytes are stored and their file is there in its full size: else this copy is worth keeping."""
    query = select(objects.c.id).where(objects.c.sha256 == new.sha256, objects.c.kind == OBJECT_MEDIA)
    ids = core.store.read(lambda connection: connection.execute(query).scalars().all())
    return any(core.blobs.sealed_size(each) == new.size for each in ids)


class Forwarding:
    """All files of one form, `files_max` at most: each is stored or refused by itself."""

    files_max = 64

    def __init__(self, core: Core) -> None:
        self._core = core
        self.count = 0

    def next_file(self, room: int) -> ForwardedFile:
        """The next file; raises Refusal too-large after too many.

        A form without scripts cannot solve: under pressure all forms together have a small lane of their own, 2 files
        a second, and Refusal unavailable is raised when it is full.
        """
        self.count += 1
        if self.count > self.files_max:
            raise Refusal("too-large")
        self._core.pressure.offer()
        if not self._core.pressure.take_token():
            raise Refusal("unavailable")
        return ForwardedFile(self._core, room)
