"""The reserve: taken for real, given back step by step to text, its last part kept for work, regrown by itself."""

import os
import shutil
import subprocess
import sys

import pytest

from intake.server.clock import utc_today
from intake.server.errors import StorageFull
from intake.server.services.room import Room
from intake.server.settings import Folder

MIB = 1 << 20
IN_A_SMALL_DISK = """
import os, pathlib, sys
from intake.server.clock import utc_today
from intake.server.errors import StorageFull
from intake.server.services.room import Room
from intake.server.settings import Folder

MIB = 1 << 20
root = pathlib.Path(sys.argv[1])
room = Room(Folder(root), 16 * MIB, utc_today)

def fill():
    with open(root / "filler", "ab", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            pass

room.grow()
print("whole", room.held // MIB, room.disk().size // MIB)
given, last = 0, room.held
while True:
    fill()
    try:
        room.for_text()
    except StorageFull:
        break
    given, last = given + 1, room.held
print("given", given > 5, "kept", 3 * MIB <= room.held <= 5 * MIB)
room.for_work()
print("for work", room.disk().free >= 3 * MIB)
try:
    room.for_text()
except StorageFull:
    print("and not for text")
print("media", room.for_media())
os.unlink(root / "filler")
room.grow()
print("again", room.held // MIB)
room.for_text()
"""


@pytest.fixture
def room(tmp_path):
    return Room(Folder(tmp_path), MIB, utc_today)


def test_reserve_takes_its_blocks_and_tells_no_minute(room, tmp_path):
    room.grow()
    found = (tmp_path / "reserve.bin").stat()
    assert (found.st_size, found.st_blocks * 512 >= MIB, found.st_mode & 0o777) == (MIB, True, 0o600)
    assert found.st_mtime % 86400 == found.st_atime % 86400 == 0


def test_reserve_that_is_whole_is_left_alone(room, tmp_path):
    room.grow()
    before = (tmp_path / "reserve.bin").stat()
    room.grow()
    room.for_text()
    room.for_work()
    assert (tmp_path / "reserve.bin").stat() == before


def test_media_leave_the_room_for_text_and_what_the_reserve_lacks(room):
    disk = room.disk()
    lacking = room.for_media()
    assert lacking <= disk.free - disk.text_room
    room.grow()
    assert room.for_media() >= lacking - MIB


def test_forwarded_files_may_have_half_of_what_is_free_for_media(room):
    free = room.for_media()
    third = free // 3
    room.lend(third)
    with pytest.raises(StorageFull):
        room.lend(third + third // 2)
    room.give_back(third)
    room.lend(third + third // 4)


def test_full_disk_gives_the_reserve_to_text_and_its_last_part_to_work(tmp_path):
    (tmp_path / "disk").mkdir()
    setup = 'mount -t tmpfs -o size=64m tmpfs "$0" && exec "$@"'
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", setup, tmp_path / "disk"]
    if not shutil.which(words[0]) or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no mount namespaces: a full disk was not tried")
    command = [*words, sys.executable, "-c", IN_A_SMALL_DISK, tmp_path / "disk"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.stdout.splitlines() == [
        "whole 16 64",
        "given True kept True",
        "for work True",
        "and not for text",
        "media 0",
        "again 16",
    ], done.stderr
