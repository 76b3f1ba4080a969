"""The server's two private keys and the three things they sign. Nothing else here imports a signer.

The log key signs heads and bundles, the receipt key signs receipts: a key of its own, because it answers strangers.
Whoever takes the server takes both: they prove nothing against the server's own operator (SPEC.md sections 8 and 14).
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.server.errors import FolderInvalid
from intake.server.settings import write_private
from intake.wire.bundle import BundleStatement
from intake.wire.encoding import b64, strict_json_dumps, strict_json_loads, unb64
from intake.wire.errors import WireError
from intake.wire.log import Head
from intake.wire.note import Signature, check_name, key_id, write_note
from intake.wire.receipt import Receipt, write_receipt

_SEED_SIZE = 32


@dataclass(frozen=True, repr=False)
class _Key:
    """A signing key: its name in the manifest and its 32-byte Ed25519 seed, which never leaves this machine."""

    name: str
    seed: bytes

    @property
    def public(self) -> bytes:
        """The 32-byte public key, for `log_keys` or `receipt_keys` of the key manifest."""
        return self._private.public_key().public_bytes_raw()

    # Made once: deriving the key from its seed costs as much as a signature.
    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def _key_id(self) -> bytes:
        return key_id(self.name, self.public)

    def _signature(self, text: str) -> Signature:
        return Signature(self.name, self._key_id, self._private.sign(text.encode()))

    def _signed_note(self, text: str) -> bytes:
        return write_note(text, [self._signature(text)])


class LogKey(_Key):
    """The log key."""


class ReceiptKey(_Key):
    """The receipt key; another type, so that neither key can stand in for the other."""


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


class ReceiptSigner:
    """Signs receipts; their first line is `intake-receipt/v1`. The same receipt again gives the same bytes."""

    def __init__(self, key: ReceiptKey) -> None:
        self._key = key

    def sign(self, receipt: Receipt) -> str:
        """The receipt's line, about 115 characters."""
        return write_receipt(receipt.day, self._key._signature(receipt.text()))


def make_log_key(path: Path, name: str) -> LogKey:
    """Makes a new log key and writes it for its owner alone; raises FileExistsError rather than replace one."""
    return LogKey(*_make(path, name))


def load_log_key(path: Path) -> LogKey:
    """Reads a log key; raises FolderInvalid when it is missing or damaged."""
    return LogKey(*_load(path, "log"))


def make_receipt_key(path: Path, name: str) -> ReceiptKey:
    """As `make_log_key`, for receipts."""
    return ReceiptKey(*_make(path, name))


def load_receipt_key(path: Path) -> ReceiptKey:
    """As `load_log_key`, for receipts."""
    return ReceiptKey(*_load(path, "receipt"))


def _make(path: Path, name: str) -> tuple[str, bytes]:
    seed = os.urandom(_SEED_SIZE)
    write_private(path, strict_json_dumps({"name": check_name(name), "seed": b64(seed)}).encode())
    return name, seed


def _load(path: Path, kind: str) -> tuple[str, bytes]:
    try:
        taken = strict_json_loads(path.read_text("ascii"))
        return check_name(str(taken["name"])), unb64(str(taken["seed"]), _SEED_SIZE)
    except (OSError, UnicodeDecodeError, KeyError, WireError) as error:
        raise FolderInvalid(f"the {kind} key cannot be read: {type(error).__name__}") from None
