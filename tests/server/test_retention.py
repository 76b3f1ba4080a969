"""Retention: mailboxes that expire, a dry run that changes nothing, reports in counts, and salts that are gone."""

import hashlib
import logging
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from intake.server.logs import Event
from intake.server.models import mailboxes, uploads
from intake.server.services.apply import apply_outbox
from intake.server.services.core import open_core
from intake.server.services.daily import DailyWork
from intake.server.services.deletion import erase_due
from intake.server.services.log import close_batch
from intake.server.services.mailboxes import NOBODY, decoys, fill_slot, read_mailbox
from intake.server.services.reports import store_report
from intake.server.services.retention import due, expire
from intake.server.setup import add_manifests
from intake.wire.constants import SLOT_SIZE
from intake.wire.envelope import parse_envelope
from intake.wire.outbox import Ack, AckOutbox, OutboxHead, SlotEntry

EMBEDDED_ONLY = {
    "test_salts_of_erased_objects_are_nowhere_in_the_raw_files",
    "test_reader_in_the_way_of_forgetting_holds_up_no_report_and_is_waited_for",
}


class Scene:
    """A house on a day that a test turns, and what laptops do with it."""

    def __init__(self, house, core, days) -> None:
        self.house, self.core, self.days, self.serial = house, core, days, 0

    def put(self, forge, count: int) -> None:
        for _ in range(count):
            envelope = parse_envelope(forge.envelope())
            self.core.store.write(lambda c, e=envelope: store_report(c, e, self.core.clock())).result()

    def ack(self, acks: tuple[Ack, ...] | None = None) -> None:
        """All laptops ack."""
        self.serial += 1
        entries = acks or tuple(sorted(Ack(row[0], row[3]) for row in self.house.rows()["objects"]))
        for laptop in self.house.deployment.laptops:
            head = OutboxHead(self.core.roots.deployment, laptop.name, self.serial, self.core.clock())
            apply_outbox(self.core, laptop.ack.note(AckOutbox(head, entries).text()))

    def fill(self) -> bytes:
        mailbox = os.urandom(32)
        entry = SlotEntry(mailbox, 0, os.urandom(SLOT_SIZE))
        self.core.store.write(lambda c: fill_slot(c, self.core.decoy_secret, entry, self.core.clock())).result()
        return mailbox


@pytest.fixture
def scene(house):
    days = [0]
    with open_core(house.settings, lambda: house.deployment.today + timedelta(days[0])) as core:
        yield Scene(house, core, days)


def files(house) -> bytes:
    return b"".join(path.read_bytes() for path in house.data.glob("intake.sqlite*"))


def test_salts_of_erased_objects_are_nowhere_in_the_raw_files(scene, forge):
    scene.put(forge, 40)
    core = scene.core
    core.store.write(lambda c: close_batch(c, core.head_signer, core.roots.deployment, core.clock())).result()
    rows = scene.house.rows()["objects"]
    kept, gone = rows[:3], rows[3:]
    scene.ack(tuple(sorted(Ack(row[0], row[3]) for row in gone)))
    before = files(scene.house)
    assert all(row[6] in before for row in rows)
    scene.days[0] = 7
    assert erase_due(core) == 37
    after = files(scene.house)
    assert [row[6] for row in gone if row[6] in after] == []
    assert all(row[6] in after for row in kept)
    assert (scene.house.data / "intake.sqlite-wal").stat().st_size == 0


def test_many_objects_are_erased_in_parts(scene, forge, monkeypatch):
    monkeypatch.setattr("intake.server.services.deletion._PART", 7)
    scene.put(forge, 30)
    scene.ack()
    scene.days[0] = 7
    assert erase_due(scene.core) == 30
    assert scene.house.count("objects") == 0


def test_revocation_stops_what_is_left_of_a_run(scene, forge, monkeypatch, tmp_path):
    """A manifest that revokes an ack key is added while a long run is between two of its parts."""
    monkeypatch.setattr("intake.server.services.deletion._PART", 10)
    scene.put(forge, 30)
    scene.ack()
    scene.days[0] = 7
    key = hashlib.sha256(scene.house.deployment.laptops[0].ack.public).hexdigest()
    (tmp_path / "revoking.note").write_bytes(scene.house.manifest(serial=2, revoked=(key,)))
    write = scene.core.store.write
    writes = []

    def counting(operation, alone=False):
        writes.append(operation)
        if len(writes) == 3:
            monkeypatch.setattr(scene.core.store, "write", write)
            assert list(add_manifests(scene.core, [tmp_path / "revoking.note"]))
        return write(operation, alone)

    monkeypatch.setattr(scene.core.store, "write", counting)
    assert erase_due(scene.core) == 10
    assert scene.house.count("objects") == 20


def test_unused_mailbox_is_emptied_after_its_days(scene):
    old = scene.fill()
    scene.days[0] = 100
    newer = scene.fill()
    scene.days[0] = 180
    assert expire(scene.core).mailboxes == 0
    scene.days[0] = 181
    assert expire(scene.core).mailboxes == 1
    assert read_mailbox(scene.core, old) == decoys(scene.core.decoy_secret, old)
    assert read_mailbox(scene.core, newer) != decoys(scene.core.decoy_secret, newer)
    assert NOBODY in {row[0] for row in scene.house.rows()["mailboxes"]}


def test_mailbox_filled_again_begins_anew(scene):
    mailbox = scene.fill()
    scene.days[0] = 150
    entry = SlotEntry(mailbox, 1, os.urandom(SLOT_SIZE))
    scene.core.store.write(lambda c: fill_slot(c, scene.core.decoy_secret, entry, scene.core.clock())).result()
    scene.days[0] = 300
    assert expire(scene.core).mailboxes == 0


def test_mailbox_without_a_day_begins_at_the_first_run(scene):
    mailbox = scene.fill()
    scene.core.store.write(lambda c: c.execute(update(mailboxes).values(day=None))).result()
    scene.days[0] = 400
    assert expire(scene.core).mailboxes == 0
    scene.days[0] = 581
    assert expire(scene.core).mailboxes == 1
    assert read_mailbox(scene.core, mailbox) == decoys(scene.core.decoy_secret, mailbox)


def test_dry_run_tells_what_the_run_then_does_and_changes_nothing(scene, forge, intake):
    scene.put(forge, 5)
    acked = tuple(sorted(Ack(row[0], row[3]) for row in scene.house.rows()["objects"])[:3])
    scene.ack(acked)
    scene.fill()
    core = scene.core
    for number, age in enumerate((3, 4, 9)):
        values = {"id": bytes([number]) * 16, "size": 1000, "epoch": 12, "position": 5}
        day = core.clock() + timedelta(200 - age)
        core.store.write(lambda c, v=values, d=day: c.execute(insert(uploads).values(v | {"day": d}))).result()
    scene.days[0] = 200
    before = scene.house.snapshot()
    found = due(core)
    assert scene.house.snapshot() == before
    assert (found.objects, found.bytes, found.uploads, found.reserved) == (3, 3 * 8192, 2, 2000)
    assert (found.mailboxes, found.held, found.wanted) == (1, 0, 2)
    done = expire(core)
    assert (done.objects, done.mailboxes) == (3, 1)
    assert (due(core).objects, due(core).mailboxes) == (0, 0)


def test_dry_run_on_the_command_line_prints_counts_alone(house, core, forge, intake):
    Scene(house, core, [0]).put(forge, 2)
    before = house.snapshot()
    ran = intake("expire", "--data", house.data, "--dry-run")
    assert ran.returncode == 0
    assert ran.stdout.splitlines() == [
        "would go: 0 objects, 0 bytes, with as many salts: every laptop has had them for 7 days",
        "would go: 0 unfinished media, 0 bytes reserved: no byte came for over 3 days",
        "would go: 0 mailboxes: nothing was put into them for 180 days",
        "stays: 0 objects that some laptop has and that are not due",
        "stays: 2 objects that no laptop has acked, however old",
    ]
    assert house.snapshot() == before
    assert intake("expire", "--data", house.data, "--mailbox-days", "9").returncode == 0


def test_object_that_nobody_acked_is_told_of_and_kept(scene, forge, caplog):
    scene.put(forge, 3)
    daily = DailyWork(scene.core)
    with caplog.at_level(logging.INFO):
        for scene.days[0] in (0, 1, 2, 3, 3, 500):
            daily.do()
    told = [message for message in caplog.messages if message.startswith(f"event={Event.UNACKED.label}")]
    assert told == ["event=unacked objects=3 oldest_days=3", "event=unacked objects=3 oldest_days=500"]
    assert scene.house.count("objects") == 3


def test_reader_in_the_way_of_forgetting_holds_up_no_report_and_is_waited_for(house, core, forge):
    daily, wal = DailyWork(core), house.data / "intake.sqlite-wal"
    reader = sqlite3.connect(house.data / "intake.sqlite", isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM objects").fetchone()
        envelope = parse_envelope(forge.envelope())
        with ThreadPoolExecutor(1) as pool:
            begun, forgetting = time.monotonic(), pool.submit(daily.do)
            core.store.write(lambda connection: store_report(connection, envelope, core.clock())).result()
            forgetting.result()
            assert time.monotonic() - begun < 10
        assert wal.stat().st_size > 0
    finally:
        reader.close()
    daily.do()
    assert wal.stat().st_size == 0
