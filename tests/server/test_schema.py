"""The version of the tables: old folders are brought up to date with all they hold, and no step is forgotten."""

import contextlib
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import setuptools
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from intake.server import schema
from intake.server.errors import FolderInvalid
from intake.server.models import metadata, objects, uploads
from intake.server.storage import SqliteStore
from intake.server.storage_postgres import PostgresStore

FIRST_TABLES = (Path(__file__).parent / "first_tables.sql").read_text("utf-8")
ROWS = {
    "objects": (b"i" * 16, 1, 8192, b"s" * 32, 12, "2026-11-20", b"t" * 32, 0),
    "bodies": (b"i" * 16, b"sealed"),
    "uploads": (b"u" * 16, 100_000, 12, 5000, "2026-11-21"),
    "erasures": (b"e" * 16,),
    "leaves": (0, b"l" * 32),
    "heads": (0, "2026-11-20", 1, b"note"),
    "manifests": (1, b"manifest"),
    "revoked": ("ab" * 32, "2026-11-20"),
    "acks": (b"i" * 16, "A", "", b"k" * 32, "2026-11-21"),
    "outboxes": ("A", "acks", 7),
    "mailboxes": (bytes(32), b"m" * 16_384),
    "counters": ("bundle-serial", "3"),
}


def make_first_folder(path: Path) -> None:
    """A database as the first server left it, a row in each table."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode=WAL;" + FIRST_TABLES)
        for table, row in ROWS.items():
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()


def contents(path: Path) -> dict[str, list[tuple]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ROWS}


def differences(connection) -> list:
    return compare_metadata(MigrationContext.configure(connection), metadata)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    if request.param == "sqlite":
        opened = SqliteStore(tmp_path / "intake.sqlite")
    else:
        cluster = request.getfixturevalue("postgres")
        opened = PostgresStore(cluster.url(cluster.make()))
    yield opened
    opened.close()


def test_steps_make_the_tables_of_the_models(store):
    assert store.read(differences) == []


def test_steps_make_new_tables_and_no_others(store):
    assert store.read(schema.is_up_to_date)
    store.write(schema.bring_up_to_date).result()
    assert store.read(differences) == []


def test_sqlite_tables_count_no_rows(tmp_path):
    SqliteStore(tmp_path / "intake.sqlite").close()
    with contextlib.closing(sqlite3.connect(tmp_path / "intake.sqlite")) as connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    assert [name for name, sql in made.items() if "WITHOUT ROWID" not in sql] == []


def test_folder_of_the_first_server_keeps_every_row(tmp_path):
    path = tmp_path / "intake.sqlite"
    make_first_folder(path)
    with contextlib.closing(SqliteStore(path)) as store:
        assert store.read(differences) == []
        row = store.read(lambda c: c.execute(select(objects)).one())
        assert (row.id, row.day, row.work) == (b"i" * 16, date(2026, 11, 20), 0)
        assert store.read(lambda c: c.execute(select(uploads)).one()).position == 5000
    assert {name: [kept[0][: len(ROWS[name])]] for name, kept in contents(path).items()} == {
        name: [row] for name, row in ROWS.items()
    }


def test_step_that_fails_changes_nothing(tmp_path):
    path = tmp_path / "intake.sqlite"
    make_first_folder(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE waiting_slots (x)")
    before = contents(path)
    with pytest.raises(Exception, match="does not answer as it should"):
        SqliteStore(path)
    assert contents(path) == before
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchall() == []


def test_newer_tables_are_refused(tmp_path):
    SqliteStore(tmp_path / "intake.sqlite").close()
    with contextlib.closing(sqlite3.connect(tmp_path / "intake.sqlite")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(FolderInvalid, match="newer version"):
        SqliteStore(tmp_path / "intake.sqlite")


def test_version_is_the_newest_step():
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.VERSION]


def test_steps_are_in_the_package(root):
    found = setuptools.find_packages(str(root), include=["intake*"])
    assert {"intake.server.migrations", "intake.server.migrations.versions"} <= set(found)


def test_start_with_tables_up_to_date_does_not_load_alembic(tmp_path):
    SqliteStore(tmp_path / "intake.sqlite").close()
    script = (
        "import sys; from pathlib import Path; from intake.server.storage import SqliteStore;"
        "SqliteStore(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "intake.sqlite")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
