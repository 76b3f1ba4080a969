"""The body of `POST /reports`: object id, epoch label, SHA-256 and the small sealed object (SPEC.md section 7)."""

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from intake.wire.constants import ENVELOPE_HEADER_SIZE, OBJECT_ID_SIZE, SMALL_CLASSES
from intake.wire.errors import DigestMismatch, EnvelopeInvalid, WrongSize

_HEADER: Final = struct.Struct(">16sI32s")
_PIECE_SIZE: Final = 2047
"""hashlib lets other threads run from 2,048 bytes on."""
ENVELOPE_MAX_SIZE: Final = ENVELOPE_HEADER_SIZE + SMALL_CLASSES[-1]


@dataclass(frozen=True)
class Envelope:
    """`object_id` 16 random bytes, `epoch` label u32 (0 no hint), `sha256` of `sealed`, which passed no gate."""

    object_id: bytes
    epoch: int
    sha256: bytes
    sealed: bytes


def parse_envelope(body: bytes) -> Envelope:
    """Reads a body of at most 65,588 bytes; its sealed object is still to be checked by sealed.check_small.

    Raises EnvelopeInvalid (too short), WrongSize (too long) or DigestMismatch.
    """
    if len(body) <= ENVELOPE_HEADER_SIZE:
        raise EnvelopeInvalid("cut off")
    if len(body) > ENVELOPE_MAX_SIZE:
        raise WrongSize("more than the largest small object")
    object_id, epoch, sha256 = _HEADER.unpack_from(body)
    envelope = Envelope(object_id, epoch, sha256, body[ENVELOPE_HEADER_SIZE:])
    if _sha256(envelope.sealed) != envelope.sha256:
        raise DigestMismatch
    return envelope


def _sha256(data: bytes) -> bytes:
    """The hash, without giving up the interpreter's lock: among threads, having it back costs more than hashing."""
    running = hashlib.sha256()
    for begin in range(0, len(data), _PIECE_SIZE):
        running.update(data[begin : begin + _PIECE_SIZE])
    return running.digest()


def write_envelope(object_id: bytes, epoch: int, sealed: bytes) -> bytes:
    """The body that carries `sealed` under `object_id` (16 bytes); raises EnvelopeInvalid when a field does not fit."""
    if len(object_id) != OBJECT_ID_SIZE or not 0 <= epoch < 1 << 32:
        raise EnvelopeInvalid("a field that does not fit")
    return _HEADER.pack(object_id, epoch, hashlib.sha256(sealed).digest()) + sealed
