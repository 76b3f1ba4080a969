"""A courier from nothing, by the command lines alone: `intake`, `reviewer` and `courier` as their documents say."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from intake.reviewer.cli import run as run_reviewer
from intake.wire.manifest import NamedKey
from tests.courier.conftest import run_courier
from tests.server.parts import House, Ran, Server, run_intake


@dataclass
class Stage:
    """A server's, a laptop's and a courier's folder, and the keys that were printed."""

    root: Path
    log_key: str
    courier: str

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def laptop(self) -> Path:
        return self.root / "laptop"

    def intake(self, *words: str | Path) -> str:
        return good(run_intake(*words, "--data", self.data))

    def reviewer(self, *words: str) -> str:
        where = ["--home", str(self.laptop), "--passphrase-file", str(self.root / "passphrase")]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run_reviewer([*where, *words])
        assert code == 0, err.getvalue()
        return out.getvalue()

    def add_manifests(self, printed: str) -> None:
        self.intake("manifest", "add", *re.findall(r"\S+manifest-\d+\.note", printed))

    def pull(self, server: Server) -> Ran:
        where = ["--home", self.root / "courier", "--server", server.url]
        return run_courier("pull", *where, "--for", "A", "--out", self.root / "stick")


def good(ran: Ran) -> str:
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def new_courier(home: Path, name: str, *more: str | Path) -> str:
    """What follows `courier key: ` when a courier's folder is made."""
    return re.search(r"^courier key: (.+)$", good(run_courier("init", "--home", home, "--name", name, *more)), re.M)[1]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A server and a courier with keys and without roots, before the laptop has any."""
    log_key = re.search(r"log key: \S+ (\S+)", good(run_intake("init", "--data", tmp_path / "data")))[1]
    (tmp_path / "passphrase").touch(mode=0o600)
    (tmp_path / "passphrase").write_text("six words that a machine chose\n")
    (tmp_path / "stick").mkdir()
    return Stage(tmp_path, log_key, new_courier(tmp_path / "courier", "courier-1"))


def init_laptop(stage: Stage, *more: str) -> None:
    stage.reviewer("keys", "init", "--rehearsal", "--log-key", stage.log_key, *more)
    manifests = sorted(stage.laptop.glob("manifest-*.note"))
    stage.intake("init", "--roots", stage.laptop / "roots.json", "--manifest", *manifests)


def serve(stage: Stage) -> Server:
    return Server(House(stage.data, None, NamedKey("log-1", b"")))


def test_courier_named_when_the_keys_are_made_fetches_a_bundle(stage):
    init_laptop(stage, "--courier", stage.courier)
    roots = ("--roots", stage.laptop / "roots.json")
    assert new_courier(stage.root / "courier", "courier-1", *roots) == stage.courier
    server = serve(stage)
    try:
        folder = Path(good(stage.pull(server)).strip())
        good(run_courier("verify", "--home", stage.root / "courier", folder))
        assert stage.reviewer("import", str(folder)).startswith(folder.name)
    finally:
        server.stop()


def test_courier_named_later_fetches_until_it_is_revoked(stage):
    init_laptop(stage)
    roots = ("--roots", stage.laptop / "roots.json")
    new_courier(stage.root / "courier", "courier-1", *roots)
    server = serve(stage)
    try:
        assert stage.pull(server).returncode == 1
        for options, code in (("--courier", stage.courier), 0), (("--revoke", sha256_of(stage.courier)), 1):
            server.stop()
            stage.add_manifests(stage.reviewer("manifest", "make", *options))
            # One that runs takes a manifest over within a minute.
            server.start()
            assert stage.pull(server).returncode == code, options
    finally:
        server.stop()


def sha256_of(courier: str) -> str:
    """As the courier's README says: the key's bytes through `base64 -d | sha256sum`."""
    return hashlib.sha256(base64.b64decode(courier.split(" ")[1])).hexdigest()


def test_key_without_roots_is_completed_under_its_own_name_alone(stage):
    init_laptop(stage, "--courier", stage.courier)
    roots = ("--roots", stage.laptop / "roots.json")
    for name, more, words in (
        ("courier-1", (), "there is a key already"),
        ("other", roots, "the key in it has another name"),
    ):
        ran = run_courier("init", "--home", stage.root / "courier", "--name", name, *more)
        assert (ran.returncode, words in ran.stderr) == (1, True)
    assert [path.name for path in (stage.root / "courier").iterdir()] == ["courier.key"]
