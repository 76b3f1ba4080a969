"""The one accepted spelling of bytes, days and JSON in text; everything else raises EncodingInvalid.

One value with two spellings would let two machines disagree about what was signed or hashed, so each reader
here refuses every text that its writer would not produce (SPEC.md, first paragraph and section 3).
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final

from intake.wire.constants import JSON_DEPTH_MAX, JSON_INTEGER_MAX
from intake.wire.errors import EncodingInvalid, WireError

_HEX: Final = re.compile("(?:[0-9a-f]{2})*")
_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER: Final = re.compile("0|[1-9][0-9]{0,15}")
# Made once: making it costs as much as a small object's text.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_JSON_NESTING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


@contextmanager
def errors_as(kind: type[WireError]) -> Iterator[None]:
    """Re-raises an EncodingInvalid from inside the block as `kind`, with the same detail."""
    try:
        yield
    except EncodingInvalid as error:
        raise kind(*error.args) from None


def _sized(data: bytes, size: int | None) -> bytes:
    if size is not None and len(data) != size:
        raise EncodingInvalid(f"{size} bytes are expected, {len(data)} are given")
    return data


def b64(data: bytes) -> str:
    """RFC 4648 section 4 base64 with padding."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str, size: int | None = None) -> bytes:
    """The bytes of padded base64, exactly `size` of them when given; refuses stray trailing bits and white space."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise EncodingInvalid("not base64") from None
    if b64(data) != text:
        raise EncodingInvalid("base64 with stray bits")
    return _sized(data, size)


def unb64_unpadded(text: str, size: int) -> bytes:
    """The `size` bytes of base64 without padding, as age headers write it (C2SP age.md)."""
    if "=" in text:
        raise EncodingInvalid("padding where none belongs")
    return unb64(text + "=" * (-len(text) % 4), size)


def hexed(data: bytes) -> str:
    """Lower-case hex, two digits a byte."""
    return data.hex()


def unhex(text: str, size: int) -> bytes:
    """The `size` bytes of lower-case hex; refuses upper case and white space."""
    if not _HEX.fullmatch(text):
        raise EncodingInvalid("not lower-case hex")
    return _sized(bytes.fromhex(text), size)


def day_text(day: date) -> str:
    """`YYYY-MM-DD`."""
    return day.isoformat()


def parse_day(text: str) -> date:
    """The date of `YYYY-MM-DD`; date.fromisoformat alone would take other spellings of ISO 8601 too."""
    if not _DAY.fullmatch(text):
        raise EncodingInvalid("not a day as YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise EncodingInvalid("no such day") from None


def utf8(data: bytes) -> str:
    """The text of UTF-8 bytes; a byte order mark is kept as a character, overlong forms and surrogates are refused."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise EncodingInvalid("not UTF-8") from None


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise EncodingInvalid("a key stands twice in one JSON object")
        found[key] = value
    return found


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or int(text) > JSON_INTEGER_MAX:
        raise EncodingInvalid("a number is not an integer from 0 to 2^53 - 1")
    return int(text)


def _no_other_number(_: str) -> float:
    raise EncodingInvalid("a number is not an integer from 0 to 2^53 - 1")


def _check_depth(text: str) -> None:
    # Nesting is counted before anything recurses: "[" * 60_000 would end in a RecursionError.
    # A string may end with the text, else each quote of an open string would be tried as a start: quadratic time.
    depth = 0
    for token in _JSON_NESTING.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if depth > JSON_DEPTH_MAX:
            raise EncodingInvalid("JSON is nested too deep")


def strict_json_loads(text: str) -> dict[str, object]:
    """The JSON object of `text` when serialising it again gives `text`, else EncodingInvalid (SPEC.md section 3).

    Values are str, int, bool, None, list and dict, nested at most JSON_DEPTH_MAX deep.
    """
    _check_depth(text)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_no_other_number,
            parse_constant=_no_other_number,
        )
    except ValueError:
        raise EncodingInvalid("not JSON") from None
    if not isinstance(value, dict):
        raise EncodingInvalid("not a JSON object")
    if strict_json_dumps(value) != text:
        raise EncodingInvalid("JSON that is not in its shortest spelling")
    return value


def _check_value(value: object, depth: int) -> None:
    if depth > JSON_DEPTH_MAX and isinstance(value, dict | list | tuple):
        raise EncodingInvalid("JSON is nested too deep")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise EncodingInvalid("a key is not text")
            _check_value(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_value(item, depth + 1)
    elif isinstance(value, int):
        if not 0 <= value <= JSON_INTEGER_MAX:
            raise EncodingInvalid("a number is not an integer from 0 to 2^53 - 1")
    elif value is not None and not isinstance(value, str):
        raise EncodingInvalid("a value that JSON here cannot hold")


def strict_json_dumps(value: object) -> str:
    """The one spelling of a dict of str, int, bool, None, lists or tuples and dicts; keys keep their order.

    Raises EncodingInvalid for other values, integers outside 0..2^53-1, lone surrogates and too deep nesting.
    """
    if not isinstance(value, dict):
        raise EncodingInvalid("not a JSON object")
    _check_value(value, 1)
    text = _ENCODER.encode(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise EncodingInvalid("half a surrogate pair") from None
    return text


def parse_int(text: str) -> int:
    """The integer of decimal digits, 0 .. 2^53-1; raises EncodingInvalid on a sign, a leading zero or anything else."""
    if not 1 <= len(text) <= 16 or not text.isascii() or not text.isdigit() or (text[0] == "0" and text != "0"):
        raise EncodingInvalid("not a plain decimal integer")
    if int(text) > JSON_INTEGER_MAX:
        raise EncodingInvalid("not a plain decimal integer")
    return int(text)
