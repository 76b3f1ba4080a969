"""One class for each thing a private key here may sign, the purpose being part of what is signed.

There is no way to have arbitrary bytes signed: each class takes one type of its own and refuses the others, so a
key that leaks into the wrong hands on one desk cannot be turned into another. All keys are Ed25519 (RFC 8032),
made from a secret seed of 32 bytes. The server's own two signers stand in intake/server/signing.py.
"""

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.wire import ed25519
from intake.wire.constants import ED25519_KEY_SIZE, SHA256_SIZE, SLOTS
from intake.wire.frame import FollowUp, Reply, signed_bytes
from intake.wire.mailbox import DeleteRequest, delete_signed_bytes, mailbox_id, write_delete
from intake.wire.manifest import Manifest
from intake.wire.note import Signature, check_name, key_id, write_note
from intake.wire.outbox import AckOutbox, HandoverOutbox, RepliesOutbox
from keys.errors import KeyTextError, WrongPurpose

LABEL_REVIEWER_EVENT = b"intake/reviewer-event/v1\n"


class _Signer:
    """A named key; only the classes below say what it may sign."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take the key's name in notes and its 32-byte secret seed; raises KeyTextError or NoteInvalid."""
        if len(seed) != ED25519_KEY_SIZE:
            raise KeyTextError(f"a signing seed is {ED25519_KEY_SIZE} bytes, not {len(seed)}")
        self.name = check_name(name)
        self._private = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> bytes:
        """The 32 public bytes."""
        return self._private.public_key().public_bytes_raw()

    def _note_signature(self, text: str) -> Signature:
        signature = self._private.sign(text.encode())
        return Signature(self.name, key_id(self.name, self.public_key), signature)


class ManifestSigner(_Signer):
    """A root key: says whom phones seal to and whose answers they believe."""

    def sign(self, manifest: Manifest) -> Signature:
        """Return this root's signature over the manifest's canonical text; a quorum of them makes it valid."""
        if not isinstance(manifest, Manifest):
            raise WrongPurpose("a root key signs key manifests")
        return self._note_signature(manifest.text())


class AckSigner(_Signer):
    """A laptop's ack key: says that the laptop holds objects for good, so that a server may erase them."""

    def sign(self, outbox: AckOutbox | HandoverOutbox) -> bytes:
        """Return the signed note; raises WrongPurpose for replies or the outbox of another laptop."""
        if not isinstance(outbox, AckOutbox | HandoverOutbox) or outbox.head.laptop != self.name:
            raise WrongPurpose("an ack key signs the acks of its own laptop")
        return write_note(outbox.text(), [self._note_signature(outbox.text())])


class OutboxSigner(_Signer):
    """A laptop's outbox key: lets a server put slots into mailboxes. It says nothing about what is in them."""

    def sign(self, outbox: RepliesOutbox) -> bytes:
        """Return the signed note; raises WrongPurpose for acks or the outbox of another laptop."""
        if not isinstance(outbox, RepliesOutbox) or outbox.head.laptop != self.name:
            raise WrongPurpose("an outbox key signs the replies outbox of its own laptop")
        return write_note(outbox.text(), [self._note_signature(outbox.text())])


class ReplySigner(_Signer):
    """A laptop's reply key: the phone shows an answer only when this key signed it."""

    def sign(self, reply: Reply) -> Reply:
        """Return the reply with this key and its signature in place (SPEC.md section 2, kind 5)."""
        if not isinstance(reply, Reply):
            raise WrongPurpose("a reply key signs answers")
        named = replace(reply, reply_key=self.public_key)
        return replace(named, signature=self._private.sign(signed_bytes(named)))


class FollowUpSigner(_Signer):
    """The return code's key, on the phone; here for tests and rehearsals."""

    def sign(self, follow_up: FollowUp) -> FollowUp:
        """Return the follow-up with this key and its signature in place (SPEC.md section 2, kind 4)."""
        if not isinstance(follow_up, FollowUp):
            raise WrongPurpose("a follow-up key signs follow-ups")
        named = replace(follow_up, key=self.public_key)
        return replace(named, signature=self._private.sign(signed_bytes(named)))


class MailboxDeleteSigner(_Signer):
    """The return code's key once more: empties its own mailbox (SPEC.md section 6)."""

    def sign(self, slot_hashes: tuple[bytes, ...]) -> bytes:
        """Return the 224-byte request that deletes the slots with these 4 SHA-256 (32 bytes each)."""
        if len(slot_hashes) != SLOTS or any(len(each) != SHA256_SIZE for each in slot_hashes):
            raise WrongPurpose(f"a mailbox has {SLOTS} slots, each named by its SHA-256")
        message = delete_signed_bytes(mailbox_id(self.public_key), slot_hashes)
        return write_delete(DeleteRequest(self.public_key, self._private.sign(message), slot_hashes))


class ReviewerEventSigner(_Signer):
    """A laptop's event key: the chain of custody in its vault."""

    def sign(self, event: bytes) -> bytes:
        """Return the 64-byte signature of one event's bytes under the events' label."""
        return self._private.sign(LABEL_REVIEWER_EVENT + event)


def verify_reviewer_event(key: bytes, event: bytes, signature: bytes) -> None:
    """Raise BadSignature unless the 32-byte public `key` signed this event (64-byte signature)."""
    ed25519.verify(key=key, message=LABEL_REVIEWER_EVENT + event, signature=signature)
