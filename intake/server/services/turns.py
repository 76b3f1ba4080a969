"""Whose turn it is on an upload: the newest request's. Whoever reads for it is stopped, flushes, and goes.

A phone that changed networks leaves a connection that never ends. Its next request must not wait for that.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from intake.server.errors import Refusal
from intake.server.services.feeding import Body, Gate, RunningHash
from intake.server.services.handover import Handover

_REMEMBERED_MAX: Final = 10_000


@dataclass
class Live:
    """What memory knows of an unfinished upload; where it stands is asked of the database at every turn.

    `hash` has taken the first bytes, as many as it says; what another process or an earlier one took is read from the
    file once, at completion.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    newest: object = None
    reading: Body | None = None
    hash: RunningHash = field(default_factory=RunningHash)
    gate: Gate | None = None
    nonce: bytes | None = None
    gone: bool = False

    def follow(self, nonce: bytes | None, position: int) -> None:
        """Keeps what is remembered only if it is of the upload of this nonce, of which `position` bytes are durable."""
        if self.nonce != nonce or self.hash.position > position:
            self.hash, self.gate = RunningHash(), None
        self.nonce, self.gone = nonce, False

    def stop(self) -> None:
        """Ends the request that is reading, if there is one."""
        if self.reading is not None:
            self.reading.stop()


class Turns:
    """The turns of one server process; `handover` keeps other processes out."""

    def __init__(self, handover: Handover) -> None:
        self._handover = handover
        self._live: OrderedDict[bytes, Live] = OrderedDict()
        handover.let_go = self._let_go

    @contextlib.asynccontextmanager
    async def take(self, upload_id: bytes, body: Body | None) -> AsyncIterator[Live]:
        """Waits for the turn of a request that will read `body`, None for one that only asks or removes.

        Raises Refusal upload-busy when a newer request came meanwhile, or another process does not let go.
        """
        live = self._live.setdefault(upload_id, Live())
        self._live.move_to_end(upload_id)
        ticket = live.newest = object()
        live.stop()
        live.users += 1
        try:
            async with live.lock, self._handover.held(upload_id):
                if body is not None and live.newest is not ticket:
                    raise Refusal("upload-busy")
                live.reading = body
                try:
                    yield live
                finally:
                    live.reading = None
        finally:
            live.users -= 1
            self._forget(upload_id, live)

    def listen(self) -> None:
        """Lets other processes ask for uploads; in the loop that serves."""
        self._handover.listen()

    def stop_all(self) -> None:
        """Ends every request that is reading, keeping what came."""
        for live in self._live.values():
            live.stop()

    def close(self) -> None:
        """Lets go of everything, for other processes."""
        self._handover.close()

    def _let_go(self, upload_id: bytes) -> None:
        live = self._live.get(upload_id)
        if live is not None:
            live.stop()

    def _forget(self, upload_id: bytes, live: Live) -> None:
        # Whoever waits holds this very lock: a second one beside it would let two requests write at once.
        if live.users == 0 and live.gone:
            self._live.pop(upload_id, None)
        if len(self._live) > _REMEMBERED_MAX:
            oldest, other = self._live.popitem(last=False)
            if other.users > 0:
                self._live[oldest] = other
