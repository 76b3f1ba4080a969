"""Two server processes on one data folder: whoever is asked last has the upload, and no hop reads it all again."""

import multiprocessing
import os
import socket
from pathlib import Path

import httpx
import pytest
import uvicorn

from intake.server.api.app import make_app
from intake.server.api.protocol import BoundedProtocol
from intake.server.services.core import open_core
from intake.server.services.handover import Locks
from intake.server.settings import Folder, Settings
from tests.server.test_uploads import TUS, append, begin, digest_header, half_open, offset_of, stored, wait_for_offset

MIB = 1 << 20


def serve_beside(data: str, told) -> None:
    """What each of two processes does: the server's app over one folder, without the lock of `intake serve`."""
    with open_core(Settings(Folder(Path(data)))) as core, socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(make_app(core), http=BoundedProtocol, loop="uvloop", log_config=None, access_log=False)
        told.send(listener.getsockname()[1])
        uvicorn.Server(config).run(sockets=[listener])


class Beside:
    """One of several servers."""

    def __init__(self, house) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["intake.server.serve", "intake.server.cli"])
        ours, theirs = context.Pipe()
        self.process = context.Process(target=serve_beside, args=(str(house.data), theirs), daemon=True)
        self.process.start()
        self.port = ours.recv()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)

    def bytes_read(self) -> int:
        fields = dict(line.split(": ") for line in Path(f"/proc/{self.process.pid}/io").read_text().splitlines())
        return int(fields["rchar"])

    def end(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.join(30)


@pytest.fixture
def two(house):
    servers = [Beside(house), Beside(house)]
    yield servers
    for server in servers:
        server.end()


def test_other_process_takes_over_a_half_open_upload(two, house, forge):
    first, second = two
    data = forge.media(4 * MIB)
    url = begin(first.client, len(data)).headers["location"]
    connection = half_open(first.port, url, 0, len(data), data[: 3 * MIB])
    wait_for_offset(house, url, 2 * MIB - 200)
    offset = offset_of(second.client, url)
    assert 2 * MIB - 200 <= offset <= 3 * MIB
    assert connection.recv(65536).startswith(b"HTTP/1.1 409 ")
    connection.close()
    assert append(second.client, url, offset, data[offset:]).headers["repr-digest"] == digest_header(data)
    assert offset_of(first.client, url) == len(data)
    assert stored(house, url) == data


def test_other_process_removes_what_is_being_received(two, house, forge, problem):
    first, second = two
    data = forge.media(4 * MIB)
    before = house.snapshot()
    url = begin(second.client, len(data)).headers["location"]
    connection = half_open(first.port, url, 0, len(data), data[: 2 * MIB])
    wait_for_offset(house, url, MIB - 200)
    assert second.client.delete(url, headers=TUS).status_code == 204
    assert house.snapshot() == before
    assert problem(append(first.client, url, 0, data)) == "not-found"
    connection.close()


def test_upload_that_goes_to_and_fro_is_read_once(two, house, forge):
    data = forge.media(8 * MIB)
    url = begin(two[0].client, len(data)).headers["location"]
    read_before = sum(server.bytes_read() for server in two)
    step = len(data) // 40
    for hop, offset in enumerate(range(0, len(data), step)):
        client = two[hop % 2].client
        assert offset_of(two[1 - hop % 2].client, url) == offset
        answer = append(client, url, offset, data[offset : offset + step])
    assert answer.headers["repr-digest"] == digest_header(data)
    assert stored(house, url) == data
    # Once from the network, once from the file; reading it at each hop would be twenty times.
    assert sum(server.bytes_read() for server in two) - read_before < 3 * len(data)


def test_killed_process_holds_nothing(two, house, forge):
    first, second = two
    data = forge.media(16 * MIB)
    url = begin(first.client, len(data)).headers["location"]
    assert append(first.client, url, 0, data[:MIB]).status_code == 204
    connection = half_open(first.port, url, MIB, len(data) - MIB, data[MIB : 15 * MIB])
    wait_for_offset(house, url, 14 * MIB)
    first.process.kill()
    first.process.join(10)
    connection.close()
    offset = offset_of(second.client, url)
    # What was made durable within the long request is kept as well.
    assert offset >= 8 * MIB
    assert append(second.client, url, offset, data[offset:]).headers["repr-digest"] == digest_header(data)
    assert stored(house, url) == data


def test_socket_of_a_dead_process_is_swept_away(two, house, forge):
    first, second = two
    url = begin(first.client, len(forge.media())).headers["location"]
    assert offset_of(second.client, url) == 0
    sockets = {path.name for path in (house.data / "run").glob("*.sock")}
    assert len(sockets) == 2
    second.process.kill()
    second.process.join(10)
    locks = Locks(house.data / "run")
    assert locks.take(bytes.fromhex(url.rsplit("/")[-1]))
    with pytest.raises(httpx.ReadTimeout):
        first.client.head(url, headers=TUS, timeout=0.5)
    locks.close()
    assert offset_of(first.client, url) == 0
    assert len(list((house.data / "run").glob("*.sock"))) == 1


def test_start_sweeps_away_the_sockets_of_dead_processes(house, forge):
    for _ in range(2):
        server = Beside(house)
        begin(server.client, len(forge.media()))
        assert len(list((house.data / "run").glob("*.sock"))) == 1
        server.process.kill()
        server.end()


def test_lock_excludes_other_holders_until_it_is_let_go(tmp_path):
    one, other = Locks(tmp_path), Locks(tmp_path)
    ids = os.urandom(16), os.urandom(16)
    assert one.take(ids[0])
    assert not other.take(ids[0])
    assert other.take(ids[1])
    one.release(ids[0])
    assert other.take(ids[0])
    other.close()
    assert one.take(ids[0])
    assert one.take(ids[1])
    one.close()
