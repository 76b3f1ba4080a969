"""The stores on which a data folder of the tests can stand, and copies of such folders."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import random
from datetime import date
from pathlib import Path
from types import ModuleType

import httpx
import psycopg
import pytest
from obstore.store import S3Store

from intake.server.settings import Folder
from intake.server.stores import Bucket, Stores, read_stores, write_stores
from tests.server.stand_ins import Bucketeer, Postgres

EMBEDDED = "embedded"
USUAL = (EMBEDDED, "postgres+s3")
TWO = "postgres+s3+two"
"""The same with two server processes, of which each request of a test's client meets one at random."""
EVERY = (*USUAL, "postgres", "s3", TWO)
KIND_VARIABLE = "INTAKE_TEST_STORES"
"""Set by the suite `stores`: the one kind on which all tests of a module run."""
ON_ALL_STORES = {
    *("test_reports", "test_uploads", "test_mailboxes", "test_outboxes", "test_deletion", "test_bundles"),
    *("test_repair", "test_public", "test_verify", "test_log", "test_retention"),
}
"""Modules whose tests run on PostgreSQL and a bucket too; `EMBEDDED_ONLY` in one names those that look into files.

A module's `STORES` names the stores of all its tests instead.
"""

IN_THE_SUITE = {"test_replies", "test_receipts", "test_operating", "test_verify_kills"}
"""Modules that the suite `stores` runs on every kind, and `tests/run` on the embedded stores."""


def kinds_for(module: ModuleType, test: str) -> tuple[str, ...]:
    """The stores a test runs on: two of four at most, unless the suite `stores` asks for another."""
    if test in getattr(module, "EMBEDDED_ONLY", ()):
        return (EMBEDDED,)
    if hasattr(module, "STORES"):
        return module.STORES
    if KIND_VARIABLE in os.environ:
        return (os.environ[KIND_VARIABLE],)
    return USUAL if module.__name__.rpartition(".")[2] in ON_ALL_STORES else (EMBEDDED,)


@dataclasses.dataclass
class Stands:
    """The servers behind a kind of stores; None where it needs none."""

    postgres: Postgres | None = None
    bucketeer: Bucketeer | None = None

    def write_wishes(self, path: Path) -> list[str | Path]:
        """Writes what stores.json should say for a new house; returns the arguments for `intake init`."""
        if self.postgres is None and self.bucketeer is None:
            return []
        database = self.postgres.url(self.postgres.make()) if self.postgres else None
        bucket = self.bucketeer.make() if self.bucketeer else None
        path.write_text(json.dumps({"database": database, "bucket": bucket}), "utf-8")
        path.chmod(0o600)
        return ["--stores", path]

    def copy(self, data: Path) -> None:
        """Gives a copied data folder a database and a bucket of its own; the house before it has an empty bucket."""
        before = read_stores(data / "stores.json")
        if before == Stores():
            return
        database, bucket = before.database, before.bucket
        if database is not None and self.postgres is not None:
            database = self.postgres.url(self.postgres.make(template=name_of(database)))
        if bucket is not None and self.bucketeer is not None:
            bucket = Bucket(**self.bucketeer.make())
        write_stores(Folder(data), Stores(database, bucket))


def stands_for(kind: str, request: pytest.FixtureRequest) -> Stands:
    """The servers that a kind of stores needs, started when the first test asks for them."""
    servers = {"postgres": "postgres", "s3": "bucketeer"}
    return Stands(
        **{servers[part]: request.getfixturevalue(servers[part]) for part in kind.split("+") if part in servers}
    )


def name_of(url: str) -> str:
    return url.partition("///")[2].partition("?")[0]


class EitherServer(httpx.BaseTransport):
    """Sends each request to one of several servers, chosen at random from a seed."""

    def __init__(self, *ports: int) -> None:
        self._ports = ports
        self._chance = random.Random(0)
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=self._chance.choice(self._ports))
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def rows_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of a PostgreSQL database, days as SQLite writes them."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for (name,) in tables}
    return {name: sorted((tuple(map(plain, row)) for row in found), key=repr) for name, found in rows.items()}


def client_of(place: Bucket) -> S3Store:
    """A client of its own for looking into a bucket."""
    return S3Store(
        place.bucket,
        endpoint=place.endpoint,
        region=place.region,
        access_key_id=place.key_id,
        secret_access_key=place.secret,
        client_options={"allow_http": True},
    )


def objects_of(place: Bucket) -> dict[str, str]:
    """Name and SHA-256 of everything in a bucket."""
    client = client_of(place)
    names = [entry["path"] for page in client.list() for entry in page]
    return {name: hashlib.sha256(client.get(name).bytes()).hexdigest() for name in names}
