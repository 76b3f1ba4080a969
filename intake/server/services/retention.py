"""What goes and when: objects every laptop has, and mailboxes long unused; with a dry run, and told in counts only.

Never for age alone: an object that a laptop lacks stays for ever, and the operator is told how old the oldest is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from intake.server.models import acks, mailboxes, objects, uploads
from intake.server.services.core import Core
from intake.server.services.deletion import due_objects, erase_due
from intake.server.services.log import in_parts
from intake.server.services.mailboxes import NOBODY
from intake.server.services.manifests import load_manifests
from intake.server.services.unfinished import kept_days
from intake.wire.constants import HOLD_DAYS

_PART = 500


@dataclass(frozen=True)
class Expired:
    """What one run let go."""

    objects: int
    mailboxes: int

    def lines(self) -> Iterator[str]:
        """The report: counts only."""
        yield f"{self.objects} objects erased, with their salts"
        yield f"{self.mailboxes} mailboxes emptied"


@dataclass(frozen=True)
class Due:
    """What a run today would let go, and what it would not."""

    objects: int
    bytes: int
    uploads: int
    reserved: int
    mailboxes: int
    held: int
    wanted: int

    def lines(self, mailbox_days: int, unfinished_days: int) -> Iterator[str]:
        """The dry run: counts only, and why."""
        why = f"every laptop has had them for {HOLD_DAYS} days"
        yield f"would go: {self.objects} objects, {self.bytes} bytes, with as many salts: {why}"
        why = f"no byte came for over {unfinished_days} days"
        yield f"would go: {self.uploads} unfinished media, {self.reserved} bytes reserved: {why}"
        yield f"would go: {self.mailboxes} mailboxes: nothing was put into them for {mailbox_days} days"
        yield f"stays: {self.held} objects that some laptop has and that are not due"
        yield f"stays: {self.wanted} objects that no laptop has acked, however old"


def expire(core: Core) -> Expired:
    """Lets everything go whose time has come, unfinished media apart; raises StorageFull or StorageUnavailable."""
    erased = erase_due(core)
    emptied = core.store.write(
        partial(_empty_old, day=core.clock(), days=core.settings.mailbox_days), alone=True
    ).result()
    return Expired(erased, emptied)


def due(core: Core) -> Due:
    """What `expire` and the expiry of unfinished media would do today; changes nothing."""
    return core.store.read(partial(_due, core=core, day=core.clock()))


def oldest_unacked(connection: Connection) -> tuple[int, date | None]:
    """How many objects no laptop has acked, and the day of the oldest."""
    query = select(func.count(), func.min(objects.c.day)).where(objects.c.id.not_in(select(acks.c.object_id)))
    count, oldest = connection.execute(query).one()
    return count, oldest


def _due(connection: Connection, core: Core, day: date) -> Due:
    in_force = load_manifests(connection, core.roots, day).in_force
    ids = due_objects(connection, in_force.manifest, day) if in_force else []
    sizes = [select(func.sum(objects.c.size)).where(objects.c.id.in_(part)) for part in in_parts(ids, _PART)]
    size = sum(connection.execute(query).scalar() or 0 for query in sizes)
    stale = uploads.c.day < day - timedelta(days=kept_days(core.settings.unfinished_hours))
    unfinished = connection.execute(select(func.count(), func.sum(uploads.c.size)).where(stale)).one()
    old = connection.execute(
        select(func.count()).select_from(mailboxes).where(_is_old(day, core.settings.mailbox_days))
    )
    acked = connection.execute(select(func.count(func.distinct(acks.c.object_id)))).scalar_one()
    wanted, _ = oldest_unacked(connection)
    return Due(len(ids), size, unfinished[0], unfinished[1] or 0, old.scalar_one(), max(0, acked - len(ids)), wanted)


def _is_old(day: date, days: int) -> ColumnElement[bool]:
    return (mailboxes.c.day < day - timedelta(days=days)) & (mailboxes.c.id != NOBODY)


def _empty_old(connection: Connection, day: date, days: int) -> int:
    # One without a day is from before days were kept: its time begins today.
    unknown = mailboxes.c.day.is_(None) & (mailboxes.c.id != NOBODY)
    connection.execute(update(mailboxes).where(unknown).values(day=day))
    return connection.execute(delete(mailboxes).where(_is_old(day, days))).rowcount
