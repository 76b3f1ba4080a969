"""The key manifests lying in the home folder: finding, verifying and making them.

Only a manifest that a quorum of the pinned roots signed counts; other files of that name are passed over.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from intake.reviewer.errors import HomeMissing, InputInvalid, NoManifest, RootsMissing
from intake.reviewer.settings import Home
from intake.wire.constants import MANIFEST_MAX_SIZE
from intake.wire.errors import WireError
from intake.wire.manifest import (
    Manifest,
    Roots,
    VerifiedManifest,
    parse_manifest,
    roots_from_json,
    verify_manifest,
    write_manifest,
)
from keys.keyfile import write_private
from keys.ring import Keyring
from keys.signing import ManifestSigner


def read_roots(home: Home) -> Roots:
    """Return the pinned roots; raises HomeMissing when roots.json is not there, ManifestInvalid when it is changed."""
    try:
        return roots_from_json(home.roots.read_text("utf-8"))[0]
    except (FileNotFoundError, UnicodeDecodeError):
        raise HomeMissing from None


def known_manifests(home: Home, roots: Roots) -> list[VerifiedManifest]:
    """Return every valid manifest in the home folder, by rising serial."""
    found = [_read_valid(path, roots) for path in sorted(home.path.glob("manifest-*.note"))]
    by_serial = {each.manifest.serial: each for each in found if each}
    return [by_serial[serial] for serial in sorted(by_serial)]


def current_manifest(home: Home, roots: Roots, today: date) -> VerifiedManifest:
    """Return the newest manifest whose first day has come; raises NoManifest."""
    begun = [each for each in known_manifests(home, roots) if each.manifest.not_before <= today]
    if not begun:
        raise NoManifest
    return begun[-1]


def keep_manifest(home: Home, verified: VerifiedManifest) -> None:
    """Put a verified manifest beside the others unless one of its serial is there."""
    path = home.manifest(verified.manifest.serial)
    if not path.exists():
        write_private(path, verified.data)


def sign_manifests(
    roots: Roots, signers: Sequence[ManifestSigner], drafts: Sequence[Manifest]
) -> list[VerifiedManifest]:
    """Sign each draft with a quorum of roots and verify the result as a phone will.

    Raises RootsMissing, or InputInvalid when a draft holds what no manifest may hold (a bad address, say).
    """
    if len(signers) < roots.quorum:
        raise RootsMissing
    try:
        notes = [write_manifest(d, [s.sign(d) for s in signers[: roots.quorum]]) for d in drafts]
        return [verify_manifest(parse_manifest(note), roots) for note in notes]
    except WireError as error:
        raise InputInvalid(str(error)) from None


def remake_manifests(home: Home, ring: Keyring, today: date, change: Callable[[Manifest], Manifest]) -> list[Manifest]:
    """Sign the running epoch's manifest and those ahead anew, with `change` made, under new serials.

    All of them, because a phone that saw a higher serial takes none of the lower ones signed ahead before.
    """
    roots = read_roots(home)
    known = known_manifests(home, roots)
    newest_by_epoch = {each.manifest.epoch.number: each.manifest for each in known}
    ahead = [each for _, each in sorted(newest_by_epoch.items()) if each.epoch.until > today]
    if not ahead:
        raise NoManifest
    serial = known[-1].manifest.serial + 1
    drafts = [replace(change(manifest), serial=serial + index, made=today) for index, manifest in enumerate(ahead)]
    for each in sign_manifests(roots, ring.root_signers(), drafts):
        keep_manifest(home, each)
    return drafts


def _read_valid(path: Path, roots: Roots) -> VerifiedManifest | None:
    try:
        with path.open("rb") as file:
            return verify_manifest(parse_manifest(file.read(MANIFEST_MAX_SIZE + 1)), roots)
    except (WireError, OSError):
        return None
