"""Our own age vectors, which TypeScript runs too: sealing to equal bytes, and what a sealed object may not be."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intake.wire import constants
from keys.age import FileSecrets, HybridIdentity, HybridRecipient, Recipient, open_sealed_bytes, seal_bytes
from keys.errors import HeaderError, KeysError, NoMatch

FOLDER = Path(constants.__file__).parent / "vectors"
SEAL = sorted((FOLDER / "seal").glob("*.json"))
OPEN = sorted((FOLDER / "open").glob("*.json"))
FAILURES: dict[str, type[KeysError]] = {"header failure": HeaderError, "no match": NoMatch}
LIMIT = 1 << 20


def name(path: Path) -> str:
    return path.stem


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("ascii"))


def plaintext_of(vector: dict[str, Any]) -> bytes:
    text = vector["plaintext"]
    return bytes(int(text[6:])) if text.startswith("zeros:") else bytes.fromhex(text)


def people_of(vector: dict[str, Any]) -> list[HybridIdentity]:
    return [HybridIdentity(bytes.fromhex(seed)) for seed in vector["seeds"]]


def split_randomness(vector: dict[str, Any]) -> tuple[FileSecrets, list[bytes]]:
    """In the order drawn: file key 16, for each recipient 64, payload nonce 16."""
    drawn = bytes.fromhex(vector["randomness"])
    shares = drawn[16:-16]
    assert len(shares) == 64 * len(vector["seeds"])
    return FileSecrets(drawn[:16], drawn[-16:]), [shares[at : at + 64] for at in range(0, len(shares), 64)]


def test_vectors_are_all_there() -> None:
    assert len(SEAL) >= 10
    assert len(OPEN) >= 8


@pytest.mark.parametrize("path", SEAL, ids=name)
def test_seal_vector_gives_equal_bytes(path: Path, seeded_recipient: Callable[[bytes, bytes], Recipient]) -> None:
    vector = read(path)
    secrets, shares = split_randomness(vector)
    pairs = zip(people_of(vector), shares, strict=True)
    recipients = [seeded_recipient(person.recipient, share) for person, share in pairs]
    sealed = seal_bytes(plaintext_of(vector), recipients, secrets)
    assert len(sealed) == vector["sealed_size"]
    assert hashlib.sha256(sealed).hexdigest() == vector["sealed_sha256"]
    assert sealed.hex() == vector.get("sealed", sealed.hex())
    for person in people_of(vector):
        assert open_sealed_bytes(sealed, [person], LIMIT) == plaintext_of(vector)


@pytest.mark.parametrize("path", SEAL, ids=name)
def test_seal_vector_and_fresh_encapsulation_share_all_but_the_header(path: Path) -> None:
    vector = read(path)
    secrets, _ = split_randomness(vector)
    recipients = [HybridRecipient(person.recipient) for person in people_of(vector)]
    first, second = (seal_bytes(plaintext_of(vector), recipients, secrets) for _ in range(2))
    header_size = constants.HEADER_BASE_SIZE + constants.STANZA_SIZE * len(recipients)
    assert len(first) == vector["sealed_size"]
    assert first[:header_size] != second[:header_size]
    assert first[header_size:] == second[header_size:]
    assert bytes.fromhex(vector.get("sealed", first.hex()))[header_size:] == first[header_size:]


@pytest.mark.parametrize("path", OPEN, ids=name)
def test_open_vector_ends_as_expected(path: Path) -> None:
    vector = read(path)
    sealed, identity = bytes.fromhex(vector["sealed"]), HybridIdentity(bytes.fromhex(vector["seed"]))
    if vector["expect"] == "success":
        assert open_sealed_bytes(sealed, [identity], LIMIT) == b"hello"
        return
    with pytest.raises(KeysError) as failure:
        open_sealed_bytes(sealed, [identity], LIMIT)
    assert type(failure.value) is FAILURES[vector["expect"]]
