"""The client puzzle: work that a sender proves, so that many requests cost more than one (SPEC.md section 13).

`PUZZLE_PARTS` nonces, each making a SHA-256 begin with `bits` zero bits; checking costs 16 hashes, and nothing is
remembered between requests. Where the seed comes from is the server's business.
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from intake.wire.constants import (
    LABEL_PUZZLE,
    OBJECT_ID_SIZE,
    PUZZLE_BASE_BITS,
    PUZZLE_BITS_MAX,
    PUZZLE_PARTS,
    PUZZLE_SEED_SIZE,
    SOLUTION_SIZE,
    WORK_CLASS_BITS,
    WORK_CLASS_MAX,
)
from intake.wire.encoding import b64, unb64
from intake.wire.errors import EncodingInvalid, PuzzleInvalid

_SOLUTION: Final = struct.Struct(f">IB16s{PUZZLE_PARTS}Q")
_PART: Final = struct.Struct(">BQ")
_SIZE_STEP: Final = 65536


@dataclass(frozen=True)
class Puzzle:
    """What is to be solved: the `window` number u32, its 16-byte `seed`, and `bits` of zeros in each part."""

    window: int
    seed: bytes
    bits: int


@dataclass(frozen=True)
class Solution:
    """A sender's claim: `subject` 16 bytes, one nonce u64 a part. Proves nothing before `check_solution`."""

    window: int
    bits: int
    subject: bytes
    nonces: tuple[int, ...]


def bits_for(size: int, work: int) -> int:
    """Bits a part that an object of `size` sealed bytes needs for work class `work`, 1..3.

    One bit more for four times the size, so the work grows with its square root: a video of 100 MB costs as much as
    32 reports, not as 12,000.
    """
    size_bits = max(0, ((size // _SIZE_STEP).bit_length() - 1) // 2)
    return PUZZLE_BASE_BITS + WORK_CLASS_BITS * (work - 1) + size_bits


def work_class(bits: int, size: int) -> int:
    """The class that `bits` are worth for an object of `size` bytes: 0 (too few) to 3."""
    return max((work for work in range(1, WORK_CLASS_MAX + 1) if bits >= bits_for(size, work)), default=0)


def write_solution(solution: Solution) -> str:
    """The value of the `Intake-Work` header."""
    return b64(_SOLUTION.pack(solution.window, solution.bits, solution.subject, *solution.nonces))


def parse_solution(untrusted: str) -> Solution:
    """Reads the value of an `Intake-Work` header; raises PuzzleInvalid."""
    try:
        window, bits, subject, *nonces = _SOLUTION.unpack(unb64(untrusted, SOLUTION_SIZE))
    except EncodingInvalid:
        raise PuzzleInvalid("not in base64, or of another size") from None
    if not PUZZLE_BASE_BITS <= bits <= PUZZLE_BITS_MAX:
        raise PuzzleInvalid("bits out of range")
    return Solution(window, bits, subject, tuple(nonces))


def puzzle_prefix(seed: bytes, subject: bytes, size: int) -> bytes:
    """The 57 bytes that every hash of one puzzle begins with; index u8 and nonce u64 follow. Raises PuzzleInvalid."""
    if len(seed) != PUZZLE_SEED_SIZE or len(subject) != OBJECT_ID_SIZE or not 0 <= size < 1 << 64:
        raise PuzzleInvalid("a field that does not fit")
    return LABEL_PUZZLE.encode() + seed + subject + size.to_bytes(8)


def check_solution(solution: Solution, seed: bytes, size: int) -> None:
    """Passes a solution for an object of `size` bytes under its window's seed; raises PuzzleInvalid."""
    prefix = puzzle_prefix(seed, solution.subject, size)
    for index, nonce in enumerate(solution.nonces):
        digest = hashlib.sha256(prefix + _PART.pack(index, nonce)).digest()
        if int.from_bytes(digest[:8]) >> (64 - solution.bits):
            raise PuzzleInvalid("a part has too few zero bits")
