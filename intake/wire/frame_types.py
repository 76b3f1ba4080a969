"""The five kinds of plaintext frame as values (SPEC.md section 2); making one checks it, raising FrameInvalid.

Import them from `intake.wire.frame`, where they are packed and unpacked.
"""

from dataclasses import dataclass, field

from intake.wire.constants import (
    CLOSING_ENTRIES_MAX,
    ED25519_KEY_SIZE,
    ED25519_SIGNATURE_SIZE,
    MAILBOX_ID_SIZE,
    PART_ID_SIZE,
    RECIPIENT_SIZE,
    REPLY_TEXT_MAX_SIZE,
    REPORT_ID_SIZE,
    SHA256_SIZE,
)
from intake.wire.errors import FrameInvalid


def _check_integer(name: str, value: int, bits: int) -> None:
    if not 0 <= value < 1 << bits:
        raise FrameInvalid(f"{name} does not fit")


def _check_size(name: str, value: bytes, size: int) -> None:
    if len(value) != size:
        raise FrameInvalid(f"{name} is not of {size} bytes")


@dataclass(frozen=True)
class Common:
    """The header fields of every kind: epoch u32, build u32, two random ids of 16 bytes, sequence 1..65535.

    `report_id` is the same in all parts of a report; `part_id` and `sequence` are one part's own.
    """

    epoch: int
    build: int
    report_id: bytes
    part_id: bytes
    sequence: int

    def __post_init__(self) -> None:
        _check_integer("epoch", self.epoch, 32)
        _check_integer("build", self.build, 32)
        _check_size("report id", self.report_id, REPORT_ID_SIZE)
        _check_size("part id", self.part_id, PART_ID_SIZE)
        _check_integer("sequence", self.sequence, 16)
        if self.sequence == 0:
            raise FrameInvalid("sequence 0")


@dataclass(frozen=True)
class ReplyBlock:
    """What the laptop needs to answer: `recipient` 1,216 raw bytes, `follow_up_key` 32, `slot_key` 32 (secret)."""

    recipient: bytes
    follow_up_key: bytes
    slot_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_size("recipient", self.recipient, RECIPIENT_SIZE)
        _check_size("follow-up key", self.follow_up_key, ED25519_KEY_SIZE)
        _check_size("slot key", self.slot_key, 32)


@dataclass(frozen=True)
class Section:
    """A written part. `body` is the section body alone (section.py), without the reply block.

    `replaces`: the lower sequence it replaces, 0 none. `parts`: objects of the report, 0 in an addition.
    """

    common: Common
    replaces: int
    parts: int
    reply_block: ReplyBlock | None
    body: bytes

    def __post_init__(self) -> None:
        _check_integer("replaces", self.replaces, 16)
        _check_integer("parts", self.parts, 16)
        if self.replaces >= self.common.sequence:
            raise FrameInvalid("it replaces a part that is not before it")


@dataclass(frozen=True)
class Media:
    """A file's bytes, unchanged. `media_type`: index into MEDIA_TYPES, u8; 0 and those not listed are unknown."""

    common: Common
    media_type: int
    body: bytes

    def __post_init__(self) -> None:
        _check_integer("media type", self.media_type, 8)


@dataclass(frozen=True)
class MediaHeader:
    """A media frame without its body, for files that do not fit in memory.

    The body is `body_length` bytes from `body_offset` in the plaintext; the caller checks that they are there
    and that only zero bytes follow.
    """

    common: Common
    media_type: int
    body_length: int
    body_offset: int


@dataclass(frozen=True)
class ClosingEntry:
    """One other part of the report: `part_id` 16 bytes, `size` and `sha256` (32 bytes) of its sealed object."""

    part_id: bytes
    size: int
    sha256: bytes

    def __post_init__(self) -> None:
        _check_size("part id", self.part_id, PART_ID_SIZE)
        _check_integer("size", self.size, 64)
        _check_size("digest", self.sha256, SHA256_SIZE)


@dataclass(frozen=True)
class Closing:
    """Names every other part of the report, 1..1024 of them, by rising sequence."""

    common: Common
    entries: tuple[ClosingEntry, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.entries) <= CLOSING_ENTRIES_MAX:
            raise FrameInvalid("a closing names 1 to 1,024 parts")
        named = {entry.part_id for entry in self.entries}
        if len(named) != len(self.entries):
            raise FrameInvalid("a closing names a part twice")
        if self.common.part_id in named:
            raise FrameInvalid("a closing names itself")


@dataclass(frozen=True)
class FollowUp:
    """More from the holder of a return code: `key` 32 bytes and `signature` 64 over frame.signed_bytes.

    Untrusted until frame.verify_follow_up passed and `key` is one that a reply block brought.
    """

    common: Common
    key: bytes
    signature: bytes
    body: bytes

    def __post_init__(self) -> None:
        _check_size("follow-up key", self.key, ED25519_KEY_SIZE)
        _check_size("signature", self.signature, ED25519_SIGNATURE_SIZE)


@dataclass(frozen=True)
class Reply:
    """Answer number `common.sequence` to one return code; `day` counts from 1970-01-01; `text` 1..2,187 bytes of UTF-8.

    Untrusted until frame.verify_reply passed and mailbox id, recipient hash and reply key are the expected ones.
    """

    common: Common
    day: int
    mailbox_id: bytes
    recipient_hash: bytes
    reply_key: bytes
    signature: bytes
    text: str

    def __post_init__(self) -> None:
        if self.common.epoch != 0:
            raise FrameInvalid("a reply with an epoch")
        _check_integer("day", self.day, 32)
        _check_size("mailbox id", self.mailbox_id, MAILBOX_ID_SIZE)
        _check_size("recipient hash", self.recipient_hash, SHA256_SIZE)
        _check_size("reply key", self.reply_key, ED25519_KEY_SIZE)
        _check_size("signature", self.signature, ED25519_SIGNATURE_SIZE)
        if not 1 <= len(_reply_bytes(self.text)) <= REPLY_TEXT_MAX_SIZE:
            raise FrameInvalid(f"the text of a reply is 1 to {REPLY_TEXT_MAX_SIZE} bytes")


def _reply_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise FrameInvalid("half a surrogate pair") from None


Frame = Section | Media | Closing | FollowUp | Reply
