"""A bucket that does not answer: media are taken as long as the spool has room, and nothing is called lost."""

import contextlib
import dataclasses
import hashlib
import json
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert

from intake.server.errors import StorageUnavailable
from intake.server.models import erasures
from intake.server.services.core import open_core
from intake.server.services.deletion import finish_erasures
from intake.server.services.objects import NewObject, put_object
from intake.server.services.offload import Mover, Offloaded, offload
from intake.server.services.repair import Repairs, repair
from intake.server.services.reports import store_report
from intake.server.stores import write_stores
from intake.wire.bundle_index import segment_path
from intake.wire.envelope import parse_envelope

STORES = ("s3",)
TUS = {"Tus-Resumable": "1.0.0", "Intake-Epoch": "12"}
PATCH = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}


def name_endpoint(house, endpoint: str) -> None:
    stores = house.stores
    write_stores(
        house.settings.folder, dataclasses.replace(stores, bucket=dataclasses.replace(stores.bucket, endpoint=endpoint))
    )


@pytest.fixture
def moved(house, forge, store_media):
    """A medium that lies in the bucket alone, and a way to it that can be cut."""
    with open_core(house.settings) as core:
        moved = store_media(core, forge.media(), core.clock())
        assert core.blobs.waiting() == set()
    return moved


@pytest.fixture
def away(house, moved):
    """The house's bucket does not answer; returns how to bring it back."""
    endpoint = house.stores.bucket.endpoint
    name_endpoint(house, "http://127.0.0.1:9")
    return lambda: name_endpoint(house, endpoint)


def test_server_starts_and_takes_everything(house, moved, away, start_server, forge):
    server = start_server()
    assert "event=stores-not-looked-at" in server.log.read_text("utf-8")
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        assert client.post("/reports", content=forge.envelope()).status_code == 200
        data = forge.media()
        url = client.post("/uploads", headers=TUS | {"Upload-Length": str(len(data))}).headers["location"]
        assert client.patch(url, headers=PATCH, content=data).status_code == 204
    assert server.stop() == 0
    away()
    with open_core(house.settings) as core:
        assert repair(core) == Repairs()
        assert offload(core, everything=True) == Offloaded(moved=1)
        assert len(core.blobs.sealed()) == 2


def test_export_says_unavailable_and_neither_missing_nor_damaged(house, moved, away, intake, forge, tmp_path):
    with open_core(house.settings) as core:
        envelope = parse_envelope(forge.envelope())
        core.store.write(lambda c: store_report(c, envelope, core.clock())).result()
    ran = intake("export", "--data", house.data, "--out", tmp_path / "out")
    assert ran.returncode == 1
    assert f"not readable now, comes with a later bundle: {moved.hex()}" in ran.stdout
    assert ", 2 objects, " in ran.stdout
    assert "damaged" not in ran.stdout + ran.stderr
    (folder,) = (tmp_path / "out").glob("bundle-*")
    assert envelope.sealed in (folder / segment_path(0)).read_bytes()
    away()
    ran = intake("export", "--data", house.data, "--out", tmp_path / "later")
    assert ran.returncode == 0, ran.stderr


def test_offload_says_so_and_keeps_everything(house, away, intake, forge, store_media):
    with open_core(house.settings) as core, pytest.raises(StorageUnavailable):
        store_media(core, forge.media(), core.clock())
    ran = intake("offload", "--data", house.data)
    assert (ran.returncode, "bucket: " in ran.stderr) == (1, True)
    assert len(list((house.data / "objects").iterdir())) == 1


def test_erasure_waits_for_the_bucket_and_is_finished_then(house, moved, away):
    with open_core(house.settings) as core:
        core.store.write(lambda c: c.execute(insert(erasures).values(id=moved))).result()
        with pytest.raises(StorageUnavailable):
            finish_erasures(core)
    assert house.count("erasures") == 1
    away()
    with open_core(house.settings) as core:
        assert finish_erasures(core) == 1
        assert core.blobs.sealed() == set()


def test_only_media_of_earlier_days_are_moved_by_the_server(house, forge, store_media):
    with open_core(house.settings) as core:
        data = forge.media()
        core.blobs.reserve(b"p" * 16, len(data), core.clock())
        core.blobs.seal(b"p" * 16, len(data), core.clock())
        assert offload(core, everything=False) == Offloaded(left=1)


def store_of_yesterday(core, forge) -> bytes:
    data, day = forge.media(), core.clock() - timedelta(days=1)
    new = NewObject(forge.object_id(), 2, len(data), hashlib.sha256(data).digest(), 12)
    core.blobs.reserve(new.object_id, new.size, day)
    part = core.blobs.open_part(new.object_id)
    part.write(0, [data])
    part.close()
    core.blobs.seal(new.object_id, new.size, day)
    core.store.write(lambda connection: put_object(connection, new, day)).result()
    return new.object_id


def test_mover_of_a_running_server_moves_what_is_older_than_today(house, forge):
    with open_core(house.settings) as core:
        ids = {store_of_yesterday(core, forge) for _ in range(3)}
        with contextlib.closing(Mover(core, 0.01)):
            deadline = time.monotonic() + 30
            while core.blobs.waiting():
                assert time.monotonic() < deadline
        assert core.blobs.sealed() == ids


def test_mover_tells_of_the_bucket_and_goes_on_when_it_is_back(house, forge, caplog):
    with open_core(house.settings) as core:
        store_of_yesterday(core, forge)
        endpoint = house.stores.bucket.endpoint
        name_endpoint(house, "http://127.0.0.1:9")
    with caplog.at_level("INFO"), open_core(house.settings) as core, contextlib.closing(Mover(core, 0.01)):
        deadline = time.monotonic() + 30
        while "event=bucket-away kind=StorageUnavailable" not in caplog.text:
            assert time.monotonic() < deadline
        assert len(core.blobs.waiting()) == 1
    name_endpoint(house, endpoint)
    with open_core(house.settings) as core:
        assert offload(core, everything=False) == Offloaded(moved=1)


def test_init_with_a_bucket_that_does_not_answer_names_no_stores(tmp_path: Path, intake):
    wished = tmp_path / "wished.json"
    bucket = {"endpoint": "http://127.0.0.1:9", "bucket": "b", "region": "r", "key_id": "k", "secret": "canary"}
    wished.write_text(json.dumps({"bucket": bucket | {"allow_http": True}}))
    wished.chmod(0o600)
    ran = intake("init", "--data", tmp_path / "data", "--stores", wished)
    assert ran.returncode == 1
    assert "canary" not in ran.stdout + ran.stderr
    assert not (tmp_path / "data" / "stores.json").exists()
