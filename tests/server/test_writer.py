"""Jobs that share a commit: what one raises is its own, and reports of one group are as good as reports alone."""

import asyncio
import hashlib
import sys
import threading
from concurrent.futures import Future
from datetime import timedelta

import pytest
from sqlalchemy import insert

from intake.server.errors import Refusal, StorageUnavailable
from intake.server.models import bodies, erasures
from intake.server.services.objects import Kept
from intake.server.services.reports import arrived, store_reports
from intake.server.storage import SqliteStore
from intake.server.writer import Batched
from intake.wire.envelope import Envelope


@pytest.fixture
def together(core):
    """Submits jobs so that they are in one group: the writer is held by a job before them."""

    def submit(*jobs) -> list[Future]:
        begun, go_on = threading.Event(), threading.Event()

        def hold(connection):
            begun.set()
            assert go_on.wait(20)

        core.store.write(hold)
        assert begun.wait(20)
        futures = [core.store.write(job) for job in jobs]
        go_on.set()
        for future in futures:
            future.exception(20)
        return futures

    return submit


def report(core, sealed: bytes, object_id: bytes, epoch: int = 12, days: int = 0) -> Batched:
    envelope = Envelope(object_id, epoch, hashlib.sha256(sealed).digest(), sealed)
    return Batched(store_reports, arrived(envelope, core.clock() + timedelta(days)))


def outcomes(futures) -> list[str]:
    return ["" if future.exception() is None else future.exception().problem for future in futures]


def test_reports_of_one_group_are_all_stored(core, house, forge, together):
    jobs = [report(core, forge.sealed(), forge.object_id()) for _ in range(70)]
    assert outcomes(together(*jobs)) == [""] * 70
    assert house.count("objects") == house.count("bodies") == 70


def test_same_report_twice_in_one_group_is_stored_once(core, house, forge, together):
    sealed, object_id = forge.sealed(), forge.object_id()
    assert outcomes(together(*[report(core, sealed, object_id)] * 3)) == ["", "", ""]
    assert house.count("objects") == house.count("bodies") == 1


def test_other_report_under_one_id_in_the_same_group_is_refused_alone(core, house, forge, together):
    taken = forge.object_id()
    jobs = [report(core, forge.sealed(), object_id) for object_id in (forge.object_id(), taken, taken, b"x" * 16)]
    assert outcomes(together(*jobs)) == ["", "", "id-conflict", ""]
    assert house.count("objects") == house.count("bodies") == 3


def test_repeat_is_told_what_the_first_left_on_record(core, house, forge, together):
    sealed, object_id = forge.sealed(), forge.object_id()
    others = [report(core, forge.sealed(), forge.object_id()) for _ in range(3)]
    first, again = report(core, sealed, object_id, days=-1), report(core, sealed, object_id, epoch=0)
    kept = Kept(12, core.clock() - timedelta(1))
    assert [future.result() for future in together(others[0], first, again)] == [Kept(12, core.clock()), kept, kept]
    assert together(again, others[1], others[2])[0].result() == kept
    assert house.count("objects") == house.count("bodies") == 4
    assert {row[0]: row[1] for row in house.rows()["bodies"]}[object_id] == sealed


def test_bytes_that_lie_under_an_id_without_a_record_are_not_taken_for_a_report(core, house, forge, together):
    taken = forge.object_id()
    core.store.write(lambda connection: connection.execute(insert(bodies).values(id=taken, sealed=b"other"))).result()
    futures = together(report(core, forge.sealed(), taken), report(core, forge.sealed(), forge.object_id()))
    assert [type(future.exception()) for future in futures] == [StorageUnavailable, type(None)]
    assert house.count("objects") == 1
    assert (taken, b"other") in house.rows()["bodies"]


def test_job_that_raises_undoes_itself_and_nothing_else(core, house, forge, together):
    def bad(connection):
        connection.execute(insert(erasures).values(id=b"a" * 16))
        raise Refusal("malformed")

    def good(connection):
        connection.execute(insert(erasures).values(id=b"b" * 16))
        return "done"

    futures = together(report(core, forge.sealed(), forge.object_id()), bad, good)
    assert outcomes(futures) == ["", "malformed", ""]
    assert futures[2].result() == "done"
    assert house.rows()["erasures"] == [(b"b" * 16,)]
    assert house.count("objects") == 1


def test_jobs_give_their_own_results_whatever_stands_between(core, forge, together):
    jobs = [lambda connection, n=n: n for n in range(5)]
    jobs.insert(2, report(core, forge.sealed(), forge.object_id()))
    assert [future.result() for future in together(*jobs)] == [0, 1, Kept(12, core.clock()), 2, 3, 4]


def test_threads_take_turns_at_short_notice_only_while_jobs_come_in_company(core, together):
    usual = sys.getswitchinterval()
    in_company = together(*[lambda connection: sys.getswitchinterval()] * 4)
    assert [future.result() < usual / 10 for future in in_company] == [True] * 4
    assert core.store.write(lambda connection: sys.getswitchinterval()).result() == usual


def test_interval_of_turns_is_given_back_by_a_writer_that_ends_in_company(tmp_path):
    usual = sys.getswitchinterval()
    store = SqliteStore(tmp_path / "intake.sqlite")
    go_on = threading.Event()
    jobs = [store.write(lambda connection: go_on.wait(20)) for _ in range(6)]
    go_on.set()
    store.close()
    assert all(job.result() for job in jobs)
    assert sys.getswitchinterval() == usual


def test_report_that_is_refused_leaves_nothing_behind(core, forge, together):
    object_id = forge.object_id()
    together(report(core, forge.sealed(), object_id))
    (refused_one,) = together(report(core, forge.sealed(), object_id))
    assert refused_one.exception().__traceback__ is None
    assert outcomes([refused_one]) == ["id-conflict"]


@pytest.fixture
def hold_writer(core):
    """Holds the writer until the function it returns is called."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(connection):
        begun.set()
        assert go_on.wait(20)

    core.store.write(hold)
    assert begun.wait(20)
    yield go_on.set
    go_on.set()


def mark(byte: bytes):
    return lambda connection: connection.execute(insert(erasures).values(id=byte * 16)) and byte


def refused(connection):
    raise Refusal("malformed")


def test_jobs_awaited_in_a_loop_get_their_own_results_and_errors(core, house, hold_writer):
    async def both():
        jobs = [core.store.write_from_loop(job) for job in (mark(b"a"), refused, mark(b"b"))]
        hold_writer()
        return await asyncio.gather(*jobs, return_exceptions=True)

    first, failure, last = asyncio.run(both())
    assert (first, failure.problem, last) == (b"a", "malformed", b"b")
    assert sorted(house.rows()["erasures"]) == [(b"a" * 16,), (b"b" * 16,)]


def test_job_called_off_before_its_turn_is_not_run(core, house, hold_writer):
    async def call_off():
        job = core.store.write_from_loop(mark(b"a"))
        job.cancel()
        hold_writer()
        assert await core.store.write_from_loop(mark(b"b")) == b"b"

    asyncio.run(call_off())
    assert house.rows()["erasures"] == [(b"b" * 16,)]


def test_loop_that_ended_before_the_commit_stops_nobody(core, house, hold_writer):
    async def leave():
        core.store.write_from_loop(mark(b"a"))

    asyncio.run(leave())
    hold_writer()
    assert core.store.write(mark(b"b")).result(20) == b"b"
    assert len(house.rows()["erasures"]) == 2
