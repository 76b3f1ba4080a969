"""The one thread that writes the database, many jobs to a commit.

A commit with synchronous=FULL waits for the disk; done for each report alone it would be all the server does, and two
connections that write wait for each other by sleeping. Here all jobs that came in during one commit share the next.
A job's result is given only after its commit, so what is answered is durable.

The writer needs the interpreter's lock a dozen times in a commit. At Python's 5 ms it gets it when the event loop has
nothing to do, so the two worked one after the other; while jobs come in company all threads take turns at short notice.
Always, it would cost uploads a tenth, whose few jobs come nearly alone.

A job may run more than once. When one of a group raises, the group is undone and each job runs again in a savepoint of
its own; a row that another process put there first (IntegrityError) undoes the job and runs it again, now seeing that
row; a deadlock undoes the group, and each of its jobs gets a transaction of its own.
"""

import asyncio
import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

T = TypeVar("T")
Item = TypeVar("Item")
Value = TypeVar("Value")
GROUP_MAX = 256
_ATTEMPTS = 3
_TURN_SECONDS = 0.0002
_COMPANY = 4
_USUAL_TURN_SECONDS = sys.getswitchinterval()


@dataclass(frozen=True)
class Batched(Generic[Item, Value]):
    """An operation of which many are cheaper in one call: `run_all` takes the items of all such jobs of a commit.

    It returns a value for each, in their order. What it raises undoes the whole call, and then each job is run alone.
    """

    run_all: Callable[[Connection, Sequence[Item]], Sequence[Value]]
    item: Item

    def __call__(self, connection: Connection) -> Value:
        """Runs it for this item alone."""
        return self.run_all(connection, [self.item])[0]


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
    result: Future[T] | asyncio.Future[T]
    alone: bool

    def begins(self) -> bool:
        """Whether it is still wanted; from here on it cannot be called off."""
        if isinstance(self.result, Future):
            return self.result.set_running_or_notify_cancel()
        return not self.result.cancelled()


_Outcome = tuple[object, Exception | None]
_Settled = tuple[Future[object] | asyncio.Future[object], object, Exception | None]


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

    def submit_from_loop(self, operation: Callable[[Connection], T]) -> asyncio.Future[T]:
        """As `submit`, for who awaits it in the running event loop: a commit wakes that loop once for all its jobs."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(operation, result, False))  # type: ignore[arg-type]
        return result

    def backlog(self) -> int:
        """How many jobs wait for the next commit."""
        return self._jobs.qsize()

    def close(self) -> None:
        """Finishes every queued job, then ends the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._run_groups()
        finally:
            sys.setswitchinterval(_USUAL_TURN_SECONDS)

    def _run_groups(self) -> None:
        busy = False
        while (first := self._jobs.get()) is not None:
            group, last = self._gather(first)
            if busy != (len(group) >= _COMPANY):
                busy = not busy
                sys.setswitchinterval(_TURN_SECONDS if busy else _USUAL_TURN_SECONDS)
            # Reports first: they are not to wait, or to fail, for what waits for its turn behind another process.
            for alone in (False, True):
                self._commit([job for job in group if job.alone == alone])
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
        group = [job for job in group if job.begins()]
        if not group:
            return
        try:
            outcomes = self._together(group)
            if outcomes is None:
                outcomes = self._one_by_one(group)
        except Exception as error:
            # Nothing of the group is known to be durable: none may be told so. The thread must outlive any failure.
            if self._database.was_undone(error):
                outcomes = [self._commit_alone(job) for job in group]
            else:
                outcomes = [(None, self._database.translated(error))] * len(group)
        _tell([(job.result, *outcome) for job, outcome in zip(group, outcomes, strict=True)])

    def _together(self, group: list[_Job[object]]) -> list[_Outcome] | None:
        """Runs all jobs without savepoints, which are a third of a report's cost; None, undone, when one raises."""
        try:
            with self._transaction(group) as connection:
                values = _run_batched(connection, group)
                single = (job for job in group if not isinstance(job.operation, Batched))
                values |= {id(job): job.operation(connection) for job in single}
            return [(values[id(job)], None) for job in group]
        except IntegrityError:
            return None
        except SQLAlchemyError:
            raise
        except Exception:
            return None

    def _one_by_one(self, group: list[_Job[object]]) -> list[_Outcome]:
        """Runs each job in a savepoint of its own, so that what one raises undoes it alone."""
        with self._transaction(group) as connection:
            return [self._attempt(connection, job) for job in group]

    def _commit_alone(self, job: _Job[object]) -> _Outcome:
        """Gives one job a transaction of its own, and another when that is undone for the sake of others."""
        failure: Exception | None = None
        for _ in range(_ATTEMPTS):
            try:
                return self._one_by_one([job])[0]
            except Exception as error:
                failure = self._database.translated(error)
                if not self._database.was_undone(error):
                    break
        return None, failure

    @contextmanager
    def _transaction(self, group: list[_Job[object]]) -> Iterator[Connection]:
        with self._database.engine.begin() as connection:
            if any(job.alone for job in group):
                # Before anything else is touched, so that whoever waits here holds nothing others wait for.
                self._database.take_turn(connection)
            yield connection

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
                # It belongs to the one who asked, and to nobody else in the group. What it was raised in holds the
                # whole report, and would wait with it for the collector of garbage.
                failure = error.with_traceback(None)
                connection.exec_driver_sql("ROLLBACK TO SAVEPOINT job")
                break
            else:
                connection.exec_driver_sql("RELEASE SAVEPOINT job")
                return value, None
        connection.exec_driver_sql("RELEASE SAVEPOINT job")
        return None, failure


def _tell(settled: list[_Settled]) -> None:
    of_loops: dict[asyncio.AbstractEventLoop, list[_Settled]] = {}
    for one in settled:
        if isinstance(one[0], asyncio.Future):
            of_loops.setdefault(one[0].get_loop(), []).append(one)
        else:
            _settle([one])
    for loop, some in of_loops.items():
        # A loop that was closed meanwhile has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, some)


def _settle(settled: list[_Settled]) -> None:
    for result, value, error in settled:
        if result.done():
            continue
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(value)


def _run_batched(connection: Connection, group: list[_Job[object]]) -> dict[int, object]:
    """Runs what may be run together; the values by the identity of their job."""
    batches: dict[Callable[[Connection, Sequence[object]], Sequence[object]], list[_Job[object]]] = {}
    for job in group:
        if isinstance(job.operation, Batched):
            batches.setdefault(job.operation.run_all, []).append(job)
    values: dict[int, object] = {}
    for run_all, jobs in batches.items():
        items = [job.operation.item for job in jobs if isinstance(job.operation, Batched)]
        values |= zip(map(id, jobs), run_all(connection, items), strict=True)
    return values
