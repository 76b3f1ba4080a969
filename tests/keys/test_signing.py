"""Each key signs its own purpose and nothing else, and what it signs says which purpose that is."""

from __future__ import annotations

import inspect
import os
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from intake.wire import ed25519
from intake.wire.errors import BadSignature
from intake.wire.frame import Common, FollowUp, Reply, signed_bytes, verify_follow_up, verify_reply
from intake.wire.mailbox import mailbox_id, parse_delete, verify_delete
from intake.wire.manifest import (
    LaptopKeys,
    Manifest,
    Words,
    make_roots,
    parse_manifest,
    verify_manifest,
    write_manifest,
)
from intake.wire.note import Signature, key_id, parse_note, require_signer, write_note
from intake.wire.outbox import Ack, AckOutbox, HandoverOutbox, OutboxHead, RepliesOutbox, parse_outbox
from intake.wire.roots import NamedKey
from keys import signing
from keys.epochs import make_carry, make_epoch, public_half
from keys.errors import KeyTextError, WrongPurpose
from keys.signing import (
    AckSigner,
    FollowUpSigner,
    MailboxDeleteSigner,
    ManifestSigner,
    OutboxSigner,
    ReplySigner,
    ReviewerEventSigner,
    verify_reviewer_event,
)

SEED = bytes(range(32))
DAY = date(2026, 11, 22)
HEAD = OutboxHead("ab" * 32, "A", 1, DAY)
ACKS = AckOutbox(HEAD, (Ack(bytes(16), bytes(32)),))
HANDOVER = HandoverOutbox(HEAD, "B", (Ack(bytes(16), bytes(32)),))
REPLIES = RepliesOutbox(HEAD, ())
REPLY = Reply(Common(0, 1, bytes(16), bytes(16), 1), 20000, bytes(32), bytes(32), bytes(32), bytes(64), "да")
FOLLOW_UP = FollowUp(Common(1, 1, bytes(16), bytes(16), 1), bytes(32), bytes(64), b"{}")
SIGNERS = [ManifestSigner, AckSigner, OutboxSigner, ReplySigner, FollowUpSigner]
OWN = {
    AckSigner: {"acks", "handover"},
    OutboxSigner: {"replies"},
    ReplySigner: {"reply"},
    FollowUpSigner: {"follow-up"},
    ManifestSigner: {"manifest"},
}


@cache
def manifest() -> Manifest:
    signer = AckSigner("A", SEED)
    roots = make_roots(1, [NamedKey("root-1", signer.public_key)])
    three = Words("а", "б", "c")
    epoch, carry = public_half([make_epoch(1, DAY)]), public_half([make_carry(2**31, DAY)])
    keys = (signer.public_key,) * 3
    return Manifest(
        roots.deployment, 1, DAY, DAY, DAY, True, three, (), dict.fromkeys(("saw", "look", "released"), three),
        epoch, carry, 1, (LaptopKeys("A", *keys),), (), (), (), (), (), (), 1, (),
    )  # fmt: skip


@pytest.fixture(scope="module")
def things() -> dict[str, object]:
    return {
        "manifest": manifest(),
        "acks": ACKS,
        "handover": HANDOVER,
        "replies": REPLIES,
        "reply": REPLY,
        "follow-up": FOLLOW_UP,
        "bytes": b"anything",
    }


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("kind", ["manifest", "acks", "handover", "replies", "reply", "follow-up", "bytes"])
def test_signer_takes_its_own_purpose_only(signer: type, kind: str, things: dict[str, object]) -> None:
    key = signer("A", SEED)
    if kind in OWN[signer]:
        assert key.sign(things[kind])
    else:
        with pytest.raises(WrongPurpose):
            key.sign(things[kind])


def test_no_signer_offers_a_generic_sign() -> None:
    own_bytes = {ReviewerEventSigner, MailboxDeleteSigner}
    classes = [c for _, c in inspect.getmembers(signing, inspect.isclass) if hasattr(c, "sign")]
    for each in classes:
        if each.__module__ == signing.__name__ and each not in own_bytes:
            annotation = inspect.signature(each.sign).parameters
            assert "bytes" not in str(list(annotation.values())[1].annotation)


def test_manifest_signature_verifies_against_the_roots() -> None:
    signer = ManifestSigner("root-1", SEED)
    roots = make_roots(1, [NamedKey("root-1", signer.public_key)])
    data = write_manifest(manifest(), [signer.sign(manifest())])
    assert verify_manifest(parse_manifest(data), roots).manifest == manifest()


@pytest.mark.parametrize("outbox", [ACKS, HANDOVER])
def test_ack_signature_verifies_under_the_laptop_name(outbox: AckOutbox) -> None:
    signer = AckSigner("A", SEED)
    note, parsed = parse_outbox(signer.sign(outbox))
    assert parsed == outbox
    assert require_signer(note, {"A": signer.public_key}) == "A"


def test_outbox_of_another_laptop_is_not_signed() -> None:
    with pytest.raises(WrongPurpose):
        AckSigner("B", SEED).sign(ACKS)
    with pytest.raises(WrongPurpose):
        OutboxSigner("B", SEED).sign(REPLIES)


def test_signature_moved_to_another_purpose_fails() -> None:
    """One seed under every purpose, the worst case: a signature still fits only what it was made for."""
    note = parse_note(AckSigner("A", SEED).sign(ACKS))
    moved = write_note(REPLIES.text(), note.signatures)
    with pytest.raises(BadSignature):
        require_signer(parse_note(moved), {"A": AckSigner("A", SEED).public_key})
    reply, follow_up = ReplySigner("A", SEED).sign(REPLY), FollowUpSigner("A", SEED).sign(FOLLOW_UP)
    with pytest.raises(BadSignature):
        verify_follow_up(replace(follow_up, signature=reply.signature))
    with pytest.raises(BadSignature):
        verify_reply(replace(reply, signature=follow_up.signature))
    event = ReviewerEventSigner("A", SEED).sign(signed_bytes(reply))
    with pytest.raises(BadSignature):
        verify_reply(replace(reply, signature=event))


def test_reply_carries_key_and_signature() -> None:
    signer = ReplySigner("A", SEED)
    signed = signer.sign(REPLY)
    verify_reply(signed)
    assert signed.reply_key == signer.public_key
    with pytest.raises(BadSignature):
        verify_reply(replace(signed, text="нет"))


def test_follow_up_carries_key_and_signature() -> None:
    signed = FollowUpSigner("phone", SEED).sign(FOLLOW_UP)
    verify_follow_up(signed)
    with pytest.raises(BadSignature):
        verify_follow_up(replace(signed, body=b"{ }"))


def test_mailbox_delete_names_its_own_mailbox() -> None:
    signer = MailboxDeleteSigner("phone", SEED)
    body = signer.sign(tuple(os.urandom(32) for _ in range(4)))
    assert len(body) == 224
    assert verify_delete(parse_delete(body)) == mailbox_id(signer.public_key)
    with pytest.raises(WrongPurpose):
        signer.sign((bytes(32),) * 3)


def test_event_signature_is_over_label_and_event() -> None:
    signer = ReviewerEventSigner("A", SEED)
    signature = signer.sign(b"event")
    verify_reviewer_event(signer.public_key, b"event", signature)
    with pytest.raises(BadSignature):
        verify_reviewer_event(signer.public_key, b"Event", signature)
    with pytest.raises(BadSignature):
        ed25519.verify(key=signer.public_key, message=b"event", signature=signature)


def test_seed_of_another_size_is_refused() -> None:
    with pytest.raises(KeyTextError):
        AckSigner("A", SEED[:31])


def test_note_signature_names_key_by_its_id() -> None:
    signer = ManifestSigner("root-1", SEED)
    signature = signer.sign(manifest())
    assert signature == Signature("root-1", key_id("root-1", signer.public_key), signature.signature)
