"""The intake log: salted leaves, an RFC 6962 Merkle tree over them, signed heads (SPEC.md section 8)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from intake.wire.constants import LABEL_LEAF, PURPOSE_LOG, SALT_SIZE, SHA256_SIZE
from intake.wire.encoding import b64, day_text, errors_as, parse_day, parse_int, unb64
from intake.wire.errors import NoteInvalid
from intake.wire.note import Note, parse_note

_HEAD_LINES = 5
_ORIGIN_HEX = 16


def leaf(salt: bytes, sha256: bytes, kind: int, size: int, epoch: int) -> bytes:
    """Return an object's 32-byte leaf: 32-byte salt, 32-byte ciphertext hash, kind 1 or 2, size in bytes, epoch."""
    if len(salt) != SALT_SIZE or len(sha256) != SHA256_SIZE:
        raise ValueError("salt and hash are 32 bytes")
    fields = kind.to_bytes(1) + size.to_bytes(8) + epoch.to_bytes(4)
    return hashlib.sha256(LABEL_LEAF.encode() + salt + sha256 + fields).digest()


class Edge:
    """The right edge of a growing RFC 6962 tree: the roots of its perfect subtrees, the largest first.

    `size` leaves have one subtree for each 1 bit of `size`. With the edge alone a tree grows and gives its root in
    O(log n), without the leaves before.
    """

    def __init__(self, size: int = 0, subtrees: Sequence[bytes] = ()) -> None:
        if len(subtrees) != size.bit_count():
            raise ValueError("an edge has one subtree for each 1 bit of its size")
        self.size = size
        self._subtrees = list(subtrees)

    def append(self, entry: bytes) -> None:
        """Adds a 32-byte leaf on the right."""
        node = hashlib.sha256(b"\x00" + entry).digest()
        full = self.size
        while full & 1:
            node = _join(self._subtrees.pop(), node)
            full >>= 1
        self._subtrees.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The 32-byte root over all leaves; SHA-256 of nothing for no leaf."""
        if not self._subtrees:
            return hashlib.sha256(b"").digest()
        *rest, root = self._subtrees
        for left in reversed(rest):
            root = _join(left, root)
        return root

    def to_bytes(self) -> bytes:
        """32 bytes for each subtree, the largest first."""
        return b"".join(self._subtrees)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> "Edge":
        """Reads what `to_bytes` wrote for `size` leaves; raises ValueError for another length."""
        if len(data) % SHA256_SIZE:
            raise ValueError("an edge is a whole number of hashes")
        return cls(size, [data[at : at + SHA256_SIZE] for at in range(0, len(data), SHA256_SIZE)])


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """Return the 32-byte RFC 6962 root of 32-byte leaves; SHA-256 of nothing for no leaf. O(log n) memory."""
    edge = Edge()
    for entry in leaves:
        edge.append(entry)
    return edge.root()


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Head:
    """A head: deployment (64 hex), tree size in leaves, 32-byte root, day it was signed, batch number from 0."""

    deployment: str
    size: int
    root: bytes
    day: date
    batch: int

    def text(self) -> str:
        """Return the note text that the log key signs, in the shape of a C2SP checkpoint."""
        origin = PURPOSE_LOG + self.deployment[:_ORIGIN_HEX]
        return f"{origin}\n{self.size}\n{b64(self.root)}\nday {day_text(self.day)}\nbatch {self.batch}\n"


def parse_head(untrusted: bytes, deployment: str) -> tuple[Note, Head]:
    """Parse a head of `deployment` (64 hex) without verifying it; raise NoteInvalid when malformed or another's."""
    note = parse_note(untrusted)
    lines = note.text[:-1].split("\n")
    if len(lines) != _HEAD_LINES or lines[0] != PURPOSE_LOG + deployment[:_ORIGIN_HEX]:
        raise NoteInvalid("not a head of this deployment's log")
    if not lines[3].startswith("day ") or not lines[4].startswith("batch "):
        raise NoteInvalid("a head's lines are out of order")
    with errors_as(NoteInvalid):
        size, root = parse_int(lines[1]), unb64(lines[2], SHA256_SIZE)
        head = Head(deployment, size, root, parse_day(lines[3][4:]), parse_int(lines[4][6:]))
    if head.text() != note.text:
        raise NoteInvalid("a head is not written canonically")
    return note, head
