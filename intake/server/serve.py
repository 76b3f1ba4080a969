"""Running the server: one uvicorn process over one data folder, and its daily work."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
from collections.abc import Iterator

import uvicorn

from intake.server.api.app import make_app
from intake.server.errors import FolderInvalid, ServerError
from intake.server.logs import Event, configure_logging, log
from intake.server.services.core import Core, open_core
from intake.server.services.deletion import erase_due
from intake.server.services.log import close_day
from intake.server.services.repair import Repairs, repair
from intake.server.settings import PRIVATE_FILE_MODE, Settings

_TICK_SECONDS = 30
_GRACE_SECONDS = 20
_KEEP_ALIVE_SECONDS = 20


def serve(settings: Settings, host: str, port: int) -> None:
    """Serves until a signal asks to stop; port 0 takes a free one and says which.

    Raises FolderInvalid when another server has the data folder, OSError when the address cannot be had.
    """
    configure_logging()
    with _only_server(settings), open_core(settings) as core, _listener(host, port) as listener:
        start_up(core)
        log(Event.LISTENING, listener.getsockname()[1])
        config = _config(core)
        for number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn raises its signal again when it has stopped: the core must still be closed then.
            signal.signal(number, lambda *_: None)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_run(core, config, listener))


def start_up(core: Core) -> None:
    """Makes good what a crash left, does the day's work, and logs what an operator should know."""
    tell_repairs(repair(core))
    do_daily_work(core)
    if not core.pages.refresh(core.manifests.known().in_force):
        log(Event.NO_PAGE, level=logging.WARNING)
    known = core.manifests.known()
    if known.in_force is None:
        log(Event.NO_MANIFEST, level=logging.WARNING)
    elif core.log_key.public not in {named.key for named in known.in_force.manifest.log_keys}:
        log(Event.KEY_UNLISTED, level=logging.WARNING)


def tell_repairs(found: Repairs) -> None:
    """Logs each kind of thing that a start found, and nothing about what was in order."""
    counts = (
        (Event.MEASURED, found.measured),
        (Event.SEALED, found.sealed),
        (Event.LOST, found.lost),
        (Event.RESERVATIONS, found.reservations),
        (Event.LEFTOVERS, found.erased),
        (Event.UNRECORDED, found.unrecorded),
        (Event.DAMAGED, found.damaged),
    )
    for event, count in counts:
        if count:
            log(event, count, level=logging.WARNING)


def do_daily_work(core: Core) -> None:
    """What a new day asks for; does nothing when this day's work is done, so it may run at any time."""
    day = core.clock()
    head = core.store.write(
        lambda connection: close_day(connection, core.head_signer, core.roots.deployment, day)
    ).result()
    if head is not None:
        log(Event.CLOSED_DAY, head.batch, head.size)
        if erased := erase_due(core):
            log(Event.ERASED, erased)


async def _run(core: Core, config: uvicorn.Config, listener: socket.socket) -> None:
    server = _Server(config, core)
    ticking = asyncio.create_task(_tick(core))
    try:
        await server.serve(sockets=[listener])
    finally:
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking


class _Server(uvicorn.Server):
    """Ends uploads that are being received before it waits for requests to end: they may take hours."""

    def __init__(self, config: uvicorn.Config, core: Core) -> None:
        super().__init__(config)
        self._core = core

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._core.uploads.stop_all()
        await super().shutdown(sockets)


async def _tick(core: Core) -> None:
    while True:
        try:
            await asyncio.to_thread(do_daily_work, core)
            await asyncio.to_thread(core.pages.refresh, core.manifests.known().in_force)
        except ServerError as error:
            log(Event.DAILY_FAILED, type(error).__name__, level=logging.ERROR)
        await asyncio.sleep(_TICK_SECONDS)


def _config(core: Core) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(core),
        http="httptools",
        loop="uvloop",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Addresses in X-Forwarded-For are not to be known either.
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


@contextlib.contextmanager
def _only_server(settings: Settings) -> Iterator[None]:
    """Holds the data folder: two servers would hand out offsets of one upload twice."""
    settings.folder.check()
    handle = os.open(settings.folder.serve_lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise FolderInvalid("another server is running on it") from None
    finally:
        os.close(handle)


@contextlib.contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        yield listener
