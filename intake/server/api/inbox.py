"""The body of an upload on its way from the socket: copied once, handed on when there is enough of it to write.

uvicorn hands a body on in pieces as they come and copies each three times. That, and waking a request for each of
them, cost more processor time than the SHA-256 of an upload.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.flow_control import FlowControl

if TYPE_CHECKING:
    from intake.server.api.protocol import BoundedProtocol

EXTENSION: Final = "intake.inbox"
"""Under this name the `extensions` of a request's scope have `open`, a function that opens its inbox."""
READ_MAX_SIZE: Final = 512 << 10
_READ_MIN_SIZE: Final = 4096
_READ_OTHER_SIZE: Final = 64 << 10

_shared: Final = threading.local()

OpenInbox = Callable[[], "Inbox"]


class Inbox:
    """Bytes that came and were not taken yet: at most as many as were wanted last."""

    def __init__(self, flow: FlowControl) -> None:
        self.ended = False
        self._closed = False
        self._flow = flow
        self._pieces: list[bytes] = []
        self._size = 0
        self._wanted = _READ_OTHER_SIZE
        self._waiting: asyncio.Future[None] | None = None

    def space(self) -> int:
        """How many bytes are to be read next."""
        return max(_READ_MIN_SIZE, self._wanted - self._size)

    def put(self, piece: bytes) -> None:
        """Adds what came; what comes after `close` is dropped."""
        if not self._closed:
            self._pieces.append(piece)
            self._size += len(piece)
            if self._size >= self._wanted:
                self._flow.pause_reading()
                self._wake()

    def close(self, *, ended: bool = False) -> None:
        """Nothing more will be put: the body has `ended`, or the connection has, or a newer request wants its turn."""
        self.ended = self.ended or (ended and not self._closed)
        self._closed = True
        self._wake()

    async def take(self, wanted: int) -> list[bytes]:
        """At least `wanted` bytes; once closed, what is left, and then an empty list."""
        self._wanted = wanted
        if self._size < wanted and not self._closed:
            self._flow.resume_reading()
            self._waiting = asyncio.get_running_loop().create_future()
            try:
                await self._waiting
            finally:
                self._waiting = None
        pieces, self._pieces, self._size = self._pieces, [], 0
        if not self._closed:
            # The next batch comes in while this one is written.
            self._flow.resume_reading()
        return pieces

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class Reader(asyncio.BufferedProtocol):
    """Stands before a protocol: the system writes into one buffer that all connections share, one after another."""

    def __init__(self, protocol: "BoundedProtocol") -> None:
        self._protocol = protocol
        # One for each thread that runs a loop, of which a server has one.
        if not hasattr(_shared, "buffer"):
            _shared.buffer = memoryview(bytearray(READ_MAX_SIZE))
        self._buffer: memoryview = _shared.buffer

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go: no more than their receiver has room for."""
        inbox = self._protocol.inbox
        size = _READ_OTHER_SIZE if inbox is None else min(READ_MAX_SIZE, inbox.space())
        return self._buffer[:size]

    def buffer_updated(self, nbytes: int) -> None:
        """Hands on what was read; it must be copied before this returns."""
        self._protocol.take_in(self._buffer[:nbytes])

    def eof_received(self) -> None:
        """As the protocol: the connection is closed."""
        self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """As the protocol."""
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """As the protocol."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """As the protocol."""
        self._protocol.resume_writing()
