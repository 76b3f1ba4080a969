"""The list of keys that Ed25519 verification refuses is the whole list, worked out on the curve."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from intake.wire import ed25519
from intake.wire.errors import BadSignature

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
L = 2**252 + 27742317777372353535851937790883648493
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1)


def recover_x(y):
    """RFC 8032 section 5.1.3, any of the two roots; None when y is on no point."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    for root in (x, x * ROOT_OF_MINUS_ONE % P):
        if root * root % P == square:
            return root
    return None


def add(one, two):
    (x1, y1), (x2, y2) = one, two
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def times(point, number):
    total = NEUTRAL
    for bit in f"{number:b}":
        total = add(total, total)
        total = add(total, point) if bit == "1" else total
    return total


def torsion_ys():
    """The y of all points whose order divides 8: L times any point is one; L is odd, so all eight come up."""
    points = ((x, y) for y in range(2, 60) if (x := recover_x(y)) is not None)
    found = {times(point, L) for point in points}
    return {y for x, y in found}


def test_refused_keys_are_all_points_of_small_order():
    assert torsion_ys() == ed25519._SMALL_ORDER_Y


def test_each_refused_key_has_an_order_that_divides_8():
    for y in ed25519._SMALL_ORDER_Y:
        assert times((recover_x(y), y), 8) == NEUTRAL


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=100))
def test_honest_signature_verifies(seed, message):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    ed25519.verify(key.public_key().public_bytes_raw(), key.sign(message), message)


@given(st.binary(max_size=40), st.binary(max_size=70), st.binary(max_size=40))
def test_random_bytes_never_verify_and_raise_nothing_else(key, signature, message):
    try:
        ed25519.verify(key, signature, message)
    except BadSignature:
        return
    raise AssertionError("random bytes verified")
