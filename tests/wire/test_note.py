"""Signed notes: what is read, what is refused, whom a signature binds."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from intake.wire.errors import BadSignature, NoteInvalid, WireError
from intake.wire.note import Signature, key_id, parse_note, require_signer, verified_names, write_note

TEXT = "intake-test/v1\nline two\n"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def signed(name: str, key: Ed25519PrivateKey, text: str = TEXT) -> Signature:
    public = key.public_key().public_bytes_raw()
    return Signature(name, key_id(name, public), key.sign(text.encode()))


def keys(**named: Ed25519PrivateKey) -> dict[str, bytes]:
    return {name: key.public_key().public_bytes_raw() for name, key in named.items()}


def test_note_written_and_read_is_the_same():
    data = write_note(TEXT, [signed("a", KEY), signed("b", OTHER)])
    note = parse_note(data)
    assert note.text == TEXT
    assert note.purpose == "intake-test/v1"
    assert write_note(note.text, note.signatures) == data
    assert verified_names(note, keys(a=KEY, b=OTHER)) == {"a", "b"}


def test_note_agrees_with_the_published_example():
    """The key and signature of the example in golang.org/x/mod/sumdb/note, on which C2SP signed-note is built."""
    public = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    line = (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    note = parse_note((text + "\n" + line).encode())
    assert verified_names(note, {"PeterNeumann": public}) == {"PeterNeumann"}


def test_unknown_signer_is_ignored_and_known_one_must_verify():
    note = parse_note(write_note(TEXT, [signed("a", KEY), signed("stranger", OTHER)]))
    assert verified_names(note, keys(a=KEY)) == {"a"}
    forged = Signature("a", key_id("a", KEY.public_key().public_bytes_raw()), bytes(64))
    with pytest.raises(BadSignature):
        verified_names(parse_note(write_note(TEXT, [forged])), keys(a=KEY))
    with pytest.raises(BadSignature):
        require_signer(note, keys(nobody=OTHER))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d[:-1],
        lambda d: d + b"\n",
        lambda d: d.replace(b"\n", b"\r\n"),
        lambda d: d.replace(b"\xe2\x80\x94 ", b"- "),
        lambda d: d.replace(b"line two", b"line\x00two"),
        lambda d: d.replace(b"line two", b"line <two"),
        lambda d: d.replace(b"line two", b"line \xff"),
        lambda d: d.replace(b"line two\n", b"\nline two\n"),
        lambda d: d.replace(b"\n\n", b"\n"),
        lambda d: d.rstrip(b"\n").rstrip(b"=") + b"\n",
        lambda d: d + d.rsplit(b"\n", 2)[-2] * 17,
        lambda _: b"",
    ],
)
def test_note_not_canonical_is_refused(change):
    data = write_note(TEXT, [signed("a", KEY)])
    with pytest.raises(NoteInvalid):
        parse_note(change(data))


def test_seventeen_signatures_are_refused():
    lines = [signed(f"n{i}", KEY) for i in range(17)]
    with pytest.raises(NoteInvalid):
        write_note(TEXT, lines)
    data = write_note(TEXT, lines[:16])
    last = data.rsplit(b"\n", 2)[-2] + b"\n"
    with pytest.raises(NoteInvalid):
        parse_note(data + last)


@given(st.binary(max_size=400))
def test_note_from_any_bytes_raises_nothing_else(data):
    try:
        note = parse_note(data)
    except WireError:
        return
    assert write_note(note.text, note.signatures) == data


@given(st.integers(min_value=0), st.integers(0, 7))
def test_note_with_a_flipped_bit_never_verifies_as_before(position, bit):
    data = bytearray(write_note(TEXT, [signed("a", KEY)]))
    data[position % len(data)] ^= 1 << bit
    try:
        names = verified_names(parse_note(bytes(data)), keys(a=KEY))
    except WireError:
        return
    assert names == frozenset()
