"""Every stored object: its bytes, its size, its SHA-256 and its leaf in the log."""

import hashlib
import time
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from intake.server.models import bodies, leaves, objects
from intake.server.services.findings import Check, Damage
from intake.server.services.log import in_parts
from intake.server.services.objects import NewObject, put_object
from intake.wire.constants import OBJECT_SMALL
from intake.wire.errors import WireError
from intake.wire.log import leaf
from intake.wire.sealed import check_small

_PAGE = 256
_ROWS = 10_000
_TELL_SECONDS = 5.0
_NO_EPOCH = 0
_NUMBER = update(objects).where(objects.c.id == bindparam("object_id")).values(leaf_number=bindparam("new_number"))
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
    last, told, lost = b"", time.monotonic(), dict[bytes, bytes]()
    while rows := check.core.store.read(partial(_page, after=last)):
        for row in rows:
            check.found.objects += 1
            check.found.bytes += row.size
            _check_bytes(check, row)
            damage = _check_leaf(row)
            if damage is Damage.LEAF_MISSING:
                # Its number leads nowhere, so no bundle can name it: it may enter the log again.
                lost[row.id] = _leaf_of(row)
            if damage is not None:
                check.found.add(damage, row.id.hex(), check.mend and damage is Damage.LEAF_MISSING)
        last = rows[-1].id
        if time.monotonic() - told >= _TELL_SECONDS:
            check.tell(f"{check.found.objects} of {total} objects, {check.found.bytes} bytes")
            told = time.monotonic()
    _renumber(check, lost)


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


def _check_leaf(row: Row[Any]) -> Damage | None:
    if row.leaf_number is None:
        return None
    if row.leaf is None:
        return Damage.LEAF_MISSING
    return None if row.leaf == _leaf_of(row) else Damage.LEAF_ALTERED


def _leaf_of(row: Row[Any]) -> bytes:
    return leaf(row.salt, row.sha256, row.kind, row.size, row.epoch)


def _check_shared(check: Check) -> None:
    """Of objects with one leaf number it belongs to the one whose leaf it is; the others enter the log again."""
    many = select(objects.c.leaf_number).group_by(objects.c.leaf_number).having(func.count() > 1)
    query = select(objects, leaves.c.leaf).outerjoin(leaves, leaves.c.number == objects.c.leaf_number)
    query = query.where(objects.c.leaf_number.in_(many))
    rows = check.core.store.read(lambda connection: connection.execute(query).all())
    wrong = {row.id: _leaf_of(row) for row in rows if row.leaf != _leaf_of(row)}
    _renumber(check, wrong)
    for object_id in wrong:
        check.found.add(Damage.LEAF_SHARED, object_id.hex(), check.mend)


def _renumber(check: Check, wanted: dict[bytes, bytes]) -> None:
    """Gives objects (id -> leaf) the number their leaf has in the log, or none: the next batch takes them in then."""
    if not check.mend or not wanted:
        return

    def find(connection: Connection) -> dict[bytes, int]:
        looked_for = set(wanted.values())
        query = select(leaves.c.number, leaves.c.leaf).execution_options(yield_per=_ROWS)
        return {row.leaf: row.number for row in connection.execute(query) if row.leaf in looked_for}

    numbers = check.core.store.read(find)
    for part in in_parts(wanted.items(), _PAGE):
        values = [{"object_id": object_id, "new_number": numbers.get(entry)} for object_id, entry in part]
        check.core.store.write(partial(Connection.execute, statement=_NUMBER, parameters=values)).result()


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
