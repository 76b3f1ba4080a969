"""Mailboxes: ids, slots, decoys and deletion (SPEC.md section 6). No key here opens a slot."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from intake.wire import ed25519
from intake.wire.constants import (
    DECOY_SECRET_SIZE,
    ED25519_KEY_SIZE,
    ED25519_SIGNATURE_SIZE,
    LABEL_DECOY,
    LABEL_MAILBOX,
    LABEL_MAILBOX_DELETE,
    LABEL_SLOT,
    MAILBOX_DELETE_SIZE,
    MAILBOX_ID_SIZE,
    MAILBOX_SIZE,
    SHA256_SIZE,
    SLOT_SIZE,
    SLOTS,
)
from intake.wire.errors import EnvelopeInvalid


@dataclass(frozen=True)
class DeleteRequest:
    """A wish to empty a mailbox; untrusted until verify_delete. `hashes`: SHA-256 of the 4 slots as they were read."""

    key: bytes
    signature: bytes
    hashes: tuple[bytes, ...]


def mailbox_id(follow_up_key: bytes) -> bytes:
    """The 32-byte id of the mailbox that belongs to a follow-up public key of 32 bytes."""
    _check_size(follow_up_key, ED25519_KEY_SIZE)
    return hashlib.sha256(LABEL_MAILBOX.encode() + follow_up_key).digest()


def slot_of_answer(number: int) -> int:
    """The slot 0..3 for answer `number` >= 1."""
    return (number - 1) % SLOTS


def slot_associated_data(mailbox: bytes) -> bytes:
    """What a slot's ChaCha20-Poly1305 binds, so that a slot moved to another mailbox does not open there."""
    _check_size(mailbox, MAILBOX_ID_SIZE)
    return LABEL_SLOT.encode() + mailbox


def decoy_slot(secret: bytes, mailbox: bytes, index: int) -> bytes:
    """The 4,096 bytes that stand for a slot (0..3) without an answer.

    `secret` (32 bytes) is the same on all mirrors, so that their decoys agree; who knows it can tell empty
    mailboxes from answered ones.
    """
    _check_size(secret, DECOY_SECRET_SIZE)
    _check_size(mailbox, MAILBOX_ID_SIZE)
    if not 0 <= index < SLOTS:
        raise EnvelopeInvalid("no such slot")
    return hashlib.shake_256(LABEL_DECOY.encode() + secret + mailbox + bytes([index])).digest(SLOT_SIZE)


def split_slots(mailbox: bytes) -> tuple[bytes, ...]:
    """The 4 slots in the 16,384 bytes of a read mailbox; raises EnvelopeInvalid for another size."""
    _check_size(mailbox, MAILBOX_SIZE)
    return tuple(mailbox[at : at + SLOT_SIZE] for at in range(0, MAILBOX_SIZE, SLOT_SIZE))


def parse_read(body: bytes) -> bytes:
    """The mailbox id in the body of a read request; raises EnvelopeInvalid unless it is 32 bytes."""
    _check_size(body, MAILBOX_ID_SIZE)
    return body


def delete_signed_bytes(mailbox: bytes, hashes: Sequence[bytes]) -> bytes:
    """What a delete request signs: label, mailbox id, the 4 SHA-256 of the slots."""
    _check_size(mailbox, MAILBOX_ID_SIZE)
    if [len(one) for one in hashes] != [SHA256_SIZE] * SLOTS:
        raise EnvelopeInvalid("not 4 hashes of 32 bytes")
    return LABEL_MAILBOX_DELETE.encode() + mailbox + b"".join(hashes)


def parse_delete(body: bytes) -> DeleteRequest:
    """The delete request in a body of 224 bytes; raises EnvelopeInvalid for another size."""
    _check_size(body, MAILBOX_DELETE_SIZE)
    signature_end = ED25519_KEY_SIZE + ED25519_SIGNATURE_SIZE
    hashes = tuple(body[at : at + SHA256_SIZE] for at in range(signature_end, MAILBOX_DELETE_SIZE, SHA256_SIZE))
    return DeleteRequest(body[:ED25519_KEY_SIZE], body[ED25519_KEY_SIZE:signature_end], hashes)


def write_delete(request: DeleteRequest) -> bytes:
    """The 224-byte body of a delete request."""
    body = request.key + request.signature + b"".join(request.hashes)
    _check_size(body, MAILBOX_DELETE_SIZE)
    return body


def verify_delete(request: DeleteRequest) -> bytes:
    """The id of the mailbox that the request may empty; raises BadSignature."""
    mailbox = mailbox_id(request.key)
    ed25519.verify(request.key, request.signature, delete_signed_bytes(mailbox, request.hashes))
    return mailbox


def _check_size(data: bytes, size: int) -> None:
    if len(data) != size:
        raise EnvelopeInvalid(f"{size} bytes are expected, {len(data)} are given")
