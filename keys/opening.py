"""Opening what came from a phone: sealed object in, frame out, nothing acted on before the last chunk verified.

```
small   at most 65,536 bytes, held in memory         open_small  -> OpenedFrame or HandSealed
large   read twice from a file, 64 KiB at a time     open_large  -> OpenedMedia or HandSealed
                                                     export_body -> the file's own bytes, in a file
```

A plaintext without the frame's magic is a hand-sealed file: made with the `age` tool, bound to nothing.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from intake.wire.constants import SMALL_CLASSES
from intake.wire.errors import FrameInvalid
from intake.wire.frame import Frame, MediaHeader, Reply, peek_kind, unpack, unpack_media_prefix
from keys.age import HybridIdentity, open_sealed_bytes, open_sealed_chunks

SMALL_MAX_SIZE = max(SMALL_CLASSES)
_ZEROS = bytes(65_536)


@dataclass(frozen=True)
class OpenedFrame:
    """A whole frame; whether what it says of itself holds is for the reader to check."""

    frame: Frame


@dataclass(frozen=True)
class OpenedMedia:
    """A media frame without its body: the header and the SHA-256 (32 bytes) of the file's own bytes."""

    header: MediaHeader
    sha256: bytes


@dataclass(frozen=True)
class HandSealed:
    """A file sealed by hand: size in bytes and SHA-256 (32 bytes) of its plaintext; `content` only if it is small."""

    size: int
    sha256: bytes
    content: bytes | None


def open_small(untrusted_data: bytes, identities: Sequence[HybridIdentity]) -> OpenedFrame | HandSealed:
    """Open a sealed object of at most 65,536 bytes.

    Raises NoMatch (late or junk), SealedObjectError, TooLarge, or FrameInvalid when it opens to a broken frame.
    """
    plain = open_sealed_bytes(untrusted_data, identities, SMALL_MAX_SIZE)
    if peek_kind(plain) == 0:
        return HandSealed(len(plain), hashlib.sha256(plain).digest(), plain)
    frame = unpack(plain)
    # Answers go to phones. One that comes from there could only be meant to be mistaken for ours.
    if isinstance(frame, Reply):
        raise FrameInvalid("an answer where a report belongs")
    return OpenedFrame(frame)


def open_large(untrusted_source: BinaryIO, identities: Sequence[HybridIdentity]) -> OpenedMedia | HandSealed:
    """Open a sealed object of any size without keeping it; memory stays the same for every size.

    Raises as open_small does; a frame of another kind than media is a FrameInvalid here.
    """
    reader = _Body(open_sealed_chunks(untrusted_source, identities), lambda _: None)
    return reader.run()


def export_body(untrusted_source: BinaryIO, identities: Sequence[HybridIdentity], target: Path) -> int:
    """Write the file inside a sealed object to `target` (new, mode 0600) and return its size in bytes.

    It appears under its name only after the last chunk verified. Plaintext on a disk: only at a person's wish.
    Raises as open_large does, and FileExistsError.
    """
    if target.exists():
        raise FileExistsError
    descriptor, temporary = tempfile.mkstemp(prefix=".opening-", dir=target.parent)
    try:
        with open(descriptor, "wb") as sink:
            opened = _Body(open_sealed_chunks(untrusted_source, identities), sink.write).run()
            sink.flush()
            os.fsync(descriptor)
        # A rename, where a link would be safer: memory sticks have file systems without links.
        os.rename(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return opened.size if isinstance(opened, HandSealed) else opened.header.body_length


class _Body:
    """Follows a plaintext chunk by chunk: header first, then the body to `write`, then nothing but zeros."""

    def __init__(self, chunks: Iterator[memoryview], write: Callable[[memoryview], object]) -> None:
        self._chunks = chunks
        self._write = write
        self._hash = hashlib.sha256()
        self._size = 0

    def run(self) -> OpenedMedia | HandSealed:
        """Read to the end and say what it was."""
        first = next(self._chunks)
        header = _read_header(first)
        if header is None:
            self._take(first)
            for chunk in self._chunks:
                self._take(chunk)
            return HandSealed(self._size, self._hash.digest(), None)
        self._split(first[header.body_offset :], header.body_length)
        for chunk in self._chunks:
            self._split(chunk, header.body_length)
        if self._size != header.body_length:
            raise FrameInvalid("the body does not fit")
        return OpenedMedia(header, self._hash.digest())

    def _split(self, chunk: memoryview, body_length: int) -> None:
        body = chunk[: body_length - self._size]
        padding = chunk[len(body) :]
        self._take(body)
        if padding != _ZEROS[: len(padding)]:
            raise FrameInvalid("padding that is not zero")

    def _take(self, piece: memoryview) -> None:
        self._size += len(piece)
        self._hash.update(piece)
        self._write(piece)


def _read_header(first_chunk: memoryview) -> MediaHeader | None:
    prefix = bytes(first_chunk[:256])
    header = unpack_media_prefix(prefix)
    if header is None and peek_kind(prefix) != 0:
        raise FrameInvalid("a large object that is no media")
    return header
