"""Return codes: no wrong digit and no swap of neighbours passes, tried out in full."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire.constants import CODE_SEPARATORS
from intake.wire.errors import CodeInvalid, WireError
from intake.wire.returncode import check_digits, format_code, parse_code

THIRTY = st.text("0123456789", min_size=30, max_size=30)
_RNG = random.Random("codes")
SAMPLES = ["0" * 30, "9" * 30, "314159265358979323846264338327", "098765432109876543210987654321"] + [
    "".join(_RNG.choices("0123456789", k=30)) for _ in range(60)
]


def passes(code):
    try:
        parse_code(code)
    except CodeInvalid:
        return False
    return True


@pytest.mark.parametrize("digits", SAMPLES)
def test_every_single_wrong_digit_is_noticed(digits):
    code = digits + check_digits(digits)
    wrong = [code[:at] + digit + code[at + 1 :] for at in range(32) for digit in "0123456789" if digit != code[at]]
    assert len(wrong) == 288
    assert [one for one in wrong if passes(one)] == []


@pytest.mark.parametrize("digits", SAMPLES)
def test_every_swap_of_neighbours_is_noticed(digits):
    code = digits + check_digits(digits)
    swapped = {code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(31)} - {code}
    assert [one for one in swapped if passes(one)] == []


@pytest.mark.parametrize("digits", SAMPLES)
def test_no_other_check_digits_pass(digits):
    assert [end for end in range(100) if passes(f"{digits}{end:02d}")] == [int(check_digits(digits))]


@given(THIRTY)
def test_code_is_1_modulo_97(digits):
    assert int(digits + check_digits(digits)) % 97 == 1
    assert 2 <= int(check_digits(digits)) <= 98


@given(THIRTY, st.lists(st.tuples(st.integers(0, 60), st.sampled_from(CODE_SEPARATORS)), max_size=40))
def test_code_is_read_with_separators_anywhere(digits, separators):
    code = digits + check_digits(digits)
    text = format_code(code)
    for at, separator in separators:
        text = text[:at] + separator + text[at:]
    assert parse_code(text) == code


def test_code_is_shown_in_8_groups_of_4():
    shown = format_code("0" * 30 + "98")
    assert [len(group) for group in shown.split(" ")] == [4] * 8


@given(st.text(max_size=80))
def test_any_text_is_a_code_or_refused(text):
    try:
        digits = parse_code(text)
    except WireError:
        return
    assert parse_code(digits) == digits


@pytest.mark.parametrize("digits", ["", "0" * 29, "0" * 31, "٠" * 30, "-" + "0" * 29, " " * 30])
def test_check_digits_of_other_than_30_digits_are_refused(digits):
    with pytest.raises(CodeInvalid):
        check_digits(digits)


def test_error_about_a_code_does_not_hold_it():
    code = "314159265358979323846264338327" + "00"
    with pytest.raises(CodeInvalid) as caught:
        parse_code(code)
    assert "3141" not in str(caught.value)
