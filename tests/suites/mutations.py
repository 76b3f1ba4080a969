"""Breaks bytes in the ways that break parsers; the same random.Random gives the same bytes."""

import random
import re
from collections.abc import Callable, Sequence

WORDS = (
    b"\x00",
    b"\xff",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"\x0b",
    b"\x1c",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xf4\x90\x80\x80",
    b" ",
    b"\xc2\xa0",
    b'"',
    b"\\",
    b"\\u0041",
    b"\\ud800",
    b"{",
    b"[" * 40,
    b"}",
    b",",
    b":",
    b"=",
    b"<",
    b"../",
    b"-> ",
    b"--- ",
    "— ".encode(),
    b"null",
    b"true",
    b"1e9",
    b"-0",
    b"1.0",
    b"NaN",
    b"__proto__",
    b"INTK",
    b"age-encryption.org/v1\n",
    b"</script>",
    "٣".encode(),
)
NUMBERS = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 65535, 65536, 2**31, 2**32 - 1, 2**32, 2**53, 2**63, 2**64 - 1)
_DIGITS = re.compile(rb"[0-9]+")
Mutation = Callable[[random.Random, bytes, bytes], bytes]


def _slice(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 1, 2, 4, 16, 56, 64, 1280)))


def flip_bit(rng: random.Random, data: bytes, _: bytes) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def set_byte(rng: random.Random, data: bytes, _: bytes) -> bytes:
    start, _end = _slice(rng, data)
    return data[:start] + bytes([rng.randrange(256)]) + data[start + 1 :]


def set_number(rng: random.Random, data: bytes, _: bytes) -> bytes:
    start, _end = _slice(rng, data)
    size = rng.choice((1, 2, 4, 8))
    number = (rng.choice(NUMBERS) % 256**size).to_bytes(size, "big")
    return data[:start] + number + data[start + size :]


def set_digits(rng: random.Random, data: bytes, _: bytes) -> bytes:
    found = list(_DIGITS.finditer(data))
    if not found:
        return data
    run = rng.choice(found)
    return data[: run.start()] + b"%d" % rng.choice(NUMBERS) + data[run.end() :]


def insert(rng: random.Random, data: bytes, _: bytes) -> bytes:
    start, _end = _slice(rng, data)
    return data[:start] + rng.choice(WORDS) + data[start:]


def delete(rng: random.Random, data: bytes, _: bytes) -> bytes:
    start, end = _slice(rng, data)
    return data[:start] + data[end:]


def repeat(rng: random.Random, data: bytes, _: bytes) -> bytes:
    start, end = _slice(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 2, 20)) + data[end:]


def move(rng: random.Random, data: bytes, _: bytes) -> bytes:
    start, end = _slice(rng, data)
    rest = data[:start] + data[end:]
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + data[start:end] + rest[at:]


def truncate(rng: random.Random, data: bytes, _: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def cut_last(_: random.Random, data: bytes, __: bytes) -> bytes:
    return data[:-1]


def extend(rng: random.Random, data: bytes, _: bytes) -> bytes:
    return data + rng.choice((b"\0", b"\n", b"\0" * 64, rng.choice(WORDS), rng.randbytes(16)))


def splice(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def paste(rng: random.Random, data: bytes, other: bytes) -> bytes:
    at, (start, end) = rng.randrange(len(data) + 1), _slice(rng, other)
    return data[:at] + other[start:end] + data[at + end - start :]


def replace_all(rng: random.Random, _: bytes, __: bytes) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 16, 60, 300)))


FREQUENT: tuple[Mutation, ...] = (flip_bit, set_byte, set_number, set_digits, insert, delete)
RARE: tuple[Mutation, ...] = (repeat, move, truncate, cut_last, extend, splice, paste, replace_all)


def mutate(rng: random.Random, corpus: Sequence[bytes]) -> bytes:
    """One entry of the corpus after up to 4 mutations; now and then none, so that good inputs are seen as well."""
    data = rng.choice(corpus)
    for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3, 4))):
        data = rng.choice(rng.choice((FREQUENT, FREQUENT, RARE)))(rng, data, rng.choice(corpus))
    return data
