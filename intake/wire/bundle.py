"""The bundle's own words: its signed statement and the BagIt files around it (SPEC.md section 9; index: bundle_index).

Pure functions over text; the server writes the files, courier and laptop read them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from intake.wire.constants import OBJECT_ID_SIZE, PURPOSE_BUNDLE, REHEARSAL_NOTICE
from intake.wire.encoding import day_text, parse_day, parse_int, unhex
from intake.wire.errors import BundleInvalid, WireError
from intake.wire.note import Note, check_name, parse_note

BAGIT_TXT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
NOTE_NAME = "bundle.note"
INDEX_NAME = "data/index.txt"
LEAVES_NAME = "data/log/leaves.bin"
HEADS_NAME = "data/log/heads.txt"
MANIFEST_NAME = "data/manifest.note"
HEADS_SEPARATOR = b"==\n"
EVERY_LAPTOP = "*"
_HEX64 = re.compile("[0-9a-f]{64}")
_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]{1,200})")
_KEYS = (
    "deployment",
    "bundle",
    "serial",
    "day",
    "rehearsal",
    "for",
    "objects",
    "bytes",
    "index",
    "leaves",
    "heads",
    "manifest",
)


@dataclass(frozen=True)
class BundleStatement:
    """What the log key signs of a bundle; hashes are 64 hex, `bundle` is 32 hex, sizes in bytes.

    `laptop`: the one whose acks decided what is left out; EVERY_LAPTOP for a bundle of everything.
    """

    deployment: str
    bundle: str
    serial: int
    day: date
    rehearsal: bool
    laptop: str
    objects: int
    bytes: int
    index: str
    leaves_first: int
    leaves_count: int
    leaves: str
    heads: str
    manifest: str

    def text(self) -> str:
        """Return the note text to sign."""
        lines = [
            PURPOSE_BUNDLE,
            f"deployment {self.deployment}",
            f"bundle {self.bundle}",
            f"serial {self.serial}",
            f"day {day_text(self.day)}",
            f"rehearsal {'yes' if self.rehearsal else 'no'}",
            f"for {self.laptop}",
            f"objects {self.objects}",
            f"bytes {self.bytes}",
            f"index {self.index}",
            f"leaves {self.leaves_first} {self.leaves_count} {self.leaves}",
            f"heads {self.heads}",
            f"manifest {self.manifest}",
        ]
        return "\n".join(lines) + "\n"

    @property
    def folder(self) -> str:
        """The bundle's folder name."""
        return folder_name(self.bundle)


def folder_name(bundle: str) -> str:
    """Return the folder name of a bundle from its id (32 hex)."""
    return f"bundle-{bundle[:8]}"


def parse_bundle_note(untrusted: bytes) -> tuple[Note, BundleStatement]:
    """Parse bundle.note without verifying it; raise NoteInvalid or BundleInvalid on anything not canonical."""
    note = parse_note(untrusted)
    lines = note.text[:-1].split("\n")
    values = [line.partition(" ") for line in lines[1:]]
    if lines[0] != PURPOSE_BUNDLE or tuple(v[0] for v in values) != _KEYS:
        raise BundleInvalid("this note is not a bundle's statement")
    try:
        statement = _statement({key: value for key, _, value in values})
    except WireError as error:
        raise BundleInvalid(str(error)) from error
    if statement.text() != note.text:
        raise BundleInvalid("the statement is not written canonically")
    return note, statement


def _statement(taken: dict[str, str]) -> BundleStatement:
    first, count, leaves = (*taken["leaves"].split(" "), "", "", "")[:3]
    hashes = (taken["deployment"], taken["index"], leaves, taken["heads"], taken["manifest"])
    if not all(_HEX64.fullmatch(h) for h in hashes):
        raise BundleInvalid("a hash is not 64 hex digits")
    unhex(taken["bundle"], OBJECT_ID_SIZE)
    return BundleStatement(
        taken["deployment"],
        taken["bundle"],
        parse_int(taken["serial"]),
        parse_day(taken["day"]),
        taken["rehearsal"] == "yes",
        taken["for"] if taken["for"] == EVERY_LAPTOP else check_name(taken["for"]),
        parse_int(taken["objects"]),
        parse_int(taken["bytes"]),
        taken["index"],
        parse_int(first),
        parse_int(count),
        leaves,
        taken["heads"],
        taken["manifest"],
    )


def write_heads(heads: Iterable[bytes]) -> bytes:
    """Return data/log/heads.txt from signed head notes, oldest first."""
    return b"".join(head + HEADS_SEPARATOR for head in heads)


def split_heads(untrusted: bytes) -> tuple[bytes, ...]:
    """Split data/log/heads.txt into notes; raise BundleInvalid when it does not end in a separator."""
    if not untrusted:
        return ()
    if not untrusted.endswith(HEADS_SEPARATOR):
        raise BundleInvalid("the heads do not end in a separator")
    return tuple(untrusted.removesuffix(HEADS_SEPARATOR).split(HEADS_SEPARATOR))


def bag_info(statement: BundleStatement) -> str:
    """Return bag-info.txt: a day, the bundle's id, the payload's size, and the rehearsal mark."""
    lines = [f"Bagging-Date: {day_text(statement.day)}", f"External-Identifier: {statement.bundle}"]
    if statement.rehearsal:
        lines.append(f"Intake-Rehearsal: {REHEARSAL_NOTICE}")
    return "\n".join(lines) + "\n"


def bag_manifest(hashes: Iterable[tuple[str, str]]) -> str:
    """Return a BagIt sha256 manifest from (path, 64 hex), sorted by path."""
    return "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(hashes))


def parse_bag_manifest(untrusted: bytes) -> dict[str, str]:
    """Read a BagIt sha256 manifest as path -> 64 hex; raise BundleInvalid on a path that could leave the folder."""
    try:
        text = untrusted.decode("ascii")
    except UnicodeDecodeError as error:
        raise BundleInvalid("the bag's manifest is malformed") from error
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _MANIFEST_LINE.fullmatch(line)
        if not match or match[2] in found or {"", ".", ".."} & set(match[2].split("/")):
            raise BundleInvalid("the bag's manifest is malformed")
        found[match[2]] = match[1]
    if bag_manifest(found.items()) != text:
        raise BundleInvalid("the bag's manifest is not written canonically")
    return found
