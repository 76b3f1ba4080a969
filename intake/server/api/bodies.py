"""Reading request bodies with a hard bound while they come; never `request.body()`, which takes all there is."""

import asyncio

from starlette.requests import Request
from starlette.types import Message

from intake.server.api.inbox import EXTENSION, Inbox, OpenInbox
from intake.server.errors import BodyCut, Refusal
from intake.server.services.core import Core


def core_of(request: Request) -> Core:
    """The core of the app that serves `request`."""
    core = request.app.state.core
    if not isinstance(core, Core):
        raise TypeError("the app has no core")
    return core


def refuse_metadata(request: Request, *known: str) -> None:
    """Raises Refusal metadata-refused for a cookie or any `Upload-` header but `known` (lower case)."""
    for name in request.headers:
        if name == "cookie" or (name.startswith("upload-") and name not in known):
            raise Refusal("metadata-refused")


def content_length(request: Request) -> int | None:
    """Announced size of the body in bytes, None when the sender streams; raises Refusal malformed."""
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Refusal("malformed")
    return int(text)


async def read_bounded(request: Request, limit: int) -> bytes:
    """The whole body of at most `limit` bytes; raises Refusal too-large before it holds more, or BodyCut."""
    announced = content_length(request)
    if announced is not None and announced > limit:
        raise Refusal("too-large")
    body = StreamedBody(request, announced)
    taken = bytearray()
    while piece := await body.read():
        taken += piece
        if len(taken) > limit:
            raise Refusal("too-large")
    return bytes(taken)


class StreamedBody:
    """A body read piece by piece, which a newer request may stop from outside.

    A phone that changed networks leaves a connection that never ends: waiting for it would hold the upload for minutes.
    """

    def __init__(self, request: Request, length: int | None) -> None:
        self.length = length
        self._receive = request.receive
        self._open_inbox: OpenInbox | None = request.scope.get("extensions", {}).get(EXTENSION, {}).get("open")
        self._inbox: Inbox | None = None
        self._task = asyncio.current_task()
        self._more = True
        self._stopped = False
        self._waiting = False

    def stop(self) -> None:
        """Makes a waiting or the next `read` raise BodyCut at once; `take` hands out first what it has."""
        self._stopped = True
        if self._inbox is not None:
            self._inbox.close()
        elif self._waiting and self._task is not None:
            self._task.cancel()

    async def take(self, wanted: int) -> list[bytes]:
        """At least `wanted` bytes, fewer at the end, then an empty list; raises BodyCut as `read` does.

        Not to be mixed with `read`. A server without inboxes hands out single pieces.
        """
        if self._inbox is None:
            first = await self.read()
            if not self._more or self._open_inbox is None:
                return [first] if first else []
            self._inbox = self._open_inbox()
            self._inbox.put(first)
        taken = await self._inbox.take(wanted)
        if not taken and not self._inbox.ended:
            raise BodyCut(taken_over=self._stopped)
        return taken

    async def read(self) -> bytes:
        """The next piece, b"" at the end; raises BodyCut when the connection ended or `stop` was called."""
        while self._more:
            if self._stopped:
                raise BodyCut(taken_over=True)
            message = await self._next()
            if message["type"] != "http.request":
                raise BodyCut(taken_over=False)
            self._more = bool(message.get("more_body", False))
            piece: bytes = message.get("body", b"")
            if piece:
                return piece
        return b""

    async def _next(self) -> Message:
        self._waiting = True
        try:
            return await self._receive()
        except asyncio.CancelledError:
            if not self._stopped or self._task is None:
                raise
            self._task.uncancel()
            raise BodyCut(taken_over=True) from None
        finally:
            self._waiting = False
