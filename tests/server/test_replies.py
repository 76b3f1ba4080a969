"""Batches of answers: whole, after a memoryless delay, the newest for each slot, and nothing that was deleted again."""

import asyncio
import dataclasses
import hashlib
import logging
import os
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.server.services.apply import apply_outbox
from intake.server.services.core import open_core
from intake.server.services.daily import TICK_SECONDS, tick
from intake.server.services.mailboxes import decoys, empty_mailbox, read_mailbox
from intake.server.services.replies import release_due
from intake.wire.constants import SLOT_SIZE
from intake.wire.mailbox import DeleteRequest, delete_signed_bytes, mailbox_id, split_slots, write_delete
from intake.wire.outbox import OutboxHead, RepliesOutbox, SlotEntry

DAY = date(2026, 11, 20)


class Desk:
    """A laptop that answers, and a clock."""

    def __init__(self, house, core, days) -> None:
        self.house, self.core, self.days = house, core, days
        self.serial = 0

    def answer(self, *entries: SlotEntry, at_once: bool = False) -> tuple[SlotEntry, ...]:
        """Applies one outbox of eight slots, `entries` among them."""
        self.serial += 1
        filler = [SlotEntry(os.urandom(32), 1, os.urandom(SLOT_SIZE)) for _ in range(8 - len(entries))]
        head = OutboxHead(self.core.roots.deployment, "A", self.serial, DAY)
        outbox = RepliesOutbox(head, tuple(sorted([*entries, *filler])), at_once)
        apply_outbox(self.core, self.house.deployment.laptops[0].outbox.note(outbox.text()))
        return outbox.slots

    def release(self, chance: float = 1.0) -> int:
        return self.core.store.write(
            lambda c: release_due(c, self.core.decoy_secret, self.core.clock(), chance)
        ).result()

    def shows(self, entry: SlotEntry) -> bool:
        return split_slots(read_mailbox(self.core, entry.mailbox_id))[entry.slot] == entry.data

    def waiting(self) -> list[tuple]:
        return self.house.rows()["waiting_slots"]


@pytest.fixture
def desk(house):
    days = [0]
    today = house.deployment.today
    with open_core(house.settings, lambda: today + timedelta(days[0])) as core:
        yield Desk(house, core, days)


def entry(mailbox: bytes | None = None, slot: int = 0) -> SlotEntry:
    return SlotEntry(mailbox or os.urandom(32), slot, os.urandom(SLOT_SIZE))


def test_batch_waits_and_appears_whole(desk):
    slots = desk.answer()
    assert not any(map(desk.shows, slots))
    assert desk.release(0.0) == 0
    assert desk.house.count("mailboxes") == 1
    assert desk.release(1.0) == 8
    assert all(map(desk.shows, slots))
    assert desk.waiting() == []
    assert desk.release(1.0) == 0


def test_batch_at_once_does_not_wait(desk):
    slots = desk.answer(at_once=True)
    assert all(map(desk.shows, slots))
    assert desk.waiting() == []


def test_each_batch_goes_by_its_own_chance(desk):
    batches = [desk.answer() for _ in range(40)]
    desk.release(0.5)
    gone = [all(map(desk.shows, slots)) for slots in batches]
    assert [any(map(desk.shows, slots)) for slots in batches] == gone
    # 40 coins that all fall on one side, or nearly: less than one run in a million.
    assert 5 < sum(gone) < 35
    assert len(desk.waiting()) == 8 * (40 - sum(gone))


def test_batch_of_two_days_ago_goes_at_the_next_tick(desk):
    slots = desk.answer()
    desk.days[0] = 1
    assert desk.release(0.0) == 0
    desk.days[0] = 2
    assert desk.release(0.0) == 8
    assert all(map(desk.shows, slots))


@pytest.mark.parametrize(("minutes", "expected"), [(0, 1.0), (60, 1 / 120), (5, 1 / 10)])
def test_tick_releases_with_the_chance_of_the_mean_delay(house, monkeypatch, caplog, minutes, expected):
    settings = dataclasses.replace(house.settings, reply_delay_minutes=minutes)
    seen = []
    monkeypatch.setattr(
        "intake.server.services.daily.release_due", lambda connection, secret, day, chance: seen.append(chance)
    )
    with open_core(settings) as core, caplog.at_level(logging.INFO):
        tick(core)
    assert caplog.messages == []
    assert seen == [pytest.approx(expected)]
    assert TICK_SECONDS == 30


def test_nothing_of_a_waiting_batch_tells_a_time(desk):
    desk.answer()
    columns = {type(value) for row in desk.waiting() for value in row}
    assert columns == {bytes, int, str}
    assert {row[5] for row in desk.waiting()} == {desk.core.clock().isoformat()}


@pytest.mark.parametrize("at_once", [False, True])
def test_newer_answer_is_never_overwritten_by_an_older_batch(desk, at_once):
    older = entry()
    desk.answer(older)
    newer = dataclasses.replace(older, data=os.urandom(SLOT_SIZE))
    desk.answer(newer, at_once=at_once)
    desk.release()
    assert desk.shows(newer)
    assert not desk.shows(older)


def test_pushed_out_answer_leaves_a_batch_of_eight(desk):
    older = entry()
    desk.answer(older)
    desk.answer(dataclasses.replace(older, data=os.urandom(SLOT_SIZE)))
    rows = desk.waiting()
    assert len(rows) == 16
    assert older.data not in {row[4] for row in rows}
    assert [sum(row[0] == batch for row in rows) for batch in {row[0] for row in rows}] == [8, 8]
    assert {len(row[4]) for row in rows} == {SLOT_SIZE}


def test_other_slots_of_the_mailbox_still_wait(desk):
    first = entry()
    second = entry(first.mailbox_id, 1)
    desk.answer(first)
    desk.answer(second)
    desk.release()
    assert desk.shows(first)
    assert desk.shows(second)


def test_answer_sent_again_does_not_wait_longer(desk):
    one = entry()
    desk.answer(one)
    desk.days[0] = 1
    desk.answer(one)
    desk.days[0] = 2
    assert desk.release(0.0) == 8
    assert desk.shows(one)
    assert one.data not in {row[4] for row in desk.waiting()}


class Code:
    """What a return code gives: a follow-up key and its mailbox."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()
        self.mailbox = mailbox_id(self.public)

    async def delete(self, core) -> None:
        hashes = tuple(hashlib.sha256(slot).digest() for slot in split_slots(read_mailbox(core, self.mailbox)))
        signature = self.key.sign(delete_signed_bytes(self.mailbox, hashes))
        await empty_mailbox(core, write_delete(DeleteRequest(self.public, signature, hashes)))


def test_deleted_answer_is_not_put_back_by_a_batch_that_waits(desk):
    code = Code()
    one = entry(code.mailbox)
    desk.answer(one, at_once=True)
    desk.answer(one)
    asyncio.run(code.delete(desk.core))
    desk.release()
    assert read_mailbox(desk.core, code.mailbox) == decoys(desk.core.decoy_secret, code.mailbox)


def test_deleting_keeps_a_newer_answer_that_waits(desk):
    code = Code()
    shown = entry(code.mailbox)
    newer, other = entry(code.mailbox), entry(code.mailbox, 2)
    desk.answer(shown, at_once=True)
    desk.answer(newer, other)
    asyncio.run(code.delete(desk.core))
    assert not desk.shows(shown)
    desk.release()
    assert desk.shows(newer)
    assert desk.shows(other)


def test_status_tells_how_many_batches_wait(desk, intake):
    for _ in range(3):
        desk.answer()
    lines = intake("status", "--data", desk.house.data).stdout.splitlines()
    assert "answers waiting: 24 slots in 3 batches; mailboxes: 0" in lines


def test_released_mailbox_has_the_day_of_its_release(desk):
    slots = desk.answer()
    desk.days[0] = 1
    desk.release()
    days = {row[0]: row[2] for row in desk.house.rows()["mailboxes"]}
    assert {days[one.mailbox_id] for one in slots} == {desk.core.clock().isoformat()}


def test_two_processes_release_each_batch_once(desk, house):
    batches = [desk.answer() for _ in range(10)]
    with open_core(house.settings, desk.core.clock) as other:
        going = [
            one.store.write(lambda c: release_due(c, desk.core.decoy_secret, desk.core.clock(), 0.5))
            for one in (desk.core, other) * 30
        ]
        assert sum(one.result() for one in going) == 80
    assert all(desk.shows(slot) for slots in batches for slot in slots)
    assert desk.waiting() == []
