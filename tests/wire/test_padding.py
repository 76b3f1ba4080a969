"""Padding: Padmé as its paper has it, and every size that the gate takes is one that a writer makes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire import padding
from intake.wire.constants import MEDIA_FLOOR_SIZE, MEDIA_SEALED_MAX_SIZE, SMALL_CLASSES
from intake.wire.errors import WrongSize

RECIPIENTS = st.integers(1, 3)


def padme_of_the_paper(size):
    """E = floor(log2 L), S = floor(log2 E) + 1, L up to a multiple of 2^(E - S)."""
    exponent = int(math.log2(size))
    step = 2 ** (exponent - (int(math.log2(exponent)) + 1))
    return math.ceil(size / step) * step


def test_padme_is_that_of_the_paper_for_every_small_size():
    assert [padding.padme(size) for size in range(9, 70_000)] == [padme_of_the_paper(s) for s in range(9, 70_000)]
    assert [padding.padme(size) for size in range(1, 9)] == list(range(1, 9))


@given(st.integers(1, 2**53))
def test_padme_adds_at_most_12_percent_and_stays_when_repeated(size):
    padded = padding.padme(size)
    assert size <= padded <= size * 1.12
    assert padding.padme(padded) == padded


@given(st.integers(1, 2**53), st.integers(0, 2**20))
def test_padme_never_shrinks_with_more(size, more):
    assert padding.padme(size) <= padding.padme(size + more)


@pytest.mark.parametrize("size", [0, -1])
def test_padme_of_nothing_is_refused(size):
    with pytest.raises(WrongSize):
        padding.padme(size)


@given(st.integers(1, 60_763), RECIPIENTS)
def test_small_class_is_the_smallest_that_holds_the_frame(frame_size, recipients):
    total = padding.small_class(frame_size, recipients)
    plain_size = padding.small_plain_size(total, recipients)
    assert frame_size <= plain_size
    assert padding.sealed_size(recipients, plain_size) == total
    smaller = [size for size in SMALL_CLASSES if size < total]
    assert all(padding.small_plain_size(size, recipients) < frame_size for size in smaller)


@given(st.integers(0, 4 * 10**9), RECIPIENTS)
def test_media_made_by_the_writer_is_taken_by_the_gate(frame_size, recipients):
    plain_size = padding.media_plain_size(frame_size)
    total = padding.sealed_size(recipients, plain_size)
    assert plain_size >= MEDIA_FLOOR_SIZE
    assert padding.media_class_ok(total, recipients) == (total <= MEDIA_SEALED_MAX_SIZE)


@given(st.integers(0, 2**33), RECIPIENTS)
def test_media_taken_by_the_gate_is_what_some_writer_makes(total, recipients):
    if not padding.media_class_ok(total, recipients):
        return
    plain_size = next(p for p in _plain_sizes(total, recipients) if padding.sealed_size(recipients, p) == total)
    assert padding.media_plain_size(plain_size) == plain_size


def _plain_sizes(total, recipients):
    payload = total - padding.header_size(recipients) - 16
    return (payload - 16 * chunks for chunks in range(payload // 65552, payload // 65552 + 2))


def test_media_sizes_taken_up_to_256_kib_are_exactly_those_made():
    made = {padding.sealed_size(3, padding.media_plain_size(size)) for size in range(0, 2**18 + 1, 64)}
    largest = max(made)
    taken = {total for total in range(largest + 1) if padding.media_class_ok(total, 3)}
    assert taken == made
    assert len(taken) > 60
