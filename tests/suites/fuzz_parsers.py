"""Parsers outside intake/wire that the suite `fuzz` feeds by themselves: fields of uploads, segments on a stick."""

from __future__ import annotations

import atexit
import contextlib
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from starlette.requests import Request

from intake.reviewer.services.folders import Unreadable, UntrustedFolder
from intake.reviewer.services.stick_objects import Segments, carve, open_object
from intake.server.api import fields
from intake.server.api.bodies import content_length
from intake.server.errors import Refusal
from intake.wire.bundle_index import parse_index, segment_path
from intake.wire.encoding import b64
from intake.wire.errors import WireError
from tests.suites.wire_targets import index_of_a_bundle

MOST = 2**53
FIELDS = (
    *(b"0", b"74000", b"-1", b"01", b"9007199254740993", b"?0", b"?1", b"?1;a=b", b" 7 ;x", b"1, 2"),
    b"sha256 " + b"A" * 43 + b"=",
    b"sha1 AAAA",
    b"sha-256=:" + b"A" * 43 + b"=:",
    b"sha-512=:a:, sha-256=:" + b"A" * 43 + b"=:, md5=:x:",
    b"sha-256=7",
)


def feed_fields(data: bytes) -> None:
    """Each reader of a header field gives what the field says, or refuses it in a word of ours."""
    text = data.decode("latin-1").translate({10: None, 13: None, 0: None}).strip()
    request = Request({"type": "http", "headers": [(name, text.encode("latin-1")) for name in _NAMES]})
    number = _or_refused(lambda: fields.tus_number(request, "upload-offset", MOST))
    assert number is None or (str(number) == text and 0 <= number <= MOST)
    checksum = _or_refused(lambda: fields.checksum(request))
    assert checksum is None or f"sha256 {b64(checksum)}" == text
    digest = _or_refused(lambda: fields.digest_field(request, "content-digest"))
    assert digest is None or f":{b64(digest)}:" in text
    boolean, integer = (read(request, "upload-complete") for read in (fields.item_boolean, fields.item_integer))
    assert boolean is None or (integer is None and f"?{int(boolean)}" in text)
    assert integer is None or (0 <= integer < 10**15 and str(integer) in text)
    length = _or_refused(lambda: content_length(request))
    assert length is None or (0 <= length < 10**15 and int(text) == length)


_NAMES = (b"upload-offset", b"upload-checksum", b"content-digest", b"upload-complete", b"content-length")


def _or_refused(read: Callable[[], object]) -> object:
    try:
        return read()
    except Refusal:
        return None


@cache
def stick() -> tuple[Path, UntrustedFolder]:
    """A folder that stands for a stick, as fast as there is one."""
    stack = contextlib.ExitStack()
    memory = Path("/dev/shm")
    fast = memory if memory.is_dir() else None
    place = stack.enter_context(tempfile.TemporaryDirectory(prefix="intake-fuzz-", dir=fast))
    path = Path(place) / segment_path(0)
    path.parent.mkdir(parents=True)
    folder = UntrustedFolder(Path(place))
    stack.callback(folder.close)
    atexit.register(stack.close)
    return path, folder


def segment_seeds() -> tuple[bytes, ...]:
    """An index and a segment that holds what it names, whole, short, and without an index."""
    first = index_of_a_bundle().splitlines(keepends=True)[0]
    begun = b"age-encryption.org/v1\n"
    segment = (begun + b"-> x\n").ljust(8192, b"s")
    return (first + b"\0" + segment, first + b"\0" + segment[:100], b"\0" + segment + begun, b"\0", b"x")


def feed_segments(data: bytes) -> None:
    """Objects come out of a segment where the index says, never longer than it says; carving loses no byte."""
    text, _, segment = data.partition(b"\0")
    path, folder = stick()
    path.write_bytes(segment)
    for piece in carve(folder):
        assert piece.startswith(b"age-encryption.org/v1\n")
        assert piece in segment
    try:
        entries = parse_index(text)
    except WireError:
        return
    segments = Segments(folder)
    for entry in entries:
        with contextlib.suppress(FileNotFoundError, Unreadable), open_object(folder, entry) as file:
            assert len(file.read(1 << 20)) <= entry.size
        with contextlib.suppress(FileNotFoundError, Unreadable):
            read = segments.read(entry)
            assert entry.place is not None
            assert read == segment[entry.place.offset :][: entry.size]
    segments.close()
