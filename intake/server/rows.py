"""Many rows in one statement, in the SQL both databases speak.

A driver that is called once for many rows gives up the interpreter's lock once, and not once for each: at each of
those the writer and the event loop would wait for each other.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import Column, Connection, Dialect
from sqlalchemy.schema import Table

_PART_ROWS: Final = 32
"""Rows in one statement. The driver keeps one of each length with its last values: 34 MB of the largest reports."""
_PLACEHOLDERS: Final = {"qmark": "?", "pyformat": "%s"}

_Adapter = Callable[[object], object]


def insert_new(connection: Connection, columns: Sequence[Column[object]], rows: Sequence[Iterable[object]]) -> int:
    """Inserts those rows, values for `columns` of one table, whose key is not there yet; returns how many."""
    return sum(_insert_part(connection, columns, rows[i : i + _PART_ROWS]) for i in range(0, len(rows), _PART_ROWS))


def _insert_part(connection: Connection, columns: Sequence[Column[object]], rows: Sequence[Iterable[object]]) -> int:
    dialect = connection.dialect
    text = _statement(tuple(columns), dialect.paramstyle, len(rows))
    adapters = _adapters(tuple(columns), dialect)
    values = tuple(
        value if adapt is None else adapt(value) for row in rows for value, adapt in zip(row, adapters, strict=True)
    )
    return connection.exec_driver_sql(text, values).rowcount


@lru_cache(128)
def _statement(columns: tuple[Column[object], ...], paramstyle: str, rows: int) -> str:
    table: Table = columns[0].table
    row = f"({', '.join([_PLACEHOLDERS[paramstyle]] * len(columns))})"
    names = ", ".join(column.name for column in columns)
    # Names of our own tables alone; every value is a parameter.
    return f"INSERT INTO {table.name} ({names}) VALUES {', '.join([row] * rows)} ON CONFLICT DO NOTHING"  # noqa: S608


@lru_cache(64)
def _adapters(columns: tuple[Column[object], ...], dialect: Dialect) -> list[_Adapter | None]:
    return [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
