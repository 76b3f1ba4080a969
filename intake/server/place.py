"""A server's place on its data folder: one server alone over SQLite, as many as you like over PostgreSQL.

`DIR/serve.lock` is held alone by a server that starts and by `intake verify` where no server runs, shared by servers
over PostgreSQL that have started. The kernel lets go of it when a process dies.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from intake.server.errors import FolderBusy
from intake.server.logs import Event, log
from intake.server.settings import PRIVATE_FILE_MODE, Settings
from intake.server.stores import read_stores

_PAUSE_SECONDS: Final = 0.1
_TRIES_MAX: Final = 1200


@dataclass(frozen=True)
class Place:
    """A server's hold on its data folder; `alone` while no other server runs on it, `shared` where others may."""

    handle: int
    alone: bool
    shared: bool

    def let_others_in(self) -> None:
        """Lets further servers start, where several may run: what only one server may do is done."""
        if self.shared:
            # The system may give the lock to another one in between, which starts alone then.
            _wait_for(self.handle, fcntl.LOCK_SH)


@contextlib.contextmanager
def take_place(settings: Settings) -> Iterator[Place]:
    """Holds the data folder; over PostgreSQL it waits while another server starts or `intake verify` reads alone.

    It says that it waits, and does so for two minutes at most. Raises FolderBusy when it may not have the folder.
    """
    settings.folder.check()
    shared = read_stores(settings.folder.stores).database is not None
    handle = os.open(settings.folder.serve_lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)
    try:
        if not shared and not _take(handle, fcntl.LOCK_EX):
            raise FolderBusy("another server is running on it, or intake verify reads it")
        kind = _wait_for(handle, fcntl.LOCK_EX, fcntl.LOCK_SH) if shared else fcntl.LOCK_EX
        yield Place(handle, kind == fcntl.LOCK_EX, shared)
    finally:
        os.close(handle)


def _wait_for(handle: int, *kinds: int) -> int:
    """Takes the lock in the first of these ways that can be had; returns which. Raises FolderBusy."""
    for turn in range(_TRIES_MAX):
        for kind in kinds:
            if _take(handle, kind):
                return kind
        if turn == 0:
            log(Event.WAITING)
        time.sleep(_PAUSE_SECONDS)
    raise FolderBusy("intake verify or a server that starts has held it for two minutes")


def _take(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
