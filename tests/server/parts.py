"""What server tests are made of: a deployment of the day, data folders, real servers, forged objects."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import multiprocessing
import os
import random
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.server import cli
from intake.server.services.core import open_core
from intake.server.settings import Folder, Settings
from intake.server.stores import Bucket, Stores, read_stores
from intake.wire.constants import MEDIA_FLOOR_SIZE
from intake.wire.encoding import b64, unb64
from intake.wire.envelope import write_envelope
from intake.wire.manifest import EpochKeys, LaptopKeys, Manifest, NamedKey, Roots, Words, make_roots, roots_to_json
from intake.wire.note import Signature, key_id, write_note
from intake.wire.padding import header_size, sealed_size
from tests.server.houses import Stands, client_of, objects_of, rows_of

ROOT = Path(__file__).resolve().parent.parent.parent
EPOCH = 12
CARRY = 2**31 + 1
OLDEST_EPOCH = 11


@dataclass(frozen=True)
class Signer:
    """A named test key."""

    name: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def note(self, text: str) -> bytes:
        return write_note(text, [self.sign(text)])

    def sign(self, text: str) -> Signature:
        return Signature(self.name, key_id(self.name, self.public), self.key.sign(text.encode()))


def make_signer(name: str) -> Signer:
    return Signer(name, Ed25519PrivateKey.generate())


@dataclass(frozen=True)
class Laptop:
    """A laptop's name and its three signing keys."""

    name: str
    reply: Signer
    ack: Signer
    outbox: Signer

    def keys(self) -> LaptopKeys:
        return LaptopKeys(self.name, self.reply.public, self.ack.public, self.outbox.public)


def make_laptop(name: str) -> Laptop:
    return Laptop(name, make_signer(name), make_signer(name), make_signer(name))


@dataclass
class Deployment:
    """One root, two laptops A and B, and manifests of any shape signed by the root."""

    root: Signer = field(default_factory=lambda: make_signer("root-1"))
    laptops: tuple[Laptop, ...] = field(default_factory=lambda: (make_laptop("A"), make_laptop("B")))
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def roots(self) -> Roots:
        return make_roots(1, [NamedKey(self.root.name, self.root.public)])

    def manifest(self, log_key: NamedKey, **changes: object) -> Manifest:
        words = Words("Жаттығу", "Учение", "Rehearsal")
        first = self.today - timedelta(days=1)
        recipients = tuple(bytes([i]) * 1216 for i in range(len(self.laptops)))
        plain = Manifest(
            deployment=self.roots.deployment,
            serial=1,
            made=first,
            not_before=first,
            not_after=first + timedelta(days=10),
            rehearsal=True,
            organisation=words,
            hotlines=(),
            next_steps=dict.fromkeys(("saw", "look", "released"), words),
            epoch=EpochKeys(EPOCH, first, first + timedelta(7), first + timedelta(21), recipients),
            carry=EpochKeys(CARRY, first, first + timedelta(90), first + timedelta(104), (bytes([9]) * 1216,)),
            oldest_epoch=OLDEST_EPOCH,
            laptops=tuple(laptop.keys() for laptop in self.laptops),
            couriers=(),
            log_keys=(log_key,),
            receipt_keys=(),
            revoked=(),
            servers=("http://127.0.0.1:8400",),
            onions=(),
            minimum_build=1,
            pages=(),
        )
        return dataclasses.replace(plain, **changes)

    def note(self, manifest: Manifest) -> bytes:
        return self.root.note(manifest.text())


@dataclass(frozen=True)
class Ran:
    """What a command line printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def run_intake(*arguments: str | Path) -> Ran:
    """Runs `intake` in this process, as its console script would; a process each would take most of the tests' time."""
    out, err, mask = io.StringIO(), io.StringIO(), os.umask(0o022)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main([str(argument) for argument in arguments])
    finally:
        os.umask(mask)
    return Ran(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class MediaFile:
    """A sealed blob's file, or its object in the bucket."""

    name: str
    path: Path
    bucket: Bucket | None

    def read(self) -> bytes:
        return bytes(client_of(self.bucket).get(self.name).bytes()) if self.bucket else self.path.read_bytes()

    def write(self, data: bytes) -> None:
        if self.bucket:
            client_of(self.bucket).put(self.name, data)
        else:
            self.path.write_bytes(data)

    def remove(self) -> None:
        if self.bucket:
            client_of(self.bucket).delete(self.name)
        else:
            self.path.unlink()


@dataclass
class House:
    """A data folder with its deployment, log key and first manifest."""

    data: Path
    deployment: Deployment
    log_key: NamedKey
    stands: Stands = field(default_factory=Stands)

    @property
    def settings(self) -> Settings:
        return Settings(Folder(self.data))

    def open(self, clock: Callable[[], date] | None = None) -> object:
        return open_core(self.settings, clock) if clock else open_core(self.settings)

    def manifest(self, **changes: object) -> bytes:
        return self.deployment.note(self.deployment.manifest(self.log_key, **changes))

    def snapshot(self) -> dict[str, object]:
        """Every row of every table and every file with its bytes: equal before and after what changed nothing."""
        files = {}
        for folder in (self.data / "objects", self.data / "uploads", self.data / "page"):
            files |= {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}
        bucket = self.stores.bucket
        return {"rows": self.rows(), "files": files, "bucket": objects_of(bucket) if bucket else {}}

    @property
    def stores(self) -> Stores:
        return read_stores(self.data / "stores.json")

    def media_file(self, blob_id: bytes) -> MediaFile:
        """A sealed blob wherever it lies, for damaging it."""
        path = self.data / "objects" / f"{blob_id.hex()}.age"
        return MediaFile(path.name, path, None if path.exists() else self.stores.bucket)

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        if self.stores.database is not None:
            return rows_of(self.stores.database)
        connection = sqlite3.connect(f"file:{self.data / 'intake.sqlite'}?mode=ro", uri=True)
        try:
            names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
            return {name: sorted(connection.execute(f"select * from {name}").fetchall(), key=repr) for name in names}
        finally:
            connection.close()

    def count(self, table: str) -> int:
        return len(self.rows()[table])


def make_house(folder: Path, deployment: Deployment, stands: Stands | None = None) -> House:
    """Makes a data folder with `intake init`, twice: the log key first, then roots and manifest."""
    stands = stands or Stands()
    first = run_intake("init", "--data", folder / "data", *stands.write_wishes(folder / "wished.json"))
    assert first.returncode == 0, first.stderr
    name, key = re.search(r"log key: (\S+) (\S+)", first.stdout).groups()
    house = House(folder / "data", deployment, NamedKey(name, unb64(key, 32)), stands)
    (folder / "roots.json").write_text(roots_to_json(deployment.roots, rehearsal=True), "utf-8")
    (folder / "manifest.note").write_bytes(house.manifest())
    arguments = ("--roots", folder / "roots.json", "--manifest", folder / "manifest.note")
    second = run_intake("init", "--data", house.data, *arguments)
    assert second.returncode == 0, second.stderr
    return house


def copy_house(built: House, folder: Path) -> House:
    shutil.copytree(built.data, folder / "data", ignore=shutil.ignore_patterns("*.sock"))
    built.stands.copy(folder / "data")
    return dataclasses.replace(built, data=folder / "data")


def serve_in_child(log: str, arguments: list[str]) -> None:
    """What a server's process does: its output goes to the log, its exit code is that of the command line."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.exit(cli.main(arguments))


class Server:
    """A real `intake serve` in a process of its own, forked from one that has loaded its libraries already."""

    def __init__(self, house: House, *arguments: str, log_name: str = "serve.log") -> None:
        self.house = house
        self.log = house.data.parent / log_name
        self.log.touch()
        # A reserve of the usual size for each of hundreds of servers would fill the disk of whoever runs the tests.
        # And a suite that sends as fast as it can is no flood, but where it says so.
        usual = {"--reserve": str(1 << 20), "--calm-rate": "1000000"}
        chosen = [word for option, value in usual.items() if option not in arguments for word in (option, value)]
        self._arguments = ["serve", "--data", str(house.data), "--port", "0", *chosen, *arguments]
        self.start()

    @property
    def runs(self) -> bool:
        return self.process.is_alive()

    def start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["intake.server.serve", "intake.server.cli"])
        start = self.log.stat().st_size
        self.process = context.Process(target=serve_in_child, args=(str(self.log), self._arguments), daemon=True)
        self.process.start()
        self.port = self._wait_for_port(start)
        self.url = f"http://127.0.0.1:{self.port}"

    def _wait_for_port(self, start: int) -> int:
        while self.runs:
            text = self.log.read_bytes()[start:]
            found = re.search(rb"event=listening port=(\d+)", text)
            if found and b"Application startup complete" in text:
                return int(found[1])
            self.process.join(0.01)
        raise AssertionError(self.log.read_text("utf-8"))

    def stop(self) -> int | None:
        """Asks it to stop; returns its exit code, None when it did not end."""
        self.process.terminate()
        self.process.join(40)
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()
        self.process.join(10)


class Forge:
    """Makes sealed objects that pass the gate: a well-formed header before random bytes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def header(self, recipients: int, kind: str = "mlkem768x25519") -> bytes:
        def unpadded(size: int) -> str:
            return b64(self.random.randbytes(size)).rstrip("=")

        stanzas = "".join(f"-> {kind} {unpadded(1120)}\n{unpadded(32)}\n" for _ in range(recipients))
        return f"age-encryption.org/v1\n{stanzas}--- {unpadded(32)}\n".encode()

    def sealed(self, total: int = 8192, recipients: int = 2) -> bytes:
        head = self.header(recipients)
        assert len(head) == header_size(recipients)
        return head + self.random.randbytes(total - len(head))

    def media(self, plain_size: int = MEDIA_FLOOR_SIZE, recipients: int = 2) -> bytes:
        return self.sealed(sealed_size(recipients, plain_size), recipients)

    def object_id(self) -> bytes:
        return self.random.randbytes(16)

    def envelope(self, sealed: bytes | None = None, epoch: int = EPOCH, object_id: bytes | None = None) -> bytes:
        return write_envelope(object_id or self.object_id(), epoch, self.sealed() if sealed is None else sealed)
