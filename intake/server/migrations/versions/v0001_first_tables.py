"""The tables of the first server, which wrote down no version."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes them in an empty database."""
    _objects()
    _log()
    _keys()
    _table("mailboxes", sa.Column("id", sa.LargeBinary(32), primary_key=True), _bytes("slots", 16384))
    _table("counters", sa.Column("name", sa.String(32), primary_key=True), _filled("value", sa.Text()))


def _objects() -> None:
    _table(
        "objects",
        _object_id(),
        _filled("kind", sa.SmallInteger()),
        _filled("size", sa.BigInteger()),
        _bytes("sha256", 32),
        _filled("epoch", sa.BigInteger()),
        _filled("day", sa.Date()),
        _bytes("salt", 32),
        sa.Column("leaf_number", sa.BigInteger()),
    )
    op.create_index("ix_objects_sha256", "objects", ["sha256"])
    op.create_index("ix_objects_leaf_number", "objects", ["leaf_number"])
    _table("bodies", _object_id(), _bytes("sealed"))
    numbers = [_filled(name, sa.BigInteger()) for name in ("size", "epoch", "position")]
    _table("uploads", _object_id(), *numbers, _filled("day", sa.Date()))
    _table("erasures", _object_id())


def _log() -> None:
    _table("leaves", _number("number"), _bytes("leaf", 32))
    _table("heads", _number("batch"), _filled("day", sa.Date()), _filled("size", sa.BigInteger()), _bytes("note"))


def _keys() -> None:
    _table("manifests", _number("serial"), _bytes("data"))
    _table("revoked", sa.Column("key_hash", sa.String(64), primary_key=True), _filled("day", sa.Date()))
    _table(
        "acks",
        sa.Column("object_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("laptop", sa.String(64), primary_key=True),
        sa.Column("giver", sa.String(64), primary_key=True),
        sa.Column("key", sa.LargeBinary(32), primary_key=True),
        _filled("day", sa.Date()),
    )
    _table(
        "outboxes",
        sa.Column("laptop", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(64), primary_key=True),
        _filled("serial", sa.BigInteger()),
    )


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(name, *columns, sqlite_with_rowid=False)


def _object_id() -> sa.Column[object]:
    return sa.Column("id", sa.LargeBinary(16), primary_key=True)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), primary_key=True, autoincrement=False)


def _filled(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def _bytes(name: str, length: int | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary(length), nullable=False)
