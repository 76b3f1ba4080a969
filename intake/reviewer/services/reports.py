"""Reports as a reviewer sees them: parts joined, what is missing said, contradictions kept side by side.

Nothing is merged or overwritten here: a replaced section stays, two objects with one number both stay.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, select

from intake.reviewer.errors import NotFound
from intake.reviewer.models import LISTINGS, OBJECTS, PARTS
from intake.reviewer.services.filing import KIND_HAND_SEALED, KIND_MALFORMED
from intake.wire.constants import (
    CLOSING_ENTRY_SIZE,
    KIND_CLOSING,
    KIND_FOLLOW_UP,
    KIND_MEDIA,
    KIND_SECTION,
    PART_ID_SIZE,
)
from intake.wire.frame import ReplyBlock
from intake.wire.section import Answer, SectionBody, parse_section

HAND_SEALED = "hand-sealed: unbound, unproven"
MALFORMED = "cannot be read"
COMPLETE = "complete"


@dataclass(frozen=True)
class Part:
    """One opened object. `labels`: the epoch labels servers gave it; `day`: the first day it is known from."""

    sha256: bytes
    size: int
    kind: int
    epoch: int
    build: int
    report_id: bytes
    part_id: bytes
    sequence: int
    replaces: int
    parts: int
    block: ReplyBlock | None
    follow_up_key: bytes | None
    signed: bool
    media_type: int
    body_size: int
    body_sha256: bytes
    body: bytes | None
    problem: str
    day: str
    labels: frozenset[int]

    @property
    def section(self) -> SectionBody | None:
        """What a section or follow-up says; None for other kinds."""
        if self.kind not in (KIND_SECTION, KIND_FOLLOW_UP) or self.body is None:
            return None
        return parse_section(self.body)


@dataclass
class Item:
    """One line of the list: a report with all its parts, a follow-up without its report, or a loose thing.

    `borrowed`: hashes of the sections whose reply block is not believed.
    """

    number: int
    parts: list[Part] = field(default_factory=list)
    follow_ups: list[Part] = field(default_factory=list)
    borrowed: set[bytes] = field(default_factory=set)

    @property
    def day(self) -> str:
        """The earliest day any part of it is known from, YYYY-MM-DD."""
        return min(each.day for each in (*self.parts, *self.follow_ups))

    @property
    def sections(self) -> list[Part]:
        """Every section, by sequence; replaced ones too."""
        return [each for each in self.parts if each.kind == KIND_SECTION]

    @property
    def current(self) -> list[Part]:
        """The sections that no other section replaces."""
        replaced = {each.replaces for each in self.sections}
        return [each for each in self.sections if each.sequence not in replaced]

    @property
    def media(self) -> list[Part]:
        """The files of the report, and a hand-sealed file itself."""
        return [each for each in self.parts if each.kind in (KIND_MEDIA, KIND_HAND_SEALED)]

    @property
    def words(self) -> SectionBody | None:
        """The current section that says most, the earliest of equals; None when no section is here."""
        bodies = [body for each in (*self.current, *self.follow_ups) if (body := each.section)]
        return max(bodies, key=lambda body: len(body.answers), default=None)

    @property
    def answers(self) -> dict[str, Answer]:
        """The answers of all current sections together; the later section's where both have one."""
        merged: dict[str, Answer] = {}
        for each in self.current:
            merged |= each.section.answers if each.section else {}
        return merged

    @property
    def block(self) -> ReplyBlock | None:
        """Where to answer: the reply block of the latest section that has one which is believed."""
        own = (each.block for each in reversed(self.sections) if each.sha256 not in self.borrowed)
        return next((block for block in own if block), None)

    @property
    def state(self) -> str:
        """complete, "incomplete: 2 of 3", or what kind of loose thing this is."""
        kinds = {each.kind for each in self.parts}
        if KIND_HAND_SEALED in kinds:
            return HAND_SEALED
        if KIND_MALFORMED in kinds:
            return MALFORMED
        if not self.parts:
            return "follow-up without its report"
        here, named = self._progress()
        return COMPLETE if named and here >= named else f"incomplete: {here} of {named or '?'}"

    def _named(self) -> set[tuple[bytes, int, bytes]]:
        closings = [each for each in self.parts if each.kind == KIND_CLOSING]
        return {entry for each in closings for entry in _entries(each)}

    def _strays(self) -> bool:
        named = self._named()
        files = {(each.part_id, each.size, each.sha256) for each in self.parts if each.kind == KIND_MEDIA}
        return bool(named) and not files <= named

    def _progress(self) -> tuple[int, int]:
        """Count the parts that are here and agree, and how many there should be; 0 when nobody has said."""
        closings = [each for each in self.parts if each.kind == KIND_CLOSING]
        if named := self._named():
            have = {(each.part_id, each.size, each.sha256) for each in self.parts}
            return len(named & have) + len(closings), len(named) + len(closings)
        # An addition (parts 0) was never counted by the report it adds to.
        sent = {each.sequence for each in self.parts if each.kind != KIND_SECTION or each.parts}
        expected = max((each.parts for each in self.sections), default=0)
        # Only a closing proves that the parts of a report with files are the ones that were sent.
        missing_closing = 1 if expected > 1 and not closings and len(sent) >= expected else 0
        return len(sent) - missing_closing, expected

    @property
    def flags(self) -> list[str]:
        """What a reviewer must know before believing the line, in words."""
        return [
            *(["hurt or ill"] if self._says("hurt") else []),
            *(["under 18"] if self._says("minor") else []),
            *_conflicts(self.parts),
            *(["a file that the closing does not name"] if self._strays() else []),
            *_mislabelled((*self.parts, *self.follow_ups)),
            *(["several return codes"] if len({each.block for each in self.sections} - {None}) > 1 else []),
            *(["a return code whose key another report gave first: not believed"] if self.borrowed else []),
            *(["follow-up with a wrong signature"] if any(not each.signed for each in self.follow_ups) else []),
        ]

    def _says(self, flag: str) -> bool:
        bodies = [each.section for each in (*self.current, *self.follow_ups)]
        return any(body is not None and body.answers.get(flag) is True for body in bodies)


def read_items(connection: Connection) -> list[Item]:
    """Return every item, oldest first, follow-ups joined to the report whose return code signed them."""
    items: dict[int, Item] = {}
    for row, part in _read_parts(connection):
        item = items.setdefault(row, Item(row))
        (item.follow_ups if part.kind == KIND_FOLLOW_UP else item.parts).append(part)
    holders = _holders(sorted(items.values(), key=lambda item: item.number))
    for item in [each for each in items.values() if not each.parts]:
        holder = holders.get(item.follow_ups[0].follow_up_key or b"")
        if holder is not None and item.follow_ups[0].signed:
            holder.follow_ups += item.follow_ups
            del items[item.number]
    return sorted(items.values(), key=lambda item: (item.day, item.number))


def _holders(items: Iterable[Item]) -> dict[bytes, Item]:
    """Return follow-up key -> the first report that gave it, and mark reply blocks that claim it otherwise.

    A code gives one block. Who knows only its public key (a server, once a mailbox was emptied) could else have our
    answers put over those to the code's holder, and follow-ups shown under a report of his own.
    """
    first: dict[bytes, tuple[Item, ReplyBlock]] = {}
    for item in items:
        for part in item.sections:
            if part.block and first.setdefault(part.block.follow_up_key, (item, part.block))[1] != part.block:
                item.borrowed.add(part.sha256)
    return {key: item for key, (item, _) in first.items()}


def find_item(connection: Connection, number: int) -> Item:
    """Return the item of that number; raises NotFound."""
    for item in read_items(connection):
        if item.number == number:
            return item
    raise NotFound(f"number {number}")


def _read_parts(connection: Connection) -> Iterable[tuple[int, Part]]:
    labels: dict[bytes, set[int]] = defaultdict(set)
    days: dict[bytes, str] = {}
    for row in connection.execute(select(LISTINGS.c.sha256, LISTINGS.c.epoch, LISTINGS.c.day)):
        labels[row.sha256].add(row.epoch)
        days[row.sha256] = min(row.day, days.get(row.sha256, row.day))
    joined = select(PARTS, OBJECTS.c.size, OBJECTS.c.problem, OBJECTS.c.day).join(
        OBJECTS, OBJECTS.c.sha256 == PARTS.c.sha256
    )
    for found in connection.execute(joined.order_by(PARTS.c.sequence, PARTS.c.sha256)).mappings():
        sha256 = found["sha256"]
        yield found["item"], _part(found, days.get(sha256, found["day"]), frozenset(labels[sha256]))


def _part(row: RowMapping, day: str, labels: frozenset[int]) -> Part:
    recipient = row["recipient"]
    block = ReplyBlock(recipient, row["follow_up_key"], row["slot_key"]) if recipient else None
    derived = {"block", "day", "labels"}
    plain = {name: row[name] for name in Part.__dataclass_fields__ if name not in derived}
    return Part(**plain, block=block, day=day, labels=labels)


def _entries(closing: Part) -> list[tuple[bytes, int, bytes]]:
    body = closing.body or b""
    rows = [body[at : at + CLOSING_ENTRY_SIZE] for at in range(0, len(body), CLOSING_ENTRY_SIZE)]
    size_end = PART_ID_SIZE + 8
    return [(row[:PART_ID_SIZE], int.from_bytes(row[PART_ID_SIZE:size_end]), row[size_end:]) for row in rows]


def _conflicts(parts: list[Part]) -> list[str]:
    counts = Counter(each.sequence for each in parts)
    return [f"{count} different objects with number {number}" for number, count in sorted(counts.items()) if count > 1]


def _mislabelled(parts: Iterable[Part]) -> list[str]:
    wrong = {
        f"labelled epoch {label}, inside {each.epoch}"
        for each in parts
        for label in each.labels
        if label not in (0, each.epoch) and each.kind not in (KIND_HAND_SEALED, KIND_MALFORMED)
    }
    return sorted(wrong)
