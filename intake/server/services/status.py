"""What an operator is told: counts, bytes and days, and what is wrong enough to be looked at."""

from collections.abc import Iterator

from intake.server.services.core import Core
from intake.server.services.figures import Figures
from intake.wire.encoding import b64, day_text

_HEAD_DAYS_MAX = 1
_MANIFEST_DAYS_MIN = 2
_DISK_SHARE_MIN = 10


def status_lines(core: Core, found: Figures) -> Iterator[str]:
    """Lines about the store, the log, the manifests, the server and the disk; nothing about any one object."""
    for word, (count, size) in found.kinds.items():
        yield f"{word}: {count} objects, {size} bytes"
    yield f"unfinished uploads: {found.uploads}, {found.reserved} bytes reserved"
    oldest = f", oldest of {day_text(found.oldest)}, {found.oldest_days} days ago" if found.oldest else ""
    yield f"acked by no laptop: {found.unacked}{oldest}"
    yield f"not in the log yet: {found.unlogged}"
    if found.head:
        batch, size, day = found.head
        yield f"log: {size} leaves, batch {batch} of {day_text(day)}, {found.head_days} days ago"
    waiting = f"{found.waiting_slots} slots in {found.waiting_batches} batches"
    yield f"answers waiting: {waiting}; mailboxes: {found.mailboxes}"
    in_force = f"in force: serial {found.serial}" if found.serial is not None else "none in force"
    ends = f", the newest ends in {found.manifest_days} days" if found.manifest_days is not None else ""
    yield f"manifests: {found.manifests}, {in_force}{ends}"
    if now := core.manifests.known().in_force:
        yield f"laptops: {', '.join(laptop.name for laptop in now.manifest.laptops)}"
        yield f"couriers: {', '.join(courier.name for courier in now.manifest.couriers) or 'none'}"
    yield f"log key: {core.log_key.name} {b64(core.log_key.public)}"
    yield f"receipt key: {core.receipt_key.name} {b64(core.receipt_key.public)}"
    yield f"server: {'runs' if found.runs else 'does not run'}"
    yield from (f"{name}: {value}" for name, value in found.gauges.items())
    yield from (f"refused: {name} {count}" for name, count in found.refusals.items())
    yield f"free: {found.disk_free} of {found.disk_size} bytes"


def alarms(core: Core, found: Figures) -> dict[str, bool]:
    """What a monitor should wake somebody for: each question in plain words, and whether it is so now."""
    in_force = core.manifests.known().in_force
    listed = in_force is not None and core.log_key.public in {key.key for key in in_force.manifest.log_keys}
    receipts = {key.key for key in in_force.manifest.receipt_keys} if in_force else set()
    ours = core.receipt_key.public
    return {
        "no server runs here": not found.runs,
        "objects wait for a laptop for too long": found.oldest_days > core.settings.unacked_days,
        "the log has no head of today or yesterday": found.head_days is None or found.head_days > _HEAD_DAYS_MAX,
        "no key manifest is in force": found.serial is None,
        "the receipt key is not among those of the manifest": bool(receipts) and ours not in receipts,
        "the log key is not in the manifest": found.serial is not None and not listed,
        "the newest manifest ends within two days": (
            found.manifest_days is not None and found.manifest_days < _MANIFEST_DAYS_MIN
        ),
        "less than a tenth of the disk is free": found.disk_free * _DISK_SHARE_MIN < found.disk_size,
    }
