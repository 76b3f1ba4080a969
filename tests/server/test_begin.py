"""Creation in the service: the same id again is the same upload, and the class of work goes with the object."""

import asyncio
import hashlib

import pytest

from intake.server.errors import Refusal
from intake.server.services.core import open_core
from intake.server.services.reports import accept_report
from intake.server.services.uploads import Chunk
from tests.server.test_expiry import Pieces


def begin(core, size: int, *arguments: object, **named: object) -> bytes:
    return asyncio.run(core.uploads.begin_upload(size, 12, *arguments, **named))


def test_same_creation_again_is_the_same_upload(core, house, forge):
    data, wanted = forge.media(), forge.object_id()
    assert begin(core, len(data), work=2, upload_id=wanted) == wanted
    asyncio.run(core.uploads.append_chunk(wanted, Chunk(0, Pieces(data[:5000]))))
    before = house.snapshot()
    assert begin(core, len(data), work=2, upload_id=wanted) == wanted
    assert house.snapshot() == before
    asyncio.run(core.uploads.append_chunk(wanted, Chunk(5000, Pieces(data[5000:]))))
    before = house.snapshot()
    assert begin(core, len(data), work=2, upload_id=wanted) == wanted
    assert house.snapshot() == before


@pytest.mark.parametrize("stage", ["begun", "complete"])
def test_same_id_for_something_else_is_a_conflict(core, house, forge, stage):
    data, wanted = forge.media(), forge.object_id()
    begin(core, len(data), work=1, upload_id=wanted)
    if stage == "complete":
        asyncio.run(core.uploads.append_chunk(wanted, Chunk(0, Pieces(data))))
    before = house.snapshot()
    other_size = len(forge.media(2 << 20))
    for size, work in ((other_size, 1), (len(data), 0)):
        with pytest.raises(Refusal, match="id-conflict"):
            begin(core, size, work=work, upload_id=wanted)
    assert house.snapshot() == before


def test_id_of_a_report_is_a_conflict(core, forge):
    wanted = forge.object_id()
    asyncio.run(accept_report(core, forge.envelope(object_id=wanted)))
    with pytest.raises(Refusal, match="id-conflict"):
        begin(core, len(forge.media()), upload_id=wanted)


def test_creations_at_the_same_moment_make_one_upload(core, house, forge):
    wanted, size = forge.object_id(), len(forge.media())

    async def at_once() -> list[bytes]:
        return await asyncio.gather(*(core.uploads.begin_upload(size, 12, upload_id=wanted) for _ in range(8)))

    assert asyncio.run(at_once()) == [wanted] * 8
    assert house.count("uploads") == 1


def test_class_of_work_is_kept_with_the_object(core, house, forge):
    data = forge.media()
    upload_id = begin(core, len(data), 3)
    assert house.rows()["uploads"][0][5] == 3
    asyncio.run(core.uploads.append_chunk(upload_id, Chunk(0, Pieces(data))))
    (row,) = house.rows()["objects"]
    assert row[0] == upload_id
    assert row[-1] == 3


def test_part_that_a_crash_left_without_a_record_is_replaced(core, house, forge):
    data, wanted = forge.media(), forge.object_id()
    core.blobs.reserve(wanted, 10, core.clock())
    begin(core, len(data), upload_id=wanted)
    done = asyncio.run(core.uploads.append_chunk(wanted, Chunk(0, Pieces(data))))
    assert done.sha256 is not None


def test_upload_that_stopped_between_seal_and_record_is_completed_when_asked(core, house, forge):
    data = forge.media()
    upload_id = begin(core, len(data), 2)
    part = core.blobs.open_part(upload_id)
    part.write(0, [data])
    part.close()
    core.blobs.seal(upload_id, len(data), core.clock())
    progress = asyncio.run(core.uploads.progress(upload_id))
    assert (progress.offset, progress.sha256 is not None) == (len(data), True)
    assert house.count("uploads") == 0
    assert house.rows()["objects"][0][-1] == 2


def test_upload_begun_anew_elsewhere_under_its_id_is_another_one(core, house, forge):
    """Two processes, here two cores on one folder: what the first remembers of the removed upload must not count."""
    wanted, first, second = forge.object_id(), forge.media(), forge.media()
    begin(core, len(first), upload_id=wanted)
    asyncio.run(core.uploads.append_chunk(wanted, Chunk(0, Pieces(first[:5000]))))
    with open_core(house.settings) as other:
        asyncio.run(other.uploads.cancel_upload(wanted))
        begin(other, len(second), upload_id=wanted)
        asyncio.run(other.uploads.append_chunk(wanted, Chunk(0, Pieces(second[:5000]))))
    done = asyncio.run(core.uploads.append_chunk(wanted, Chunk(5000, Pieces(second[5000:]))))
    assert done.sha256 == hashlib.sha256(second).digest()
    assert b"".join(core.blobs.read(wanted)) == second
