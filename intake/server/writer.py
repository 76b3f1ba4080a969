"""The one thread that writes the database, many jobs to a commit.

A commit with synchronous=FULL waits for the disk; done for each report alone it would be all the server does, and two
connections that write wait for each other by sleeping. Here all jobs that came in during one commit share the next.
A job's result is given only after its commit, so what is answered is durable.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

T = TypeVar("T")
Item = TypeVar("Item")
GROUP_MAX = 256


@dataclass(frozen=True)
class Batched(Generic[Item]):
    """An operation of which many are cheaper in one call: `run_all` takes the items of all such jobs of a commit.

    What it raises undoes the whole call, after which each job is run alone.
    """

    run_all: Callable[[Connection, Sequence[Item]], None]
    item: Item

    def __call__(self, connection: Connection) -> None:
        """Runs it for this item alone."""
        self.run_all(connection, [self.item])


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
            outcomes = self._together(group)
            if outcomes is None:
                outcomes = self._one_by_one(group)
        except Exception as error:
            # Nothing of the group is durable: none may be told otherwise. The thread must outlive any failure.
            outcomes = [(None, self._translate(error))] * len(group)
        for job, (value, failure) in zip(group, outcomes, strict=True):
            job.settle(value, failure)

    def _together(self, group: list[_Job[object]]) -> list[_Outcome] | None:
        """Runs all jobs without savepoints, which are a third of a report's cost; None, undone, when one raises."""
        try:
            with self._engine.begin() as connection:
                _run_batched(connection, group)
                alone = (job for job in group if not isinstance(job.operation, Batched))
                values = {id(job): job.operation(connection) for job in alone}
            return [(values.get(id(job)), None) for job in group]
        except SQLAlchemyError:
            raise
        except Exception:
            return None

    def _one_by_one(self, group: list[_Job[object]]) -> list[_Outcome]:
        """Runs each job in a savepoint of its own, so that what one raises undoes it alone."""
        with self._engine.begin() as connection:
            return [_attempt(connection, job) for job in group]


def _run_batched(connection: Connection, group: list[_Job[object]]) -> None:
    batches: dict[Callable[[Connection, Sequence[object]], None], list[object]] = {}
    for job in group:
        if isinstance(job.operation, Batched):
            batches.setdefault(job.operation.run_all, []).append(job.operation.item)
    for run_all, items in batches.items():
        run_all(connection, items)


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
