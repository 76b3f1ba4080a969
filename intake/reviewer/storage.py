"""The vault: an SQLCipher database and a folder of large sealed objects, held by one command at a time.

Encrypted with the 32-byte key of the laptop's key file, given raw, so no second passphrase and no second KDF. Whoever
has key file and passphrase reads everything: forward secrecy covers captured ciphertext, never the vault.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from intake.reviewer.errors import VaultLocked, VaultUnreadable, VaultUnsafe
from intake.reviewer.models import IMMUTABLE, METADATA
from intake.reviewer.settings import RECEIVING_PREFIX, Home

KEY_SIZE = 32
_TEMPORARY_IN_MEMORY = 2
_SYNCHRONOUS_FULL = 2
_TRIGGER = (
    "CREATE TRIGGER IF NOT EXISTS {table}_{verb} BEFORE {verb} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'rows of this table are never changed'); END"
)
_FOLDERS = ("vault", "objects", "quarantine", "proof")


class Vault:
    """An open vault; made by `open_vault` only."""

    def __init__(self, home: Home, engine: Engine) -> None:
        self.home = home
        self._engine = engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a transaction: on the disk when the block ends well, gone without trace otherwise."""
        with self._engine.begin() as connection:
            yield connection

    def object_path(self, sha256: bytes) -> Path:
        """Return where a large object with this 32-byte hash lies."""
        return self.home.objects / f"{sha256.hex()}.age"


@contextmanager
def open_vault(home: Home, key: bytes) -> Iterator[Vault]:
    """Open the vault, made on first use, with its 32-byte key; closed when the block ends.

    Raises VaultLocked, VaultUnreadable, or VaultUnsafe when the database is not really encrypted and durable.
    """
    for name in _FOLDERS:
        (home.vault if name == "vault" else home.vault / name).mkdir(mode=0o700, exist_ok=True)
    with _lock(home.vault / "lock"):
        # What a killed command was copying; nobody else can be at it while the lock is ours.
        for path in home.vault.rglob(f"{RECEIVING_PREFIX}*"):
            path.unlink()
        engine = _engine(home.database, key)
        try:
            _prepare(engine)
            yield Vault(home, engine)
        finally:
            engine.dispose()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise VaultLocked from None
    finally:
        os.close(descriptor)


def _engine(path: Path, key: bytes) -> Engine:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))

    def connect() -> sqlcipher.Connection:
        connection = sqlcipher.connect(str(path))
        # Its log goes to the terminal and would name pages of a vault that does not open.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{_checked(key).hex()}'\"")
        connection.execute("PRAGMA cipher_memory_security = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA temp_store = {_TEMPORARY_IN_MEMORY}")
        return connection

    # hide_parameters: an error message must never carry a row.
    return create_engine("sqlite://", module=sqlcipher, creator=connect, poolclass=StaticPool, hide_parameters=True)


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_SIZE:
        raise VaultUnsafe(f"a key of {len(key)} bytes")
    return key


def _prepare(engine: Engine) -> None:
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT count(*) FROM sqlite_master"))
    except DatabaseError:
        raise VaultUnreadable from None
    with engine.begin() as connection:
        if not _pragma(connection, "cipher_version") or _pragma(connection, "cipher_use_hmac") != "1":
            raise VaultUnsafe("no SQLCipher")
        if _pragma(connection, "synchronous") != _SYNCHRONOUS_FULL:
            raise VaultUnsafe("not durable")
        METADATA.create_all(connection)
        for table in IMMUTABLE:
            for verb in ("UPDATE", "DELETE"):
                connection.execute(text(_TRIGGER.format(table=table.name, verb=verb)))


def _pragma(connection: Connection, name: str) -> object:
    return connection.execute(text(f"PRAGMA {name}")).scalar()
