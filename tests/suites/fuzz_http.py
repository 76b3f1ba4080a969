"""Bytes as they come off a socket, through our connection and the whole application, for the suite `fuzz`.

The transport is the only thing that is not real: it keeps what is written, and reads into the buffer of the protocol
that was set, as asyncio's does, and only while it may. The first byte of an input says in pieces of which size the rest
arrives; placeholders are those of fuzz_requests.py.
"""

from __future__ import annotations

import asyncio
import re

import uvicorn
from uvicorn.server import ServerState

from intake.server.api.protocol import HEAD_MAX_SIZE, BoundedProtocol
from tests.suites.fuzz_requests import MEDIA_MAX, SIGNED, Requests, Unhandled

SIZES = (1, 7, 100, 5000, 60_000)
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Kept(asyncio.Transport):
    """A transport that keeps what is written, until it is closed, and hands on what it is given to read."""

    def __init__(self) -> None:
        super().__init__({"socket": None, "peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = bytearray()
        self.closed = False
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._reader: asyncio.BufferedProtocol | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.BufferedProtocol)
        self._reader = protocol

    async def arrive(self, data: bytes) -> None:
        """As much of `data` at a time as the protocol has room for, when it wants it."""
        assert self._reader is not None
        while data and not self.closed:
            await self._may_read.wait()
            if self.closed:
                return
            buffer = self._reader.get_buffer(-1)
            if not len(buffer):
                raise Unhandled("no room to read into")
            count = min(len(buffer), len(data))
            buffer[:count] = data[:count]
            self._reader.buffer_updated(count)
            data = data[count:]

    def lose(self) -> None:
        """The line is gone."""
        assert self._reader is not None
        self._reader.connection_lost(None)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True
        self._may_read.set()

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()


class Connections:
    """Makes a connection for each input."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._config = uvicorn.Config(
            requests.app, http=BoundedProtocol, ws="none", log_config=None, proxy_headers=False
        )
        self._config.load()

    def feed(self, data: bytes) -> None:
        """Raises Unhandled, or whatever escaped from the connection."""
        data = self._requests.filled(data)
        self._requests.loop.run_until_complete(asyncio.wait_for(self._feed(data), 20))
        self._requests.tidy()

    async def _feed(self, data: bytes) -> None:
        size = SIZES[data[0] % len(SIZES)] if data else 1
        state, transport = ServerState(), Kept()
        protocol = BoundedProtocol(self._config, state, {}, asyncio.get_running_loop())
        protocol.connection_made(transport)
        outside = 0
        for start in range(1, min(len(data), 4 * HEAD_MAX_SIZE), size):
            await transport.arrive(data[start : start + size])
            outside += size
            if outside % 50 < size:
                await asyncio.sleep(0)
        if protocol.cycle is not None and not protocol.cycle.more_body:
            # It has come whole: it must be answered by itself.
            while state.tasks:
                await asyncio.wait(state.tasks)
        transport.lose()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        check_written(bytes(transport.written))


def check_written(written: bytes) -> None:
    """Raises Unhandled for answers that no handler meant to give."""
    statuses = [int(match[1]) for match in STATUS.finditer(written)]
    if written and not written.startswith(b"HTTP/1.1 "):
        raise Unhandled(f"an answer that is none: {written[:100]!r}")
    if any(status >= 500 for status in statuses):
        raise Unhandled(f"statuses {statuses}")


def seeds(requests: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The requests of another target as they would come over a line, and some that break HTTP itself."""
    found = []
    for number, data in enumerate(requests):
        head, _, body = data.partition(b"\n\n")
        first, *lines = head.split(b"\n")
        lines = [line for line in lines if not line.startswith((b"content-length", SIGNED))]
        start = b"\r\n".join([first + b" HTTP/1.1", b"host: x", *lines, b"content-length: %d" % len(body), b"", b""])
        found.append(bytes([number % len(SIZES)]) + start + body)
    chunked = b"POST /reports HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\ntrailer: x\r\n\r\n"
    twice = b"GET /health HTTP/1.1\r\n\r\n" * 12
    long = b"GET / HTTP/1.1\r\na: " + b"x" * (MEDIA_MAX // 10)
    return (
        *found,
        b"\x02" + chunked,
        b"\x03" + twice,
        b"\x03" + long,
        b"\x02\x16\x03\x01\x02",
        b"\x01GET / HTTP/9.9\r\n\r\n",
    )
