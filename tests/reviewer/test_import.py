"""Bundles in, whole and damaged, and what may be acked afterwards (SPEC.md section 9)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from intake.reviewer.errors import BundleRefused, NotFound
from intake.reviewer.services.recording import STEP_OBJECTS
from intake.reviewer.services.reports import COMPLETE
from intake.reviewer.show_results import result_lines
from intake.wire.bundle import HEADS_NAME, INDEX_NAME, LEAVES_NAME, MANIFEST_NAME, NOTE_NAME
from intake.wire.bundle_index import parse_index
from intake.wire.manifest import parse_manifest, write_manifest
from keys.return_code import derive, new_code


@pytest.fixture(autouse=True)
def own_files(server) -> None:
    """Objects in files of their own are easy to do harm to; test_segments.py does harm to segments."""
    server.packs = False


def object_path(bundle: Path, sealed) -> Path:
    return bundle / "data" / "objects" / f"{sealed.object_id.hex()}.age"


def flip(path: Path, place: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_text_report_is_opened_and_may_be_acked(laptop, stick):
    sealed = laptop.phone().section(who="Айжан", where="Төле би", story="Қара киімді адамдар алып кетті")
    result = laptop.take_one(laptop.server.bundle(stick, [sealed]))
    assert (result.new, result.known, result.forks, result.warnings) == (1, 0, [], [])
    assert laptop.item().state == COMPLETE
    assert laptop.item().answers["who"] == "Айжан"
    assert laptop.state().to_ack == {sealed.object_id.hex(): sealed.sha256.hex()}


def test_report_with_photo_is_joined(laptop, stick):
    report = laptop.report()
    laptop.take(laptop.server.bundle(stick, report.parts))
    item = laptop.item()
    assert item.state == COMPLETE
    assert [each.body_sha256 for each in item.media] == [hashlib.sha256(report.body).digest()]


def test_large_object_lies_in_the_vault_as_it_came(laptop, stick):
    report = laptop.report()
    laptop.take(laptop.server.bundle(stick, report.parts))
    kept = laptop.vault.object_path(report.photo.sha256)
    assert kept.read_bytes() == report.photo.data
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in laptop.home.objects.iterdir()] == [kept.name]


def test_import_twice_changes_nothing(laptop, stick):
    bundle = laptop.server.bundle(stick, laptop.report().parts)
    laptop.take(bundle)
    before, acks = laptop.event_count(), laptop.to_ack()
    again = laptop.take_one(bundle)
    assert (again.new, again.known) == (0, 3)
    assert (laptop.event_count(), laptop.to_ack()) == (before, acks)


def test_damaged_bundle_imported_twice_changes_nothing(laptop, stick):
    report = laptop.report()
    bundle = laptop.server.bundle(stick, report.parts)
    flip(object_path(bundle, report.text))
    laptop.take(bundle)
    before = laptop.event_count()
    assert laptop.take_one(bundle).findings.quarantined
    assert laptop.event_count() == before


@pytest.mark.parametrize("place", [0, 2000, -1])
def test_flipped_byte_quarantines_one_object_alone(laptop, stick, place):
    good, bad = laptop.phone().section(who="good"), laptop.phone().section(who="bad")
    bundle = laptop.server.bundle(stick, [good, bad])
    flip(object_path(bundle, bad), place)
    result = laptop.take_one(bundle)
    assert [object_id for object_id, _ in result.findings.quarantined] == [bad.object_id.hex()]
    assert laptop.item().answers["who"] == "good"
    assert laptop.to_ack() == {good.object_id.hex()}
    kept = laptop.home.quarantine / result.bundle / f"{bad.object_id.hex()}.age"
    assert kept.read_bytes() == object_path(bundle, bad).read_bytes()


def test_flipped_byte_in_media_quarantines_it_alone(laptop, stick):
    report = laptop.report()
    bundle = laptop.server.bundle(stick, report.parts)
    flip(object_path(bundle, report.photo))
    result = laptop.take_one(bundle)
    assert [object_id for object_id, _ in result.findings.quarantined] == [report.photo.object_id.hex()]
    assert laptop.item().state == "incomplete: 2 of 3"
    assert report.photo.object_id.hex() not in laptop.to_ack()
    assert list(laptop.home.objects.iterdir()) == []


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b""])
def test_object_of_another_size_is_quarantined(laptop, stick, change):
    sealed = laptop.phone().section(who="A")
    bundle = laptop.server.bundle(stick, [sealed])
    object_path(bundle, sealed).write_bytes(change(sealed.data))
    result = laptop.take_one(bundle)
    assert [object_id for object_id, _ in result.findings.quarantined] == [sealed.object_id.hex()]
    assert laptop.to_ack() == set()


def test_missing_object_is_named_and_not_acked(laptop, stick):
    good, gone = laptop.phone().section(who="good"), laptop.phone().section(who="gone")
    bundle = laptop.server.bundle(stick, [good, gone])
    object_path(bundle, gone).unlink()
    result = laptop.take_one(bundle)
    assert result.findings.missing == [gone.object_id.hex()]
    assert laptop.to_ack() == {good.object_id.hex()}


def test_repaired_bundle_completes_the_first_import(laptop, stick):
    report = laptop.report()
    bundle = laptop.server.bundle(stick, report.parts)
    object_path(bundle, report.photo).unlink()
    laptop.take(bundle)
    object_path(bundle, report.photo).write_bytes(report.photo.data)
    result = laptop.take_one(bundle)
    assert (result.new, result.known, result.findings.missing) == (1, 2, [])
    assert laptop.item().state == COMPLETE
    assert len(laptop.to_ack()) == 3


def test_object_that_is_a_link_is_not_followed(laptop, stick, tmp_path):
    sealed = laptop.phone().section(who="A")
    bundle = laptop.server.bundle(stick, [sealed])
    (tmp_path / "elsewhere").write_bytes(sealed.data)
    object_path(bundle, sealed).unlink()
    object_path(bundle, sealed).symlink_to(tmp_path / "elsewhere")
    result = laptop.take_one(bundle)
    assert [object_id for object_id, _ in result.findings.quarantined] == [sealed.object_id.hex()]
    assert laptop.items() == []


def test_object_that_is_a_pipe_is_not_waited_for(laptop, stick):
    sealed = laptop.phone().section(who="A")
    bundle = laptop.server.bundle(stick, [sealed])
    object_path(bundle, sealed).unlink()
    os.mkfifo(object_path(bundle, sealed))
    assert laptop.take_one(bundle).findings.quarantined


def test_objects_folder_that_is_a_link_is_not_followed(laptop, stick, tmp_path):
    sealed = laptop.phone().section(who="A")
    bundle = laptop.server.bundle(stick, [sealed])
    (bundle / "data" / "objects").rename(tmp_path / "elsewhere")
    (bundle / "data" / "objects").symlink_to(tmp_path / "elsewhere")
    assert laptop.take_one(bundle).findings.quarantined
    assert laptop.items() == []


def test_leaf_of_another_object_quarantines(laptop, stick):
    one, two = laptop.phone().section(who="1"), laptop.phone().section(who="2")
    laptop.server.bundle(stick, [one, two])
    laptop.server.leaves[1] = os.urandom(32)
    laptop.server.heads = []
    laptop.server.sign_head()
    entries = rebuild_entries(stick)
    bundle = laptop.server.write(stick / "second", entries, [one, two], 0)
    result = laptop.take_one(bundle)
    assert [reason for _, reason in result.findings.quarantined] == ["its log entry is of another object"]
    assert result.new == 1
    assert len(laptop.to_ack()) == 1


def rebuild_entries(stick: Path):
    return list(parse_index(next(stick.glob("bundle-*/data/index.txt")).read_bytes()))


@pytest.mark.parametrize("name", [INDEX_NAME, LEAVES_NAME, HEADS_NAME])
@pytest.mark.parametrize("remove", [True, False])
def test_damaged_log_file_makes_objects_loose_and_unacked(laptop, stick, name, remove):
    report = laptop.report()
    bundle = laptop.server.bundle(stick, report.parts)
    (bundle / name).unlink() if remove else flip(bundle / name, 5)
    result = laptop.take_one(bundle)
    assert (result.new, result.acked) == (3, False)
    assert laptop.item().state == COMPLETE
    assert laptop.to_ack() == set()


def test_good_copy_after_a_damaged_one_lets_objects_be_acked(laptop, stick):
    report = laptop.report()
    bundle = laptop.server.bundle(stick, report.parts)
    index = (bundle / INDEX_NAME).read_bytes()
    (bundle / INDEX_NAME).write_bytes(b"")
    laptop.take(bundle)
    (bundle / INDEX_NAME).write_bytes(index)
    result = laptop.take_one(bundle)
    assert (result.new, result.known) == (0, 3)
    assert len(laptop.to_ack()) == 3


def refused(laptop, bundle: Path) -> None:
    with pytest.raises(BundleRefused):
        laptop.take(bundle)
    assert laptop.items() == []
    assert laptop.event_count() == 0
    assert list(laptop.home.objects.iterdir()) == []


def test_changed_statement_refuses_everything(laptop, stick):
    bundle = laptop.server.bundle(stick, laptop.report().parts)
    note = (bundle / NOTE_NAME).read_text()
    (bundle / NOTE_NAME).write_text(note.replace("serial 1\n", "serial 2\n"))
    refused(laptop, bundle)


def test_statement_by_another_key_refuses_everything(laptop, stick, server):
    bundle = laptop.server.bundle(stick, laptop.report().parts)
    forger = type(server)()
    text = (bundle / NOTE_NAME).read_text().split("\n\n")[0] + "\n"
    (bundle / NOTE_NAME).write_bytes(forger.sign(text))
    refused(laptop, bundle)


def test_statement_of_another_deployment_refuses_everything(laptop, stick):
    refused(laptop, laptop.server.bundle(stick, laptop.report().parts, deployment="ab" * 32))


def test_missing_statement_refuses_everything(laptop, stick):
    bundle = laptop.server.bundle(stick, laptop.report().parts)
    (bundle / NOTE_NAME).unlink()
    refused(laptop, bundle)


def test_revoked_log_key_refuses_everything(laptop, stick):
    bundle = laptop.server.bundle(stick, laptop.report().parts)
    laptop.sign_manifest(serial=9, revoked=(hashlib.sha256(laptop.server.public_key).hexdigest(),))
    refused(laptop, bundle)


def test_newer_manifest_of_the_bundle_brings_its_log_key(laptop, stick, server):
    newcomer = type(server)()
    newcomer.name, newcomer.deployment = "log-2", laptop.server.deployment
    newcomer.manifest = laptop.signed_manifest(serial=9, log_keys=((newcomer.name, newcomer.public_key),))
    laptop.take(newcomer.bundle(stick, [laptop.phone().section(who="A")]))
    assert laptop.item().answers == {"who": "A"}
    assert laptop.home.manifest(9).read_bytes() == newcomer.manifest


def test_manifest_without_quorum_brings_no_log_key(laptop, stick, server):
    forger = type(server)()
    forger.name, forger.deployment = "log-2", laptop.server.deployment
    signed = parse_manifest(laptop.signed_manifest(serial=9, log_keys=(("log-2", forger.public_key),)))
    forger.manifest = write_manifest(signed.manifest, signed.note.signatures[:1])
    refused(laptop, forger.bundle(stick, [laptop.phone().section(who="A")]))
    assert not laptop.home.manifest(9).exists()


def test_older_manifest_of_the_bundle_does_not_bring_back_a_key(laptop, stick):
    laptop.sign_manifest(serial=9, log_keys=())
    refused(laptop, laptop.server.bundle(stick, laptop.report().parts))


def test_damaged_manifest_in_the_bundle_is_passed_over(laptop, stick):
    bundle = laptop.server.bundle(stick, [laptop.phone().section(who="A")])
    (bundle / MANIFEST_NAME).write_bytes(b"x")
    assert laptop.take_one(bundle).new == 1


def test_files_the_bundle_does_not_name_are_named_and_left(laptop, stick):
    bundle = laptop.server.bundle(stick, [laptop.phone().section(who="A")])
    stranger = laptop.phone().section(who="stranger")
    (bundle / "data" / "objects" / "00.age").write_bytes(stranger.data)
    (bundle / "read\x1b[2Jme.txt").write_text("x")
    result = laptop.take_one(bundle)
    assert result.unnamed == ["data/objects/00.age", "read<U+001B>[2Jme.txt"]
    assert laptop.item().answers == {"who": "A"}


def test_one_ciphertext_under_two_ids_is_one_report_and_two_acks(laptop, stick):
    one = laptop.phone().section(who="A")
    two = replace(one, object_id=os.urandom(16))
    result = laptop.take_one(laptop.server.bundle(stick, [one, two]))
    assert (result.new, result.known) == (1, 1)
    assert len(laptop.items()) == 1
    assert laptop.to_ack() == {one.object_id.hex(), two.object_id.hex()}


def test_object_listed_again_later_is_acked_again(laptop, stick, tmp_path):
    sealed = laptop.phone().section(who="A")
    laptop.take(laptop.server.bundle(stick, [sealed]))
    laptop.outboxes(tmp_path)
    assert laptop.to_ack() == set()
    result = laptop.take_one(laptop.server.write(stick, rebuild_entries(stick), [sealed], 0))
    assert (result.new, result.known) == (0, 1)
    assert laptop.to_ack() == {sealed.object_id.hex()}


def test_object_no_key_opens_is_kept_and_counted(laptop, stick):
    stranger = type(laptop.phone())([derive(new_code()).identity.recipient])
    junk = stranger.section(who="x")
    result = laptop.take_one(laptop.server.bundle(stick, [junk, laptop.phone().section(who="A")]))
    assert (result.new, result.unopened) == (2, 1)
    assert len(laptop.items()) == 1
    assert junk.object_id.hex() in laptop.to_ack()


def test_junk_behind_a_good_header_is_kept_and_counted(laptop, stick):
    sealed = laptop.phone().section(who="A")
    junk = replace(sealed, data=sealed.data[:2000] + os.urandom(6192), object_id=os.urandom(16))
    result = laptop.take_one(laptop.server.bundle(stick, [junk]))
    assert (result.new, result.unopened) == (1, 1)


def test_carry_epoch_opens_too(laptop, stick):
    phone = type(laptop.phone())([laptop.ring.carry.identity.recipient])
    laptop.take(laptop.server.bundle(stick, [phone.section(who="A", epoch=2**31)]))
    assert laptop.item().state == COMPLETE
    assert laptop.item().flags == []


def test_frame_that_is_none_is_kept_and_shown(laptop, stick):
    broken = laptop.phone().seal_raw(b"INTK\x02" + bytes(100))
    result = laptop.take_one(laptop.server.bundle(stick, [broken]))
    assert (result.new, result.malformed) == (1, 1)
    assert laptop.item().state == "cannot be read"


def test_more_objects_than_a_step_are_all_taken(laptop, stick):
    phones = [laptop.phone().section(who=str(number)) for number in range(STEP_OBJECTS + 20)]
    result = laptop.take_one(laptop.server.bundle(stick, phones))
    assert result.new == STEP_OBJECTS + 20
    assert len(laptop.items()) == STEP_OBJECTS + 20


def test_loose_file_is_taken_and_never_acked(laptop, stick):
    path = stick / "photo.jpg"
    path.write_bytes(laptop.phone().section(who="A").data)
    result = laptop.take_one(path)
    assert (result.new, result.acked) == (1, False)
    assert laptop.item().flags == []
    assert laptop.to_ack() == set()
    assert laptop.take_one(path).known == 1


def test_loose_media_is_taken(laptop, stick):
    report = laptop.report()
    for number, each in enumerate(report.parts):
        (stick / f"{number}.bin").write_bytes(each.data)
    result = laptop.take_one(stick)
    assert result.new == 3
    assert laptop.item().state == COMPLETE


def test_plaintext_given_by_mistake_is_refused_and_not_kept(laptop, stick):
    (stick / "notes.txt").write_bytes(b"CANARY" * 20_000)
    result = laptop.take_one(stick / "notes.txt")
    assert [name for name, _ in result.findings.refused] == ["notes.txt"]
    assert all(b"CANARY" not in each.read_bytes() for each in laptop.home.vault.rglob("*") if each.is_file())


def test_folder_of_bundles_and_files_is_taken_whole(laptop, stick):
    laptop.server.bundle(stick, [laptop.phone().section(who="1")])
    laptop.server.bundle(stick, [laptop.phone().section(who="2")])
    (stick / "carried.sealed").write_bytes(laptop.phone().section(who="3").data)
    (stick / "outbox-A-acks-1.note").write_bytes(b"not for us")
    results = laptop.take(stick)
    assert [each.new for each in results] == [1, 1, 1]
    assert len(laptop.items()) == 3
    assert "  left alone: outbox-A-acks-1.note" in result_lines(results[-1])[1]


def test_outbox_on_the_stick_is_left_for_the_server(laptop, stick):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="1")]))
    laptop.outboxes(stick)
    (path,) = stick.glob("outbox-*.note")
    lines = result_lines(laptop.take(stick)[-1])
    assert f"  left alone: {path.name} (an outbox on its way to a server: it stays on the stick)" in lines


def test_path_that_is_not_there_is_said(laptop, stick):
    with pytest.raises(NotFound):
        laptop.take(stick / "none")


def test_media_file_lost_from_the_vault_is_taken_again(laptop, stick):
    report = laptop.report()
    bundle = laptop.server.bundle(stick, report.parts)
    laptop.take(bundle)
    kept = laptop.vault.object_path(report.photo.sha256)
    kept.unlink()
    laptop.take(bundle)
    assert kept.read_bytes() == report.photo.data
