"""The blob store behind its interface: one contract for every implementation."""

import errno
import os
from datetime import date

import pytest

from intake.server.blobs import FolderBlobs
from intake.server.errors import StorageFull, StorageUnavailable

DAY = date(2026, 11, 22)


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
