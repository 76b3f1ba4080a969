"""The intake log: closing batches and signing heads (SPEC.md section 8)."""

from datetime import date

from sqlalchemy import Connection, func, insert, select, update

from intake.server.models import heads, leaves, objects
from intake.server.signing import HeadSigner
from intake.wire.log import Head, leaf, tree_root


def close_batch(connection: Connection, signer: HeadSigner, deployment: str, day: date) -> Head:
    """Puts every object that is not in the log yet into it, sorted by leaf, and signs the new head.

    Sorting by salted leaf hides the order in which the objects of a batch came.
    """
    waiting = connection.execute(select(objects).where(objects.c.leaf_number.is_(None))).all()
    made = sorted((leaf(row.salt, row.sha256, row.kind, row.size, row.epoch), row.id) for row in waiting)
    tree = list(connection.execute(select(leaves.c.leaf).order_by(leaves.c.number)).scalars())
    for number, (entry, object_id) in enumerate(made, start=len(tree)):
        connection.execute(insert(leaves).values(number=number, leaf=entry))
        connection.execute(update(objects).where(objects.c.id == object_id).values(leaf_number=number))
    tree += [entry for entry, _ in made]
    head = Head(deployment, len(tree), tree_root(tree), day, _next_batch(connection))
    connection.execute(insert(heads).values(batch=head.batch, day=day, size=head.size, note=signer.sign(head)))
    return head


def close_day(connection: Connection, signer: HeadSigner, deployment: str, day: date) -> Head | None:
    """Closes the batch that a change of day asks for, also an empty one; None when `day` has its head already."""
    last = connection.execute(select(func.max(heads.c.day))).scalar()
    if last is not None and last >= day:
        return None
    return close_batch(connection, signer, deployment, day)


def _next_batch(connection: Connection) -> int:
    last = connection.execute(select(func.max(heads.c.batch))).scalar()
    return 0 if last is None else last + 1
