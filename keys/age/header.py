"""The age v1 header: one grammar, one spelling, bounded (C2SP age.md, "Header").

```
age-encryption.org/v1\n
-> type argument ...\n      1..20 stanzas; arguments are 1 or more printable ASCII bytes
base64 in 64 columns\n      full lines, then one line shorter than 64, which may be empty
--- base64 of the MAC\n     HMAC-SHA256 over everything up to and including "---"
```
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import BinaryIO

from intake.wire.constants import AGE_VERSION_LINE, FILE_KEY_SIZE
from keys.age import base64
from keys.age.kdf import hkdf
from keys.errors import HeaderError, HmacError

MAX_HEADER_SIZE = 65_536
MAX_STANZAS = 20
MAC_SIZE = 32
_VERSION_LINE = AGE_VERSION_LINE.encode("ascii")
_COLUMNS = 64
_ARGUMENT_LINE = re.compile(rb"->(?: [!-~]+)+")


@dataclass(frozen=True, slots=True)
class Stanza:
    """One wrapped file key: the recipient type, its other arguments (printable ASCII) and the body."""

    type: str
    arguments: tuple[str, ...]
    body: bytes

    def encode(self) -> bytes:
        """Return the stanza's lines, newlines included."""
        text = base64.encode(self.body)
        # One line more than the full ones: the short, possibly empty, line that ends a stanza.
        rows = [text[at : at + _COLUMNS] for at in range(0, len(text) + 1, _COLUMNS)]
        return b"\n".join([" ".join(("->", self.type, *self.arguments)).encode("ascii"), *rows, b""])


@dataclass(frozen=True, slots=True)
class Header:
    """A header as read: well-formed, its MAC not yet checked."""

    stanzas: tuple[Stanza, ...]
    mac: bytes

    def encode(self) -> bytes:
        """Return the header's bytes; equal to what was read, since a header has one spelling."""
        return _covered_by_mac(self.stanzas) + b" " + base64.encode(self.mac) + b"\n"

    def verify(self, file_key: bytes) -> None:
        """Raise HmacError unless the MAC was made with this 16-byte file key."""
        if not hmac.compare_digest(self.mac, _mac(self.stanzas, file_key)):
            raise HmacError


def make_header(stanzas: tuple[Stanza, ...], file_key: bytes) -> Header:
    """Return a header over `stanzas`, its MAC made with the 16-byte file key they wrap."""
    return Header(stanzas, _mac(stanzas, file_key))


def read_header(untrusted_source: BinaryIO) -> Header:
    """Read a header and leave `untrusted_source` at the first byte of the payload.

    Raises HeaderError on anything outside the grammar, more than 65,536 bytes, or more than 20 stanzas.
    """
    lines = _Lines(untrusted_source)
    if lines.next() + b"\n" != _VERSION_LINE:
        raise HeaderError("not an age v1 file")
    stanzas: list[Stanza] = []
    line = lines.next()
    while line.startswith(b"-> "):
        if len(stanzas) == MAX_STANZAS:
            raise HeaderError(f"more than {MAX_STANZAS} stanzas")
        stanzas.append(_read_stanza(line, lines))
        line = lines.next()
    if not stanzas or not line.startswith(b"--- "):
        raise HeaderError("no stanza, or no MAC after the last")
    return Header(tuple(stanzas), base64.decode_exactly(line[4:], MAC_SIZE))


class _Lines:
    """Lines of a header, never taking more than MAX_HEADER_SIZE from the source in all."""

    def __init__(self, untrusted_source: BinaryIO) -> None:
        self._source = untrusted_source
        self._left = MAX_HEADER_SIZE

    def next(self) -> bytes:
        """Return the next line without its newline; raises HeaderError if it does not end in time."""
        line = self._source.readline(self._left)
        self._left -= len(line)
        if not line.endswith(b"\n"):
            raise HeaderError("it ends too early or is too long")
        return line[:-1]


def _read_stanza(first_line: bytes, lines: _Lines) -> Stanza:
    if not _ARGUMENT_LINE.fullmatch(first_line):
        raise HeaderError("a stanza's arguments are malformed")
    kind, *arguments = first_line[3:].decode("ascii").split(" ")
    return Stanza(kind, tuple(arguments), _read_body(lines))


def _read_body(lines: _Lines) -> bytes:
    rows = []
    while True:
        row = lines.next()
        if len(row) > _COLUMNS:
            raise HeaderError("a line of a stanza is too long")
        rows.append(base64.decode(row))
        if len(row) < _COLUMNS:
            return b"".join(rows)


def _covered_by_mac(stanzas: tuple[Stanza, ...]) -> bytes:
    return b"".join([_VERSION_LINE, *(stanza.encode() for stanza in stanzas), b"---"])


def _mac(stanzas: tuple[Stanza, ...], file_key: bytes) -> bytes:
    if len(file_key) != FILE_KEY_SIZE:
        raise HeaderError(f"a file key of {len(file_key)} bytes")
    return hmac.digest(hkdf(file_key, b"", b"header"), _covered_by_mac(stanzas), hashlib.sha256)
