"""The log by itself: numbers without gaps, sorted batches, and heads that follow each other, signed over the leaves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from intake.server.models import heads, leaves
from intake.server.services.findings import Check, Damage
from intake.server.services.log import sign_over_leaves, stored_leaves
from intake.wire.errors import WireError
from intake.wire.log import Edge, Head, parse_head
from intake.wire.note import require_signer


@dataclass
class _Seen:
    """What the leaves gave: batches of a wrong edge, batches that are not sorted, the first leaf under no head."""

    edges: list[int] = field(default_factory=list)
    unsorted: list[int] = field(default_factory=list)
    unsigned: str | None = None


def check_log(check: Check) -> None:
    """Goes through all leaves once, in one consistent read, and looks at each head when its size is reached."""
    seen = check.core.store.read(partial(_look, check))
    for batch in seen.edges:
        if check.mend:
            # Without an edge the next batch makes it again from the leaves.
            gone = update(heads).where(heads.c.batch == batch).values(edge=None)
            check.core.store.write(partial(Connection.execute, statement=gone)).result()
        check.found.add(Damage.EDGE_ALTERED, str(batch), check.mend)
    for batch in seen.unsorted:
        check.found.add(Damage.BATCH_UNSORTED, str(batch))
    if seen.unsigned is not None:
        if check.mend:
            _sign(check)
        check.found.add(Damage.LEAVES_UNSIGNED, seen.unsigned, check.mend)


def _look(check: Check, connection: Connection) -> _Seen:
    rows = connection.execute(select(heads).order_by(heads.c.batch)).all()
    signed = [(row, _read(check, row)) for row in rows]
    check.found.heads = len(rows)
    _check_order(check, rows)
    _check_numbers(check, connection)
    seen, tree = _Seen(), _Tree(stored_leaves(connection))
    for row, head in signed:
        # A size that goes back cannot be reached any more, and is told as such.
        reached = row.size >= tree.edge.size and tree.grow(row.size)
        if head is not None and (not reached or tree.edge.root() != head.root):
            check.found.add(Damage.HEAD_ROOT, str(row.batch))
        if reached and row.edge is not None and row.edge != tree.edge.to_bytes():
            seen.edges.append(row.batch)
        if not tree.is_sorted:
            seen.unsorted.append(row.batch)
    covered = tree.edge.size
    tree.grow(None)
    if tree.edge.size > covered:
        seen.unsigned = f"{covered} to {tree.edge.size - 1}"
    return seen


class _Tree:
    """The tree as it grows from the leaves; `is_sorted` tells of the leaves since the head before."""

    def __init__(self, entries: Iterator[bytes]) -> None:
        self._entries = entries
        self.edge = Edge()
        self.is_sorted = True

    def grow(self, size: int | None) -> bool:
        """Takes leaves up to `size`, or all; False when there are fewer."""
        last, self.is_sorted = b"", True
        while self.edge.size != size:
            entry = next(self._entries, None)
            if entry is None:
                return size is None
            self.is_sorted &= last <= entry
            last = entry
            self.edge.append(entry)
        return True


def _read(check: Check, row: Row[Any]) -> Head | None:
    """The head in a row; None, after naming it, when it is not signed or the row says something else."""
    core = check.core
    known = core.manifests.known().in_force
    listed = {named.name: named.key for named in known.manifest.log_keys} if known else {}
    try:
        note, head = parse_head(row.note, core.roots.deployment)
        require_signer(note, {**listed, core.log_key.name: core.log_key.public})
    except WireError:
        head = None
    if head is None or (head.batch, head.day, head.size) != (row.batch, row.day, row.size):
        check.found.add(Damage.HEAD_UNSIGNED, str(row.batch))
        return None
    return head


def _check_order(check: Check, rows: Sequence[Row[Any]]) -> None:
    if rows and rows[0].batch != 0:
        check.found.add(Damage.HEADS_OUT_OF_ORDER, str(rows[0].batch))
    for before, after in pairwise(rows):
        if after.batch != before.batch + 1 or after.size < before.size or after.day < before.day:
            check.found.add(Damage.HEADS_OUT_OF_ORDER, str(after.batch))


def _check_numbers(check: Check, connection: Connection) -> None:
    count, last = connection.execute(select(func.count(), func.max(leaves.c.number))).one()
    check.found.leaves = count
    if count and last != count - 1:
        check.found.add(Damage.NUMBERS_BROKEN, f"{count} leaves, the last is number {last}")


def _sign(check: Check) -> None:
    """Signs a head over all leaves there are: laptops may have seen them, so they must stay where they are."""
    core = check.core
    signing = partial(sign_over_leaves, signer=core.head_signer, deployment=core.roots.deployment, day=core.clock())
    core.store.write(signing, alone=True).result()
