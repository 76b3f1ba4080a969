"""Cases of the plaintext frame: good ones by kind, then good ones with one thing broken."""

import dataclasses
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.wire import frame as wire
from tests.wire.make_vectors import put_input, short

COMMON = wire.Common(12, 7, bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30)), 3)
ANSWER = dataclasses.replace(COMMON, epoch=0)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
BLOCK = wire.ReplyBlock(b"\xab" * 1216, PUBLIC, bytes(range(0x60, 0x80)))
BODY = '{"form":"saw","lang":"kk","made":"","answers":{"who":"Әлия"}}'.encode()
ENTRIES = tuple(wire.ClosingEntry(bytes([n]) * 16, 8192 << n, bytes([0x50 + n]) * 32) for n in (1, 2))
SECTION = wire.Section(COMMON, 0, 1, None, BODY)
WITH_BLOCK = dataclasses.replace(SECTION, reply_block=BLOCK)
MEDIA = wire.Media(COMMON, 1, b"\xff\xd8\xff\xe0 picture \xff\xd9")
CLOSING = wire.Closing(COMMON, ENTRIES)
HASHES = (bytes(range(0x80, 0xA0)), wire.recipient_hash(BLOCK.recipient))
OFFSETS = {"kind": 5, "header": 6, "body": 8, "sequence": 56, "fields": 58}


def _signed(frame):
    return dataclasses.replace(frame, signature=KEY.sign(wire.signed_bytes(frame)))


def follow_up(common=COMMON):
    return _signed(wire.FollowUp(common, PUBLIC, bytes(64), BODY))


def reply(text="Жауап: келді.", common=ANSWER):
    return _signed(wire.Reply(common, 20_780, *HASHES, PUBLIC, bytes(64), text))


def to_json(frame):
    """A frame as the `value` of a vector: its fields, those of `common` beside them."""
    fields = {field.name: getattr(frame, field.name) for field in dataclasses.fields(frame)}
    common = fields.pop("common", None)
    kind = {"kind": type(frame).__name__} if common else {}
    return kind | (to_json(common) if common else {}) | {name: _json(value) for name, value in fields.items()}


def _json(value):
    if isinstance(value, bytes):
        return short(value)
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return to_json(value) if dataclasses.is_dataclass(value) else value


def good(description, frame, plain_size=0):
    data = wire.pack(frame).ljust(plain_size, b"\0")
    return {"description": description, "expect": "ok"} | put_input(data) | {"value": to_json(frame)}


def bad(description, data, expect="FrameInvalid"):
    return {"description": description, "expect": expect} | put_input(data)


def changed(frame, offset, data):
    """The packed frame with `data` written over it at `offset`."""
    packed = wire.pack(frame)
    return packed[:offset] + data + packed[offset + len(data) :]


def good_cases():
    last = dataclasses.replace(COMMON, sequence=65535, epoch=2**32 - 1, build=2**32 - 1)
    return {
        "good_section": good("a section", SECTION),
        "good_section_padded": good("a section that fills 8 KiB for 3 recipients", SECTION, 3419),
        "good_section_reply_block": good("a section with a reply block", WITH_BLOCK, 3419),
        "good_section_reply_block_alone": good(
            "a reply block and no section body at all", dataclasses.replace(WITH_BLOCK, body=b"")
        ),
        "good_section_replaces": good(
            "it replaces the one before", dataclasses.replace(SECTION, replaces=2, parts=0), 3419
        ),
        "good_section_last_numbers": good(
            "the highest epoch, build, sequence and parts", wire.Section(last, 65534, 65535, None, BODY)
        ),
        "good_media": good("a picture", MEDIA, 65536),
        "good_media_empty": good("an empty file", dataclasses.replace(MEDIA, body=b"")),
        "good_media_unlisted_type": good("a media type that is not listed", dataclasses.replace(MEDIA, media_type=255)),
        "good_media_ends_in_zeros": good(
            "zero bytes of the file before zero bytes of padding", dataclasses.replace(MEDIA, body=b"\1" + bytes(9)), 99
        ),
        "good_closing": good("a closing of two parts", CLOSING, 3419),
        "good_follow_up": good("a follow-up", follow_up(), 3419),
        "good_reply": good("a reply", reply(), 2409),
        "good_reply_longest": good("a reply of 2,187 bytes", reply("я" * 1093 + "!"), 2409),
        "good_reply_byte_order_mark": good("a reply whose first character is U+FEFF", reply("\ufeffOK")),
    }


def header_cases():
    packed = wire.pack(SECTION)
    return {
        "empty": bad("no byte", b""),
        "magic_alone": bad("four bytes", packed[:4]),
        "no_magic": bad("a hand-sealed text", b"Dear reviewers, " * 6),
        "magic_lower_case": bad("intk", changed(SECTION, 0, b"intk")),
        "version_zero": bad("version 0", changed(SECTION, 4, b"\0")),
        "version_two": bad("version 2", changed(SECTION, 4, b"\2")),
        "kind_zero": bad("kind 0", changed(SECTION, 5, b"\0")),
        "kind_six": bad("kind 6", changed(SECTION, 5, b"\6")),
        "header_cut_off": bad("the last header byte is missing", packed[:62]),
        "header_length_less": bad("54 for a section", changed(SECTION, 6, b"\0\x36")),
        "header_length_more": bad("56 for a section", changed(SECTION, 6, b"\0\x38")),
        "header_length_of_other_kind": bad("a closing's for a section", changed(SECTION, 6, b"\0\x34")),
        "body_length_one_more": bad(
            "the body ends after the plaintext", changed(SECTION, 8, struct.pack(">Q", len(BODY) + 1))
        ),
        "body_length_2_to_53": bad("a body of 2^53 bytes", changed(SECTION, 8, struct.pack(">Q", 2**53))),
        "body_length_2_to_63": bad("a body of 2^63 bytes", changed(SECTION, 8, struct.pack(">Q", 2**63))),
        "body_length_highest": bad("a body of 2^64 - 1 bytes", changed(SECTION, 8, b"\xff" * 8)),
        "nonzero_padding": bad("1 in the first byte of padding", packed + b"\1" + bytes(99)),
        "nonzero_padding_last": bad("1 in the last byte of padding", packed + bytes(99) + b"\1"),
        "nonzero_padding_alone": bad("one byte of padding, 0x80", packed + b"\x80"),
        "sequence_zero": bad("sequence 0", changed(SECTION, 56, b"\0\0")),
    }


def section_cases():
    flagged = changed(SECTION, 62, b"\1")
    return {
        "replaces_itself": bad("replaces 3, sequence 3", changed(SECTION, 58, b"\0\3")),
        "replaces_a_later": bad("replaces 4, sequence 3", changed(SECTION, 58, b"\0\4")),
        "unknown_flag": bad("flags 2", changed(SECTION, 62, b"\2")),
        "unknown_flag_beside": bad("flags 0x81, with a reply block", changed(WITH_BLOCK, 62, b"\x81")),
        "reply_block_missing": bad("the flag without a reply block", flagged),
        "reply_block_cut_off": bad(
            "a body of 1,279 bytes", flagged[:8] + struct.pack(">Q", 1279) + flagged[16:63] + b"\x41" * 1279
        ),
    }


def closing_cases():
    packed = wire.pack(CLOSING)
    entries = packed[60:]
    many = b"".join(struct.pack(">16sQ32s", n.to_bytes(16, "big"), 8192, bytes(32)) for n in range(1, 1026))

    def closing(count, body):
        return packed[:8] + struct.pack(">Q", len(body)) + packed[16:58] + struct.pack(">H", count) + body

    return {
        "closing_of_nothing": bad("count 0", closing(0, b"")),
        "closing_count_less": bad("two entries, count 1", closing(1, entries)),
        "closing_count_more": bad("two entries, count 3", closing(3, entries)),
        "closing_too_many": bad("count 1,025", closing(1025, many)),
        "closing_part_twice": bad("one part named twice", closing(2, entries[:56] * 2)),
        "closing_names_itself": bad("its own part id", closing(1, COMMON.part_id + entries[16:56])),
        "closing_trailing_byte": bad("one byte after the entries", closing(2, entries + b"\0")),
    }


def signature_cases():
    good_reply, more = reply(), follow_up()
    swapped = dataclasses.replace(good_reply, signature=KEY.sign(b"intake/follow-up/v1\n" + wire.pack(good_reply)))
    bare = dataclasses.replace(more, signature=KEY.sign(wire.signed_bytes(more).split(b"\n", 1)[1]))
    zero_key = dataclasses.replace(more, key=b"\1" + bytes(31), signature=b"\1" + bytes(63))

    def refused(description, frame, **changes):
        return bad(description, wire.pack(dataclasses.replace(frame, **changes)), "BadSignature")

    return {
        "follow_up_changed_body": refused("another body", more, body=BODY.replace(b"saw", b"sow")),
        "follow_up_changed_sequence": refused("another number", more, common=dataclasses.replace(COMMON, sequence=4)),
        "follow_up_other_key": refused("another key", more, key=PUBLIC[:-1] + bytes([PUBLIC[-1] ^ 0x80])),
        "follow_up_without_label": refused("signed without the label", bare),
        "follow_up_small_order_key": refused("the neutral element as key, which signs anything", zero_key),
        "reply_changed_text": refused("another text", good_reply, text="Жауап: келмеді."),
        "reply_changed_number": refused("another number", good_reply, common=dataclasses.replace(ANSWER, sequence=4)),
        "reply_changed_day": refused("another day", good_reply, day=20_781),
        "reply_changed_mailbox": refused("another mailbox", good_reply, mailbox_id=bytes(range(32))),
        "reply_signed_as_follow_up": refused("signed under the other label", swapped),
    }


def reply_cases():
    def with_body(body):
        packed = wire.pack(reply())
        return packed[:8] + struct.pack(">Q", len(body)) + packed[16:222] + body

    return {
        "reply_with_epoch": bad("epoch 12", changed(reply(), 16, struct.pack(">I", 12))),
        "reply_empty": bad("no text", with_body(b"")),
        "reply_too_long": bad("2,188 bytes", with_body(b"a" * 2188)),
        "reply_not_utf8": bad("the byte 0xff", with_body(b"a\xff")),
        "reply_overlong_utf8": bad("a slash in two bytes", with_body(b"\xc0\xaf")),
        "reply_surrogate_utf8": bad("U+D800 as UTF-8", with_body(b"\xed\xa0\x80")),
        "reply_beyond_unicode": bad("U+110000 as UTF-8", with_body(b"\xf4\x90\x80\x80")),
    }


def folders():
    """Folder -> name -> case."""
    return {
        "frame": good_cases() | header_cases() | section_cases() | closing_cases() | signature_cases() | reply_cases()
    }
