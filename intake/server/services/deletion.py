"""When an object goes: every laptop has it, and a week has passed (SPEC.md section 10). Never for age alone.

Revoking a key voids its acks and starts every running hold anew: after a laptop's key was stolen and used to ack, the
reviewers have seven days in which to stop the loss.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from sqlalchemy import Connection, delete, func, insert, select

from intake.server.models import acks, bodies, erasures, objects, revoked
from intake.server.services.core import Core, erase_lock
from intake.server.services.log import in_parts
from intake.server.services.manifests import load_manifests
from intake.wire.constants import HOLD_DAYS, OBJECT_MEDIA
from intake.wire.manifest import Manifest

_PART = 500


@dataclass(frozen=True)
class Held:
    """One ack: `giver` is the laptop the object came from, empty for the laptop's own import; `day` it was applied."""

    laptop: str
    giver: str
    day: date


def key_hash(key: bytes) -> str:
    """How a manifest names a revoked 32-byte public key: 64 hex."""
    return hashlib.sha256(key).hexdigest()


def observe_revocations(connection: Connection, manifest: Manifest, day: date) -> int:
    """Takes note of keys that the manifest in force revokes and voids their acks; returns how many are new."""
    known = set(connection.execute(select(revoked.c.key_hash)).scalars())
    fresh = [entry for entry in dict.fromkeys(manifest.revoked) if entry not in known]
    if fresh:
        connection.execute(insert(revoked), [{"key_hash": entry, "day": day} for entry in fresh])
    void = [key for key in connection.execute(select(acks.c.key).distinct()).scalars() if key_hash(key) in fresh]
    if void:
        connection.execute(delete(acks).where(acks.c.key.in_(void)))
    return len(fresh)


def held_by_all_since(manifest: Manifest, held: Sequence[Held]) -> date | None:
    """The day since which every laptop of the manifest has the object; None while one has not.

    A hand-over counts only while the laptop it came from has acked by itself.
    """
    own = _first_days([entry for entry in held if not entry.giver])
    handed = [
        Held(entry.laptop, "", max(entry.day, own[entry.giver]))
        for entry in held
        if entry.giver in own and entry.giver != entry.laptop
    ]
    first = _first_days([entry for entry in held if not entry.giver] + handed)
    names = [laptop.name for laptop in manifest.laptops]
    return max(first[name] for name in names) if all(name in first for name in names) else None


def _first_days(held: Sequence[Held]) -> dict[str, date]:
    days: dict[str, date] = {}
    for entry in held:
        days[entry.laptop] = min(entry.day, days.get(entry.laptop, entry.day))
    return days


def erase_due(core: Core) -> int:
    """Erases every object whose time has come, with its salt and acks; returns how many.

    Waits for a running export. The leaves stay; nothing is erased while no manifest is in force.
    """
    with erase_lock(core.settings, alone=True):
        day = core.clock()
        due = core.store.write(lambda connection: _find_due(connection, core, day), alone=True).result()
        # In parts, so that reports need not wait for all of it; each looks anew whether its objects still are due.
        forgetting = (partial(_forget, core=core, day=day, ids=part) for part in in_parts(due, _PART))
        erased = sum(core.store.write(forget, alone=True).result() for forget in forgetting)
        finish_erasures(core)
        if erased:
            core.store.forget()
    return erased


def _find_due(connection: Connection, core: Core, day: date) -> list[bytes]:
    in_force = load_manifests(connection, core.roots, day).in_force
    if in_force is None:
        return []
    observe_revocations(connection, in_force.manifest, day)
    return due_objects(connection, in_force.manifest, day)


def _forget(connection: Connection, core: Core, day: date, ids: Sequence[bytes]) -> int:
    in_force = load_manifests(connection, core.roots, day).in_force
    if in_force is None:
        return 0
    observe_revocations(connection, in_force.manifest, day)
    due = _due_of(connection, in_force.manifest, day, ids)
    kinds = select(objects.c.id).where(objects.c.id.in_(due), objects.c.kind == OBJECT_MEDIA)
    media = connection.execute(kinds).scalars().all()
    if media:
        connection.execute(insert(erasures), [{"id": object_id} for object_id in media])
    for table, column in ((objects, objects.c.id), (bodies, bodies.c.id), (acks, acks.c.object_id)):
        connection.execute(delete(table).where(column.in_(due)))
    return len(due)


def due_objects(connection: Connection, manifest: Manifest, day: date) -> list[bytes]:
    """The ids of all objects whose time has come; changes nothing."""
    # Far fewer than all acks: held by as many laptops as there are, none of them acking for the first time this week.
    enough = func.count(func.distinct(acks.c.laptop)) >= len(manifest.laptops)
    old = func.min(acks.c.day) <= day - timedelta(days=HOLD_DAYS)
    likely = select(acks.c.object_id).group_by(acks.c.object_id).having(enough, old)
    ids = connection.execute(likely).scalars().all()
    return [one for part in in_parts(ids, _PART) for one in _due_of(connection, manifest, day, part)]


def _due_of(connection: Connection, manifest: Manifest, day: date, ids: Sequence[bytes]) -> list[bytes]:
    held: dict[bytes, list[Held]] = defaultdict(list)
    for row in connection.execute(select(acks).where(acks.c.object_id.in_(ids))):
        held[row.object_id].append(Held(row.laptop, row.giver, row.day))
    restart = connection.execute(select(func.max(revoked.c.day))).scalar() or date.min
    found = []
    for object_id, entries in held.items():
        since = held_by_all_since(manifest, entries)
        if since is not None and day >= max(since, restart) + timedelta(days=HOLD_DAYS):
            found.append(object_id)
    return found


def finish_erasures(core: Core) -> int:
    """Removes the files whose records are gone, also those that a stopped server left; returns how many."""
    waiting = core.store.read(lambda connection: connection.execute(select(erasures.c.id)).scalars().all())
    for object_id in waiting:
        core.blobs.erase(object_id)
        core.store.write(partial(_erased, object_id=object_id)).result()
    return len(waiting)


def _erased(connection: Connection, object_id: bytes) -> None:
    connection.execute(delete(erasures).where(erasures.c.id == object_id))
