"""One raw HTTP exchange over a line that can break at any byte, for the suite `faults`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from dataclasses import dataclass, field

from intake.wire.constants import PROBLEM_PREFIX
from intake.wire.problems import PROBLEM_CONTENT_TYPE, PROBLEMS

WAIT_SECONDS = 20


class Unclear(AssertionError):
    """An answer that tells a client neither that it worked nor why it did not."""


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower case) and, of a refusal, the problem's name."""

    status: int
    headers: dict[str, str]
    problem: str = ""

    @property
    def offset(self) -> int:
        return int(self.headers["upload-offset"])


@dataclass(frozen=True)
class Fault:
    """What the line does: passes only `cut` bytes, loses the answer, hands bytes over in pieces of `piece`."""

    cut: int | None = None
    lose_answer: bool = False
    piece: int = 0


@dataclass
class Line:
    """Exchanges with the server on `port`; counts what was done."""

    port: int
    seen: dict[str, int] = field(default_factory=dict)

    def count(self, name: str) -> None:
        self.seen[name] = self.seen.get(name, 0) + 1

    async def exchange(self, requests: bytes, fault: Fault | None = None, answers: int = 1) -> list[Answer]:
        """Sends bytes over a fresh connection; as many answers as came, at most `answers`. Raises Unclear."""
        fault = fault or Fault()
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        found: list[Answer] = []
        try:
            await self._send(writer, requests[: fault.cut], fault.piece)
            if fault.lose_answer or fault.cut is not None:
                return found
            for _ in range(answers):
                found.append(await asyncio.wait_for(read_answer(reader, requests[:4]), WAIT_SECONDS))
        except TimeoutError:
            raise Unclear(f"no answer within {WAIT_SECONDS} s") from None
        except (OSError, asyncio.IncompleteReadError):
            self.count("closed")
        finally:
            writer.transport.abort()
        for answer in found:
            self.count(answer.problem or str(answer.status))
        return found

    async def _send(self, writer: asyncio.StreamWriter, data: bytes, piece: int) -> None:
        size = piece or len(data) or 1
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
            await writer.drain()
            if piece:
                # The server must see a piece before the next one comes.
                await asyncio.sleep(0)


async def read_answer(reader: asyncio.StreamReader, method: bytes) -> Answer:
    """One answer; its body must be a known problem whenever its status is no success. Raises Unclear."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split(" ")[1])
    size = 0 if status == 204 or method == b"HEAD" else int(headers.get("content-length", "0"))
    body = await reader.readexactly(size)
    return Answer(status, headers, problem_in(status, headers, body) if status >= 400 else "")


def problem_in(status: int, headers: dict[str, str], body: bytes) -> str:
    """The name of the problem an error answer tells. Raises Unclear."""
    if not body and headers.get("content-type") == PROBLEM_CONTENT_TYPE:
        return f"{status} without a body"
    with contextlib.suppress(ValueError, KeyError):
        name = json.loads(body)["type"].removeprefix(PROBLEM_PREFIX)
        if headers.get("content-type") == PROBLEM_CONTENT_TYPE and PROBLEMS[name].status == status:
            return str(name)
    raise Unclear(f"status {status} with {body[:200]!r}")


def random_fault(rng: random.Random, size: int) -> Fault:
    """Half of the time none."""
    kind = rng.choice(("none", "none", "none", "cut", "lose", "pieces"))
    if kind == "cut":
        return Fault(cut=rng.randrange(size))
    return Fault(lose_answer=kind == "lose", piece=rng.choice((7, 300, 20_000)) if kind == "pieces" and size else 0)
