"""`intake move`: from the embedded stores to PostgreSQL and a bucket, the same before and after, whatever stops it."""

import fcntl
import json
import os

import pytest
from sqlalchemy import insert, select

from intake.server.models import counters, metadata, objects
from intake.server.services.core import open_core
from intake.server.services.export import export_bundle
from intake.server.services.move import fingerprint, move
from intake.server.services.reports import store_report
from intake.server.storage import SqliteStore
from intake.server.storage_postgres import PostgresStore
from intake.server.stores import Bucket
from intake.wire.envelope import parse_envelope
from tests.server.houses import client_of


@pytest.fixture
def filled(house, forge, store_media, tmp_path):
    """A data folder with reports, media, an unfinished upload's room, a log and a bundle; its core is closed."""
    with open_core(house.settings) as core:
        for _ in range(300):
            envelope = parse_envelope(forge.envelope())
            core.store.write(lambda c, envelope=envelope: store_report(c, envelope, core.clock()))
        house.media = {store_media(core, forge.media(), core.clock()) for _ in range(5)}
        core.blobs.reserve(b"u" * 16, 1000, core.clock())
        export_bundle(core, tmp_path / "bundles")
    return house


@pytest.fixture
def wish(postgres, bucketeer, tmp_path):
    """Writes a file for --stores that names a new database, a new bucket, or both."""

    def write(database: bool = True, bucket: bool = True):
        wished = {"database": postgres.url(postgres.make())} if database else {}
        wished |= {"bucket": bucketeer.make()} if bucket else {}
        path = tmp_path / f"wished-{os.urandom(4).hex()}.json"
        path.write_text(json.dumps(wished), "utf-8")
        path.chmod(0o600)
        return path

    return write


def same_rows(before, after) -> bool:
    names = set(before) - {"alembic_version"}
    return {n: before[n] for n in names} == {n: after[n] for n in names}


def test_moved_folder_is_the_same_in_every_row_and_byte(filled, wish, intake):
    before = filled.snapshot()
    ran = intake("move", "--data", filled.data, "--stores", wish())
    assert ran.returncode == 0, ran.stderr
    after = filled.snapshot()
    assert same_rows(before["rows"], after["rows"])
    assert {f"{blob_id.hex()}.age" for blob_id in filled.media} == set(after["bucket"])
    assert before["files"] == after["files"]
    assert "objects: 305 rows, the same on both sides" in ran.stdout
    assert "media: 5 of 5 copied, read back and the same" in ran.stdout
    assert intake("offload", "--data", filled.data).stdout.startswith("5 media moved")
    assert list((filled.data / "objects").iterdir()) == []


def test_moved_folder_serves_and_exports_as_before(filled, wish, intake, start_server, forge, tmp_path):
    assert intake("move", "--data", filled.data, "--stores", wish()).returncode == 0
    server = start_server()
    assert server.stop() == 0
    ran = intake("export", "--data", filled.data, "--out", tmp_path / "out")
    assert ", 305 objects, " in ran.stdout
    assert ran.returncode == 0


@pytest.mark.parametrize("part", ["database", "bucket"])
def test_one_store_is_moved_and_then_the_other(filled, wish, intake, part):
    before = filled.snapshot()
    first = wish(database=part == "database", bucket=part == "bucket")
    assert intake("move", "--data", filled.data, "--stores", first).returncode == 0
    second = wish()
    wished = json.loads(second.read_text()) | json.loads(first.read_text())
    second.write_text(json.dumps(wished))
    ran = intake("move", "--data", filled.data, "--stores", second)
    assert ran.returncode == 0, ran.stderr
    after = filled.snapshot()
    assert same_rows(before["rows"], after["rows"])
    assert len(after["bucket"]) == 5


def test_move_is_refused_while_a_server_runs(filled, wish, intake, start_server):
    start_server()
    before = filled.snapshot()
    ran = intake("move", "--data", filled.data, "--stores", wish())
    assert (ran.returncode, "something else has it open" in ran.stderr) == (1, True)
    assert "hint: stop the other server" in ran.stderr
    assert filled.snapshot() == before


def test_server_does_not_start_during_a_move(filled, intake):
    handle = os.open(filled.settings.folder.open_lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    ran = intake("status", "--data", filled.data)
    os.close(handle)
    assert (ran.returncode, "its stores are being moved" in ran.stderr) == (1, True)


def test_database_with_other_records_is_refused_and_unchanged(filled, wish, intake):
    path = wish()
    url = json.loads(path.read_text())["database"]
    other = PostgresStore(url)
    other.write(lambda c: c.execute(insert(counters).values(name="theirs", value="1"))).result()
    ran = intake("move", "--data", filled.data, "--stores", path)
    assert (ran.returncode, "holds other records" in ran.stderr) == (1, True)
    assert other.read(lambda c: c.execute(select(counters.c.name)).scalars().all()) == ["theirs"]
    other.close()
    assert not filled.settings.folder.stores.exists()


def test_move_that_was_stopped_at_any_line_goes_on_and_ends_the_same(filled, wish, intake):
    before, path, lines = filled.snapshot(), wish(), 0
    for stop in range(100):
        going = move(filled.settings, path)
        seen = [line for _, line in zip(range(stop), going, strict=False)]
        going.close()
        lines = max(lines, len(seen))
        if filled.settings.folder.stores.exists():
            break
        assert filled.rows() == before["rows"]
    assert lines > len(metadata.sorted_tables)
    assert same_rows(before["rows"], filled.rows())


def test_half_a_table_is_copied_anew(filled, wish, intake):
    path = wish(bucket=False)
    half = PostgresStore(json.loads(path.read_text())["database"])
    source = SqliteStore(filled.settings.folder.database)
    rows = source.read(lambda c: [dict(row) for row in c.execute(select(objects)).mappings()])
    half.write(lambda c: c.execute(insert(counters).values(name="move-unfinished", value=""))).result()
    half.write(lambda c: c.execute(insert(objects), [row | {"size": 1} for row in rows[:7]])).result()
    ran = intake("move", "--data", filled.data, "--stores", path)
    assert ran.returncode == 0, ran.stderr
    found = [{table.name: fingerprint(store, table) for table in metadata.sorted_tables} for store in (source, half)]
    assert found[0] == found[1]
    assert half.read(lambda c: c.execute(select(counters.c.name)).scalars().all()) == ["bundle-serial"]
    source.close()
    half.close()


def test_damaged_media_are_named_and_stay(filled, wish, intake):
    first, second = sorted(filled.media)[:2]
    filled.media_file(first).write(b"x")
    filled.media_file(second).remove()
    ran = intake("move", "--data", filled.data, "--stores", wish())
    assert ran.returncode == 0, ran.stderr
    for blob_id in (first, second):
        assert f"missing or damaged before, not copied: {blob_id.hex()}" in ran.stdout
    assert "media: 3 of 5 copied" in ran.stdout
    assert filled.media_file(first).read() == b"x"


def test_other_bytes_in_the_bucket_stop_the_move(filled, wish, intake):
    path = wish()
    place = Bucket(**json.loads(path.read_text())["bucket"])
    client_of(place).put(f"{sorted(filled.media)[0].hex()}.age", b"evil")
    ran = intake("move", "--data", filled.data, "--stores", path)
    assert (ran.returncode, "holds other bytes" in ran.stderr) == (1, True)
    assert not filled.settings.folder.stores.exists()


def test_fingerprints_tell_any_changed_row(filled):
    store = SqliteStore(filled.settings.folder.database)
    before = fingerprint(store, objects)
    change = "UPDATE objects SET work = 1 WHERE id = (SELECT min(id) FROM objects)"
    store.write(lambda c: c.exec_driver_sql(change)).result()
    assert fingerprint(store, objects)[0] == before[0]
    assert fingerprint(store, objects)[1] != before[1]
    store.close()
