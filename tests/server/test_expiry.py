"""Unfinished media go days after their last byte, by a clock that only knows days; nothing else goes with them."""

import asyncio
import dataclasses
import hashlib
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from intake.server.errors import BodyCut, Refusal
from intake.server.models import uploads
from intake.server.services.core import open_core
from intake.server.services.daily import DailyWork
from intake.server.services.expiry import expire_unfinished
from intake.server.services.reports import accept_report
from intake.server.services.uploads import Chunk


class Days:
    """A clock that stands until it is set."""

    def __init__(self, day: date) -> None:
        self.start = self.day = day

    def __call__(self) -> date:
        return self.day

    def set(self, days: int) -> None:
        self.day = self.start + timedelta(days)


class Pieces:
    """A body of these pieces; it then waits for `end`, or ends when there is none."""

    length = None

    def __init__(self, *pieces: bytes, end: asyncio.Event | None = None) -> None:
        self._pieces = list(pieces)
        self._end = end

    def stop(self) -> None:
        if self._end is not None:
            self._end.set()

    async def take(self, wanted: int) -> list[bytes]:
        if not self._pieces and self._end is not None:
            await self._end.wait()
            raise BodyCut(taken_over=True)
        pieces, self._pieces = self._pieces, []
        return pieces


@pytest.fixture
def days(deployment):
    return Days(deployment.today)


@pytest.fixture
def core(house, days):
    with open_core(house.settings, days) as opened:
        yield opened


def begun(core, size: int) -> bytes:
    return asyncio.run(core.uploads.begin_upload(size, 12))


def add(core, upload_id: bytes, offset: int, data: bytes):
    return asyncio.run(core.uploads.append_chunk(upload_id, Chunk(offset, Pieces(data))))


def test_upload_goes_on_the_fourth_day_after_its_last_byte(core, days, house, forge):
    before = house.snapshot()
    data = forge.media()
    upload_id = begun(core, len(data))
    days.set(2)
    progress = add(core, upload_id, 0, data[:5000])
    assert core.uploads.goes_on(progress) == days.start + timedelta(2 + 4)
    for day in (2, 5):
        days.set(day)
        assert expire_unfinished(core) == 0
    days.set(6)
    assert expire_unfinished(core) == 1
    assert house.snapshot() == before
    with pytest.raises(Refusal, match="not-found"):
        asyncio.run(core.uploads.progress(upload_id))


def test_reservation_of_nothing_goes_by_its_first_day(core, days, house, forge):
    before = house.snapshot()
    begun(core, len(forge.media()))
    days.set(3)
    assert expire_unfinished(core) == 0
    days.set(4)
    assert expire_unfinished(core) == 1
    assert house.snapshot() == before


def test_reports_and_stored_media_never_go(core, days, house, forge):
    asyncio.run(accept_report(core, forge.envelope()))
    data = forge.media()
    assert add(core, begun(core, len(data)), 0, data).sha256 is not None
    before = house.snapshot()
    days.set(1000)
    assert expire_unfinished(core) == 0
    assert house.snapshot() == before


def test_upload_that_is_being_received_stays(core, days, house, forge):
    data = forge.media()
    upload_id = begun(core, len(data))
    days.set(10)

    async def receiving() -> None:
        end = asyncio.Event()
        body = Pieces(data[:100], end=end)
        task = asyncio.create_task(core.uploads.append_chunk(upload_id, Chunk(0, body)))
        while body._pieces:
            await asyncio.sleep(0)
        assert await asyncio.to_thread(expire_unfinished, core) == 0
        end.set()
        with pytest.raises(BodyCut):
            await task

    asyncio.run(receiving())
    assert expire_unfinished(core) == 0
    assert core.store.read(lambda c: c.execute(select(uploads.c.position, uploads.c.day)).one()) == (100, days.day)


def test_upload_that_is_all_there_is_stored_instead(core, days, house, forge):
    data = forge.media()
    upload_id = begun(core, len(data))
    asyncio.run(core.uploads.append_chunk(upload_id, Chunk(0, Pieces(data), ends=False)))
    assert house.count("objects") == 0
    days.set(4)
    assert expire_unfinished(core) == 0
    assert b"".join(core.blobs.read(upload_id)) == data
    assert asyncio.run(core.uploads.progress(upload_id)).sha256 == hashlib.sha256(data).digest()
    assert house.count("uploads") == 0


@pytest.mark.parametrize(("hours", "kept"), [(1, 1), (24, 1), (25, 2), (72, 3), (73, 4)])
def test_hours_are_rounded_up_to_days(house, days, forge, hours, kept):
    settings = dataclasses.replace(house.settings, unfinished_hours=hours)
    with open_core(settings, days) as core:
        begun(core, len(forge.media()))
        days.set(kept)
        assert expire_unfinished(core) == 0
        days.set(kept + 1)
        assert expire_unfinished(core) == 1


def test_daily_work_expires_and_says_how_many(core, days, house, forge, caplog):
    begun(core, len(forge.media()))
    days.set(4)
    with caplog.at_level("INFO"):
        DailyWork(core).do()
    assert "event=uploads-expired uploads=1" in caplog.messages
    assert house.count("uploads") == 0


def test_hours_of_silence_between_pieces_are_fine(core, days, house, forge):
    data = forge.media()
    upload_id = begun(core, len(data))
    for number, offset in enumerate(range(0, len(data), 10_000)):
        days.set(3 * number)
        assert expire_unfinished(core) == 0
        progress = add(core, upload_id, offset, data[offset : offset + 10_000])
    assert progress.sha256 is not None
