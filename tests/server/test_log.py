"""The intake log in the store: batches, numbers, heads that grow from the edge, and two writers at once."""

import hashlib
import os
import threading
from datetime import date
from functools import partial

import pytest
from psycopg.errors import UniqueViolation
from sqlalchemy import event, insert, update
from sqlalchemy.exc import IntegrityError

from intake.server.models import heads, leaves, objects
from intake.server.services import log as service
from intake.server.services.core import open_core
from intake.server.services.daily import tick
from intake.server.services.findings import Damage
from intake.server.services.log import close_batch, close_day, close_full
from intake.server.services.verify import verify
from intake.wire.log import leaf, parse_head, tree_root
from intake.wire.note import require_signer

DAY = date(2026, 11, 20)


def put(core, count: int) -> None:
    """Records of objects without their bytes."""
    made = [
        {
            "id": os.urandom(16),
            "kind": 1,
            "size": 8192,
            "sha256": os.urandom(32),
            "epoch": 12,
            "day": DAY,
            "salt": os.urandom(32),
        }
        for _ in range(count)
    ]
    if made:
        core.store.write(lambda c: c.execute(insert(objects), made)).result()


def close(core, day: date = DAY, way=close_batch):
    operation = partial(way, signer=core.head_signer, deployment=core.roots.deployment, day=day)
    return core.store.write(operation, alone=True).result()


def tree(house) -> list[bytes]:
    return [entry for _, entry in sorted(house.rows()["leaves"])]


@pytest.mark.parametrize("sizes", [(0, 1, 0, 2), (5, 3, 8, 1), (25_001, 7)])
def test_batches_grow_one_tree_whose_heads_fit(house, core, sizes):
    for size in sizes:
        put(core, size)
        head = close(core)
        entries = tree(house)
        assert head.size == len(entries)
        assert head.root == tree_root(entries)
    for batch, (row, size) in enumerate(zip(sorted(house.rows()["heads"]), sizes, strict=True)):
        note, head = parse_head(row[3], core.roots.deployment)
        require_signer(note, {core.log_key.name: core.log_key.public})
        assert (head.batch, head.size, row[2]) == (batch, row[2], sum(sizes[: batch + 1]))
        new = tree(house)[head.size - size : head.size]
        assert new == sorted(new)


def test_every_object_has_the_number_of_its_leaf(house, core):
    put(core, 12_000)
    close(core)
    entries = tree(house)
    rows = house.rows()["objects"]
    assert [entries[row[7]] == leaf(row[6], row[3], row[1], row[2], row[4]) for row in rows] == [True] * 12_000
    assert {row[7] for row in rows} == set(range(12_000))


def read_leaves(core, work) -> list[str]:
    """The statements on leaves that `work` runs."""
    seen: list[str] = []

    def note(connection, cursor, statement, *rest) -> None:
        if "FROM leaves" in statement:
            seen.append(statement)

    def operation(connection):
        event.listen(connection, "before_cursor_execute", note)
        work(connection)

    core.store.write(operation).result()
    return seen


def test_head_over_nothing_new_reads_no_leaf(house, core):
    put(core, 1000)
    close(core)
    seen = read_leaves(core, lambda c: close_batch(c, core.head_signer, core.roots.deployment, DAY))
    assert seen == []
    assert [row[2] for row in sorted(house.rows()["heads"])] == [1000, 1000]


@pytest.mark.parametrize("edge", [None, b"", bytes(32 * 6), b"x"])
def test_edge_that_does_not_fit_is_made_again_from_the_leaves(house, core, edge):
    put(core, 1000)
    close(core)
    core.store.write(lambda c: c.execute(update(heads).values(edge=edge))).result()
    put(core, 3)
    assert close(core).root == tree_root(tree(house))
    assert read_leaves(core, lambda c: close_batch(c, core.head_signer, core.roots.deployment, DAY)) == []


def test_day_is_closed_once_also_when_it_is_empty(house, core):
    assert close(core, DAY, close_day).size == 0
    assert close(core, DAY, close_day) is None
    put(core, 2)
    assert close(core, DAY, close_day) is None
    assert close(core, date(2026, 11, 21), close_day).size == 2
    assert house.count("heads") == 2


def test_batch_closes_by_itself_when_it_is_full(house, core, monkeypatch):
    monkeypatch.setattr(service, "BATCH_FULL", 5)
    put(core, 4)
    assert close(core, DAY, close_full) is None
    put(core, 1)
    tick(core)
    assert close(core, DAY, close_full) is None
    assert [row[2] for row in house.rows()["heads"]] == [5]


@pytest.mark.parametrize(
    "taken",
    [
        insert(heads).values(batch=1, day=DAY, size=9, note=b""),
        insert(leaves).values(number=3, leaf=hashlib.sha256(b"other").digest()),
    ],
    ids=["batch", "leaf"],
)
def test_two_writers_of_one_batch_cannot_fork_the_log(house, core, taken):
    """What the other writer has put there is a primary key: the later one fails whole, and nothing of it stays."""
    put(core, 3)
    close(core)
    put(core, 2)

    def both(connection) -> None:
        edge = service._grown_so_far(connection, core.roots.deployment)
        connection.execute(taken)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(service, "_grown_so_far", lambda *_: edge)
            close_batch(connection, core.head_signer, core.roots.deployment, DAY)

    before = house.snapshot()
    with pytest.raises(Exception, match="The store does not answer") as caught:
        core.store.write(both).result()
    assert any(name in str(caught.value) for name in (IntegrityError.__name__, UniqueViolation.__name__))
    assert house.snapshot() == before


def test_two_writers_at_once_make_one_log(house, core):
    """Each with connections and a writer thread of its own, as two processes have them."""

    def work(mine, rounds: int = 12) -> None:
        for _ in range(rounds):
            put(mine, 5)
            close(mine)

    with open_core(house.settings) as other:
        threads = [threading.Thread(target=work, args=(one,)) for one in (core, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = verify(core, False, lambda words: None)
    assert set(found.left) == {Damage.BODY_MISSING}
    assert (found.leaves, found.heads) == (120, 24)
    assert {row[7] for row in house.rows()["objects"]} == set(range(120))
