"""Opening: header, file key, MAC, payload, in this order.

open_stream is the age format with any identities. What arrives from outside goes through open_sealed_*, which accept
only our own kind of header; all but open_sealed_chunks give nothing before the last chunk verified.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from intake.wire.constants import FILE_KEY_SIZE, PAYLOAD_NONCE_SIZE
from keys.age.header import Header, read_header
from keys.age.hybrid import HybridIdentity, check_hybrid_stanzas
from keys.age.kdf import payload_key
from keys.age.payload import open_payload, plaintext_size, read_fully
from keys.age.protocols import Identity
from keys.errors import HeaderError, NoMatch, TooLarge


def open_stream(untrusted_source: BinaryIO, sink: BinaryIO, identities: Sequence[Identity]) -> None:
    """Write the plaintext of an age v1 file to `sink`, chunk by chunk, each once it has verified.

    Raises HeaderError, NoMatch, HmacError or PayloadError. After PayloadError the sink holds an authentic but
    cut-off beginning: throw it away.
    """
    key = _read_payload_key(untrusted_source, read_header(untrusted_source), identities)
    for chunk in open_payload(untrusted_source, key):
        sink.write(chunk)


def open_sealed_bytes(untrusted_data: bytes, identities: Sequence[HybridIdentity], limit: int) -> bytes:
    """Return the whole plaintext of a sealed object, at most `limit` bytes.

    Raises HeaderError, NoMatch, HmacError or PayloadError; TooLarge before any chunk is decrypted.
    """
    source = BytesIO(untrusted_data)
    key = _read_payload_key(source, _read_sealed_header(source), identities)
    if plaintext_size(len(untrusted_data) - source.tell()) > limit:
        raise TooLarge(f"more than {limit} bytes")
    return b"".join(bytes(chunk) for chunk in open_payload(source, key))


def open_sealed_chunks(untrusted_source: BinaryIO, identities: Sequence[HybridIdentity]) -> Iterator[memoryview]:
    """Yield the plaintext of a sealed object, 64 KiB at a time; a view is valid until the next is asked for.

    Raises HeaderError, NoMatch, HmacError or PayloadError. What was yielded before PayloadError is an authentic
    but cut-off beginning: do not act on it until the iterator ends.
    """
    key = _read_payload_key(untrusted_source, _read_sealed_header(untrusted_source), identities)
    yield from open_payload(untrusted_source, key)


def open_sealed_file(untrusted_source: BinaryIO, target: Path, identities: Sequence[HybridIdentity]) -> None:
    """Write the whole plaintext of a sealed object to `target`, which must not exist yet (FileExistsError).

    The file appears under its name after the last chunk verified, on the disk and readable by its owner only;
    otherwise nothing stays. Raises HeaderError, NoMatch, HmacError or PayloadError.
    """
    key = _read_payload_key(untrusted_source, _read_sealed_header(untrusted_source), identities)
    descriptor, name = tempfile.mkstemp(prefix=".opening-", dir=target.parent)
    try:
        with open(descriptor, "wb") as sink:
            for chunk in open_payload(untrusted_source, key):
                sink.write(chunk)
            sink.flush()
            os.fsync(descriptor)
        # Unlike a rename, a link never replaces what is already there.
        os.link(name, target)
    finally:
        os.unlink(name)
    _sync_folder(target.parent)


def _read_sealed_header(untrusted_source: BinaryIO) -> Header:
    header = read_header(untrusted_source)
    check_hybrid_stanzas(header.stanzas)
    return header


def _read_payload_key(untrusted_source: BinaryIO, header: Header, identities: Sequence[Identity]) -> bytes:
    file_key = _unwrap(header, identities)
    header.verify(file_key)
    nonce = read_fully(untrusted_source, PAYLOAD_NONCE_SIZE)
    if len(nonce) != PAYLOAD_NONCE_SIZE:
        raise HeaderError("it ends before the payload")
    return payload_key(file_key, nonce)


def _unwrap(header: Header, identities: Sequence[Identity]) -> bytes:
    for identity in identities:
        file_key = identity.unwrap(header.stanzas)
        if file_key is None:
            continue
        if len(file_key) != FILE_KEY_SIZE:
            raise HeaderError(f"a file key of {len(file_key)} bytes")
        return file_key
    raise NoMatch


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
