"""A deployment of the day, data folders made by the real command line, and real servers on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from intake.server.services.core import Core, open_core
from intake.server.services.objects import NewObject, put_object
from intake.wire.constants import OBJECT_MEDIA
from intake.wire.outbox import Outbox
from tests.server.houses import TWO, EitherServer, kinds_for, stands_for
from tests.server.parts import EPOCH, Deployment, Forge, House, Ran, Server, Signer, copy_house, make_house, run_intake
from tests.server.stand_ins import bucketeer, postgres

__all__ = ["bucketeer", "postgres"]


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    return Deployment()


@pytest.fixture(scope="session")
def intake() -> Callable[..., Ran]:
    return run_intake


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "stores_kind" in metafunc.fixturenames:
        kinds = kinds_for(metafunc.module, metafunc.function.__name__)
        metafunc.parametrize("stores_kind", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def stores_kind(request: pytest.FixtureRequest) -> str:
    """On which stores a test's data folders stand."""
    return request.param


@pytest.fixture(scope="session")
def built_house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, deployment: Deployment, stores_kind: str
) -> House:
    """A fresh house to copy."""
    return make_house(tmp_path_factory.mktemp("built"), deployment, stands_for(stores_kind, request))


@pytest.fixture
def house(tmp_path: Path, built_house: House) -> House:
    """A data folder of its own, never served yet."""
    return copy_house(built_house, tmp_path)


@pytest.fixture(scope="module")
def start_shared(tmp_path_factory: pytest.TempPathFactory, built_house: House) -> Iterator[Callable[..., Server]]:
    """Starts servers for a whole module, each on a house of its own that `prepare` may change first."""
    started: list[Server] = []

    def start(prepare: Callable[[House], object] = lambda house: None) -> Server:
        house = copy_house(built_house, tmp_path_factory.mktemp("shared"))
        prepare(house)
        started.append(Server(house))
        return started[-1]

    yield start
    for server in started:
        if server.runs:
            server.stop()


@pytest.fixture(scope="module")
def shared_server(start_shared: Callable[..., Server]) -> Server:
    """One server for all tests of a module that leave it as they found it, or do not mind."""
    return start_shared()


@pytest.fixture(scope="module")
def shared_house(shared_server: Server) -> House:
    return shared_server.house


@contextlib.contextmanager
def client_of_all(server: Server, stores_kind: str) -> Iterator[httpx.Client]:
    """A client of a server, or of it and a second one on the same house, as the kind of stores says."""
    if stores_kind != TWO:
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as opened:
            yield opened
        return
    twin = Server(server.house, log_name="twin.log")
    either = EitherServer(server.port, twin.port)
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False, transport=either) as opened:
        yield opened
    twin.stop()


@pytest.fixture(scope="module")
def shared_client(shared_server: Server, stores_kind: str) -> Iterator[httpx.Client]:
    with client_of_all(shared_server, stores_kind) as opened:
        yield opened


@pytest.fixture
def core(house: House) -> Iterator[Core]:
    """The opened core of a house, for services without HTTP."""
    with open_core(house.settings) as opened:
        yield opened


@pytest.fixture
def start_server(house: House) -> Iterator[Callable[..., Server]]:
    """Starts servers on the house; all are stopped afterwards."""
    started: list[Server] = []

    def start(*arguments: str) -> Server:
        started.append(Server(house, *arguments))
        return started[-1]

    yield start
    for server in started:
        if server.runs:
            server.stop()


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server()


@pytest.fixture
def client(server: Server, stores_kind: str) -> Iterator[httpx.Client]:
    with client_of_all(server, stores_kind) as opened:
        yield opened


@pytest.fixture(scope="session")
def make_forge() -> Callable[[int], Forge]:
    return Forge


@pytest.fixture
def forge(request: pytest.FixtureRequest) -> Forge:
    """Each test forges other objects, always the same ones."""
    return Forge(zlib.crc32(request.node.nodeid.encode()))


def problem_of(response: httpx.Response) -> str:
    """The name of the problem in an answer, whose body must be exactly what SPEC.md section 7 says."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    keys = {"type", "title", "status"} | ({"offset"} if response.status_code == 409 and "offset" in body else set())
    assert set(body) == keys
    assert body["status"] == response.status_code
    return body["type"].removeprefix("urn:intake:problem:")


@pytest.fixture
def problem() -> Callable[[httpx.Response], str]:
    return problem_of


@pytest.fixture
def write_outbox(tmp_path: Path) -> Callable[[Signer, Outbox], Path]:
    """Signs an outbox and writes it as a file."""

    def write(signer: Signer, outbox: Outbox) -> Path:
        path = tmp_path / f"outbox-{os.urandom(4).hex()}.note"
        path.write_bytes(signer.note(outbox.text()))
        return path

    return write


@pytest.fixture(scope="session")
def run_many() -> Callable[[str, list[bytes]], list[httpx.Response]]:
    """Sends reports from as many connections at once."""

    def send(url: str, bodies: list[bytes]) -> list[httpx.Response]:
        async def all_at_once() -> list[httpx.Response]:
            limits = httpx.Limits(max_connections=len(bodies))
            async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, limits=limits) as client:
                return await asyncio.gather(*(client.post("/reports", content=body) for body in bodies))

        return asyncio.run(all_at_once())

    return send


@pytest.fixture(scope="session")
def store_media() -> Callable[[Core, bytes, date], bytes]:
    """Stores a media object through the two stores, without HTTP; returns its id."""

    def store(core: Core, data: bytes, day: date) -> bytes:
        new = NewObject(os.urandom(16), OBJECT_MEDIA, len(data), hashlib.sha256(data).digest(), EPOCH)
        core.blobs.reserve(new.object_id, new.size, day)
        part = core.blobs.open_part(new.object_id)
        part.write(0, [data])
        part.close()
        core.blobs.seal(new.object_id, new.size, day)
        core.store.write(lambda connection: put_object(connection, new, day)).result()
        # To the bucket, where there is one: tests that follow find it there.
        assert core.blobs.offload(new.object_id, new.sha256)
        return new.object_id

    return store
