"""The server's own upload handlers behind a door that lets anything in, for public conformance suites.

Those suites send plain bytes, read them back, and use what Intake refuses: metadata, lengths told later, removal of
what is stored. All of that is here, in classes that replace the door, the uploads and the blob store of an opened
core; the handlers and services are the server's. Nothing of this is in the kit, and the server has no switch for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import threading
from collections.abc import Iterator
from datetime import date

import uvicorn
from sqlalchemy import delete, update

from intake.server.api.app import make_app
from intake.server.api.protocol import BoundedProtocol
from intake.server.blobs import FolderBlobs
from intake.server.errors import Refusal
from intake.server.models import objects, uploads
from intake.server.services.core import Core
from intake.server.services.feeding import Gate
from intake.server.services.handover import Handover
from intake.server.services.turns import Turns
from intake.server.services.unfinished import Progress
from intake.server.services.uploads import Chunk, Uploads

UNKNOWN_SIZE = (64 << 20) + 1
"""Reserved for an upload whose length its sender does not know yet."""


class OpenGate(Gate):
    """Lets any bytes through."""

    def look(self, pieces: list[bytes]) -> None:
        """Does not look."""


class OpenDoor:
    """Lets any size in, also one that is not known."""

    size_min = 0
    size_max = 1 << 30

    def length(self, announced: int | None) -> int:
        if announced is not None and announced > self.size_max:
            raise Refusal("too-large")
        return UNKNOWN_SIZE if announced is None else announced

    def gate(self, size: int, epoch: int) -> Gate:
        return OpenGate(size, None)


class OpenBlobs(FolderBlobs):
    """Takes empty objects too: a file system reserves no room for nothing."""

    def reserve(self, blob_id: bytes, size: int, day: date) -> None:
        super().reserve(blob_id, max(1, size), day)


class OpenUploads(Uploads):
    """Lets a length be told later, and what is stored be removed."""

    async def append_chunk(self, upload_id: bytes, chunk: Chunk) -> Progress:
        if chunk.total is not None:
            await self.settle_length(upload_id, chunk.total)
        return await super().append_chunk(upload_id, chunk)

    async def settle_length(self, upload_id: bytes, size: int) -> None:
        change = update(uploads).where(uploads.c.id == upload_id, uploads.c.size == UNKNOWN_SIZE).values(size=size)
        await self._write(lambda connection: connection.execute(change))

    async def cancel_upload(self, upload_id: bytes) -> None:
        try:
            await super().cancel_upload(upload_id)
        except Refusal as refusal:
            if refusal.problem != "completed-upload":
                raise
            await self._write(lambda connection: connection.execute(delete(objects).where(objects.c.id == upload_id)))
            await self._run(self._blobs.erase, upload_id)


class Translated:
    """Around the app: an epoch for those who know none, metadata kept in memory, lengths told later, content read."""

    def __init__(self, core: Core) -> None:
        self._app = make_app(core)
        self._core = core
        self._metadata: dict[str, bytes] = {}

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        metadata = headers.pop(b"upload-metadata", None)
        headers.pop(b"upload-defer-length", None)
        if scope["method"] == "POST":
            headers[b"intake-epoch"] = b"0"
        elif scope["method"] == "PATCH" and b"tus-resumable" in headers and b"upload-length" in headers:
            await self._settle(scope["path"], int(headers.pop(b"upload-length")))
        elif scope["method"] == "GET" and scope["path"].startswith("/uploads/"):
            return await self._content(scope, receive, send)
        told = self._told(scope, metadata, send)
        return await self._app({**scope, "headers": list(headers.items())}, receive, told)

    async def _settle(self, path: str, size: int) -> None:
        await self._core.uploads.settle_length(bytes.fromhex(path.rpartition("/")[2]), size)

    async def _content(self, scope, receive, send) -> None:
        blob_id = bytes.fromhex(scope["path"].rpartition("/")[2])
        if self._core.blobs.sealed_size(blob_id) is None:
            told = self._told(scope, None, send)
            return await self._app({**scope, "method": "HEAD"}, receive, told)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in self._core.blobs.read(blob_id):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        return await send({"type": "http.response.body", "body": b""})

    def _told(self, scope, metadata: bytes | None, send):
        async def sending(message) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                if metadata is not None and b"location" in headers:
                    self._metadata[headers[b"location"].decode()] = metadata
                if scope["method"] == "HEAD" and scope["path"] in self._metadata:
                    headers[b"upload-metadata"] = self._metadata[scope["path"]]
                if headers.get(b"upload-length") == str(UNKNOWN_SIZE).encode():
                    del headers[b"upload-length"]
                message = {**message, "headers": list(headers.items())}
            await send(message)

        return sending


@contextlib.contextmanager
def open_server(core: Core) -> Iterator[str]:
    """Serves an opened core that way, in a thread; gives the address of its uploads."""
    folder = core.settings.folder
    blobs = OpenBlobs(folder.uploads, folder.objects)
    opened = OpenUploads(core.store, blobs, OpenDoor(), core.clock, Turns(Handover(folder.run)), 72)
    app = Translated(dataclasses.replace(core, uploads=opened, blobs=blobs))
    config = uvicorn.Config(app, http=BoundedProtocol, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    with contextlib.closing(opened), socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/uploads"
        finally:
            server.should_exit = True
            thread.join()
