"""`intake`: every verb, told errors with hints, and a data folder that only its owner may enter."""

import shutil
import stat
import subprocess
import sys

import pytest
from sqlalchemy import update

from intake.server.models import manifests
from intake.wire.encoding import b64
from intake.wire.manifest import roots_to_json


def error_of(ran) -> str:
    """The sentence of a refusal, which is one error: and one hint: line and exit code 1."""
    assert ran.returncode == 1
    lines = ran.stderr.splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["error", "hint"]
    return lines[0].removeprefix("error: ")


def test_init_makes_a_folder_for_its_owner_alone(house):
    assert stat.S_IMODE(house.data.stat().st_mode) == 0o700
    for path in house.data.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_init_again_keeps_key_secret_and_roots(house, intake):
    before = {path.name: path.read_bytes() for path in house.data.iterdir() if path.is_file()}
    ran = intake("init", "--data", house.data)
    assert ran.returncode == 0
    assert f"log key: log-1 {b64(house.log_key.key)}" in ran.stdout.splitlines()
    assert f"deployment: {house.deployment.roots.deployment} (TRAINING, no real names)" in ran.stdout.splitlines()
    after = {path.name: path.read_bytes() for path in house.data.iterdir() if path.is_file()}
    for name in ("log.key", "decoy.secret", "roots.json"):
        assert after[name] == before[name]


def test_init_refuses_other_roots(house, intake, tmp_path):
    (tmp_path / "roots.json").write_text(roots_to_json(house.deployment.roots, rehearsal=False), "utf-8")
    ran = intake("init", "--data", house.data, "--roots", tmp_path / "roots.json")
    assert "other roots are pinned already" in error_of(ran)


@pytest.mark.parametrize(
    "text", ["", "{}", "null", '{"deployment":"ab","quorum":1,"roots":[],"rehearsal":true}', "\udcff"]
)
def test_init_refuses_broken_roots(tmp_path, intake, text):
    (tmp_path / "roots.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    ran = intake("init", "--data", tmp_path / "data", "--roots", tmp_path / "roots.json")
    assert "not a deployment block" in error_of(ran)
    assert not (tmp_path / "data" / "roots.json").exists()


def test_mirror_takes_the_shared_decoy_secret(tmp_path, intake):
    (tmp_path / "secret").write_bytes(b"s" * 32)
    assert intake("init", "--data", tmp_path / "data", "--decoy-secret", tmp_path / "secret").returncode == 0
    assert (tmp_path / "data" / "decoy.secret").read_bytes() == b"s" * 32
    (tmp_path / "secret").write_bytes(b"s" * 31)
    ran = intake("init", "--data", tmp_path / "other", "--decoy-secret", tmp_path / "secret")
    assert "32 bytes" in error_of(ran)


@pytest.mark.parametrize("verb", ["serve", "export", "expire", "status", "verify", "metrics", "digest"])
def test_verbs_refuse_a_folder_that_is_none(tmp_path, intake, verb):
    more = ("--out", tmp_path / "out") if verb == "export" else ()
    assert "missing" in error_of(intake(verb, "--data", tmp_path / "data", *more))


@pytest.mark.parametrize("name", ["log.key", "decoy.secret", "."])
def test_folder_open_to_others_is_refused(house, intake, name):
    (house.data / name).chmod(0o755)
    assert "other users of this machine may read it" in error_of(intake("status", "--data", house.data))


def test_damaged_log_key_is_refused_without_telling_it(house, intake):
    (house.data / "log.key").write_text('{"name":"log-1","seed":"c2VjcmV0"}', "ascii")
    ran = intake("status", "--data", house.data)
    assert "the log key cannot be read" in error_of(ran)
    assert "c2VjcmV0" not in ran.stderr


def test_manifest_of_other_roots_is_refused(house, intake, tmp_path):
    text = house.deployment.manifest(house.log_key, serial=2).text()
    (tmp_path / "forged.note").write_bytes(house.deployment.laptops[0].ack.note(text))
    before = house.snapshot()
    ran = intake("manifest", "add", "--data", house.data, tmp_path / "forged.note")
    assert "not signed by enough root keys" in error_of(ran)
    assert house.snapshot() == before


def test_another_manifest_of_a_known_serial_is_refused(house, intake, tmp_path):
    (tmp_path / "twin.note").write_bytes(house.manifest(minimum_build=2))
    before = house.snapshot()
    ran = intake("manifest", "add", "--data", house.data, tmp_path / "twin.note")
    assert "another manifest has the serial 1" in error_of(ran)
    assert house.snapshot() == before


def test_manifest_added_again_changes_nothing(house, intake, tmp_path):
    (tmp_path / "same.note").write_bytes(house.manifest())
    before = house.snapshot()
    ran = intake("manifest", "add", "--data", house.data, tmp_path / "same.note")
    assert "manifest: serial 1, from " in ran.stdout
    assert house.snapshot() == before


def test_manifest_too_long_is_refused(house, intake, tmp_path):
    (tmp_path / "long.note").write_bytes(b"a" * 70_000)
    ran = intake("manifest", "add", "--data", house.data, tmp_path / "long.note")
    assert "too long" in error_of(ran)


def test_stored_manifest_that_was_changed_stops_the_server(house, core, intake):
    forged = house.deployment.laptops[0].ack.note(house.deployment.manifest(house.log_key, minimum_build=9).text())
    core.store.write(lambda c: c.execute(update(manifests).values(data=forged))).result()
    assert "a stored key manifest does not verify" in error_of(intake("status", "--data", house.data))


def test_second_server_on_a_folder_is_refused(server, house):
    command = [sys.executable, "-m", "intake.server.cli", "serve", "--data", str(house.data), "--port", "0"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert error_of(ran) == "This data folder is in use. (another server is running on it, or intake verify reads it)"
    assert "stop the other server" in ran.stderr
    assert "intake init" not in ran.stderr


def test_address_in_use_is_told(server, house, built_house, tmp_path):
    shutil.copytree(built_house.data, tmp_path / "other")
    port = str(server.port)
    command = [sys.executable, "-m", "intake.server.cli", "serve", "--data", str(tmp_path / "other"), "--port", port]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert error_of(ran) == f"The server cannot listen on this port. (port {port} is taken)"
    assert "--port; 0 takes a free one" in ran.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "first.note", "gone.note"),
        ("manifest", "add", "gone.note"),
        ("init", "--roots", "gone.note"),
        ("init", "--manifest", "gone.note"),
    ],
)
def test_file_that_is_not_there_is_named(house, intake, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.note").write_bytes(b"")
    assert error_of(intake(*words, "--data", house.data)) == "No such file or directory: 'gone.note'"


def test_file_that_was_not_typed_is_not_named(house, intake):
    (house.data / "log.key").unlink()
    (house.data / "log.key").mkdir()
    assert str(house.data) not in intake("init", "--data", house.data).stderr


def test_status_tells_counts_only(house, core, forge, store_media, intake):
    store_media(core, forge.media(), core.clock())
    lines = intake("status", "--data", house.data).stdout.splitlines()
    assert f"media: 1 objects, {len(forge.media())} bytes" in lines
    assert "unfinished uploads: 0, 0 bytes reserved" in lines
    assert f"acked by no laptop: 1, oldest of {core.clock()}, 0 days ago" in lines
    assert "not in the log yet: 1" in lines
    assert "manifests: 1, in force: serial 1, the newest ends in 9 days" in lines
    assert {"laptops: A, B", "couriers: none"} <= set(lines)
    assert [row[0].hex() in "\n".join(lines) for row in house.rows()["objects"]] == [False]


def test_expire_says_how_many(house, intake):
    assert intake("expire", "--data", house.data).stdout == "0 objects erased, with their salts\n0 mailboxes emptied\n"
