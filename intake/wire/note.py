"""Signed notes (C2SP signed-note.md, Ed25519 only), read strictly: SPEC.md section 4.

A note's first line is its purpose, so a key that signs one kind of note cannot be made to sign another.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from intake.wire import ed25519
from intake.wire.constants import (
    ED25519_SIGNATURE_SIZE,
    NOTE_KEY_ID_SIZE,
    NOTE_MAX_SIZE,
    NOTE_NAME_PATTERN,
    NOTE_SIGNATURES_MAX,
)
from intake.wire.encoding import b64, unb64
from intake.wire.errors import BadSignature, NoteInvalid, WireError

_NAME = re.compile(NOTE_NAME_PATTERN)
_ED25519_TYPE = b"\x01"
_DASH = "— "


@dataclass(frozen=True)
class Signature:
    """One signature line: `name`, 4-byte `key_id`, 64-byte Ed25519 `signature`."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A parsed note whose signatures have NOT been verified; `text` ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def purpose(self) -> str:
        """First line of the text, without its newline."""
        return self.text.split("\n", 1)[0]


def key_id(name: str, key: bytes) -> bytes:
    """Return the 4-byte key id of a 32-byte Ed25519 public key under `name` (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519_TYPE + key).digest()[:NOTE_KEY_ID_SIZE]


def check_name(name: str) -> str:
    """Return `name` when it may name a key or laptop; raise NoteInvalid otherwise."""
    if not _NAME.fullmatch(name):
        raise NoteInvalid("a key name has characters that are not allowed")
    return name


def check_text(text: str) -> str:
    """Return `text` when a note may carry it (final newline, no control character, no `<`); raise NoteInvalid."""
    if not text.endswith("\n") or text.endswith("\n\n") or text.startswith("\n"):
        raise NoteInvalid("the text must end in exactly one newline")
    if "\n\n" in text:
        raise NoteInvalid("the text holds an empty line")
    if "<" in text or any(ord(c) < 0x20 and c != "\n" for c in text):
        raise NoteInvalid("the text holds a character that is not allowed")
    return text


def write_note(text: str, signatures: Iterable[Signature]) -> bytes:
    """Return the note's bytes: text, empty line, one line a signature; raise NoteInvalid on text it may not carry."""
    lines = [f"{_DASH}{check_name(s.name)} {b64(s.key_id + s.signature)}\n" for s in signatures]
    if not 1 <= len(lines) <= NOTE_SIGNATURES_MAX:
        raise NoteInvalid("a note carries 1 to 16 signatures")
    return (check_text(text) + "\n" + "".join(lines)).encode()


def parse_note(untrusted: bytes) -> Note:
    """Parse at most 64 MiB of bytes as a signed note, without verifying it; raise NoteInvalid on anything else."""
    if len(untrusted) > NOTE_MAX_SIZE:
        raise NoteInvalid("the note is too long")
    try:
        text, separator, tail = untrusted.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise NoteInvalid("the note is not UTF-8") from error
    if not separator or not tail.endswith("\n"):
        raise NoteInvalid("the note has no signatures or does not end in a newline")
    lines = tail[:-1].split("\n", NOTE_SIGNATURES_MAX)
    if len(lines) > NOTE_SIGNATURES_MAX:
        raise NoteInvalid("a note carries 1 to 16 signatures")
    return Note(check_text(text + "\n"), tuple(_parse_signature(line) for line in lines))


def _parse_signature(line: str) -> Signature:
    dash, name, blob = (line[: len(_DASH)], *line[len(_DASH) :].partition(" ")[::2])
    if dash != _DASH:
        raise NoteInvalid("a signature line does not begin with a dash")
    try:
        raw = unb64(blob, NOTE_KEY_ID_SIZE + ED25519_SIGNATURE_SIZE)
    except WireError as error:
        raise NoteInvalid("a signature is not 68 bytes of base64") from error
    return Signature(check_name(name), raw[:NOTE_KEY_ID_SIZE], raw[NOTE_KEY_ID_SIZE:])


def verified_names(note: Note, keys: Mapping[str, bytes]) -> frozenset[str]:
    """Return the names of `keys` (name -> 32-byte public key) that signed the note.

    Signatures by unknown names or key ids are ignored; one by a known name and key id that fails raises BadSignature.
    """
    names = set()
    for signature in note.signatures:
        key = keys.get(signature.name)
        if key is None or key_id(signature.name, key) != signature.key_id:
            continue
        ed25519.verify(key, signature.signature, note.text.encode())
        names.add(signature.name)
    return frozenset(names)


def require_signer(note: Note, keys: Mapping[str, bytes]) -> str:
    """Return the first name, in alphabetical order, of `keys` that signed the note; raise BadSignature if none did."""
    names = verified_names(note, keys)
    if not names:
        raise BadSignature("no key that may sign this has signed it")
    return min(names)
