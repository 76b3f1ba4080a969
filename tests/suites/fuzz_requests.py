"""Requests as bytes, through the whole ASGI application over an open core, for the suite `fuzz`.

An input is text like `PATCH /uploads/{id}`, lines of headers, an empty line, the body. `{id}` is an upload that exists,
`{bundle}` a bundle that waits, `{work}` and `{media-work}` are solved puzzles for ENVELOPE and for a media object; with
the line `signed: 1` a courier signs the body. Bytes as they come off a socket are the matter of fuzz_http.py.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import delete, select

from intake.server.api.app import make_app
from intake.server.models import uploads
from intake.server.services.core import Core, open_core
from intake.server.services.pressure import BACKLOG_MAX
from intake.server.settings import Folder, Settings
from intake.wire.constants import OBJECT_ID_SIZE
from intake.wire.envelope import parse_envelope
from intake.wire.errors import WireError
from intake.wire.problems import PROBLEM_CONTENT_TYPE, PROBLEMS
from tests.puzzles import solve
from tests.server.parts import EPOCH, Deployment, Forge, make_house
from tests.suites.couriers import name_courier

MEDIA_MAX = 1 << 20
PIECE = 700
PAGES = ("/forward", "/")
MEDIA = Forge(1).media()
ENVELOPE = Forge(5).envelope()
SIGNED = b"signed: 1"
_TYPES = {problem.prefix + problem.name: problem for problem in PROBLEMS.values()}
_HEADER = re.compile(rb"([A-Za-z0-9-]{1,40}): ?([^\r\n\0]{0,300})")


class Unhandled(AssertionError):
    """An answer that no handler meant to give."""


class Requests:
    """The application and the one upload of which requests may speak; one under pressure asks everyone for work."""

    def __init__(self, *, pressed: bool = False) -> None:
        self._stack = contextlib.ExitStack()
        memory = Path("/dev/shm")
        place = memory if memory.is_dir() else None
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="intake-fuzz-", dir=place)))
        house = make_house(folder, Deployment())
        self._courier = name_courier(house, bytes(range(32)))
        settings = Settings(Folder(house.data), media_max_bytes=MEDIA_MAX, calm_rate=10**9)
        self.core: Core = self._stack.enter_context(open_core(settings))
        self._pressed = pressed
        self.core.pressure.backlog = 2 * BACKLOG_MAX * pressed
        self.app = make_app(self.core)
        self.loop = asyncio.new_event_loop()
        self._upload = b""
        self._solved: dict[bytes, bytes] = {}
        atexit.register(self._stack.close)
        self._stack.callback(self.app.state.offers.wait)

    def send(self, data: bytes) -> int:
        """The status of the answer. Raises Unhandled."""
        head, _, body = data.partition(b"\n\n")
        first, *lines = self.filled(head).split(b"\n")
        if SIGNED in lines:
            body = self._signed(first, body)
        messages = self.loop.run_until_complete(self._exchange(first, lines, body))
        status = checked(messages, first.split(b" ")[0], pressed=self._pressed)
        self.tidy()
        return status

    def upload(self) -> bytes:
        """The id of an upload that exists."""
        if not self._upload:
            self._upload = self.loop.run_until_complete(self.core.uploads.begin_upload(len(MEDIA), EPOCH))
        return self._upload

    def filled(self, data: bytes) -> bytes:
        """The same with what the placeholders stand for."""
        known = parse_envelope(ENVELOPE)
        names: dict[bytes, Callable[[], bytes]] = {
            b"{id}": lambda: self.upload().hex().encode(),
            b"{bundle}": self._bundle,
            b"{work}": lambda: self._work(b"{work}", known.object_id, len(known.sealed)),
            b"{media-work}": lambda: self._work(b"{media-work}", bytes(OBJECT_ID_SIZE), len(MEDIA)),
        }
        for name, value in names.items():
            if name in data:
                data = data.replace(name, value())
        return data

    def _bundle(self) -> bytes:
        offers = self.app.state.offers
        if (offer := offers.offer("A")) is None:
            offers.wait()
            offer = offers.offer("A")
        return offer.bundle.encode() if offer else b"bundle-00000000"

    def _work(self, name: bytes, subject: bytes, size: int) -> bytes:
        if name not in self._solved:
            self._solved[name] = solve(self.core.puzzles.ask(size, 1), subject, size).encode()
        return self._solved[name]

    def _signed(self, first: bytes, payload: bytes) -> bytes:
        path = first.partition(b" ")[2].decode("latin-1")
        try:
            return self._courier.request(path, self.app.state.couriers.challenge(), payload)
        except WireError:
            # No courier can sign for such a path.
            return payload

    async def _exchange(self, first: bytes, lines: list[bytes], body: bytes) -> list[dict]:
        method, _, target = first.partition(b" ")
        path, _, query = target.partition(b"?")
        pieces = self._pieces(body)
        sent: list[dict] = []

        async def receive() -> dict:
            return next(pieces, {"type": "http.disconnect"})

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": re.sub("[^A-Z]", "", method.decode("latin-1"))[:20] or "GET",
            "scheme": "http",
            "path": "/" + unquote(path.decode("latin-1")).lstrip("/"),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": [(m[1].lower(), m[2]) for m in map(_HEADER.fullmatch, lines) if m],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "state": {},
        }
        await asyncio.wait_for(self.app(scope, receive, send), 20)
        return sent

    def _pieces(self, body: bytes) -> Iterator[dict]:
        starts = range(0, max(1, len(body)), PIECE)
        for start in starts:
            more = start + PIECE < len(body)
            yield {"type": "http.request", "body": body[start : start + PIECE], "more_body": more}

    def tidy(self) -> None:
        """Forgets what a request reserved or sent: an input must do the same whatever came before it."""
        rows = self.core.store.read(lambda c: c.execute(select(uploads.c.id, uploads.c.position)).all())
        fresh = {row.id for row in rows if row.position == 0} & {self._upload}
        for upload_id in {row.id for row in rows} - fresh:
            gone = delete(uploads).where(uploads.c.id == upload_id)
            self.core.store.write(lambda connection, gone=gone: connection.execute(gone)).result()
            self.core.blobs.discard(upload_id)
        if not fresh:
            self._upload = b""
        self.app.state.offers.wait()


def checked(messages: list[dict], method: bytes, *, pressed: bool = False) -> int:
    """The status; raises Unhandled unless the answer is whole, none of 5xx, and every refusal a known problem.

    A form cannot solve puzzles: under pressure it may be told to come again later, with 503.
    """
    starts = [message for message in messages if message["type"] == "http.response.start"]
    if len(starts) != 1:
        raise Unhandled(f"{len(starts)} answers")
    status: int = starts[0]["status"]
    headers = dict(starts[0]["headers"])
    body = b"".join(message.get("body", b"") for message in messages)
    is_page = headers.get(b"content-type", b"").startswith(b"text/html")
    asked_again = pressed and status == 503 and is_page and b"retry-after" in headers
    if status >= 500 and not asked_again:
        raise Unhandled(f"status {status}: {body[:200]!r}")
    if status >= 400 and not is_page:
        if headers[b"content-type"] != PROBLEM_CONTENT_TYPE.encode():
            raise Unhandled(f"status {status}: {body[:200]!r}")
        problem = None if method == b"HEAD" else _TYPES.get(json.loads(body)["type"])
        if method != b"HEAD" and (problem is None or problem.status != status):
            raise Unhandled(f"status {status}: {body[:200]!r}")
    return status
