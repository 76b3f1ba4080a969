"""What `intake verify` can find: each kind of damage by name, with the ids it concerns and what became of it.

Ids of objects are random numbers, so they may be printed; nothing else of an object is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from intake.server.services.core import Core


class Damage(StrEnum):
    """Every kind of damage; the value is what an operator reads, OPERATING.md says what to do about each."""

    BODY_MISSING = "small objects without their bytes"
    MEDIA_MISSING = "media without their file"
    WRONG_SIZE = "objects of another size than was acknowledged"
    ALTERED = "objects whose bytes are not those that were acknowledged"
    BODY_UNRECORDED = "small objects without a record"
    MEDIA_UNRECORDED = "media without a record"
    LEAF_MISSING = "objects whose number is not in the log"
    LEAF_ALTERED = "objects whose leaf in the log is not theirs"
    LEAF_SHARED = "objects that share the leaf of another"
    NUMBERS_BROKEN = "leaves whose numbers leave a gap"
    LEAVES_UNSIGNED = "leaves that no head is signed over"
    BATCH_UNSORTED = "batches whose leaves are not in order"
    HEAD_UNSIGNED = "heads that no log key of this server has signed"
    HEAD_ROOT = "heads whose root is not that of the leaves"
    HEADS_OUT_OF_ORDER = "heads whose batch, size or day goes back"
    EDGE_ALTERED = "heads whose edge does not fit their root"
    UPLOAD_LOST = "unfinished uploads whose file is gone"
    UPLOAD_CUT = "unfinished uploads whose file is shorter than was acknowledged"
    UPLOAD_WHOLE = "uploads that were whole but not recorded"
    PART_UNRECORDED = "reservations without a record"
    ERASURE_WAITING = "erased media whose file is still there"
    ERASURE_OF_STORED = "stored media that are marked as erased"
    ACK_UNBOUND = "acks of objects that are not stored"
    ACK_REVOKED = "acks by keys that were revoked and not yet voided"
    MAILBOX_SIZE = "mailboxes of another size"
    MAILBOX_NOBODY = "the mailbox row that belongs to nobody"
    SLOT_ORPHANED = "waiting slots without the rest of their batch"


@dataclass
class Findings:
    """What was looked at and what is wrong: for each kind the ids that were mended and those that were left."""

    objects: int = 0
    bytes: int = 0
    leaves: int = 0
    heads: int = 0
    mended: dict[Damage, list[str]] = field(default_factory=dict)
    left: dict[Damage, list[str]] = field(default_factory=dict)

    def add(self, damage: Damage, name: str, mended: bool = False) -> None:
        """Names one damaged thing by an id of an object or a number in the log."""
        (self.mended if mended else self.left).setdefault(damage, []).append(name)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong any more."""
        return not self.left

    def lines(self) -> Iterator[str]:
        """What is printed: a line for each kind, its ids below it, and a last line with the counts."""
        for damage in Damage:
            for word, found in (("repaired", self.mended), ("problem", self.left)):
                if names := found.get(damage):
                    yield f"{word}: {len(names)} {damage}"
                    yield from (f"  {name}" for name in names)
        yield f"verified: {self.objects} objects, {self.bytes} bytes, {self.leaves} leaves, {self.heads} heads"
        left, mended = (sum(map(len, found.values())) for found in (self.left, self.mended))
        yield f"{left} problems left, {mended} repaired"


@dataclass(frozen=True)
class Check:
    """One run: `mend` what can be mended safely; `alone` when no server runs on the folder; `tell` the progress."""

    core: Core
    found: Findings
    mend: bool
    alone: bool
    tell: Callable[[str], None]
