"""Bech32 (BIP 173) without the 90-character limit, as age writes its keys (C2SP age.md, "Conventions").

An identity is upper case, a recipient lower case; the other case is refused, so a key has one spelling.
"""

from collections.abc import Iterable

from keys.errors import KeyTextError

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_SYMBOLS = 6


def encode(prefix: str, raw: bytes) -> str:
    """Return `prefix`, "1", the symbols of `raw` and 6 checksum symbols, in the case of `prefix`."""
    lower = prefix.lower()
    symbols = list(_regroup(raw, 8, 5))
    if len(raw) * 8 % 5:
        symbols.append(_left_over(raw))
    symbols += _checksum(lower, symbols)
    text = lower + "1" + "".join(_ALPHABET[symbol] for symbol in symbols)
    return text.upper() if prefix.isupper() else text


def decode(prefix: str, untrusted_text: str) -> bytes:
    """Return the bytes of a text that encode() wrote under the same `prefix`.

    Raises KeyTextError on another prefix, the other case, a wrong checksum or any second spelling.
    """
    head, tail = untrusted_text[: len(prefix) + 1], untrusted_text[len(prefix) + 1 :]
    if head != prefix + "1":
        raise KeyTextError(f"it does not begin with {prefix}1")
    lower = tail.lower()
    symbols = [_ALPHABET.find(letter) for letter in lower]
    if -1 in symbols or len(symbols) < _CHECKSUM_SYMBOLS:
        raise KeyTextError("a character is wrong or missing")
    raw = bytes(_regroup(symbols[:-_CHECKSUM_SYMBOLS], 5, 8))
    # Checks the checksum, and catches mixed case, stray trailing bits and a superfluous symbol as well.
    if encode(prefix, raw) != untrusted_text:
        raise KeyTextError("mistyped, or not as this project writes it")
    return raw


def _regroup(values: Iterable[int], from_bits: int, to_bits: int) -> Iterable[int]:
    window = bits = 0
    for value in values:
        window = (window << from_bits | value) & 0xFFFF
        bits += from_bits
        while bits >= to_bits:
            bits -= to_bits
            yield window >> bits & (1 << to_bits) - 1


def _left_over(raw: bytes) -> int:
    bits = len(raw) * 8 % 5
    return (raw[-1] & (1 << bits) - 1) << 5 - bits


def _checksum(prefix: str, symbols: list[int]) -> list[int]:
    spread = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    rest = _polymod(spread + symbols + [0] * _CHECKSUM_SYMBOLS) ^ 1
    return [rest >> 5 * (5 - place) & 31 for place in range(_CHECKSUM_SYMBOLS)]


def _polymod(symbols: Iterable[int]) -> int:
    rest = 1
    for symbol in symbols:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ symbol
        for place, term in enumerate(_GENERATOR):
            rest ^= term if top >> place & 1 else 0
    return rest
