"""The public age test suite (C2SP/CCTV, the `cctv-age` package), every binary vector, on the general reader.

The X25519 and scrypt identities below exist only here: the suite needs them, production refuses such stanzas.
"""

import hashlib
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from keys.age import (
    HybridIdentity,
    Identity,
    base64,
    bech32,
    open_sealed_bytes,
    open_sealed_file,
    open_stream,
)
from keys.age.header import Stanza, read_header
from keys.age.kdf import hkdf
from keys.errors import HeaderError, HmacError, KeysError, NoMatch, PayloadError

SUITE = Path(__file__).parents[2] / "web/node_modules/cctv-age/index.js"
ENTRY = re.compile(r'^// \.\./testdata/(\w+)\nvar \w+ = __toBinary\("([A-Za-z0-9+/=]*)"\);$', re.MULTILINE)
FAILURES: dict[str, type[KeysError]] = {
    "header failure": HeaderError,
    "no match": NoMatch,
    "HMAC failure": HmacError,
    "payload failure": PayloadError,
}


@dataclass(frozen=True)
class Vector:
    name: str
    expect: str
    payload_sha256: str | None
    identities: tuple[Identity, ...]
    data: bytes


class X25519Identity:
    """The classic age recipient type, for these vectors only."""

    def __init__(self, text: str) -> None:
        self._key = X25519PrivateKey.from_private_bytes(bech32.decode("AGE-SECRET-KEY-", text))

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        for stanza in stanzas:
            if stanza.type == "X25519" and (file_key := self._open(stanza)) is not None:
                return file_key
        return None

    def _open(self, stanza: Stanza) -> bytes | None:
        if len(stanza.arguments) != 1 or len(stanza.body) != 32:
            raise HeaderError("X25519 stanza")
        share = base64.decode_exactly(stanza.arguments[0].encode(), 32)
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise HeaderError("low order") from None
        salt = share + self._key.public_key().public_bytes_raw()
        return unwrap_body(hkdf(shared, salt, b"age-encryption.org/v1/X25519"), stanza)


class ScryptIdentity:
    """The passphrase recipient type, for these vectors only."""

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase.encode()

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        mine = [stanza for stanza in stanzas if stanza.type == "scrypt"]
        if mine and len(stanzas) != 1:
            raise HeaderError("scrypt beside another stanza")
        return self._open(mine[0]) if mine else None

    def _open(self, stanza: Stanza) -> bytes | None:
        if len(stanza.arguments) != 2 or len(stanza.body) != 32:
            raise HeaderError("scrypt stanza")
        salt = base64.decode_exactly(stanza.arguments[0].encode(), 16)
        if not re.fullmatch("[1-9][0-9]{0,2}", stanza.arguments[1]) or int(stanza.arguments[1]) > 20:
            raise HeaderError("scrypt work factor")
        n = 1 << int(stanza.arguments[1])
        salt = b"age-encryption.org/v1/scrypt" + salt
        key = hashlib.scrypt(self._passphrase, salt=salt, n=n, r=8, p=1, dklen=32, maxmem=2048 * n)
        return unwrap_body(key, stanza)


def unwrap_body(key: bytes, stanza: Stanza) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), stanza.body, None)
    except InvalidTag:
        return None


def identity(field: str, value: str) -> Identity:
    if field == "passphrase":
        return ScryptIdentity(value)
    return HybridIdentity.from_text(value) if "-PQ-" in value else X25519Identity(value)


def parse(name: str, raw: bytes) -> Vector | None:
    """Return the vector, or None for the armored ones: our files are never armored."""
    head, data = raw.split(b"\n\n", 1)
    fields = [tuple(line.split(": ", 1)) for line in head.decode().splitlines()]
    known = dict(fields)
    if "armored" in known:
        return None
    people = tuple(identity(field, value) for field, value in fields if field in ("identity", "passphrase"))
    body = zlib.decompress(data) if known.get("compressed") == "zlib" else data
    return Vector(name, known["expect"], known.get("payload"), people, body)


def load() -> list[Vector]:
    found = ENTRY.findall(SUITE.read_text("ascii")) if SUITE.exists() else []
    vectors = [parse(name, from_base64(text)) for name, text in found]
    return [vector for vector in vectors if vector is not None]


def from_base64(text: str) -> bytes:
    return base64.decode(text.rstrip("=").encode())


VECTORS = load()


def test_cctv_suite_is_whole() -> None:
    if not SUITE.exists() and not os.environ.get("CI") and os.geteuid() != 0:
        pytest.skip("the age test suite is not there: run npm ci in web/")
    assert len(VECTORS) == 110
    counts = {kind: sum(vector.expect == kind for vector in VECTORS) for kind in ("success", *FAILURES)}
    assert sum(counts.values()) == 110
    assert all(counts.values())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_cctv_vector_ends_as_expected(vector: Vector) -> None:
    sink = BytesIO()
    if vector.expect == "success":
        open_stream(BytesIO(vector.data), sink, vector.identities)
    else:
        with pytest.raises(KeysError) as failure:
            open_stream(BytesIO(vector.data), sink, vector.identities)
        assert type(failure.value) is FAILURES[vector.expect]
    released = hashlib.sha256(sink.getvalue()).hexdigest()
    assert released == vector.payload_sha256 if vector.payload_sha256 else not sink.getvalue()


@pytest.mark.parametrize("vector", [v for v in VECTORS if v.expect != "header failure"], ids=lambda vector: vector.name)
def test_cctv_header_is_written_as_it_was_read(vector: Vector) -> None:
    source = BytesIO(vector.data)
    assert read_header(source).encode() == vector.data[: source.tell()]


def is_ours(vector: Vector) -> bool:
    return {stanza.type for stanza in read_header(BytesIO(vector.data)).stanzas} == {"mlkem768x25519"}


@pytest.mark.parametrize("vector", [v for v in VECTORS if v.expect == "success"], ids=lambda vector: vector.name)
def test_sealed_object_with_another_stanza_is_refused(vector: Vector, tmp_path: Path) -> None:
    if is_ours(vector):
        opened = open_sealed_bytes(vector.data, vector.identities, 1 << 20)
        assert hashlib.sha256(opened).hexdigest() == vector.payload_sha256
        return
    with pytest.raises(HeaderError):
        open_sealed_bytes(vector.data, vector.identities, 1 << 20)
    with pytest.raises(HeaderError):
        open_sealed_file(BytesIO(vector.data), tmp_path / "opened", vector.identities)
    assert list(tmp_path.iterdir()) == []
