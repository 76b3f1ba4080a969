"""One command's hold on the laptop: the home folder, the keys behind the passphrase, the open vault."""

import getpass
import os
import stat
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from intake.reviewer.errors import InputInvalid
from intake.reviewer.services.manifests import read_roots
from intake.reviewer.settings import Home, find_home
from intake.reviewer.storage import Vault, open_vault
from intake.wire.constants import REHEARSAL_NOTICE
from keys.keyfile import PASSPHRASE_MIN_CHARACTERS
from keys.ring import Keyring, load_ring

_PASSPHRASE_MAX_SIZE = 4096
STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Session:
    """What a verb works with."""

    home: Home
    ring: Keyring
    vault: Vault
    today: date


def today() -> date:
    """Return the day in UTC, by this laptop's clock."""
    return datetime.now(UTC).date()


def unlock(arguments: Namespace) -> tuple[Home, Keyring]:
    """Open the key file with the passphrase; the roots pinned inside must be those of roots.json."""
    home = find_home(arguments.home)
    home.check()
    ring = load_ring(home.key_file, read_passphrase(arguments))
    if read_roots(home).deployment != ring.deployment:
        raise InputInvalid("roots.json is not the one these keys were made with")
    if ring.rehearsal:
        notice(REHEARSAL_NOTICE)
    return home, ring


@contextmanager
def open_session(arguments: Namespace) -> Iterator[Session]:
    """Unlock the keys and open the vault for one verb."""
    home, ring = unlock(arguments)
    with open_vault(home, ring.seeds.vault) as vault:
        yield Session(home, ring, vault, today())


def notice(text: str) -> None:
    """Say something on standard error, where it does not mix with lists and JSON."""
    print(text, file=sys.stderr, flush=True)


def read_passphrase(arguments: Namespace, new: bool = False) -> str:
    """Return the passphrase from a file, from the first line of standard input (`-`), or from the keyboard.

    Never from the command line, which other programs can read. A new one is asked for twice.
    """
    if arguments.passphrase_file == STANDARD_INPUT:
        return _first_line(sys.stdin.buffer.readline(_PASSPHRASE_MAX_SIZE))
    if arguments.passphrase_file:
        return _first_line(_read_private(Path(arguments.passphrase_file)))
    if not sys.stdin.isatty():
        raise InputInvalid("no keyboard to ask for the passphrase; use --passphrase-file FILE, or - for input")
    given = getpass.getpass(f"passphrase{f' ({PASSPHRASE_MIN_CHARACTERS} characters at least)' if new else ''}: ")
    if new and getpass.getpass("once more: ") != given:
        raise InputInvalid("the two passphrases differ")
    return given


def _first_line(data: bytes) -> str:
    try:
        return data.split(b"\n", 1)[0].removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise InputInvalid("the passphrase is not UTF-8") from None


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise InputInvalid("the passphrase file is open to others; chmod 600 it")
            return file.read(_PASSPHRASE_MAX_SIZE)
    except OSError:
        raise InputInvalid("the passphrase file cannot be read") from None
