"""The lock of a data folder: servers side by side over PostgreSQL, and a start that waits, says so, and gives up."""

import fcntl
import threading

import pytest

from intake.server.errors import FolderInvalid
from intake.server.place import take_place
from intake.server.services.core import open_core
from intake.server.services.verify import verify
from tests.server.parts import Server

STORES = ("postgres+s3",)


@pytest.fixture
def reading_alone(house):
    """The lock as `intake verify` holds it where no server runs."""
    with house.settings.folder.serve_lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


def test_start_waits_for_a_verify_says_so_and_is_alone_then(house, reading_alone):
    house.settings.folder.uploads.joinpath(f"{'0' * 32}.part").write_bytes(b"left by a kill")
    started: list[Server] = []
    thread = threading.Thread(target=lambda: started.append(Server(house)))
    thread.start()
    log = house.data.parent / "serve.log"
    while not (log.exists() and b"event=waiting-for-the-folder" in log.read_bytes()):
        thread.join(0.01)
    assert started == []
    fcntl.flock(reading_alone, fcntl.LOCK_UN)
    thread.join()
    assert started[0].runs
    text = log.read_text("utf-8")
    assert text.count("waiting-for-the-folder") == 1
    # Only a server that starts alone may remove it at once.
    assert "event=reservations-removed reservations=1" in text
    assert started[0].stop() == 0


def test_start_gives_up_when_the_folder_stays_held(house, reading_alone, monkeypatch):
    monkeypatch.setattr("intake.server.place._TRIES_MAX", 3)
    with pytest.raises(FolderInvalid, match="has held it for two minutes"), take_place(house.settings):
        pass


def test_place_is_shared_once_the_first_has_started(house, monkeypatch):
    monkeypatch.setattr("intake.server.place._TRIES_MAX", 3)
    with take_place(house.settings) as first:
        assert first.alone
        with pytest.raises(FolderInvalid), take_place(house.settings):
            pass
        first.let_others_in()
        with take_place(house.settings) as second:
            assert not second.alone
            second.let_others_in()


def test_verify_lets_a_start_in_as_soon_as_it_ends(house, core):
    assert verify(core, True, lambda words: None).whole
    with take_place(house.settings) as place:
        assert place.alone
        place.let_others_in()
        # And it reads beside a server that runs.
        with open_core(house.settings) as other:
            assert verify(other, True, lambda words: None).whole
