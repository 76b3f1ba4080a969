"""The intake log: closing batches and signing heads (SPEC.md section 8).

Each head keeps the right edge of its tree, so closing a batch costs what is new in it and not what the log holds.
Writers of other processes are kept apart by the store; were they not, two would take one batch number and one leaf
number, which are primary keys: one of them fails, and the log does not fork.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Final, TypeVar

from sqlalchemy import Connection, bindparam, func, insert, select, update

from intake.server.models import heads, leaves, objects
from intake.server.signing import HeadSigner
from intake.wire.errors import WireError
from intake.wire.log import Edge, Head, leaf, parse_head

T = TypeVar("T")
BATCH_FULL: Final = 10_000
"""So many waiting objects close a batch by themselves: one of all that a flood brings would stop writing for long."""
_ROWS = 10_000
_WAITING: Final = select(
    objects.c.id, objects.c.salt, objects.c.sha256, objects.c.kind, objects.c.size, objects.c.epoch
).where(objects.c.leaf_number.is_(None))
_NUMBER: Final = (
    update(objects).where(objects.c.id == bindparam("object_id")).values(leaf_number=bindparam("number_in_log"))
)
_LAST: Final = select(heads).order_by(heads.c.batch.desc()).limit(1)


def close_batch(connection: Connection, signer: HeadSigner, deployment: str, day: date) -> Head:
    """Puts every object that is not in the log yet into it, sorted by leaf, and signs the new head.

    Sorting by salted leaf hides the order in which the objects of a batch came.
    """
    batch, edge = _grown_so_far(connection, deployment)
    waiting = connection.execute(_WAITING)
    made = sorted((leaf(row.salt, row.sha256, row.kind, row.size, row.epoch), row.id) for row in waiting)
    numbered = list(enumerate(made, start=edge.size))
    for part in in_parts(numbered, _ROWS):
        connection.execute(insert(leaves), [{"number": number, "leaf": entry} for number, (entry, _) in part])
    # By id, as the table lies: random pages of a big table would each be read and written many times.
    by_id = sorted((object_id, number) for number, (_, object_id) in numbered)
    for some in in_parts(by_id, _ROWS):
        connection.execute(_NUMBER, [{"object_id": object_id, "number_in_log": number} for object_id, number in some])
    for entry, _ in made:
        edge.append(entry)
    return _sign(connection, signer, Head(deployment, edge.size, edge.root(), day, batch), edge)


def sign_over_leaves(connection: Connection, signer: HeadSigner, deployment: str, day: date) -> Head:
    """Signs a head over exactly the leaves there are, for a log whose last head was lost."""
    last = connection.execute(select(func.max(heads.c.batch))).scalar()
    edge = _grow(stored_leaves(connection))
    batch = 0 if last is None else last + 1
    return _sign(connection, signer, Head(deployment, edge.size, edge.root(), day, batch), edge)


def _sign(connection: Connection, signer: HeadSigner, head: Head, edge: Edge) -> Head:
    values = {"batch": head.batch, "day": head.day, "size": head.size, "note": signer.sign(head)}
    connection.execute(insert(heads).values(values | {"edge": edge.to_bytes()}))
    return head


def close_day(connection: Connection, signer: HeadSigner, deployment: str, day: date) -> Head | None:
    """Closes the batch that a change of day asks for, also an empty one; None when `day` has its head already."""
    last = connection.execute(select(func.max(heads.c.day))).scalar()
    if last is not None and last >= day:
        return None
    return close_batch(connection, signer, deployment, day)


def close_full(connection: Connection, signer: HeadSigner, deployment: str, day: date) -> Head | None:
    """Closes a batch when BATCH_FULL objects or more wait for one; None while fewer do."""
    waiting = select(func.count()).select_from(objects).where(objects.c.leaf_number.is_(None))
    if connection.execute(waiting).scalar_one() < BATCH_FULL:
        return None
    return close_batch(connection, signer, deployment, day)


def stored_leaves(connection: Connection) -> Iterator[bytes]:
    """Every leaf of the log in its order."""
    query = select(leaves.c.leaf).order_by(leaves.c.number).execution_options(yield_per=_ROWS)
    yield from connection.execute(query).scalars()


def in_parts(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """The items in lists of at most `most`."""
    taken = iter(items)
    while part := list(islice(taken, most)):
        yield part


def _grown_so_far(connection: Connection, deployment: str) -> tuple[int, Edge]:
    """The number of the next batch and the edge of the tree; from the leaves where the last head's does not fit."""
    last = connection.execute(_LAST).one_or_none()
    if last is None:
        return 0, Edge()
    try:
        edge = Edge.from_bytes(last.size, last.edge or b"")
        if edge.root() == parse_head(last.note, deployment)[1].root:
            return last.batch + 1, edge
    except (ValueError, WireError):
        pass
    return last.batch + 1, _grow(stored_leaves(connection))


def _grow(entries: Iterable[bytes]) -> Edge:
    edge = Edge()
    for entry in entries:
        edge.append(entry)
    return edge
