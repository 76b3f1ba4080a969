"""Receipts: the server's signed word that it stored one object on one day (SPEC.md section 14).

A receipt travels as one short line, `<day> <name> <base64>`: everything else it binds is known to whoever sent the
object. It is proof of having sent something, so a phone looks at it and forgets it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from intake.wire.constants import (
    ED25519_SIGNATURE_SIZE,
    KIND_WORDS,
    NOTE_KEY_ID_SIZE,
    OBJECT_ID_SIZE,
    PURPOSE_RECEIPT,
    SHA256_SIZE,
)
from intake.wire.encoding import b64, day_text, errors_as, parse_day, unb64
from intake.wire.errors import NoteInvalid
from intake.wire.note import Note, Signature, check_name, require_signer

_PARTS = 3


@dataclass(frozen=True)
class StoredObject:
    """What a receipt is about.

    `deployment` 64 hex, `object_id` 16 bytes, `sha256` 32 bytes of the sealed object, `kind` 1 small or 2 media,
    `size` in bytes, `epoch` label as it was stored.
    """

    deployment: str
    object_id: bytes
    sha256: bytes
    kind: int
    size: int
    epoch: int


@dataclass(frozen=True)
class Receipt:
    """Stored on `day`, the server says; holding one says nothing about who signed it."""

    stored: StoredObject
    day: date

    def text(self) -> str:
        """Return the note text that the receipt key signs; raise ValueError for fields of another size."""
        stored = self.stored
        if len(stored.object_id) != OBJECT_ID_SIZE or len(stored.sha256) != SHA256_SIZE:
            raise ValueError("an id is 16 bytes and a hash 32")
        return (
            f"{PURPOSE_RECEIPT}\n"
            f"deployment {stored.deployment}\n"
            f"object {stored.object_id.hex()}\n"
            f"sha256 {stored.sha256.hex()}\n"
            f"kind {KIND_WORDS[stored.kind - 1]}\n"
            f"size {stored.size}\n"
            f"epoch {stored.epoch}\n"
            f"day {day_text(self.day)}\n"
        )


def write_receipt(day: date, signature: Signature) -> str:
    """Return the line that travels: the day, the key's name, base64 of key id 4 and signature 64."""
    return f"{day_text(day)} {signature.name} {b64(signature.key_id + signature.signature)}"


def parse_receipt(untrusted: str) -> tuple[date, Signature]:
    """Parse a receipt's line without verifying it; raise NoteInvalid on anything not canonical."""
    parts = untrusted.split(" ")
    if len(parts) != _PARTS:
        raise NoteInvalid("a receipt has three parts")
    with errors_as(NoteInvalid):
        day, raw = parse_day(parts[0]), unb64(parts[2], NOTE_KEY_ID_SIZE + ED25519_SIGNATURE_SIZE)
    return day, Signature(check_name(parts[1]), raw[:NOTE_KEY_ID_SIZE], raw[NOTE_KEY_ID_SIZE:])


def verify_receipt(untrusted: str, stored: StoredObject, keys: Mapping[str, bytes]) -> Receipt:
    """Return the receipt when one of `keys` (name -> 32-byte public key) signed it for `stored`.

    Raises NoteInvalid for another line, BadSignature when no such key signed, or signed something else.
    """
    day, signature = parse_receipt(untrusted)
    receipt = Receipt(stored, day)
    require_signer(Note(receipt.text(), (signature,)), keys)
    return receipt
