"""A stick on which something is wrong: it is named, and keeps nothing else out."""

from pathlib import Path

import pytest

from intake.reviewer import cli
from keys.ring import save_ring

SIDE_FILES = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "data/manifest.note"]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_whole_bundle_gives_no_warning(laptop, stick):
    result = laptop.take_one(laptop.server.bundle(stick, [laptop.phone().section(who="x")]))
    assert (result.warnings, result.new) == ([], 1)


@pytest.mark.parametrize("remove", [False, True], ids=["flipped", "missing"])
@pytest.mark.parametrize("name", SIDE_FILES)
def test_damaged_file_beside_the_objects_is_named(laptop, stick, name, remove):
    bundle = laptop.server.bundle(stick, [laptop.phone().section(who="x")])
    (bundle / name).unlink() if remove else flip(bundle / name)
    result = laptop.take_one(bundle)
    assert f"{name} is missing or damaged" in result.warnings
    assert (result.new, len(laptop.to_ack())) == (1, 1)


def test_forged_bundle_on_a_stick_keeps_no_other_out(laptop, stick):
    bundles = [laptop.server.bundle(stick, [laptop.phone().section(who="x")]) for _ in range(3)]
    forged = min(bundles, key=lambda bundle: bundle.name)
    flip(forged / "bundle.note")
    results = laptop.take(stick)
    (refused,) = [result for result in results if result.findings.refused]
    assert (refused.title, refused.asked, refused.new) == (forged.name, True, 0)
    assert (len(results), len(laptop.items()), len(laptop.to_ack())) == (3, 2, 2)


def test_half_written_bundle_on_a_stick_keeps_no_other_out(laptop, stick):
    (stick / ".bundle-00000000.part").mkdir()
    (stick / ".bundle-00000000.part" / "bagit.txt").touch()
    laptop.server.bundle(stick, [laptop.phone().section(who="x")])
    assert len(laptop.take(stick)) == 1
    assert len(laptop.items()) == 1


def test_refused_path_keeps_no_other_out(laptop, stick, capsys):
    save_ring(laptop.home.key_file, laptop.ring, "six words would be better")
    good, forged = (laptop.server.bundle(stick, [laptop.phone().section(who="x")]) for _ in range(2))
    flip(forged / "bundle.note")
    passphrase = stick / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("six words would be better\n")
    laptop.close()
    where = ["--home", str(laptop.home.path), "--passphrase-file", str(passphrase)]
    assert cli.run([*where, "import", str(forged), str(stick / "nothing"), str(good)]) == 1
    printed = capsys.readouterr()
    assert printed.err.count("error: ") == 2
    assert "1 new, 0 known" in printed.out


def test_statement_of_a_huge_log_costs_no_memory(laptop, stick):
    bundle = laptop.server.bundle(stick, [laptop.phone().section(who="x")], leaves_count=2**53 - 1)
    with (bundle / "data/log/leaves.bin").open("ab") as leaves:
        leaves.truncate(1 << 42)
    result = laptop.take_one(bundle)
    assert result.warnings[0].startswith("data/log/leaves.bin is missing or cannot be read")
    assert (result.new, laptop.to_ack()) == (1, set())
