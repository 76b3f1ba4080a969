"""Requests as bytes, through the whole ASGI application over an open core, for the suite `fuzz`.

An input is text like `PATCH /uploads/{id}`, lines of headers, an empty line, the body. `{id}` is an upload that
exists. Bytes as they come off a socket are the matter of fuzz_http.py.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import delete, select

from intake.server.api.app import make_app
from intake.server.models import uploads
from intake.server.services.core import Core, open_core
from intake.server.settings import Folder, Settings
from intake.wire.problems import PROBLEM_CONTENT_TYPE, PROBLEMS
from tests.server.parts import EPOCH, Deployment, Forge, make_house

MEDIA_MAX = 1 << 20
PIECE = 700
PAGES = ("/forward", "/")
_HEADER = re.compile(rb"([A-Za-z0-9-]{1,40}): ?([^\r\n\0]{0,300})")


class Unhandled(AssertionError):
    """An answer that no handler meant to give."""


class Requests:
    """The application and the one upload of which requests may speak."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        memory = Path("/dev/shm")
        place = memory if memory.is_dir() else None
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="intake-fuzz-", dir=place)))
        house = make_house(folder, Deployment())
        settings = Settings(Folder(house.data), media_max_bytes=MEDIA_MAX)
        self.core: Core = self._stack.enter_context(open_core(settings))
        self.app = make_app(self.core)
        self.loop = asyncio.new_event_loop()
        self._data = Forge(1).media()
        self._upload = b""
        atexit.register(self._stack.close)

    def send(self, data: bytes) -> int:
        """The status of the answer. Raises Unhandled."""
        if not self._upload:
            self._upload = self.loop.run_until_complete(self.core.uploads.begin_upload(len(self._data), EPOCH))
        head, _, body = data.partition(b"\n\n")
        first, *lines = head.replace(b"{id}", self._upload.hex().encode()).split(b"\n")
        messages = self.loop.run_until_complete(self._exchange(first, lines, body))
        status = checked(messages, first.split(b" ")[0])
        self.tidy()
        return status

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
        """Forgets what a request reserved, or memory would fill; and an upload that is finished or gone."""
        ids = self.core.store.read(lambda c: set(c.execute(select(uploads.c.id)).scalars()))
        for upload_id in ids - {self._upload}:
            gone = delete(uploads).where(uploads.c.id == upload_id)
            self.core.store.write(lambda connection, gone=gone: connection.execute(gone)).result()
            self.core.blobs.discard(upload_id)
        if self._upload not in ids:
            self._upload = b""


def checked(messages: list[dict], method: bytes) -> int:
    """The status; raises Unhandled unless the answer is whole, none of 5xx, and every refusal a known problem."""
    starts = [message for message in messages if message["type"] == "http.response.start"]
    if len(starts) != 1:
        raise Unhandled(f"{len(starts)} answers")
    status: int = starts[0]["status"]
    headers = dict(starts[0]["headers"])
    body = b"".join(message.get("body", b"") for message in messages)
    if status >= 500:
        raise Unhandled(f"status {status}: {body[:200]!r}")
    if status >= 400 and not headers[b"content-type"].startswith(b"text/html"):
        name = re.search(rb'"urn:intake:problem:([a-z-]+)"', body)
        if headers[b"content-type"] != PROBLEM_CONTENT_TYPE.encode() or (method != b"HEAD" and name is None):
            raise Unhandled(f"status {status}: {body[:200]!r}")
        if name is not None and PROBLEMS[name[1].decode()].status != status:
            raise Unhandled(f"status {status}: {body[:200]!r}")
    return status


def seeds() -> tuple[bytes, ...]:
    """A good request of every kind, and some that are nearly good."""
    forge = Forge(2)
    tus = b"\ntus-resumable: 1.0.0"
    patch = b"PATCH /uploads/{id}" + tus + b"\ncontent-type: application/offset+octet-stream\nupload-offset: "
    form = b'--b\r\nContent-Disposition: form-data; name="sealed"; filename="a"\r\n\r\n%b\r\n--b--\r\n'
    forward = b"POST /forward\ncontent-type: multipart/form-data; boundary=b\ncontent-length: %d\n\n%b"
    forms = [form % forge.sealed(), form % b"plain", form.replace(b"sealed", b"other") % b""]
    return (
        b"POST /reports\n\n" + forge.envelope(),
        b"POST /reports\ncookie: a\n\nx",
        b"POST /uploads" + tus + b"\nupload-length: 74000\nintake-epoch: 12\n\n",
        b"POST /uploads" + tus + b"\nupload-length: %d\nintake-epoch: 12\n\n" % len(forge.media()),
        b"HEAD /uploads/{id}" + tus + b"\n\n",
        patch + b"0\n\n" + forge.media()[:5000],
        patch + b"0\ncontent-length: 9\n\nnot sealed",
        patch + b"-1\n\n",
        b"DELETE /uploads/{id}" + tus + b"\n\n",
        b"OPTIONS /uploads\n\n",
        b"OPTIONS /uploads\naccess-control-request-method: PATCH\n\n",
        b"POST /mailbox\n\n" + bytes(range(32)),
        b"POST /mailbox/delete\n\n" + bytes(224),
        b"GET /forward\n\n",
        b"GET /\naccept-language: ru, kk;q=0.5\naccept-encoding: br\n\n",
        b"GET /manifest\n\n",
        b"GET /health\n\n",
        *(forward % (len(one), one) for one in forms),
    )
