"""The version of the tables: a store is brought up to date when it is opened, or refused when it is newer.

The steps are Alembic's, in migrations/versions; alembic itself is loaded only when there is a step to take.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from intake.server.errors import FolderInvalid

VERSION: Final = "0002"
"""The newest step of migrations/versions."""

_BEFORE_VERSIONS: Final = "0001"
_ADVISORY_KEY: Final = 0x696E74616B65_01
_versions: Final = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True), sqlite_with_rowid=False
)
"""Alembic's own table, made here so that it counts no rows either."""


def is_up_to_date(connection: Connection) -> bool:
    """Whether the tables are those of this version; False also for an empty database."""
    return _version(connection) == VERSION


def bring_up_to_date(connection: Connection) -> None:
    """Takes the missing steps within the open, exclusive transaction: all or none.

    Tables that were made before versions were written down count as the first. Raises FolderInvalid for newer ones.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_KEY})")
    version = _version(connection)
    if version == VERSION:
        return
    if version > VERSION:
        raise FolderInvalid("a newer version of this program has made it")
    # Half a second to load, which no start needs but the first.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    _versions.create(connection, checkfirst=True)
    if version == _BEFORE_VERSIONS:
        command.stamp(config, version)
    command.upgrade(config, VERSION)


def _version(connection: Connection) -> str:
    there = inspect(connection)
    if there.has_table(_versions.name):
        return connection.execute(select(_versions.c.version_num)).scalar() or ""
    return _BEFORE_VERSIONS if there.has_table("objects") else ""
