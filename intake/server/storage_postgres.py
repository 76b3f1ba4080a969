"""The metadata store on PostgreSQL, for several server processes at once.

One connection writes, with the same group commit as SQLite and synchronous_commit=on; a few read, each on one state.
What PostgreSQL keeps that SQLite does not, and what it cannot forget, stands in STORAGE.md.
"""

from typing import Final

import psycopg
from psycopg import errors
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from intake.server.errors import StorageFull, StorageUnavailable
from intake.server.models import metadata
from intake.server.schema import bring_up_to_date, is_up_to_date
from intake.server.storage import SqlStore
from intake.server.writer import Writer

_READERS: Final = 4
_BUSY_SECONDS: Final = 30
_TURN: Final = 0x696E74616B65_02
_UNDONE: Final = (errors.SerializationFailure, errors.DeadlockDetected)
_FULL: Final = (errors.DiskFull, errors.OutOfMemory)
_SESSION: Final = (
    f"SET lock_timeout = '{_BUSY_SECONDS}s'",
    # A process that was stopped in the middle of a transaction must not hold up the others for ever.
    f"SET idle_in_transaction_session_timeout = '{2 * _BUSY_SECONDS}s'",
)
_WRITING: Final = (*_SESSION, "SET synchronous_commit = on")
_READING: Final = (
    *_SESSION,
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
)
_CONNECT_ARGUMENTS: Final = {
    "connect_timeout": 10,
    "application_name": "intake",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class PostgresStore(SqlStore):
    """A PostgreSQL database at `url` (postgresql://…), which must exist; its tables are made when they are missing.

    Raises StorageUnavailable when it does not answer or runs without fsync, FolderInvalid when its tables are newer.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.engine = _engine(url, 1, _WRITING)
        self._reading = _engine(url, _READERS, _READING)
        try:
            durable, fresh = self.read(lambda c: (_is_durable(c), is_up_to_date(c)))
            if not durable:
                raise StorageUnavailable("PostgreSQL runs without fsync or full_page_writes")
            if not fresh:
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
        """Frees the room of deleted rows for new ones; their bytes stay until something is written over them.

        PostgreSQL cannot overwrite them: neither in the tables, nor in its WAL, nor in files it has removed.
        """
        # A connection of its own: reports are not to wait for it.
        engine = _engine(self._url, 1, _SESSION)
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                for table in metadata.sorted_tables:
                    connection.exec_driver_sql(f"VACUUM {table.name}")
        except SQLAlchemyError:
            return False
        finally:
            engine.dispose()
        return True

    def translated(self, error: Exception) -> Exception:
        """As writer.Database says."""
        # The message of the driver holds values of the statement: only the kind of failure leaves this function.
        cause = error.orig if isinstance(error, DBAPIError) else None
        if isinstance(cause, _FULL):
            return StorageFull()
        return StorageUnavailable(type(cause or error).__name__)

    def was_undone(self, error: Exception) -> bool:
        """As writer.Database says: a deadlock or a serialization failure, never a lost connection.

        After a connection that broke during a commit nobody knows what became of it.
        """
        return isinstance(error, DBAPIError) and isinstance(error.orig, _UNDONE)

    def take_turn(self, connection: Connection) -> None:
        """As writer.Database says; under READ COMMITTED what follows sees all that came before."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")


def _engine(url: str, connections: int, session: tuple[str, ...]) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_BUSY_SECONDS,
        connect_args=dict(_CONNECT_ARGUMENTS),
        # Values of a statement are in no error's text.
        hide_parameters=True,
    )

    def connected(connection: psycopg.Connection[object], _: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        for statement in session:
            connection.execute(statement)
        connection.autocommit = False

    event.listen(engine, "connect", connected)
    return engine


def _is_durable(connection: Connection) -> bool:
    return all(connection.exec_driver_sql(f"SHOW {name}").scalar() == "on" for name in ("fsync", "full_page_writes"))
