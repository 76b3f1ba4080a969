"""A bundle's index: one order, one layout of segments, one spelling."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire.bundle_index import IndexEntry, Layout, Place, own_paths, parse_index
from intake.wire.constants import BUNDLE_PART_SIZE, BUNDLE_SEGMENT_MAX_SIZE, BUNDLE_SEGMENTS_MAX
from intake.wire.errors import BundleInvalid, WireError

DAY = date(2026, 11, 22)
FAT32_MAX_SIZE = 2**32 - 1


def entry(number: int, kind: str, size: int, work: int, place: Place | None, epoch: int = 12) -> IndexEntry:
    return IndexEntry(bytes([number]) * 16, kind, size, bytes(32), epoch, bytes([1]) * 32, number, DAY, work, place)


ENTRIES = (
    entry(7, "report", 8192, 3, Place(0, 0)),
    entry(3, "report", 65536, 3, Place(0, 8192)),
    entry(4, "report", 8192, 1, None),
    entry(9, "report", 8192, 0, Place(0, 73728)),
    entry(5, "media", 81000, 2, None, 0),
    entry(6, "media", 2**31 + 1, 0, None),
)


def written(*entries: IndexEntry) -> bytes:
    return "".join(each.line() for each in entries).encode()


def test_index_written_and_read_is_the_same():
    assert parse_index(written(*ENTRIES)) == ENTRIES
    assert parse_index(b"") == ()


def test_paths_are_a_segment_a_file_or_parts():
    assert ENTRIES[0].paths == ("data/segments/0000.bin",)
    assert ENTRIES[4].paths == (f"data/objects/{'05' * 16}.age",)
    assert ENTRIES[5].paths == tuple(f"data/objects/{'06' * 16}.age.{number}" for number in ("000", "001"))
    assert own_paths(bytes(16), BUNDLE_PART_SIZE) == (f"data/objects/{'00' * 16}.age",)


def test_no_file_of_a_bundle_is_too_large_for_fat32():
    assert max(BUNDLE_PART_SIZE, BUNDLE_SEGMENT_MAX_SIZE) <= FAT32_MAX_SIZE


def test_layout_begins_a_segment_when_the_last_is_full():
    layout = Layout()
    full = [layout.place(65536) for _ in range(BUNDLE_SEGMENT_MAX_SIZE // 65536)]
    assert full[-1] == Place(0, BUNDLE_SEGMENT_MAX_SIZE - 65536)
    assert layout.place(8192) == Place(1, 0)
    assert layout.place(16384) == Place(1, 8192)


@pytest.mark.parametrize("size", [0, 65537, 2**40])
def test_layout_of_an_object_that_no_segment_takes_is_refused(size):
    with pytest.raises(BundleInvalid):
        Layout().place(size)


def test_layout_beyond_the_last_segment_is_refused():
    layout = Layout()
    layout._segment = BUNDLE_SEGMENTS_MAX
    with pytest.raises(BundleInvalid):
        layout.place(8192)


CHANGES = {
    "other way round": lambda e: e[::-1],
    "less work first": lambda e: (e[3], *e[:3]),
    "media first": lambda e: (e[4], *e[:4]),
    "media with less work first": lambda e: (*e[:4], e[5], e[4]),
    "object twice": lambda e: (e[2], dataclasses.replace(e[2], leaf_number=99)),
    "leaf twice": lambda e: (e[2], dataclasses.replace(e[2], object_id=bytes(16))),
    "gap": lambda e: (e[0], dataclasses.replace(e[1], place=Place(0, 8193))),
    "overlap": lambda e: (e[0], dataclasses.replace(e[1], place=Place(0, 0))),
    "segment too early": lambda e: (e[0], dataclasses.replace(e[1], place=Place(1, 0))),
    "begins later": lambda e: e[1:],
    "media in a segment": lambda e: (dataclasses.replace(e[4], size=8192, place=Place(0, 0)),),
    "too large for a segment": lambda e: (dataclasses.replace(e[0], size=65537),),
    "report larger than there are": lambda e: (dataclasses.replace(e[2], size=65537),),
    "media larger than there are": lambda e: (dataclasses.replace(e[4], size=2**32 + 1),),
    "size that would name four million parts": lambda e: (dataclasses.replace(e[4], size=2**53 - 1),),
    "work of no class": lambda e: (dataclasses.replace(e[0], work=256),),
    "epoch that no leaf can hold": lambda e: (dataclasses.replace(e[0], epoch=2**32),),
}


@pytest.mark.parametrize("change", CHANGES)
def test_index_of_another_order_or_layout_is_refused(change):
    with pytest.raises(BundleInvalid):
        parse_index(written(*CHANGES[change](ENTRIES)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("report", "letter"),
        ("\n", "\r\n"),
        ("\n", "\n\n"),
        ("07" * 16, "../" + "07" * 14),
        (" 8192 ", " 08192 "),
        (" 0:0\n", " 0\n"),
        (" 0:0\n", " 00:0\n"),
        (" 0:0\n", " 0:0:0\n"),
        (" 0:0\n", " :0\n"),
        (" 3 0:0\n", " 3  0:0\n"),
        (" 3 0:0\n", " 0:0\n"),
    ],
)
def test_index_not_canonical_is_refused(old, new):
    text = written(*ENTRIES).decode()
    assert old in text
    with pytest.raises(BundleInvalid):
        parse_index(text.replace(old, new, 1).encode())


def test_index_without_its_last_newline_is_refused():
    with pytest.raises(BundleInvalid):
        parse_index(written(*ENTRIES)[:-1])


@given(st.integers(min_value=0), st.integers(0, 255))
def test_index_with_a_changed_byte_never_reads_as_before(position, value):
    good = written(*ENTRIES)
    data = bytearray(good)
    data[position % len(data)] = value
    try:
        entries = parse_index(bytes(data))
    except WireError:
        return
    assert entries != ENTRIES or bytes(data) == good
