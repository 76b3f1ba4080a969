"""Deciding what of a bundle may be believed (SPEC.md section 9).

A wrong signature or another deployment refuses all of it. Everything else is told apart: a bundle whose index,
leaves or heads are damaged still gives its objects, as loose files.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from intake.reviewer.cleaning import clean_name
from intake.reviewer.errors import BundleRefused, NoManifest
from intake.reviewer.services.folders import Unreadable, UntrustedFolder
from intake.reviewer.services.manifests import keep_manifest, known_manifests, read_roots
from intake.reviewer.settings import Home
from intake.wire.bundle import (
    HEADS_NAME,
    INDEX_NAME,
    LEAVES_NAME,
    MANIFEST_NAME,
    NOTE_NAME,
    BundleStatement,
    parse_bundle_note,
    split_heads,
)
from intake.wire.bundle_index import IndexEntry, parse_index
from intake.wire.constants import MANIFEST_MAX_SIZE, SHA256_SIZE
from intake.wire.errors import WireError
from intake.wire.log import Head, parse_head
from intake.wire.manifest import Manifest, VerifiedManifest, parse_manifest, verify_manifest
from intake.wire.note import Note, require_signer

NOTE_FILE_MAX_SIZE = 64 * 1024
HEADS_MAX_SIZE = 16 * 1024**2
_INDEX_LINE_MAX_SIZE = 300
_BAG_FILES = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt")


@dataclass(frozen=True)
class SignedHead:
    """A head whose signature by the log key verified, with its bytes."""

    head: Head
    note: bytes


@dataclass(frozen=True)
class Bundle:
    """A bundle whose statement is signed by a log key of the newest manifest.

    `entries` is None when index, leaves or heads are damaged (`damage` says which): its objects are loose files.
    """

    folder: UntrustedFolder
    statement: BundleStatement
    note: bytes
    log: str
    entries: tuple[IndexEntry, ...] | None
    leaves: tuple[bytes, ...]
    heads: tuple[SignedHead, ...]
    damage: str

    def unnamed_files(self) -> list[str]:
        """Return the cleaned names of files that the bundle does not speak of; they are left alone."""
        named = {*_BAG_FILES, NOTE_NAME, INDEX_NAME, LEAVES_NAME, HEADS_NAME, MANIFEST_NAME}
        named |= {path for entry in self.entries or () for path in entry.paths}
        return [clean_name(name) for name in self.folder.names() if name not in named]


def looks_like_bundle(path: Path) -> bool:
    """Say whether a folder means to be a bundle, so that one without a note is refused and not passed over.

    What begins with `.bundle-` is one that a server or courier never finished.
    """
    if path.name.startswith(".bundle-"):
        return False
    return any((path / name).exists() for name in (NOTE_NAME, "bagit.txt")) or path.name.startswith("bundle-")


def open_bundle(home: Home, path: Path) -> Bundle:
    """Verify a bundle's statement and what it vouches for; raises BundleRefused. Close its folder afterwards."""
    folder = UntrustedFolder(path)
    try:
        return _check(home, folder)
    except BaseException:
        folder.close()
        raise


def _check(home: Home, folder: UntrustedFolder) -> Bundle:
    note, parsed, statement = _statement(folder)
    roots = read_roots(home)
    if statement.deployment != roots.deployment:
        raise BundleRefused("it belongs to another deployment")
    theirs = _bundled_manifest(home, folder)
    known = [*known_manifests(home, roots), *([theirs] if theirs else [])]
    if not known:
        raise NoManifest
    newest = max(known, key=lambda each: each.manifest.serial)
    keys = _live_log_keys(newest.manifest)
    log = _signer(parsed, keys)
    if theirs is not None:
        keep_manifest(home, theirs)
    try:
        entries, leaves, heads = _contents(folder, statement, {log: keys[log]})
    except _Damaged as error:
        return Bundle(folder, statement, note, log, None, (), (), str(error))
    return Bundle(folder, statement, note, log, entries, leaves, heads, "")


def _statement(folder: UntrustedFolder) -> tuple[bytes, Note, BundleStatement]:
    try:
        note = folder.read(NOTE_NAME, NOTE_FILE_MAX_SIZE)
        return note, *parse_bundle_note(note)
    except FileNotFoundError:
        raise BundleRefused("bundle.note is missing") from None
    except (Unreadable, WireError):
        raise BundleRefused("bundle.note is damaged") from None


def _signer(note: Note, keys: dict[str, bytes]) -> str:
    try:
        return require_signer(note, keys)
    except WireError:
        raise BundleRefused("no log key of this deployment signed it") from None


def _bundled_manifest(home: Home, folder: UntrustedFolder) -> VerifiedManifest | None:
    try:
        data = folder.read(MANIFEST_NAME, MANIFEST_MAX_SIZE)
        return verify_manifest(parse_manifest(data), read_roots(home))
    except (FileNotFoundError, Unreadable, WireError):
        return None


def _live_log_keys(manifest: Manifest) -> dict[str, bytes]:
    revoked = set(manifest.revoked)
    live = (each for each in manifest.log_keys if hashlib.sha256(each.key).hexdigest() not in revoked)
    return {each.name: each.key for each in live}


class _Damaged(Exception):
    """A file that the statement vouches for is not what it says."""


def _contents(
    folder: UntrustedFolder, statement: BundleStatement, keys: dict[str, bytes]
) -> tuple[tuple[IndexEntry, ...], tuple[bytes, ...], tuple[SignedHead, ...]]:
    index_limit = _INDEX_LINE_MAX_SIZE * statement.objects
    index = _vouched(folder, INDEX_NAME, index_limit, statement.index)
    leaves = _vouched(folder, LEAVES_NAME, SHA256_SIZE * statement.leaves_count, statement.leaves)
    heads = _vouched(folder, HEADS_NAME, HEADS_MAX_SIZE, statement.heads)
    try:
        entries = parse_index(index)
        signed = tuple(_head(each, statement.deployment, keys) for each in split_heads(heads))
    except WireError:
        raise _Damaged("index or heads cannot be read") from None
    if len(entries) != statement.objects or len(leaves) != SHA256_SIZE * statement.leaves_count:
        raise _Damaged("index or leaves are not as many as the statement says")
    split = tuple(leaves[at : at + SHA256_SIZE] for at in range(0, len(leaves), SHA256_SIZE))
    return entries, split, signed


def _vouched(folder: UntrustedFolder, name: str, limit: int, sha256: str) -> bytes:
    try:
        data = folder.read(name, limit)
    except (FileNotFoundError, Unreadable):
        raise _Damaged(f"{name} is missing or cannot be read") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _Damaged(f"{name} is not what the statement says")
    return data


def _head(data: bytes, deployment: str, keys: dict[str, bytes]) -> SignedHead:
    note, head = parse_head(data, deployment)
    require_signer(note, keys)
    return SignedHead(head, data)
