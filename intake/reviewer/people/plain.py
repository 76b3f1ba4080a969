"""Reads plain dicts of strict JSON back into the room's types: exact keys, exact types, bounded sizes, or ClaimInvalid.

Messages name the field, never its content: a claim is about a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from types import UnionType
from typing import TypeVar

from intake.reviewer.errors import ClaimInvalid

Plain = dict[str, object]
"""What every `to_dict` gives: str, int, bool, None, lists and dicts; never a float, so that strict JSON holds it."""

Word = TypeVar("Word", bound=StrEnum)
Thing = TypeVar("Thing")

# A line break inside a name would make one line of a list look like two people.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def check_text(value: object, what: str, most: int) -> None:
    """Raise ClaimInvalid unless `value` is text of 1 to `most` characters, not blank, on one line."""
    if not isinstance(value, str) or not value.strip() or len(value) > most or _CONTROLS.search(value):
        raise ClaimInvalid(f"{what}: one line of 1 to {most} characters")


def check_whole(value: object, what: str, least: int, most: int) -> None:
    """Raise ClaimInvalid unless `value` is a whole number from `least` to `most`; True and False are none."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ClaimInvalid(f"{what}: a whole number from {least} to {most}")


def check_order(low: int | None, high: int | None, what: str) -> None:
    """Raise ClaimInvalid when both ends are known and the first is greater."""
    if low is not None and high is not None and low > high:
        raise ClaimInvalid(f"{what}: the first end lies after the second")


def read_fields(data: object, what: str, *names: str) -> Plain:
    """Return `data` when it is a dict with exactly these keys; raises ClaimInvalid."""
    if not isinstance(data, dict) or set(data) != set(names):
        raise ClaimInvalid(f"{what}: not the fields it must have")
    return data


def read_text(value: object, what: str) -> str:
    """Return text; raises ClaimInvalid for anything else."""
    if not isinstance(value, str):
        raise ClaimInvalid(f"{what}: not text")
    return value


def read_whole(value: object, what: str) -> int:
    """Return a whole number; raises ClaimInvalid for anything else, True and False too."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ClaimInvalid(f"{what}: not a whole number")
    return value


def read_word(vocabulary: type[Word], value: object, what: str) -> Word:
    """Return the word of a closed vocabulary; raises ClaimInvalid for a word it does not have."""
    if not isinstance(value, str) or value not in set(vocabulary):
        raise ClaimInvalid(f"{what}: not a word of its vocabulary")
    return vocabulary(value)


def read_maybe(read: Callable[[object], Thing], value: object) -> Thing | None:
    """Return None for None, else what `read` makes of the value."""
    return None if value is None else read(value)


def read_all(read: Callable[[object], Thing], value: object, what: str, most: int) -> tuple[Thing, ...]:
    """Return what `read` makes of every member of a list of at most `most`; raises ClaimInvalid."""
    if not isinstance(value, list):
        raise ClaimInvalid(f"{what}: not a list")
    if len(value) > most:
        raise ClaimInvalid(f"{what}: {len(value)}, of at most {most}")
    return tuple(read(each) for each in value)


def check_tuple(values: object, kind: type, what: str, most: int) -> None:
    """Raise ClaimInvalid unless `values` is a tuple of at most `most` members, all of this kind."""
    if not isinstance(values, tuple) or not all(isinstance(each, kind) for each in values):
        raise ClaimInvalid(f"{what}: of another kind")
    if len(values) > most:
        raise ClaimInvalid(f"{what}: {len(values)}, of at most {most}")


def check_kind(value: object, kinds: type | UnionType, what: str) -> None:
    """Raise ClaimInvalid unless `value` is an instance of one of these types."""
    if not isinstance(value, kinds):
        raise ClaimInvalid(f"{what}: of another kind")
