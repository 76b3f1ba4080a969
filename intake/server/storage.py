"""The metadata store: one interface, and SQLite behind it.

Operations are functions over a SQLAlchemy connection in neutral SQL. Every write goes through `write`, which is durable
when its future is done; reads may run in any thread and see what is committed.
"""

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from intake.server.errors import StorageFull, StorageUnavailable
from intake.server.models import metadata
from intake.server.settings import PRIVATE_FILE_MODE
from intake.server.writer import Writer

T = TypeVar("T")
_BUSY_SECONDS = 30
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

    def write(self, operation: Callable[[Connection], T]) -> Future[T]:
        """Runs `operation` in a transaction of its own fate; the future is done after the durable commit.

        It may be run twice and must change nothing but the database. What it raises undoes it alone; StorageFull or
        StorageUnavailable when the store itself failed.
        """

    def read(self, query: Callable[[Connection], T]) -> T:
        """Runs `query` on one consistent state; it cannot write. Raises StorageUnavailable."""

    def forget(self) -> bool:
        """Wipes what deleted rows have left outside the tables; False when others were in the way, try later."""

    def close(self) -> None:
        """Finishes all writes and lets go of the store."""


class SqliteStore:
    """One SQLite file: WAL, synchronous=FULL, deleted rows overwritten. Makes the file when it is missing."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE))
        self._writing = _engine(path, "BEGIN IMMEDIATE", *_PRAGMAS)
        self._reading = _engine(path, "BEGIN", *_PRAGMAS[4:], "PRAGMA query_only=ON")
        try:
            metadata.create_all(self._writing)
        except SQLAlchemyError as error:
            raise _translated(error) from None
        self._writer = Writer(self._writing, _translated)

    def write(self, operation: Callable[[Connection], T]) -> Future[T]:
        """As MetadataStore says."""
        return self._writer.submit(operation)

    def read(self, query: Callable[[Connection], T]) -> T:
        """As MetadataStore says."""
        try:
            with self._reading.begin() as connection:
                return query(connection)
        except SQLAlchemyError as error:
            raise _translated(error) from None

    def forget(self) -> bool:
        """Copies the WAL into the file and empties it; deleted rows were overwritten with zeros there."""
        connection = self._writing.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = cursor.fetchone()
            return row is not None and row[0] == 0
        finally:
            connection.close()

    def close(self) -> None:
        """As MetadataStore says."""
        self._writer.close()
        self._reading.dispose()
        self._writing.dispose()


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


def _translated(error: Exception) -> Exception:
    # The message of the driver may hold values of the statement: only the kind of failure leaves this function.
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode == sqlite3.SQLITE_FULL:
        return StorageFull()
    return StorageUnavailable(type(cause or error).__name__)
