"""Jobs that share a commit: what one raises is its own, and reports of one group are as good as reports alone."""

import asyncio
import hashlib
import threading
from concurrent.futures import Future

import pytest
from sqlalchemy import insert

from intake.server.errors import Refusal
from intake.server.models import erasures
from intake.server.services.objects import Kept
from intake.server.services.reports import Arrived, store_reports
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


def report(core, sealed: bytes, object_id: bytes) -> Batched:
    envelope = Envelope(object_id, 12, hashlib.sha256(sealed).digest(), sealed)
    return Batched(store_reports, Arrived(envelope, core.clock()))


def outcomes(futures) -> list[str]:
    return ["" if future.exception() is None else future.exception().problem for future in futures]


def test_reports_of_one_group_are_all_stored(core, house, forge, together):
    jobs = [report(core, forge.sealed(), forge.object_id()) for _ in range(30)]
    assert outcomes(together(*jobs)) == [""] * 30
    assert house.count("objects") == house.count("bodies") == 30


def test_same_report_twice_in_one_group_is_stored_once(core, house, forge, together):
    sealed, object_id = forge.sealed(), forge.object_id()
    assert outcomes(together(*[report(core, sealed, object_id)] * 3)) == ["", "", ""]
    assert house.count("objects") == house.count("bodies") == 1


def test_other_report_under_one_id_in_the_same_group_is_refused_alone(core, house, forge, together):
    taken = forge.object_id()
    jobs = [report(core, forge.sealed(), object_id) for object_id in (forge.object_id(), taken, taken, b"x" * 16)]
    assert outcomes(together(*jobs)) == ["", "", "id-conflict", ""]
    assert house.count("objects") == house.count("bodies") == 3


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
