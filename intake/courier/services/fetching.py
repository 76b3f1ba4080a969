"""Fetching a bundle in pieces onto a stick: it goes on where it stopped, and gets its name when it is whole.

```
waiting -> fetching (each file: append pieces, compare its hash, once again from its start) -> whole -> named -> told
```
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import RawIOBase
from pathlib import Path

from intake.courier.errors import BundleDamaged, FileUnusable, LineBroken, ServerBusy, ServerRefused
from intake.courier.line import Line
from intake.courier.services.checking import check_bundle, file_hash
from intake.courier.settings import PRIVATE_FILE_MODE, sync_folder
from intake.wire.constants import COURIER_OFFER_MAX_SIZE, COURIER_PIECE_MAX_SIZE
from intake.wire.courier_request import Offer, OfferedFile, PieceWanted, parse_offer
from intake.wire.errors import WireError
from intake.wire.manifest import Roots

Progress = Callable[[int, int], None]
Pause = Callable[[float], None]
TRIES = 6
_WAIT_SECONDS = 5.0
_WAITS_MAX = 720
_DAY_SECONDS = 86_400


class Fetch:
    """Fetches what waits for one laptop into `target`; `progress` is told (bytes here, bytes in all)."""

    def __init__(self, line: Line, target: Path, roots: Roots, progress: Progress, pause: Pause) -> None:
        self._line = line
        self._target = target
        self._roots = roots
        self._progress = progress
        self._pause = pause

    def run(self, laptop: str) -> Path:
        """The folder of a whole bundle; the server has been told that it may forget it.

        Raises ServerRefused, ServerBusy, LineBroken, FileUnusable, BundleDamaged, BundleForeign; what has come
        stays for the next run.
        """
        if not self._target.is_dir():
            raise FileUnusable(f"there is no folder {str(self._target)!r}")
        offer = self._offer(laptop)
        folder = self._target / offer.bundle
        if not folder.exists():
            with self._draft(offer) as draft:
                self._fetch(offer, draft)
                check_bundle(draft, self._roots)
                _date(draft)
                draft.rename(folder)
                sync_folder(self._target)
        check_bundle(folder, self._roots)
        with contextlib.suppress(ServerRefused):
            # Refused: an earlier run, whose answer was lost, has said so already.
            self._patiently(lambda: self._line.read(f"/courier/bundles/{offer.bundle}/done", b"", 0))
        return folder

    def _offer(self, laptop: str) -> Offer:
        for _ in range(_WAITS_MAX):
            status, body = self._patiently(
                lambda: self._line.read("/courier/bundles", laptop.encode(), COURIER_OFFER_MAX_SIZE)
            )
            if status == 200:
                try:
                    return parse_offer(body)
                except WireError:
                    raise ServerRefused("what it offers is malformed") from None
            self._pause(_WAIT_SECONDS)
        raise ServerBusy

    def _patiently(self, ask: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
        for attempt in range(TRIES):
            try:
                return ask()
            except LineBroken:
                if attempt == TRIES - 1:
                    raise
                self._pause(2.0**attempt)
        raise LineBroken

    @contextlib.contextmanager
    def _draft(self, offer: Offer) -> Iterator[Path]:
        draft = self._target / f".{offer.bundle}.part"
        draft.mkdir(exist_ok=True)
        handle = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield draft
        except BlockingIOError:
            raise FileUnusable("another courier command is fetching into it") from None
        finally:
            os.close(handle)

    def _fetch(self, offer: Offer, draft: Path) -> None:
        total = sum(file.size for file in offer.files)
        missing = sum(max(0, file.size - _size(draft / file.path)) for file in offer.files)
        if missing > shutil.disk_usage(draft).free:
            raise FileUnusable("there is not enough room on the stick")
        done = 0
        for file in offer.files:
            path = draft / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file(offer.bundle, file, path, done, total)
            done += file.size
            self._progress(done, total)

    def _file(self, bundle: str, file: OfferedFile, path: Path, done: int, total: int) -> None:
        for _ in range(2):
            if _size(path) > file.size:
                path.unlink()
            self._complete(bundle, file, path, lambda here: self._progress(done + here, total))
            if file_hash(path) == file.sha256:
                return
            # The line changed a byte, or an older piece is of something else: from the start, once.
            path.unlink()
        raise BundleDamaged(f"{file.path} comes with other bytes")

    def _complete(self, bundle: str, file: OfferedFile, path: Path, tell: Callable[[int], None]) -> None:
        """Appends to `path` until it has the announced size; durable and dated to the day when this returns."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, PRIVATE_FILE_MODE)
        failures = 0
        with open(handle, "ab", buffering=0) as sink:
            while (here := os.fstat(handle).st_size) < file.size:
                try:
                    self._append(
                        bundle, PieceWanted(file.path, here, min(COURIER_PIECE_MAX_SIZE, file.size - here)), sink
                    )
                except LineBroken:
                    failures = 0 if os.fstat(handle).st_size > here else failures + 1
                    if failures == TRIES:
                        raise
                    self._pause(2.0**failures)
                tell(os.fstat(handle).st_size)
            os.fsync(handle)

    def _append(self, bundle: str, wanted: PieceWanted, sink: RawIOBase) -> None:
        left = wanted.size
        with self._line.ask(f"/courier/bundles/{bundle}/files", wanted.payload()) as response:
            for piece in response.iter_raw():
                if len(piece) > left:
                    raise ServerRefused("it sends more than was asked for")
                sink.write(piece)
                left -= len(piece)
        if left == wanted.size:
            raise LineBroken("nothing came")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _date(folder: Path) -> None:
    """All times of a bundle become the day, and it is on the disk: a stick need not tell the minute of a transfer."""
    seconds = int(datetime.now(UTC).timestamp()) // _DAY_SECONDS * _DAY_SECONDS
    for path in sorted(folder.rglob("*"), reverse=True):
        os.utime(path, (seconds, seconds), follow_symlinks=False)
        if path.is_dir():
            sync_folder(path)
    os.utime(folder, (seconds, seconds))
    sync_folder(folder)
