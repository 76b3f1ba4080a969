"""The blob store behind its interface: one contract for every implementation."""

import dataclasses
import errno
import hashlib
import os
import random
import threading
import time
from datetime import date

import pytest
from obstore.store import S3Store

from intake.server.blobs import FolderBlobs
from intake.server.blobs_s3 import S3Blobs
from intake.server.errors import StorageFull, StorageUnavailable
from intake.server.stores import Bucket

DAY = date(2026, 11, 22)
BLOB = bytes(range(16))
OTHER = bytes(range(1, 17))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "sealed").mkdir()
    return FolderBlobs(tmp_path / "parts", tmp_path / "sealed")


@pytest.fixture
def place(bucketeer):
    """A new, empty bucket."""
    return Bucket(**bucketeer.make())


@pytest.fixture
def bucket(folder, place):
    return S3Blobs(folder, place)


def store(blobs, blob_id: bytes, data: bytes) -> bytes:
    """Seals a blob; returns its SHA-256."""
    blobs.reserve(blob_id, len(data), DAY)
    part = blobs.open_part(blob_id)
    part.write(0, [data])
    part.flush(DAY)
    part.close()
    blobs.seal(blob_id, len(data), DAY)
    return hashlib.sha256(data).digest()


class TestBlobStore:
    """What every blob store must do."""

    blob_id = bytes(range(16))

    @pytest.fixture(params=["folder", "bucket"])
    def blobs(self, request):
        return request.getfixturevalue(request.param)

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

    def test_offloaded_blob_is_the_same_and_waits_no_more(self, blobs):
        data = random.Random(1).randbytes(3_000_001)
        sha256 = store(blobs, self.blob_id, data)
        assert blobs.offload(self.blob_id, sha256)
        assert blobs.offload(self.blob_id, sha256)
        assert blobs.waiting() == set()
        assert blobs.sealed_sizes() == {self.blob_id: len(data)}
        assert blobs.sealed_size(self.blob_id) == len(data)
        pieces = list(blobs.read(self.blob_id))
        assert b"".join(pieces) == data
        assert max(map(len, pieces)) <= 1 << 20
        blobs.erase(self.blob_id)
        assert (blobs.sealed(), blobs.sealed_size(self.blob_id)) == (set(), None)
        with pytest.raises(FileNotFoundError):
            list(blobs.read(self.blob_id))

    def test_part_that_was_touched_is_not_idle(self, blobs):
        blobs.reserve(self.blob_id, 10, DAY)
        assert blobs.parts(idle_seconds=3600) == set()
        assert blobs.parts() == {self.blob_id}

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


class TestBucket:
    """What is the bucket's alone."""

    def freed(self, tmp_path) -> bool:
        return list((tmp_path / "sealed").iterdir()) == []

    def test_big_blob_goes_in_many_parts(self, bucket, tmp_path):
        data = random.Random(2).randbytes(35 << 20)
        assert bucket.offload(BLOB, store(bucket, BLOB, data))
        assert self.freed(tmp_path)
        assert b"".join(bucket.read(BLOB)) == data

    def test_bytes_damaged_here_are_neither_copied_nor_freed(self, bucket, place, folder):
        store(bucket, BLOB, b"x" * 100)
        assert not bucket.offload(BLOB, bytes(32))
        assert folder.sealed() == {BLOB}
        folder.erase(BLOB)
        assert bucket.sealed() == set()

    def test_other_bytes_in_the_bucket_are_not_overwritten_and_nothing_is_freed(self, bucket, place, folder, tmp_path):
        sha256 = store(bucket, BLOB, b"mine")
        client(place).put(f"{BLOB.hex()}.age", b"evil")
        assert not bucket.offload(BLOB, sha256)
        assert bytes(client(place).get(f"{BLOB.hex()}.age").bytes()) == b"evil"
        assert b"".join(bucket.read(BLOB)) == b"mine"

    def test_copy_that_was_cut_off_before_freeing_is_finished(self, bucket, tmp_path):
        sha256 = store(bucket, BLOB, b"x" * 1000)
        assert bucket.offload(BLOB, sha256, keep=True)
        assert not self.freed(tmp_path)
        assert bucket.waiting() == {BLOB}
        assert bucket.offload(BLOB, sha256)
        assert self.freed(tmp_path)

    def test_two_processes_move_one_blob_once(self, bucket, folder, place, tmp_path):
        sums = {i.to_bytes(16, "big"): store(bucket, i.to_bytes(16, "big"), os.urandom(1000)) for i in range(20)}
        other, results = S3Blobs(folder, place), []

        def move(blobs):
            results.extend(blobs.offload(blob_id, sha256) for blob_id, sha256 in sums.items())

        threads = [threading.Thread(target=move, args=(blobs,)) for blobs in (bucket, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [True] * 40
        assert self.freed(tmp_path)
        assert {blob_id: hashlib.sha256(b"".join(bucket.read(blob_id))).digest() for blob_id in sums} == sums

    def test_erasing_waits_for_the_mover_and_leaves_nothing(self, bucket, folder):
        sha256 = store(bucket, BLOB, b"x" * 1000)
        with folder.held(BLOB, wait=True):
            eraser = threading.Thread(target=bucket.erase, args=(BLOB,))
            eraser.start()
            eraser.join(0.2)
            assert eraser.is_alive()
            assert folder.sealed() == {BLOB}
        eraser.join(10)
        assert bucket.offload(BLOB, sha256)
        assert bucket.sealed() == set()

    def test_objects_of_other_names_are_not_ours(self, bucket, place):
        client(place).put("notes.txt", b"x")
        client(place).put(f"{BLOB.hex().upper()}.age", b"x")
        assert bucket.sealed_sizes() == {}

    def test_prefixes_keep_two_servers_apart(self, folder, place):
        ours, theirs = (S3Blobs(folder, dataclasses.replace(place, prefix=name)) for name in ("a", "b"))
        ours.offload(BLOB, store(ours, BLOB, b"x"))
        assert (ours.sealed(), theirs.sealed()) == ({BLOB}, set())

    def test_bucket_that_is_gone_is_not_taken_for_an_empty_one(self, folder, place):
        gone = S3Blobs(folder, dataclasses.replace(place, bucket="no-such-bucket"))
        sha256 = store(gone, BLOB, b"here")
        for call in (
            lambda: list(gone.read(OTHER)),
            lambda: gone.sealed_size(OTHER),
            gone.sealed,
            lambda: gone.erase(OTHER),
            lambda: gone.offload(BLOB, sha256),
        ):
            with pytest.raises(StorageUnavailable):
                call()
        assert b"".join(gone.read(BLOB)) == b"here"
        assert folder.sealed() == {BLOB}

    def test_bucket_that_does_not_answer_is_not_taken_for_an_empty_one(self, folder, place):
        away = S3Blobs(folder, dataclasses.replace(place, endpoint="http://127.0.0.1:9", secret="canary"))
        sha256 = store(away, BLOB, b"here")
        assert b"".join(away.read(BLOB)) == b"here"
        for call in (
            lambda: list(away.read(OTHER)),
            lambda: away.sealed_size(OTHER),
            away.sealed,
            lambda: away.offload(BLOB, sha256),
            lambda: away.erase(OTHER),
        ):
            with pytest.raises(StorageUnavailable) as told:
                call()
            assert "canary" not in f"{told.value}{told.value!r}"
            assert "127.0.0.1" not in f"{told.value}"
            assert told.value.__cause__ is None
        assert folder.sealed() == {BLOB}
        assert away.sealed_size(BLOB) == 4

    def test_bucket_that_did_not_answer_is_not_asked_for_each_of_a_thousand(self, folder, place):
        away = S3Blobs(folder, dataclasses.replace(place, endpoint="http://127.0.0.1:9"))
        with pytest.raises(StorageUnavailable, match="bucket: "):
            away.sealed_size(OTHER)
        started = time.monotonic()
        for number in range(1000):
            with pytest.raises(StorageUnavailable, match="a moment ago"):
                list(away.read(number.to_bytes(16, "big")))
        assert time.monotonic() - started < 5


def client(place: Bucket) -> S3Store:
    return S3Store(
        place.bucket,
        endpoint=place.endpoint,
        region=place.region,
        access_key_id=place.key_id,
        secret_access_key=place.secret,
        client_options={"allow_http": True},
    )


def test_taking_away_leaves_the_folders_with_a_day(folder, tmp_path):
    store(folder, BLOB, b"sealed")
    folder.reserve(OTHER, 5000, DAY)
    folder.discard(OTHER)
    folder.erase(BLOB)
    assert [(tmp_path / name).stat().st_mtime % 86400 for name in ("parts", "sealed")] == [0, 0]
