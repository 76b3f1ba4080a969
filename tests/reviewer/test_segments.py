"""Objects packed into segments: one that is damaged costs its neighbours nothing, and nothing in them is believed."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from intake.reviewer.services.events import read_events
from intake.reviewer.services.folders import UntrustedFolder
from intake.reviewer.services.stick_objects import open_object
from intake.wire.bundle import HEADS_NAME, INDEX_NAME, LEAVES_NAME
from intake.wire.bundle_index import IndexEntry, parse_index, segment_path
from intake.wire.log import tree_root
from keys.return_code import derive, new_code

SEGMENT = segment_path(0)


def entries_of(bundle: Path) -> tuple[IndexEntry, ...]:
    return parse_index((bundle / INDEX_NAME).read_bytes())


def write_at(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.fixture
def three(laptop):
    return [laptop.phone().section(who=str(number)) for number in range(3)]


def test_objects_in_a_segment_are_opened_and_may_be_acked(laptop, stick, three):
    bundle = laptop.server.bundle(stick, three)
    assert not (bundle / "data/objects").exists()
    result = laptop.take_one(bundle)
    assert (result.new, result.warnings, result.unnamed) == (3, [], [])
    assert laptop.to_ack() == {each.object_id.hex() for each in three}


@pytest.mark.parametrize("place", [0, 22, 4000, 8191])
def test_flipped_byte_in_a_segment_quarantines_one_object_alone(laptop, stick, three, place):
    bundle = laptop.server.bundle(stick, three)
    bad = entries_of(bundle)[1]
    kept = bytearray(three[1].data)
    kept[place] ^= 1
    write_at(bundle / SEGMENT, bad.place.offset, kept)
    result = laptop.take_one(bundle)
    assert [object_id for object_id, _ in result.findings.quarantined] == [bad.object_id.hex()]
    assert laptop.to_ack() == {three[0].object_id.hex(), three[2].object_id.hex()}
    assert (laptop.home.quarantine / result.bundle / f"{bad.object_id.hex()}.age").read_bytes() == kept


def test_cut_off_segment_loses_only_what_was_cut(laptop, stick, three):
    bundle = laptop.server.bundle(stick, three)
    os.truncate(bundle / SEGMENT, 8192 + 100)
    result = laptop.take_one(bundle)
    assert [each for each, _ in result.findings.quarantined] == [each.object_id.hex() for each in three[1:]]
    assert laptop.to_ack() == {three[0].object_id.hex()}


@pytest.mark.parametrize("left", [b"", b"no object at all" * 512])
def test_segment_without_any_object_and_a_damaged_index_end_no_import(laptop, stick, three, left):
    photo = laptop.report().photo
    bundle = laptop.server.bundle(stick, [*three, photo])
    (bundle / SEGMENT).write_bytes(left)
    (bundle / INDEX_NAME).write_bytes(b"?")
    result = laptop.take_one(bundle)
    assert result.new == 1
    assert "loose files" in result.warnings[0]


def test_bytes_behind_a_segment_are_left_alone(laptop, stick, three):
    bundle = laptop.server.bundle(stick, three)
    write_at(bundle / SEGMENT, 3 * 8192, b"x" * 10_000)
    assert laptop.take_one(bundle).new == 3


def test_missing_segment_is_named_by_its_objects(laptop, stick, three):
    report = laptop.report()
    bundle = laptop.server.bundle(stick, [*three, report.photo])
    (bundle / SEGMENT).unlink()
    result = laptop.take_one(bundle)
    assert result.findings.missing == [each.object_id.hex() for each in three]
    assert laptop.to_ack() == {report.photo.object_id.hex()}


@pytest.mark.parametrize("make", ["link", "pipe", "folder"])
def test_segment_that_is_no_plain_file_is_not_followed(laptop, stick, three, tmp_path, make):
    bundle = laptop.server.bundle(stick, three)
    (bundle / SEGMENT).rename(tmp_path / "elsewhere")
    if make == "link":
        (bundle / SEGMENT).symlink_to(tmp_path / "elsewhere")
    elif make == "pipe":
        os.mkfifo(bundle / SEGMENT)
    else:
        (bundle / SEGMENT).mkdir()
    result = laptop.take_one(bundle)
    assert len(result.findings.quarantined) == 3
    assert laptop.items() == []


def test_repaired_segment_completes_the_first_import(laptop, stick, three):
    bundle = laptop.server.bundle(stick, three)
    whole = (bundle / SEGMENT).read_bytes()
    write_at(bundle / SEGMENT, 8192, b"x")
    laptop.take(bundle)
    (bundle / SEGMENT).write_bytes(whole)
    result = laptop.take_one(bundle)
    assert (result.new, result.known, result.findings.quarantined) == (1, 2, [])
    assert len(laptop.to_ack()) == 3


@pytest.mark.parametrize("name", [INDEX_NAME, LEAVES_NAME, HEADS_NAME])
def test_damaged_log_file_still_gives_what_lies_in_segments(laptop, stick, name):
    report = laptop.report(who="Айжан", story="я" * 2000)
    others = [laptop.phone().section(who=str(number), story="ж" * 1000 * number) for number in range(1, 5)]
    bundle = laptop.server.bundle(stick, [*others[:2], *report.parts, *others[2:]])
    write_at(bundle / name, 5, b"?")
    result = laptop.take_one(bundle)
    assert (result.new, result.acked) == (7, False)
    assert {item.state for item in laptop.items()} == {"complete"}
    assert laptop.to_ack() == set()


def test_piece_of_a_segment_that_is_no_object_is_named(laptop, stick, three):
    bundle = laptop.server.bundle(stick, three)
    write_at(bundle / INDEX_NAME, 5, b"?")
    write_at(bundle / SEGMENT, 8192 + 30, b"???")
    result = laptop.take_one(bundle)
    assert (result.new, len(result.findings.refused)) == (2, 1)


def test_large_object_in_parts_is_read_as_one(tmp_path):
    folder = UntrustedFolder(tmp_path)
    entry = IndexEntry(bytes(16), "media", 2**31 + 5, bytes(32), 1, bytes(32), 0, date(2026, 11, 22), 0, None)
    (tmp_path / "data/objects").mkdir(parents=True)
    for path, data in zip(entry.paths, (b"a" * 1000, b"b" * 5), strict=True):
        (tmp_path / path).write_bytes(data)
    with open_object(folder, entry) as source:
        pieces = []
        while piece := source.read(400):
            pieces.append(piece)
    assert b"".join(pieces) == b"a" * 1000 + b"b" * 5
    (tmp_path / entry.paths[1]).unlink()
    with pytest.raises(FileNotFoundError), open_object(folder, entry):
        pass
    folder.close()


def test_wrong_label_is_a_hint_only(laptop, stick):
    """A phone that sealed to one epoch and was labelled with another, or with none, is read all the same."""
    labels = (2, 0, 999, 2**31)
    sealed = [replace(laptop.phone().section(who=str(label)), epoch=label) for label in labels]
    result = laptop.take_one(laptop.server.bundle(stick, sealed))
    assert (result.new, result.unopened) == (4, 0)
    assert {item.answers["who"] for item in laptop.items()} == {str(label) for label in labels}
    assert len(laptop.to_ack()) == 4


def test_junk_is_put_off_until_honest_reports_are_in(laptop, stick):
    stranger = type(laptop.phone())([derive(new_code()).identity.recipient])
    junk = [stranger.section(who="x") for _ in range(5)]
    honest = laptop.phone().section(who="A")
    result = laptop.take_one(laptop.server.bundle(stick, [*junk, honest]))
    assert (result.new, result.unopened, result.known) == (6, 5, 0)
    with laptop.vault.begin() as connection:
        first, second, _ = read_events(connection)
    assert [row[0] for row in first.rows("objects")] == [honest.object_id.hex()]
    assert [row[0] for row in second.rows("objects")] == [each.object_id.hex() for each in junk]
    assert len(laptop.to_ack()) == 6


def test_next_bundle_speaks_of_older_leaves_that_the_vault_knows(laptop, stick, three):
    first, later = three[:2], three[2:]
    laptop.take(laptop.server.bundle(stick / "1", first))
    old = entries_of(next((stick / "1").iterdir()))
    bundle = laptop.server.write(stick / "2", list(old[:1]), first[:1], 2)
    result = laptop.take_one(bundle)
    assert (result.known, result.warnings, result.findings.quarantined) == (1, [], [])
    laptop.take(laptop.server.bundle(stick / "3", later))
    assert len(laptop.items()) == 3


def test_older_leaf_of_another_object_quarantines(laptop, stick, three):
    laptop.take(laptop.server.bundle(stick / "1", three[:2]))
    old = entries_of(next((stick / "1").iterdir()))
    swapped = replace(old[0], leaf_number=old[1].leaf_number, salt=os.urandom(32))
    result = laptop.take_one(laptop.server.write(stick / "2", [swapped], [three[0]], 2))
    assert [reason for _, reason in result.findings.quarantined] == ["its log entry is of another object"]


def test_object_whose_leaf_was_never_shown_is_taken_and_not_acked(laptop, stick, three):
    """A bundle for another laptop, or for a vault that was lost: read, named, and acked by a later bundle."""
    unseen = laptop.server.bundle(stick / "1", three[:1])
    later = laptop.server.write(stick / "2", list(entries_of(unseen)), three[:1], 1)
    result = laptop.take_one(later)
    assert (result.new, laptop.to_ack()) == (1, set())
    assert "1 objects are taken and not acked: their log entries were not seen here" in result.warnings
    assert laptop.take_one(later).known == 1
    assert laptop.to_ack() == set()
    assert laptop.take_one(unseen).known == 1
    assert laptop.to_ack() == {three[0].object_id.hex()}


def test_index_names_a_leaf_beyond_its_own_log_quarantines(laptop, stick, three):
    bundle = laptop.server.bundle(stick / "1", three[:1])
    far = [replace(entry, leaf_number=70) for entry in entries_of(bundle)]
    result = laptop.take_one(laptop.server.write(stick / "2", far, three[:1], 0))
    assert [reason for _, reason in result.findings.quarantined] == ["its log entry is of another object"]


def test_ack_outbox_says_what_the_vault_holds_of_each_log(laptop, stick, three, server, tmp_path):
    other = type(server)()
    other.name, other.deployment = "log-2", server.deployment
    keys = ((server.name, server.public_key), (other.name, other.public_key))
    other.manifest = laptop.signed_manifest(serial=9, log_keys=keys)
    laptop.take(server.bundle(stick / "1", three[:2]), other.bundle(stick / "2", three[2:]))
    ((_, acks),) = laptop.outboxes(tmp_path)
    assert [(log.name, log.size) for log in acks.logs] == [("log-1", 2), ("log-2", 1)]
    assert [log.root for log in acks.logs] == [root_of(server), root_of(other)]


def root_of(server) -> bytes:
    return tree_root(server.leaves)


def test_file_of_holes_does_not_fill_the_disk(laptop, stick):
    report = laptop.report()
    bundle = laptop.server.bundle(stick, report.parts)
    path = bundle / "data" / "objects" / f"{report.photo.object_id.hex()}.age"
    os.truncate(path, 3 << 30)
    result = laptop.take_one(bundle)
    assert [object_id for object_id, _ in result.findings.quarantined] == [report.photo.object_id.hex()]
    kept = laptop.home.quarantine / result.bundle / path.name
    assert kept.stat().st_size == len(report.photo.data) + 1
