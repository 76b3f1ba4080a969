"""Mailboxes: slots, decoys that nobody tells apart, and deletion that only the holder can sign."""

import collections

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from intake.wire import mailbox
from intake.wire.errors import BadSignature, EnvelopeInvalid, WireError
from tests.wire.cases_short import MAILBOX, delete_body

SECRET = bytes(range(32))


@given(st.binary(max_size=300) | st.binary(min_size=224, max_size=224))
def test_any_bytes_as_delete_request_raise_nothing_else(body):
    try:
        request = mailbox.parse_delete(body)
        assert mailbox.write_delete(request) == body
        mailbox.verify_delete(request)
    except WireError:
        return
    pytest.fail("random bytes verified")


def test_every_flipped_bit_of_a_delete_request_is_refused():
    body = delete_body()
    assert mailbox.verify_delete(mailbox.parse_delete(body)) == MAILBOX
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            mailbox.verify_delete(mailbox.parse_delete(bytes(flipped)))


@given(st.binary(min_size=32, max_size=32))
def test_delete_of_any_key_empties_its_own_mailbox(seed):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    request = mailbox.parse_delete(delete_body(key))
    assert mailbox.verify_delete(request) == mailbox.mailbox_id(key.public_key().public_bytes_raw())


def test_answers_go_round_the_slots():
    assert [mailbox.slot_of_answer(number) for number in range(1, 10)] == [0, 1, 2, 3, 0, 1, 2, 3, 0]


def test_read_mailbox_is_its_four_slots():
    slots = tuple(bytes([n]) * 4096 for n in range(4))
    assert mailbox.split_slots(b"".join(slots)) == slots


def test_decoys_differ_by_secret_mailbox_and_slot_and_stay():
    variants = [(SECRET, MAILBOX), (bytes(32), MAILBOX), (SECRET, bytes(32))]
    decoys = [mailbox.decoy_slot(*variant, slot) for variant in variants for slot in range(4)]
    assert len(set(decoys)) == 12
    assert {len(decoy) for decoy in decoys} == {4096}
    assert decoys == [mailbox.decoy_slot(*variant, slot) for variant in variants for slot in range(4)]


def test_decoys_look_uniform():
    data = b"".join(mailbox.decoy_slot(SECRET, bytes([n]) * 32, n % 4) for n in range(64))
    counts = collections.Counter(data)
    expected = len(data) / 256
    assert len(counts) == 256
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 350


BAD_SIZES = [
    lambda: mailbox.mailbox_id(bytes(31)),
    lambda: mailbox.slot_associated_data(bytes(33)),
    lambda: mailbox.decoy_slot(bytes(31), MAILBOX, 0),
    lambda: mailbox.decoy_slot(SECRET, bytes(31), 0),
    lambda: mailbox.decoy_slot(SECRET, MAILBOX, -1),
    lambda: mailbox.decoy_slot(SECRET, MAILBOX, 4),
    lambda: mailbox.split_slots(bytes(16_383)),
    lambda: mailbox.parse_read(bytes(31)),
    lambda: mailbox.parse_delete(bytes(225)),
    lambda: mailbox.delete_signed_bytes(bytes(31), [bytes(32)] * 4),
    lambda: mailbox.delete_signed_bytes(MAILBOX, [bytes(32)] * 3),
    lambda: mailbox.delete_signed_bytes(MAILBOX, [bytes(31), bytes(33), bytes(32), bytes(32)]),
    lambda: mailbox.write_delete(mailbox.DeleteRequest(bytes(32), bytes(63), (bytes(32),) * 4)),
]


@pytest.mark.parametrize("call", BAD_SIZES, ids=range(len(BAD_SIZES)))
def test_wrong_size_is_refused(call):
    with pytest.raises(EnvelopeInvalid):
        call()
