"""One request at a time on an upload, also between server processes that share a data folder.

Every upload is one byte of `DIR/run/uploads.lock`, held with an open-file-description lock by the process that works
on it: the kernel lets go of it when that process dies, and no file of an upload is named or touched. A process that
finds a byte held asks the others over datagram sockets in `DIR/run` to let go, and tries again until the holder has
made its bytes durable, committed its offset and released. An asking is 16 bytes: the upload's id.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from intake.server.errors import Refusal
from intake.server.settings import PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE
from intake.wire.constants import OBJECT_ID_SIZE

_LOCK_FILE: Final = "uploads.lock"
_SUFFIX: Final = ".sock"
_PAUSE_SECONDS: Final = 0.004
_ASK_EVERY: Final = 25
_TRIES_MAX: Final = 30_000
_FLOCK: Final = "hhqqi0q"
_RANGE_BYTES: Final = 7


class Locks:
    """The locks of one process, or of one part of it: two of these exclude each other, one does not itself."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=PRIVATE_FOLDER_MODE, exist_ok=True)
        self._handle = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)

    def take(self, upload_id: bytes) -> bool:
        """Whether the upload was free and is held now."""
        try:
            self._set(upload_id, fcntl.F_WRLCK)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def release(self, upload_id: bytes) -> None:
        """Lets go of an upload that is held."""
        self._set(upload_id, fcntl.F_UNLCK)

    def close(self) -> None:
        """Lets go of everything."""
        os.close(self._handle)

    def _set(self, upload_id: bytes, kind: int) -> None:
        # The first 7 bytes say which byte of the file: two random ids that share them wait for each other, no more.
        start = int.from_bytes(upload_id[:_RANGE_BYTES], "big")
        fcntl.fcntl(self._handle, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, kind, os.SEEK_SET, start, 1, 0))


class Handover:
    """The locks of a serving process, and its socket; `let_go` is called with an id that another process asks for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.let_go: Callable[[bytes], None] = lambda upload_id: None
        self._locks = Locks(folder)
        self._name = f"{os.urandom(8).hex()}{_SUFFIX}"
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @contextlib.asynccontextmanager
    async def held(self, upload_id: bytes) -> AsyncIterator[None]:
        """Holds an upload; raises Refusal upload-busy when another process does not let go within two minutes."""
        self.listen()
        for turn in range(_TRIES_MAX):
            if self._locks.take(upload_id):
                break
            if turn % _ASK_EVERY == 0:
                self._ask(upload_id)
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            raise Refusal("upload-busy")
        try:
            yield
        finally:
            self._locks.release(upload_id)

    def close(self) -> None:
        """Lets go of everything and takes the socket away."""
        if self._socket is not None:
            self._socket.close()
            (self.folder / self._name).unlink(missing_ok=True)
        self._locks.close()

    def listen(self) -> None:
        """Makes the socket and hears it in the running loop; done at the start of a server.

        At the first upload, the socket's times would be those of that upload.
        """
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            self._at(self._name, self._socket.bind)
            # Takes away the sockets of processes that died.
            self._ask(b"")
        self._loop = loop
        loop.add_reader(self._socket.fileno(), self._hear)

    def _hear(self) -> None:
        if self._socket is None:
            return
        with contextlib.suppress(BlockingIOError):
            while len(asked := self._socket.recv(OBJECT_ID_SIZE)) == OBJECT_ID_SIZE:
                self.let_go(asked)

    def _ask(self, upload_id: bytes) -> None:
        for name in os.listdir(self.folder):
            if name.endswith(_SUFFIX) and name != self._name:
                self._ask_one(name, upload_id)

    def _ask_one(self, name: str, upload_id: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as asking:
            try:
                self._at(name, lambda path: asking.sendto(upload_id, path))
            except ConnectionRefusedError:
                # Its process is gone, and with it its locks.
                (self.folder / name).unlink(missing_ok=True)
            except OSError:
                # Full or just taken away: the next asking is a tenth of a second away.
                return

    def _at(self, name: str, use: Callable[[str], object]) -> None:
        """Calls `use` with a path of at most 108 bytes to `name`: longer ones are no addresses."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            use(f"/proc/self/fd/{folder}/{name}")
        finally:
            os.close(folder)
