"""Operators' work by two processes at once over one PostgreSQL and one bucket: nothing twice, nothing lost."""

import asyncio
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, text

from intake.server.errors import OutboxReplayed, Refusal
from intake.server.models import bodies, objects
from intake.server.services.apply import apply_outbox
from intake.server.services.core import open_core
from intake.server.services.deletion import erase_due
from intake.server.services.export import export_bundle
from intake.server.services.mailboxes import decoys, empty_mailbox, fill_slot, read_mailbox
from intake.server.services.objects import Kept
from intake.server.services.reports import arrived, store_report, store_reports
from intake.server.writer import Batched
from intake.wire.constants import SLOT_SIZE
from intake.wire.envelope import parse_envelope
from intake.wire.mailbox import DeleteRequest, delete_signed_bytes, mailbox_id, split_slots, write_delete
from intake.wire.outbox import Ack, AckOutbox, OutboxHead, SlotEntry

STORES = ("postgres+s3",)
REPORTS = 60


@pytest.fixture
def cores(house):
    """The same data folder opened twice, a fortnight from now."""
    later = house.deployment.today + timedelta(days=8)
    with open_core(house.settings, lambda: later) as first, open_core(house.settings, lambda: later) as second:
        yield first, second


def outbox_of(house, core, name: str, serial: int) -> bytes:
    entries = tuple(sorted(Ack(row[0], row[3]) for row in house.rows()["objects"]))
    laptop = next(one for one in house.deployment.laptops if one.name == name)
    return laptop.ack.note(AckOutbox(OutboxHead(core.roots.deployment, name, serial, core.clock()), entries).text())


def at_once(*calls):
    """Runs all at the same moment; returns what they returned or raised."""
    ready = threading.Barrier(len(calls))

    def run(call):
        ready.wait()
        try:
            return call()
        except OutboxReplayed as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_erasing_by_two_at_once_counts_each_object_once(house, cores, forge, store_media):
    with open_core(house.settings) as early:
        for _ in range(REPORTS):
            envelope = parse_envelope(forge.envelope())
            early.store.write(lambda c, envelope=envelope: store_report(c, envelope, early.clock()))
        media = [store_media(early, forge.media(), early.clock()) for _ in range(4)]
        for name in ("A", "B"):
            apply_outbox(early, outbox_of(house, early, name, 1))
    new = parse_envelope(forge.envelope())
    first, second = cores
    *erased, _ = at_once(
        lambda: erase_due(first),
        lambda: erase_due(second),
        lambda: first.store.write(lambda c: store_report(c, new, first.clock())).result(),
    )
    assert sum(erased) == REPORTS + len(media)
    assert [row[0] for row in house.rows()["objects"]] == [new.object_id]
    assert (house.count("bodies"), house.count("acks"), house.count("erasures")) == (1, 0, 0)
    assert first.blobs.sealed() == set()


def test_report_that_comes_again_while_it_is_erased_is_stored_anew(house, cores, forge):
    first, second = cores
    day = house.deployment.today
    erased, other = sorted((parse_envelope(forge.envelope()) for _ in range(2)), key=lambda one: one.object_id)
    first.store.write(lambda connection: store_report(connection, erased, day)).result()
    inside, let_go, gate = threading.Event(), threading.Event(), threading.Event()

    def hold(connection):
        store_report(connection, other, day)
        inside.set()
        assert let_go.wait(20)

    def erase(connection):
        for table in (objects, bodies):
            connection.execute(delete(table).where(table.c.id == erased.object_id))

    with open_core(house.settings) as third:
        third.store.write(hold)
        assert inside.wait(20)
        first.store.write(lambda connection: gate.wait(20))
        again = [first.store.write(Batched(store_reports, arrived(one, first.clock()))) for one in (erased, other)]
        gate.set()
        # Its insert has seen the first report, and now waits for the transaction that holds the second.
        waiting = text("select count(*) from pg_locks where not granted")
        deadline = time.monotonic() + 20
        while not second.store.read(lambda connection: connection.execute(waiting).scalar()):
            assert time.monotonic() < deadline
        second.store.write(erase, alone=True).result()
        let_go.set()
        assert [one.result() for one in again] == [Kept(12, first.clock()), Kept(12, day)]
    ids = {erased.object_id, other.object_id}
    assert {row[0] for row in house.rows()["objects"]} == {row[0] for row in house.rows()["bodies"]} == ids


def test_reports_that_two_get_at_once_are_stored_once_and_conflicts_hurt_no_other(house, cores, forge):
    envelopes = [parse_envelope(forge.envelope()) for _ in range(40)]
    false = [replace(parse_envelope(forge.envelope()), object_id=one.object_id) for one in envelopes[:2]]

    def send(core, some):
        jobs = [core.store.write(Batched(store_reports, arrived(one, core.clock()))) for one in some]
        return [type(job.exception()) for job in jobs]

    told = at_once(*(partial(send, core, some) for core in cores for some in (envelopes, envelopes[::-1])))
    assert told == [[type(None)] * 40] * 4
    mixed = at_once(*(partial(send, core, [*false, *envelopes]) for core in cores))
    assert mixed == [[Refusal] * 2 + [type(None)] * 40] * 2
    assert dict(row[:2] for row in house.rows()["bodies"]) == {one.object_id: one.sealed for one in envelopes}
    assert house.count("objects") == 40


def test_outbox_applied_by_two_at_once_counts_once(house, cores, forge):
    for _ in range(REPORTS):
        envelope = parse_envelope(forge.envelope())
        cores[0].store.write(lambda c, envelope=envelope: store_report(c, envelope, cores[0].clock())).result()
    note = outbox_of(house, cores[0], "A", 1)
    told = at_once(*(lambda core=core: apply_outbox(core, note) for core in cores))
    assert sorted(type(one).__name__ for one in told) == ["Applied", "OutboxReplayed"]
    assert house.count("acks") == REPORTS


def test_bundles_by_two_at_once_have_their_own_serials_and_one_log(house, cores, forge, tmp_path):
    for turn in range(3):
        for _ in range(20):
            envelope = parse_envelope(forge.envelope())
            cores[turn % 2].store.write(lambda c, envelope=envelope: store_report(c, envelope, cores[0].clock()))
        made = at_once(*(partial(export_bundle, core, tmp_path / f"out{turn}") for core in cores))
        assert sorted(one.serial for one in made) == [2 * turn + 1, 2 * turn + 2]
    assert house.count("leaves") == REPORTS
    assert sorted(row[0] for row in house.rows()["heads"]) == list(range(house.count("heads")))


def test_slot_that_is_filled_while_another_is_emptied_stays_filled(cores):
    first, second = cores
    for _ in range(20):
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        mailbox = mailbox_id(public)
        fill(first, mailbox, 0)
        seen = read_mailbox(first, mailbox)
        hashes = tuple(hashlib.sha256(slot).digest() for slot in split_slots(seen))
        request = write_delete(DeleteRequest(public, key.sign(delete_signed_bytes(mailbox, hashes)), hashes))
        data, _ = at_once(
            lambda mailbox=mailbox: fill(first, mailbox, 1),
            lambda request=request: asyncio.run(empty_mailbox(second, request)),
        )
        left = read_mailbox(second, mailbox)
        empty = decoys(first.decoy_secret, mailbox)
        assert left == empty[:SLOT_SIZE] + data + empty[2 * SLOT_SIZE :]


def fill(core, mailbox: bytes, slot: int) -> bytes:
    data = os.urandom(SLOT_SIZE)
    entry = SlotEntry(mailbox, slot, data)
    core.store.write(lambda c: fill_slot(c, core.decoy_secret, entry, core.clock()), alone=True).result()
    return data
