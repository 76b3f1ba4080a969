"""From a sealed object to rows: open it once, keep the ciphertext as it came, note down what it says.

What opens with no key is kept too and called "late or junk, cannot be told apart": its epoch may be destroyed, its
carry key may be elsewhere, or it may be noise.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select

from intake.reviewer.models import (
    ITEMS,
    OBJECTS,
    PARTS,
    STATE_MALFORMED,
    STATE_OPENED,
    STATE_UNOPENED,
)
from intake.wire.constants import (
    KIND_CLOSING,
    KIND_FOLLOW_UP,
    KIND_MEDIA,
    KIND_SECTION,
)
from intake.wire.encoding import day_text
from intake.wire.errors import BadSignature, FrameInvalid, SectionInvalid
from intake.wire.frame import Closing, Common, FollowUp, MediaHeader, Section, verify_follow_up
from intake.wire.section import parse_section
from keys.age import HybridIdentity
from keys.errors import NoMatch, SealedObjectError
from keys.opening import HandSealed, OpenedFrame, OpenedMedia, open_large, open_small

KIND_HAND_SEALED = 0
KIND_MALFORMED = 255
_NO_ID = bytes(16)

Row = dict[str, object]


@dataclass(frozen=True)
class Filed:
    """An object ready to be put in: its row, its part's row (None when it did not open), its item's key.

    `is_unmatched`: none of the keys tried opened it.
    """

    object: Row
    part: Row | None
    item_key: bytes
    is_unmatched: bool = False

    @property
    def state(self) -> str:
        """opened, unopened or malformed."""
        return str(self.object["state"])


def file_small(keys: Sequence[HybridIdentity], data: bytes, today: date) -> Filed:
    """Open a sealed object of at most 64 KiB with these keys; nothing in it is raised, everything becomes a state."""
    sha256 = hashlib.sha256(data).digest()
    row: Row = {"sha256": sha256, "size": len(data), "day": day_text(today), "data": data}
    try:
        opened = open_small(data, keys)
        key, part = _part(sha256, opened)
    except (NoMatch, SealedObjectError) as error:
        return _unopened(row, error)
    except (FrameInvalid, SectionInvalid) as error:
        return _malformed(row, sha256, len(data), error)
    return Filed(row | {"state": STATE_OPENED, "problem": ""}, part, key)


def file_large(keys: Sequence[HybridIdentity], path: Path, sha256: bytes, today: date) -> Filed:
    """Open the vault's own copy of a large sealed object, 64 KiB at a time; states as file_small."""
    size = path.stat().st_size
    row: Row = {"sha256": sha256, "size": size, "day": day_text(today), "data": None}
    try:
        with path.open("rb") as source:
            opened = open_large(source, keys)
        key, part = _part(sha256, opened)
    except (NoMatch, SealedObjectError) as error:
        return _unopened(row, error)
    except FrameInvalid as error:
        return _malformed(row, sha256, size, error)
    return Filed(row | {"state": STATE_OPENED, "problem": ""}, part, key)


def known(connection: Connection, hashes: Sequence[bytes]) -> set[bytes]:
    """Return those of some 32-byte hashes whose objects the vault has."""
    return set(connection.execute(select(OBJECTS.c.sha256).where(OBJECTS.c.sha256.in_(hashes))).scalars())


def held(connection: Connection, hashes: Sequence[bytes], path_of: Callable[[bytes], Path]) -> set[bytes]:
    """Return those of some hashes that the vault has; a large one only if its file is there in its full size."""
    wanted = select(OBJECTS.c.sha256, OBJECTS.c.size, OBJECTS.c.data.is_(None)).where(OBJECTS.c.sha256.in_(hashes))
    rows = connection.execute(wanted).all()
    return {sha256 for sha256, size, is_large in rows if not is_large or _is_file(path_of(sha256), size)}


def _is_file(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def put_in(connection: Connection, filed: Sequence[Filed]) -> None:
    """Write filed objects, their parts and, for each that is the first of its report, a new number."""
    if filed:
        connection.execute(insert(OBJECTS), [each.object for each in filed])
    parts = [each.part | {"item": _item(connection, each.item_key)} for each in filed if each.part is not None]
    if parts:
        connection.execute(insert(PARTS), parts)


def _item(connection: Connection, key: bytes) -> int:
    number = connection.execute(select(ITEMS.c.number).where(ITEMS.c.key == key)).scalar()
    if number is None:
        number = connection.execute(insert(ITEMS).values(key=key).returning(ITEMS.c.number)).scalar_one()
    return int(number)


def _unopened(row: Row, error: Exception) -> Filed:
    problem = "no key opens it" if isinstance(error, NoMatch) else "not intact inside"
    return Filed(row | {"state": STATE_UNOPENED, "problem": problem}, None, b"", isinstance(error, NoMatch))


def _malformed(row: Row, sha256: bytes, size: int, error: Exception) -> Filed:
    part = _row(sha256, KIND_MALFORMED, Common(0, 0, _NO_ID, _NO_ID, 1), body_size=size, body_sha256=sha256)
    return Filed(row | {"state": STATE_MALFORMED, "problem": str(error)}, part, b"m" + sha256)


def _part(sha256: bytes, opened: OpenedFrame | OpenedMedia | HandSealed) -> tuple[bytes, Row]:
    match opened:
        case HandSealed():
            return b"h" + sha256, _hand_sealed(sha256, opened)
        case OpenedMedia(header, body_sha256):
            return b"r" + header.common.report_id, _media(sha256, header, body_sha256)
        case OpenedFrame(Section() as frame):
            return b"r" + frame.common.report_id, _section(sha256, frame)
        case OpenedFrame(Closing() as frame):
            return b"r" + frame.common.report_id, _closing(sha256, frame)
        case OpenedFrame(FollowUp() as frame):
            return _follow_up(sha256, frame)
        case OpenedFrame(frame):
            raise FrameInvalid("a kind that does not stand in so small an object")


def _row(sha256: bytes, kind: int, common: Common, **fields: object) -> Row:
    row: Row = {
        "sha256": sha256,
        "kind": kind,
        "epoch": common.epoch,
        "build": common.build,
        "report_id": common.report_id,
        "part_id": common.part_id,
        "sequence": common.sequence,
        "replaces": 0,
        "parts": 0,
        "recipient": None,
        "follow_up_key": None,
        "slot_key": None,
        "signed": False,
        "media_type": 0,
        "body": None,
    }
    return row | fields


def _body(data: bytes) -> Row:
    return {"body": data, "body_size": len(data), "body_sha256": hashlib.sha256(data).digest()}


def _section(sha256: bytes, frame: Section) -> Row:
    parse_section(frame.body)
    row = _row(sha256, KIND_SECTION, frame.common, replaces=frame.replaces, parts=frame.parts)
    row |= _body(frame.body)
    if frame.reply_block is not None:
        block = frame.reply_block
        row |= {"recipient": block.recipient, "follow_up_key": block.follow_up_key, "slot_key": block.slot_key}
    return row


def _closing(sha256: bytes, frame: Closing) -> Row:
    packed = b"".join(each.part_id + each.size.to_bytes(8) + each.sha256 for each in frame.entries)
    return _row(sha256, KIND_CLOSING, frame.common) | _body(packed)


def _follow_up(sha256: bytes, frame: FollowUp) -> tuple[bytes, Row]:
    parse_section(frame.body)
    try:
        verify_follow_up(frame)
        signed = True
    except BadSignature:
        signed = False
    row = _row(sha256, KIND_FOLLOW_UP, frame.common, follow_up_key=frame.key, signed=signed)
    # One that only claims the key must never be joined to what the key's holder sent.
    return (b"f" + frame.key if signed else b"x" + sha256), row | _body(frame.body)


def _media(sha256: bytes, header: MediaHeader, body_sha256: bytes) -> Row:
    fields: Row = {"media_type": header.media_type, "body_size": header.body_length, "body_sha256": body_sha256}
    return _row(sha256, KIND_MEDIA, header.common, **fields)


def _hand_sealed(sha256: bytes, opened: HandSealed) -> Row:
    fields: Row = {"body": opened.content, "body_size": opened.size, "body_sha256": opened.sha256}
    return _row(sha256, KIND_HAND_SEALED, Common(0, 0, _NO_ID, _NO_ID, 1), **fields)
