"""Naming damage in those files of a bundle that no object depends on: the BagIt files and the key manifest.

Nothing is kept out because of them. But an archivist who finds the bag broken must not be the first to know, and a
manifest that cannot be read is one that this laptop did not take over.
"""

import hashlib
from collections.abc import Mapping, Sequence

from intake.reviewer.services.bundles import Bundle
from intake.reviewer.services.folders import Unreadable, UntrustedFolder
from intake.wire.bundle import (
    BAGIT_TXT,
    HEADS_NAME,
    INDEX_NAME,
    LEAVES_NAME,
    MANIFEST_NAME,
    NOTE_NAME,
    bag_info,
    bag_manifest,
    parse_bag_manifest,
)
from intake.wire.bundle_index import IndexEntry
from intake.wire.constants import MANIFEST_MAX_SIZE
from intake.wire.errors import WireError

_PAYLOAD_MANIFEST = "manifest-sha256.txt"
_TAG_MANIFEST = "tagmanifest-sha256.txt"
_LINE_MAX_SIZE = 300
_LINES_MORE = 64


def damaged_tags(bundle: Bundle) -> list[str]:
    """Return a warning for each file beside the objects that is missing or not what the signed statement makes it."""
    statement = bundle.statement
    entries = bundle.entries or ()
    payload = _objects(entries, _payload_named(bundle.folder, _LINE_MAX_SIZE * (len(entries) + _LINES_MORE)))
    payload += [(INDEX_NAME, statement.index), (LEAVES_NAME, statement.leaves)]
    payload += [(HEADS_NAME, statement.heads), (MANIFEST_NAME, statement.manifest)]
    limit = _LINE_MAX_SIZE * (len(entries) + _LINES_MORE)
    wanted = {
        "bagit.txt": _digest(BAGIT_TXT.encode()),
        "bag-info.txt": _digest(bag_info(statement).encode()),
        _PAYLOAD_MANIFEST: _digest(bag_manifest(payload).encode()),
    }
    # A server that exports a damaged object lists it as it is: the tags are held to the file, not to our own.
    found = {name: _file_digest(bundle.folder, name, limit) for name in wanted}
    tags = bag_manifest([*((name, digest or "") for name, digest in found.items()), (NOTE_NAME, _digest(bundle.note))])
    wanted |= {_TAG_MANIFEST: _digest(tags.encode()), MANIFEST_NAME: statement.manifest}
    found[_TAG_MANIFEST] = _file_digest(bundle.folder, _TAG_MANIFEST, limit)
    found[MANIFEST_NAME] = _file_digest(bundle.folder, MANIFEST_NAME, MANIFEST_MAX_SIZE)
    return [f"{name} is missing or damaged" for name, digest in wanted.items() if found[name] != digest]


def _objects(entries: Sequence[IndexEntry], named: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return path and hash of each file of objects; of segments and parts, whose hash no index tells, the one named.

    Their objects are held to hashes of their own, and the tag manifest to the file that names these.
    """
    own = {entry.paths[0]: entry.sha256.hex() for entry in entries if entry.place is None and len(entry.paths) == 1}
    others = {path for entry in entries if entry.place or len(entry.paths) > 1 for path in entry.paths}
    return [*own.items(), *((path, named.get(path, "")) for path in others)]


def _payload_named(folder: UntrustedFolder, limit: int) -> dict[str, str]:
    try:
        return parse_bag_manifest(folder.read(_PAYLOAD_MANIFEST, limit))
    except (FileNotFoundError, Unreadable, WireError):
        return {}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _file_digest(folder: UntrustedFolder, name: str, limit: int) -> str | None:
    try:
        return _digest(folder.read(name, limit))
    except (FileNotFoundError, Unreadable):
        return None
