"""What an operator is told: counts, bytes and days."""

import shutil
from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from intake.server.models import acks, heads, objects, uploads
from intake.server.services.core import Core
from intake.server.services.objects import KIND_WORDS
from intake.wire.encoding import b64, day_text


def status_lines(core: Core) -> Iterator[str]:
    """Lines about the store, the log, the manifests and the disk; nothing about any one object."""
    yield from core.store.read(lambda connection: [*_objects(connection), *_log(connection)])
    known = core.manifests.known()
    yield f"manifests: {known.count}" + (
        f", in force: serial {known.in_force.manifest.serial}" if known.in_force else ", none in force"
    )
    yield f"log key: {core.log_key.name} {b64(core.log_key.public)}"
    yield f"free: {shutil.disk_usage(core.settings.folder.root).free} bytes"


def _objects(connection: Connection) -> Iterator[str]:
    counts = select(objects.c.kind, func.count(), func.sum(objects.c.size)).group_by(objects.c.kind)
    for kind, count, size in connection.execute(counts.order_by(objects.c.kind)):
        yield f"{KIND_WORDS[kind]}: {count} objects, {size} bytes"
    unfinished = connection.execute(select(func.count(), func.sum(uploads.c.size))).one()
    yield f"unfinished uploads: {unfinished[0]}, {unfinished[1] or 0} bytes reserved"
    unacked = select(func.count(), func.min(objects.c.day)).where(objects.c.id.not_in(select(acks.c.object_id)))
    count, oldest = connection.execute(unacked).one()
    yield f"acked by no laptop: {count}" + (f", oldest of {day_text(oldest)}" if oldest else "")


def _log(connection: Connection) -> Iterator[str]:
    waiting = select(func.count()).select_from(objects).where(objects.c.leaf_number.is_(None))
    last = connection.execute(select(heads).order_by(heads.c.batch.desc()).limit(1)).one_or_none()
    yield f"not in the log yet: {connection.execute(waiting).scalar_one()}"
    if last is not None:
        yield f"log: {last.size} leaves, batch {last.batch} of {day_text(last.day)}"
