"""Holding a server's log to what it showed before (SPEC.md section 8; RFC 6962 section 2.1).

What this proves: nothing that this laptop has seen was later removed, changed or put in another order. What it does
not: that every report sent was logged. A fork is proof of fraud or of a badly restored backup; it never keeps good
objects out.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from intake.reviewer.models import HEADS, LEAVES
from intake.reviewer.services.bundles import Bundle
from intake.wire.bundle_index import IndexEntry
from intake.wire.constants import OBJECT_MEDIA, OBJECT_SMALL
from intake.wire.encoding import day_text
from intake.wire.log import leaf, tree_root
from intake.wire.outbox import LogSeen

_KINDS = {"report": OBJECT_SMALL, "media": OBJECT_MEDIA}


@dataclass(frozen=True)
class LogView:
    """The leaves that may speak for a bundle's objects: its own, and before them those that the vault knows."""

    known: list[bytes]
    first: int
    leaves: tuple[bytes, ...]

    def agrees(self, entry: IndexEntry) -> bool | None:
        """Say whether the log's leaf is made from what the index says; None when that leaf was never shown here."""
        found = self._leaf(entry.leaf_number)
        made = leaf(entry.salt, entry.sha256, _KINDS[entry.kind], entry.size, entry.epoch)
        return None if found is None else found == made

    def _leaf(self, number: int) -> bytes | None:
        if 0 <= number - self.first < len(self.leaves):
            return self.leaves[number - self.first]
        if number < self.first:
            return self.known[number] if number < len(self.known) else None
        # Beyond what a bundle itself shows: no honest server lists that.
        return b""


def view_log(connection: Connection, bundle: Bundle) -> LogView:
    """Return the leaves for a bundle."""
    first = bundle.statement.leaves_first
    return LogView(_leaves(connection, bundle.log) if first else [], first, bundle.leaves)


def logs_seen(connection: Connection) -> tuple[LogSeen, ...]:
    """Return what the vault holds of each log, for an ack outbox."""
    names = connection.execute(select(LEAVES.c.log).distinct().order_by(LEAVES.c.log)).scalars().all()
    found = ((name, _leaves(connection, name)) for name in names)
    return tuple(LogSeen(name, len(entries), tree_root(entries)) for name, entries in found)


def check_log(connection: Connection, bundle: Bundle) -> tuple[list[str], list[str]]:
    """Compare a bundle's leaves and heads with those known, keep the new ones; return (warnings, forks) in words."""
    forks = _take_leaves(connection, bundle)
    warnings = []
    count = len(_leaves(connection, bundle.log))
    if bundle.statement.leaves_first > count:
        warnings.append(f"entries {count} to {bundle.statement.leaves_first - 1} of {bundle.log} were not seen here")
    _take_heads(connection, bundle)
    forks += _contradictions(connection, bundle.log, count)
    return warnings, list(dict.fromkeys(forks))


def head_roots(leaves: Iterable[bytes], sizes: set[int]) -> Iterator[tuple[int, bytes]]:
    """Give (size, 32-byte root) of the tree over the first `size` leaves for each size asked, in one pass."""
    stack: list[tuple[int, bytes]] = []
    if 0 in sizes:
        yield 0, _root(stack)
    for size, entry in enumerate(leaves, 1):
        node = (0, hashlib.sha256(b"\x00" + entry).digest())
        while stack and stack[-1][0] == node[0]:
            node = (node[0] + 1, hashlib.sha256(b"\x01" + stack.pop()[1] + node[1]).digest())
        stack.append(node)
        if size in sizes:
            yield size, _root(stack)


def _root(stack: list[tuple[int, bytes]]) -> bytes:
    if not stack:
        return hashlib.sha256(b"").digest()
    root = stack[-1][1]
    for _, left in reversed(stack[:-1]):
        root = hashlib.sha256(b"\x01" + left + root).digest()
    return root


def _leaves(connection: Connection, log: str) -> list[bytes]:
    rows = connection.execute(select(LEAVES.c.leaf).where(LEAVES.c.log == log).order_by(LEAVES.c.number))
    return [row[0] for row in rows]


def _take_leaves(connection: Connection, bundle: Bundle) -> list[str]:
    known = _leaves(connection, bundle.log)
    first = bundle.statement.leaves_first
    changed = [n for n, leaf in enumerate(bundle.leaves, first) if n < len(known) and known[n] != leaf]
    # Leaves beyond a gap wait for the bundle that fills it; that bundle or a later one brings them again.
    if first <= len(known):
        new = list(enumerate(bundle.leaves, first))[len(known) - first :]
        if new:
            rows = [{"log": bundle.log, "number": number, "leaf": leaf} for number, leaf in new]
            connection.execute(insert(LEAVES), rows)
    return [f"entry {number} of {bundle.log} is not what it was" for number in changed[:3]]


def _take_heads(connection: Connection, bundle: Bundle) -> None:
    for each in bundle.heads:
        digest, head = hashlib.sha256(each.note).digest(), each.head
        if connection.execute(select(HEADS.c.size).where(HEADS.c.sha256 == digest)).first():
            continue
        day = day_text(head.day)
        row = {"size": head.size, "root": head.root, "day": day, "batch": head.batch, "note": each.note}
        connection.execute(insert(HEADS).values(sha256=digest, log=bundle.log, **row))


def _contradictions(connection: Connection, log: str, count: int) -> list[str]:
    """Name every head that the known leaves do not give, and every later head that is smaller than an earlier one."""
    columns = (HEADS.c.size, HEADS.c.root, HEADS.c.batch)
    heads = connection.execute(select(*columns).where(HEADS.c.log == log).order_by(HEADS.c.batch)).all()
    roots = dict(head_roots(_leaves(connection, log), {size for size, _, _ in heads}))
    rooted: dict[int, set[bytes]] = {}
    for size, root, _ in heads:
        rooted.setdefault(size, set()).add(root)
    forks = [f"{log} signed two heads of size {size}" for size, found in rooted.items() if len(found) > 1]
    forks += [
        f"the head of size {size} of {log} does not fit its entries"
        for size, root, _ in heads
        if size <= count and roots[size] != root
    ]
    largest = 0
    for size, _, _ in heads:
        if size < largest:
            forks.append(f"a later head of {log} has size {size} after one of size {largest}")
        largest = max(largest, size)
    return forks
