"""Whether a bundle folder is whole: every file against the bag's hashes, and those against the signed statement.

What the objects are worth is for the laptop to say; nothing here opens one.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from intake.courier.errors import BundleDamaged, BundleForeign, FileUnusable
from intake.wire.bundle import (
    HEADS_NAME,
    INDEX_NAME,
    LEAVES_NAME,
    MANIFEST_NAME,
    NOTE_NAME,
    BundleStatement,
    parse_bag_manifest,
    parse_bundle_note,
)
from intake.wire.errors import WireError
from intake.wire.manifest import Roots, parse_manifest, verify_manifest
from intake.wire.note import Note, require_signer

TAG_MANIFEST = "tagmanifest-sha256.txt"
_MANIFESTS = ("manifest-sha256.txt", TAG_MANIFEST)
_SMALL_FILE_SIZE = 2**26
_BLOCK_SIZE = 1 << 20


@dataclass(frozen=True)
class Checked:
    """A whole bundle: what its server says of it, how many files and bytes it has, and files it does not name."""

    statement: BundleStatement
    files: int
    bytes: int
    unnamed: tuple[str, ...]


def check_bundle(folder: Path, roots: Roots | None) -> Checked:
    """Reads every file; raises BundleDamaged naming the first that is wrong, FileUnusable when it is no bundle.

    With `roots` it must be of their deployment (else BundleForeign), its key manifest signed by a quorum of them, and
    its statement by a log key of that manifest.
    """
    if not (folder / NOTE_NAME).is_file():
        raise FileUnusable("there is no bundle.note in the folder")
    try:
        named = {
            path: found for name in _MANIFESTS for path, found in parse_bag_manifest(_small(folder / name)).items()
        }
        note, statement = parse_bundle_note(_small(folder / NOTE_NAME))
    except WireError as error:
        raise BundleDamaged(type(error).__name__) from None
    total = sum(_compare(folder, path, found) for path, found in sorted(named.items()))
    _check_statement(statement, named)
    if roots is not None:
        _check_signer(note, statement, _small(folder / MANIFEST_NAME), roots)
    unnamed = set(_paths(folder)) - set(named) - {TAG_MANIFEST}
    return Checked(statement, len(named) + 1, total, tuple(sorted(unnamed)))


def file_hash(path: Path) -> bytes:
    """SHA-256 of a plain file, 1 MiB at a time; raises BundleDamaged when there is none."""
    state = hashlib.sha256()
    with _opened(path) as source:
        while block := source.read(_BLOCK_SIZE):
            state.update(block)
    return state.digest()


def _opened(path: Path) -> BinaryIO:
    try:
        return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK))
    except OSError:
        raise BundleDamaged(f"{path.name} is missing or cannot be read") from None


def _small(path: Path) -> bytes:
    with _opened(path) as source:
        return source.read(_SMALL_FILE_SIZE + 1)


def _compare(folder: Path, path: str, expected: str) -> int:
    if file_hash(folder / path).hex() != expected:
        raise BundleDamaged(f"{path} has other bytes")
    return (folder / path).stat().st_size


def _check_statement(statement: BundleStatement, named: dict[str, str]) -> None:
    said = {
        INDEX_NAME: statement.index,
        LEAVES_NAME: statement.leaves,
        HEADS_NAME: statement.heads,
        MANIFEST_NAME: statement.manifest,
    }
    for path, expected in said.items():
        if named.get(path) != expected:
            raise BundleDamaged(f"{path} is not what the statement says")
    if NOTE_NAME not in named:
        raise BundleDamaged("the statement is not among its files")


def _check_signer(note: Note, statement: BundleStatement, manifest: bytes, roots: Roots) -> None:
    if statement.deployment != roots.deployment:
        raise BundleForeign
    try:
        verified = verify_manifest(parse_manifest(manifest), roots).manifest
        require_signer(note, {each.name: each.key for each in verified.log_keys})
    except WireError:
        raise BundleDamaged("it is not signed by a server of this deployment") from None


def _paths(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()
