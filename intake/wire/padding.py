"""How large sealed objects are, so that their sizes say little about what is inside (SPEC.md section 1).

Sizes are in bytes. `recipients` is the number of stanzas n, 1..3; callers check it, these are sums.
Padmé is of Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019.
"""

from intake.wire.constants import (
    CHUNK_SIZE,
    HEADER_BASE_SIZE,
    MEDIA_FLOOR_SIZE,
    MEDIA_SEALED_MAX_SIZE,
    PAYLOAD_NONCE_SIZE,
    SMALL_CLASSES,
    STANZA_SIZE,
    TAG_SIZE,
)
from intake.wire.errors import WrongSize


def padme(size: int) -> int:
    """`size` (>= 1) rounded up by Padmé: at most 12 % more, O(log log size) bits told; WrongSize below 1."""
    if size < 1:
        raise WrongSize("Padmé starts at one byte")
    exponent = size.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    mask = (1 << max(0, free_bits)) - 1
    return (size + mask) & ~mask


def header_size(recipients: int) -> int:
    """Size of an age header with `recipients` stanzas, up to and with the newline after its MAC."""
    return HEADER_BASE_SIZE + STANZA_SIZE * recipients


def sealed_size(recipients: int, plain_size: int) -> int:
    """Size of the whole sealed object around `plain_size` bytes of plaintext."""
    chunks = max(1, -(-plain_size // CHUNK_SIZE))
    return header_size(recipients) + PAYLOAD_NONCE_SIZE + plain_size + TAG_SIZE * chunks


def small_plain_size(total: int, recipients: int) -> int:
    """Plaintext size inside a small object of `total` bytes; raises WrongSize when `total` is no small class."""
    if total not in SMALL_CLASSES:
        raise WrongSize("not a class of small objects")
    return total - header_size(recipients) - PAYLOAD_NONCE_SIZE - TAG_SIZE


def small_class(frame_size: int, recipients: int) -> int:
    """The smallest small class that holds a frame of `frame_size` bytes; raises WrongSize when none does."""
    for total in SMALL_CLASSES:
        if frame_size <= small_plain_size(total, recipients):
            return total
    raise WrongSize("more than the largest small object holds")


def media_plain_size(frame_size: int) -> int:
    """Plaintext size of a media object around a frame of `frame_size` bytes: Padmé from 65,536 bytes on."""
    return padme(max(MEDIA_FLOOR_SIZE, frame_size))


def media_class_ok(total: int, recipients: int) -> bool:
    """Whether a media object can have `total` bytes: 4 GiB at most, and its plaintext size is one that Padmé gives."""
    payload = total - header_size(recipients) - PAYLOAD_NONCE_SIZE
    chunks = -(-payload // (CHUNK_SIZE + TAG_SIZE))
    plain_size = payload - TAG_SIZE * chunks
    return (
        total <= MEDIA_SEALED_MAX_SIZE
        and plain_size >= MEDIA_FLOOR_SIZE
        and sealed_size(recipients, plain_size) == total
        and padme(plain_size) == plain_size
    )
