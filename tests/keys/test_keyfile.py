"""The key file: who may touch it, and what a wrong passphrase or a changed byte gives."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from keys import keyfile
from keys.errors import KeyFileDamaged, KeyFileExists, KeyFileLoose, PassphraseTooShort, WrongPassphrase

PASSPHRASE = "алты сөзден тұратын құпия"
SECRETS = b"secret bytes"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("saved") / "keys.sealed"
    path.parent.chmod(0o700)
    keyfile.save(path, SECRETS, PASSPHRASE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, saved: bytes) -> Path:
    tmp_path.chmod(0o700)
    path = tmp_path / "keys.sealed"
    path.write_bytes(saved)
    path.chmod(0o600)
    return path


def test_load_gives_back_what_was_saved(path: Path) -> None:
    assert keyfile.load(path, PASSPHRASE) == SECRETS


def test_file_does_not_hold_the_secret(saved: bytes) -> None:
    assert SECRETS not in saved


def test_wrong_passphrase_is_refused(path: Path) -> None:
    with pytest.raises(WrongPassphrase):
        keyfile.load(path, PASSPHRASE + " ")


@pytest.mark.parametrize("place", [18, 34, -1])
def test_changed_byte_is_refused(path: Path, saved: bytes, place: int) -> None:
    changed = bytearray(saved)
    changed[place] ^= 1
    path.write_bytes(changed)
    with pytest.raises(WrongPassphrase):
        keyfile.load(path, PASSPHRASE)


@pytest.mark.parametrize("data", [b"", b"intake-keyfile/v2\n" + bytes(100), b"intake-keyfile/v1\n" + bytes(16)])
def test_other_file_is_refused_before_any_work(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(KeyFileDamaged):
        keyfile.load(path, PASSPHRASE)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_file_open_to_others_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyFileLoose):
        keyfile.load(path, PASSPHRASE)


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o720, 0o702, 0o711])
def test_folder_open_to_others_is_refused(path: Path, mode: int) -> None:
    path.parent.chmod(mode)
    with pytest.raises(KeyFileLoose):
        keyfile.load(path, PASSPHRASE)
    with pytest.raises(KeyFileLoose):
        keyfile.save(path.parent / "new", SECRETS, PASSPHRASE)


def test_link_is_not_followed(path: Path) -> None:
    link = path.parent / "link"
    link.symlink_to(path)
    with pytest.raises(KeyFileLoose):
        keyfile.load(link, PASSPHRASE)


def test_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path.parent / "pipe", 0o600)
    with pytest.raises(KeyFileLoose):
        keyfile.load(path.parent / "pipe", PASSPHRASE)


def test_key_file_is_never_replaced(path: Path, saved: bytes) -> None:
    with pytest.raises(KeyFileExists):
        keyfile.save(path, b"other", PASSPHRASE)
    with pytest.raises(KeyFileExists):
        keyfile.write_private(path, b"other")
    assert path.read_bytes() == saved
    assert [each.name for each in path.parent.iterdir()] == ["keys.sealed"]


def test_short_passphrase_is_refused(path: Path) -> None:
    with pytest.raises(PassphraseTooShort):
        keyfile.save(path.parent / "new", SECRETS, "elevenchars")


def test_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(FileNotFoundError):
        keyfile.load(tmp_path / "none", PASSPHRASE)


def test_more_than_load_takes_back_is_not_saved(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    most = bytes(keyfile.KEY_FILE_MAX_SIZE - 74)
    with pytest.raises(ValueError, match="holds"):
        keyfile.save(tmp_path / "keys.sealed", most + b"\0", PASSPHRASE)
    assert list(tmp_path.iterdir()) == []
    keyfile.save(tmp_path / "keys.sealed", most, PASSPHRASE)
    assert keyfile.load(tmp_path / "keys.sealed", PASSPHRASE) == most
