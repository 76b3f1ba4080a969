"""What an operator may choose, and where things lie inside the data folder."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from intake.server.errors import FolderInvalid
from intake.wire.constants import MEDIA_SEALED_MAX_SIZE

RESERVE_SIZE = 256 * 1024**2
CALM_RATE = 50
PRIVATE_FILE_MODE = 0o600
PRIVATE_FOLDER_MODE = 0o700
UNFINISHED_HOURS = 72
REPLY_DELAY_MINUTES = 60
MAILBOX_DAYS = 180
UNACKED_DAYS = 2


@dataclass(frozen=True)
class Folder:
    """The data folder: everything the server keeps lies below `root`, which only its own user may enter."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file; its WAL lies beside it."""
        return self.root / "intake.sqlite"

    @property
    def objects(self) -> Path:
        """Sealed media, one file each."""
        return self.root / "objects"

    @property
    def uploads(self) -> Path:
        """Unfinished media, one file each."""
        return self.root / "uploads"

    @property
    def page(self) -> Path:
        """The stamped page: page.kk.html, page.ru.html, page.en.html and page.all.html."""
        return self.root / "page"

    @property
    def roots(self) -> Path:
        """The pinned roots: the page's deployment block (SPEC.md section 11)."""
        return self.root / "roots.json"

    @property
    def log_key(self) -> Path:
        """The log key's seed and name, readable by its owner alone."""
        return self.root / "log.key"

    @property
    def receipt_key(self) -> Path:
        """The receipt key's seed and name, readable by its owner alone."""
        return self.root / "receipt.key"

    @property
    def decoy_secret(self) -> Path:
        """32 bytes that all mirrors of a deployment share (SPEC.md section 6)."""
        return self.root / "decoy.secret"

    @property
    def stores(self) -> Path:
        """Names the database and the bucket when they are not in this folder; holds their passwords."""
        return self.root / "stores.json"

    @property
    def open_lock(self) -> Path:
        """Held shared by everything that has the stores open, and alone by what moves them elsewhere."""
        return self.root / "open.lock"

    @property
    def work_lock(self) -> Path:
        """Held by the one process that does repairs, the day's work or moves blobs to the bucket."""
        return self.root / "work.lock"

    @property
    def bundles(self) -> Path:
        """Bundles that wait for a courier; made with the first one."""
        return self.root / "bundles"

    @property
    def courier_lock(self) -> Path:
        """Held by the one process that makes a bundle for a courier."""
        return self.root / "courier.lock"

    @property
    def erase_lock(self) -> Path:
        """Held shared by an export and alone by a deletion, so no bundle loses an object half-way."""
        return self.root / "erase.lock"

    @property
    def run(self) -> Path:
        """Locks and sockets of the running servers; nothing in it outlives them but empty files."""
        return self.root / "run"

    @property
    def reserve(self) -> Path:
        """Room held for text and for the server's own work on a full disk; its bytes mean nothing."""
        return self.root / "reserve.bin"

    @property
    def serve_lock(self) -> Path:
        """Held by the one server that runs on this folder, or shared by all of them over PostgreSQL."""
        return self.root / "serve.lock"

    def make(self) -> None:
        """Makes the folders that are missing, for their owner alone."""
        for folder in (self.root, self.objects, self.uploads, self.page):
            folder.mkdir(mode=PRIVATE_FOLDER_MODE, parents=True, exist_ok=True)

    def check(self) -> None:
        """Raises FolderInvalid unless the folder is whole and no other user may enter it."""
        for path in (*self._secrets(), self.objects, self.uploads, self.page):
            if not path.exists():
                raise FolderInvalid(f"{path.name} is missing")
        for path in (self.root, *self._secrets(), self.stores):
            if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise FolderInvalid("other users of this machine may read it")

    def _secrets(self) -> tuple[Path, ...]:
        return self.log_key, self.receipt_key, self.decoy_secret


@dataclass(frozen=True)
class Settings:
    """What an operator may choose.

    `unfinished_hours`: how long an unfinished upload is kept after its last byte, rounded up to whole days.
    `reserve_bytes`: room held for a full disk, a quarter of the disk at most. `calm_rate`: reports and uploads offered
    a second, on average over ten, above which senders must solve puzzles.
    `media_max_bytes`: the largest sealed media object taken, at most the format's 4 GiB.
    `reply_delay_minutes`: how long a batch of answers waits on average, 0 for not at all.
    `mailbox_days`: days after which a mailbox that nothing was put into is emptied.
    `unacked_days`: age in days of the oldest object without any ack at which the operator is told.
    """

    folder: Folder
    media_max_bytes: int = MEDIA_SEALED_MAX_SIZE
    unfinished_hours: int = UNFINISHED_HOURS
    reserve_bytes: int = RESERVE_SIZE
    calm_rate: int = CALM_RATE
    reply_delay_minutes: int = REPLY_DELAY_MINUTES
    mailbox_days: int = MAILBOX_DAYS
    unacked_days: int = UNACKED_DAYS


def write_private(path: Path, data: bytes) -> None:
    """Writes a new file that only its owner may read, durably; raises FileExistsError when it is there."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_folder(path.parent)


def replace_private(path: Path, data: bytes) -> None:
    """Writes a file that only its owner may read, new or over the one before, durably and at once."""
    draft = path.with_name(f".{path.name}.part")
    draft.unlink(missing_ok=True)
    write_private(draft, data)
    draft.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """fsync of a folder: without it a new or renamed file may be gone after a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
