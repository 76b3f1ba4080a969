"""The one thread that writes the database, many jobs to a commit.

A commit with synchronous=FULL waits for the disk; done for each report alone it would be all the server does, and two
connections that write wait for each other by sleeping. Here all jobs that came in during one commit share the next.
A job's result is given only after its commit, so what is answered is durable.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")
GROUP_MAX = 256


@dataclass(frozen=True)
class _Job(Generic[T]):
    operation: Callable[[Connection], T]
    result: Future[T]

    def settle(self, value: T | None, error: Exception | None) -> None:
        if error is not None:
            self.result.set_exception(error)
        else:
            self.result.set_result(value)  # type: ignore[arg-type]


_Outcome = tuple[object, Exception | None]


class Writer:
    """Runs jobs on `engine` in one thread; `translate` turns the database's errors into this room's."""

    def __init__(self, engine: Engine, translate: Callable[[Exception], Exception]) -> None:
        self._engine = engine
        self._translate = translate
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, operation: Callable[[Connection], T]) -> Future[T]:
        """Queues one job; its future holds the result once it is committed, or what it raised and did not change."""
        result: Future[T] = Future()
        self._jobs.put(_Job(operation, result))  # type: ignore[arg-type]
        return result

    def backlog(self) -> int:
        """How many jobs wait for the next commit."""
        return self._jobs.qsize()

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
            with self._engine.begin() as connection:
                outcomes = [_attempt(connection, job) for job in group]
        except Exception as error:
            # Nothing of the group is durable: none may be told otherwise. The thread must outlive any failure.
            outcomes = [(None, self._translate(error))] * len(group)
        for job, (value, failure) in zip(group, outcomes, strict=True):
            job.settle(value, failure)


def _attempt(connection: Connection, job: _Job[object]) -> _Outcome:
    # Plain statements: SQLAlchemy's own savepoints cost as much as a whole insert.
    connection.exec_driver_sql("SAVEPOINT job")
    try:
        value = job.operation(connection)
    except SQLAlchemyError:
        raise
    except Exception as error:
        # It belongs to the one who asked, and to nobody else in the group.
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
        connection.exec_driver_sql("RELEASE SAVEPOINT job")
        return None, error
    connection.exec_driver_sql("RELEASE SAVEPOINT job")
    return value, None
