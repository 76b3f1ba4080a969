"""Naming damage in those files of a bundle that no object depends on: the BagIt files and the key manifest.

Nothing is kept out because of them. But an archivist who finds the bag broken must not be the first to know, and a
manifest that cannot be read is one that this laptop did not take over.
"""

import hashlib

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
)
from intake.wire.constants import MANIFEST_MAX_SIZE

_PAYLOAD_MANIFEST = "manifest-sha256.txt"
_TAG_MANIFEST = "tagmanifest-sha256.txt"
_LINE_MAX_SIZE = 300


def damaged_tags(bundle: Bundle) -> list[str]:
    """Return a warning for each file beside the objects that is missing or not what the signed statement makes it."""
    statement = bundle.statement
    entries = bundle.entries or ()
    payload = [(entry.path, entry.sha256.hex()) for entry in entries]
    payload += [(INDEX_NAME, statement.index), (LEAVES_NAME, statement.leaves)]
    payload += [(HEADS_NAME, statement.heads), (MANIFEST_NAME, statement.manifest)]
    limit = _LINE_MAX_SIZE * len(payload)
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


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _file_digest(folder: UntrustedFolder, name: str, limit: int) -> str | None:
    try:
        return _digest(folder.read(name, limit))
    except (FileNotFoundError, Unreadable):
        return None
