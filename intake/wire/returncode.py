"""The return code's 32 digits: 30 random ones and two check digits of ISO 7064 MOD 97-10 (SPEC.md section 5).

Keys are derived from it in keys/return_code.py and on the phone. The code is a secret of 99.6 bits: never in a
URL, a log or an error.
"""

import re
from typing import Final

from intake.wire.constants import CODE_DIGITS, CODE_GROUP_DIGITS, CODE_RANDOM_DIGITS, CODE_SEPARATORS
from intake.wire.errors import CodeInvalid

_DIGITS: Final = re.compile("[0-9]*")
_WITHOUT_SEPARATORS: Final = str.maketrans("", "", CODE_SEPARATORS)


def _check_shape(text: str, count: int) -> None:
    if len(text) != count or not _DIGITS.fullmatch(text):
        raise CodeInvalid(f"not {count} digits")


def check_digits(random_digits: str) -> str:
    """The two check digits, 02..98, of 30 ASCII digits; raises CodeInvalid for anything else."""
    _check_shape(random_digits, CODE_RANDOM_DIGITS)
    return f"{98 - 100 * int(random_digits) % 97:02d}"


def parse_code(text: str) -> str:
    """The 32 digits of a code as typed, with any of CODE_SEPARATORS anywhere; raises CodeInvalid.

    Every single wrong digit and every swap of two neighbours is noticed. Check digits 97 off, which the sum
    alone would pass, are refused, so a code has one spelling.
    """
    digits = text.translate(_WITHOUT_SEPARATORS)
    _check_shape(digits, CODE_DIGITS)
    if check_digits(digits[:CODE_RANDOM_DIGITS]) != digits[CODE_RANDOM_DIGITS:]:
        raise CodeInvalid("the check digits do not fit")
    return digits


def format_code(digits: str) -> str:
    """The code as shown: 8 groups of 4 digits with a space between; raises CodeInvalid."""
    code = parse_code(digits)
    return " ".join(code[at : at + CODE_GROUP_DIGITS] for at in range(0, CODE_DIGITS, CODE_GROUP_DIGITS))
