"""The senders of tests/bench abuse: a flood at a fixed rate, and honest phones that solve at a phone's speed."""

from __future__ import annotations

import asyncio
import collections
import json
import os
import time
from dataclasses import dataclass, field

from intake.wire.constants import OBJECT_ID_SIZE, WORK_HEADER
from intake.wire.puzzle import Puzzle
from tests.benches.abuse_solver import Part, Solved, Toilers, solve
from tests.server.parts import Forge

SIZE = 8192
CONNECTIONS = 48
GIVE_UP_SECONDS = 120


class Line:
    """One keep-alive connection that is made again when it breaks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def post(self, body: bytes, work: str | None = None) -> tuple[int, bytes]:
        """The status and body of the answer to a report; 0 when there was none."""
        header = f"{WORK_HEADER}: {work}\r\n" if work else ""
        head = f"POST /reports HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{header}\r\n".encode()
        try:
            if self.reader is None or self.writer is None:
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.writer.write(head + body)
            return await self._answer(self.reader)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return 0, b""

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length"))
        return int(lines[0].split()[1]), await reader.readexactly(length)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


@dataclass
class Counts:
    """What became of one side's requests."""

    answers: collections.Counter[str] = field(default_factory=collections.Counter)
    waits: list[float] = field(default_factory=list)
    solving: list[float] = field(default_factory=list)
    ids: set[bytes] = field(default_factory=set)


def name_of(status: int, body: bytes) -> str:
    """`200`, or the name of the problem."""
    return str(status) if status in (0, 200) else json.loads(body)["type"].rpartition(":")[2]


def puzzle_in(body: bytes) -> Puzzle:
    asked = json.loads(body)
    return Puzzle(asked["window"], bytes.fromhex(asked["seed"]), asked["bits"])


class Flood:
    """Junk that passes the gate, `rate` a second in all; what `toilers` solve goes first."""

    def __init__(self, port: int, rate: float, toilers: Toilers | None) -> None:
        self.port = port
        self.rate = rate
        self.toilers = toilers
        self.counts = Counts()
        self.solved: collections.deque[Solved] = collections.deque()
        self.junk = [Forge(number).envelope()[OBJECT_ID_SIZE:] for number in range(64)]
        self.known: Puzzle | None = None
        self.sent = 0

    async def run(self, seconds: float) -> None:
        """Sends until the time is over."""
        started = time.monotonic()
        watching = asyncio.create_task(self._collect())
        await asyncio.gather(*(self._send(started, seconds) for _ in range(CONNECTIONS)))
        watching.cancel()

    async def _send(self, started: float, seconds: float) -> None:
        line = Line(self.port)
        while (due := self.sent / self.rate) < seconds:
            self.sent += 1
            await asyncio.sleep(max(0.0, started + due - time.monotonic()))
            if time.monotonic() > started + seconds + GIVE_UP_SECONDS:
                return
            await self._one(line)
        line.close()

    async def _one(self, line: Line) -> None:
        solved = self.solved.popleft() if self.solved else None
        subject = solved.subject if solved else os.urandom(OBJECT_ID_SIZE)
        body = subject + self.junk[self.sent % len(self.junk)]
        status, answer = await line.post(body, solved.header if solved else None)
        name = name_of(status, answer)
        self.counts.answers[f"solved {name}" if solved else name] += 1
        if name == "puzzle-needed" and self.toilers is not None:
            newest = puzzle_in(answer)
            if newest != self.known:
                self.known = newest
                self.toilers.give(newest)

    async def _collect(self) -> None:
        while True:
            if self.toilers is not None:
                self.solved.extend(self.toilers.take())
            await asyncio.sleep(0.05)


class Phones:
    """Honest people: one begins to send every `1 / rate` seconds, each on a connection of its own."""

    def __init__(self, port: int, rate: float, part: Part, hashes_a_second: float) -> None:
        self.port = port
        self.rate = rate
        self.part = part
        self.speed = hashes_a_second
        self.counts = Counts()
        self.forge = Forge(10**6)

    async def run(self, seconds: float) -> None:
        """Sends until the time is over, then waits for those that are still at it."""
        started, sending = time.monotonic(), []
        for number in range(int(seconds * self.rate)):
            await asyncio.sleep(max(0.0, started + number / self.rate - time.monotonic()))
            sending.append(asyncio.create_task(self._send()))
        await asyncio.gather(*sending)

    async def _send(self) -> None:
        body, line, started = self.forge.envelope(), Line(self.port), time.monotonic()
        work: str | None = None
        while time.monotonic() - started < GIVE_UP_SECONDS:
            status, answer = await line.post(body, work)
            name = name_of(status, answer)
            self.counts.answers[name] += 1
            if name == "200":
                self.counts.waits.append(time.monotonic() - started)
                self.counts.ids.add(body[:OBJECT_ID_SIZE])
                break
            work = await self._work(puzzle_in(answer), body) if name == "puzzle-needed" else work
            if name != "puzzle-needed":
                await asyncio.sleep(1)
        else:
            self.counts.waits.append(float("inf"))
        line.close()

    async def _work(self, puzzle: Puzzle, body: bytes) -> str:
        """Solves natively, and takes as long as the phone's page would have for as many hashes."""
        started = time.monotonic()
        solved = await asyncio.to_thread(solve, self.part, puzzle, body[:OBJECT_ID_SIZE], SIZE)
        takes = solved.hashes / self.speed
        self.counts.solving.append(takes)
        await asyncio.sleep(max(0.0, started + takes - time.monotonic()))
        return solved.header
