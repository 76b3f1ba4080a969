"""The log of a server held to what it showed before (SPEC.md section 8)."""

from __future__ import annotations

import os
from datetime import date

import pytest

from intake.reviewer.services.log_check import head_roots
from intake.wire.log import Head, tree_root

DAY = date(2026, 11, 22)


def second_server(laptop):
    """A server with the same key and another history."""
    twin = type(laptop.server)()
    twin.private, twin.deployment, twin.manifest = (
        laptop.server.private,
        laptop.server.deployment,
        laptop.server.manifest,
    )
    return twin


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100])
def test_head_roots_equal_the_tree_of_each_size(count):
    leaves = [os.urandom(32) for _ in range(count)]
    found = dict(head_roots(leaves, set(range(count + 1))))
    assert found == {size: tree_root(leaves[:size]) for size in range(count + 1)}


def test_log_that_grows_is_no_fork(laptop, stick):
    for number in range(4):
        result = laptop.take_one(laptop.server.bundle(stick, [laptop.phone().section(who=str(number))]))
        assert (result.forks, result.warnings) == ([], [])
    laptop.server.sign_head()
    assert laptop.take_one(laptop.server.bundle(stick, [])).forks == []


def test_two_heads_of_one_size_are_a_fork_and_objects_still_come(laptop, stick):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="1")]))
    twin = second_server(laptop)
    bundle = twin.bundle(stick, [laptop.phone().section(who="2")])
    result = laptop.take_one(bundle)
    assert any("two heads of size 1" in each for each in result.forks)
    assert result.new == 1
    assert len(laptop.items()) == 2
    proof = laptop.home.proof / result.bundle
    assert (proof / "heads.txt").read_bytes() == (bundle / "data/log/heads.txt").read_bytes()
    assert (proof / "leaves.bin").read_bytes() == (bundle / "data/log/leaves.bin").read_bytes()


def test_changed_entry_is_a_fork(laptop, stick):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="1"), laptop.phone().section(who="2")]))
    laptop.server.leaves[0] = os.urandom(32)
    laptop.server.sign_head()
    result = laptop.take_one(laptop.server.write(stick, [], [], 0))
    assert any("entry 0 of log-1 is not what it was" in each for each in result.forks)


def test_head_its_entries_do_not_give_is_a_fork(laptop, stick):
    laptop.server.leaves = [os.urandom(32)]
    laptop.server.heads = [laptop.server.sign(Head(laptop.server.deployment, 1, os.urandom(32), DAY, 0).text())]
    result = laptop.take_one(laptop.server.write(stick, [], [], 0))
    assert result.forks == ["the head of size 1 of log-1 does not fit its entries"]


def test_later_head_that_is_smaller_is_a_fork(laptop, stick):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="1"), laptop.phone().section(who="2")]))
    del laptop.server.leaves[1]
    laptop.server.sign_head()
    result = laptop.take_one(laptop.server.write(stick, [], [], 0))
    assert any("a later head of log-1 has size 1 after one of size 2" in each for each in result.forks)


def test_fork_imported_twice_is_the_same_fork(laptop, stick):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="1")]))
    bundle = second_server(laptop).bundle(stick, [laptop.phone().section(who="2")])
    forks = laptop.take_one(bundle).forks
    before = laptop.event_count()
    assert laptop.take_one(bundle).forks == forks
    assert laptop.event_count() == before


def test_gap_is_a_warning_until_it_is_filled(laptop, stick):
    first = laptop.server.bundle(stick, [laptop.phone().section(who="1")])
    second = laptop.server.bundle(stick, [laptop.phone().section(who="2")])
    result = laptop.take_one(second)
    assert result.warnings == ["entries 0 to 0 of log-1 were not seen here"]
    assert result.forks == []
    laptop.take(first)
    assert laptop.take_one(second).warnings == []


def test_head_by_another_key_makes_the_objects_loose(laptop, stick):
    forger = type(laptop.server)()
    forger.deployment = laptop.server.deployment
    forger.sign_head()
    laptop.server.heads = forger.heads
    result = laptop.take_one(laptop.server.bundle(stick, [laptop.phone().section(who="1")]))
    assert (result.new, result.acked) == (1, False)
