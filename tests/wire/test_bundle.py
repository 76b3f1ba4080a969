"""A bundle's words: statement, index, BagIt lines, heads."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire.bundle import (
    BundleStatement,
    IndexEntry,
    bag_info,
    bag_manifest,
    parse_bag_manifest,
    parse_bundle_note,
    parse_index,
    split_heads,
    write_heads,
)
from intake.wire.errors import BundleInvalid, WireError
from intake.wire.note import write_note

STATEMENT = BundleStatement(
    "ab" * 32, "0f" * 16, 4, date(2026, 11, 22), True, 2, 90000, "01" * 32, 0, 2, "02" * 32, "03" * 32, "04" * 32
)
ENTRIES = (
    IndexEntry(bytes([7]) * 16, "report", 8192, bytes(32), 12, bytes([1]) * 32, 0, date(2026, 11, 22)),
    IndexEntry(bytes([3]) * 16, "media", 81000, bytes(32), 0, bytes([2]) * 32, 5, date(2026, 11, 21)),
)


def signed(text, make_signer):
    return write_note(text, [make_signer("log-1", 30).sign(text)])


def test_statement_written_and_read_is_the_same(make_signer):
    _, read = parse_bundle_note(signed(STATEMENT.text(), make_signer))
    assert read == STATEMENT
    assert read.folder == "bundle-0f0f0f0f"
    quiet = dataclasses.replace(STATEMENT, rehearsal=False)
    assert parse_bundle_note(signed(quiet.text(), make_signer))[1] == quiet


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rehearsal yes", "rehearsal maybe"),
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


def test_index_written_and_read_is_the_same():
    data = "".join(e.line() for e in ENTRIES).encode()
    assert parse_index(data) == ENTRIES
    assert parse_index(b"") == ()
    assert ENTRIES[0].path == f"data/objects/{'07' * 16}.age"


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[::-1],
        lambda lines: [lines[0], lines[0]],
        lambda lines: [lines[0].replace("report", "letter"), lines[1]],
        lambda lines: [lines[0].rstrip("\n"), ""],
        lambda lines: [lines[0].replace("\n", "\r\n"), lines[1]],
        lambda lines: [lines[0], "\n", lines[1]],
        lambda lines: [lines[0].replace("07" * 16, "../" + "07" * 14), lines[1]],
        lambda lines: [lines[0].replace(" 8192 ", " 08192 "), lines[1]],
    ],
)
def test_index_not_canonical_is_refused(change):
    with pytest.raises(BundleInvalid):
        parse_index("".join(change([e.line() for e in ENTRIES])).encode())


@given(st.integers(min_value=0), st.integers(0, 255))
def test_index_with_a_changed_byte_never_reads_as_before(position, value):
    good = "".join(e.line() for e in ENTRIES).encode()
    data = bytearray(good)
    data[position % len(data)] = value
    try:
        entries = parse_index(bytes(data))
    except WireError:
        return
    assert entries != ENTRIES or bytes(data) == good


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


def test_index_epoch_that_no_leaf_can_hold_is_refused():
    line = dataclasses.replace(ENTRIES[0], epoch=2**32 - 1).line()
    assert parse_index(line.encode())[0].epoch == 2**32 - 1
    with pytest.raises(BundleInvalid):
        parse_index(line.replace(str(2**32 - 1), str(2**32)).encode())
