"""Starts after a crash: what is made good, what is only told, and that nothing acknowledged is lost by kill -9."""

import contextlib
import hashlib
import random
import sqlite3
import threading

import httpx
from sqlalchemy import insert

from intake.server.models import erasures, uploads
from intake.server.services.handover import Locks
from intake.server.services.repair import Repairs, repair


def record(core, upload_id: bytes, size: int, position: int) -> None:
    values = {"id": upload_id, "size": size, "epoch": 12, "position": position, "day": core.clock()}
    core.store.write(lambda c: c.execute(insert(uploads).values(values))).result()


def test_start_with_everything_in_order_repairs_nothing(house, core, forge, store_media):
    store_media(core, forge.media(), core.clock())
    before = house.snapshot()
    assert repair(core) == Repairs()
    assert house.snapshot() == before


def test_unfinished_upload_is_measured(house, core, forge):
    core.blobs.reserve(b"a" * 16, 100_000, core.clock())
    record(core, b"a" * 16, 100_000, 5000)
    assert repair(core) == Repairs(measured=1)
    assert house.rows()["uploads"][0][3] == 5000


def test_offset_is_never_past_the_file(house, core):
    core.blobs.reserve(b"a" * 16, 4000, core.clock())
    record(core, b"a" * 16, 100_000, 5000)
    assert repair(core) == Repairs(measured=1)
    assert house.rows()["uploads"][0][3] == 4000


def test_upload_that_was_renamed_but_not_committed_is_completed(house, core, forge):
    data = forge.media()
    core.blobs.reserve(b"b" * 16, len(data), core.clock())
    record(core, b"b" * 16, len(data), 5000)
    part = core.blobs.open_part(b"b" * 16)
    part.write(0, [data])
    part.close()
    core.blobs.seal(b"b" * 16, len(data), core.clock())
    assert repair(core) == Repairs(sealed=1)
    (row,) = house.rows()["objects"]
    assert row[:5] == (b"b" * 16, 2, len(data), hashlib.sha256(data).digest(), 12)
    assert house.rows()["uploads"] == []


def test_upload_without_its_file_is_forgotten(house, core):
    record(core, b"c" * 16, 100_000, 5000)
    assert repair(core) == Repairs(lost=1)
    assert house.rows()["uploads"] == []


def test_upload_that_another_server_is_receiving_is_left_alone(house, core):
    record(core, b"c" * 16, 100_000, 5000)
    with contextlib.closing(Locks(house.settings.folder.run)) as receiving:
        assert receiving.take(b"c" * 16)
        assert repair(core, alone=False) == Repairs()
    assert len(house.rows()["uploads"]) == 1
    assert repair(core, alone=False) == Repairs(lost=1)


def test_reservation_without_a_record_is_removed(house, core):
    core.blobs.reserve(b"d" * 16, 100_000, core.clock())
    assert repair(core) == Repairs(reservations=1)
    assert core.blobs.parts() == set()


def test_erasure_that_was_begun_is_finished(house, core, forge, store_media):
    kept = store_media(core, forge.media(), core.clock())
    gone = b"e" * 16
    core.blobs.reserve(gone, 10, core.clock())
    core.blobs.seal(gone, 10, core.clock())
    core.store.write(lambda c: c.execute(insert(erasures).values(id=gone))).result()
    assert repair(core) == Repairs(erased=1)
    assert core.blobs.sealed() == {kept}


def test_media_without_a_record_and_damaged_media_are_told_and_left(house, core, forge, store_media):
    cut = store_media(core, forge.media(), core.clock())
    house.media_file(cut).write(b"x")
    core.blobs.reserve(b"f" * 16, 10, core.clock())
    core.blobs.seal(b"f" * 16, 10, core.clock())
    before = house.snapshot()
    assert repair(core) == Repairs(unrecorded=1, damaged=1)
    assert house.snapshot() == before


def send_until_it_dies(server, forge, acked: list[bytes], offsets: dict[str, int]) -> None:
    """Reports and pieces of media until the connection breaks; remembers what was acknowledged."""
    tus = {"Tus-Resumable": "1.0.0", "Intake-Epoch": "12"}
    try:
        with httpx.Client(base_url=server.url, timeout=10, trust_env=False) as client:
            data = forge.media()
            url = client.post("/uploads", headers=tus | {"Upload-Length": str(len(data))}).headers["location"]
            for step in range(10_000):
                body = forge.envelope()
                assert client.post("/reports", content=body).status_code == 200
                acked.append(body)
                offset = step * 1000
                headers = tus | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
                if offset + 1000 < len(data):
                    answer = client.patch(url, headers=headers, content=data[offset : offset + 1000])
                    assert answer.status_code == 204
                    offsets[url] = offset + 1000
    except httpx.HTTPError:
        return


def test_kill_at_any_moment_loses_nothing_acknowledged(start_server, house, make_forge):
    server, chance = start_server(), random.Random(3)
    acked: list[bytes] = []
    offsets: dict[str, int] = {}
    for turn in range(20):
        threads = [
            threading.Thread(target=send_until_it_dies, args=(server, make_forge(100 * turn + i), acked, offsets))
            for i in range(4)
        ]
        goal = len(acked) + chance.randrange(5, 60)
        for thread in threads:
            thread.start()
        while len(acked) < goal and any(thread.is_alive() for thread in threads):
            threads[0].join(0.005)
        server.kill()
        for thread in threads:
            thread.join()
        server.start()
    check_kept(server, house, acked, offsets)


def check_kept(server, house, acked: list[bytes], offsets: dict[str, int]) -> None:
    assert len(acked) > 200
    kept = dict(house.rows()["bodies"])
    assert [body for body in acked if kept.get(body[:16]) != body[52:]] == []
    assert len(offsets) > 20
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for url, offset in offsets.items():
            told = int(client.head(url, headers={"Tus-Resumable": "1.0.0"}).headers["upload-offset"])
            assert told >= offset
    if house.stores.database is not None:
        return
    connection = sqlite3.connect(house.data / "intake.sqlite")
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    connection.close()
