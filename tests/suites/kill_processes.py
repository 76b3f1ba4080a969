"""The processes that the suite `kill` kills beside a serving server: one that starts, one that applies an outbox."""

from __future__ import annotations

import multiprocessing
import random
from dataclasses import dataclass

from intake.wire.constants import SLOT_SIZE
from intake.wire.outbox import OutboxHead, RepliesOutbox, SlotEntry
from tests.server.parts import House, serve_in_child

REPLIES = 8


def start(house: House, *arguments: str) -> multiprocessing.process.BaseProcess:
    """`intake` with these arguments in a process of its own, its output in the folder's log."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["intake.server.serve", "intake.server.cli"])
    log = house.data.parent / "beside.log"
    process = context.Process(target=serve_in_child, args=(str(log), list(arguments)), daemon=True)
    process.start()
    return process


def kill_while_starting(house: House, seconds: float) -> None:
    """Starts a server and kills it after so many seconds, ready or not."""
    process = start(house, "serve", "--data", str(house.data), "--port", "0")
    process.join(seconds)
    process.kill()
    process.join(10)


@dataclass
class Apply:
    """A running `intake apply` and the slots of its outbox."""

    process: multiprocessing.process.BaseProcess
    slots: list[bytes]

    def kill(self) -> list[bytes]:
        """Kills it; the slots, when it had said before that they are applied."""
        self.process.kill()
        self.process.join(10)
        return self.slots if self.process.exitcode == 0 else []


def apply_beside(house: House, serial: int, rng: random.Random) -> Apply:
    """Starts to apply an outbox of replies to mailboxes of their own."""
    laptop = house.deployment.laptops[0]
    slots = sorted(SlotEntry(rng.randbytes(32), n % 4, rng.randbytes(SLOT_SIZE)) for n in range(REPLIES))
    head = OutboxHead(house.deployment.roots.deployment, laptop.name, serial, house.deployment.today)
    outbox = RepliesOutbox(head, tuple(slots))
    path = house.data.parent / f"outbox-{serial}.note"
    path.write_bytes(laptop.outbox.note(outbox.text()))
    process = start(house, "apply", "--data", str(house.data), str(path))
    return Apply(process, [entry.data for entry in slots])
