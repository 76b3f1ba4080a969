"""The gate: agrees with the public age suite's grammar, and looks at no byte behind the header."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire import padding, sealed
from intake.wire.errors import NotSealed, StanzaCount, WireError, WrongRecipients, WrongSize
from tests.wire.cases_sealed import CLASSIC, FIRST, MAC, STANZA, fill, header

GATE_ERRORS = (NotSealed, WrongRecipients, StanzaCount, WrongSize)


@pytest.mark.parametrize("stanzas", [1, 2, 3])
def test_header_is_measured(stanzas):
    found = sealed.parse_header(fill(header(stanzas)))
    assert found == sealed.SealedHeader(stanzas, 70 + 1557 * stanzas)
    assert found.size == len(header(stanzas)) == padding.header_size(stanzas)


@pytest.mark.parametrize("stanzas", [1, 2, 3])
def test_header_is_read_from_its_first_bytes_alone(stanzas):
    whole = fill(header(stanzas), 65536)
    assert sealed.parse_header(whole[: sealed.header_bytes_needed]) == sealed.parse_header(whole)
    assert sealed.header_bytes_needed == 4741


def test_every_cut_of_a_header_is_refused():
    whole = header(2)
    for size in range(len(whole)):
        with pytest.raises(NotSealed):
            sealed.parse_header(whole[:size])


def test_every_changed_character_of_a_header_is_refused_or_is_base64():
    whole = header(1)
    for at in range(len(whole)):
        for byte in b"\n\r\0 =A":
            changed = whole[:at] + bytes([byte]) + whole[at + 1 :]
            if changed == whole or byte == ord("A"):
                continue
            with pytest.raises(GATE_ERRORS):
                sealed.parse_header(changed)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_raise_nothing_but_wire_errors(first, second):
    for data in (
        first,
        FIRST + first,
        FIRST + STANZA + first,
        header(1) + first,
        FIRST + CLASSIC + first + MAC + second,
    ):
        try:
            sealed.check_small(data, None)
        except WireError:
            continue
        pytest.fail("too short for any class, but taken")


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_bytes_behind_the_header_are_not_looked_at(first, last):
    payload = first + bytes(8192 - 1627 - len(first) - len(last)) + last
    assert sealed.check_small(header(1) + payload, 1).stanzas == 1


@given(st.integers(0, 70_000))
def test_small_object_is_taken_in_its_three_sizes_only(size):
    data = fill(header(2), size)[: max(size, padding.header_size(2))]
    if len(data) in (8192, 16384, 65536):
        assert sealed.check_small(data, 2).stanzas == 2
    else:
        with pytest.raises(WrongSize):
            sealed.check_small(data, 2)


@pytest.mark.parametrize(("stanzas", "of_epoch"), [(1, 2), (2, 3), (3, 1), (3, 0)])
def test_another_count_than_the_epochs_is_refused_for_small_and_media(stanzas, of_epoch):
    data = fill(header(stanzas))
    with pytest.raises(StanzaCount):
        sealed.check_small(data, of_epoch)
    with pytest.raises(StanzaCount):
        sealed.check_media(data, padding.sealed_size(stanzas, 65536), of_epoch)


def test_media_is_taken_at_its_size_only():
    total = padding.sealed_size(3, padding.media_plain_size(123_456))
    assert sealed.check_media(fill(header(3)), total, 3) == sealed.SealedHeader(3, 4741)
    for wrong in (total - 1, total + 1, 0, 8192):
        with pytest.raises(WrongSize):
            sealed.check_media(fill(header(3)), wrong, 3)


def test_objects_sealed_by_another_room_pass_the_gate(root: Path) -> None:
    cases = [json.loads(path.read_text("utf-8")) for path in (root / "intake/wire/vectors/seal").glob("*.json")]
    whole = [(len(case["seeds"]), bytes.fromhex(case["sealed"])) for case in cases if "sealed" in case]
    assert [sealed.parse_header(data).stanzas for _, data in whole] == [count for count, _ in whole]
    assert {count for count, _ in whole} == {1, 2, 3}
    small = [data for _, data in whole if len(data) == 8192]
    assert [sealed.check_small(data, 3).size for data in small] == [4741] * len(small) != []
    for case in cases:
        plain_size = case["sealed_size"] - padding.header_size(len(case["seeds"])) - 16
        chunks = -(-plain_size // 65552)
        assert padding.sealed_size(len(case["seeds"]), plain_size - 16 * chunks) == case["sealed_size"]
