"""`courier pull`: what waits for a laptop, whole or not at all, over lines that break."""

from __future__ import annotations

import fcntl
import os

import pytest

from intake.courier.errors import (
    BundleDamaged,
    BundleForeign,
    CourierError,
    FileUnusable,
    LineBroken,
    ServerBusy,
    ServerRefused,
)
from intake.courier.services.fetching import Fetch
from intake.wire.bundle import NOTE_NAME, parse_bundle_note

RUNS = int(os.environ.get("COURIER_CUTS", "8"))
DAY_SECONDS = 86_400


def fetch_patiently(carrier, stick, url):
    """The same command again and again, as a person would."""
    for _ in range(50):
        try:
            return carrier.fetch(stick, url)
        except LineBroken:
            continue
    raise AssertionError("never whole")


def test_bundle_is_fetched_checked_and_forgotten_by_the_server(carrier, stick, courier):
    ran = carrier.pull(stick)
    assert ran.returncode == 0, ran.stderr
    (folder,) = stick.iterdir()
    assert ran.stdout.strip() == str(folder)
    statement = parse_bundle_note((folder / NOTE_NAME).read_bytes())[1]
    assert (statement.laptop, statement.objects) == ("A", 14)
    assert list((carrier.house.data / "bundles").iterdir()) == []
    ran = courier("verify", "--home", carrier.home, folder)
    assert (ran.returncode, ran.stdout[:6]) == (0, "whole:")


def test_fetched_bundle_is_the_one_that_was_offered(carrier, stick, contents):
    reference = carrier.prepare()
    assert contents(carrier.fetch(stick)) == contents(reference)


def test_files_on_the_stick_have_the_times_of_a_day_and_no_other_reader(carrier, stick):
    folder = carrier.fetch(stick)
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mtime % DAY_SECONDS == 0, path.name
        assert path.is_dir() or path.stat().st_mode & 0o077 == 0


def test_next_pull_makes_a_bundle_of_what_is_not_acked_yet(carrier, stick, put_in):
    carrier.fetch(stick)
    put_in(carrier.house, 9, 3, 0)
    folder = carrier.fetch(stick)
    assert parse_bundle_note((folder / NOTE_NAME).read_bytes())[1].objects == 17
    assert len(list(stick.iterdir())) == 2


def test_line_cut_at_random_bytes_gives_an_identical_bundle(carrier, tmp_path, cutting, contents):
    """Seeded lines, 8 here, as many as COURIER_CUTS says; each is cut again and again, until the bundle is whole."""
    cuts, reference = 0, carrier.prepare()
    for seed in range(RUNS):
        stick = tmp_path / f"stick-{seed}"
        stick.mkdir()
        if seed:
            carrier.offer_again(reference)
        line = cutting(carrier.server.port, seed)
        folder = fetch_patiently(carrier, stick, line.url)
        assert contents(folder) == contents(reference), seed
        assert [path.name for path in stick.iterdir()] == [reference.name]
        cuts += line.cuts
    assert cuts >= RUNS


def test_server_killed_while_it_sends_gives_an_identical_bundle(carrier, stick, cutting, contents):
    reference = carrier.prepare()
    for seed, most in enumerate((20_000, 90_000, 150_000)):
        line = cutting(carrier.server.port, seed, most - 1, most)
        with carrier.line(line.url) as opened:
            fetch = Fetch(opened, stick, carrier.roots, lambda *_: None, lambda _: kill(carrier))
            with pytest.raises(LineBroken):
                fetch.run("A")
        carrier.server.start()
    folder = carrier.fetch(stick)
    assert contents(folder) == contents(reference)


def kill(carrier) -> None:
    if carrier.server.runs:
        carrier.server.kill()


def test_changed_byte_on_the_stick_is_fetched_again(carrier, stick, contents):
    reference = carrier.prepare()
    draft = stick / f".{reference.name}.part"
    (draft / "data").mkdir(parents=True)
    index = (reference / "data/index.txt").read_bytes()
    (draft / "data/index.txt").write_bytes(b"x" + index[1:-50])
    (draft / "bag-info.txt").write_bytes(b"y" * 10_000)
    assert contents(carrier.fetch(stick)) == contents(reference)


def test_server_that_sends_other_bytes_gives_no_bundle(carrier, stick):
    reference = carrier.prepare()
    offered = carrier.house.data / "bundles" / reference.name / "data/index.txt"
    data = offered.read_bytes()
    offered.write_bytes(b"0" * len(data))
    with pytest.raises(BundleDamaged):
        carrier.fetch(stick)
    assert [path.name for path in stick.iterdir()] == [f".{reference.name}.part"]
    offered.write_bytes(data)
    carrier.fetch(stick)


def test_bundle_of_another_deployment_gives_no_bundle(carrier, stick, tmp_path):
    from tests.server.parts import Deployment

    carrier.prepare()
    other = Deployment().roots
    with carrier.line() as line, pytest.raises(BundleForeign):
        Fetch(line, stick, other, lambda *_: None, lambda _: None).run("A")
    assert all(path.name.startswith(".") for path in stick.iterdir())


def test_two_fetches_into_one_stick_do_not_mix(carrier, stick):
    reference = carrier.prepare()
    draft = stick / f".{reference.name}.part"
    draft.mkdir()
    handle = os.open(draft, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(FileUnusable):
        carrier.fetch(stick)
    os.close(handle)
    carrier.fetch(stick)


def test_link_in_the_draft_is_not_followed(carrier, stick, tmp_path):
    reference = carrier.prepare()
    draft = stick / f".{reference.name}.part"
    draft.mkdir()
    (tmp_path / "elsewhere").write_bytes(b"")
    (draft / "bag-info.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises((OSError, CourierError)):
        carrier.fetch(stick)
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_stick_without_room_is_told_before_the_first_byte(carrier, stick, monkeypatch):
    import shutil

    carrier.prepare()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 100, 0))
    with pytest.raises(FileUnusable):
        carrier.fetch(stick)


def test_folder_that_is_not_there_is_named(carrier, tmp_path):
    ran = carrier.pull(tmp_path / "none")
    assert (ran.returncode, f"there is no folder '{tmp_path}/none'" in ran.stderr) == (1, True)


def test_laptop_nobody_named_is_refused(carrier, stick):
    with pytest.raises(ServerRefused):
        carrier.fetch(stick, laptop="C")


def test_server_that_cannot_make_a_bundle_says_so_and_can_later(carrier, stick):
    bundles = carrier.house.data / "bundles"
    bundles.write_bytes(b"in the way")
    with pytest.raises(ServerBusy):
        carrier.fetch(stick)
    bundles.unlink()
    assert carrier.fetch(stick).is_dir()
