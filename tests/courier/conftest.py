"""A server with reports, a courier whom its manifest names, and lines that break where a seed says."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import os
import random
import re
import shutil
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from intake.courier import cli
from intake.courier.line import Line, open_line
from intake.courier.services.fetching import Fetch
from intake.courier.settings import Home
from intake.courier.signing import RequestSigner, load_courier_key
from intake.server.services.core import open_core
from intake.server.services.objects import NewObject, put_object
from intake.server.services.reports import store_report
from intake.wire.constants import OBJECT_MEDIA
from intake.wire.encoding import unb64
from intake.wire.envelope import parse_envelope
from intake.wire.manifest import NamedKey, Roots, roots_to_json
from tests.server.houses import EMBEDDED, KIND_VARIABLE, stands_for
from tests.server.parts import EPOCH, Deployment, Forge, House, Ran, Server, make_house, run_intake
from tests.server.stand_ins import bucketeer, postgres

__all__ = ["bucketeer", "postgres"]

NAME = "courier-1"


def run_courier(*arguments: str | Path) -> Ran:
    """Runs `courier` in this process, as its console script would."""
    out, err, mask = io.StringIO(), io.StringIO(), os.umask(0o022)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main([str(argument) for argument in arguments])
    finally:
        os.umask(mask)
    return Ran(code, out.getvalue(), err.getvalue())


@dataclass
class Carrier:
    """A courier's folder, and the server it goes to."""

    home: Path
    house: House
    server: Server

    @property
    def roots(self) -> Roots:
        return self.house.deployment.roots

    @property
    def signer(self) -> RequestSigner:
        return RequestSigner(load_courier_key(Home(self.home).key))

    @contextlib.contextmanager
    def line(self, url: str = "") -> Iterator[Line]:
        with open_line(url or self.server.url, None, self.roots.deployment, self.signer) as line:
            yield line

    def fetch(self, stick: Path, url: str = "", laptop: str = "A") -> Path:
        """Fetches without waiting between tries."""
        with self.line(url) as line:
            return Fetch(line, stick, self.roots, lambda done, total: None, lambda seconds: None).run(laptop)

    def pull(self, stick: Path, *more: str) -> Ran:
        where = ["--home", self.home, "--server", self.server.url]
        return run_courier("pull", *where, "--for", "A", "--out", stick, *more)

    def prepare(self) -> Path:
        """Makes the bundle that the server will offer laptop A, and returns a copy that stays."""
        bundles = self.house.data / "bundles"
        bundles.mkdir(mode=0o700, exist_ok=True)
        ran = run_intake("export", "--data", self.house.data, "--out", bundles, "--for", "A")
        assert ran.returncode == 0, ran.stderr
        (bundle,) = bundles.iterdir()
        shutil.copytree(bundle, self.house.data.parent / "reference" / bundle.name)
        return self.house.data.parent / "reference" / bundle.name

    def offer_again(self, reference: Path) -> None:
        """Puts a bundle that was fetched back."""
        shutil.copytree(reference, self.house.data / "bundles" / reference.name)


def files_of(folder: Path) -> dict[str, str]:
    """Path -> SHA-256 of every file in a folder."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, str]]:
    return files_of


@pytest.fixture(scope="session")
def courier() -> Callable[..., Ran]:
    return run_courier


@pytest.fixture(scope="session")
def intake() -> Callable[..., Ran]:
    return run_intake


def fill(house: House, seed: int, reports: int, media: int) -> None:
    forge = Forge(seed)
    with open_core(house.settings) as core:
        day = core.clock()
        for _ in range(reports):
            envelope = parse_envelope(forge.envelope())
            core.store.write(lambda c, envelope=envelope: store_report(c, envelope, day)).result()
        for _ in range(media):
            data = forge.media()
            new = NewObject(forge.object_id(), OBJECT_MEDIA, len(data), hashlib.sha256(data).digest(), EPOCH)
            core.blobs.reserve(new.object_id, new.size, day)
            part = core.blobs.open_part(new.object_id)
            part.write(0, [data])
            part.close()
            core.blobs.seal(new.object_id, new.size, day)
            core.store.write(lambda c, new=new: put_object(c, new, day)).result()


@pytest.fixture(scope="session")
def put_in() -> Callable[..., None]:
    """Stores some more reports and media in a house, without HTTP."""
    return fill


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    return Deployment()


@pytest.fixture
def house(request: pytest.FixtureRequest, tmp_path: Path, deployment: Deployment) -> House:
    """A house with 12 reports and 2 media, whose manifest names the courier of `home`."""
    house = make_house(tmp_path, deployment, stands_for(os.environ.get(KIND_VARIABLE, EMBEDDED), request))
    fill(house, zlib.crc32(str(tmp_path.name).encode()), 12, 2)
    return house


@pytest.fixture
def home(tmp_path: Path, deployment: Deployment, house: House) -> Path:
    """A courier's folder made by the command line; a second manifest names its key."""
    (tmp_path / "block.json").write_text(roots_to_json(deployment.roots, rehearsal=True), "utf-8")
    ran = run_courier("init", "--home", tmp_path / "courier", "--name", NAME, "--roots", tmp_path / "block.json")
    assert ran.returncode == 0, ran.stderr
    name, key = re.search(r"courier key: (\S+) (\S+)", ran.stdout).groups()
    name_courier(house, 2, (NamedKey(name, unb64(key, 32)),))
    return tmp_path / "courier"


def name_courier(house: House, serial: int, couriers: tuple[NamedKey, ...], **changes: object) -> None:
    path = house.data.parent / f"manifest-{serial}.note"
    path.write_bytes(house.manifest(serial=serial, couriers=couriers, **changes))
    assert run_intake("manifest", "add", "--data", house.data, path).returncode == 0


@pytest.fixture(scope="session")
def add_manifest() -> Callable[..., None]:
    return name_courier


@pytest.fixture
def carrier(home: Path, house: House) -> Iterator[Carrier]:
    """A courier beside a running server."""
    server = Server(house)
    yield Carrier(home, house, server)
    if server.runs:
        server.stop()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


class CuttingLine:
    """A relay on loopback that ends each connection after a number of answered bytes drawn from a seed.

    Of several servers its connections meet one after the other; `met` are the ports that answered.
    """

    def __init__(self, ports: tuple[int, ...], seed: int, least: int, most: int) -> None:
        self._random = random.Random(seed)
        self._bounds = (least, most)
        self._targets = itertools.cycle(ports)
        self.met: set[int] = set()
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._relaying: list[threading.Thread] = []
        self._accepting.start()

    def close(self) -> None:
        """Waits for all that it relays; the client has to be closed before."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._accepting, *self._relaying):
            thread.join(20)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            budget = self._random.randint(*self._bounds)
            args = (near, next(self._targets), budget)
            self._relaying.append(threading.Thread(target=self._relay, args=args, daemon=True))
            self._relaying[-1].start()

    def _relay(self, near: socket.socket, port: int, budget: int) -> None:
        with near, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as far:
            self.met.add(port)
            upwards = threading.Thread(target=_copy, args=(near, far), daemon=True)
            upwards.start()
            try:
                while budget > 0 and (data := far.recv(min(4096, budget))):
                    near.sendall(data)
                    budget -= len(data)
                self.cuts += budget <= 0
            finally:
                for end in (near, far):
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)
                upwards.join(20)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def cutting() -> Iterator[Callable[..., CuttingLine]]:
    """Makes relays that cut."""
    made: list[CuttingLine] = []

    def make(ports: int | tuple[int, ...], seed: int, least: int = 400, most: int = 60_000) -> CuttingLine:
        made.append(CuttingLine((ports,) if isinstance(ports, int) else ports, seed, least, most))
        return made[-1]

    yield make
    for line in made:
        line.close()
