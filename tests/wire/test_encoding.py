"""One spelling of everything: what is read is written the same, and nothing else is read."""

import base64
import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire import encoding
from intake.wire.constants import JSON_DEPTH_MAX, JSON_INTEGER_MAX
from intake.wire.errors import EncodingInvalid, NoteInvalid

SCALARS = st.none() | st.booleans() | st.integers(0, JSON_INTEGER_MAX) | st.text(max_size=20)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=3)


def depth(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(depth, children), default=0)


@given(st.binary(max_size=100))
def test_base64_written_and_read_is_the_same(data):
    assert encoding.unb64(encoding.b64(data)) == data
    assert encoding.unb64(encoding.b64(data), len(data)) == data
    bare = encoding.b64(data).rstrip("=")
    assert encoding.unb64_unpadded(bare, len(data)) == data


@given(st.text(alphabet="ABCDwxyz0189+/=-_ \n\r", max_size=12) | st.text(max_size=8))
def test_base64_that_is_read_is_canonical(text):
    try:
        data = encoding.unb64(text)
    except EncodingInvalid:
        return
    assert base64.b64encode(data).decode() == text


@pytest.mark.parametrize(
    "text", ["AB==", "AAB=", "AA", "AA=", "A", "AA==\n", " AA==", "AA==AA==", "A-__", "ＡA==", "="]
)
def test_base64_in_another_spelling_is_refused(text):
    with pytest.raises(EncodingInvalid):
        encoding.unb64(text)


@pytest.mark.parametrize("text", ["AA==", "AB", "A", "AA=", "AAAA=", "AAA"])
def test_unpadded_base64_in_another_spelling_is_refused(text):
    with pytest.raises(EncodingInvalid):
        encoding.unb64_unpadded(text, 1)


@pytest.mark.parametrize("size", [0, 1, 3])
def test_base64_of_another_size_is_refused(size):
    with pytest.raises(EncodingInvalid):
        encoding.unb64("AAA=", size)


@given(st.binary(max_size=40))
def test_hex_written_and_read_is_the_same(data):
    assert encoding.unhex(encoding.hexed(data), len(data)) == data


@pytest.mark.parametrize("text", ["AB", "a", "abc", "a b", "ab\n", "0x", "ａｂ", "", "abab"])
def test_hex_in_another_spelling_or_size_is_refused(text):
    with pytest.raises(EncodingInvalid):
        encoding.unhex(text, 1)


@given(st.dates())
def test_day_written_and_read_is_the_same(day):
    assert encoding.parse_day(encoding.day_text(day)) == day


@pytest.mark.parametrize(
    "text",
    [
        "20261122",
        "2026-W47-7",
        "2026-11-22T00:00",
        "2026-11-22\n",
        "2026-1-2",
        "2026-02-29",
        "0000-01-01",
        "２０２６-11-22",
        "",
    ],
)
def test_day_in_another_spelling_is_refused(text):
    with pytest.raises(EncodingInvalid):
        encoding.parse_day(text)


@given(OBJECTS)
def test_json_written_and_read_is_the_same(value):
    if depth(value) > JSON_DEPTH_MAX:
        return
    text = encoding.strict_json_dumps(value)
    assert encoding.strict_json_loads(text) == value
    assert json.loads(text) == value
    assert list(encoding.strict_json_loads(text)) == list(value)


@given(st.text(alphabet='{}[]",:\\u0041\n\t -+.eEtrufalsn019dé', max_size=30))
def test_json_that_is_read_is_canonical(text):
    try:
        value = encoding.strict_json_loads("{" + text + "}")
    except EncodingInvalid:
        return
    assert encoding.strict_json_dumps(value) == "{" + text + "}"


@pytest.mark.parametrize(
    "value",
    [
        [],
        "text",
        None,
        {"a": -1},
        {"a": 2**53},
        {"a": 1.0},
        {"a": b"bytes"},
        {"a": {1}},
        {1: "a"},
        {"a": "\ud800"},
        {"\udfff": 1},
        {"a": datetime.date(2026, 11, 22)},
    ],
)
def test_json_of_another_value_is_not_written(value):
    with pytest.raises(EncodingInvalid):
        encoding.strict_json_dumps(value)


def test_json_too_deep_is_neither_written_nor_read():
    value = {}
    for _ in range(JSON_DEPTH_MAX - 1):
        value = {"a": value}
    assert encoding.strict_json_loads(encoding.strict_json_dumps(value)) == value
    with pytest.raises(EncodingInvalid):
        encoding.strict_json_dumps({"a": value})
    with pytest.raises(EncodingInvalid):
        encoding.strict_json_loads(json.dumps({"a": value}, separators=(",", ":")))


@pytest.mark.parametrize("unit", ["[", '{"a":', '"\\"', "\\", '"', '{"a":["'])
def test_json_of_60_kb_of_one_unit_is_refused_in_linear_time(unit):
    with pytest.raises(EncodingInvalid):
        encoding.strict_json_loads('{"a":' + unit * (60_000 // len(unit)))


def test_byte_order_mark_is_kept_as_a_character():
    assert encoding.utf8("\ufeffa".encode()) == "\ufeffa"


def test_errors_as_keeps_the_detail_and_changes_the_class():
    with pytest.raises(NoteInvalid, match="not base64"), encoding.errors_as(NoteInvalid):
        encoding.unb64("*")


@given(st.integers(0, JSON_INTEGER_MAX))
def test_integer_written_and_read_is_the_same(number):
    assert encoding.parse_int(str(number)) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "01", "00", " 1", "1\n", "1.0", "٣", "²", "9007199254740992", "1" * 17]
)
def test_integer_in_another_spelling_is_refused(text):
    with pytest.raises(EncodingInvalid):
        encoding.parse_int(text)
