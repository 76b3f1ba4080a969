"""Everything an operator may know in numbers: counts, bytes, ages in days. Status, metrics and digest print them."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, func, select

from intake.server.models import heads, mailboxes, objects, uploads, waiting_slots
from intake.server.services.core import Core
from intake.server.services.counting import read_gauges, read_refusals
from intake.server.services.mailboxes import NOBODY
from intake.server.services.manifests import Known
from intake.server.services.objects import KIND_WORDS
from intake.server.services.retention import oldest_unacked


@dataclass(frozen=True)
class Figures:
    """One consistent look: `kinds` maps a kind's word to its objects and bytes, `head` is the last batch, size and day.

    `gauges` and `refusals` are what running servers left at their last tick; `manifest_days` are left until the newest
    manifest ends, None without one.
    """

    day: date
    kinds: dict[str, tuple[int, int]]
    came_yesterday: int
    uploads: int
    reserved: int
    unacked: int
    oldest: date | None
    unlogged: int
    head: tuple[int, int, date] | None
    waiting_slots: int
    waiting_batches: int
    mailboxes: int
    manifests: int
    serial: int | None
    manifest_days: int | None
    refusals: dict[str, int]
    gauges: dict[str, int]
    disk_free: int
    disk_size: int
    runs: bool

    @property
    def oldest_days(self) -> int:
        """Age in days of the oldest object that no laptop has acked; 0 when there is none."""
        return (self.day - self.oldest).days if self.oldest else 0

    @property
    def head_days(self) -> int | None:
        """Age in days of the last head; None while there is none."""
        return (self.day - self.head[2]).days if self.head else None


def collect(core: Core) -> Figures:
    """Takes all figures; raises StorageUnavailable."""
    known, disk = core.manifests.known(), shutil.disk_usage(core.settings.folder.root)
    day, runs = core.clock(), is_served(core)
    return core.store.read(lambda connection: _collect(connection, day, known, (disk.free, disk.total), runs))


def is_served(core: Core) -> bool:
    """Whether a server runs on the data folder: it holds the lock."""
    try:
        handle = os.open(core.settings.folder.serve_lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _collect(connection: Connection, day: date, known: Known, disk: tuple[int, int], runs: bool) -> Figures:
    def count(query: object) -> int:
        return int(connection.execute(query).scalar_one())  # type: ignore[call-overload]

    unfinished = connection.execute(select(func.count(), func.sum(uploads.c.size))).one()
    unacked, oldest = oldest_unacked(connection)
    last = connection.execute(select(heads).order_by(heads.c.batch.desc()).limit(1)).one_or_none()
    newest = known.newest.manifest if known.newest else None
    return Figures(
        day=day,
        kinds=_kinds(connection),
        came_yesterday=count(select(func.count()).where(objects.c.day == day - timedelta(days=1))),
        uploads=unfinished[0],
        reserved=int(unfinished[1] or 0),
        unacked=unacked,
        oldest=oldest,
        unlogged=count(select(func.count()).where(objects.c.leaf_number.is_(None))),
        head=(last.batch, last.size, last.day) if last else None,
        waiting_slots=count(select(func.count()).select_from(waiting_slots)),
        waiting_batches=count(select(func.count(func.distinct(waiting_slots.c.batch)))),
        mailboxes=count(select(func.count()).where(mailboxes.c.id != NOBODY)),
        manifests=known.count,
        serial=known.in_force.manifest.serial if known.in_force else None,
        manifest_days=(newest.not_after - day).days if newest else None,
        refusals=read_refusals(connection),
        gauges=read_gauges(connection),
        disk_free=disk[0],
        disk_size=disk[1],
        runs=runs,
    )


def _kinds(connection: Connection) -> dict[str, tuple[int, int]]:
    found = dict.fromkeys(KIND_WORDS.values(), (0, 0))
    counts = select(objects.c.kind, func.count(), func.sum(objects.c.size)).group_by(objects.c.kind)
    for kind, number, size in connection.execute(counts):
        found[KIND_WORDS[kind]] = (number, int(size))
    return found
