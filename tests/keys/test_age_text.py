"""Keys as text: what the stock `age` tool (1.3 and later) reads and writes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.age import HybridIdentity, HybridRecipient, bech32
from keys.errors import KeyTextError

# From the specification itself (C2SP age.md, "The MLKEM768-X25519 hybrid post-quantum recipient type").
SPEC_IDENTITY = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
SPEC_RECIPIENT_SHA256 = "a091dd7e0ee9d62b75173dcc98441a0424baa941e66a8776e570a4ae60ff61ea"
IDENTITY = HybridIdentity(bytes(range(32)))
TEXT = IDENTITY.to_text()
ALPHABET = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"


def test_spec_identity_has_the_spec_recipient() -> None:
    identity = HybridIdentity.from_text(SPEC_IDENTITY)
    recipient = HybridRecipient(identity.recipient).to_text()
    assert identity.to_text() == SPEC_IDENTITY
    assert len(recipient) == 1959
    assert hashlib.sha256(recipient.encode()).hexdigest() == SPEC_RECIPIENT_SHA256


def test_texts_read_back() -> None:
    recipient = HybridRecipient(IDENTITY.recipient)
    assert HybridIdentity.from_text(TEXT).seed == IDENTITY.seed
    assert HybridRecipient.from_text(recipient.to_text()) == recipient
    assert bytes(recipient) == IDENTITY.recipient
    assert len(TEXT) == 77


def test_generated_identities_differ() -> None:
    assert HybridIdentity.generate().seed != HybridIdentity.generate().seed


def test_identity_does_not_show_its_seed() -> None:
    identity = HybridIdentity(b"\x5a" * 32)
    assert "5a5a" not in repr(identity)
    assert "ZZ" not in f"{identity!s}{identity!r}"


@given(st.integers(19, len(TEXT) - 1), st.sampled_from(ALPHABET + "BIO1 -"))
def test_identity_with_one_wrong_letter_is_refused(place: int, letter: str) -> None:
    wrong = TEXT[:place] + letter + TEXT[place + 1 :]
    if wrong != TEXT:
        with pytest.raises(KeyTextError):
            HybridIdentity.from_text(wrong)


SECOND_SPELLINGS = {
    "nothing": "",
    "no_symbols": "AGE-SECRET-KEY-PQ-1",
    "too_few_symbols": "AGE-SECRET-KEY-PQ-1QQQ",
    "lower_case": TEXT.lower(),
    "mixed_case": TEXT[:20] + TEXT[20:].lower(),
    "kelvin_sign": TEXT.replace("K", "\u212a"),
    "classic_prefix": TEXT.replace("-PQ-", "-"),
    "cut_off": TEXT[:-1],
    "letter_after": TEXT + "Q",
    "newline_after": TEXT + "\n",
    "space_before": " " + TEXT,
}


@pytest.mark.parametrize("text", SECOND_SPELLINGS.values(), ids=SECOND_SPELLINGS.keys())
def test_identity_with_a_second_spelling_is_refused(text: str) -> None:
    with pytest.raises(KeyTextError):
        HybridIdentity.from_text(text)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_seed_of_a_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(KeyTextError):
        HybridIdentity(bytes(size))
    with pytest.raises(KeyTextError):
        HybridIdentity.from_text(bech32.encode("AGE-SECRET-KEY-PQ-", bytes(size)))


def low_order(point: bytes) -> bytes:
    return IDENTITY.recipient[:1184] + point


@pytest.mark.parametrize(
    "raw",
    [
        IDENTITY.recipient[:-1],
        IDENTITY.recipient + b"\0",
        b"\xff" * 1184 + IDENTITY.recipient[1184:],
        low_order(bytes(32)),
        low_order(b"\1" + bytes(31)),
        low_order((2**255 - 20).to_bytes(32, "little")),
        low_order((2**255 - 19 + 2**255).to_bytes(32, "little")),
    ],
)
def test_recipient_that_is_no_key_is_refused(raw: bytes) -> None:
    with pytest.raises(KeyTextError):
        HybridRecipient(raw)


@given(st.binary(max_size=200))
def test_bech32_reads_back(raw: bytes) -> None:
    assert bech32.decode("age1pq", bech32.encode("age1pq", raw)) == raw
    assert bech32.decode("AGE-X-", bech32.encode("AGE-X-", raw)) == raw
