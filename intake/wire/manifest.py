"""The key manifest: whom a phone seals to, who may answer, where to send (SPEC.md section 4).

`UnverifiedManifest` is what bytes give; only `verify_manifest` makes a `VerifiedManifest`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from intake.wire.constants import MANIFEST_MAX_SIZE, PURPOSE_MANIFEST
from intake.wire.encoding import strict_json_loads
from intake.wire.errors import ManifestInvalid, QuorumMissing, WireError
from intake.wire.manifest_model import EpochKeys, Hotline, LaptopKeys, Manifest, NextRoots
from intake.wire.manifest_reader import read_manifest
from intake.wire.note import Note, Signature, parse_note, verified_names, write_note
from intake.wire.roots import NamedKey, Roots, make_roots, roots_from_json, roots_to_json
from intake.wire.shape import Words

__all__ = [
    "EpochKeys",
    "Hotline",
    "LaptopKeys",
    "Manifest",
    "NamedKey",
    "NextRoots",
    "Roots",
    "UnverifiedManifest",
    "VerifiedManifest",
    "Words",
    "make_roots",
    "parse_manifest",
    "roots_from_json",
    "roots_to_json",
    "verify_manifest",
    "write_manifest",
]


@dataclass(frozen=True)
class UnverifiedManifest:
    """A manifest as read from bytes; nobody has checked its signatures."""

    note: Note
    manifest: Manifest
    data: bytes


@dataclass(frozen=True)
class VerifiedManifest:
    """A manifest that a quorum of the pinned roots signed; made by `verify_manifest` only."""

    manifest: Manifest
    data: bytes


def parse_manifest(untrusted: bytes) -> UnverifiedManifest:
    """Parse at most 64 KiB as a manifest note; raise NoteInvalid or ManifestInvalid on anything not canonical."""
    if len(untrusted) > MANIFEST_MAX_SIZE:
        raise ManifestInvalid("the manifest is too long")
    note = parse_note(untrusted)
    lines = note.text[:-1].split("\n")
    if len(lines) != 2 or lines[0] != PURPOSE_MANIFEST:
        raise ManifestInvalid("this note is not a key manifest")
    try:
        manifest = read_manifest(strict_json_loads(lines[1]))
    except ManifestInvalid:
        raise
    except WireError as error:
        raise ManifestInvalid(str(error)) from error
    if manifest.text() != note.text:
        raise ManifestInvalid("the manifest is not written canonically")
    return UnverifiedManifest(note, manifest, untrusted)


def verify_manifest(untrusted: UnverifiedManifest, roots: Roots) -> VerifiedManifest:
    """Return the manifest as verified when a quorum of `roots` signed it for this deployment.

    Raises QuorumMissing, BadSignature (a pinned root's signature fails) or ManifestInvalid (another deployment).
    """
    if untrusted.manifest.deployment != roots.deployment:
        raise ManifestInvalid("the manifest belongs to another deployment")
    if len(verified_names(untrusted.note, roots.by_name())) < roots.quorum:
        raise QuorumMissing("too few root keys signed the manifest")
    return VerifiedManifest(untrusted.manifest, untrusted.data)


def write_manifest(manifest: Manifest, signatures: Iterable[Signature]) -> bytes:
    """Return the signed note of a manifest, whose text the signatures must already cover."""
    return write_note(manifest.text(), signatures)
