"""Counts and gauges of running servers, left in the database at each tick, where the command line finds them.

Refusals add up over all processes and all time; a gauge is the last word of the process that ticked last. A count is
of a reason, never of a request.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import BigInteger, Connection, Text, cast, insert, select, update

from intake.server.models import counters

_REFUSED: Final = "refused."
_GAUGE: Final = "gauge."


def add_refusals(connection: Connection, refused: Mapping[str, int]) -> None:
    """Adds refusals by the name of their problem to what other processes have counted."""
    number = cast(counters.c.value, BigInteger)
    for name, count in sorted(refused.items()):
        mine = counters.c.name == _REFUSED + name
        # One statement, so that two processes cannot both read the same old number.
        added = update(counters).where(mine).values(value=cast(number + count, Text))
        if connection.execute(added).rowcount == 0:
            connection.execute(insert(counters).values(name=_REFUSED + name, value=str(count)))


def set_gauges(connection: Connection, gauges: Mapping[str, int]) -> None:
    """Leaves what a running server knows of itself; unchanged numbers are not written again."""
    known = read_gauges(connection)
    for name, value in gauges.items():
        if name not in known:
            connection.execute(insert(counters).values(name=_GAUGE + name, value=str(value)))
        elif known[name] != value:
            mine = counters.c.name == _GAUGE + name
            connection.execute(update(counters).where(mine).values(value=str(value)))


def read_refusals(connection: Connection) -> dict[str, int]:
    """Refusals so far by the name of their problem."""
    return _read(connection, _REFUSED)


def read_gauges(connection: Connection) -> dict[str, int]:
    """Gauges by name, as they were at the last tick."""
    return _read(connection, _GAUGE)


def _read(connection: Connection, beginning: str) -> dict[str, int]:
    query = select(counters).where(counters.c.name.startswith(beginning, autoescape=True)).order_by(counters.c.name)
    return {row.name.removeprefix(beginning): int(row.value) for row in connection.execute(query)}
