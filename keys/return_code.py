"""What a return code gives: the keys that read answers, find the mailbox and sign follow-ups (SPEC.md section 5).

The phone makes the code and alone keeps it; this side derives from it in tests, rehearsals and vectors.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.wire.constants import (
    CODE_INFO_FOLLOW_UP,
    CODE_INFO_IDENTITY,
    CODE_INFO_SLOT,
    CODE_RANDOM_DIGITS,
    CODE_SALT,
)
from intake.wire.frame import ReplyBlock
from intake.wire.mailbox import mailbox_id
from intake.wire.returncode import check_digits, parse_code
from keys.age import HybridIdentity
from keys.age.kdf import hkdf

_DIGITS_IN_A_BYTE = 250


@dataclass(frozen=True)
class CodeKeys:
    """Everything derived from one code. All but `follow_up_key` and `mailbox_id` (32 bytes each) is secret.

    slot_key: 32 bytes, shared with the laptop, never with the server. follow_up_seed: 32 bytes, Ed25519.
    """

    identity: HybridIdentity
    slot_key: bytes = field(repr=False)
    follow_up_seed: bytes = field(repr=False)
    follow_up_key: bytes
    mailbox_id: bytes

    @property
    def reply_block(self) -> ReplyBlock:
        """What the phone puts into a report so that the laptop can answer (1,280 bytes)."""
        return ReplyBlock(self.identity.recipient, self.follow_up_key, self.slot_key)


def derive(code: str) -> CodeKeys:
    """Return the keys of a code as written on paper, spaces and hyphens allowed; raises CodeInvalid.

    HKDF-SHA256 without a slow KDF: 30 random digits are 99.6 bits, and old phones have no time for more.
    """
    secret = parse_code(code).encode("ascii")
    seeds = [
        hkdf(secret, CODE_SALT.encode(), info.encode())
        for info in (CODE_INFO_IDENTITY, CODE_INFO_SLOT, CODE_INFO_FOLLOW_UP)
    ]
    follow_up_key = Ed25519PrivateKey.from_private_bytes(seeds[2]).public_key().public_bytes_raw()
    return CodeKeys(HybridIdentity(seeds[0]), seeds[1], seeds[2], follow_up_key, mailbox_id(follow_up_key))


def new_code(random: Callable[[int], bytes] = os.urandom) -> str:
    """Return a new code of 32 digits; `random(n)` gives n secret bytes."""
    digits = ""
    while len(digits) < CODE_RANDOM_DIGITS:
        # 256 is no multiple of 10: taking every byte would make the digits 0 to 5 likelier.
        digits += "".join(str(byte % 10) for byte in random(CODE_RANDOM_DIGITS) if byte < _DIGITS_IN_A_BYTE)
    return digits[:CODE_RANDOM_DIGITS] + check_digits(digits[:CODE_RANDOM_DIGITS])
