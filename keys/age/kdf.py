"""The secrets of one file and the keys made from them (C2SP age.md, "File key", "Header MAC", "Payload")."""

import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from intake.wire.constants import FILE_KEY_SIZE, PAYLOAD_NONCE_SIZE

_KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class FileSecrets:
    """The two random values of one file. Reusing them for other plaintext reveals both plaintexts.

    file_key: 16 bytes, secret, wrapped for each recipient. nonce: 16 bytes, written in the clear.
    Given by hand only to reproduce a vector; everything else calls fresh().
    """

    file_key: bytes = field(repr=False)
    nonce: bytes

    def __post_init__(self) -> None:
        if len(self.file_key) != FILE_KEY_SIZE or len(self.nonce) != PAYLOAD_NONCE_SIZE:
            raise ValueError("a file key and a nonce are 16 bytes each")

    @classmethod
    def fresh(cls) -> "FileSecrets":
        """Return new values from the operating system's generator."""
        return cls(os.urandom(FILE_KEY_SIZE), os.urandom(PAYLOAD_NONCE_SIZE))

    def payload_key(self) -> bytes:
        """Return the 32-byte key of the payload's chunks."""
        return payload_key(self.file_key, self.nonce)


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """Return 32 bytes of HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=_KEY_SIZE, salt=salt, info=info).derive(secret)


def payload_key(file_key: bytes, nonce: bytes) -> bytes:
    """Return the 32-byte payload key of a 16-byte file key and the file's 16-byte nonce."""
    return hkdf(file_key, nonce, b"payload")
