"""Quotas for unfinished media: reservations that cost nothing cannot shut out those who work."""

import asyncio
import os

import pytest
from sqlalchemy import insert

from intake.server.errors import PuzzleNeeded, Refusal, StorageFull
from intake.server.models import uploads
from intake.server.services.admission import UNFINISHED_MAX, admit_upload
from intake.wire.puzzle import Puzzle
from tests.puzzles import solve

SIZE = 70_000


@pytest.fixture
def begin(core):
    """Puts unfinished uploads into the store, as begun today."""

    def put(count: int, size: int, work: int) -> None:
        rows = [
            {"id": os.urandom(16), "size": size, "epoch": 0, "position": 0, "work": work, "day": core.clock()}
            for _ in range(count)
        ]
        core.store.write(lambda connection: connection.execute(insert(uploads), rows)).result()

    return put


def solved(core, size=SIZE, subject=bytes(16)):
    """The header of an upload that brings work nobody asked for."""
    asked = core.puzzles.ask(size, 1)
    return solve(Puzzle(asked.window, asked.seed, asked.bits), subject, size)


def test_upload_at_rest_is_let_in_without_work(core):
    assert asyncio.run(admit_upload(core, None, SIZE)).work == 0


def test_too_many_unfinished_uploads_without_work_ask_for_it(core, begin):
    begin(UNFINISHED_MAX - 1, 1, 0)
    assert asyncio.run(admit_upload(core, None, SIZE)).upload_id is None
    begin(1, 1, 0)
    with pytest.raises(PuzzleNeeded) as asked:
        asyncio.run(admit_upload(core, None, SIZE))
    assert asked.value.puzzle.bits == 14
    admitted = asyncio.run(admit_upload(core, solved(core), SIZE))
    assert (admitted.work, len(admitted.upload_id)) == (1, 16)


def test_half_of_what_is_free_is_for_uploads_without_work(core, begin):
    begin(1, 2 * core.room.for_media(), 0)
    with pytest.raises(PuzzleNeeded):
        asyncio.run(admit_upload(core, None, SIZE))
    assert asyncio.run(admit_upload(core, solved(core), SIZE)).work == 1


def test_too_many_unfinished_uploads_with_work_are_put_off(core, begin):
    begin(UNFINISHED_MAX, 1, 2)
    with pytest.raises(Refusal) as refused:
        asyncio.run(admit_upload(core, solved(core), SIZE))
    assert refused.value.problem == "unavailable"
    assert asyncio.run(admit_upload(core, None, SIZE)).work == 0


def test_upload_that_cannot_fit_is_refused_before_any_work(core):
    with pytest.raises(StorageFull):
        asyncio.run(admit_upload(core, None, core.room.disk().free))


def test_upload_that_was_begun_is_let_in_again_whatever_is_full(core, begin):
    header = solved(core)
    upload_id = asyncio.run(admit_upload(core, header, SIZE)).upload_id
    row = {"id": upload_id, "size": SIZE, "epoch": 0, "position": 0, "work": 1, "day": core.clock()}
    core.store.write(lambda connection: connection.execute(insert(uploads), [row])).result()
    begin(UNFINISHED_MAX, 1, 1)
    assert asyncio.run(admit_upload(core, header, SIZE)).upload_id == upload_id


def test_solved_upload_begun_again_and_again_is_counted_once(core):
    header = solved(core)
    for _ in range(100):
        assert asyncio.run(admit_upload(core, header, SIZE)).work == 1
    assert core.pressure.level == 0
    assert core.pressure._solved(1) == 0.1
