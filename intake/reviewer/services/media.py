"""`reviewer media`: a report's files out of the vault, in the clear, only because somebody asked for it."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from intake.reviewer.errors import InputInvalid, NotFound
from intake.reviewer.models import OBJECTS
from intake.reviewer.services.events import append_event
from intake.reviewer.services.reports import Item, Part
from intake.reviewer.storage import Vault
from intake.wire.constants import MEDIA_TYPES
from keys.keyfile import check_private_folder
from keys.opening import export_body
from keys.ring import Keyring

_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "video/3gpp": "3gp",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/amr": "amr",
    "application/pdf": "pdf",
}


def export_media(vault: Vault, ring: Keyring, item: Item, folder: Path) -> list[tuple[Path, int]]:
    """Decrypt an item's files into `folder` (made, or yours alone); return (path, size in bytes) of each.

    Names are `<report number>-<file number>.<ending>`, the ending from a fixed list: nothing the sender chose.
    64 KiB in memory at a time. Raises NotFound, InputInvalid (inside the vault, a file is there), KeyFileLoose.
    """
    if not item.media:
        raise NotFound("no files in this report")
    folder = folder.resolve()
    if folder.is_relative_to(vault.home.path.resolve()):
        raise InputInvalid("the folder lies in the home folder; plaintext does not go there")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private_folder(folder)
    return [_export(vault, ring, item, part, folder, index) for index, part in enumerate(item.media, 1)]


def media_name(item: Item, part: Part, index: int) -> str:
    """Return the neutral file name of an item's file, counted from 1."""
    known = MEDIA_TYPES[part.media_type] if part.media_type < len(MEDIA_TYPES) else ""
    return f"{item.number}-{index}.{_ENDINGS.get(known, 'bin')}"


def _export(vault: Vault, ring: Keyring, item: Item, part: Part, folder: Path, index: int) -> tuple[Path, int]:
    target = folder / media_name(item, part, index)
    with _source(vault, part) as source:
        try:
            size = export_body(source, ring.identities(part.epoch), target)
        except FileExistsError:
            raise InputInvalid("a file of that name is in the folder already") from None
    with vault.begin() as connection:
        fields = {"item": item.number, "object": part.sha256.hex(), "size": size}
        append_event(connection, ring, "media-exported", **fields)
    return target, size


def _source(vault: Vault, part: Part) -> BinaryIO:
    with vault.begin() as connection:
        data = connection.execute(select(OBJECTS.c.data).where(OBJECTS.c.sha256 == part.sha256)).scalar_one()
    return BytesIO(data) if data is not None else vault.object_path(part.sha256).open("rb")
