"""A real PostgreSQL of this test run, and a server that stands in for a bucket: insecure both, for tests alone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pwd
import shutil
import subprocess
import tempfile
import urllib.request
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest

_OWNER = "postgres"
_BINARIES = "/usr/lib/postgresql"
_IN_MEMORY = "/dev/shm"


def _as_owner(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", _OWNER, "--", *command] if os.geteuid() == 0 else command


@dataclass
class Postgres:
    """A PostgreSQL cluster of its own on a socket in a temporary folder; fsync stays on."""

    folder: Path
    binaries: Path
    made: int = 0

    def start(self) -> None:
        data = self.folder / "data"
        if not data.exists():
            initdb = [str(self.binaries / "initdb"), "--auth=trust", "--encoding=UTF8", "--locale=C", "-D", str(data)]
            subprocess.run(_as_owner([*initdb, "-U", _OWNER]), check=True, capture_output=True, cwd=self.folder)
        self._control("start", "-o", f"-k {self.folder} -c listen_addresses='' -c deadlock_timeout=100ms")

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def _control(self, *arguments: str) -> None:
        command = [str(self.binaries / "pg_ctl"), "-D", str(self.folder / "data"), "-w", *arguments]
        subprocess.run(
            _as_owner([*command, "-l", str(self.folder / "log")]),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )

    def url(self, name: str) -> str:
        return f"postgresql:///{name}?host={self.folder}&user={_OWNER}"

    def run(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def wal_commits(self) -> list[str]:
        """What the WAL keeps of each commit, as pg_waldump shows it."""
        wal = self.folder / "data" / "pg_wal"
        segments = sorted(path.name for path in wal.iterdir() if len(path.name) == 24)
        command = [str(self.binaries / "pg_waldump"), "--rmgr=Transaction", "-p", str(wal), segments[0]]
        ran = subprocess.run(_as_owner(command), capture_output=True, text=True, check=False, cwd=self.folder)
        return [line for line in ran.stdout.splitlines() if " COMMIT " in line]

    def make(self, template: str = "template1") -> str:
        """A new database, a copy of `template` to which nobody may be connected; returns its name."""
        self.made += 1
        self.run(f"CREATE DATABASE t{self.made} TEMPLATE {template}")
        return f"t{self.made}"


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path(_BINARIES).glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@contextlib.contextmanager
def run_postgres() -> Iterator[Postgres]:
    """A cluster while it is needed; skipped when PostgreSQL is not installed, failed then in CI and as root."""
    binaries = _binaries()
    if binaries is None and (os.environ.get("CI", "").lower() in {"1", "true"} or os.geteuid() == 0):
        pytest.fail("postgresql is not installed")
    if binaries is None:
        pytest.skip("postgresql is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg", dir=_IN_MEMORY if Path(_IN_MEMORY).is_dir() else None))
    if os.geteuid() == 0:
        shutil.chown(folder, _OWNER, pwd.getpwnam(_OWNER).pw_gid)
    cluster = Postgres(folder, binaries)
    try:
        cluster.start()
        yield cluster
        cluster.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One cluster for the whole run."""
    with run_postgres() as cluster:
        yield cluster


def _serve_bucket(port: Connection) -> None:
    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    port.send(server.server_port)
    server.serve_forever()


@dataclass
class Bucketeer:
    """Moto in a process of its own: speaks S3, keeps everything in memory, and checks no signature."""

    made: int = 0
    url: str = ""
    process: multiprocessing.process.BaseProcess = field(init=False)

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self.process = context.Process(target=_serve_bucket, args=(there,), daemon=True)
        self.process.start()
        self.url = f"http://127.0.0.1:{here.recv()}"

    def stop(self) -> None:
        self.process.kill()
        self.process.join()

    def make(self) -> dict[str, object]:
        """A new, empty bucket as stores.json names it."""
        self.made += 1
        name = f"bucket-{self.made}"
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/{name}", method="PUT")):
            pass
        return self.settings(name)

    def settings(self, name: str) -> dict[str, object]:
        place = {"endpoint": self.url, "bucket": name, "region": "us-east-1", "allow_http": True}
        return place | {"key_id": "test", "secret": "canary-secret"}


@contextlib.contextmanager
def run_bucketeer() -> Iterator[Bucketeer]:
    """A server of buckets while it is needed."""
    one = Bucketeer()
    one.start()
    try:
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="session")
def bucketeer() -> Iterator[Bucketeer]:
    """One server of buckets for the whole run."""
    with run_bucketeer() as one:
        yield one
