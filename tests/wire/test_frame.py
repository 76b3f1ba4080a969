"""Frames: the layout byte by byte, both directions, and that no bit of one is without meaning."""

import dataclasses
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from intake.wire import frame as wire
from intake.wire.errors import BadSignature, FrameInvalid, WireError, WrongSize
from tests.wire import cases_frame as good


def sized(size):
    return st.binary(min_size=size, max_size=size)


def number(bits):
    return st.integers(0, 2**bits - 1)


COMMONS = st.builds(wire.Common, number(32), number(32), sized(16), sized(16), st.integers(1, 65535))
BODIES = st.binary(max_size=200)
BLOCKS = st.none() | st.builds(wire.ReplyBlock, sized(4).map(lambda unit: unit * 304), sized(32), sized(32))
SECTIONS = COMMONS.flatmap(
    lambda c: st.builds(wire.Section, st.just(c), st.integers(0, c.sequence - 1), number(16), BLOCKS, BODIES)
)
OTHER_PARTS = sized(15).map(lambda rest: b"\x01" + rest)
ENTRIES = st.lists(
    st.builds(wire.ClosingEntry, OTHER_PARTS, number(64), sized(32)),
    min_size=1,
    max_size=5,
    unique_by=lambda entry: entry.part_id,
)
OWN_PARTS = COMMONS.map(lambda c: dataclasses.replace(c, part_id=b"\x00" + c.part_id[1:]))
CLOSINGS = st.builds(wire.Closing, OWN_PARTS, ENTRIES.map(tuple))
FOLLOW_UPS = st.builds(wire.FollowUp, COMMONS, sized(32), sized(64), BODIES)
TEXTS = st.text(min_size=1, max_size=500)
REPLIES = COMMONS.flatmap(
    lambda c: st.builds(
        wire.Reply,
        st.just(dataclasses.replace(c, epoch=0)),
        number(32),
        sized(32),
        sized(32),
        sized(32),
        sized(64),
        TEXTS,
    )
)
MEDIA = st.builds(wire.Media, COMMONS, number(8), BODIES)
FRAMES = SECTIONS | MEDIA | CLOSINGS | FOLLOW_UPS | REPLIES
EXAMPLES = [good.SECTION, good.WITH_BLOCK, good.MEDIA, good.CLOSING, good.follow_up(), good.reply()]


@given(FRAMES, st.integers(0, 300))
def test_frame_packed_and_unpacked_is_the_same(frame, padding):
    packed = wire.pack(frame)
    assert wire.unpack(packed) == frame
    assert wire.unpack(wire.pack_padded(frame, len(packed) + padding)) == frame


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: b"INTK\1" + data))
def test_any_bytes_unpack_or_raise_a_wire_error(data):
    try:
        frame = wire.unpack(data)
    except WireError:
        return
    assert wire.pack_padded(frame, len(data)) == data


@pytest.mark.parametrize("frame", EXAMPLES, ids=lambda frame: type(frame).__name__)
def test_every_flipped_bit_of_a_frame_is_refused_or_told(frame):
    padded = wire.pack_padded(frame, len(wire.pack(frame)) + 40)
    silent = []
    for bit in range(8 * len(padded)):
        flipped = bytearray(padded)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            found = wire.unpack(bytes(flipped))
        except FrameInvalid:
            continue
        if found == frame or wire.pack_padded(found, len(padded)) != flipped:
            silent.append(bit)
    assert silent == []


@pytest.mark.parametrize("frame", [good.follow_up(), good.reply()], ids=lambda frame: type(frame).__name__)
def test_every_flipped_bit_of_a_signed_frame_is_refused(frame):
    packed, verify = wire.pack(frame), wire.verify_reply if isinstance(frame, wire.Reply) else wire.verify_follow_up
    verify(wire.unpack(packed))
    for bit in range(8 * len(packed)):
        flipped = bytearray(packed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises((FrameInvalid, BadSignature)):
            _verify_any(wire.unpack(bytes(flipped)))


def _verify_any(frame):
    if isinstance(frame, wire.Reply):
        wire.verify_reply(frame)
    elif isinstance(frame, wire.FollowUp):
        wire.verify_follow_up(frame)
    else:
        raise FrameInvalid


@pytest.mark.parametrize("frame", EXAMPLES, ids=lambda frame: type(frame).__name__)
def test_every_cut_of_a_frame_is_refused(frame):
    packed = wire.pack(frame)
    for size in range(len(packed)):
        with pytest.raises(FrameInvalid):
            wire.unpack(packed[:size])


def test_section_layout_is_that_of_the_spec():
    frame = dataclasses.replace(good.WITH_BLOCK, replaces=2, parts=5)
    packed = wire.pack(frame)
    assert packed[:8] == b"INTK\x01\x01\x00\x37"
    assert packed[8:16] == struct.pack(">Q", 1280 + len(good.BODY))
    assert packed[16:24] == b"\x00\x00\x00\x0c\x00\x00\x00\x07"
    assert packed[24:40] == good.COMMON.report_id
    assert packed[40:56] == good.COMMON.part_id
    assert packed[56:63] == b"\x00\x03\x00\x02\x00\x05\x01"
    assert packed[63:1279] == good.BLOCK.recipient
    assert packed[1279:1311] == good.BLOCK.follow_up_key
    assert packed[1311:1343] == good.BLOCK.slot_key
    assert packed[1343:] == good.BODY


def test_media_layout_is_that_of_the_spec():
    packed = wire.pack(good.MEDIA)
    assert packed[4:8] == b"\x01\x02\x00\x33"
    assert packed[58:59] == b"\x01"
    assert packed[59:] == good.MEDIA.body


def test_closing_layout_is_that_of_the_spec():
    packed = wire.pack(good.CLOSING)
    assert packed[4:8] == b"\x01\x03\x00\x34"
    assert packed[58:60] == b"\x00\x02"
    entry = good.CLOSING.entries[1]
    assert packed[60 + 56 :] == entry.part_id + struct.pack(">Q", entry.size) + entry.sha256


def test_follow_up_layout_is_that_of_the_spec():
    frame = good.follow_up()
    packed = wire.pack(frame)
    assert packed[4:8] == b"\x01\x04\x00\x92"
    assert packed[58:90] == frame.key
    assert packed[90:154] == frame.signature
    assert wire.signed_bytes(frame) == b"intake/follow-up/v1\n" + packed[:90] + good.BODY


def test_reply_layout_is_that_of_the_spec():
    frame = good.reply()
    packed = wire.pack(frame)
    assert packed[4:8] == b"\x01\x05\x00\xd6"
    assert packed[58:62] == struct.pack(">I", 20_780)
    assert packed[62:158] == frame.mailbox_id + frame.recipient_hash + frame.reply_key
    assert packed[158:222] == frame.signature
    assert wire.signed_bytes(frame) == b"intake/reply/v1\n" + packed[:158] + frame.text.encode()


def test_signed_bytes_do_not_depend_on_the_signature():
    frame = good.reply()
    assert wire.signed_bytes(dataclasses.replace(frame, signature=bytes(64))) == wire.signed_bytes(frame)


def test_signature_of_another_key_is_refused():
    frame = good.reply()
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).sign(wire.signed_bytes(frame))
    with pytest.raises(BadSignature):
        wire.verify_reply(dataclasses.replace(frame, signature=other))


def test_frame_that_does_not_fit_is_not_padded():
    size = len(wire.pack(good.SECTION))
    assert wire.pack_padded(good.SECTION, size) == wire.pack(good.SECTION)
    with pytest.raises(WrongSize):
        wire.pack_padded(good.SECTION, size - 1)


def test_closing_of_1024_parts_is_packed_and_one_more_refused():
    entries = tuple(wire.ClosingEntry(n.to_bytes(16, "big"), n, bytes(32)) for n in range(1, 1026))
    frame = wire.Closing(good.COMMON, entries[:1024])
    assert wire.unpack(wire.pack(frame)) == frame
    with pytest.raises(FrameInvalid):
        wire.Closing(good.COMMON, entries)


@given(MEDIA)
def test_media_header_is_the_start_of_the_packed_frame(frame):
    packed = wire.pack(frame)
    head = wire.media_header(frame.common, frame.media_type, len(frame.body))
    assert packed == head + frame.body
    found = wire.unpack_media_prefix(packed[: len(head)])
    assert found == wire.MediaHeader(frame.common, frame.media_type, len(frame.body), len(head))


@given(SECTIONS | CLOSINGS | FOLLOW_UPS | REPLIES)
def test_media_prefix_of_another_kind_is_none(frame):
    assert wire.unpack_media_prefix(wire.pack(frame)[:59]) is None


@pytest.mark.parametrize("body_length", [-1, 2**64])
def test_media_header_for_an_impossible_length_is_refused(body_length):
    with pytest.raises(FrameInvalid):
        wire.media_header(good.COMMON, 1, body_length)


@pytest.mark.parametrize("kind", range(1, 6))
def test_peek_tells_the_kind(kind):
    header = {1: 55, 2: 51, 3: 52, 4: 146, 5: 214}[kind]
    assert wire.peek_kind(b"INTK\x01" + bytes([kind, 0, header])) == kind


@pytest.mark.parametrize("prefix", [b"", b"INT", b"Hello, reviewers", b"intk\x01\x01\x00\x37"])
def test_peek_without_magic_is_zero(prefix):
    assert wire.peek_kind(prefix) == 0


@pytest.mark.parametrize("prefix", [b"INTK", b"INTK\x01\x01\x00", b"INTK\x02\x01\x00\x37", b"INTK\x01\x06\x00\x37"])
def test_peek_at_a_broken_prefix_is_refused(prefix):
    with pytest.raises(FrameInvalid):
        wire.peek_kind(prefix)


COMMON_CHANGES = [
    {"epoch": -1},
    {"epoch": 2**32},
    {"build": 2**32},
    {"report_id": bytes(15)},
    {"part_id": bytes(17)},
    {"sequence": 0},
    {"sequence": 65536},
]


@pytest.mark.parametrize("change", COMMON_CHANGES, ids=str)
def test_common_fields_out_of_range_are_refused(change):
    with pytest.raises(FrameInvalid):
        dataclasses.replace(good.COMMON, **change)


FIELD_CHANGES = [
    (good.SECTION, {"replaces": 3}),
    (good.SECTION, {"replaces": -1}),
    (good.SECTION, {"parts": 65536}),
    (good.BLOCK, {"recipient": bytes(1215)}),
    (good.BLOCK, {"follow_up_key": bytes(31)}),
    (good.BLOCK, {"slot_key": bytes(33)}),
    (good.MEDIA, {"media_type": 256}),
    (good.ENTRIES[0], {"part_id": b""}),
    (good.ENTRIES[0], {"size": 2**64}),
    (good.ENTRIES[0], {"sha256": bytes(31)}),
    (good.CLOSING, {"entries": ()}),
    (good.CLOSING, {"entries": good.ENTRIES * 2}),
    (good.follow_up(), {"key": bytes(31)}),
    (good.follow_up(), {"signature": bytes(63)}),
    (good.reply(), {"common": good.COMMON}),
    (good.reply(), {"day": 2**32}),
    (good.reply(), {"mailbox_id": bytes(31)}),
    (good.reply(), {"recipient_hash": bytes(31)}),
    (good.reply(), {"reply_key": bytes(31)}),
    (good.reply(), {"signature": bytes(65)}),
    (good.reply(), {"text": ""}),
    (good.reply(), {"text": "я" * 1094}),
    (good.reply(), {"text": "\ud800"}),
]


@pytest.mark.parametrize(("frame", "change"), FIELD_CHANGES, ids=lambda v: str(v)[:40] if isinstance(v, dict) else "")
def test_fields_out_of_range_are_refused(frame, change):
    with pytest.raises(FrameInvalid):
        dataclasses.replace(frame, **change)


def test_slot_key_is_in_no_repr():
    """A repr ends up in tracebacks and logs; the slot key opens answers' outer layer."""
    block = wire.ReplyBlock(bytes(1216), bytes(32), b"\x5a" * 32)
    assert "slot_key" not in repr(block)
