"""An object goes when every laptop has it and seven days have passed, and never otherwise."""

import dataclasses
import hashlib
import logging
from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from intake.server.models import erasures
from intake.server.services.apply import apply_outbox
from intake.server.services.core import open_core
from intake.server.services.daily import DailyWork
from intake.server.services.deletion import Held, erase_due, held_by_all_since
from intake.server.services.export import export_bundle
from intake.server.services.log import close_batch
from intake.server.services.reports import store_report
from intake.server.setup import add_manifests
from intake.wire.envelope import parse_envelope
from intake.wire.outbox import Ack, AckOutbox, HandoverOutbox, OutboxHead


class Calendar:
    """The day it is, as a test says; begins today."""

    def __init__(self, start: date) -> None:
        self.start = start
        self.days = 0

    def __call__(self) -> date:
        return self.start + timedelta(days=self.days)


@dataclasses.dataclass
class Scene:
    """One report and one media object in the log, and laptops that ack them."""

    house: object
    core: object
    calendar: Calendar
    tmp_path: object
    sealed: bytes = b""
    media: bytes = b""
    serial: int = 0

    def entries(self) -> tuple[Ack, ...]:
        return tuple(sorted(Ack(row[0], row[3]) for row in self.house.rows()["objects"]))

    def ack(self, name: str, giver: str = "", acks: tuple[Ack, ...] | None = None) -> None:
        self.serial += 1
        laptop = next(one for one in self.house.deployment.laptops if one.name == name)
        head = OutboxHead(self.core.roots.deployment, name, self.serial, self.calendar())
        acks = self.entries() if acks is None else acks
        outbox = HandoverOutbox(head, giver, acks) if giver else AckOutbox(head, acks)
        apply_outbox(self.core, laptop.ack.note(outbox.text()))

    def manifest(self, serial: int, **changes) -> None:
        path = self.tmp_path / f"manifest-{serial}.note"
        path.write_bytes(self.house.manifest(serial=serial, **changes))
        assert list(add_manifests(self.core, [path]))

    def erased_after(self, days: int) -> int:
        self.calendar.days = days
        return erase_due(self.core)


@pytest.fixture
def scene(house, forge, tmp_path, store_media):
    calendar = Calendar(house.deployment.today)
    with open_core(house.settings, calendar) as core:
        made = Scene(house, core, calendar, tmp_path)
        envelope = parse_envelope(forge.envelope())
        made.sealed = envelope.sealed
        made.media = forge.media()
        store_media(core, made.media, calendar())
        core.store.write(lambda c: store_report(c, envelope, calendar())).result()
        core.store.write(lambda c: close_batch(c, core.head_signer, core.roots.deployment, calendar())).result()
        yield made


def test_object_goes_with_salt_and_acks_seven_days_after_the_last_ack(scene):
    leaves = scene.house.rows()["leaves"]
    scene.ack("A")
    scene.calendar.days = 3
    scene.ack("B")
    assert scene.erased_after(9) == 0
    assert scene.erased_after(10) == 2
    rows = scene.house.rows()
    assert [rows[name] for name in ("objects", "bodies", "acks", "erasures")] == [[], [], [], []]
    assert rows["leaves"] == leaves
    assert list((scene.house.data / "objects").iterdir()) == []


EMBEDDED_ONLY = {"test_erased_bytes_are_gone_from_the_database_files"}
"""PostgreSQL overwrites nothing that it deletes: STORAGE.md says so."""


def found_in_files(scene, salts: list[bytes]) -> list[bool]:
    """Which salts, and which pieces of the report, the database's files hold anywhere; a row may span pages."""
    kept = b"".join(path.read_bytes() for path in scene.house.data.glob("intake.sqlite*"))
    pieces = [scene.sealed[at : at + 32] for at in range(0, len(scene.sealed), 512)]
    return [needle in kept for needle in (*salts, *pieces)]


def test_erased_bytes_are_gone_from_the_database_files(scene):
    salts = [row[6] for row in scene.house.rows()["objects"]]
    scene.ack("A")
    scene.ack("B")
    scene.core.store.forget()
    before = found_in_files(scene, salts)
    assert before[:2] == [True, True]
    assert before.count(True) >= len(before) - 3
    assert scene.erased_after(7) == 2
    assert not any(found_in_files(scene, salts))


def test_object_never_goes_for_age_alone(scene):
    assert scene.erased_after(4000) == 0
    assert scene.house.count("objects") == 2


def test_object_stays_while_one_laptop_has_not_acked(scene):
    scene.ack("A")
    assert scene.erased_after(100) == 0


def test_only_acked_objects_go(scene):
    first = scene.entries()[:1]
    scene.ack("A")
    scene.ack("B", acks=first)
    assert scene.erased_after(7) == 1
    assert scene.entries() != first


def test_signed_hand_over_counts_as_the_receivers_ack(scene):
    scene.ack("A")
    scene.calendar.days = 2
    scene.ack("B", giver="A")
    assert scene.erased_after(8) == 0
    assert scene.erased_after(9) == 2


def test_hand_over_counts_only_what_the_giver_acked(scene):
    scene.ack("B", giver="A")
    assert scene.erased_after(100) == 0
    scene.ack("A", acks=scene.entries()[:1])
    assert scene.erased_after(106) == 0
    assert scene.erased_after(107) == 1


def test_two_hand_overs_to_each_other_count_for_nothing(scene):
    scene.ack("A", giver="B")
    scene.ack("B", giver="A")
    assert scene.erased_after(100) == 0


def test_ack_again_does_not_prolong_the_hold(scene):
    scene.ack("A")
    scene.ack("B")
    scene.calendar.days = 6
    scene.ack("B")
    assert scene.erased_after(7) == 2


def test_revoking_a_key_voids_its_acks(scene):
    scene.ack("A")
    scene.ack("B")
    scene.calendar.days = 6
    scene.manifest(2, revoked=(key_hash(scene, 0),))
    assert {row[1] for row in scene.house.rows()["acks"]} == {"B"}
    assert scene.erased_after(100) == 0


def test_revoking_another_key_starts_every_hold_anew(scene):
    scene.ack("A")
    scene.ack("B")
    scene.calendar.days = 6
    scene.manifest(2, revoked=(hashlib.sha256(b"some recipient").hexdigest(),))
    assert scene.erased_after(12) == 0
    assert scene.erased_after(13) == 2


def test_manifest_that_revokes_nothing_new_leaves_the_hold(scene):
    known = (hashlib.sha256(b"long ago").hexdigest(),)
    scene.manifest(2, revoked=known)
    scene.ack("A")
    scene.ack("B")
    scene.calendar.days = 6
    scene.manifest(3, revoked=known)
    assert scene.erased_after(7) == 2


def test_revoking_manifest_works_from_its_first_day(scene):
    scene.ack("A")
    scene.ack("B")
    later = scene.calendar.start + timedelta(days=3)
    scene.manifest(2, revoked=(key_hash(scene, 0),), not_before=later)
    assert scene.house.count("acks") == 4
    assert scene.erased_after(7) == 0
    assert scene.house.count("acks") == 2


def test_laptop_that_joins_must_ack_too(scene):
    scene.ack("A")
    scene.ack("B")
    newcomer = dataclasses.replace(scene.house.deployment.laptops[0].keys(), name="C")
    fresh = {name: hashlib.sha256(name.encode()).digest() for name in ("reply", "ack", "outbox")}
    laptops = (*(laptop.keys() for laptop in scene.house.deployment.laptops), dataclasses.replace(newcomer, **fresh))
    epoch = scene.house.deployment.manifest(scene.house.log_key).epoch
    wider = dataclasses.replace(epoch, recipients=(*epoch.recipients, bytes([7]) * 1216))
    scene.manifest(2, laptops=laptops, epoch=wider)
    assert scene.erased_after(100) == 0


def test_erasure_that_stopped_half_way_is_finished_at_the_next(scene):
    media_id = next(row[0] for row in scene.house.rows()["objects"] if row[1] == 2)
    file = scene.house.media_file(media_id)
    held = file.read()
    scene.ack("A")
    scene.ack("B")
    assert scene.erased_after(7) == 2
    file.write(held)
    scene.core.store.write(lambda c: c.execute(insert(erasures).values(id=media_id))).result()
    assert scene.erased_after(7) == 0
    assert scene.core.blobs.sealed() == set()
    assert scene.house.count("erasures") == 0


def key_hash(scene, laptop: int) -> str:
    return hashlib.sha256(scene.house.deployment.laptops[laptop].ack.public).hexdigest()


def test_earliest_way_of_each_laptop_counts(deployment, built_house):
    manifest = deployment.manifest(built_house.log_key)
    day = [date(2026, 11, n) for n in range(1, 10)]
    held = [Held("A", "", day[0]), Held("B", "A", day[2]), Held("B", "", day[5])]
    assert held_by_all_since(manifest, held) == day[2]
    assert held_by_all_since(manifest, [Held("A", "", day[4]), Held("B", "A", day[2])]) == day[4]
    assert held_by_all_since(manifest, [Held("A", "A", day[0]), Held("B", "", day[0])]) is None


def test_daily_work_signs_a_head_and_erases_once_a_day(scene, caplog):
    daily = DailyWork(scene.core)
    scene.ack("A")
    scene.ack("B")
    with caplog.at_level(logging.INFO):
        for scene.calendar.days in (6, 6, 7, 7, 8):
            daily.do()
    assert caplog.messages == [
        "event=batch-closed batch=1 leaves=2",
        "event=erased objects=0 mailboxes=0",
        "event=batch-closed batch=2 leaves=2",
        "event=erased objects=2 mailboxes=0",
        "event=batch-closed batch=3 leaves=2",
        "event=erased objects=0 mailboxes=0",
    ]


def test_daily_work_erases_also_when_an_export_has_closed_the_day(scene):
    scene.ack("A")
    scene.ack("B")
    scene.calendar.days = 7
    export_bundle(scene.core, scene.tmp_path / "out")
    DailyWork(scene.core).do()
    assert scene.house.count("objects") == 0
