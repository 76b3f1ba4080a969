"""A sample of the suites kill and power-cut, and that they would notice what they are there to notice."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys

import pytest

from tests.server.parts import EPOCH, Server, copy_house
from tests.suites import kill, kill_checks, power_cut
from tests.suites.kill_load import Ledger, Load, Media

SAMPLE = 5


def test_sample_of_kills_loses_nothing():
    progress = kill.run(SAMPLE, "sample", None)
    assert progress.failures == []
    assert progress.kills >= SAMPLE
    assert min(progress.counts["reports"], progress.counts["offsets"]) > 0
    assert progress.repaired


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk to cut its power")
def test_sample_of_power_cuts_loses_nothing(root):
    words = ["unshare", "--mount", "sh", "-c", "losetup --find"]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here: power cuts were not tried")
    suite = [sys.executable, root / "tests" / "runner.py", "inside", power_cut.__file__]
    done = subprocess.run(
        [*suite, "--count", "2", "--seed", "sample", "--anew"], capture_output=True, text=True, check=False
    )
    # It ends with 1 also when no cut lost anything unsynced, for then nothing was tried.
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failures" in done.stdout


@pytest.fixture(scope="module")
def killed(built_house, tmp_path_factory):
    """A house whose server was killed under load, and the ledger of what it had acknowledged."""
    house = copy_house(built_house, tmp_path_factory.mktemp("killed"))
    server, ledger = Server(house), Ledger()
    senders = Load(server.port, ledger, "planted")
    senders.start()
    while not any(media.complete for media in ledger.media) or len(ledger.reports) < 20:
        server.process.join(0.01)
    server.kill()
    senders.join()
    assert list(kill_checks.check_all(house, ledger)) == []
    return house, ledger


def forget_a_report(database, media):
    database.execute("delete from objects where id in (select id from bodies limit 1)")


def change_a_body(database, media):
    database.execute("update bodies set sealed = zeroblob(8192) where id in (select id from bodies limit 1)")


def lower_an_offset(database, media):
    values = (bytes.fromhex(media.path[-32:]), len(media.data), EPOCH, "2026-11-22")
    database.execute("delete from objects where id = ?", values[:1])
    database.execute("insert or replace into uploads (id, size, epoch, position, day) values (?, ?, ?, 0, ?)", values)


@pytest.mark.parametrize("harm", [forget_a_report, change_a_body, lower_an_offset])
def test_planted_loss_is_noticed(killed, tmp_path, harm):
    house = copy_house(killed[0], tmp_path)
    (media, *_) = (one for one in killed[1].media if one.told)
    if harm is lower_an_offset:
        source = next(p for p in house.data.rglob(f"{media.path[-32:]}.*"))
        shutil.move(source, kill_checks.part(house, bytes.fromhex(media.path[-32:])))
    with sqlite3.connect(house.data / "intake.sqlite") as database:
        harm(database, media)
    database.close()
    assert list(kill_checks.check_all(house, killed[1]))


def test_planted_change_of_sealed_media_is_noticed(killed, tmp_path):
    house = copy_house(killed[0], tmp_path)
    path = next(iter((house.data / "objects").glob("*.age")))
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))
    assert list(kill_checks.check_all(house, killed[1]))


def test_repair_is_expected_and_heard(killed, tmp_path):
    house = copy_house(killed[0], tmp_path)
    before = kill_checks.expected_repairs(house).get("RESERVATIONS", 0)
    kill_checks.part(house, bytes(16)).write_bytes(b"")
    assert kill_checks.expected_repairs(house)["RESERVATIONS"] == before + 1
    assert kill_checks.told_repairs("level=info event=listening port=1\n") == {}
    assert kill_checks.told_repairs("level=warning event=uploads-measured uploads=3\n") == {"MEASURED": 3}


def test_media_that_was_never_told_is_no_loss(killed):
    house, ledger = killed
    assert Media(b"", 0).told == 0
    assert list(kill_checks.check_new(house, ledger, len(ledger.reports))) == []
