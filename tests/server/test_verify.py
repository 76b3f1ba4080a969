"""`intake verify`: each kind of damage is planted, found under its name, and repaired or left; the server may run."""

import contextlib
import dataclasses
import re
import threading
from datetime import date, timedelta

import httpx
import pytest
from sqlalchemy import delete, insert, select, update

from intake.server.models import leaves, mailboxes, objects
from intake.server.services.apply import apply_outbox
from intake.server.services.core import open_core
from intake.server.services.findings import Damage
from intake.server.services.handover import Locks
from intake.server.services.log import close_batch
from intake.server.services.mailboxes import read_mailbox
from intake.server.services.reports import store_report
from intake.server.services.verify import verify
from intake.wire.envelope import parse_envelope
from intake.wire.mailbox import split_slots
from intake.wire.outbox import Ack, AckOutbox, OutboxHead
from tests.server.damage import (
    CASES,
    DAY,
    HEAD_ROOT,
    body_missing,
    body_unrecorded,
    head_gone,
    media_unrecorded,
    run,
    upload_cut,
    upload_lost,
    upload_whole,
)


@dataclasses.dataclass
class Scene:
    """Two reports and a media object in the log, a third report that waits for its batch."""

    house: object
    core: object
    forge: object
    reports: list[bytes]
    media: bytes

    def put(self) -> bytes:
        envelope = parse_envelope(self.forge.envelope())
        self.core.store.write(lambda c: store_report(c, envelope, DAY)).result()
        return envelope.object_id

    def close(self, day: date = DAY) -> None:
        core = self.core
        core.store.write(lambda c: close_batch(c, core.head_signer, core.roots.deployment, day)).result()

    def row(self, object_id: bytes):
        return self.core.store.read(lambda c: c.execute(select(objects).where(objects.c.id == object_id)).one())

    def verify(self, mend: bool = False):
        return verify(self.core, mend, lambda words: None)

    @property
    def file(self):
        return self.house.media_file(self.media)


@pytest.fixture
def scene(house, forge, store_media):
    with open_core(house.settings) as core:
        made = Scene(house, core, forge, [], b"")
        made.reports = [made.put(), made.put()]
        made.media = store_media(core, forge.media(), DAY)
        made.close()
        made.reports.append(made.put())
        yield made


def test_store_in_order_has_no_findings(scene, intake):
    found = scene.verify()
    assert (found.left, found.mended) == ({}, {})
    assert (found.objects, found.leaves, found.heads) == (4, 3, 1)
    assert found.bytes == 3 * 8192 + len(scene.file.read())
    before = scene.house.snapshot()
    ran = intake("verify", "--data", scene.house.data, "--repair")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "0 problems left, 0 repaired"
    assert scene.house.snapshot() == before


@pytest.mark.parametrize(("plant", "damage", "also", "mendable"), CASES, ids=[case[0].__name__ for case in CASES])
def test_damage_is_named_and_repaired_or_left(scene, intake, plant, damage, also, mendable):
    ids = plant(scene)
    before = scene.house.snapshot()
    found = scene.verify()
    assert found.left[damage] == ids
    assert set(found.left) - {damage} <= also
    assert found.mended == {}
    assert scene.house.snapshot() == before
    again = scene.verify(mend=True)
    assert (again.mended if mendable else again.left)[damage] == ids
    ran = intake("verify", "--data", scene.house.data)
    assert ran.returncode == (0 if mendable else 1)
    assert (f"problem: {len(ids)} {damage}" in ran.stdout) is not mendable
    assert all(f"  {one}" in ran.stdout.splitlines() for one in ids) is not mendable
    stored = {row[0] for row in scene.house.rows()["bodies"]}
    assert set(scene.reports) - stored <= ({scene.reports[0]} if plant is body_missing else set())


def test_every_kind_of_damage_is_planted_and_documented(root):
    assert {case[1] for case in CASES} | HEAD_ROOT == set(Damage)
    text = " ".join((root / "intake/server/OPERATING.md").read_text("utf-8").split())
    assert [damage for damage in Damage if str(damage) not in text] == []


def test_repaired_body_and_media_are_objects_of_today_without_an_epoch(scene):
    body_unrecorded(scene)
    media_unrecorded(scene)
    scene.verify(mend=True)
    scene.close()
    assert scene.verify().whole
    for object_id in (scene.reports[2], scene.media):
        row = scene.row(object_id)
        assert (row.epoch, row.day, row.leaf_number is not None) == (0, scene.core.clock(), True)


@pytest.mark.parametrize("gap", [False, True])
def test_lost_number_is_found_again_in_the_log(scene, gap):
    """Also when numbers leave a gap: it is the number of the leaf that counts, not its place."""
    rows = [scene.row(one) for one in (*scene.reports[:2], scene.media)]
    before, kept = min(rows, key=lambda row: row.leaf_number), max(rows, key=lambda row: row.leaf_number)
    if gap:
        run(scene.core, delete(leaves).where(leaves.c.number == before.leaf_number))
    run(scene.core, update(objects).where(objects.c.id == kept.id).values(leaf_number=77))
    found = scene.verify(mend=True)
    assert kept.id.hex() in found.mended[Damage.LEAF_MISSING]
    assert scene.row(kept.id).leaf_number == kept.leaf_number


def test_repaired_mailbox_keeps_its_whole_slots(scene):
    run(scene.core, insert(mailboxes).values(id=b"m" * 32, slots=b"x" * 5000))
    scene.verify(mend=True)
    slots = split_slots(read_mailbox(scene.core, b"m" * 32))
    unknown = split_slots(read_mailbox(scene.core, b"o" * 32))
    assert slots[0] == b"x" * 4096
    assert len(unknown) == len(slots) == 4
    assert slots[1] != b"x" * 904 + slots[1][904:]


def test_log_whose_head_was_lost_goes_on_after_the_repair(scene):
    head_gone(scene)
    scene.verify(mend=True)
    scene.put()
    scene.close(scene.core.clock())
    assert scene.verify().whole
    assert scene.house.count("leaves") == 5


def test_acks_of_a_laptop_stay_when_nothing_is_wrong(scene):
    laptop = scene.house.deployment.laptops[0]
    entries = tuple(sorted(Ack(row[0], row[3]) for row in scene.house.rows()["objects"]))
    outbox = AckOutbox(OutboxHead(scene.core.roots.deployment, "A", 1, DAY), entries)
    apply_outbox(scene.core, laptop.ack.note(outbox.text()))
    assert scene.verify(mend=True).whole
    assert scene.house.count("acks") == 4


def test_progress_is_told_in_long_runs(scene, monkeypatch):
    monkeypatch.setattr("intake.server.services.verify_objects._TELL_SECONDS", 0)
    told: list[str] = []
    verify(scene.core, False, told.append)
    assert [re.sub(r"\d+ bytes", "N bytes", words) for words in told] == ["4 of 4 objects, N bytes"]


def send_in_pieces(client, data: bytes) -> None:
    headers = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    begun = client.post("/uploads", headers=headers | {"Upload-Length": str(len(data)), "Intake-Epoch": "12"})
    for at in range(0, len(data), 30_000):
        sent = client.patch(
            begun.headers["location"], headers=headers | {"Upload-Offset": str(at)}, content=data[at : at + 30_000]
        )
        assert sent.status_code == 204


def test_running_server_under_load_has_no_findings(start_server, house, make_forge):
    """Reports, uploads and forwarded media come while verify reads: what is in flight is no damage, nor touched."""
    server, stop, sent = start_server(), threading.Event(), []

    def send(number: int) -> None:
        forge = make_forge(number)
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
            while not stop.is_set():
                assert client.post("/reports", content=forge.envelope()).status_code == 200
                files = [("sealed", ("x", forge.media()))]
                assert client.post("/forward", files=files).status_code == 200
                send_in_pieces(client, forge.media())
                sent.append(number)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        with open_core(house.settings) as core:
            while len(sent) < 60 and all(thread.is_alive() for thread in threads):
                found = verify(core, True, lambda words: None)
                assert (found.left, found.mended) == ({}, {})
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(sent) >= 60
    assert house.count("objects") == 3 * len(sent)


@pytest.mark.parametrize("plant", [upload_cut, upload_lost, upload_whole])
def test_upload_that_a_server_is_receiving_is_no_damage(scene, plant):
    """Whoever holds an upload's lock is between its file and its record; nothing is named and nothing touched."""
    (upload_id,) = plant(scene)
    before = scene.house.snapshot()
    with contextlib.closing(Locks(scene.core.settings.folder.run)) as locks:
        assert locks.take(bytes.fromhex(upload_id))
        found = scene.verify(mend=True)
        assert (found.left, found.mended) == ({}, {})
        assert scene.house.snapshot() == before
    assert upload_id in str(scene.verify(mend=True).mended)


def test_old_reservations_are_removed_beside_a_running_server(server, house, monkeypatch):
    with open_core(house.settings) as core:
        core.blobs.reserve(b"p" * 16, 4000, DAY)
        # A second from now everything is old.
        monkeypatch.setattr("intake.server.services.verify_uploads.STRAY_SECONDS", -1)
        found = verify(core, True, lambda words: None)
        assert found.mended == {Damage.PART_UNRECORDED: [(b"p" * 16).hex()]}
        assert core.blobs.parts() == set()


def test_reservations_of_a_running_server_are_left_to_it(server, house):
    with open_core(house.settings) as core:
        core.blobs.reserve(b"p" * 16, 4000, DAY)
        assert verify(core, True, lambda words: None).whole
        assert core.blobs.parts() == {b"p" * 16}


def test_server_cannot_begin_during_a_repair_and_does_afterwards(house, start_server):
    with open_core(house.settings, lambda: DAY + timedelta(1)) as core:
        assert verify(core, True, lambda words: None).whole
    assert start_server().runs
