"""The metadata store: one interface, and SQLite behind it.

Operations are functions over a SQLAlchemy connection in neutral SQL. Every write goes through `write`, which is durable
when its future is done; reads may run in any thread and see what is committed.
"""

import asyncio
import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from intake.server.errors import StorageFull, StorageUnavailable
from intake.server.schema import bring_up_to_date, is_up_to_date
from intake.server.settings import PRIVATE_FILE_MODE
from intake.server.writer import Writer

T = TypeVar("T")
_BUSY_SECONDS = 30
_FORGET_MILLISECONDS = 500
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    # 16 MB each: with SQLite's own 2 and 4 MB every report reads pages back in, and every 350th waits for a checkpoint.
    "PRAGMA cache_size=-16000",
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
)


class MetadataStore(Protocol):
    """Where records and small objects are kept."""

    def write(self, operation: Callable[[Connection], T], alone: bool = False) -> Future[T]:
        """Runs `operation` in a transaction of its own fate; the future is done after the durable commit.

        `operation` may run more than once before one of its runs counts (another process was first), so it changes
        nothing but what its connection holds, and looks before it inserts. With `alone` no other such operation runs
        at the same time in any process: for everything that reads much and then writes by what it read.

        What it raises undoes it alone; StorageFull or StorageUnavailable when the store itself failed, or when nobody
        can tell whether the commit came through: done again, it is then answered as a repeat.
        """

    def write_from_loop(self, operation: Callable[[Connection], T]) -> asyncio.Future[T]:
        """As `write`, for who awaits the result in the running event loop: cheaper where many wait at once."""

    def read(self, query: Callable[[Connection], T]) -> T:
        """Runs `query` on one consistent state; it cannot write. Raises StorageUnavailable."""

    def backlog(self) -> int:
        """How many writes wait for their turn."""

    def forget(self) -> bool:
        """Wipes what deleted rows have left outside the tables, as far as the database can (STORAGE.md says how far).

        False when others were in the way, try later.
        """

    def close(self) -> None:
        """Finishes all writes and lets go of the store."""


class SqlStore(ABC):
    """What the stores share: an engine with one connection that writes, one whose connections read, and the writer.

    A store opens its engines, looks at its tables with `read`, and only then makes its writer.
    """

    engine: Engine
    _reading: Engine
    _writer: Writer

    def write(self, operation: Callable[[Connection], T], alone: bool = False) -> Future[T]:
        """As MetadataStore says."""
        return self._writer.submit(operation, alone)

    def write_from_loop(self, operation: Callable[[Connection], T]) -> asyncio.Future[T]:
        """As MetadataStore says."""
        return self._writer.submit_from_loop(operation)

    def read(self, query: Callable[[Connection], T]) -> T:
        """As MetadataStore says."""
        try:
            with self._reading.begin() as connection:
                return query(connection)
        except SQLAlchemyError as error:
            raise self.translated(error) from None

    def backlog(self) -> int:
        """As MetadataStore says."""
        return self._writer.backlog()

    def close(self) -> None:
        """As MetadataStore says."""
        self._writer.close()
        self._dispose()

    def _dispose(self) -> None:
        self._reading.dispose()
        self.engine.dispose()

    @abstractmethod
    def translated(self, error: Exception) -> Exception:
        """As writer.Database says."""


class SqliteStore(SqlStore):
    """One SQLite file: WAL, synchronous=FULL, deleted rows overwritten. Makes the file when it is missing.

    Raises FolderInvalid when a newer version has made it, StorageUnavailable when it is no database.
    """

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE))
        self.engine = _engine(path, "BEGIN IMMEDIATE", *_PRAGMAS)
        self._reading = _engine(path, "BEGIN", *_PRAGMAS[4:], "PRAGMA query_only=ON")
        try:
            if not self.read(is_up_to_date):
                with self.engine.begin() as connection:
                    bring_up_to_date(connection)
        except SQLAlchemyError as error:
            self._dispose()
            raise self.translated(error) from None
        except BaseException:
            self._dispose()
            raise
        self._writer = Writer(self)

    def forget(self) -> bool:
        """Copies the WAL into the file and empties it; deleted rows were overwritten with zeros there.

        While it waits for a reader (a long `intake verify`) SQLite lets nobody write: so it waits for half a second.
        """
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={_FORGET_MILLISECONDS}")
            try:
                row = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                cursor.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
            return row is not None and row[0] == 0
        except sqlite3.Error:
            return False
        finally:
            connection.close()

    def translated(self, error: Exception) -> Exception:
        """As writer.Database says."""
        # The message of the driver may hold values of the statement: only the kind of failure leaves this function.
        cause = error.orig if isinstance(error, DBAPIError) else None
        if isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode == sqlite3.SQLITE_FULL:
            return StorageFull()
        return StorageUnavailable(type(cause or error).__name__)

    def was_undone(self, error: Exception) -> bool:
        """As writer.Database says; SQLite never does that: whoever begins first has the only turn."""
        return False

    def take_turn(self, connection: Connection) -> None:
        """As writer.Database says; BEGIN IMMEDIATE has done it."""


def _engine(path: Path, begin: str, *pragmas: str) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _BUSY_SECONDS})

    def connected(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        # The driver would begin its transactions late and by itself; ours begin where we say.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma).close()

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine
