"""Secrets on disk: one file, under a passphrase, that nobody else on the machine may touch.

```
offset size
0      18   "intake-keyfile/v1\\n"
18     16   salt
34     24   nonce
58     ..   XSalsa20-Poly1305 (libsodium secretbox) of the secrets, 16 bytes longer than they
```

The key is Argon2id(passphrase, salt), 4 passes over 256 MiB; the numbers belong to the version, so a changed
file cannot make this machine spend more. Six random words hold for decades against a state's farm of machines;
whoever has the file and a weak passphrase has everything.
"""

import os
import stat
import tempfile
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from keys.errors import KeyFileDamaged, KeyFileExists, KeyFileLoose, PassphraseTooShort, WrongPassphrase

PASSPHRASE_MIN_CHARACTERS = 12
KEY_FILE_MAX_SIZE = 1024**2
_MAGIC = b"intake-keyfile/v1\n"
_OVERHEAD = len(_MAGIC) + argon2id.SALTBYTES + SecretBox.NONCE_SIZE + SecretBox.MACBYTES
_PASSES = 4
_MEMORY_BYTES = 256 * 1024**2
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def save(path: Path, secrets: bytes, passphrase: str) -> None:
    """Write `secrets` under a passphrase to a new file of at most 1 MiB, mode 0600, on the disk when this returns.

    Raises ValueError for more than `load` would take back, KeyFileExists, KeyFileLoose when the folder is open to
    others, PassphraseTooShort below 12 characters.
    """
    if len(passphrase) < PASSPHRASE_MIN_CHARACTERS:
        raise PassphraseTooShort(f"{PASSPHRASE_MIN_CHARACTERS} characters at least")
    check_private_folder(path.parent)
    if path.exists():
        raise KeyFileExists
    if len(secrets) > KEY_FILE_MAX_SIZE - _OVERHEAD:
        raise ValueError("more secrets than a key file holds")
    salt = os.urandom(argon2id.SALTBYTES)
    sealed = bytes(_box(passphrase, salt).encrypt(secrets))
    write_private(path, _MAGIC + salt + sealed)


def load(path: Path, passphrase: str) -> bytes:
    """Return the secrets of a key file; takes about a second and 256 MiB.

    Raises KeyFileLoose before reading anything, KeyFileDamaged, WrongPassphrase; FileNotFoundError if there is none.
    """
    check_private_folder(path.parent)
    data = _read_private(path)
    body = len(_MAGIC) + argon2id.SALTBYTES
    if not data.startswith(_MAGIC) or not body < len(data) <= KEY_FILE_MAX_SIZE:
        raise KeyFileDamaged
    try:
        return _box(passphrase, data[len(_MAGIC) : body]).decrypt(data[body:])
    except (CryptoError, ValueError):
        raise WrongPassphrase from None


def check_private_folder(folder: Path) -> None:
    """Raise KeyFileLoose unless this is a folder of ours, not a link, closed to group and others."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or not _is_private(status):
        raise KeyFileLoose("its folder must be yours alone, mode 0700")


def write_private(path: Path, data: bytes) -> None:
    """Write a new file, mode 0600, whole or not at all, on the disk when this returns; raises KeyFileExists."""
    descriptor, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces what is already there.
        os.link(temporary, path)
    except FileExistsError:
        raise KeyFileExists from None
    finally:
        os.unlink(temporary)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_private(path: Path) -> bytes:
    # A link or a fifo put in the file's place must neither be followed nor waited for.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError:
        raise KeyFileLoose("the key file is a link or no file") from None
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_private(status):
            raise KeyFileLoose("the key file must be yours alone, mode 0600")
        return file.read(KEY_FILE_MAX_SIZE + 1)


def _is_private(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS


def _box(passphrase: str, salt: bytes) -> SecretBox:
    return SecretBox(argon2id.kdf(SecretBox.KEY_SIZE, passphrase.encode(), salt, _PASSES, _MEMORY_BYTES))
