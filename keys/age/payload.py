"""The payload: 64 KiB chunks of ChaCha20-Poly1305, numbered, the last one marked (C2SP age.md, "Payload").

Both directions hold one chunk at a time, whatever the size of the file.
"""

from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from intake.wire.constants import CHUNK_SIZE, TAG_SIZE
from keys.errors import PayloadError

SEALED_CHUNK_SIZE = CHUNK_SIZE + TAG_SIZE
_COUNTER_SIZE = 11


def seal_chunk(payload_key: bytes, index: int, last: bool, chunk: bytes) -> bytes:
    """Return `chunk` sealed: 16 bytes longer. The same arguments always give the same bytes.

    payload_key: 32 bytes. index: 0 for the first chunk. chunk: exactly 65,536 bytes unless it is the last,
    which holds 1..65,536 bytes (0 only if the whole payload is empty). Raises ValueError for another size.
    Two different chunks under one key and index reveal both.
    """
    _check_plain_size(len(chunk), index, last)
    return ChaCha20Poly1305(payload_key).encrypt(_nonce(index, last), chunk, None)


def open_chunk(payload_key: bytes, index: int, last: bool, untrusted_sealed: bytes) -> bytes:
    """Return the plaintext of one sealed chunk; raises PayloadError if it does not verify in this place."""
    plain = _Chunks(payload_key).open(index, last, untrusted_sealed)
    if plain is None:
        raise PayloadError(f"chunk {index}")
    return bytes(plain)


def seal_payload(source: BinaryIO, sink: BinaryIO, payload_key: bytes) -> None:
    """Write the chunks of everything left in `source` to `sink`."""
    index, chunk = 0, read_fully(source, CHUNK_SIZE)
    while following := read_fully(source, CHUNK_SIZE):
        sink.write(seal_chunk(payload_key, index, False, chunk))
        index, chunk = index + 1, following
    sink.write(seal_chunk(payload_key, index, True, chunk))


def open_payload(untrusted_source: BinaryIO, payload_key: bytes) -> Iterator[memoryview]:
    """Yield the plaintext of each chunk once it has verified; a view is valid until the next is asked for.

    Raises PayloadError if a chunk does not verify, the last one is missing, or bytes follow it. What was
    yielded before is authentic but may be a cut-off beginning: do not act on it until the iterator ends.
    """
    chunks = _Chunks(payload_key)
    index, last = 0, False
    while not last:
        sealed = read_fully(untrusted_source, SEALED_CHUNK_SIZE)
        # Only the last chunk may be short, and a full one may be either: try the common case first.
        plain = chunks.open(index, False, sealed) if len(sealed) == SEALED_CHUNK_SIZE else None
        if plain is None:
            plain, last = chunks.open(index, True, sealed), True
        if plain is None or (not plain and index):
            raise PayloadError(f"chunk {index}")
        yield plain
        index += 1
    if untrusted_source.read(1):
        raise PayloadError("bytes after the last chunk")


def plaintext_size(payload_bytes: int) -> int:
    """Return how many plaintext bytes a payload of this size (without the nonce) holds, were it intact."""
    return max(0, payload_bytes - TAG_SIZE * max(1, -(-payload_bytes // SEALED_CHUNK_SIZE)))


def read_fully(source: BinaryIO, size: int) -> bytes:
    """Return `size` bytes, fewer only at the end of `source`, even where read() gives less than asked."""
    first = source.read(size)
    if len(first) == size or not first:
        return first
    pieces, missing = [first], size - len(first)
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


class _Chunks:
    """Opens chunks under one key into one buffer, which the next chunk overwrites."""

    def __init__(self, payload_key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(payload_key)
        self._buffer = memoryview(bytearray(CHUNK_SIZE))

    def open(self, index: int, last: bool, untrusted_sealed: bytes) -> memoryview | None:
        """Return the plaintext, or None if the tag is missing or wrong."""
        size = len(untrusted_sealed) - TAG_SIZE
        if not 0 <= size <= CHUNK_SIZE:
            return None
        plain = self._buffer[:size]
        try:
            self._cipher.decrypt_into(_nonce(index, last), untrusted_sealed, None, plain)
        except InvalidTag:
            return None
        return plain


def _nonce(index: int, last: bool) -> bytes:
    return index.to_bytes(_COUNTER_SIZE) + (b"\x01" if last else b"\x00")


def _check_plain_size(size: int, index: int, last: bool) -> None:
    smallest = CHUNK_SIZE if not last else min(index, 1)
    if not smallest <= size <= CHUNK_SIZE:
        raise ValueError(f"a chunk of {size} bytes cannot stand here")
