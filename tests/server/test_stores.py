"""The two stores behind their interfaces: one contract each, for this and every later implementation."""

import errno
import os
import threading
from concurrent.futures import wait
from datetime import date

import pytest
from sqlalchemy import insert, select

from intake.server.blobs import FolderBlobs
from intake.server.errors import Refusal, StorageFull, StorageUnavailable
from intake.server.models import counters
from intake.server.storage import SqliteStore

DAY = date(2026, 11, 22)


def put(name: str, value: str = "x"):
    return lambda connection: connection.execute(insert(counters).values(name=name, value=value)).rowcount


def names(store) -> set[str]:
    return set(store.read(lambda connection: connection.execute(select(counters.c.name)).scalars().all()))


class TestMetadataStore:
    """What every metadata store must do."""

    @pytest.fixture
    def store(self, tmp_path):
        store = SqliteStore(tmp_path / "intake.sqlite")
        yield store
        store.close()

    def test_write_is_seen_when_its_future_is_done(self, store):
        assert store.write(put("a")).result() == 1
        assert names(store) == {"a"}

    def test_write_that_raises_changes_nothing_and_hurts_no_other(self, store):
        def refused(connection):
            put("refused")(connection)
            raise Refusal("id-conflict")

        started = threading.Event()
        blocker = store.write(lambda connection: started.wait(10))
        jobs = [store.write(job) for job in (put("a"), refused, put("b"))]
        started.set()
        wait([blocker, *jobs])
        assert isinstance(jobs[1].exception(), Refusal)
        assert names(store) == {"a", "b"}

    def test_failed_statement_fails_its_whole_group_and_the_store_goes_on(self, store):
        store.write(put("a")).result()
        started = threading.Event()
        blocker = store.write(lambda connection: started.wait(10))
        jobs = [store.write(put("b")), store.write(put("a"))]
        started.set()
        wait([blocker, *jobs])
        assert [type(job.exception()) for job in jobs] == [StorageUnavailable] * 2
        assert names(store) == {"a"}
        store.write(put("c")).result()
        assert names(store) == {"a", "c"}

    def test_defect_in_a_job_is_told_to_its_caller_only(self, store):
        job = store.write(lambda connection: 1 // 0)
        assert isinstance(job.exception(), ZeroDivisionError)
        assert store.write(put("a")).result() == 1

    def test_read_cannot_write(self, store):
        with pytest.raises(StorageUnavailable):
            store.read(put("a"))
        assert names(store) == set()

    def test_close_finishes_what_is_queued(self, tmp_path):
        store = SqliteStore(tmp_path / "other.sqlite")
        jobs = [store.write(put(f"n{i}")) for i in range(300)]
        store.close()
        assert all(job.result() == 1 for job in jobs)
        again = SqliteStore(tmp_path / "other.sqlite")
        assert len(names(again)) == 300
        again.close()

    def test_two_processes_worth_of_writers_do_not_fail_each_other(self, store, tmp_path):
        other = SqliteStore(tmp_path / "intake.sqlite")
        jobs = [one.write(put(f"{key}{i}")) for i in range(100) for key, one in (("a", store), ("b", other))]
        assert all(job.result(60) == 1 for job in jobs)
        assert len(names(store)) == 200
        other.close()

    def test_errors_hold_no_values(self, store):
        store.write(put("a", "canary")).result()
        error = store.write(put("a", "canary")).exception()
        assert "canary" not in f"{error}{error!r}"
        assert error.__cause__ is None


def test_sqlite_is_durable_and_overwrites_what_it_deletes(tmp_path):
    store = SqliteStore(tmp_path / "intake.sqlite")

    def pragmas(connection):
        names = ("journal_mode", "synchronous", "secure_delete", "temp_store")
        return {name: connection.exec_driver_sql(f"pragma {name}").scalar() for name in names}

    found = store.write(pragmas).result()
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "temp_store": 2}


class TestBlobStore:
    """What every blob store must do."""

    blob_id = bytes(range(16))

    @pytest.fixture
    def blobs(self, tmp_path):
        (tmp_path / "parts").mkdir()
        (tmp_path / "sealed").mkdir()
        return FolderBlobs(tmp_path / "parts", tmp_path / "sealed")

    def write(self, blobs, position, *pieces):
        part = blobs.open_part(self.blob_id)
        part.write(position, pieces)
        part.flush(DAY)
        part.close()

    def test_blob_goes_from_part_to_sealed_to_nothing(self, blobs):
        blobs.reserve(self.blob_id, 10, DAY)
        assert (blobs.parts(), blobs.sealed(), blobs.part_size(self.blob_id)) == ({self.blob_id}, set(), 10)
        self.write(blobs, 0, b"abc", b"", b"de")
        self.write(blobs, 5, b"fghij")
        blobs.seal(self.blob_id, 10, DAY)
        assert (blobs.parts(), blobs.sealed(), blobs.sealed_size(self.blob_id)) == (set(), {self.blob_id}, 10)
        assert b"".join(blobs.read(self.blob_id)) == b"abcdefghij"
        blobs.erase(self.blob_id)
        assert (blobs.parts(), blobs.sealed(), blobs.sealed_size(self.blob_id)) == (set(), set(), None)

    def test_seal_cuts_to_size_and_may_be_done_again(self, blobs):
        blobs.reserve(self.blob_id, 100, DAY)
        self.write(blobs, 0, b"x" * 100)
        blobs.seal(self.blob_id, 60, DAY)
        blobs.seal(self.blob_id, 60, DAY)
        assert b"".join(blobs.read(self.blob_id)) == b"x" * 60

    def test_many_small_pieces_are_written_in_order(self, blobs):
        pieces = [bytes([i % 256]) * (i % 7) for i in range(5000)]
        blobs.reserve(self.blob_id, len(b"".join(pieces)), DAY)
        self.write(blobs, 0, *pieces)
        part = blobs.open_part(self.blob_id)
        assert b"".join(part.read(0, 10**6)) == b"".join(pieces)
        assert b"".join(part.read(3, 9)) == b"".join(pieces)[3:9]
        part.close()

    def test_discard_and_erase_of_nothing_are_no_errors(self, blobs):
        blobs.discard(self.blob_id)
        blobs.erase(self.blob_id)
        with pytest.raises(FileNotFoundError):
            list(blobs.read(self.blob_id))

    def test_missing_part_is_told_without_its_path(self, blobs):
        with pytest.raises(StorageUnavailable) as told:
            blobs.open_part(self.blob_id)
        assert str(told.value) == "The store does not answer as it should. (ENOENT)"
        assert told.value.__cause__ is None

    def test_reservation_twice_under_one_id_is_refused(self, blobs):
        blobs.reserve(self.blob_id, 10, DAY)
        with pytest.raises(StorageUnavailable):
            blobs.reserve(self.blob_id, 10, DAY)
        assert blobs.part_size(self.blob_id) == 10


def test_reservation_on_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "canary path")

    blobs = FolderBlobs(tmp_path, tmp_path)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StorageFull) as told:
        blobs.reserve(bytes(16), 10, DAY)
    assert "canary" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_reservation_leaves_room_for_text(tmp_path):
    disk = os.statvfs(tmp_path)
    free, text_room = disk.f_bavail * disk.f_frsize, min(1 << 30, disk.f_blocks * disk.f_frsize // 10)
    with pytest.raises(StorageFull):
        FolderBlobs(tmp_path, tmp_path).reserve(bytes(16), free - text_room // 2, DAY)
    assert list(tmp_path.iterdir()) == []


def test_files_of_other_names_are_not_ours(tmp_path):
    for name in ("notes.txt", "ab.part", "xyz.age", "ab" * 16 + ".tmp"):
        (tmp_path / name).write_bytes(b"")
    blobs = FolderBlobs(tmp_path, tmp_path)
    assert (blobs.parts(), blobs.sealed()) == (set(), set())
