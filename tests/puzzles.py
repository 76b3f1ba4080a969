"""Solving puzzles in tests: as the phone does, from nonce 0 up, so that a solution is always the same."""

from __future__ import annotations

import hashlib

from intake.wire.constants import PUZZLE_PARTS
from intake.wire.puzzle import Puzzle, Solution, puzzle_prefix, write_solution


def solve_part(prefix: bytes, index: int, bits: int) -> int:
    """The smallest nonce whose hash begins with `bits` zero bits."""
    limit = 1 << (64 - bits)
    high = 0
    while True:
        state = hashlib.sha256(prefix + bytes([index]) + high.to_bytes(6))
        for low in range(1 << 16):
            attempt = state.copy()
            attempt.update(low.to_bytes(2))
            if int.from_bytes(attempt.digest()[:8]) < limit:
                return high << 16 | low
        high += 1


def solve(puzzle: Puzzle, subject: bytes, size: int) -> str:
    """The value of the `Intake-Work` header."""
    prefix = puzzle_prefix(puzzle.seed, subject, size)
    nonces = tuple(solve_part(prefix, index, puzzle.bits) for index in range(PUZZLE_PARTS))
    return write_solution(Solution(puzzle.window, puzzle.bits, subject, nonces))
