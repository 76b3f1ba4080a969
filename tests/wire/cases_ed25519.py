"""Cases of Ed25519: RFC 8032 section 7.1, and signatures that only a lax verifier takes."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = KEY.public_key().public_bytes_raw()
MESSAGE = b"intake/test/v1\nmessage"
FIELD_PRIME = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
NEUTRAL = b"\1" + bytes(31)
NEUTRAL_SECOND_SPELLING = (FIELD_PRIME + 1).to_bytes(32, "little")
ORDER_8 = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
# 12345 B, the same with ORDER_8 added, and PUBLIC with ORDER_8 added.
R_NUMBER = 12345
R_POINT = bytes.fromhex("ef4f62f8479733ad879cfaced3c89a9c39dd4fc795ef2efa1c3eafe4d729a081")
R_MIXED_ORDER = bytes.fromhex("40a4cf5c611d737a2f1c6fcca84d9cabfed80987f186a5a6c57e629bff1af27f")
PUBLIC_MIXED_ORDER = bytes.fromhex("b502ff3d92e31d8190b4aa4ea0414005167fad089c4de9dac8a2fc850fed4f58")
RFC_SEEDS = {
    "rfc_8032_test_1": ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""),
    "rfc_8032_test_2": ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"),
    "rfc_8032_test_3": ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"),
}


def case(description, expect, key, signature, message=MESSAGE):
    values = {"key": key.hex(), "signature": signature.hex(), "message": message.hex()}
    return {"description": description, "expect": expect} | values


def challenge(signature_r, key, message):
    """RFC 8032 section 5.1.7: k = SHA-512(R || A || M) mod L."""
    return int.from_bytes(hashlib.sha512(signature_r + key + message).digest(), "little") % GROUP_ORDER


def secret_scalar():
    """RFC 8032 section 5.1.5: the clamped scalar of SEED."""
    lower = int.from_bytes(hashlib.sha512(SEED).digest()[:32], "little")
    return lower & ~7 & (2**254 - 1) | 2**254


def signature_with_r(signature_r):
    """A signature whose R spells the neutral element, so r = 0 and S = k a."""
    return signature_r + (challenge(signature_r, PUBLIC, MESSAGE) * secret_scalar() % GROUP_ORDER).to_bytes(
        32, "little"
    )


def order_8_message():
    """A message for which k is a multiple of 8, so that R = neutral, S = 0 fits a key of order 8."""
    return next(m for m in (b"message %d" % n for n in range(999)) if challenge(NEUTRAL, ORDER_8, m) % 8 == 0)


def mixed_order_signature(signature_r, key):
    """S as if `signature_r` and `key` had no part of order 8: it fits only after multiplying all by 8."""
    response = R_NUMBER + challenge(signature_r, key, MESSAGE) * secret_scalar()
    return signature_r + (response % GROUP_ORDER).to_bytes(32, "little")


def rfc_cases():
    cases = {}
    for name, (seed, message) in RFC_SEEDS.items():
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        signed = key.sign(bytes.fromhex(message))
        cases[f"good_{name}"] = case(
            "RFC 8032 section 7.1", "ok", key.public_key().public_bytes_raw(), signed, bytes.fromhex(message)
        )
    return cases


def refused_cases():
    signed = KEY.sign(MESSAGE)
    above = (int.from_bytes(signed[32:], "little") + GROUP_ORDER).to_bytes(32, "little")
    neutral = NEUTRAL + bytes(32)
    data = {
        "changed_message": ("another message", PUBLIC, signed, MESSAGE + b"\n"),
        "changed_r": ("one bit of R", PUBLIC, bytes([signed[0] ^ 1]) + signed[1:]),
        "changed_s": ("one bit of S", PUBLIC, signed[:32] + bytes([signed[32] ^ 1]) + signed[33:]),
        "changed_key": ("the sign of the key", PUBLIC[:-1] + bytes([PUBLIC[-1] ^ 0x80]), signed),
        "s_plus_group_order": ("S + L, a second spelling of S", PUBLIC, signed[:32] + above),
        "r_second_spelling": ("R with y = p + 1 for 1", PUBLIC, signature_with_r(NEUTRAL_SECOND_SPELLING)),
        "key_neutral": ("the neutral element as key", NEUTRAL, neutral),
        "key_neutral_second_spelling": ("y = p + 1 as key", NEUTRAL_SECOND_SPELLING, neutral),
        "key_neutral_negative_zero": ("x = -0 as key", NEUTRAL[:-1] + b"\x80", neutral),
        "key_order_8": ("a key of order 8", ORDER_8, neutral, order_8_message()),
        "r_mixed_order": ("R with a part of order 8", PUBLIC, mixed_order_signature(R_MIXED_ORDER, PUBLIC)),
        "key_mixed_order": (
            "a key with a part of order 8",
            PUBLIC_MIXED_ORDER,
            mixed_order_signature(R_POINT, PUBLIC_MIXED_ORDER),
        ),
        "key_not_on_curve": ("y = 2 is on no point", b"\2" + bytes(31), signed),
        "key_zero_bytes": ("32 zero bytes as key", bytes(32), bytes(64)),
        "key_short": ("31 bytes", PUBLIC[:-1], signed),
        "signature_zero_bytes": ("64 zero bytes", PUBLIC, bytes(64)),
        "signature_short": ("63 bytes", PUBLIC, signed[:-1]),
        "signature_long": ("65 bytes", PUBLIC, signed + b"\0"),
        "signature_empty": ("nothing", PUBLIC, b""),
    }
    return {name: case(words, "BadSignature", *rest) for name, (words, *rest) in data.items()}


def folders():
    """Folder -> name -> case."""
    good = {"good": case("an honest signature", "ok", PUBLIC, KEY.sign(MESSAGE))}
    good["good_r_neutral"] = case(
        "R is the neutral element in its one spelling", "ok", PUBLIC, signature_with_r(NEUTRAL)
    )
    return {"ed25519": good | rfc_cases() | refused_cases()}
