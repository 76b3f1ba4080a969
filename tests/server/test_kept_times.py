"""Which times and orders PostgreSQL and a bucket keep by themselves: measured, printed with -s, told in STORAGE.md.

Each test fails when what is kept changes, for better or worse: then the document is wrong.
"""

import os
import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete

from intake.server.models import objects
from intake.server.services.core import open_core
from intake.server.services.reports import store_report
from intake.wire.envelope import parse_envelope
from tests.server.houses import client_of, name_of

STORES = ("postgres+s3",)
KEPT_IN = ("base", "pg_wal")


@pytest.fixture
def stored(house, core, forge):
    """Ids of ten reports, each with a commit of its own, in the order in which they came."""
    envelopes = [parse_envelope(forge.envelope()) for _ in range(10)]
    for envelope in envelopes:
        core.store.write(lambda c, envelope=envelope: store_report(c, envelope, core.clock())).result()
    return [envelope.object_id for envelope in envelopes]


def test_rows_tell_the_order_of_commits_by_their_transaction(house, stored, postgres):
    name = name_of(house.stores.database)
    by_xmin = [row[0] for row in postgres.run("SELECT id FROM objects ORDER BY xmin::text::bigint", name)]
    by_place = [row[0] for row in postgres.run("SELECT id FROM objects ORDER BY ctid", name)]
    print("\nPostgreSQL rows: xmin and ctid are in the order of arrival:", by_xmin == by_place == stored)
    assert (by_xmin, by_place) == (stored, stored)


def test_rows_tell_no_time_of_commits(house, stored, postgres):
    (value,) = postgres.run("SHOW track_commit_timestamp")[0]
    print("\nPostgreSQL track_commit_timestamp:", value)
    assert value == "off"


def test_wal_tells_the_microsecond_of_each_commit(house, stored, postgres):
    commits = postgres.wal_commits()
    times = [found[0] for line in commits if (found := re.search(r"COMMIT \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", line))]
    print(f"\nPostgreSQL WAL: {len(times)} commits with their time, the last: {times[-1]}")
    assert len(times) >= len(stored)


def test_files_of_the_database_have_times_of_the_moment(house, stored, postgres):
    name = name_of(house.stores.database)
    ((path,),) = postgres.run("SELECT pg_relation_filepath('objects')", name)
    postgres.run("CHECKPOINT", name)
    kept = (postgres.folder / "data" / path).stat().st_mtime
    print("\nPostgreSQL table file, last changed:", datetime.fromtimestamp(kept, UTC).isoformat())
    assert kept % 86400 != 0


def test_deleted_rows_stay_in_the_wal_after_forgetting(house, core, stored, postgres):
    rows = postgres.run("SELECT id, salt FROM objects", name_of(house.stores.database))
    core.store.write(lambda c: c.execute(delete(objects).where(objects.c.id != rows[-1][0]))).result()
    assert core.store.forget()
    postgres.run("CHECKPOINT")
    data = postgres.folder / "data"
    found = {folder: [read(path) for path in (data / folder).rglob("*") if path.is_file()] for folder in KEPT_IN}
    counts = {
        folder: sum(any(salt in file for file in files) for _, salt in rows[:-1]) for folder, files in found.items()
    }
    print("\nPostgreSQL, of 9 salts after deleting and forgetting are still in:", counts)
    # One or two may straddle two pages of the WAL, where a search for the bytes does not find them.
    assert counts["pg_wal"] >= 7


def read(path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_bucket_tells_the_second_of_the_copy_not_of_the_upload(house, forge, store_media):
    with open_core(house.settings) as core:
        before = datetime.now(UTC)
        media = store_media(core, forge.media(), date(2026, 1, 1))
    entry = client_of(house.stores.bucket).head(f"{media.hex()}.age")
    kept = entry["last_modified"]
    print("\nBucket LastModified:", kept.isoformat(), "keys:", sorted(entry))
    assert abs((kept - before).total_seconds()) < 60
    assert not any(word in os.fsdecode(str(entry)) for word in ("2026-01-01", "day"))
