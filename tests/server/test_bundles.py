"""The intake log and bundles: batches that hide order, heads that verify, bags that any archivist can check."""

import fcntl
import hashlib
import os
from datetime import timedelta

import bagit
import pytest

from intake.server.services.core import open_core
from intake.server.services.export import export_bundle
from intake.server.services.log import close_batch, close_day
from intake.server.services.reports import store_report
from intake.wire import bundle
from intake.wire.bundle_index import OBJECTS_FOLDER, parse_index, segment_path
from intake.wire.envelope import parse_envelope
from intake.wire.log import leaf, parse_head, tree_root
from intake.wire.note import require_signer


def put(core, forge, count: int = 1) -> None:
    for _ in range(count):
        envelope = parse_envelope(forge.envelope())
        core.store.write(lambda c, envelope=envelope: store_report(c, envelope, core.clock())).result()


def close(core):
    return core.store.write(lambda c: close_batch(c, core.head_signer, core.roots.deployment, core.clock())).result()


def heads_of(house) -> list[bytes]:
    return [row[3] for row in sorted(house.rows()["heads"])]


def leaves_of(house) -> list[bytes]:
    return [row[1] for row in sorted(house.rows()["leaves"])]


def test_batch_is_sorted_by_leaf_and_its_head_verifies(house, core, forge):
    put(core, forge, 20)
    head = close(core)
    assert leaves_of(house) == sorted(leaves_of(house))
    assert (head.size, head.root, head.batch) == (20, tree_root(leaves_of(house)), 0)
    note, parsed = parse_head(heads_of(house)[-1], core.roots.deployment)
    assert require_signer(note, {house.log_key.name: house.log_key.key}) == "log-1"
    assert parsed == head
    for row in house.rows()["objects"]:
        assert leaves_of(house)[row[7]] == leaf(row[6], row[3], row[1], row[2], row[4])


def test_later_batch_extends_the_log(house, core, forge):
    put(core, forge, 5)
    first = close(core)
    before = leaves_of(house)
    put(core, forge, 5)
    second = close(core)
    assert leaves_of(house)[:5] == before
    assert (first.size, second.size, second.batch) == (5, 10, 1)
    assert tree_root(leaves_of(house)[:5]) == first.root


def test_order_of_arrival_does_not_show_in_the_log(house, core, forge):
    put(core, forge, 40)
    close(core)
    numbers = {row[0]: row[7] for row in house.rows()["objects"]}
    assert sorted(numbers.values()) == list(range(40))
    again = sorted(house.rows()["objects"], key=lambda row: leaf(row[6], row[3], row[1], row[2], row[4]))
    assert [numbers[row[0]] for row in again] == list(range(40))


def test_day_is_closed_once_also_when_empty(house, core, deployment):
    def closing(day):
        return core.store.write(lambda c: close_day(c, core.head_signer, core.roots.deployment, day)).result()

    today = deployment.today
    assert closing(today).size == 0
    assert closing(today) is None
    assert closing(today - timedelta(days=1)) is None
    assert closing(today + timedelta(days=1)).batch == 1
    assert len(heads_of(house)) == 2


@pytest.fixture
def exported(house, core, forge, store_media, tmp_path):
    put(core, forge, 6)
    for _ in range(2):
        store_media(core, forge.media(), core.clock())
    return export_bundle(core, tmp_path / "out")


def test_bundle_is_a_valid_bag_of_every_object(house, exported):
    bag = bagit.Bag(str(exported.folder))
    bag.validate()
    assert bag.info["Intake-Rehearsal"] == "TRAINING, no real names"
    assert exported.folder.name.startswith("bundle-")
    assert (exported.objects, exported.damaged, exported.serial) == (8, (), 1)
    assert sorted(path.name for path in exported.folder.iterdir()) == [
        "bag-info.txt",
        "bagit.txt",
        "bundle.note",
        "data",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
    ]


def test_bundle_statement_names_what_is_inside(house, core, exported):
    note, statement = bundle.parse_bundle_note((exported.folder / "bundle.note").read_bytes())
    assert require_signer(note, {house.log_key.name: house.log_key.key}) == "log-1"
    files = {name: (exported.folder / name).read_bytes() for name in (bundle.INDEX_NAME, bundle.LEAVES_NAME)}
    files |= {name: (exported.folder / name).read_bytes() for name in (bundle.HEADS_NAME, bundle.MANIFEST_NAME)}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert statement.deployment == core.roots.deployment
    assert statement.folder == exported.folder.name
    assert statement.rehearsal
    assert (statement.index, statement.leaves) == (hashes[bundle.INDEX_NAME], hashes[bundle.LEAVES_NAME])
    assert (statement.heads, statement.manifest) == (hashes[bundle.HEADS_NAME], hashes[bundle.MANIFEST_NAME])
    assert (statement.leaves_first, statement.leaves_count) == (0, 8)
    assert files[bundle.MANIFEST_NAME] == house.manifest()
    entries = parse_index(files[bundle.INDEX_NAME])
    assert (statement.objects, statement.bytes) == (8, sum(entry.size for entry in entries))


def test_bundle_objects_match_index_and_leaves(house, core, exported):
    entries = parse_index((exported.folder / bundle.INDEX_NAME).read_bytes())
    tree = (exported.folder / bundle.LEAVES_NAME).read_bytes()
    for entry in entries:
        (path,) = entry.paths
        data = (exported.folder / path).read_bytes()
        if entry.place is not None:
            data = data[entry.place.offset :][: entry.size]
        assert (len(data), hashlib.sha256(data).digest()) == (entry.size, entry.sha256)
        kind = {"report": 1, "media": 2}[entry.kind]
        expected = leaf(entry.salt, entry.sha256, kind, entry.size, entry.epoch)
        assert tree[32 * entry.leaf_number :][:32] == expected
    newest = bundle.split_heads((exported.folder / bundle.HEADS_NAME).read_bytes())[-1]
    head = parse_head(newest, core.roots.deployment)[1]
    assert head.root == tree_root([tree[at : at + 32] for at in range(0, len(tree), 32)])


def test_bundle_files_have_the_times_of_a_day(exported):
    for path in [exported.folder, *exported.folder.rglob("*")]:
        assert path.stat().st_mtime % 86400 == 0, path.name


def test_next_bundle_has_the_next_serial(core, exported, tmp_path):
    again = export_bundle(core, tmp_path / "out")
    assert (again.serial, again.objects) == (2, 8)
    assert again.folder != exported.folder


def test_damaged_and_missing_objects_are_named_and_the_rest_is_written(house, core, exported, intake, tmp_path):
    first, second = core.blobs.sealed()
    house.media_file(first).write(b"x" * 100)
    house.media_file(second).remove()
    ran = intake("export", "--data", house.data, "--out", tmp_path / "again")
    assert ran.returncode == 1
    assert {line for line in ran.stdout.splitlines() if line.startswith("damaged: ")} == {
        f"damaged: {first.hex()}",
        f"damaged: {second.hex()}",
    }
    (folder,) = (tmp_path / "again").iterdir()
    bagit.Bag(str(folder)).validate()
    assert [path.stem for path in (folder / OBJECTS_FOLDER).iterdir()] == [first.hex()]
    assert (folder / segment_path(0)).stat().st_size == 6 * 8192
    assert len(parse_index((folder / bundle.INDEX_NAME).read_bytes())) == 8


def test_export_into_a_folder_that_cannot_be_written_leaves_nothing(house, intake, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    ran = intake("export", "--data", house.data, "--out", tmp_path / "file")
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: ")
    assert "\nhint: " in ran.stderr


def test_export_while_the_server_takes_reports_loses_none(server, house, forge, run_many, intake, tmp_path):
    acked: set[str] = set()
    for turn in range(3):
        bodies = [forge.envelope() for _ in range(30)]
        answers = run_many(server.url, bodies)
        acked |= {answer.json()["id"] for answer in answers}
        ran = intake("export", "--data", house.data, "--out", tmp_path / f"out{turn}")
        assert ran.returncode == 0, ran.stderr
        (folder,) = (tmp_path / f"out{turn}").iterdir()
        entries = parse_index((folder / bundle.INDEX_NAME).read_bytes())
        assert {entry.object_id.hex() for entry in entries} == acked
        assert (folder / segment_path(0)).stat().st_size == 8192 * len(acked)
    assert len(acked) == 90


def test_export_waits_for_nothing_but_an_erasure(house, core, forge, tmp_path):
    put(core, forge)
    with open_core(house.settings) as second:
        handle = os.open(house.settings.folder.erase_lock, os.O_RDWR | os.O_CREAT)
        fcntl.flock(handle, fcntl.LOCK_SH)
        assert export_bundle(second, tmp_path / "out").objects == 1
        os.close(handle)
