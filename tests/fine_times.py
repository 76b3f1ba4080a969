"""Finds values in a database that read as a time of these days finer than a day; tables and columns as they come."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

DAY_S = 86400
NEAR_DAYS = 30
UNITS = (1, 1e3, 1e6, 1e9)
CLOCK = re.compile(r"(?<!\d)\d\d:\d\d(?!\d)")
NUMBER = re.compile(r"\d{9,20}(\.\d+)?")


def fine_times(path: Path) -> list[str]:
    """`table.column` of every such value in a SQLite file, sorted."""
    found = set()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            cursor = database.execute(f'select * from "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor:
                found |= {f"{table}.{name}" for name, value in zip(names, row, strict=True) if is_fine_time(value)}
    return sorted(found)


def is_fine_time(value: object) -> bool:
    """Whether a number is seconds to nanoseconds near now, or a text tells a clock or is such a number."""
    if isinstance(value, int | float):
        return any(abs(value / unit - time.time()) < NEAR_DAYS * DAY_S for unit in UNITS)
    if isinstance(value, bytes):
        try:
            value = value.decode("utf-8")
        except UnicodeDecodeError:
            return False
    if not isinstance(value, str):
        return False
    return bool(CLOCK.search(value)) or any(is_fine_time(float(match[0])) for match in NUMBER.finditer(value))
