"""What the tests of this room share: a recipient whose randomness is given, made from an independent ML-KEM."""

import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from kyber_py.ml_kem import ML_KEM_768

from keys.age import Recipient
from keys.age.header import Stanza
from keys.age.hybrid import hybrid_stanza

XWING_LABEL = rb"\.//^" + b"\\"
SUITE_ID = b"HPKE" + bytes.fromhex("647a00010003")
INFO = b"age-encryption.org/mlkem768x25519"


class SeededRecipient:
    """A hybrid recipient that encapsulates with given randomness: 32 bytes for ML-KEM ‖ 32 for X25519.

    `cryptography` draws its own and takes none, so this writes X-Wing (draft-connolly-cfrg-xwing-kem) and
    HPKE base mode (RFC 9180 section 5.1) out by hand. Slow and not constant time: never for a real file.
    """

    def __init__(self, recipient: bytes, randomness: bytes) -> None:
        self._mlkem, self._x25519 = recipient[:1184], recipient[1184:]
        self._message, self._ephemeral = randomness[:32], randomness[32:]

    def wrap(self, file_key: bytes) -> Stanza:
        enc, shared = self._encapsulate()
        empty = labeled_extract(b"", b"psk_id_hash", b"")
        context = b"\0" + empty + labeled_extract(b"", b"info_hash", INFO)
        secret = labeled_extract(shared, b"secret", b"")
        key = labeled_expand(secret, b"key", context, 32)
        nonce = labeled_expand(secret, b"base_nonce", context, 12)
        return hybrid_stanza(enc, ChaCha20Poly1305(key).encrypt(nonce, file_key, b""))

    def _encapsulate(self) -> tuple[bytes, bytes]:
        mlkem_secret, ciphertext = ML_KEM_768._encaps_internal(self._mlkem, self._message)
        ephemeral = X25519PrivateKey.from_private_bytes(self._ephemeral)
        share = ephemeral.public_key().public_bytes_raw()
        classic = ephemeral.exchange(X25519PublicKey.from_public_bytes(self._x25519))
        shared = hashlib.sha3_256(mlkem_secret + classic + share + self._x25519 + XWING_LABEL).digest()
        return ciphertext + share, shared


def labeled_extract(salt: bytes, label: bytes, secret: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + SUITE_ID + label + secret, "sha256")


def labeled_expand(secret: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labeled = size.to_bytes(2) + b"HPKE-v1" + SUITE_ID + label + info
    return hmac.digest(secret, labeled + b"\x01", "sha256")[:size]


@pytest.fixture(scope="session")
def seeded_recipient() -> Callable[[bytes, bytes], Recipient]:
    """Takes a recipient of 1,216 bytes and 64 bytes of randomness."""
    return SeededRecipient
