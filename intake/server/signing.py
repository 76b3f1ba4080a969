"""The server's only private key, the log key, and the two things it signs. Nothing else here imports a signer.

Whoever takes the server takes this key: it proves nothing against the server's own operator (SPEC.md section 8).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.server.errors import FolderInvalid
from intake.server.settings import write_private
from intake.wire.bundle import BundleStatement
from intake.wire.encoding import b64, strict_json_dumps, strict_json_loads, unb64
from intake.wire.errors import WireError
from intake.wire.log import Head
from intake.wire.note import Signature, check_name, key_id, write_note

_SEED_SIZE = 32


@dataclass(frozen=True, repr=False)
class LogKey:
    """The log key: its name in the manifest and its 32-byte Ed25519 seed, which never leaves this machine."""

    name: str
    seed: bytes

    @property
    def public(self) -> bytes:
        """The 32-byte public key, for `log_keys` of the key manifest."""
        return self._private().public_key().public_bytes_raw()

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def _signed_note(self, text: str) -> bytes:
        signature = Signature(self.name, key_id(self.name, self.public), self._private().sign(text.encode()))
        return write_note(text, [signature])


class HeadSigner:
    """Signs heads of the intake log; their first line `intake-log/…` keeps them apart from bundles."""

    def __init__(self, key: LogKey) -> None:
        self._key = key

    def sign(self, head: Head) -> bytes:
        """The head as a signed note."""
        return self._key._signed_note(head.text())


class BundleSigner:
    """Signs statements of bundles; their first line is `intake-bundle/v1`."""

    def __init__(self, key: LogKey) -> None:
        self._key = key

    def sign(self, statement: BundleStatement) -> bytes:
        """The statement as a signed note: bundle.note."""
        return self._key._signed_note(statement.text())


def make_log_key(path: Path, name: str) -> LogKey:
    """Makes a new log key and writes it for its owner alone; raises FileExistsError rather than replace one."""
    key = LogKey(check_name(name), os.urandom(_SEED_SIZE))
    write_private(path, strict_json_dumps({"name": key.name, "seed": b64(key.seed)}).encode())
    return key


def load_log_key(path: Path) -> LogKey:
    """Reads a log key; raises FolderInvalid when it is missing or damaged."""
    try:
        taken = strict_json_loads(path.read_text("ascii"))
        return LogKey(check_name(str(taken["name"])), unb64(str(taken["seed"]), _SEED_SIZE))
    except (OSError, UnicodeDecodeError, KeyError, WireError) as error:
        raise FolderInvalid(f"the log key cannot be read: {type(error).__name__}") from None
