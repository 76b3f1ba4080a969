"""The only recipient type in use: `mlkem768x25519`, post-quantum and classic together (C2SP age.md).

HPKE base mode (RFC 9180) with KEM MLKEM768-X25519 (X-Wing, 0x647a), HKDF-SHA256 and ChaCha20-Poly1305.
Whoever breaks only one of ML-KEM-768 and X25519 still reads nothing.
"""

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from intake.wire.constants import (
    AGE_HPKE_INFO,
    AGE_STANZA_TYPE,
    ENC_SIZE,
    IDENTITY_SEED_SIZE,
    RECIPIENT_SIZE,
    RECIPIENTS_MAX,
    STANZA_BODY_SIZE,
)
from keys.age import base64, bech32
from keys.age.header import Stanza
from keys.errors import HeaderError, KeyTextError

_INFO = AGE_HPKE_INFO.encode("ascii")
_MLKEM_SEED_SIZE = 64
_X25519_SIZE = 32
_IDENTITY_PREFIX = "AGE-SECRET-KEY-PQ-"
_RECIPIENT_PREFIX = "age1pq"
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
# X25519 scalars are multiples of 8, so any of them, even this public one, sends a low-order point to zero.
_PROBE = X25519PrivateKey.from_private_bytes(bytes(_X25519_SIZE))


class HybridRecipient:
    """A public key: ML-KEM-768 1,184 bytes ‖ X25519 32 bytes. Not secret."""

    def __init__(self, raw: bytes) -> None:
        """Take 1,216 bytes; raises KeyTextError on another size, a bad ML-KEM key or a low-order point."""
        if len(raw) != RECIPIENT_SIZE:
            raise KeyTextError(f"a recipient is {RECIPIENT_SIZE} bytes, not {len(raw)}")
        mlkem, x25519 = raw[:-_X25519_SIZE], raw[-_X25519_SIZE:]
        if _is_low_order(x25519):
            raise KeyTextError("its X25519 half would make every secret the same")
        try:
            mlkem_key = MLKEM768PublicKey.from_public_bytes(mlkem)
        except ValueError:
            raise KeyTextError("its ML-KEM half is not a key") from None
        self._raw = bytes(raw)
        self._key = hpke.MLKEM768X25519PublicKey(mlkem_key, X25519PublicKey.from_public_bytes(x25519))

    def wrap(self, file_key: bytes) -> Stanza:
        """Return a stanza wrapping the 16-byte file key; fresh randomness each time, from the library."""
        sealed = _SUITE.encrypt(file_key, self._key, info=_INFO)
        return hybrid_stanza(sealed[:ENC_SIZE], sealed[ENC_SIZE:])

    def __bytes__(self) -> bytes:
        """Return the 1,216 bytes."""
        return self._raw

    def __eq__(self, other: object) -> bool:
        """Compare by the public bytes."""
        return isinstance(other, HybridRecipient) and self._raw == other._raw

    def __hash__(self) -> int:
        """Hash the public bytes."""
        return hash(self._raw)

    @classmethod
    def from_text(cls, untrusted_text: str) -> "HybridRecipient":
        """Read `age1pq1...` (1,959 lower-case characters); raises KeyTextError."""
        return cls(bech32.decode(_RECIPIENT_PREFIX, untrusted_text))

    def to_text(self) -> str:
        """Return `age1pq1...`, as the `age` tool from 1.3 on takes it after `-r`."""
        return bech32.encode(_RECIPIENT_PREFIX, self._raw)


class HybridIdentity:
    """A private key, kept as its 32-byte seed. Secret; whoever has it opens everything sealed to it."""

    def __init__(self, seed: bytes) -> None:
        """Take the 32-byte seed; raises KeyTextError on another size."""
        if len(seed) != IDENTITY_SEED_SIZE:
            raise KeyTextError(f"a seed is {IDENTITY_SEED_SIZE} bytes, not {len(seed)}")
        self._seed = seed

    @classmethod
    def generate(cls) -> "HybridIdentity":
        """Make a new identity from the operating system's generator."""
        return cls(os.urandom(IDENTITY_SEED_SIZE))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, for the vault and for shares."""
        return self._seed

    @property
    def recipient(self) -> bytes:
        """The 1,216 public bytes to seal to; HybridRecipient takes them."""
        return self._halves[2]

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """Return the 16-byte file key of the first stanza for this identity, or None if there is none.

        Raises HeaderError for a malformed `mlkem768x25519` stanza; passes over stanzas of other types.
        """
        for sealed in [check_hybrid_stanza(each) for each in stanzas if each.type == AGE_STANZA_TYPE]:
            try:
                return _SUITE.decrypt(sealed, self._key, info=_INFO)
            except InvalidTag:
                continue
        return None

    @classmethod
    def from_text(cls, untrusted_text: str) -> "HybridIdentity":
        """Read `AGE-SECRET-KEY-PQ-1...` (77 upper-case characters); raises KeyTextError."""
        return cls(bech32.decode(_IDENTITY_PREFIX, untrusted_text))

    def to_text(self) -> str:
        """Return `AGE-SECRET-KEY-PQ-1...`, as the `age` tool from 1.3 on takes it after `-i`. Secret."""
        return bech32.encode(_IDENTITY_PREFIX, self._seed)

    @cached_property
    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey, bytes]:
        expanded = hashlib.shake_256(self._seed).digest(_MLKEM_SEED_SIZE + _X25519_SIZE)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_SIZE])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_SIZE:])
        public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        return mlkem, x25519, public

    @cached_property
    def _key(self) -> hpke.MLKEM768X25519PrivateKey:
        # Expanding a seed costs more than opening a stanza, and one identity is tried on thousands.
        return hpke.MLKEM768X25519PrivateKey(self._halves[0], self._halves[1])


def hybrid_stanza(enc: bytes, body: bytes) -> Stanza:
    """Return the stanza of an encapsulated key (1,120 bytes) and a wrapped file key (32 bytes)."""
    stanza = Stanza(AGE_STANZA_TYPE, (base64.encode(enc).decode("ascii"),), body)
    check_hybrid_stanza(stanza)
    return stanza


def check_hybrid_stanzas(untrusted_stanzas: Sequence[Stanza]) -> None:
    """Raise HeaderError unless these are 1 to 3 well-formed `mlkem768x25519` stanzas and nothing else.

    A classic stanza beside a hybrid one would undo the protection against a quantum computer, and a
    passphrase stanza would let a stranger choose how many gigabytes we spend on it.
    """
    if not 1 <= len(untrusted_stanzas) <= RECIPIENTS_MAX:
        raise HeaderError(f"{len(untrusted_stanzas)} recipients where 1 to {RECIPIENTS_MAX} may be")
    for stanza in untrusted_stanzas:
        check_hybrid_stanza(stanza)


# Each identity that is tried looks at the same few stanzas again.
@lru_cache(maxsize=16)
def check_hybrid_stanza(untrusted_stanza: Stanza) -> bytes:
    """Return enc ‖ body, 1,152 bytes, of a well-formed `mlkem768x25519` stanza, or raise HeaderError."""
    if untrusted_stanza.type != AGE_STANZA_TYPE:
        raise HeaderError(f"a stanza of another type than {AGE_STANZA_TYPE}")
    if len(untrusted_stanza.arguments) != 1:
        raise HeaderError(f"a {AGE_STANZA_TYPE} stanza has one argument")
    # A body of another size could be made to open under several keys (partitioning oracle).
    if len(untrusted_stanza.body) != STANZA_BODY_SIZE:
        raise HeaderError(f"a {AGE_STANZA_TYPE} stanza has a body of {STANZA_BODY_SIZE} bytes")
    enc = base64.decode_exactly(untrusted_stanza.arguments[0].encode("ascii"), ENC_SIZE)
    # The library reports a low-order share as a wrong key; it is a malformed stanza.
    if _is_low_order(enc[-_X25519_SIZE:]):
        raise HeaderError("an X25519 share of low order")
    return enc + untrusted_stanza.body


# Each identity that is tried looks at the same few shares again.
@lru_cache(maxsize=16)
def _is_low_order(untrusted_point: bytes) -> bool:
    try:
        _PROBE.exchange(X25519PublicKey.from_public_bytes(untrusted_point))
    except ValueError:
        return True
    return False
