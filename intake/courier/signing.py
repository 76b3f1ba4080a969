"""The courier's key and the one thing it signs: requests to a server (SPEC.md section 12).

Whoever takes it can fetch ciphertext and hand in outboxes that laptops signed; nothing else. The manifest revokes it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.courier.errors import HomeUnusable
from intake.courier.settings import write_private
from intake.wire.constants import ED25519_KEY_SIZE
from intake.wire.courier_request import CourierRequest
from intake.wire.encoding import b64, strict_json_dumps, strict_json_loads, unb64
from intake.wire.errors import WireError
from intake.wire.note import Signature, check_name, key_id, write_note


@dataclass(frozen=True, repr=False)
class CourierKey:
    """A courier's name in the manifest and its secret seed of 32 bytes."""

    name: str
    seed: bytes

    @property
    def public(self) -> bytes:
        """The 32-byte public key, for `couriers` of the key manifest."""
        return self._private().public_key().public_bytes_raw()

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


class RequestSigner:
    """Signs requests; their first line is `intake-courier/v1`."""

    def __init__(self, key: CourierKey) -> None:
        self._key = key
        self.name = key.name

    def sign(self, request: CourierRequest) -> bytes:
        """The request as a signed note."""
        text = request.text()
        signature = self._key._private().sign(text.encode())
        return write_note(text, [Signature(self._key.name, key_id(self._key.name, self._key.public), signature)])


def make_courier_key(path: Path, name: str) -> CourierKey:
    """Makes a key and writes it for its owner alone; raises FileExistsError rather than replace one."""
    key = CourierKey(check_name(name), os.urandom(ED25519_KEY_SIZE))
    write_private(path, strict_json_dumps({"name": key.name, "seed": b64(key.seed)}).encode())
    return key


def load_courier_key(path: Path) -> CourierKey:
    """Reads a key; raises HomeUnusable when it is missing or damaged."""
    try:
        taken = strict_json_loads(path.read_text("ascii"))
        return CourierKey(check_name(str(taken["name"])), unb64(str(taken["seed"]), ED25519_KEY_SIZE))
    except (OSError, UnicodeDecodeError, KeyError, WireError) as error:
        raise HomeUnusable(f"its key cannot be read: {type(error).__name__}") from None
