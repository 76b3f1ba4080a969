"""The attacker's solver of tests/bench abuse: native where there is a C compiler, in processes of its own."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from intake.wire.constants import PUZZLE_PARTS
from intake.wire.puzzle import Puzzle, Solution, puzzle_prefix, write_solution
from tests.puzzles import solve_part

Part = Callable[[bytes, int, int], int]
SOURCE = Path(__file__).with_suffix(".c")
NICENESS = 10


def native(folder: Path) -> Path | None:
    """The compiled solver; None without a compiler or OpenSSL's headers: then Python's hashlib solves."""
    if shutil.which("cc") is None:
        return None
    made = folder / "solver.so"
    command = ["cc", "-O3", "-shared", "-fPIC", "-o", str(made), str(SOURCE), "-lcrypto"]
    done = subprocess.run(command, capture_output=True, check=False)
    return made if done.returncode == 0 else None


def part_solver(library: Path | None) -> Part:
    """What finds the smallest nonce of one part."""
    if library is None:
        return solve_part
    found = ctypes.CDLL(str(library)).solve_part
    found.restype, found.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_int, ctypes.c_int]
    return lambda prefix, index, bits: int(found(prefix, index, bits))


@dataclass(frozen=True)
class Solved:
    """A solution for an object id, and how many hashes it took."""

    subject: bytes
    header: str
    hashes: int


def solve(part: Part, puzzle: Puzzle, subject: bytes, size: int) -> Solved:
    """Solves a whole puzzle."""
    prefix = puzzle_prefix(puzzle.seed, subject, size)
    nonces = tuple(part(prefix, index, puzzle.bits) for index in range(PUZZLE_PARTS))
    header = write_solution(Solution(puzzle.window, puzzle.bits, subject, nonces))
    return Solved(subject, header, sum(nonces) + len(nonces))


def hash_rate(part: Part, seconds: float = 1.0) -> float:
    """Hashes a second of one core."""
    started, hashes = time.process_time(), 0
    while time.process_time() - started < seconds:
        hashes += solve(part, Puzzle(0, bytes(16), 14), os.urandom(16), 8192).hashes
    return hashes / (time.process_time() - started)


def toil(library: Path | None, size: int, pipe: Connection) -> None:
    """What a solver's process does: solves the newest puzzle for one random id after another, for ever."""
    os.nice(NICENESS)
    part, puzzle = part_solver(library), pipe.recv()
    while puzzle is not None:
        pipe.send(solve(part, puzzle, os.urandom(16), size))
        while pipe.poll():
            puzzle = pipe.recv()


class Toilers:
    """Solver processes; below the server in priority, since an attacker's machine is another one."""

    def __init__(self, library: Path | None, count: int, size: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes = []
        for _ in range(count):
            mine, theirs = context.Pipe()
            self.processes.append(context.Process(target=toil, args=(library, size, theirs), daemon=True))
            self.processes[-1].start()
            self.pipes.append(mine)

    def give(self, puzzle: Puzzle) -> None:
        """Tells all of them the newest puzzle."""
        for pipe in self.pipes:
            pipe.send(puzzle)

    def take(self) -> list[Solved]:
        """What was solved since the last call."""
        return [pipe.recv() for pipe in self.pipes for _ in range(64) if pipe.poll()]

    def cpu_seconds(self) -> float:
        """Processor time they have used."""
        return sum(cpu_seconds(process.pid or 0) for process in self.processes)

    def stop(self) -> None:
        """Ends them."""
        for process in self.processes:
            process.kill()
            process.join()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, its ended children left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
