"""The metadata store behind its interface: one contract for every implementation."""

import threading
from concurrent.futures import wait
from datetime import date
from functools import partial

import psycopg
import pytest
from sqlalchemy import insert, select, update

from intake.server.errors import FolderInvalid, Refusal, StorageUnavailable
from intake.server.models import counters, objects
from intake.server.rows import insert_new
from intake.server.storage import SqliteStore
from intake.server.storage_postgres import PostgresStore
from intake.server.writer import Batched


def put(name: str, value: str = "x"):
    def operation(connection):
        connection.execute(insert(counters).values(name=name, value=value))
        return 1

    return operation


def put_once(name: str):
    """What services do: look, then insert; tells whether it was there."""

    def operation(connection):
        if connection.execute(select(counters.c.name).where(counters.c.name == name)).first() is not None:
            return "repeat"
        put(name)(connection)
        return "new"

    return operation


def count_up(connection):
    """Reads and then writes by what it read: wrong with many writers unless it is alone."""
    last = connection.execute(select(counters.c.value).where(counters.c.name == "n")).scalar()
    if last is None:
        put("n", "1")(connection)
        return 1
    connection.execute(update(counters).where(counters.c.name == "n").values(value=str(int(last) + 1)))
    return int(last) + 1


def put_all(connection, several):
    """What `Batched` jobs do: all of a commit in one call."""
    known = set(connection.execute(select(counters.c.name)).scalars())
    if "refused" in several:
        raise Refusal("id-conflict")
    for name in {name for name in several if name not in known}:
        put(name)(connection)
    return [None] * len(several)


def names(store) -> set[str]:
    return set(store.read(lambda connection: connection.execute(select(counters.c.name)).scalars().all()))


def in_one_group(store, *operations):
    """Runs them in one transaction: the writer is kept busy until all are queued."""
    started = threading.Event()
    blocker = store.write(lambda connection: started.wait(10))
    jobs = [store.write(operation) for operation in operations]
    started.set()
    wait([blocker, *jobs])
    return jobs


@pytest.fixture(params=["sqlite", "postgres"])
def open_store(request, tmp_path):
    """Opens the same database again and again."""
    opened = []
    if request.param == "sqlite":
        make = lambda: SqliteStore(tmp_path / "intake.sqlite")  # noqa: E731
    else:
        cluster = request.getfixturevalue("postgres")
        url = cluster.url(cluster.make())
        make = lambda: PostgresStore(url)  # noqa: E731

    def opening():
        opened.append(make())
        return opened[-1]

    yield opening
    for store in opened:
        store.close()


class TestMetadataStore:
    """What every metadata store must do."""

    @pytest.fixture
    def store(self, open_store):
        return open_store()

    def test_write_is_seen_when_its_future_is_done(self, store):
        assert store.write(put("a")).result() == 1
        assert names(store) == {"a"}

    def test_write_that_raises_changes_nothing_and_hurts_no_other(self, store):
        def refused(connection):
            put("refused")(connection)
            raise Refusal("id-conflict")

        jobs = in_one_group(store, put("a"), refused, put("b"))
        assert isinstance(jobs[1].exception(), Refusal)
        assert names(store) == {"a", "b"}

    def test_row_that_is_there_already_fails_its_job_and_hurts_no_other(self, store):
        store.write(put("a")).result()
        jobs = in_one_group(store, put("b"), put("a"), put("c"))
        assert [type(job.exception()) for job in jobs] == [type(None), StorageUnavailable, type(None)]
        assert names(store) == {"a", "b", "c"}

    def test_failed_statement_fails_its_whole_group_and_the_store_goes_on(self, store):
        def broken(connection):
            connection.exec_driver_sql("SELECT canary FROM nowhere")

        jobs = in_one_group(store, put("b"), broken)
        assert [type(job.exception()) for job in jobs] == [StorageUnavailable] * 2
        assert names(store) == set()
        store.write(put("c")).result()
        assert names(store) == {"c"}

    def test_batched_jobs_run_in_one_call_and_one_that_raises_hurts_no_other(self, store):
        jobs = in_one_group(store, *(Batched(put_all, name) for name in "aabc"), put("d"))
        assert [job.exception() for job in jobs] == [None] * 5
        jobs = in_one_group(store, *(Batched(put_all, name) for name in ("e", "refused", "e")), put("f"))
        assert [type(job.exception()) for job in jobs] == [type(None), Refusal, type(None), type(None)]
        assert names(store) == set("abcdef")

    def test_rows_that_are_there_already_are_not_new(self, store):
        columns = tuple(objects.c[name] for name in ("id", "kind", "size", "sha256", "epoch", "day", "salt"))
        rows = [(bytes([n]) * 16, 1, 2**33 + n, bytes(32), 2**32 - 1, date(2026, 11, n), bytes(32)) for n in (1, 2, 3)]
        insert_some = partial(insert_new, columns=columns)
        assert store.write(lambda connection: insert_some(connection, rows=rows[:1])).result() == 1
        assert store.write(lambda connection: insert_some(connection, rows=rows)).result() == 2
        assert store.write(lambda connection: insert_some(connection, rows=rows)).result() == 0
        found = store.read(lambda connection: connection.execute(select(objects).order_by(objects.c.id)).all())
        assert [(*row[:6], row.salt) for row in found] == rows
        assert {(row.leaf_number, row.work) for row in found} == {(None, 0)}

    def test_batched_rows_from_two_writers_are_all_stored_once(self, store, open_store):
        other = open_store()
        jobs = [one.write(Batched(put_all, f"n{i % 50}")) for i in range(300) for one in (store, other)]
        assert [job.exception(60) for job in jobs] == [None] * 600
        assert len(names(store)) == 50

    def test_defect_in_a_job_is_told_to_its_caller_only(self, store):
        job = store.write(lambda connection: 1 // 0)
        assert isinstance(job.exception(), ZeroDivisionError)
        assert store.write(put("a")).result() == 1

    def test_read_cannot_write(self, store):
        with pytest.raises(StorageUnavailable):
            store.read(put("a"))
        assert names(store) == set()

    def test_read_sees_one_state_throughout(self, store):
        def twice(connection):
            query = select(counters.c.name)
            before = connection.execute(query).scalars().all()
            store.write(put("late")).result()
            return before, connection.execute(query).scalars().all()

        assert store.read(twice) == ([], [])
        assert names(store) == {"late"}

    def test_close_finishes_what_is_queued(self, open_store):
        store = open_store()
        jobs = [store.write(put(f"n{i}")) for i in range(300)]
        store.close()
        assert all(job.result() == 1 for job in jobs)
        assert len(names(open_store())) == 300

    def test_two_processes_worth_of_writers_do_not_fail_each_other(self, store, open_store):
        other = open_store()
        jobs = [one.write(put(f"{key}{i}")) for i in range(100) for key, one in (("a", store), ("b", other))]
        assert all(job.result(60) == 1 for job in jobs)
        assert len(names(store)) == 200

    def test_same_row_from_two_writers_is_new_once_and_else_a_repeat(self, store, open_store):
        other = open_store()
        jobs = [(i, one.write(put_once(f"n{i % 20}"))) for i in range(200) for one in (store, other)]
        found = [(i % 20, job.result(60)) for i, job in jobs]
        assert sorted(number for number, told in found if told == "new") == list(range(20))

    def test_writers_that_wait_for_each_other_are_both_served(self, store, open_store):
        other = open_store()
        for turn in range(5):
            here = [put_once(f"{turn}a"), put_once(f"{turn}b")]
            pairs = [(store, here), (other, here[::-1])]
            jobs = [one.write(operation) for one, operations in pairs for operation in operations]
            assert sorted(job.result(60) for job in jobs) == ["new", "new", "repeat", "repeat"]

    def test_what_runs_alone_begins_after_the_other_is_committed(self, store, open_store):
        other, inside, seen = open_store(), threading.Semaphore(1), []

        def operation(connection):
            assert inside.acquire(blocking=False)
            # Long enough for the other to come in, if anything lets it.
            threading.Event().wait(0.2)
            inside.release()
            seen.append(count_up(connection))

        jobs = [one.write(operation, alone=True) for one in (store, other)]
        assert [job.exception(60) for job in jobs] == [None, None]
        assert sorted(seen) == [1, 2]

    def test_what_runs_alone_never_loses_a_step(self, store, open_store):
        other = open_store()
        jobs = [one.write(count_up, alone=True) for _ in range(100) for one in (store, other)]
        assert sorted(job.result(60) for job in jobs) == list(range(1, 201))

    def test_errors_hold_no_values(self, store):
        store.write(put("a", "canary")).result()
        for error in (
            store.write(put("a", "canary")).exception(),
            store.write(lambda c: c.exec_driver_sql("SELECT canary")).exception(),
        ):
            assert "canary" not in f"{error}{error!r}"
            assert error.__cause__ is None

    def test_forgetting_wipes_what_it_can(self, store):
        store.write(put("a")).result()
        assert store.forget()


def test_sqlite_is_durable_and_overwrites_what_it_deletes(tmp_path):
    store = SqliteStore(tmp_path / "intake.sqlite")

    def pragmas(connection):
        names = ("journal_mode", "synchronous", "secure_delete", "temp_store")
        return {name: connection.exec_driver_sql(f"pragma {name}").scalar() for name in names}

    found = store.write(pragmas).result()
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "temp_store": 2}


class TestPostgresStore:
    """What is PostgreSQL's alone."""

    @pytest.fixture
    def name(self, postgres):
        return postgres.make()

    @pytest.fixture
    def store(self, postgres, name):
        store = PostgresStore(postgres.url(name))
        yield store
        store.close()

    def test_deadlock_of_two_processes_is_undone_and_both_are_served(self, postgres, name, store):
        held = {"a": threading.Event(), "b": threading.Event()}

        def crosswise(first, second):
            def operation(connection):
                told = put_once(first)(connection)
                held[first].set()
                assert held[second].wait(10)
                return told, put_once(second)(connection)

            return operation

        other = PostgresStore(postgres.url(name))
        jobs = [store.write(crosswise("a", "b")), other.write(crosswise("b", "a"))]
        assert sorted(job.result(60) for job in jobs) == [("new", "new"), ("repeat", "repeat")]
        other.close()

    def test_commits_are_durable_whatever_the_database_prefers(self, postgres, name):
        postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
        store = PostgresStore(postgres.url(name))
        found = store.write(lambda c: c.exec_driver_sql("SHOW synchronous_commit").scalar()).result()
        store.close()
        assert found == "on"

    def test_lost_connection_is_told_as_an_error_and_the_next_write_goes_on(self, postgres, name, store):
        def cut(connection):
            put("lost")(connection)
            mine = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
            postgres.run(f"SELECT pg_terminate_backend({mine})")
            put("never")(connection)

        jobs = in_one_group(store, put("beside"), cut)
        assert [type(job.exception()) for job in jobs] == [StorageUnavailable] * 2
        assert store.write(put("after")).result() == 1
        assert names(store) == {"after"}

    def test_database_that_went_away_and_came_back_is_used_again(self, postgres, name, store):
        store.write(put("before")).result()
        postgres.stop()
        assert isinstance(store.write(put("meanwhile")).exception(), StorageUnavailable)
        with pytest.raises(StorageUnavailable):
            names(store)
        postgres.start()
        assert store.write(put("after")).result() == 1
        assert names(store) == {"before", "after"}

    def test_report_does_not_wait_for_the_turn_of_another_process(self, postgres, name, store):
        other, begun, done = PostgresStore(postgres.url(name)), threading.Event(), threading.Event()

        def long_work(connection):
            begun.set()
            assert done.wait(30)

        working = other.write(long_work, alone=True)
        assert begun.wait(10)
        holding = threading.Event()
        blocker = store.write(lambda connection: holding.wait(10))
        waiting, report = store.write(count_up, alone=True), store.write(put("report"))
        holding.set()
        assert (blocker.result(10), report.result(10)) == (True, 1)
        assert not waiting.done()
        done.set()
        assert (working.exception(30), waiting.result(30)) == (None, 1)
        other.close()

    def test_forgetting_keeps_no_write_waiting(self, postgres, name, store):
        with psycopg.connect(postgres.url(name)) as other:
            other.execute("LOCK TABLE acks IN SHARE UPDATE EXCLUSIVE MODE")
            forgetting = threading.Thread(target=store.forget)
            forgetting.start()
            query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND wait_event_type = 'Lock'"
            while postgres.run(query, name) == [(0,)]:
                assert forgetting.is_alive()
            assert store.write(put("meanwhile")).result(10) == 1
        forgetting.join(30)
        assert names(store) == {"meanwhile"}

    def test_newer_tables_are_refused_unchanged(self, postgres, name, store):
        postgres.run("UPDATE alembic_version SET version_num = '9999'", name)
        with pytest.raises(FolderInvalid):
            PostgresStore(postgres.url(name))
        assert postgres.run("SELECT version_num FROM alembic_version", name) == [("9999",)]

    def test_unreachable_database_is_told_without_its_address(self):
        with pytest.raises(StorageUnavailable) as told:
            PostgresStore("postgresql:///canary?host=/nowhere/canary&password=canary")
        assert "canary" not in f"{told.value}{told.value!r}"
        assert told.value.__cause__ is None
