"""age v1, strict: the container of every sealed object (C2SP age.md; intake/wire/SPEC.md section 1).

Only `mlkem768x25519` recipients are sealed to, and only files with nothing else in their header are opened.
Anyone with age 1.3 or later and an identity's text can open the same files without this project.
"""

from keys.age.hybrid import HybridIdentity, HybridRecipient
from keys.age.kdf import FileSecrets, payload_key
from keys.age.opening import open_sealed_bytes, open_sealed_chunks, open_sealed_file, open_stream
from keys.age.payload import open_chunk, seal_chunk
from keys.age.protocols import Identity, Recipient
from keys.age.sealing import seal_bytes, seal_stream

__all__ = [
    "FileSecrets",
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "Recipient",
    "open_chunk",
    "open_sealed_bytes",
    "open_sealed_chunks",
    "open_sealed_file",
    "open_stream",
    "payload_key",
    "seal_bytes",
    "seal_chunk",
    "seal_stream",
]
