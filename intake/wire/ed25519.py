"""Ed25519 verification, strict as RFC 8032 section 5.1.7, for every signature that crosses machines.

OpenSSL, behind `cryptography`, refuses S >= L and compares R byte by byte. Here public keys that are not in
their one spelling or of small order are refused too: under those one signature fits many messages.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from intake.wire.constants import ED25519_KEY_SIZE, ED25519_SIGNATURE_SIZE
from intake.wire.errors import BadSignature

_FIELD_PRIME: Final = 2**255 - 19
_ORDER_8_Y: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y: Final = frozenset({0, 1, _FIELD_PRIME - 1, _ORDER_8_Y, _FIELD_PRIME - _ORDER_8_Y})


def verify(key: bytes, signature: bytes, message: bytes) -> None:
    """Raises BadSignature unless `signature` (64 bytes) by the public `key` (32 bytes) is over `message`."""
    if len(key) != ED25519_KEY_SIZE or len(signature) != ED25519_SIGNATURE_SIZE:
        raise BadSignature("wrong length")
    y = int.from_bytes(key, "little") & ((1 << 255) - 1)
    if y >= _FIELD_PRIME or y in _SMALL_ORDER_Y:
        raise BadSignature("a public key that nobody may use")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise BadSignature from None
