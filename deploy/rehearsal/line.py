"""The line between phone and server: a TCP proxy on loopback that gives the phone an address of its own in 127.0.0.0/8,
and can hold back the page's script.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PIECE = 65536
_SCRIPT = b"<script>"


class Line:
    """Forwards 127.0.0.1:`port` to `target`, connecting from `source`; runs in its own thread until closed."""

    def __init__(self, target: int, source: str = "127.0.0.1", script_delay_s: float = 0) -> None:
        self.target = target
        self.source = source
        self.script_delay_s = script_delay_s
        self.port = 0
        self.requested = bytearray()
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        """What the phone opens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start listening on a free port."""
        self._thread.start()
        if not self._up.wait(10):
            raise TimeoutError("the line did not come up")

    def stop(self) -> None:
        """Stop listening and forget every connection."""
        self._loop.call_soon_threadsafe(self._close_all)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _close_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = int(server.sockets[0].getsockname()[1])
        self._up.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._forward(reader, writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target, local_addr=(self.source, 0))
        first = await reader.read(_PIECE)
        self.requested += first
        hold = bool(self.script_delay_s) and first.startswith(b"GET / ")
        if hold:
            # Compressed, the script could not be told from the form, and a kept connection would hide later requests.
            first = _without_header(_without_header(first, b"accept-encoding"), b"connection")
            first = first.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        up_writer.write(first)
        back = self._hold_script(up_reader, writer) if hold else _pipe(up_reader, writer)
        try:
            await asyncio.gather(back, self._send(reader, up_writer))
        finally:
            up_writer.close()

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE):
            self.requested += piece
            writer.write(piece)
            await writer.drain()
        writer.write_eof()

    async def _hold_script(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        page = await reader.read(-1)
        at = page.index(_SCRIPT)
        writer.write(page[:at])
        await writer.drain()
        await asyncio.sleep(self.script_delay_s)
        writer.write(page[at:])
        await writer.drain()
        writer.write_eof()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()


def _without_header(request: bytes, name: bytes) -> bytes:
    head, end, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(name + b":")]
    return b"\r\n".join(lines) + end + body


@contextmanager
def line(target: int, source: str = "127.0.0.1", script_delay_s: float = 0) -> Iterator[Line]:
    """A running line to the server on port `target`, stopped at the end."""
    running = Line(target, source, script_delay_s)
    running.start()
    try:
        yield running
    finally:
        running.stop()
