"""A disk that strangers filled can still be exported, acked and emptied."""

import json
import shutil
import subprocess
import sys

import pytest

IN_A_SMALL_DISK = """
import asyncio, pathlib, sys
from intake.server.errors import StorageFull
from intake.server.services.core import open_core
from intake.server.services.export import export_bundle
from intake.server.services.reports import accept_report
from intake.server.settings import Folder, Settings
from tests.server.parts import Forge

forge = Forge(1)
with open_core(Settings(Folder(pathlib.Path(sys.argv[1])), calm_rate=10**6)) as core:
    stored = 0
    while stored < 10_000:
        try:
            asyncio.run(accept_report(core, forge.envelope()))
        except StorageFull:
            break
        stored += 1
    try:
        core.blobs.reserve(bytes(16), 100_000, core.clock())
    except StorageFull:
        print("no room for media")
    print(stored == export_bundle(core, pathlib.Path(sys.argv[2])).objects, 100 < stored < 10_000)
"""


@pytest.fixture
def small_disk(tmp_path):
    """The words before a command that run it where the folder `disk` is a disk of 24 MB holding a data folder."""
    shutil.move(tmp_path / "data", tmp_path / "original")
    (tmp_path / "data").mkdir()
    setup = 'mount -t tmpfs -o size=24m,mode=700 tmpfs "$0" && cp -r "$1/." "$0" && shift && exec "$@"'
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", setup, tmp_path / "data", tmp_path / "original"]
    if not shutil.which(words[0]) or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no mount namespaces: a full disk was not tried")
    return words


def test_disk_full_of_reports_can_be_exported(house, small_disk, tmp_path):
    (tmp_path / "stick").mkdir()
    command = [*small_disk, sys.executable, "-c", IN_A_SMALL_DISK, house.data, tmp_path / "stick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "no room for media\nTrue True\n", done.stderr


def test_suite_of_a_full_and_failing_disk_holds_on_a_tiny_one(root, need_tool):
    for tool in ("unshare", "strace"):
        need_tool(tool)
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no mount namespaces: a full disk was not tried")
    suite = [root / "tests" / "runner.py", "inside", root / "tests" / "suites" / "full_disk.py"]
    command = [sys.executable, *suite, "--kind", "tmpfs", "--size", "80", "--reports", "300"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["passed"], figures
