"""What the suite `verify-kills` compares: PostgreSQL's rows, the spool and the bucket with what clients were told, and
with what `intake verify` names.

Nothing of the server's own code looks here: rows are read with SQL, files by their names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from obstore.exceptions import NotFoundError

from tests.server.houses import client_of
from tests.server.parts import House
from tests.suites.kill_load import Ledger, Media

WHOLE = "uploads that were whole but not recorded"
LOST = "unfinished uploads whose file is gone"
CUT = "unfinished uploads whose file is shorter than was acknowledged"
UNRECORDED = "media without a record"
STRAY = "reservations without a record"
_KIND = re.compile(r"(problem|repaired): (\d+) (.*)")
Named = dict[str, set[str]]


@dataclass
class BothLedger(Ledger):
    """Also the SHA-256 of every file of a form that was told to be stored."""

    forwarded: list[bytes] = field(default_factory=list)


@dataclass
class Look:
    """One look at everything that is stored: ids as hex, digests as PostgreSQL computes them over what it keeps."""

    uploads: dict[str, tuple[int, int]]
    objects: dict[str, tuple[int, bytes]]
    bodies: dict[str, bytes]
    slots: bytes
    parts: dict[str, int]
    spool: dict[str, int]
    bucket: dict[str, int]

    @property
    def sealed(self) -> dict[str, int]:
        """Size of every sealed blob; one that is just being moved lies in both places."""
        return self.bucket | self.spool

    def leftovers(self) -> Named:
        """What a kill has left, by the words under which `intake verify` has to name it."""
        found: Named = {}
        for upload_id, (size, position) in self.uploads.items():
            if upload_id in self.parts:
                if self.parts[upload_id] < position:
                    found.setdefault(CUT, set()).add(upload_id)
            else:
                found.setdefault(WHOLE if self.sealed.get(upload_id) == size else LOST, set()).add(upload_id)
        if unrecorded := self.sealed.keys() - self.objects.keys() - self.uploads.keys():
            found[UNRECORDED] = set(unrecorded)
        if strays := self.parts.keys() - self.uploads.keys():
            found[STRAY] = set(strays)
        return found


def look(house: House) -> Look:
    """Looks at the database, the spool and the bucket; the house must be over all three, and quiet."""
    url, place = house.stores.database, house.stores.bucket
    assert url is not None
    assert place is not None
    with psycopg.connect(url) as database:
        uploads = {row[0].hex(): row[1:] for row in database.execute("select id, size, position from uploads")}
        objects = {row[0].hex(): row[1:] for row in database.execute("select id, kind, sha256 from objects")}
        bodies = {row[0].hex(): row[1] for row in database.execute("select id, sha256(sealed) from bodies")}
        kept = [row[0] for row in database.execute("select slots from mailboxes")]
        kept += [row[0] for row in database.execute("select data from waiting_slots")]
    listed = [entry for page in client_of(place).list() for entry in page]
    bucket = {entry["path"].removesuffix(".age"): entry["size"] for entry in listed}
    sizes = [
        {path.stem: path.stat().st_size for path in (house.data / folder).glob(names)}
        for folder, names in (("uploads", "*.part"), ("objects", "*.age"))
    ]
    return Look(uploads, objects, bodies, b"".join(kept), *sizes, bucket)


def named(text: str, word: str) -> Named:
    """What the output of `intake verify` names as `problem` or as `repaired`: kind -> ids."""
    found: Named = {}
    kind = None
    for line in text.splitlines():
        if head := _KIND.fullmatch(line):
            kind = head[3] if head[1] == word else None
        elif line.startswith("  ") and kind is not None:
            found.setdefault(kind, set()).add(line.strip())
    return found


def wrong_things(house: House, ledger: BothLedger, first: tuple[int, int, int] = (0, 0, 0)) -> Iterator[str]:
    """What clients were told and is not so; reports, slots and forwarded files only from these numbers on."""
    now = look(house)
    for object_id, sha256 in list(ledger.reports.items())[first[0] :]:
        if now.objects.get(object_id.hex()) != (1, sha256) or now.bodies.get(object_id.hex()) != sha256:
            yield f"report {object_id.hex()} was acknowledged and is not there, or another"
    yield from ("an applied reply is gone" for slot in ledger.slots[first[1] :] if slot not in now.slots)
    yield from _wrong_forwarded(house, now, ledger.forwarded[first[2] :])
    for media in [media for media in ledger.media if not media.checked]:
        yield from _wrong_media(house, now, media)
        media.checked = media.complete
    small = {object_id: sha256 for object_id, (kind, sha256) in now.objects.items() if kind == 1}
    if small != now.bodies:
        yield "a small object is half there"


def _wrong_forwarded(house: House, now: Look, digests: list[bytes]) -> Iterator[str]:
    ids = {sha256: (object_id, kind) for object_id, (kind, sha256) in now.objects.items()}
    for sha256 in digests:
        object_id, kind = ids.get(sha256, ("", 0))
        kept = now.bodies.get(object_id) if kind == 1 else _digest(house, object_id)
        if kept != sha256:
            yield f"a forwarded file was told to be stored and is not there, or another: {object_id}"


def _wrong_media(house: House, now: Look, media: Media) -> Iterator[str]:
    upload_id = media.path.rpartition("/")[2]
    if upload_id in now.uploads and upload_id in now.parts:
        begun = (house.data / "uploads" / f"{upload_id}.part").read_bytes()[: media.told]
        if media.complete or now.uploads[upload_id][1] < media.told or begun != media.data[: media.told]:
            yield f"upload {upload_id}: offset {media.told} was told, {now.uploads[upload_id][1]} is recorded"
        return
    sha256 = hashlib.sha256(media.data).digest()
    if _digest(house, upload_id) != sha256:
        yield f"upload {upload_id}: offset {media.told} was told; it is gone or another"
    elif now.objects.get(upload_id) != (2, sha256):
        yield f"upload {upload_id} is sealed and its record is missing or wrong"


def _digest(house: House, object_id: str) -> bytes | None:
    """SHA-256 of a sealed blob in the spool, else in the bucket; None when it is in neither."""
    try:
        return hashlib.sha256(house.media_file(bytes.fromhex(object_id)).read()).digest()
    except (FileNotFoundError, NotFoundError):
        return None
