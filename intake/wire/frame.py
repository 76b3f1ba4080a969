"""Packs and unpacks plaintext frames, and says what their signatures sign (SPEC.md section 2).

What unpack accepts, pack gives back byte for byte, padding aside.
"""

import hashlib
import struct
from typing import Final

from intake.wire import ed25519
from intake.wire.constants import (
    CLOSING_ENTRY_SIZE,
    CLOSING_HEADER_SIZE,
    ED25519_SIGNATURE_SIZE,
    FOLLOW_UP_HEADER_SIZE,
    FRAME_MAGIC,
    FRAME_PREFIX_SIZE,
    FRAME_VERSION,
    KIND_CLOSING,
    KIND_FOLLOW_UP,
    KIND_MEDIA,
    KIND_REPLY,
    KIND_SECTION,
    LABEL_FOLLOW_UP,
    LABEL_RECIPIENT,
    LABEL_REPLY,
    MEDIA_HEADER_SIZE,
    REPLY_BLOCK_SIZE,
    REPLY_HEADER_SIZE,
    SECTION_FLAG_REPLY_BLOCK,
    SECTION_HEADER_SIZE,
)
from intake.wire.encoding import errors_as, utf8
from intake.wire.errors import FrameInvalid, WrongSize
from intake.wire.frame_types import (
    Closing,
    ClosingEntry,
    Common,
    FollowUp,
    Frame,
    Media,
    MediaHeader,
    Reply,
    ReplyBlock,
    Section,
)

__all__ = [
    "Closing",
    "ClosingEntry",
    "Common",
    "FollowUp",
    "Frame",
    "Media",
    "MediaHeader",
    "Reply",
    "ReplyBlock",
    "Section",
    "media_header",
    "pack",
    "pack_padded",
    "peek_kind",
    "recipient_hash",
    "signed_bytes",
    "unpack",
    "unpack_media_prefix",
    "verify_follow_up",
    "verify_reply",
]

_HEADER_SIZES: Final = {
    KIND_SECTION: SECTION_HEADER_SIZE,
    KIND_MEDIA: MEDIA_HEADER_SIZE,
    KIND_CLOSING: CLOSING_HEADER_SIZE,
    KIND_FOLLOW_UP: FOLLOW_UP_HEADER_SIZE,
    KIND_REPLY: REPLY_HEADER_SIZE,
}
_PREFIX: Final = struct.Struct(">4sBBHQ")
_COMMON: Final = struct.Struct(">II16s16sH")
_FIELDS_OFFSET: Final = _PREFIX.size + _COMMON.size
_SECTION: Final = struct.Struct(">HHB")
_REPLY_BLOCK: Final = struct.Struct(">1216s32s32s")
_MEDIA: Final = struct.Struct(">B")
_CLOSING: Final = struct.Struct(">H")
_CLOSING_ENTRY: Final = struct.Struct(">16sQ32s")
_FOLLOW_UP: Final = struct.Struct(">32s64s")
_REPLY: Final = struct.Struct(">I32s32s32s64s")


def recipient_hash(recipient: bytes) -> bytes:
    """The 32-byte hash that binds a reply to the `recipient` (1,216 raw bytes) it was sealed to."""
    return hashlib.sha256(LABEL_RECIPIENT.encode() + recipient).digest()


def _head(kind: int, common: Common, body_length: int) -> bytes:
    fields = (common.epoch, common.build, common.report_id, common.part_id, common.sequence)
    prefix = _PREFIX.pack(FRAME_MAGIC.encode(), FRAME_VERSION, kind, _HEADER_SIZES[kind], body_length)
    return prefix + _COMMON.pack(*fields)


def _pack_section(frame: Section) -> bytes:
    block = frame.reply_block
    flags, first = 0, b""
    if block is not None:
        flags = SECTION_FLAG_REPLY_BLOCK
        first = _REPLY_BLOCK.pack(block.recipient, block.follow_up_key, block.slot_key)
    head = _head(KIND_SECTION, frame.common, len(first) + len(frame.body))
    return head + _SECTION.pack(frame.replaces, frame.parts, flags) + first + frame.body


def media_header(common: Common, media_type: int, body_length: int) -> bytes:
    """The 59 bytes before the body of a media frame of `body_length` bytes, for sealing a file as it is read."""
    Media(common, media_type, b"")
    if not 0 <= body_length < 1 << 64:
        raise FrameInvalid("body length does not fit")
    return _head(KIND_MEDIA, common, body_length) + _MEDIA.pack(media_type)


def _pack_closing(frame: Closing) -> bytes:
    count = len(frame.entries)
    head = _head(KIND_CLOSING, frame.common, CLOSING_ENTRY_SIZE * count)
    entries = (_CLOSING_ENTRY.pack(entry.part_id, entry.size, entry.sha256) for entry in frame.entries)
    return head + _CLOSING.pack(count) + b"".join(entries)


def _pack_follow_up(frame: FollowUp) -> bytes:
    head = _head(KIND_FOLLOW_UP, frame.common, len(frame.body))
    return head + _FOLLOW_UP.pack(frame.key, frame.signature) + frame.body


def _pack_reply(frame: Reply) -> bytes:
    body = frame.text.encode()
    hashes = (frame.mailbox_id, frame.recipient_hash, frame.reply_key)
    head = _head(KIND_REPLY, frame.common, len(body))
    return head + _REPLY.pack(frame.day, *hashes, frame.signature) + body


def pack(frame: Frame) -> bytes:
    """The frame's bytes without padding."""
    match frame:
        case Section():
            return _pack_section(frame)
        case Media():
            return media_header(frame.common, frame.media_type, len(frame.body)) + frame.body
        case Closing():
            return _pack_closing(frame)
        case FollowUp():
            return _pack_follow_up(frame)
        case Reply():
            return _pack_reply(frame)


def pack_padded(frame: Frame, plain_size: int) -> bytes:
    """The frame's bytes with zero bytes to `plain_size`; raises WrongSize when they do not fit."""
    data = pack(frame)
    if len(data) > plain_size:
        raise WrongSize("the frame does not fit")
    return data.ljust(plain_size, b"\0")


def peek_kind(prefix: bytes) -> int:
    """The kind 1..5 by the first 8 bytes; 0 when there is no magic, so a hand-sealed file.

    Raises FrameInvalid for a magic with an unknown version or kind, or another header length than the kind's.
    """
    if not prefix.startswith(FRAME_MAGIC.encode()):
        return 0
    if len(prefix) < FRAME_PREFIX_SIZE:
        raise FrameInvalid("cut off")
    _, version, kind, header_length = struct.unpack_from(">4sBBH", prefix)
    if version != FRAME_VERSION:
        raise FrameInvalid("an unknown version")
    if kind not in _HEADER_SIZES:
        raise FrameInvalid("an unknown kind")
    if header_length != _HEADER_SIZES[kind]:
        raise FrameInvalid("another header length than its kind has")
    return int(kind)


def _unpack_head(data: bytes) -> tuple[int, int, Common]:
    kind = peek_kind(data)
    if kind == 0:
        raise FrameInvalid("no magic")
    if len(data) < FRAME_PREFIX_SIZE + _HEADER_SIZES[kind]:
        raise FrameInvalid("cut off")
    return kind, _PREFIX.unpack_from(data)[4], Common(*_COMMON.unpack_from(data, _PREFIX.size))


def unpack_media_prefix(prefix: bytes) -> MediaHeader | None:
    """The media frame that starts with `prefix` (59 bytes are enough), None when it is of another kind or no frame.

    Raises FrameInvalid for a broken header.
    """
    if peek_kind(prefix) != KIND_MEDIA:
        return None
    _, body_length, common = _unpack_head(prefix)
    (media_type,) = _MEDIA.unpack_from(prefix, _FIELDS_OFFSET)
    return MediaHeader(common, media_type, body_length, FRAME_PREFIX_SIZE + MEDIA_HEADER_SIZE)


def unpack(data: bytes) -> Frame:
    """The frame in a whole plaintext, with or without its padding; raises FrameInvalid."""
    kind, body_length, common = _unpack_head(data)
    start = FRAME_PREFIX_SIZE + _HEADER_SIZES[kind]
    end = start + body_length
    if end > len(data):
        raise FrameInvalid("the body does not fit")
    if data.count(0, end) != len(data) - end:
        raise FrameInvalid("padding that is not zero")
    return _unpack_kind(kind, common, data, data[start:end])


def _unpack_kind(kind: int, common: Common, data: bytes, body: bytes) -> Frame:
    if kind == KIND_SECTION:
        return _unpack_section(common, _SECTION.unpack_from(data, _FIELDS_OFFSET), body)
    if kind == KIND_MEDIA:
        return Media(common, data[_FIELDS_OFFSET], body)
    if kind == KIND_CLOSING:
        return _unpack_closing(common, _CLOSING.unpack_from(data, _FIELDS_OFFSET)[0], body)
    if kind == KIND_FOLLOW_UP:
        key, signature = _FOLLOW_UP.unpack_from(data, _FIELDS_OFFSET)
        return FollowUp(common, key, signature, body)
    return _unpack_reply(common, data, body)


def _unpack_section(common: Common, fields: tuple[int, int, int], body: bytes) -> Section:
    replaces, parts, flags = fields
    if flags == 0:
        return Section(common, replaces, parts, None, body)
    if flags != SECTION_FLAG_REPLY_BLOCK:
        raise FrameInvalid("an unknown flag")
    if len(body) < REPLY_BLOCK_SIZE:
        raise FrameInvalid("a reply block that is cut off")
    block = ReplyBlock(*_REPLY_BLOCK.unpack_from(body))
    return Section(common, replaces, parts, block, body[REPLY_BLOCK_SIZE:])


def _unpack_closing(common: Common, count: int, body: bytes) -> Closing:
    if len(body) != CLOSING_ENTRY_SIZE * count:
        raise FrameInvalid("a closing whose length is not its count")
    return Closing(common, tuple(ClosingEntry(*fields) for fields in _CLOSING_ENTRY.iter_unpack(body)))


def _unpack_reply(common: Common, data: bytes, body: bytes) -> Reply:
    day, mailbox_id, recipient, key, signature = _REPLY.unpack_from(data, _FIELDS_OFFSET)
    with errors_as(FrameInvalid):
        text = utf8(body)
    return Reply(common, day, mailbox_id, recipient, key, signature, text)


def signed_bytes(frame: FollowUp | Reply) -> bytes:
    """What the frame's signature signs: label, every byte before the signature, body; not the signature itself."""
    label, kind = (LABEL_FOLLOW_UP, KIND_FOLLOW_UP) if isinstance(frame, FollowUp) else (LABEL_REPLY, KIND_REPLY)
    data = pack(frame)
    end = FRAME_PREFIX_SIZE + _HEADER_SIZES[kind]
    return label.encode() + data[: end - ED25519_SIGNATURE_SIZE] + data[end:]


def verify_follow_up(frame: FollowUp) -> None:
    """Raises BadSignature unless the frame's own key signed it; that the key is known is for the caller to check."""
    ed25519.verify(frame.key, frame.signature, signed_bytes(frame))


def verify_reply(frame: Reply) -> None:
    """Raises BadSignature unless the frame's own reply key signed it; the caller checks key, mailbox, recipient."""
    ed25519.verify(frame.reply_key, frame.signature, signed_bytes(frame))
