"""What an export leaves out, in which order it lists, and what it does when something is wrong."""

import dataclasses
import fcntl
import hashlib
import os
from datetime import timedelta

import bagit
import pytest

from intake.server.errors import ExportFailed, StorageUnavailable
from intake.server.models import bodies, objects, outboxes
from intake.server.services.apply import apply_outbox
from intake.server.services.backlog import Waiting
from intake.server.services.bag import new_bag
from intake.server.services.export import export_bundle
from intake.server.services.packing import Fate, Packer
from intake.server.services.reports import store_report
from intake.wire import bundle
from intake.wire.bundle_index import own_paths, parse_index
from intake.wire.envelope import parse_envelope
from intake.wire.log import tree_root
from intake.wire.outbox import Ack, AckOutbox, HandoverOutbox, LogSeen, OutboxHead


def put(core, forge, count: int = 1, size: int = 8192, work: int = 0) -> None:
    envelopes = [parse_envelope(forge.envelope(forge.sealed(size))) for _ in range(count)]

    def store(connection):
        for envelope in envelopes:
            store_report(connection, envelope, core.clock())
            mine = objects.c.id == envelope.object_id
            connection.execute(objects.update().where(mine).values(work=work))

    core.store.write(store).result()


def entries_of(exported):
    return parse_index((exported.folder / bundle.INDEX_NAME).read_bytes())


def statement_of(exported):
    return bundle.parse_bundle_note((exported.folder / "bundle.note").read_bytes())[1]


def bytes_of(exported, entry) -> bytes:
    data = b"".join((exported.folder / path).read_bytes() for path in entry.paths)
    return data if entry.place is None else data[entry.place.offset :][: entry.size]


@pytest.fixture
def ack(core, deployment):
    """Applies acks of laptop A for exported objects, with what it has seen of the log."""
    serials = iter(range(1, 100))

    def apply(exported, logs=None, only=None, giver=""):
        entries = entries_of(exported) if only is None else only
        acks = tuple(sorted(Ack(entry.object_id, entry.sha256) for entry in entries))
        head = OutboxHead(deployment.roots.deployment, "A", next(serials), deployment.today)
        outbox = HandoverOutbox(head, giver, acks) if giver else AckOutbox(head, acks, logs or ())
        return apply_outbox(core, deployment.laptops[0].ack.note(outbox.text()))

    return apply


def seen(house, size: int, name: str = "log-1") -> tuple[LogSeen, ...]:
    leaves = [row[1] for row in sorted(house.rows()["leaves"])]
    return (LogSeen(name, size, tree_root(leaves[:size])),)


def test_solved_work_comes_first_and_text_before_media(core, forge, store_media, tmp_path):
    for work in (0, 3, 1, 0, 3):
        put(core, forge, 4, work=work)
    for _ in range(2):
        store_media(core, forge.media(), core.clock())
    entries = entries_of(export_bundle(core, tmp_path))
    assert [(entry.kind, entry.work) for entry in entries] == [
        *[("report", 3)] * 8,
        *[("report", 1)] * 4,
        *[("report", 0)] * 8,
        *[("media", 0)] * 2,
    ]


def test_order_within_a_class_is_drawn_anew(core, forge, tmp_path):
    put(core, forge, 40)
    orders = [[entry.object_id for entry in entries_of(export_bundle(core, tmp_path))] for _ in range(2)]
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]
    assert orders[0] != sorted(orders[0])


def test_objects_of_all_sizes_lie_where_the_index_says(core, forge, tmp_path):
    for size in (8192, 16384, 65536):
        put(core, forge, 10, size)
    exported = export_bundle(core, tmp_path)
    for entry in entries_of(exported):
        assert hashlib.sha256(bytes_of(exported, entry)).digest() == entry.sha256
    bagit.Bag(str(exported.folder)).validate()


def test_more_than_a_segment_goes_into_two(core, forge, tmp_path):
    put(core, forge, 1030, 65536)
    exported = export_bundle(core, tmp_path)
    sizes = {path.name: path.stat().st_size for path in (exported.folder / "data/segments").iterdir()}
    assert sizes == {"0000.bin": 2**26, "0001.bin": 6 * 65536}
    for entry in entries_of(exported)[1020:]:
        assert hashlib.sha256(bytes_of(exported, entry)).digest() == entry.sha256


def test_bundle_for_a_laptop_holds_what_it_has_not_acked(house, core, forge, store_media, ack, tmp_path):
    put(core, forge, 5)
    store_media(core, forge.media(), core.clock())
    first = export_bundle(core, tmp_path, "A")
    assert (statement_of(first).laptop, statement_of(first).leaves_first, first.objects) == ("A", 0, 6)
    assert not ack(first, seen(house, 6)).is_fork
    put(core, forge, 3)
    second = export_bundle(core, tmp_path, "A")
    statement = statement_of(second)
    assert (second.objects, statement.leaves_first, statement.leaves_count) == (3, 6, 3)
    assert {entry.leaf_number for entry in entries_of(second)} == {6, 7, 8}
    leaves = (second.folder / bundle.LEAVES_NAME).read_bytes()
    assert leaves == b"".join(row[1] for row in sorted(house.rows()["leaves"])[6:])
    heads = bundle.split_heads((second.folder / bundle.HEADS_NAME).read_bytes())
    assert [head.split(b"\n")[1] for head in heads] == [b"6", b"9"]
    assert export_bundle(core, tmp_path, "B").objects == 9
    assert export_bundle(core, tmp_path).objects == 9


def test_object_not_acked_is_listed_again_with_its_old_leaf(house, core, forge, ack, tmp_path):
    put(core, forge, 3)
    first = export_bundle(core, tmp_path, "A")
    ack(first, seen(house, 3), only=entries_of(first)[1:])
    second = export_bundle(core, tmp_path, "A")
    assert (second.objects, statement_of(second).leaves_first, statement_of(second).leaves_count) == (1, 3, 0)
    assert entries_of(second)[0].object_id == entries_of(first)[0].object_id


def test_object_handed_over_is_not_sent_again(core, forge, ack, tmp_path):
    put(core, forge, 2)
    ack(export_bundle(core, tmp_path, "A"), giver="B")
    assert export_bundle(core, tmp_path, "A").objects == 0


def test_ack_by_another_key_of_that_name_leaves_nothing_out(house, core, forge, ack, deployment, intake, tmp_path):
    put(core, forge, 2)
    exported = export_bundle(core, tmp_path, "A")
    ack(exported, seen(house, 2))
    replaced = dataclasses.replace(deployment.laptops[0].keys(), ack=bytes(range(32)))
    path = tmp_path / "manifest.note"
    path.write_bytes(house.manifest(serial=2, laptops=(replaced, deployment.laptops[1].keys())))
    assert intake("manifest", "add", "--data", house.data, path).returncode == 0
    with house.open() as again:
        assert export_bundle(again, tmp_path, "A").objects == 2


@pytest.mark.parametrize("name", ["log-1", "log-2"])
def test_log_line_of_another_log_counts_nothing(house, core, forge, ack, tmp_path, name):
    put(core, forge, 2)
    assert not ack(export_bundle(core, tmp_path, "A"), seen(house, 2, name)).is_fork
    assert statement_of(export_bundle(core, tmp_path, "A")).leaves_first == (2 if name == "log-1" else 0)


@pytest.mark.parametrize("log", [LogSeen("log-1", 2, bytes(32)), LogSeen("log-1", 77, bytes(32))])
def test_laptop_that_saw_another_log_is_told_and_gets_all_of_it(house, core, forge, ack, tmp_path, log):
    put(core, forge, 2)
    applied = ack(export_bundle(core, tmp_path, "A"), (log,))
    assert (applied.is_fork, applied.taken) == (True, 2)
    assert statement_of(export_bundle(core, tmp_path, "A")).leaves_first == 0


def test_fork_is_printed_and_the_outbox_applied(house, core, deployment, intake, write_outbox):
    head = OutboxHead(deployment.roots.deployment, "A", 1, deployment.today)
    path = write_outbox(deployment.laptops[0].ack, AckOutbox(head, (), (LogSeen("log-1", 5, bytes(32)),)))
    ran = intake("apply", "--data", house.data, path)
    assert ran.returncode == 0
    assert "FORK: A has seen another log than this server signed" in ran.stdout


def test_store_older_than_what_the_laptop_saw_sends_the_whole_log(house, core, forge, ack, tmp_path):
    put(core, forge, 2)
    ack(export_bundle(core, tmp_path, "A"), seen(house, 2))
    core.store.write(lambda c: c.execute(outboxes.update().values(log_size=50))).result()
    assert statement_of(export_bundle(core, tmp_path, "A")).leaves_first == 0


def test_export_for_a_laptop_nobody_named_is_refused(house, intake, tmp_path):
    ran = intake("export", "--data", house.data, "--out", tmp_path / "out", "--for", "C")
    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "error: The key manifest in force names no such laptop.",
        "hint: intake status --data DIR prints the names of the laptops",
    ]
    assert list((tmp_path / "out").iterdir()) == []


def test_damaged_report_gets_a_file_of_its_own(core, forge, tmp_path):
    put(core, forge, 5)
    first, second = sorted(row.id for row in core.store.read(lambda c: c.execute(objects.select()).all()))[:2]
    core.store.write(
        lambda c: c.execute(bodies.update().where(bodies.c.id == first).values(sealed=b"x" * 8192))
    ).result()
    core.store.write(lambda c: c.execute(bodies.delete().where(bodies.c.id == second))).result()
    exported = export_bundle(core, tmp_path)
    assert set(exported.damaged) == {first.hex(), second.hex()}
    places = {entry.object_id: entry.place for entry in entries_of(exported)}
    assert [places[first], places[second]] == [None, None]
    assert (exported.folder / own_paths(first, 8192)[0]).read_bytes() == b"x" * 8192
    assert not (exported.folder / own_paths(second, 8192)[0]).exists()
    assert (exported.folder / "data/segments/0000.bin").stat().st_size == 3 * 8192
    bagit.Bag(str(exported.folder)).validate()


class Parted:
    """A blob store with one object, read in pieces of odd sizes."""

    def __init__(self, data: bytes, steps: tuple[int, ...]) -> None:
        self._data, self._steps = data, steps

    def read(self, _: bytes):
        at = 0
        while at < len(self._data):
            for step in self._steps:
                if self._data[at : at + step]:
                    yield self._data[at : at + step]
                at += step


@pytest.mark.parametrize("size", [999, 1000, 1001, 2000, 2500, 3000])
@pytest.mark.parametrize("steps", [(7,), (1000,), (999, 3), (10_000,)])
def test_large_media_is_cut_into_parts(forge, deployment, tmp_path, size, steps):
    data = forge.random.randbytes(size)
    record = Record(forge.object_id(), 2, size, hashlib.sha256(data).digest(), deployment.today)
    with new_bag(tmp_path, "bundle-00", deployment.today) as bag, Packer(bag, Parted(data, steps), 1000) as packer:
        entry, fate = packer.put(Waiting(record, None))
    paths = own_paths(entry.object_id, size, 1000)
    parts = [(tmp_path / "bundle-00" / path).read_bytes() for path in paths]
    assert fate is Fate.WHOLE
    assert len(paths) == -(-size // 1000)
    assert b"".join(parts) == data
    assert all(len(part) == 1000 for part in parts[:-1])


@dataclasses.dataclass
class Record:
    """A row of the objects table."""

    id: bytes
    kind: int
    size: int
    sha256: bytes
    day: object
    epoch: int = 1
    salt: bytes = bytes(32)
    leaf_number: int = 0
    work: int = 0


class Failing:
    """A store that does not answer, or a disk that cannot read."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, _: bytes):
        yield b"x"
        raise self._error


def test_store_that_does_not_answer_stops_the_export(core, forge, store_media, tmp_path):
    store_media(core, forge.media(), core.clock())
    broken = dataclasses.replace(core, blobs=Failing(StorageUnavailable("TimeoutError")))
    with pytest.raises(ExportFailed) as failed:
        export_bundle(broken, tmp_path / "out")
    assert "TimeoutError" in str(failed.value)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), StorageUnavailable("EIO")])
def test_sector_that_cannot_be_read_damages_one_object_alone(core, forge, store_media, tmp_path, error):
    store_media(core, forge.media(), core.clock())
    put(core, forge, 2)
    broken = dataclasses.replace(core, blobs=Failing(error))
    exported = export_bundle(broken, tmp_path)
    assert (exported.objects, len(exported.damaged)) == (3, 1)


def test_draft_of_a_killed_export_is_cleared_and_one_being_written_is_not(core, forge, tmp_path):
    put(core, forge)
    for name in ("dead", "live"):
        (tmp_path / f".bundle-{name}.part" / "data").mkdir(parents=True)
        (tmp_path / f".bundle-{name}.part" / "bagit.txt").touch()
    handle = os.open(tmp_path / ".bundle-live.part", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    exported = export_bundle(core, tmp_path)
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".b")} == {".bundle-live.part"}
    assert exported.folder.is_dir()
    os.close(handle)


def test_files_for_a_laptop_have_the_times_of_a_day(house, core, forge, ack, tmp_path):
    put(core, forge, 3)
    first = export_bundle(core, tmp_path, "A")
    ack(first, seen(house, 3))
    second = export_bundle(core, tmp_path, "A")
    assert second.objects == 0
    for path in [second.folder, *second.folder.rglob("*")]:
        assert path.stat().st_mtime % timedelta(days=1).total_seconds() == 0, path.name
