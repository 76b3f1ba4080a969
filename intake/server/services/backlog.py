"""What goes into a bundle and in which order, read in short steps: an export must hold neither a queue nor a lock.

For one laptop: what it has not acked with its key of the manifest in force, and the log since what its acks told.
In memory stand the ids alone, some 60 bytes an object.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Connection, Row, select

from intake.server.models import acks, bodies, heads, leaves, objects, outboxes
from intake.server.services.objects import KIND_WORDS
from intake.server.storage import MetadataStore
from intake.wire.bundle import EVERY_LAPTOP
from intake.wire.constants import BUNDLE_WORK_MAX, OBJECT_SMALL, PURPOSE_ACKS
from intake.wire.log import Head
from intake.wire.manifest import LaptopKeys

_STEP_OBJECTS = 128
_STEP_LEAVES = 65_536
_DICE = random.SystemRandom()


@dataclass(frozen=True)
class Waiting:
    """One object as stored: its record, and its bytes if it is a small one (None when they are missing)."""

    record: Row[tuple[object, ...]]
    sealed: bytes | None

    @property
    def kind(self) -> str:
        """`report` or `media`."""
        return KIND_WORDS[self.record.kind]

    @property
    def work(self) -> int:
        """Class of puzzle work, 0 to 255."""
        return max(0, min(int(self.record.work), BUNDLE_WORK_MAX))


class Backlog:
    """The objects and the part of the log that a bundle of `head`'s size holds; `laptop` None takes everything."""

    def __init__(self, store: MetadataStore, head: Head, laptop: LaptopKeys | None) -> None:
        self._store = store
        self._head = head
        self._laptop = laptop
        self.first = 0 if laptop is None else store.read(partial(_log_seen, laptop=laptop.name, most=head.size))

    @property
    def laptop(self) -> str:
        """Whom the bundle is for, as its statement says it."""
        return EVERY_LAPTOP if self._laptop is None else self._laptop.name

    @property
    def leaves_count(self) -> int:
        """Leaves from `first` on."""
        return self._head.size - self.first

    def objects(self) -> Iterator[Waiting]:
        """Every object in the order of SPEC.md section 9; what was erased since is passed over."""
        classes = self._store.read(self._classes)
        for key in sorted(classes, key=lambda each: (each[0], -each[1])):
            order = classes.pop(key)
            _DICE.shuffle(order)
            for start in range(0, len(order), _STEP_OBJECTS):
                ids = order[start : start + _STEP_OBJECTS]
                found = self._store.read(partial(_load, ids=ids))
                yield from (found[each] for each in ids if each in found)

    def leaves(self) -> Iterator[bytes]:
        """The leaves, joined, up to 2 MiB at a time."""
        for start in range(self.first, self._head.size, _STEP_LEAVES):
            end = min(start + _STEP_LEAVES, self._head.size)
            yield self._store.read(partial(_leaves, start=start, end=end))

    def heads(self) -> list[bytes]:
        """The signed heads of `first` leaves or more, oldest first."""
        wanted = select(heads.c.note).where(heads.c.size >= self.first, heads.c.batch <= self._head.batch)
        ordered = wanted.order_by(heads.c.batch)
        return self._store.read(lambda connection: list(connection.execute(ordered).scalars()))

    def _classes(self, connection: Connection) -> dict[tuple[int, int], list[bytes]]:
        wanted = select(objects.c.id, objects.c.kind, objects.c.work).where(objects.c.leaf_number < self._head.size)
        if self._laptop is not None:
            wanted = wanted.where(unacked_by(self._laptop))
        found: dict[tuple[int, int], list[bytes]] = defaultdict(list)
        for object_id, kind, work in connection.execute(wanted):
            # Text before media, whatever the work: a report is of use without its photo.
            found[int(kind != OBJECT_SMALL), max(0, min(int(work), BUNDLE_WORK_MAX))].append(object_id)
        return found


def unacked_by(laptop: LaptopKeys) -> ColumnElement[bool]:
    """Whether a laptop has not acked an object with its key of the manifest in force."""
    mine = (acks.c.laptop == laptop.name, acks.c.key == laptop.ack)
    return ~select(acks.c.day).where(acks.c.object_id == objects.c.id, *mine).exists()


def _load(connection: Connection, ids: list[bytes]) -> dict[bytes, Waiting]:
    wanted = select(objects, bodies.c.sealed).outerjoin(bodies, bodies.c.id == objects.c.id)
    rows = connection.execute(wanted.where(objects.c.id.in_(ids)))
    return {row.id: Waiting(row, row.sealed) for row in rows}


def _leaves(connection: Connection, start: int, end: int) -> bytes:
    wanted = select(leaves.c.leaf).where(leaves.c.number >= start, leaves.c.number < end).order_by(leaves.c.number)
    return b"".join(connection.execute(wanted).scalars())


def _log_seen(connection: Connection, laptop: str, most: int) -> int:
    mine = (outboxes.c.laptop == laptop, outboxes.c.purpose == PURPOSE_ACKS)
    size = connection.execute(select(outboxes.c.log_size).where(*mine)).scalar() or 0
    # More than there is: this store is older than what the laptop saw. It gets the whole log, and tells.
    return int(size) if size <= most else 0
