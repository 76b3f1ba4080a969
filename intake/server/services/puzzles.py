"""Asking for work and checking it; nothing is remembered, all comes from one secret (SPEC.md section 13)."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from intake.server.clock import utc_hour
from intake.wire.constants import LABEL_PUZZLE_SEED, LABEL_UPLOAD_ID, OBJECT_ID_SIZE, PUZZLE_SEED_SIZE
from intake.wire.errors import PuzzleInvalid
from intake.wire.puzzle import Puzzle, Solution, bits_for, check_solution, work_class

_SECRET_LABEL: Final = b"intake/puzzle-secret/v1\n"
_WINDOWS_TAKEN: Final = 2


def _mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(parts), hashlib.sha256)


class Puzzles:
    """Puzzles of a deployment: all its servers share the decoy secret, so a solution holds on each of them."""

    def __init__(self, decoy_secret: bytes, hour: Callable[[], int] = utc_hour) -> None:
        self._secret = _mac(decoy_secret, _SECRET_LABEL)
        self._hour = hour

    def ask(self, size: int, work: int) -> Puzzle:
        """The puzzle for an object of `size` sealed bytes and a class of work, 1..3."""
        window = self._hour()
        return Puzzle(window, self._seed(window), bits_for(size, work))

    def proven(self, solution: Solution, size: int) -> int:
        """The class of work that a solution proves for an object of `size` bytes; 0 when it does not hold."""
        if not 0 <= self._hour() - solution.window < _WINDOWS_TAKEN:
            return 0
        try:
            check_solution(solution, self._seed(solution.window), size)
        except PuzzleInvalid:
            return 0
        return work_class(solution.bits, size)

    def upload_id(self, subject: bytes, size: int) -> bytes:
        """The 16-byte id of the one upload that `subject` stands for: a solution sent again makes no second one."""
        return _mac(self._secret, LABEL_UPLOAD_ID.encode(), subject, size.to_bytes(8))[:OBJECT_ID_SIZE]

    def _seed(self, window: int) -> bytes:
        return _mac(self._secret, LABEL_PUZZLE_SEED.encode(), window.to_bytes(4))[:PUZZLE_SEED_SIZE]
