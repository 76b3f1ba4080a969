"""Section bodies: both directions, and values that cannot be made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire.constants import LANGUAGES
from intake.wire.errors import SectionInvalid, WireError
from intake.wire.section import SectionBody, parse_section, write_section

IDS = st.from_regex("[a-z][a-z0-9_]{0,31}", fullmatch=True).map(str)
TEXTS = st.text(min_size=1, max_size=200)
ANSWERS = TEXTS | st.just(True) | st.lists(TEXTS, min_size=1, max_size=64).map(tuple)
TIMES = st.datetimes().map(lambda t: f"{t:%Y}".rjust(4, "0") + f"-{t:%m-%d}T{t:%H}:{t.minute // 15 * 15:02d}")
BODIES = st.builds(
    SectionBody, IDS, st.sampled_from(LANGUAGES), TIMES | st.just(""), st.dictionaries(IDS, ANSWERS, max_size=6)
)


@given(BODIES)
def test_section_written_and_read_is_the_same(body):
    data = write_section(body)
    assert parse_section(data) == body
    assert list(parse_section(data).answers) == list(body.answers)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda t: b'{"form":"saw",' + t.encode() + b"}"))
def test_any_bytes_are_a_section_or_refused(data):
    try:
        body = parse_section(data)
    except WireError:
        return
    assert write_section(body) == data


@given(BODIES, st.data())
def test_flipped_bit_is_refused_or_another_section(body, data):
    written = write_section(body)
    bit = data.draw(st.integers(0, 8 * len(written) - 1))
    flipped = bytearray(written)
    flipped[bit // 8] ^= 1 << bit % 8
    try:
        found = parse_section(bytes(flipped))
    except SectionInvalid:
        return
    assert found != body
    assert write_section(found) == flipped


@pytest.mark.parametrize(
    "answer", ["", "a" * 20_001, False, (), ("a",) * 65, ("",), ("a", "b" * 20_001), 1, None, b"a", ["a"], (1,)]
)
def test_answer_that_cannot_be_is_refused(answer):
    with pytest.raises(SectionInvalid):
        SectionBody("saw", "kk", "", {"a": answer})


@pytest.mark.parametrize("count", [1, 20_000])
def test_answer_is_counted_in_code_points(count):
    body = SectionBody("saw", "ru", "", {"story": "😀" * count})
    assert parse_section(write_section(body)) == body


def test_lone_surrogate_is_not_written():
    with pytest.raises(SectionInvalid):
        write_section(SectionBody("saw", "kk", "", {"a": "\ud83d"}))


def test_error_about_an_answer_does_not_hold_it():
    secret = "Әлия Серікова"
    with pytest.raises(SectionInvalid) as caught:
        parse_section(f'{{"form":"saw","lang":"kk","made":"","answers":{{"{secret}":"{secret}"}}}}'.encode())
    assert secret not in str(caught.value)
