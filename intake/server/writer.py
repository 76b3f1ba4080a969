"""The one thread that writes the database, many jobs to a commit.

A commit with synchronous=FULL waits for the disk; done for each report alone it would be all the server does, and two
connections that write wait for each other by sleeping. Here all jobs that came in during one commit share the next.
A job's result is given only after its commit, so what is answered is durable.

A job may run more than once. A row that another process put there first (IntegrityError) undoes the job to its
savepoint and runs it again, now seeing that row; a deadlock undoes the group, and each of its jobs runs alone.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

T = TypeVar("T")
GROUP_MAX = 256
_ATTEMPTS = 3


class Database(Protocol):
    """What a writer must know of its database."""

    engine: Engine

    def translated(self, error: Exception) -> Exception:
        """The error of this room for one of the driver's, without the driver's words."""

    def was_undone(self, error: Exception) -> bool:
        """Whether the database gave up this transaction for the sake of another: it may be tried again."""

    def take_turn(self, connection: Connection) -> None:
        """Waits until no other transaction of any process has its turn, and has it until the commit."""


@dataclass(frozen=True)
class _Job(Generic[T]):
    operation: Callable[[Connection], T]
    result: Future[T]
    alone: bool

    def settle(self, value: T | None, error: Exception | None) -> None:
        if error is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(value)  # type: ignore[arg-type]


_Outcome = tuple[object, Exception | None]


class Writer:
    """Runs jobs on a database in one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, operation: Callable[[Connection], T], alone: bool = False) -> Future[T]:
        """Queues one job; its future holds the result once it is committed, or what it raised and did not change."""
        result: Future[T] = Future()
        self._jobs.put(_Job(operation, result, alone))  # type: ignore[arg-type]
        return result

    def close(self) -> None:
        """Finishes every queued job, then ends the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            group, last = self._gather(first)
            self._commit(group)
            if last:
                return

    def _gather(self, first: _Job[object]) -> tuple[list[_Job[object]], bool]:
        group = [first]
        while len(group) < GROUP_MAX:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _commit(self, group: list[_Job[object]]) -> None:
        group = [job for job in group if job.result.set_running_or_notify_cancel()]
        try:
            outcomes = self._transact(group)
        except Exception as error:
            # Nothing of the group is known to be durable: none may be told so. The thread must outlive any failure.
            if self._database.was_undone(error):
                outcomes = [self._commit_alone(job) for job in group]
            else:
                outcomes = [(None, self._database.translated(error))] * len(group)
        for job, (value, failure) in zip(group, outcomes, strict=True):
            job.settle(value, failure)

    def _commit_alone(self, job: _Job[object]) -> _Outcome:
        failure: Exception | None = None
        for _ in range(_ATTEMPTS):
            try:
                return self._transact([job])[0]
            except Exception as error:
                failure = self._database.translated(error)
                if not self._database.was_undone(error):
                    break
        return None, failure

    def _transact(self, group: list[_Job[object]]) -> list[_Outcome]:
        with self._database.engine.begin() as connection:
            if any(job.alone for job in group):
                # Before anything else is touched, so that whoever waits here holds nothing others wait for.
                self._database.take_turn(connection)
            return [self._attempt(connection, job) for job in group]

    def _attempt(self, connection: Connection, job: _Job[object]) -> _Outcome:
        # Plain statements: SQLAlchemy's own savepoints cost as much as a whole insert.
        connection.exec_driver_sql("SAVEPOINT job")
        failure: Exception | None = None
        for _ in range(_ATTEMPTS):
            try:
                value = job.operation(connection)
            except IntegrityError as error:
                failure = self._database.translated(error)
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
            except SQLAlchemyError:
                raise
            except Exception as error:
                # It belongs to the one who asked, and to nobody else in the group.
                failure = error
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
                break
            else:
                connection.exec_driver_sql("RELEASE SAVEPOINT job")
                return value, None
        connection.exec_driver_sql("RELEASE SAVEPOINT job")
        return None, failure
