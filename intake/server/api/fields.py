"""Header fields of the two upload protocols: tus 1.0, and structured fields (RFC 9651) of the IETF draft."""

import email.utils
import re
import time
from datetime import UTC, date, datetime
from typing import Final

from starlette.requests import Request

from intake.server.clock import day_seconds
from intake.server.errors import Refusal
from intake.wire.constants import SHA256_SIZE
from intake.wire.encoding import b64, parse_int, unb64
from intake.wire.errors import EncodingInvalid

_ITEM: Final = re.compile(r"\s*(?:\?(?P<boolean>[01])|(?P<integer>[0-9]{1,15}))\s*(?:;[^,]*)?")
_SHA256: Final = re.compile(r"(?:^|,)\s*sha-256\s*=\s*(?:(:[A-Za-z0-9+/=]*:)|[^,]*)")
_SHA256_VALUE: Final = 1


def tus_number(request: Request, header: str, most: int) -> int | None:
    """The integer 0..`most` in a tus header, None when there is none; raises Refusal malformed, too-large."""
    text = request.headers.get(header)
    if text is None:
        return None
    try:
        number = parse_int(text)
    except EncodingInvalid:
        raise Refusal("malformed") from None
    if number > most:
        raise Refusal("too-large" if header == "upload-length" else "malformed")
    return number


def checksum(request: Request) -> bytes | None:
    """The SHA-256 in `Upload-Checksum`, None when there is none; raises Refusal checksum-algorithm, malformed."""
    text = request.headers.get("upload-checksum")
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    if algorithm != "sha256":
        raise Refusal("checksum-algorithm")
    return _digest(value)


def digest_field(request: Request, header: str) -> bytes | None:
    """The SHA-256 in a digest field (RFC 9530), None when it holds none; raises Refusal malformed for a broken one.

    Other algorithms beside it are not looked at.
    """
    found = _SHA256.search(request.headers.get(header, ""))
    if found is None:
        return None
    if found[_SHA256_VALUE] is None:
        raise Refusal("malformed")
    return _digest(found[_SHA256_VALUE].strip(":"))


def item_boolean(request: Request, header: str) -> bool | None:
    """The Boolean of a structured field; None when there is none, or it is none: it is then as if absent."""
    found = _ITEM.fullmatch(request.headers.get(header, ""))
    return None if found is None or found["boolean"] is None else found["boolean"] == "1"


def item_integer(request: Request, header: str) -> int | None:
    """The non-negative Integer of a structured field; None as `item_boolean`."""
    found = _ITEM.fullmatch(request.headers.get(header, ""))
    return None if found is None or found["integer"] is None else int(found["integer"])


def repr_digest(sha256: bytes) -> dict[str, str]:
    """The header that tells what is stored."""
    return {"Repr-Digest": f"sha-256=:{b64(sha256)}:"}


def expires(day: date) -> str:
    """The first moment of `day` as an HTTP date (RFC 9110)."""
    return email.utils.format_datetime(datetime.fromtimestamp(day_seconds(day), UTC), usegmt=True)


def seconds_until(day: date) -> int:
    """Seconds until the first moment of `day`; told in an answer, kept nowhere."""
    return max(0, day_seconds(day) - int(time.time()))


def _digest(text: str) -> bytes:
    try:
        return unb64(text, SHA256_SIZE)
    except EncodingInvalid:
        raise Refusal("malformed") from None
