"""Where a courier's few things lie, and what may be chosen."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from intake.courier.errors import HomeUnusable

HOME_VARIABLE = "COURIER_HOME"
PRIVATE_FILE_MODE = 0o600
PRIVATE_FOLDER_MODE = 0o700


@dataclass(frozen=True)
class Home:
    """A courier's folder: its key and the pinned roots of its deployment. Nothing in it opens anything."""

    path: Path

    @property
    def key(self) -> Path:
        """The courier's name and secret seed."""
        return self.path / "courier.key"

    @property
    def roots(self) -> Path:
        """The pinned roots (SPEC.md section 11)."""
        return self.path / "roots.json"

    def check(self) -> None:
        """Raises HomeUnusable unless it is whole and open to nobody else."""
        for path in (self.key, self.roots):
            if not path.is_file():
                raise HomeUnusable(f"{path.name} is missing")
        for path in (self.path, self.key):
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise HomeUnusable("other users of this machine may read it")


def named_home(given: str | None) -> Home | None:
    """The folder named by --home or in COURIER_HOME, None when neither is."""
    name = given or os.environ.get(HOME_VARIABLE)
    return Home(Path(name).absolute()) if name else None


def find_home(given: str | None) -> Home:
    """As named_home; raises HomeUnusable when none is named."""
    home = named_home(given)
    if home is None:
        raise HomeUnusable("no folder is named")
    return home


def write_private(path: Path, data: bytes) -> None:
    """Writes a new file for its owner alone, durably; raises FileExistsError when it is there."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE_MODE)
    with open(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """fsync of a folder, so that a new or renamed file is still there after a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
