"""The body of a report's request: both directions, every bit bound by the digest or told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire.constants import ENVELOPE_HEADER_SIZE, SMALL_CLASSES
from intake.wire.envelope import ENVELOPE_MAX_SIZE, parse_envelope, write_envelope
from intake.wire.errors import DigestMismatch, EnvelopeInvalid, WireError, WrongSize


@given(st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=200))
def test_envelope_written_and_read_is_the_same(object_id, epoch, sealed):
    found = parse_envelope(write_envelope(object_id, epoch, sealed))
    assert (found.object_id, found.epoch, found.sealed) == (object_id, epoch, sealed)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_refused(body):
    try:
        found = parse_envelope(body)
    except WireError:
        return
    assert write_envelope(found.object_id, found.epoch, found.sealed) == body


def test_every_flipped_bit_is_told_or_refused():
    body = write_envelope(bytes(16), 7, b"sealed")
    whole = parse_envelope(body)
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        if bit < 8 * 20:
            found = parse_envelope(bytes(flipped))
            assert (found.object_id, found.epoch) != (whole.object_id, whole.epoch)
        else:
            with pytest.raises(DigestMismatch):
                parse_envelope(bytes(flipped))


def test_largest_body_is_read_and_one_byte_more_refused():
    assert ENVELOPE_MAX_SIZE == ENVELOPE_HEADER_SIZE + SMALL_CLASSES[-1] == 65_588
    assert len(parse_envelope(write_envelope(bytes(16), 0, bytes(65_536))).sealed) == 65_536
    with pytest.raises(WrongSize):
        parse_envelope(write_envelope(bytes(16), 0, bytes(65_537)))


@pytest.mark.parametrize(("object_id", "epoch"), [(bytes(15), 0), (bytes(17), 0), (bytes(16), -1), (bytes(16), 2**32)])
def test_field_that_does_not_fit_is_not_written(object_id, epoch):
    with pytest.raises(EnvelopeInvalid):
        write_envelope(object_id, epoch, b"x")
