"""The intake log's tree against RFC 6962 definitions written the other way round, and its heads."""

import hashlib
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.wire.errors import NoteInvalid
from intake.wire.log import Edge, Head, leaf, parse_head, tree_root
from intake.wire.note import Signature, key_id, write_note

DEPLOYMENT = "ab" * 32
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def recursive_root(entries: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 as it is written: split at the largest power of two below n."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1 << (len(entries) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + recursive_root(entries[:k]) + recursive_root(entries[k:])).digest()


def test_root_of_nothing_is_the_hash_of_nothing():
    assert tree_root([]).hex() == EMPTY


@pytest.mark.parametrize("count", [*range(1, 34), 255, 256, 257])
def test_root_equals_the_recursive_definition(count):
    leaves = [hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(count)]
    assert tree_root(leaves) == recursive_root(leaves)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 100])
def test_edge_written_and_read_grows_to_the_same_root(count):
    leaves = [hashlib.sha256(bytes([i])).digest() for i in range(count + 5)]
    edge = Edge()
    for entry in leaves[:count]:
        edge.append(entry)
    again = Edge.from_bytes(count, edge.to_bytes())
    for entry in leaves[count:]:
        again.append(entry)
    assert again.size == count + 5
    assert again.root() == recursive_root(leaves)


@pytest.mark.parametrize(("size", "data"), [(1, b""), (3, bytes(32)), (1, bytes(33)), (0, bytes(32))])
def test_edge_of_another_size_is_refused(size, data):
    with pytest.raises(ValueError, match="an edge"):
        Edge.from_bytes(size, data)


def test_leaf_changes_with_every_field():
    base = (bytes(32), bytes([1]) * 32, 1, 8192, 7)
    variants = [(bytes([9]) * 32, *base[1:]), (base[0], bytes(32), *base[2:]), (*base[:2], 2, *base[3:])]
    variants += [(*base[:3], 16384, 7), (*base[:4], 8)]
    leaves = {leaf(*fields) for fields in [base, *variants]}
    assert len(leaves) == 6


def test_leaf_is_the_hash_the_spec_writes():
    expected = hashlib.sha256(b"intake/leaf/v1\n" + b"s" * 32 + b"h" * 32 + b"\x02" + (99).to_bytes(8) + b"\0\0\0\x05")
    assert leaf(b"s" * 32, b"h" * 32, 2, 99, 5) == expected.digest()


def make_head(text: str) -> bytes:
    key = Ed25519PrivateKey.generate()
    name = key_id("log-1", key.public_key().public_bytes_raw())
    return write_note(text, [Signature("log-1", name, key.sign(text.encode()))])


def test_head_written_and_read_is_the_same():
    head = Head(DEPLOYMENT, 12, bytes(32), date(2026, 11, 22), 3)
    _, read = parse_head(make_head(head.text()), DEPLOYMENT)
    assert read == head


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("intake-log/abab", "intake-log/abac"),
        ("\n12\n", "\n012\n"),
        ("\n12\n", "\n-1\n"),
        ("day 2026-11-22", "day 2026-11-31"),
        ("batch 3", "batch  3"),
        ("batch 3\n", "batch 3\nmore\n"),
    ],
)
def test_head_not_canonical_is_refused(old, new):
    text = Head(DEPLOYMENT, 12, bytes(32), date(2026, 11, 22), 3).text()
    assert old in text
    with pytest.raises(NoteInvalid):
        parse_head(make_head(text.replace(old, new)), DEPLOYMENT)
