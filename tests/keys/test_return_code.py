"""What a return code gives, the same in both languages (SPEC.md section 5)."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from intake.wire.errors import CodeInvalid
from intake.wire.returncode import parse_code
from keys.return_code import derive, new_code

VECTORS = Path(__file__).resolve().parents[2] / "intake" / "wire" / "vectors" / "returncode-derive"


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869 with SHA-256 for 32 bytes, written out."""
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\x01", "sha256")


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_derivation_equals_the_shared_vector(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    keys = derive(case["code"])
    assert hashlib.sha256(keys.identity.recipient).hexdigest() == case["recipient_sha256"]
    assert keys.slot_key.hex() == case["slot_key"]
    assert keys.follow_up_key.hex() == case["follow_up_key"]
    assert keys.mailbox_id.hex() == case["mailbox_id"]


def test_vectors_are_there() -> None:
    assert len(list(VECTORS.glob("*.json"))) >= 6


def test_derivation_is_hkdf_over_the_digits() -> None:
    code = new_code()
    keys, salt = derive(code), b"intake/return-code/v1"
    assert keys.identity.seed == hkdf(code.encode(), salt, b"reply-identity")
    assert keys.slot_key == hkdf(code.encode(), salt, b"slot-key")
    assert keys.follow_up_seed == hkdf(code.encode(), salt, b"follow-up")


def test_code_is_read_with_spaces_and_hyphens() -> None:
    code = new_code()
    spaced = " ".join(code[at : at + 4] for at in range(0, 32, 4))
    assert derive(spaced).mailbox_id == derive(code).mailbox_id == derive(spaced.replace(" ", "-")).mailbox_id


def test_wrong_digit_is_refused() -> None:
    code = new_code()
    with pytest.raises(CodeInvalid):
        derive(str((int(code[0]) + 1) % 10) + code[1:])


def test_new_codes_are_valid_and_differ() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(parse_code(code) == code for code in codes)


def test_new_code_skips_bytes_that_would_bias_digits() -> None:
    """Bytes 250 to 255 would make the digits 0 to 5 likelier."""
    draws = iter([bytes([255, 250, 9]), bytes([249]) * 40])
    assert new_code(lambda _: next(draws))[:3] == "999"


def test_secrets_do_not_show_in_repr() -> None:
    keys = derive(new_code())
    assert keys.slot_key.hex() not in repr(keys)
    assert str(keys.slot_key) not in repr(keys)
    assert str(keys.follow_up_seed) not in repr(keys)
