"""Who is let in under pressure: whoever solved the puzzle, from whatever address.

Media without work may have half of what is free for media and a share of the places for unfinished uploads; who is
refused there is asked for work, so empty reservations that cost nothing cannot shut out those who work.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import Connection, func, select

from intake.server.errors import PuzzleNeeded, Refusal, StorageFull
from intake.server.models import acks, objects, uploads
from intake.server.services.core import Core
from intake.wire.puzzle import parse_solution

UNFINISHED_MAX: Final = 4096
"""Unfinished uploads at a time without work, and as many again with it."""


@dataclass(frozen=True)
class Admitted:
    """The class of work proven, and for an upload the id that follows from it, None without work."""

    work: int
    upload_id: bytes | None = None


@dataclass(frozen=True)
class _Standing:
    """Whether the upload is begun already; how many others of its lane are unfinished, and the bytes they reserve."""

    begun: bool
    count: int
    reserved: int


def refuse_unsolved(core: Core, header: str | None, size: int) -> None:
    """Refuses a report that brings no work before its body is read, so that a flood costs next to nothing.

    `header` is the value of Intake-Work, `size` the sealed bytes announced. Raises PuzzleNeeded.
    """
    level = core.pressure.level
    if header is None and level:
        core.pressure.offer()
        raise PuzzleNeeded(core.puzzles.ask(size, level))


def admit_report(core: Core, header: str | None, object_id: bytes, size: int) -> int:
    """The class of work of a report that passed the gate; raises PuzzleNeeded, PuzzleInvalid for a malformed header."""
    work = 0
    if header is not None:
        solution = parse_solution(header)
        if solution.subject == object_id:
            work = core.puzzles.proven(solution, size)
    core.pressure.offer()
    _require(core, work, core.pressure.level, size)
    core.pressure.take(work, _named(object_id, size))
    return work


async def admit_upload(core: Core, header: str | None, size: int) -> Admitted:
    """Whether a media object of `size` bytes may be begun; looks at the records in a thread.

    Raises StorageFull when it would touch what is left to text, PuzzleNeeded, Refusal unavailable when too many
    uploads with work are unfinished, PuzzleInvalid for a malformed header.
    """
    core.pressure.offer()
    solution = None if header is None else parse_solution(header)
    work = 0 if solution is None else core.puzzles.proven(solution, size)
    room = core.room.for_media()
    upload_id = core.puzzles.upload_id(solution.subject, size) if solution is not None and work else None
    look = partial(_standing, upload_id=upload_id, worked=work > 0)
    standing = await asyncio.to_thread(core.store.read, look)
    if not standing.begun:
        if size > room:
            raise StorageFull
        _require(core, work, core.pressure.level or _asked_by_quota(standing, work, size, room), size)
    core.pressure.take(work, b"" if solution is None else _named(solution.subject, size))
    return Admitted(work, upload_id)


def unsolved_backlog(connection: Connection) -> int:
    """How many objects without work no laptop has acked."""
    unacked = objects.c.id.not_in(select(acks.c.object_id))
    return connection.execute(select(func.count()).where(objects.c.work == 0, unacked)).scalar_one()


def _named(subject: bytes, size: int) -> bytes:
    """What tells one solution from another: all that is stored for it is stored once."""
    return subject + size.to_bytes(8)


def _require(core: Core, work: int, needed: int, size: int) -> None:
    if work < needed:
        raise PuzzleNeeded(core.puzzles.ask(size, needed))


def _asked_by_quota(standing: _Standing, work: int, size: int, room: int) -> int:
    """1 when uploads without work have used up what they may have, else 0; raises Refusal unavailable."""
    if work:
        if standing.count >= UNFINISHED_MAX:
            raise Refusal("unavailable")
        return 0
    reserved = standing.reserved
    return int(standing.count >= UNFINISHED_MAX or 2 * (reserved + size) > room + reserved)


def _standing(connection: Connection, upload_id: bytes | None, worked: bool) -> _Standing:
    this = select(uploads.c.id).where(uploads.c.id == upload_id)
    begun = upload_id is not None and connection.execute(this).first() is not None
    mine = uploads.c.work > 0 if worked else uploads.c.work == 0
    count, size = connection.execute(select(func.count(), func.sum(uploads.c.size)).where(mine)).one()
    return _Standing(begun, int(count), int(size or 0))
