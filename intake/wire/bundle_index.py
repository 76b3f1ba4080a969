"""What a bundle holds and where: its index, and the one layout of small objects in segments (SPEC.md section 9).

A segment is sealed bytes one after another. Where each object lies follows from the order and the sizes alone, so an
index can name no overlap, no gap and no place outside.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from intake.wire.constants import (
    BUNDLE_PART_SIZE,
    BUNDLE_SEGMENT_MAX_SIZE,
    BUNDLE_SEGMENTS_MAX,
    BUNDLE_WORK_MAX,
    EPOCH_MAX,
    MEDIA_SEALED_MAX_SIZE,
    OBJECT_ID_SIZE,
    SALT_SIZE,
    SHA256_SIZE,
    SMALL_CLASSES,
)
from intake.wire.encoding import day_text, parse_day, parse_int, unhex
from intake.wire.errors import BundleInvalid, WireError

SEGMENTS_FOLDER = "data/segments"
OBJECTS_FOLDER = "data/objects"
KINDS = ("report", "media")
"""The kinds of objects in the order in which an index lists them."""
_FIELDS = 10
_OWN_FILE = "-"
_SMALL_MAX_SIZE = max(SMALL_CLASSES)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a small object lies: segment number from 0, offset in bytes."""

    segment: int
    offset: int

    def text(self) -> str:
        """Return `<segment>:<offset>`."""
        return f"{self.segment}:{self.offset}"

    @property
    def path(self) -> str:
        """The segment's path inside the bundle."""
        return segment_path(self.segment)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One object of a bundle: 16-byte id, kind, size in bytes, hash, epoch label, salt, leaf, arrival day, work class.

    `place` is None for a file of its own: all media, and what the exporting server found damaged or missing.
    """

    object_id: bytes
    kind: str
    size: int
    sha256: bytes
    epoch: int
    salt: bytes
    leaf_number: int
    day: date
    work: int
    place: Place | None

    def line(self) -> str:
        """Return the entry's line with its newline."""
        middle = f"{self.kind} {self.size} {self.sha256.hex()} {self.epoch} {self.salt.hex()} {self.leaf_number}"
        place = self.place.text() if self.place else _OWN_FILE
        return f"{self.object_id.hex()} {middle} {day_text(self.day)} {self.work} {place}\n"

    @property
    def paths(self) -> tuple[str, ...]:
        """The files its bytes are in: its segment, or a file of its own, or the parts of one larger than 2 GiB."""
        return (self.place.path,) if self.place else own_paths(self.object_id, self.size)


def segment_path(number: int) -> str:
    """Return the path of a segment inside the bundle."""
    return f"{SEGMENTS_FOLDER}/{number:04d}.bin"


def own_paths(object_id: bytes, size: int, part_size: int = BUNDLE_PART_SIZE) -> tuple[str, ...]:
    """Return the paths of an object that lies outside segments: one, or one a part of `part_size` bytes."""
    name = f"{OBJECTS_FOLDER}/{object_id.hex()}.age"
    if size <= part_size:
        return (name,)
    return tuple(f"{name}.{number:03d}" for number in range(-(-size // part_size)))


class Layout:
    """Gives small objects their places, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._segment = 0
        self._offset = 0

    def place(self, size: int) -> Place:
        """Return the place of the next object of `size` bytes; raise BundleInvalid when no segment can take it."""
        if not 0 < size <= _SMALL_MAX_SIZE:
            raise BundleInvalid("an object of this size does not stand in a segment")
        if self._offset + size > BUNDLE_SEGMENT_MAX_SIZE:
            self._segment, self._offset = self._segment + 1, 0
        if self._segment >= BUNDLE_SEGMENTS_MAX:
            raise BundleInvalid("there are too many segments")
        found = Place(self._segment, self._offset)
        self._offset += size
        return found


def parse_index(untrusted: bytes) -> tuple[IndexEntry, ...]:
    """Parse data/index.txt; raise BundleInvalid when malformed, out of order, laid out otherwise, or naming twice."""
    try:
        lines = untrusted.decode("ascii").split("\n")
        if lines.pop():
            raise BundleInvalid("the index does not end in a newline")
        entries = tuple(_checked(_entry(line) for line in lines))
    except BundleInvalid:
        raise
    except (UnicodeDecodeError, WireError) as error:
        raise BundleInvalid("the index is malformed") from error
    if len({e.object_id for e in entries}) != len(entries) or len({e.leaf_number for e in entries}) != len(entries):
        raise BundleInvalid("the index names an object or a leaf twice")
    return entries


def _checked(entries: Iterable[IndexEntry]) -> Iterator[IndexEntry]:
    layout, last = Layout(), (0, -BUNDLE_WORK_MAX)
    for entry in entries:
        rank = (KINDS.index(entry.kind), -entry.work)
        if rank < last:
            raise BundleInvalid("the index is out of order")
        if entry.place is not None and (entry.kind != KINDS[0] or entry.place != layout.place(entry.size)):
            raise BundleInvalid("an object does not lie where it must")
        last = rank
        yield entry


def _entry(line: str) -> IndexEntry:
    parts = line.split(" ")
    if len(parts) != _FIELDS or parts[1] not in KINDS:
        raise BundleInvalid("an index line is malformed")
    entry = IndexEntry(
        unhex(parts[0], OBJECT_ID_SIZE),
        parts[1],
        parse_int(parts[2]),
        unhex(parts[3], SHA256_SIZE),
        parse_int(parts[4]),
        unhex(parts[5], SALT_SIZE),
        parse_int(parts[6]),
        parse_day(parts[7]),
        parse_int(parts[8]),
        _place(parts[9]),
    )
    # A size decides how many parts are named: one line that claims 2^53 bytes would name four million, half a GB.
    if entry.size > (_SMALL_MAX_SIZE if entry.kind == KINDS[0] else MEDIA_SEALED_MAX_SIZE):
        raise BundleInvalid("an object larger than there are")
    if entry.epoch > EPOCH_MAX or entry.work > BUNDLE_WORK_MAX or entry.line() != f"{line}\n":
        raise BundleInvalid("an index line is malformed")
    return entry


def _place(text: str) -> Place | None:
    if text == _OWN_FILE:
        return None
    segment, _, offset = text.partition(":")
    return Place(parse_int(segment), parse_int(offset))
