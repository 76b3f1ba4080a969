"""A phone on a line that breaks, for the suite `faults`: it knows what it wants, the line does as the seed says."""

from __future__ import annotations

import asyncio
import random

from intake.wire.envelope import write_envelope
from tests.server.parts import EPOCH, Forge
from tests.suites.fault_line import Answer, Fault, Line, Unclear, random_fault
from tests.suites.kill_load import digest_of

TUS = "Tus-Resumable: 1.0.0"
SIZES = (65_536, 98_304, 393_216)
ABSURD = ("-1", "1e3", "", "0x10", "99999999999999999999", "+5", " 7 7", "٣", "9007199254740992")
PIECES = (1, 700, 9_000, 40_000, 200_000)
ENDED_BY = (404, 410)


def head(method: str, path: str, *lines: str) -> bytes:
    """A request's head."""
    text = "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", TUS, *lines, "", ""])
    return text.encode("utf-8", "surrogateescape")


class Client:
    """One upload; `told` is the highest offset that was told, `changed` whether bytes were changed on the way."""

    def __init__(self, line: Line, rng: random.Random) -> None:
        self._line = line
        self._rng = rng
        self._forge = Forge(rng.getrandbits(32))
        self.data = self._forge.media(rng.choice(SIZES))
        self.upload_id = ""
        self.told = 0
        self.gone = self.complete = self.changed = self._is_ours = False

    async def create(self) -> None:
        """Gets an upload; a lost answer costs another try, whose reservation the server forgets by itself."""
        request = head("POST", "/uploads", f"Upload-Length: {len(self.data)}", f"Intake-Epoch: {EPOCH}")
        request = request.replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n")
        while not self.upload_id:
            for answer in await self._line.exchange(request, random_fault(self._rng, len(request))):
                if answer.status != 201:
                    raise Unclear(f"a new upload was answered with {answer}")
                self.upload_id = answer.headers["location"].rpartition("/")[2]

    async def step(self) -> None:
        """One thing that happens."""
        steps = (
            *(self._honest,) * 4,
            self._twice,
            self._at_once,
            self._pipelined,
            self._reordered,
            self._wrong_offset,
            self._absurd_offset,
            self._longer,
            self._shorter,
            self._change_a_byte,
            self._ask,
            self._report,
        )
        # A changed byte ends most runs: few of them, and late.
        step = self._rng.choice(steps)
        if step == self._change_a_byte and self._rng.random() < 0.8:
            step = self._honest
        await step()

    async def finish(self) -> str:
        """What a clean line makes of it: `identical`, `other digest` or the name of a problem."""
        for _ in range(3):
            answers = await self._line.exchange(head("HEAD", self._path))
            if not answers:
                continue
            (answer,) = answers
            self._believe(answer)
            if self.gone:
                return answer.problem
            while not self.complete:
                answers = await self._line.exchange(self._patch(self.told, 200_000))
                if not answers:
                    break
                self._believe(answers[0])
                if answers[0].problem:
                    return answers[0].problem
            if self.complete:
                return "identical" if self._is_ours else "other digest"
        raise Unclear("the server does not answer a clean line")

    @property
    def _path(self) -> str:
        return f"/uploads/{self.upload_id}"

    def _patch(self, offset: int | str, size: int, announced: int | None = None) -> bytes:
        start = offset if isinstance(offset, int) else self.told
        body = self.data[start : start + size]
        length = len(body) if announced is None else announced
        kind = "Content-Type: application/offset+octet-stream"
        return head("PATCH", self._path, f"Upload-Offset: {offset}", kind, f"Content-Length: {length}") + body

    def _believe(self, answer: Answer) -> None:
        """Takes what an answer says; raises Unclear when it contradicts what was said before."""
        if answer.status in ENDED_BY or answer.problem == "not-sealed":
            self.gone = True
        if answer.status >= 300:
            return
        if answer.offset < self.told:
            raise Unclear(f"the offset went back from {self.told} to {answer.offset}")
        self.told = answer.offset
        digest = answer.headers.get("repr-digest")
        if digest is not None:
            self.complete, self._is_ours = True, digest == digest_of(self.data)

    async def _send(self, request: bytes, fault: Fault | None = None, answers: int = 1) -> None:
        for answer in await self._line.exchange(request, fault, answers):
            self._believe(answer)

    async def _honest(self) -> None:
        request = self._patch(self.told, self._rng.choice(PIECES))
        await self._send(request, random_fault(self._rng, len(request)))

    async def _twice(self) -> None:
        request = self._patch(self.told, self._rng.choice(PIECES))
        await self._send(request, Fault(lose_answer=self._rng.random() < 0.5))
        await self._send(request)

    async def _at_once(self) -> None:
        request = self._patch(self.told, self._rng.choice(PIECES))
        piece = self._rng.choice((0, 300, 5_000))
        both = await asyncio.gather(self._line.exchange(request, Fault(piece=piece)), self._line.exchange(request))
        # Which of the two was later nobody knows: their offsets are compared with the next answer only.
        for answer in [answer for answers in both for answer in answers]:
            self.gone = self.gone or answer.status in ENDED_BY
        await self._ask()

    async def _pipelined(self) -> None:
        first = self._rng.choice(PIECES)
        end = min(len(self.data), self.told + first)
        await self._send(self._patch(self.told, first) + self._patch(end, self._rng.choice(PIECES)), answers=2)

    async def _reordered(self) -> None:
        first = self._rng.choice(PIECES)
        end = min(len(self.data), self.told + first)
        await self._send(self._patch(end, self._rng.choice(PIECES)))
        await self._send(self._patch(self.told, first))

    async def _wrong_offset(self) -> None:
        near = (
            self.told - 1,
            self.told + 1,
            0,
            len(self.data),
            len(self.data) + 1,
            self._rng.randrange(len(self.data)),
        )
        wrong = [offset for offset in near if offset != self.told and offset >= 0]
        await self._send(self._patch(self._rng.choice(wrong), self._rng.choice(PIECES)))

    async def _absurd_offset(self) -> None:
        await self._send(self._patch(self._rng.choice(ABSURD), 100))

    async def _longer(self) -> None:
        """More bytes than announced: what is over is the beginning of another request, which never ends."""
        request = self._patch(self.told, 2_000, announced=self._rng.randrange(2_000))
        await self._send(request)
        await self._ask()

    async def _shorter(self) -> None:
        """Fewer bytes than announced, then the line ends."""
        request = self._patch(self.told, 2_000, announced=self._rng.randrange(2_001, 10_000))
        await self._send(request, Fault(lose_answer=True))

    async def _change_a_byte(self) -> None:
        request = bytearray(self._patch(self.told, self._rng.choice(PIECES)))
        body = request.index(b"\r\n\r\n") + 4
        if body < len(request):
            request[self._rng.randrange(body, len(request))] ^= 1 << self._rng.randrange(8)
            self.changed = True
        await self._send(bytes(request))

    async def _ask(self) -> None:
        await self._send(head("HEAD", self._path))

    async def _report(self) -> None:
        """A report, the same one again, and another one under its id: 200, 200, id-conflict."""
        object_id, sealed = self._rng.randbytes(16), self._forge.sealed()
        for data, wanted in ((sealed, 200), (sealed, 200), (self._forge.sealed(), 409)):
            body = write_envelope(object_id, EPOCH, data)
            request = head("POST", "/reports", f"Content-Length: {len(body)}") + body
            fault = random_fault(self._rng, len(request)) if wanted == 200 else None
            for answer in await self._line.exchange(request, fault):
                if answer.status != wanted and not (wanted == 409 and answer.status == 200):
                    raise Unclear(f"a report was answered with {answer}")
