"""Reading parsed strict JSON into typed values; every failure is ManifestInvalid and names the field."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from intake.wire.constants import LANGUAGES
from intake.wire.encoding import parse_day, unb64
from intake.wire.errors import ManifestInvalid, WireError

T = TypeVar("T")
_HEX64 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Words:
    """One text in Kazakh, Russian and English."""

    kk: str
    ru: str
    en: str

    def json(self) -> dict[str, str]:
        """Return the text as the JSON object of the manifest."""
        return {"kk": self.kk, "ru": self.ru, "en": self.en}


def fields(value: object, keys: tuple[str, ...], where: str) -> dict[str, object]:
    """Return `value` when it is an object with exactly `keys` in that order."""
    if not isinstance(value, dict) or tuple(value) != keys:
        raise ManifestInvalid(f"{where}: the fields are not the expected ones")
    return value


def integer(value: object, low: int, high: int, where: str) -> int:
    """Return `value` when it is an integer (not a boolean) in [low, high]."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ManifestInvalid(f"{where}: not an integer from {low} to {high}")
    return value


def boolean(value: object, where: str) -> bool:
    """Return `value` when it is true or false."""
    if not isinstance(value, bool):
        raise ManifestInvalid(f"{where}: not true or false")
    return value


def string(value: object, low: int, high: int, where: str) -> str:
    """Return `value` when it is a string of `low` to `high` characters without control characters or `<`."""
    if not isinstance(value, str) or not low <= len(value) <= high:
        raise ManifestInvalid(f"{where}: not a text of {low} to {high} characters")
    if "<" in value or any(ord(c) < 0x20 and c != "\n" for c in value):
        raise ManifestInvalid(f"{where}: a character that is not allowed")
    return value


def words(value: object, low: int, high: int, where: str) -> Words:
    """Return a text in the three languages, each of `low` to `high` characters."""
    taken = fields(value, LANGUAGES, where)
    return Words(*(string(taken[lang], low, high, f"{where}.{lang}") for lang in LANGUAGES))


def day(value: object, where: str) -> date:
    """Return a day written YYYY-MM-DD."""
    return _guard(lambda: parse_day(string(value, 10, 10, where)), where)


def raw(value: object, size: int, where: str) -> bytes:
    """Return exactly `size` bytes written in canonical base64."""
    return _guard(lambda: unb64(string(value, 4, 4 * size, where), size), where)


def hex64(value: object, where: str) -> str:
    """Return 64 lower-case hex digits."""
    text = string(value, 64, 64, where)
    if not _HEX64.fullmatch(text):
        raise ManifestInvalid(f"{where}: not 64 hex digits")
    return text


def array(value: object, low: int, high: int, item: Callable[[object, str], T], where: str) -> tuple[T, ...]:
    """Return an array of `low` to `high` values, each read by `item`."""
    if not isinstance(value, list) or not low <= len(value) <= high:
        raise ManifestInvalid(f"{where}: not a list of {low} to {high} entries")
    return tuple(item(entry, f"{where}[{i}]") for i, entry in enumerate(value))


def _guard(read: Callable[[], T], where: str) -> T:
    try:
        return read()
    except WireError as error:
        raise ManifestInvalid(f"{where}: {error}") from error
