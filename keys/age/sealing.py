"""Sealing: one file key, wrapped for each recipient, then the payload under a key made from it.

The random values are arguments, so that every language can be held to the same bytes: FileSecrets gives file
key and nonce, and a Recipient whose encapsulation is fixed gives the stanzas. By default all of it is fresh.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import BinaryIO

from keys.age.header import make_header
from keys.age.hybrid import check_hybrid_stanzas
from keys.age.kdf import FileSecrets
from keys.age.payload import seal_payload
from keys.age.protocols import Recipient


def seal_stream(
    source: BinaryIO, sink: BinaryIO, recipients: Sequence[Recipient], secrets: FileSecrets | None = None
) -> None:
    """Write everything left in `source` to `sink` as an age v1 file for 1 to 3 hybrid recipients.

    Writes 70 + 1,557 n bytes of header, 16 of nonce, and the plaintext and 16 for every 65,536 bytes begun.
    Raises HeaderError for no recipient, more than three, or one of another type; nothing is written then.
    """
    secrets = secrets or FileSecrets.fresh()
    stanzas = tuple(recipient.wrap(secrets.file_key) for recipient in recipients)
    check_hybrid_stanzas(stanzas)
    sink.write(make_header(stanzas, secrets.file_key).encode())
    sink.write(secrets.nonce)
    seal_payload(source, sink, secrets.payload_key())


def seal_bytes(plaintext: bytes, recipients: Sequence[Recipient], secrets: FileSecrets | None = None) -> bytes:
    """Return `plaintext` sealed to 1 to 3 hybrid recipients; sizes and errors as seal_stream."""
    sink = BytesIO()
    seal_stream(BytesIO(plaintext), sink, recipients, secrets)
    return sink.getvalue()
