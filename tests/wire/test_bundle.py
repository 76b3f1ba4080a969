"""A bundle's words: statement, BagIt lines, heads."""

import dataclasses
from datetime import date

import pytest

from intake.wire.bundle import (
    BundleStatement,
    bag_info,
    bag_manifest,
    parse_bag_manifest,
    parse_bundle_note,
    split_heads,
    write_heads,
)
from intake.wire.errors import BundleInvalid
from intake.wire.note import write_note

STATEMENT = BundleStatement(
    "ab" * 32, "0f" * 16, 4, date(2026, 11, 22), True, "A", 2, 90000, "01" * 32, 0, 2, "02" * 32, "03" * 32, "04" * 32
)


def signed(text, make_signer):
    return write_note(text, [make_signer("log-1", 30).sign(text)])


def test_statement_written_and_read_is_the_same(make_signer):
    _, read = parse_bundle_note(signed(STATEMENT.text(), make_signer))
    assert read == STATEMENT
    assert read.folder == "bundle-0f0f0f0f"
    quiet = dataclasses.replace(STATEMENT, rehearsal=False, laptop="*")
    assert parse_bundle_note(signed(quiet.text(), make_signer))[1] == quiet


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rehearsal yes", "rehearsal maybe"),
        ("for A", "for ?A"),
        ("for A", "for A B"),
        ("for A\n", "for \n"),
        ("serial 4\n", ""),
        ("serial 4", "serial 4 "),
        ("bundle 0f", "bundle 0F"),
        ("leaves 0 2 02", "leaves 0 02"),
        ("leaves 0 2 ", "leaves 0 2 7 "),
        ("objects 2\nbytes 90000", "bytes 90000\nobjects 2"),
        ("intake-bundle/v1", "intake-acks/v1"),
    ],
)
def test_statement_not_canonical_is_refused(old, new, make_signer):
    assert old in STATEMENT.text()
    with pytest.raises(BundleInvalid):
        parse_bundle_note(signed(STATEMENT.text().replace(old, new, 1), make_signer))


def test_heads_written_and_split_are_the_same():
    heads = (b"one\n\nx\n", b"two\n\ny\n")
    assert split_heads(write_heads(heads)) == heads
    assert split_heads(b"") == ()
    with pytest.raises(BundleInvalid):
        split_heads(b"one\n")


def test_rehearsal_is_marked_in_the_bag():
    assert "TRAINING, no real names" in bag_info(STATEMENT)
    assert "TRAINING" not in bag_info(dataclasses.replace(STATEMENT, rehearsal=False))


def test_bag_manifest_written_and_read_is_the_same():
    hashes = {"data/index.txt": "01" * 32, "bundle.note": "02" * 32}
    assert parse_bag_manifest(bag_manifest(hashes.items()).encode()) == hashes


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "data/../../x", "a//b", "data/./x", "a b", "data\\x"])
def test_bag_path_that_leaves_the_folder_is_refused(path):
    with pytest.raises(BundleInvalid):
        parse_bag_manifest(f"{'01' * 32}  {path}\n".encode())


@pytest.mark.parametrize("ending", ["", "\r\n", "\x0b", "\x1c", "\n\n"])
def test_bag_manifest_with_another_line_ending_is_refused(ending):
    with pytest.raises(BundleInvalid):
        parse_bag_manifest(f"{'01' * 32}  data/index.txt{ending}".encode())


def test_bag_manifest_out_of_order_is_refused():
    lines = bag_manifest([("a", "01" * 32), ("b", "02" * 32)]).encode().splitlines(keepends=True)
    with pytest.raises(BundleInvalid):
        parse_bag_manifest(lines[1] + lines[0])
