"""Bundles that wait in DIR/bundles for a courier: made in a thread of their own, read in pieces, removed when fetched.

They hold ciphertext that lies in the stores too. A bundle for a laptop never holds what that laptop has acked, and an
object is erased a week after the last ack at the earliest: one of at most 3 days' age holds nothing that was erased,
while the manifest names that laptop.
"""

import bisect
import contextlib
import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import func, select

from intake.server.clock import day_seconds
from intake.server.errors import ExportFailed, Refusal, ServerError, StorageFull, StorageUnavailable
from intake.server.models import objects
from intake.server.services.backlog import unacked_by
from intake.server.services.bag import clear_drafts
from intake.server.services.core import Core
from intake.server.services.export import export_bundle
from intake.server.settings import PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE
from intake.wire.bundle import EVERY_LAPTOP, NOTE_NAME, BundleStatement, parse_bag_manifest, parse_bundle_note
from intake.wire.courier_request import BUNDLE_NAME, Offer, OfferedFile, PieceWanted
from intake.wire.errors import WireError
from intake.wire.manifest import LaptopKeys

BUNDLE_MAX_DAYS = 3
_TAG_MANIFEST = "tagmanifest-sha256.txt"
_MANIFESTS = ("manifest-sha256.txt", _TAG_MANIFEST)
# A plain read would leave the minute in which a courier came on every file.
_QUIETLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME
_ROOM_SIZE = 1 << 30
_ROOM_SHARE = 10


class Offers:
    """The bundles of one data folder; may be used from several threads and processes."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._folder = core.settings.folder.bundles
        self._lock = threading.Lock()
        self._making: threading.Thread | None = None
        self._failure: ServerError | None = None
        self._listed: Offer | None = None

    def offer(self, laptop: str) -> Offer | None:
        """The bundle that waits for `laptop`; None while one is being made, which this begins if need be.

        Raises Refusal not-found for a laptop nobody named, StorageFull or StorageUnavailable when making one failed.
        """
        keys = self._laptops().get(laptop)
        if keys is None:
            raise Refusal("not-found")
        with self._lock:
            if self._making is not None and self._making.is_alive():
                return None
            self.clear()
            waiting = [each for each in self._statements() if each.laptop == laptop]
            if waiting:
                return self._listing(max(waiting, key=lambda each: each.serial).folder)
            self._begin(keys)
        return None

    def piece(self, bundle: str, wanted: PieceWanted) -> bytes:
        """Up to `wanted.size` bytes of one file; raises Refusal not-found when there is no such file in the bundle."""
        folder, files = self._known(bundle), self._listing(bundle).files
        at = bisect.bisect_left(files, wanted.file, key=lambda file: file.path)
        if at == len(files) or files[at].path != wanted.file:
            raise Refusal("not-found")
        try:
            handle = os.open(folder / wanted.file, _QUIETLY)
        except FileNotFoundError:
            # Removed since, by whoever has it whole.
            raise Refusal("not-found") from None
        try:
            return os.pread(handle, wanted.size, wanted.offset)
        finally:
            os.close(handle)

    def done(self, bundle: str) -> None:
        """Removes a bundle that was fetched; raises Refusal not-found."""
        try:
            shutil.rmtree(self._known(bundle))
        except FileNotFoundError:
            # Somebody else is removing it.
            raise Refusal("not-found") from None
        self._date_folder()

    def clear(self) -> int:
        """Removes bundles older than 3 days, unreadable, or for a laptop that the manifest in force does not name, and
        drafts of killed exports; returns how many.

        Without that laptop an object may be erased at once, and its salt with it.
        """
        if not self._folder.exists():
            return 0
        oldest, named = self._core.clock() - timedelta(days=BUNDLE_MAX_DAYS), (EVERY_LAPTOP, *self._laptops())
        # Each path is judged by itself: a bundle may get its name, and be whole, while this goes on.
        old = [path for path in self._folder.glob("bundle-*") if not _is_kept(path, oldest, named)]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        cleared = len(old) + clear_drafts(self._folder)
        if cleared:
            self._date_folder()
        return cleared

    def wait(self) -> None:
        """Waits until no bundle is being made here."""
        if self._making is not None:
            self._making.join()

    def _laptops(self) -> dict[str, LaptopKeys]:
        in_force = self._core.manifests.known().in_force
        return {} if in_force is None else {each.name: each for each in in_force.manifest.laptops}

    def _begin(self, laptop: LaptopKeys) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure if isinstance(failure, StorageFull) else StorageUnavailable("no bundle could be made")
        self._making = threading.Thread(target=self._make, args=(laptop,), name="export", daemon=True)
        self._making.start()

    def _make(self, laptop: LaptopKeys) -> None:
        try:
            with self._alone() as first:
                if first:
                    self._leave_room(laptop)
                    export_bundle(self._core, self._folder, laptop.name)
        except (ExportFailed, StorageFull, StorageUnavailable) as error:
            self._failure = error
        except OSError as error:
            self._failure = StorageUnavailable(type(error).__name__)
        finally:
            self._date_folder()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """True while this process is the one that makes a bundle; another process may be at it."""
        handle = os.open(self._core.settings.folder.courier_lock, os.O_RDWR | os.O_CREAT, PRIVATE_FILE_MODE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._folder.mkdir(mode=PRIVATE_FOLDER_MODE, exist_ok=True)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(handle)

    def _leave_room(self, laptop: LaptopKeys) -> None:
        # A bundle is a second copy of all that waits. It must not take the room that reports need.
        query = select(func.coalesce(func.sum(objects.c.size), 0)).where(unacked_by(laptop))
        total = int(self._core.store.read(lambda connection: connection.execute(query).scalar_one()))
        disk = os.statvfs(self._folder)
        room = min(_ROOM_SIZE, disk.f_blocks * disk.f_frsize // _ROOM_SHARE)
        if disk.f_bavail * disk.f_frsize < total + room:
            raise StorageFull

    def _statements(self) -> list[BundleStatement]:
        found = (_statement(path) for path in self._folder.glob("bundle-*"))
        return [each for each in found if each is not None]

    def _listing(self, bundle: str) -> Offer:
        if self._listed is None or self._listed.bundle != bundle:
            self._listed = _listing(self._known(bundle))
        return self._listed

    def _known(self, bundle: str) -> Path:
        folder = self._folder / bundle
        if not BUNDLE_NAME.fullmatch(bundle) or not folder.is_dir():
            raise Refusal("not-found")
        return folder

    def _date_folder(self) -> None:
        seconds = day_seconds(self._core.clock())
        with contextlib.suppress(OSError):
            os.utime(self._folder, (seconds, seconds))


def _statement(folder: Path) -> BundleStatement | None:
    try:
        statement = parse_bundle_note(_read(folder / NOTE_NAME))[1]
    except (OSError, WireError):
        return None
    return statement if statement.folder == folder.name else None


def _is_kept(folder: Path, oldest: date, named: Collection[str]) -> bool:
    statement = _statement(folder)
    return statement is not None and statement.day >= oldest and statement.laptop in named


def _listing(folder: Path) -> Offer:
    """Every file of a whole bag; the hashes are those it was written with."""
    try:
        hashes = {path: found for name in _MANIFESTS for path, found in _hashes(folder / name).items()}
        hashes[_TAG_MANIFEST] = hashlib.sha256(_read(folder / _TAG_MANIFEST)).hexdigest()
        files = [OfferedFile(p, (folder / p).stat().st_size, bytes.fromhex(found)) for p, found in hashes.items()]
    except (OSError, WireError):
        raise Refusal("not-found") from None
    return Offer(folder.name, tuple(sorted(files)))


def _hashes(path: Path) -> dict[str, str]:
    return parse_bag_manifest(_read(path))


def _read(path: Path) -> bytes:
    with open(path, "rb", opener=lambda name, _: os.open(name, _QUIETLY)) as source:
        return source.read()
