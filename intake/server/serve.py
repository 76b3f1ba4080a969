"""Running the server: a uvicorn process over a data folder, and the daily work that one of them does at a time."""

import asyncio
import contextlib
import errno
import gc
import logging
import resource
import signal
import socket
from collections.abc import Iterator

import uvicorn
from sqlalchemy import Connection

from intake.server.api.app import make_app
from intake.server.api.problems import count_refusal, take_refusals
from intake.server.api.protocol import BoundedProtocol
from intake.server.errors import PageRefused, PortUnusable, ServerError
from intake.server.logs import Event, configure_logging, log
from intake.server.place import take_place
from intake.server.services.admission import unsolved_backlog
from intake.server.services.core import Core, held, open_core
from intake.server.services.counting import add_refusals, set_gauges
from intake.server.services.daily import TICK_SECONDS, DailyWork, tick
from intake.server.services.offload import Mover
from intake.server.services.repair import STRAY_SECONDS, Repairs, clear_strays, repair
from intake.server.settings import Settings

_GRACE_SECONDS = 20
_KEEP_ALIVE_SECONDS = 20
_GARBAGE_COUNT = 20_000


def serve(settings: Settings, host: str, port: int) -> None:
    """Serves until a signal asks to stop; port 0 takes a free one and says which.

    Raises FolderBusy when another server has the data folder, unless it is over PostgreSQL; PortUnusable; OSError when
    the address cannot be had for another reason.
    """
    configure_logging()
    set_limits()
    spare_collector()
    with (
        take_place(settings) as place,
        open_core(settings) as core,
        _listener(host, port) as listener,
        contextlib.closing(Mover(core)),
    ):
        daily = DailyWork(core)
        start_up(core, daily, place.alone)
        place.let_others_in()
        log(Event.LISTENING, listener.getsockname()[1])
        config = _config(core)
        for number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn raises its signal again when it has stopped: the core must still be closed then.
            signal.signal(number, lambda *_: None)
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_run(core, daily, config, listener))


def set_limits() -> None:
    """Takes as many open files as the system allows (each connection is one, 1,024 are soon gone), and no core dump.

    A core dump would lay the log key and the addresses of open connections on the disk.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def spare_collector() -> None:
    """Lets the collector of garbage look seldom, and not at what is loaded by now: a tenth of a report's cost."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_COUNT, *gc.get_threshold()[1:])


def start_up(core: Core, daily: DailyWork, alone: bool = True) -> None:
    """Makes good what a crash left, does the day's work, and logs what an operator should know."""
    with held(core.settings.folder.work_lock, alone=True):
        tell_repairs(repair(core, alone))
        daily.do()
        core.room.grow()
    if not refresh_page(core):
        log(Event.NO_PAGE, level=logging.WARNING)
    known = core.manifests.known()
    if known.in_force is None:
        log(Event.NO_MANIFEST, level=logging.WARNING)
    elif core.log_key.public not in {named.key for named in known.in_force.manifest.log_keys}:
        log(Event.KEY_UNLISTED, level=logging.WARNING)
    listed = known.in_force.manifest.receipt_keys if known.in_force else ()
    if listed and core.receipt_key.public not in {named.key for named in listed}:
        log(Event.RECEIPT_KEY_UNLISTED, level=logging.ERROR)


def refresh_page(core: Core) -> bool:
    """Brings the served page up to date; a page that may not be served stops neither the server nor the one before."""
    try:
        return core.pages.refresh(core.manifests.known().in_force)
    except PageRefused as error:
        log(Event.PAGE_REFUSED, type(error).__name__, level=logging.ERROR)
        return True


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
    if found.away:
        log(Event.NOT_LOOKED_AT, level=logging.WARNING)
    for event, count in counts:
        if count:
            log(event, count, level=logging.WARNING)


def do_work(core: Core, daily: DailyWork) -> None:
    """What is due today, unless another process is at it."""
    with held(core.settings.folder.work_lock, alone=True, wait=False) as mine:
        if mine:
            daily.do()
            tick(core)
            core.room.grow()
            clear_strays(core, STRAY_SECONDS)


async def _run(core: Core, daily: DailyWork, config: uvicorn.Config, listener: socket.socket) -> None:
    server = _Server(config, core)
    core.uploads.listen()
    ticking = asyncio.create_task(_tick(core, daily))
    try:
        await server.serve(sockets=[listener])
    finally:
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        with contextlib.suppress(ServerError):
            await leave_counts(core)


class _Server(uvicorn.Server):
    """Ends uploads that are being received before it waits for requests to end: they may take hours."""

    def __init__(self, config: uvicorn.Config, core: Core) -> None:
        super().__init__(config)
        self._core = core

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._core.uploads.stop_all()
        await super().shutdown(sockets)


async def _tick(core: Core, daily: DailyWork) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        try:
            await asyncio.to_thread(do_work, core, daily)
            core.pressure.backlog = await asyncio.to_thread(core.store.read, unsolved_backlog)
            await leave_counts(core)
            await asyncio.to_thread(refresh_page, core)
        except Exception as error:
            # Whatever it was, tomorrow's head must still be signed.
            log(Event.DAILY_FAILED, type(error).__name__, level=logging.ERROR)


async def leave_counts(core: Core) -> None:
    """Leaves what this process has counted in the database; raises StorageFull or StorageUnavailable.

    What could not be left is counted on.
    """
    refused, gauges = take_refusals(), gauges_of(core)

    def leave(connection: Connection) -> None:
        add_refusals(connection, refused)
        set_gauges(connection, gauges)

    try:
        await asyncio.wrap_future(core.store.write(leave))
    except ServerError:
        for name, count in refused.items():
            count_refusal(name, count)
        raise


def gauges_of(core: Core) -> dict[str, int]:
    """What this process knows of itself: writes that wait, the class of work it asks for, bytes that the reserve holds.

    In the event loop alone.
    """
    return {"queue": core.store.backlog(), "pressure": core.pressure.level, "reserve": core.room.held}


def _config(core: Core) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(core),
        http=BoundedProtocol,
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
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            reasons = {errno.EADDRINUSE: "is taken", errno.EACCES: "needs more rights"}
            if error.errno not in reasons:
                raise
            raise PortUnusable(f"port {port} {reasons[error.errno]}") from None
        yield listener
