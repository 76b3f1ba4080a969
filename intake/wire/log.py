"""The intake log: salted leaves, an RFC 6962 Merkle tree over them, signed heads (SPEC.md section 8)."""

import hashlib
from collections.abc import Sequence
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


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the 32-byte RFC 6962 root of 32-byte leaves; SHA-256 of nothing for no leaf. O(log n) memory."""
    stack: list[tuple[int, bytes]] = []
    for entry in leaves:
        node = (0, hashlib.sha256(b"\x00" + entry).digest())
        while stack and stack[-1][0] == node[0]:
            node = (node[0] + 1, _join(stack.pop()[1], node[1]))
        stack.append(node)
    if not stack:
        return hashlib.sha256(b"").digest()
    root = stack.pop()[1]
    while stack:
        root = _join(stack.pop()[1], root)
    return root


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
