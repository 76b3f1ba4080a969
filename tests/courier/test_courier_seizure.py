"""What whoever takes the server, the courier's machine or the stick learns of a transfer."""

from __future__ import annotations

import os

from intake.courier.errors import ServerRefused
from intake.wire.bundle import INDEX_NAME
from intake.wire.bundle_index import parse_index
from intake.wire.courier_request import parse_offer

DAY_SECONDS = 86_400


def test_bundle_that_waits_tells_the_day_and_no_reader(carrier, stick):
    """Change and birth times, and the folders' access times, are the file system's own: README.md says so."""
    with carrier.line() as line:
        while (offered := line.read("/courier/bundles", b"A", 10**6))[0] != 200:
            os.sched_yield()
        name = parse_offer(offered[1]).bundle
        for file in ("data/index.txt", "bundle.note"):
            line.read(f"/courier/bundles/{name}/files", f"{file} 0 1000".encode(), 10**6)
    bundles = carrier.house.data / "bundles"
    assert [path.name for path in bundles.iterdir()] == [name]
    for path in bundles.rglob("*"):
        assert path.stat().st_mtime % DAY_SECONDS == 0, path.name
        assert path.is_dir() or path.stat().st_atime % DAY_SECONDS == 0, path.name
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_server_remembers_nothing_of_a_courier(carrier, stick):
    carrier.fetch(stick)
    carrier.server.stop()
    log = carrier.server.log.read_text("utf-8")
    assert "courier" not in log
    assert "bundle" not in log
    assert carrier.house.rows()["outboxes"] == []
    told = {name for name, rows in carrier.house.rows().items() if "courier-1" in repr(rows)}
    assert told <= {"manifests"}


def test_bundle_names_no_more_than_the_index_must(carrier, stick):
    """No arrival order: neither leaf numbers nor ids rise along the index of one class."""
    folder = carrier.fetch(stick)
    reports = [e for e in parse_index((folder / INDEX_NAME).read_bytes()) if e.kind == "report"]
    assert len(reports) == 12
    assert [e.leaf_number for e in reports] != sorted(e.leaf_number for e in reports)


def test_stolen_key_reads_nothing_but_bundles(carrier):
    """The whole surface of a courier's key: five routes; every other path is signed for nothing."""
    with carrier.line() as line:
        for path in ("/courier/manifests", "/courier/bundles/bundle-00000000/keys", "/courier/status"):
            try:
                line.read(path, b"", 1000)
            except ServerRefused:
                continue
            raise AssertionError(path)
