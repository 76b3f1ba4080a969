"""Copies of what came on a stick: large objects into the vault, damaged ones into quarantine, proofs of a fork.

Every copy is on the disk under its name before anything says that the vault has it.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from intake.reviewer.services.folders import Unreadable, UntrustedFolder, readable
from intake.reviewer.services.stick_objects import Cut, Readable, open_object
from intake.reviewer.settings import RECEIVING_PREFIX, Home
from intake.wire.bundle import HEADS_NAME, INDEX_NAME, LEAVES_NAME, NOTE_NAME
from intake.wire.bundle_index import IndexEntry
from intake.wire.constants import MEDIA_SEALED_MAX_SIZE

COPY_BLOCK_SIZE = 1024**2
OTHER_BYTES = "its bytes or its size are not those of the index"
_PROOF_MAX_SIZE = 256 * 1024**2


class Disagrees(Exception):
    """The object is not what was announced; the argument says in what, in words."""


@dataclass(frozen=True)
class Copy:
    """A finished copy under a temporary name: size in bytes and SHA-256 (32 bytes)."""

    path: Path
    size: int
    sha256: bytes


def receive_large(home: Home, source: Readable, size: int | None, sha256: bytes | None) -> Copy:
    """Copy a large sealed object into the vault under its hash; raises Disagrees when size or hash differ.

    Reads 1 MiB at a time, at most 4 GiB. None takes what comes.
    """
    with _copied(source, home.objects, MEDIA_SEALED_MAX_SIZE if size is None else size) as copy:
        if size not in (None, copy.size) or sha256 not in (None, copy.sha256):
            raise Disagrees(OTHER_BYTES)
        target = home.objects / f"{copy.sha256.hex()}.age"
        os.replace(copy.path, target)
        sync_folder(home.objects)
        return Copy(target, copy.size, copy.sha256)


def keep_quarantined(home: Home, folder: UntrustedFolder, entry: IndexEntry, bundle: str) -> None:
    """Keep a damaged object as it came, as far as it can be read, for people to look into.

    At most a byte more than it should have: a stick of files that are all holes would else fill the laptop's disk.
    """
    target = home.quarantine / bundle
    target.mkdir(mode=0o700, exist_ok=True)
    try:
        with open_object(folder, entry) as whole, _copied(Cut(whole, entry.size + 1), target, entry.size + 1) as copy:
            os.replace(copy.path, target / f"{entry.object_id.hex()}.age")
            sync_folder(target)
    except (FileNotFoundError, Unreadable, Disagrees):
        return


def keep_proof(home: Home, folder: UntrustedFolder, bundle: str) -> None:
    """Keep the signed files of a bundle whose log contradicts what was seen before."""
    target = home.proof / bundle
    target.mkdir(mode=0o700, exist_ok=True)
    for name in (NOTE_NAME, INDEX_NAME, LEAVES_NAME, HEADS_NAME):
        with folder.open(name) as source, _copied(source, target, _PROOF_MAX_SIZE) as copy:
            os.replace(copy.path, target / Path(name).name)
    sync_folder(target)


def sync_folder(path: Path) -> None:
    """Put a folder's names on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _copied(source: Readable, folder: Path, limit: int) -> Iterator[Copy]:
    descriptor, name = tempfile.mkstemp(prefix=RECEIVING_PREFIX, dir=folder)
    try:
        with open(descriptor, "wb") as sink:
            size, sha256 = _copy(source, sink, limit)
            sink.flush()
            os.fsync(descriptor)
        yield Copy(Path(name), size, sha256)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(source: Readable, sink: BinaryIO, limit: int) -> tuple[int, bytes]:
    digest, size = hashlib.sha256(), 0
    while block := _read(source):
        size += len(block)
        if size > limit:
            raise Disagrees(OTHER_BYTES)
        digest.update(block)
        sink.write(block)
    return size, digest.digest()


def _read(source: Readable) -> bytes:
    with readable():
        return source.read(COPY_BLOCK_SIZE)
