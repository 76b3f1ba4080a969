"""Bytes of an upload on their way to the disk: gate, hash and writes in batches, off the event loop.

Pieces are collected to at most 1 MiB, less when many are received at once, and written with one system call in a
thread that also hashes them, while the next batch is received. An offset is true only after fdatasync and, for a
restart, after its record is committed.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from intake.server.blobs import Part
from intake.server.errors import Refusal, ServerError
from intake.wire.constants import AGE_STANZA_TYPE, AGE_VERSION_LINE
from intake.wire.errors import NotSealed, WrongRecipients
from intake.wire.sealed import SealedHeader, check_media, header_bytes_needed, parse_header

_BATCH_MAX_SIZE = 1 << 20
_BATCH_MIN_SIZE = 16 << 10
_SHARED_SIZE = 16 << 20
CHECKPOINT_SIZE = 8 << 20
"""Bytes after which an offset is made durable within one long request, so that a crash loses no more."""
_FIRST_LINE = AGE_VERSION_LINE.encode()
_BEGINNING = _FIRST_LINE + f"-> {AGE_STANZA_TYPE} ".encode()


class Digest(Protocol):
    """A running SHA-256, as hashlib gives it."""

    def update(self, data: bytes, /) -> None:
        """Takes the next bytes."""

    def copy(self) -> "Digest":
        """Another one that has taken the same."""

    def digest(self) -> bytes:
        """The 32 bytes for everything taken so far."""


class Body(Protocol):
    """The body of a request; `length` in bytes when it was announced."""

    length: int | None

    def stop(self) -> None:
        """Makes `take` raise BodyCut after what it has, because a newer request has taken over."""

    async def take(self, wanted: int) -> list[bytes]:
        """At least `wanted` bytes, fewer at the end, then an empty list; raises BodyCut when there will be no end."""


class Room:
    """Memory shared by all uploads that are being received: 16 MiB for batches, half of it for those being written."""

    def __init__(self) -> None:
        self._receiving = 0

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Counts one more upload while it is received."""
        self._receiving += 1
        try:
            yield
        finally:
            self._receiving -= 1

    def batch_size(self) -> int:
        """Bytes after which a batch is written now: 16 KiB to 1 MiB."""
        share = _SHARED_SIZE // (2 * max(1, self._receiving))
        return max(_BATCH_MIN_SIZE, min(_BATCH_MAX_SIZE, share))


@dataclass
class Gate:
    """Looks at the header of a media object as it comes; `total` bytes and `stanzas` are None when nobody told them.

    Nothing is written before it has passed, as far as the bytes go: a plaintext never touches the disk.
    """

    total: int | None
    stanzas: int | None
    prefix: bytearray = field(default_factory=bytearray)
    passed: SealedHeader | None = None

    def look(self, pieces: list[bytes]) -> None:
        """Takes the next bytes; raises NotSealed, WrongRecipients, StanzaCount or WrongSize as soon as it can tell."""
        if self.passed is not None:
            return
        for piece in pieces:
            self.prefix += piece[: header_bytes_needed - len(self.prefix)]
        if len(self.prefix) < header_bytes_needed:
            check_beginning(bytes(self.prefix))
            return
        if self.total is None:
            self.passed = parse_header(bytes(self.prefix))
        else:
            self.passed = check_media(bytes(self.prefix), self.total, self.stanzas)


def check_beginning(prefix: bytes) -> None:
    """Passes the first few bytes of what may become a sealed object; raises NotSealed or WrongRecipients."""
    if prefix[: len(_FIRST_LINE)] != _FIRST_LINE[: len(prefix)]:
        raise NotSealed("another first line")
    if prefix[: len(_BEGINNING)] != _BEGINNING[: len(prefix)]:
        raise WrongRecipients("a stanza of another type")


@dataclass
class RunningHash:
    """The SHA-256 of a file's first `position` bytes."""

    position: int = 0
    digest: Digest = field(default_factory=hashlib.sha256)

    def copy(self) -> "RunningHash":
        """The same at the same position, to go back to."""
        return RunningHash(self.position, self.digest.copy())

    def take(self, pieces: Iterable[bytes]) -> None:
        """Takes the bytes that follow."""
        for piece in pieces:
            self.digest.update(piece)
            self.position += len(piece)


class Feed:
    """Writes one request's bytes into a part from `position` on; each of `hashes` takes them too."""

    def __init__(self, part: Part, position: int, limit: int, gate: Gate, hashes: Sequence[RunningHash]) -> None:
        self.position = position
        self._part = part
        self._limit = limit
        self._gate = gate
        self._hashes = hashes
        self._pending: Future[None] | None = None

    async def put(self, pieces: list[bytes], pool: Executor) -> None:
        """Starts writing a batch once the one before is written; raises what the gate raises, or too-large."""
        size = sum(map(len, pieces))
        if self.position + size > self._limit:
            raise Refusal("too-large")
        self._gate.look(pieces)
        await self.written()
        self._pending = pool.submit(self._write, self.position, pieces)
        self.position += size

    async def written(self) -> None:
        """Waits until the last batch is written; raises StorageFull or StorageUnavailable."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            await _settled(pending)

    async def flush(self, pool: Executor, day: date) -> int:
        """Makes all batches durable; returns the position they end at."""
        pending, self._pending = self._pending, None
        await _settled(pool.submit(self._flush, pending, day))
        return self.position

    def close(self) -> None:
        """Closes the part; nothing may be put any more."""
        self._part.close()

    async def settle(self) -> None:
        """Lets the last batch end, whatever becomes of it: the part may only be closed after that."""
        with contextlib.suppress(ServerError):
            await self.written()

    def _flush(self, pending: "Future[None] | None", day: date) -> None:
        # Threads take jobs in turn: the batch before is being written by another one, or was.
        if pending is not None:
            pending.result()
        self._part.flush(day)

    def _write(self, position: int, pieces: list[bytes]) -> None:
        self._part.write(position, pieces)
        for running in self._hashes:
            running.take(pieces)


async def _settled(running: Future[None]) -> None:
    """Waits for a thread's work, also when this task is cancelled: its file must not be closed below it."""
    waiting = asyncio.wrap_future(running)
    try:
        await asyncio.shield(waiting)
    except asyncio.CancelledError:
        await asyncio.wait([waiting])
        raise
