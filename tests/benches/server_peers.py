"""What the server is measured against: the same route plainly written, and routes that store nothing.

All check the same as `POST /reports` (envelope, SHA-256, gate) and run on the same uvicorn, httptools and uvloop.

- async_session does what the documentation of SQLAlchemy shows: an async session a request from a pool, two rows added,
  one commit; SQLite as durable as ours (WAL, synchronous=FULL) and with 30 s of patience for locks.
- no_database is that route without the session: read, check, answer. As plain as async_session, so the two compare.
- own_without_database is ours with all its layers (blindfold, guard, lane, bounded connections and bodies) that stores
  nothing and signs no receipt: what the layers alone can do at most.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI
from sqlalchemy import create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from intake.server.api import problems
from intake.server.api.bodies import read_bounded, refuse_metadata
from intake.server.api.lane import LaneApp
from intake.server.api.protocol import BoundedProtocol
from intake.wire.envelope import ENVELOPE_MAX_SIZE, Envelope, parse_envelope
from intake.wire.sealed import check_small

RECIPIENTS = 2


class Base(DeclarativeBase):
    """The plain route's tables."""


class StoredObject(Base):
    """As the server's `objects`."""

    __tablename__ = "objects"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[int]
    size: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(index=True)
    epoch: Mapped[int]
    day: Mapped[date]
    salt: Mapped[bytes]
    leaf_number: Mapped[int | None] = mapped_column(index=True)


class Body(Base):
    """As the server's `bodies`."""

    __tablename__ = "bodies"
    id: Mapped[bytes] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


def checked(untrusted: bytes) -> Envelope:
    envelope = parse_envelope(untrusted)
    check_small(envelope.sealed, RECIPIENTS)
    return envelope


def answer(envelope: Envelope) -> Response:
    return JSONResponse({"id": envelope.object_id.hex(), "sha256": envelope.sha256.hex()})


def without_database(_: Path) -> FastAPI:
    """Checks and answers; what was sent is gone."""
    app = FastAPI()

    @app.post("/reports")
    async def post_report(request: Request) -> Response:
        return answer(checked(await request.body()))

    return app


def own_without_database(_: Path) -> FastAPI:
    """The same within our layers, on a route as ours is made."""

    async def post_report(request: Request) -> Response:
        refuse_metadata(request)
        return answer(checked(await read_bounded(request, ENVELOPE_MAX_SIZE)))

    app = LaneApp(openapi_url=None, redirect_slashes=False)
    problems.install(app)
    app.open_lane(post_report)
    return app


def make_tables(path: Path) -> None:
    """Makes the plain route's database."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    Base.metadata.create_all(engine)
    engine.dispose()


def is_durable(connection: DBAPIConnection, _: object) -> None:
    """As durable as ours: every commit waits for the disk."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def stored(envelope: Envelope) -> tuple[StoredObject, Body]:
    record = StoredObject(
        id=envelope.object_id,
        kind=1,
        size=len(envelope.sealed),
        sha256=envelope.sha256,
        epoch=envelope.epoch,
        day=datetime.now(UTC).date(),
        salt=os.urandom(32),
    )
    return record, Body(id=envelope.object_id, sealed=envelope.sealed)


def with_async_session(folder: Path) -> FastAPI:
    """An async session a request."""
    make_tables(folder / "plain.sqlite")
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'plain.sqlite'}", connect_args={"timeout": 30})
    event.listen(engine.sync_engine, "connect", is_durable)
    make_session = async_sessionmaker(engine, expire_on_commit=False)

    async def session_of() -> AsyncIterator[AsyncSession]:
        async with make_session() as session:
            yield session

    app = FastAPI()

    @app.post("/reports")
    async def post_report(request: Request, session: Annotated[AsyncSession, Depends(session_of)]) -> Response:
        envelope = checked(await request.body())
        session.add_all(stored(envelope))
        await session.commit()
        return answer(envelope)

    return app


PEERS: dict[str, tuple[Callable[[Path], FastAPI], type[HttpToolsProtocol]]] = {
    "async_session": (with_async_session, HttpToolsProtocol),
    "no_database": (without_database, HttpToolsProtocol),
    "own_without_database": (own_without_database, BoundedProtocol),
}


def serve_peer(name: str, folder: Path, ports: Connection) -> None:
    """What a peer's process does: serves until it is stopped, on a free port that it sends to `ports`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        make_app, protocol = PEERS[name]
        config = uvicorn.Config(make_app(folder), http=protocol, loop="uvloop", log_level="critical")
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            listener.listen(2048)
            ports.send(listener.getsockname()[1])
            runner.run(uvicorn.Server(config).serve(sockets=[listener]))
