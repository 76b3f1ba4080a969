"""Every stored object: its bytes, its size, its SHA-256 and its leaf in the log."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from intake.server.models import bodies, leaves, objects
from intake.server.services.findings import Check, Damage
from intake.server.services.log import stored_leaves
from intake.server.services.objects import NewObject, put_object
from intake.wire.constants import OBJECT_SMALL
from intake.wire.errors import WireError
from intake.wire.log import leaf
from intake.wire.sealed import check_small

_PAGE = 256
_TELL_SECONDS = 5.0
_NO_EPOCH = 0
_ALL = (
    select(objects, leaves.c.leaf, bodies.c.sealed)
    .outerjoin(leaves, leaves.c.number == objects.c.leaf_number)
    .outerjoin(bodies, bodies.c.id == objects.c.id)
    .order_by(objects.c.id)
    .limit(_PAGE)
)


def check_objects(check: Check) -> None:
    """Reads every object; a page of records with their bodies and leaves is one consistent read."""
    _check_bodies(check)
    _check_shared(check)
    total = check.core.store.read(lambda c: c.execute(select(func.count()).select_from(objects)).scalar_one())
    last, told = b"", time.monotonic()
    while rows := check.core.store.read(partial(_page, after=last)):
        for row in rows:
            check.found.objects += 1
            check.found.bytes += row.size
            _check_bytes(check, row)
            _check_leaf(check, row)
        last = rows[-1].id
        if time.monotonic() - told >= _TELL_SECONDS:
            check.tell(f"{check.found.objects} of {total} objects, {check.found.bytes} bytes")
            told = time.monotonic()


def _page(connection: Connection, after: bytes) -> Sequence[Row[Any]]:
    return connection.execute(_ALL.where(objects.c.id > after)).all()


def _check_bytes(check: Check, row: Row[Any]) -> None:
    if row.kind == OBJECT_SMALL:
        damage = Damage.BODY_MISSING if row.sealed is None else _compare(row, (row.sealed,))
    else:
        try:
            damage = _compare(row, check.core.blobs.read(row.id))
        except FileNotFoundError:
            damage = Damage.MEDIA_MISSING
        # Records of media and their files are not one transaction: it may have been erased in the meantime.
        if damage is not None and not _is_recorded(check, row.id):
            damage = None
    if damage is not None:
        check.found.add(damage, row.id.hex())


def _compare(row: Row[Any], pieces: Iterable[bytes]) -> Damage | None:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    if size != row.size:
        return Damage.WRONG_SIZE
    return None if digest.digest() == row.sha256 else Damage.ALTERED


def _is_recorded(check: Check, object_id: bytes) -> bool:
    query = select(objects.c.id).where(objects.c.id == object_id)
    return check.core.store.read(lambda connection: connection.execute(query).first()) is not None


def _check_leaf(check: Check, row: Row[Any]) -> None:
    if row.leaf_number is None:
        return
    if row.leaf is None:
        # Its number leads nowhere, so no bundle can name it: it may enter the log again.
        check.found.add(Damage.LEAF_MISSING, row.id.hex(), check.mend and _renumber(check, row))
    elif row.leaf != leaf(row.salt, row.sha256, row.kind, row.size, row.epoch):
        check.found.add(Damage.LEAF_ALTERED, row.id.hex())


def _check_shared(check: Check) -> None:
    """Of objects with one leaf number it belongs to the one whose leaf it is; the others enter the log again."""
    many = select(objects.c.leaf_number).group_by(objects.c.leaf_number).having(func.count() > 1)
    query = select(objects, leaves.c.leaf).outerjoin(leaves, leaves.c.number == objects.c.leaf_number)
    query = query.where(objects.c.leaf_number.in_(many))
    for row in check.core.store.read(lambda connection: connection.execute(query).all()):
        if row.leaf != leaf(row.salt, row.sha256, row.kind, row.size, row.epoch):
            check.found.add(Damage.LEAF_SHARED, row.id.hex(), check.mend and _renumber(check, row))


def _renumber(check: Check, row: Row[Any]) -> bool:
    """Gives an object the number its leaf has in the log, or none, so that the next batch takes it in."""
    mine = leaf(row.salt, row.sha256, row.kind, row.size, row.epoch)

    def change(connection: Connection) -> None:
        number = next((n for n, entry in enumerate(stored_leaves(connection)) if entry == mine), None)
        connection.execute(update(objects).where(objects.c.id == row.id).values(leaf_number=number))

    check.core.store.write(change).result()
    return True


def _check_bodies(check: Check) -> None:
    """Bodies whose record is gone: whole ones become objects of today again, without an epoch label."""
    query = select(bodies.c.id).where(bodies.c.id.not_in(select(objects.c.id)))
    for body_id in check.core.store.read(lambda connection: connection.execute(query).scalars().all()):
        operation = partial(_record_body, body_id=body_id, day=check.core.clock())
        mended = check.mend and check.core.store.write(operation).result()
        check.found.add(Damage.BODY_UNRECORDED, body_id.hex(), mended)


def _record_body(connection: Connection, body_id: bytes, day: date) -> bool:
    sealed = connection.execute(select(bodies.c.sealed).where(bodies.c.id == body_id)).scalar_one()
    try:
        check_small(sealed, None)
    except WireError:
        return False
    sha256 = hashlib.sha256(sealed).digest()
    put_object(connection, NewObject(body_id, OBJECT_SMALL, len(sealed), sha256, _NO_EPOCH), day)
    return True
