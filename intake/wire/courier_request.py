"""What a courier asks of a server, signed, and what it is offered (SPEC.md section 12).

A request is a signed note before its payload: it binds the path, the payload and a challenge that the server gave
for one use. An offer lists the files of one bundle; nothing in either tells of a reporter.
"""

import hashlib
import re
from dataclasses import dataclass

from intake.wire.constants import (
    COURIER_CHALLENGE_SIZE,
    COURIER_NOTE_MAX_SIZE,
    COURIER_OFFER_MAX_SIZE,
    COURIER_PIECE_MAX_SIZE,
    PURPOSE_COURIER,
    SHA256_SIZE,
)
from intake.wire.encoding import (
    b64,
    errors_as,
    parse_int,
    strict_json_dumps,
    strict_json_loads,
    unb64,
    unhex,
    utf8,
)
from intake.wire.errors import CourierInvalid, WireError
from intake.wire.note import Note, check_name, parse_note

BUNDLE_NAME = re.compile("bundle-[0-9a-f]{8}")
_LENGTH_SIZE = 2
_HEX64 = re.compile("[0-9a-f]{64}")
_PATH = re.compile(r"/courier(/[a-z0-9-]{1,32}){1,4}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,3}")
_FAT32_MAX_SIZE = 2**32 - 1
_KEYS = ("deployment", "courier", "challenge", "path", "body")


@dataclass(frozen=True)
class CourierRequest:
    """What a courier's key signs: deployment (64 hex), courier, challenge (56 bytes), path, SHA-256 of the payload."""

    deployment: str
    courier: str
    challenge: bytes
    path: str
    body: bytes

    def text(self) -> str:
        """Return the note text to sign."""
        lines = [
            PURPOSE_COURIER,
            f"deployment {self.deployment}",
            f"courier {self.courier}",
            f"challenge {b64(self.challenge)}",
            f"path {self.path}",
            f"body {self.body.hex()}",
        ]
        return "\n".join(lines) + "\n"

    def covers(self, payload: bytes) -> bool:
        """Say whether this payload is the one that was signed."""
        return hashlib.sha256(payload).digest() == self.body


def write_request(note: bytes, payload: bytes) -> bytes:
    """Return the body of a request: note length u16, signed note, payload."""
    return len(note).to_bytes(_LENGTH_SIZE) + note + payload


def note_end(untrusted: bytes) -> int | None:
    """Return where a request's note ends, None when too few bytes are here; raise CourierInvalid beyond 2,048 bytes."""
    if len(untrusted) < _LENGTH_SIZE:
        return None
    size = int.from_bytes(untrusted[:_LENGTH_SIZE])
    if size > COURIER_NOTE_MAX_SIZE:
        raise CourierInvalid("its note is too long")
    return _LENGTH_SIZE + size if len(untrusted) >= _LENGTH_SIZE + size else None


def split_request(untrusted: bytes) -> tuple[Note, CourierRequest, bytes]:
    """Split a body into note, what it says, and payload, without verifying it; raise CourierInvalid, NoteInvalid."""
    end = note_end(untrusted)
    if end is None:
        raise CourierInvalid("it is cut off")
    note, request = parse_request_note(untrusted[_LENGTH_SIZE:end])
    return note, request, untrusted[end:]


def parse_request_note(untrusted: bytes) -> tuple[Note, CourierRequest]:
    """Parse a request's note without verifying it; raise CourierInvalid or NoteInvalid on anything not canonical."""
    note = parse_note(untrusted)
    lines = [line.partition(" ") for line in note.text[:-1].split("\n")]
    if note.purpose != PURPOSE_COURIER or tuple(key for key, _, _ in lines[1:]) != _KEYS:
        raise CourierInvalid("this note is not a courier's request")
    deployment, courier, challenge, path, body = (value for _, _, value in lines[1:])
    if not _HEX64.fullmatch(deployment) or not _PATH.fullmatch(path):
        raise CourierInvalid("its deployment or path is malformed")
    with errors_as(CourierInvalid):
        raw = unb64(challenge, COURIER_CHALLENGE_SIZE)
        request = CourierRequest(deployment, check_name(courier), raw, path, unhex(body, SHA256_SIZE))
    if request.text() != note.text:
        raise CourierInvalid("it is not written canonically")
    return note, request


@dataclass(frozen=True)
class PieceWanted:
    """A piece of one file: its path in the bundle, first byte, and how many bytes, 1 to 4,194,304."""

    file: str
    offset: int
    size: int

    def payload(self) -> bytes:
        """Return the request's payload."""
        return f"{self.file} {self.offset} {self.size}".encode()


def parse_piece(untrusted: bytes) -> PieceWanted:
    """Parse the payload that asks for a piece; raise CourierInvalid."""
    with errors_as(CourierInvalid):
        parts = utf8(untrusted).split(" ")
        if len(parts) != 3 or not _FILE.fullmatch(parts[0]):
            raise CourierInvalid("it names no file of a bundle")
        wanted = PieceWanted(parts[0], parse_int(parts[1]), parse_int(parts[2]))
    if not 0 < wanted.size <= COURIER_PIECE_MAX_SIZE:
        raise CourierInvalid("it asks for no bytes, or for too many")
    return wanted


@dataclass(frozen=True, order=True)
class OfferedFile:
    """One file of an offered bundle: path, size in bytes (less than 4 GiB), SHA-256."""

    path: str
    size: int
    sha256: bytes


@dataclass(frozen=True)
class Offer:
    """A bundle that waits to be fetched: folder name, and its files in rising order of path."""

    bundle: str
    files: tuple[OfferedFile, ...]

    def to_json(self) -> bytes:
        """Return the answer's body."""
        files = [[file.path, file.size, file.sha256.hex()] for file in self.files]
        return strict_json_dumps({"bundle": self.bundle, "files": files}).encode()


def parse_offer(untrusted: bytes) -> Offer:
    """Parse an offer; raise CourierInvalid for names that leave the folder, repeat, or are out of order."""
    if len(untrusted) > COURIER_OFFER_MAX_SIZE:
        raise CourierInvalid("the list of files is too long")
    try:
        taken = strict_json_loads(utf8(untrusted))
        if tuple(taken) != ("bundle", "files"):
            raise CourierInvalid("it is not a list of files")
        bundle, files = taken["bundle"], taken["files"]
        if not isinstance(bundle, str) or not BUNDLE_NAME.fullmatch(bundle) or not isinstance(files, list):
            raise CourierInvalid("it is not a list of files")
        offer = Offer(bundle, tuple(_offered(each) for each in files))
    except CourierInvalid:
        raise
    except WireError as error:
        raise CourierInvalid("it is not a list of files") from error
    paths = [file.path for file in offer.files]
    if paths != sorted(set(paths)):
        raise CourierInvalid("the files are out of order")
    return offer


def _offered(value: object) -> OfferedFile:
    if not isinstance(value, list) or len(value) != 3:
        raise CourierInvalid("a file is not listed as it must be")
    path, size, sha256 = value
    if not isinstance(path, str) or not _FILE.fullmatch(path) or not isinstance(sha256, str):
        raise CourierInvalid("a file is not listed as it must be")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _FAT32_MAX_SIZE:
        raise CourierInvalid("a file is larger than FAT32 can hold")
    return OfferedFile(path, size, unhex(sha256, SHA256_SIZE))
