"""Canonical base64 without padding, the only base64 an age header may hold (C2SP age.md, "Conventions")."""

import base64
import binascii

from keys.errors import HeaderError


def encode(raw: bytes) -> bytes:
    """Return standard base64 of `raw` without `=`: ceil(4 * len / 3) bytes."""
    return base64.b64encode(raw).rstrip(b"=")


def decode(untrusted_text: bytes) -> bytes:
    """Return the bytes written as `untrusted_text`.

    Raises HeaderError on padding, other characters, an impossible length or stray trailing bits.
    """
    try:
        raw = base64.b64decode(untrusted_text + b"=" * (-len(untrusted_text) % 4), validate=True)
    except binascii.Error:
        raise HeaderError("not base64") from None
    # Two texts for one value would let a file be changed without the change being noticed.
    if encode(raw) != untrusted_text:
        raise HeaderError("base64 is not canonical")
    return raw


def decode_exactly(untrusted_text: bytes, size: int) -> bytes:
    """Return exactly `size` bytes; raises HeaderError for any other length or a non-canonical text."""
    raw = decode(untrusted_text)
    if len(raw) != size:
        raise HeaderError(f"{len(raw)} bytes where {size} belong")
    return raw
