"""What the suite `kill` compares: the ledger of its clients with the files and records that a killed server left.

Records are read without writing (the database is left as the kill left it, WAL and all).
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from intake.server.logs import Event
from tests.server.parts import House
from tests.suites.kill_load import Ledger, Media

REPAIRS = ("MEASURED", "SEALED", "LOST", "RESERVATIONS", "LEFTOVERS", "UNRECORDED", "DAMAGED")
SMALL, MEDIA = 1, 2


def database(house: House) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{house.data / 'intake.sqlite'}?mode=ro", uri=True)


def part(house: House, upload_id: bytes) -> Path:
    return house.data / "uploads" / f"{upload_id.hex()}.part"


def blob(house: House, upload_id: bytes) -> Path:
    return house.data / "objects" / f"{upload_id.hex()}.age"


def expected_repairs(house: House) -> dict[str, int]:
    """What the next start has to find, by names of `Event`; zeros are left out."""
    found = dict.fromkeys(REPAIRS, 0)
    with closing(database(house)) as connection:
        uploads = dict(connection.execute("select id, size from uploads").fetchall())
        known = {row[0] for row in connection.execute("select id from objects where kind = ?", (MEDIA,))}
        found["LEFTOVERS"] = sum(blob(house, row[0]).exists() for row in connection.execute("select id from erasures"))
    for upload_id, size in uploads.items():
        if part(house, upload_id).exists():
            found["MEASURED"] += 1
        elif blob(house, upload_id).exists() and blob(house, upload_id).stat().st_size == size:
            found["SEALED"] += 1
        else:
            found["LOST"] += 1
    names = {bytes.fromhex(path.stem) for path in (house.data / "uploads").glob("*.part")}
    found["RESERVATIONS"] = len(names - set(uploads))
    sealed = {bytes.fromhex(path.stem) for path in (house.data / "objects").glob("*.age")}
    found["UNRECORDED"] = len(sealed - known - set(uploads))
    found["DAMAGED"] = sum(not blob(house, object_id).exists() for object_id in known)
    return {name: count for name, count in found.items() if count}


def told_repairs(log: str) -> dict[str, int]:
    """What a start said it found, by names of `Event`."""
    told = {}
    for name in REPAIRS:
        found = re.search(rf"event={Event[name].label} \w+=(\d+)", log)
        if found:
            told[name] = int(found[1])
    return told


def check_new(house: House, ledger: Ledger, first: int) -> Iterator[str]:
    """What is wrong with the reports from number `first` on, with media that a client worked on, with the database."""
    with closing(database(house)) as connection:
        yield from check_reports(connection, dict(list(ledger.reports.items())[first:]))
        yield from check_slots(connection, ledger.slots)
        for media in [media for media in ledger.media if not media.checked]:
            yield from check_media(house, connection, media)
            media.checked = media.complete
        answer = connection.execute("pragma integrity_check").fetchall()
        if answer != [("ok",)]:
            yield f"integrity check: {answer[:3]}"


def check_all(house: House, ledger: Ledger) -> Iterator[str]:
    """What is wrong with anything that was ever acknowledged, and with rows that are half there."""
    for media in ledger.media:
        media.checked = False
    yield from check_new(house, ledger, 0)
    with closing(database(house)) as connection:
        small, bodies = (
            {row[0] for row in connection.execute(query)}
            for query in (f"select id from objects where kind = {SMALL}", "select id from bodies")
        )
        if small != bodies:
            yield f"{len(small ^ bodies)} small objects are half there"
        rows = connection.execute("select sha256, sealed from objects join bodies using (id)")
        yield from ("a body is not what its record says" for sha, sealed in rows if sha != sha256(sealed))


def check_reports(connection: sqlite3.Connection, reports: dict[bytes, bytes]) -> Iterator[str]:
    """What was answered with 200 and is not there with the same bytes."""
    for object_id, wanted in reports.items():
        query = "select sha256, sealed from objects join bodies using (id) where id = ?"
        row = connection.execute(query, (object_id,)).fetchone()
        if row is None or row[0] != wanted or sha256(row[1]) != wanted:
            yield f"report {object_id.hex()} was acknowledged and is {'not there' if row is None else 'another'}"


def check_slots(connection: sqlite3.Connection, slots: list[bytes]) -> Iterator[str]:
    """What was applied and neither lies in a mailbox nor waits for it."""
    kept = [row[0] for row in connection.execute("select slots from mailboxes")]
    kept += [row[0] for row in connection.execute("select data from waiting_slots")]
    together = b"".join(kept)
    yield from ("an applied reply is gone" for slot in slots if slot not in together)


def check_media(house: House, connection: sqlite3.Connection, media: Media) -> Iterator[str]:
    """What was told of an upload and is not so: its offset, its bytes until there, its seal."""
    upload_id = bytes.fromhex(media.path.rpartition("/")[2])
    row = connection.execute("select position from uploads where id = ?", (upload_id,)).fetchone()
    if row is not None and part(house, upload_id).exists():
        if media.complete:
            yield f"upload {upload_id.hex()} was told to be complete and is not"
        if row[0] < media.told:
            yield f"upload {upload_id.hex()}: offset {media.told} was told, {row[0]} is recorded"
        if part(house, upload_id).read_bytes()[: media.told] != media.data[: media.told]:
            yield f"upload {upload_id.hex()}: other bytes below the told offset"
    elif not blob(house, upload_id).exists() or blob(house, upload_id).read_bytes() != media.data:
        yield f"upload {upload_id.hex()}: offset {media.told} was told; it is gone or another"
    elif row is None and media.complete:
        known = connection.execute("select sha256 from objects where id = ?", (upload_id,)).fetchone()
        if known != (sha256(media.data),):
            yield f"upload {upload_id.hex()} is sealed and its record is wrong"


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
