"""One HTTP connection, bounded before a request exists: how long its head may be, how long it may keep us waiting.

uvicorn bounds neither. A head that never ends grew memory twentyfold of what was sent and cost quadratic time on the
one event loop; a thousand silent connections used up the process's files, and nobody else was let in.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from intake.server.api.corked import Corked
from intake.server.api.inbox import EXTENSION, Inbox, Reader
from intake.server.api.problems import raw_problem

HEAD_MAX_SIZE: Final = 64 * 1024
"""Bytes that may come without any being body: request line, headers, trailers, extensions of chunks."""
HEAD_SECONDS: Final = 30
"""For a whole head, from the connection or from its first byte on."""
BODY_SECONDS: Final = 300
"""Of silence within a body. A phone whose line broke asks again by itself, and takes its upload over."""
PIPELINED_MAX: Final = 8
"""Requests that may wait on one connection for the one being answered; browsers send none so."""
_TICK_SECONDS: Final = 10


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol; a connection that passes a bound is closed, and nothing is logged of it."""

    head_seconds: float = HEAD_SECONDS
    body_seconds: float = BODY_SECONDS
    tick_seconds: float = _TICK_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock."""
        transport = Corked(transport, self.loop.call_soon)
        super().connection_made(transport)
        self.inbox: Inbox | None = None
        transport.set_protocol(Reader(self))
        self._outside_body = 0
        self._in_head = True
        self._head_begun = self._heard = self.loop.time()
        self._unsent = 0
        self._watching = self.loop.call_later(self.tick_seconds, self._watch)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._watching.cancel()
        if self.inbox is not None:
            self.inbox.close()
        super().connection_lost(exc)

    def take_in(self, data: memoryview) -> None:
        """Feeds the parser, which tells of body by `on_body`; what is left over counts against the bound."""
        self._heard = self.loop.time()
        if self._in_head and self._outside_body == 0:
            self._head_begun = self._heard
        self._outside_body += len(data)
        super().data_received(data)  # type: ignore[arg-type]
        if self._outside_body > HEAD_MAX_SIZE and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        """Another request, whose body nobody has asked for yet."""
        super().on_message_begin()
        self.inbox = None
        self.scope["extensions"] = {EXTENSION: {"open": self._open_inbox}}

    def on_headers_complete(self) -> None:
        """A head has ended. Raises ConnectionError, which the parser turns into `malformed`, when too many wait."""
        if len(self.pipeline) >= PIPELINED_MAX:
            raise ConnectionError
        self._in_head, self._outside_body = False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Body has its own bounds, in the services."""
        self._outside_body = 0
        if self.inbox is None or self.cycle.response_complete:
            super().on_body(body)
        else:
            self.inbox.put(body)

    def on_message_complete(self) -> None:
        """The next byte begins another head."""
        self._in_head, self._outside_body = True, 0
        super().on_message_complete()
        if self.inbox is not None:
            self.inbox.close(ended=True)

    def send_400_response(self, msg: str) -> None:
        """Answers what is not HTTP like everything else that is malformed."""
        self.transport.write(raw_problem("malformed"))
        self.transport.close()

    def _open_inbox(self) -> Inbox:
        """From here on the body of the request being received goes there; asked for when all before was taken."""
        self.inbox = Inbox(self.flow)
        return self.inbox

    def _refuse(self) -> None:
        if self._in_head:
            self.send_400_response("")
        else:
            self.transport.abort()

    def _watch(self) -> None:
        """Closes the connection when it has been waited for too long, else looks again later."""
        unsent = self.transport.get_write_buffer_size()
        stuck = self.transport.is_closing() and unsent >= self._unsent > 0
        self._unsent = unsent
        if stuck or self._is_late(self.loop.time()):
            self.transport.abort()
        else:
            self._watching = self.loop.call_later(self.tick_seconds, self._watch)

    def _is_late(self, now: float) -> bool:
        if self._in_head:
            # Between two requests uvicorn's own keep-alive closes; while one is answered we are the slow ones.
            waiting = self.cycle is None or self._outside_body > 0
            return waiting and now - self._head_begun > self.head_seconds
        return not self.flow.read_paused and now - self._heard > self.body_seconds
