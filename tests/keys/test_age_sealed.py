"""Properties of sealing and opening: what goes in comes out, and nothing altered, cut or foreign opens."""

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.wire.constants import CHUNK_SIZE, HEADER_BASE_SIZE, PAYLOAD_NONCE_SIZE, STANZA_SIZE, TAG_SIZE
from keys.age import (
    FileSecrets,
    HybridIdentity,
    HybridRecipient,
    base64,
    open_chunk,
    open_sealed_bytes,
    open_sealed_chunks,
    open_sealed_file,
    open_stream,
    payload_key,
    seal_bytes,
    seal_chunk,
    seal_stream,
)
from keys.age.header import MAX_HEADER_SIZE, Stanza, make_header, read_header
from keys.errors import HeaderError, NoMatch, PayloadError, SealedObjectError, TooLarge

PEOPLE = [HybridIdentity(bytes([number]) * 32) for number in range(4)]
RECIPIENTS = [HybridRecipient(person.recipient) for person in PEOPLE]
STRANGER = HybridIdentity(b"stranger" * 4)
SECRETS = FileSecrets(bytes(range(16)), bytes(range(16, 32)))
LIMIT = 1 << 20
EDGES = [n + k * CHUNK_SIZE for k in range(4) for n in (-1, 0, 1) if n + k * CHUNK_SIZE >= 0]
THREE_CHUNKS = seal_bytes(bytes(2 * CHUNK_SIZE + 100), RECIPIENTS[:2])


def plain(size: int) -> bytes:
    return hashlib.shake_128(size.to_bytes(8)).digest(size)


def sealed_size(recipients: int, size: int) -> int:
    chunks = max(1, -(-size // CHUNK_SIZE))
    return HEADER_BASE_SIZE + STANZA_SIZE * recipients + PAYLOAD_NONCE_SIZE + size + TAG_SIZE * chunks


class Dribble(BytesIO):
    """A source that gives a few bytes at a time, as a pipe does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None or size < 0 else min(size, 7001))


@pytest.mark.parametrize("size", EDGES)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_sealed_bytes_open_for_every_recipient(size: int, count: int) -> None:
    sealed = seal_bytes(plain(size), RECIPIENTS[:count])
    assert len(sealed) == sealed_size(count, size)
    for person in PEOPLE[:count]:
        assert open_sealed_bytes(sealed, [STRANGER, person], size) == plain(size)


@given(st.binary(max_size=3000), st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_sealed_bytes_open_whatever_they_hold(plaintext: bytes, count: int) -> None:
    sealed = seal_bytes(plaintext, RECIPIENTS[:count])
    assert open_sealed_bytes(sealed, [PEOPLE[count - 1]], 3000) == plaintext


@given(st.integers(0, len(THREE_CHUNKS) - 1), st.integers(1, 255))
@settings(max_examples=300, deadline=None)
def test_flipped_byte_never_opens(place: int, flip: int) -> None:
    altered = bytearray(THREE_CHUNKS)
    altered[place] ^= flip
    with pytest.raises((SealedObjectError, NoMatch)):
        open_sealed_bytes(bytes(altered), PEOPLE[:1], LIMIT)


def test_flipped_byte_in_a_header_never_opens_wherever_it_is() -> None:
    sealed = seal_bytes(b"", RECIPIENTS[:2])
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises((SealedObjectError, NoMatch)):
            open_sealed_bytes(bytes(altered), PEOPLE[:1], LIMIT)


@given(st.integers(0, len(THREE_CHUNKS) - 1))
@settings(max_examples=200, deadline=None)
def test_truncated_object_never_opens(size: int) -> None:
    with pytest.raises((HeaderError, PayloadError)):
        open_sealed_bytes(THREE_CHUNKS[:size], PEOPLE[:1], LIMIT)


@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_object_cut_between_chunks_never_opens(chunks: int) -> None:
    start = sealed_size(2, 0) - TAG_SIZE
    with pytest.raises(PayloadError):
        open_sealed_bytes(THREE_CHUNKS[: start + chunks * (CHUNK_SIZE + TAG_SIZE)], PEOPLE[:1], LIMIT)


@given(st.binary(min_size=1, max_size=100))
@settings(max_examples=50, deadline=None)
def test_bytes_after_the_last_chunk_never_open(more: bytes) -> None:
    with pytest.raises(PayloadError):
        open_sealed_bytes(THREE_CHUNKS + more, PEOPLE[:1], LIMIT)


def test_swapped_chunks_never_open() -> None:
    start, step = sealed_size(2, 0) - TAG_SIZE, CHUNK_SIZE + TAG_SIZE
    first, second = THREE_CHUNKS[start : start + step], THREE_CHUNKS[start + step : start + 2 * step]
    with pytest.raises(PayloadError):
        open_sealed_bytes(THREE_CHUNKS[:start] + second + first + THREE_CHUNKS[start + 2 * step :], PEOPLE, LIMIT)


def test_stranger_has_no_match() -> None:
    for strangers in ([], [STRANGER], [STRANGER, PEOPLE[3]]):
        with pytest.raises(NoMatch):
            open_sealed_bytes(THREE_CHUNKS, strangers, LIMIT)


@pytest.mark.parametrize("size", EDGES)
def test_limit_is_exact(size: int) -> None:
    sealed = seal_bytes(plain(size), RECIPIENTS[:1])
    assert open_sealed_bytes(sealed, PEOPLE[:1], size) == plain(size)
    if size:
        with pytest.raises(TooLarge):
            open_sealed_bytes(sealed, PEOPLE[:1], size - 1)


def test_four_recipients_or_none_are_refused_and_nothing_is_written() -> None:
    for recipients in ([], RECIPIENTS):
        sink = BytesIO()
        with pytest.raises(HeaderError):
            seal_stream(BytesIO(b"words"), sink, recipients)
        assert sink.getvalue() == b""


@pytest.mark.parametrize("size", EDGES)
def test_stream_that_dribbles_seals_and_opens(size: int) -> None:
    sealed, opened = BytesIO(), BytesIO()
    seal_stream(Dribble(plain(size)), sealed, RECIPIENTS[:2])
    open_stream(Dribble(sealed.getvalue()), opened, PEOPLE[1:2])
    assert opened.getvalue() == plain(size)


def test_single_chunks_are_those_of_the_stream() -> None:
    words = plain(2 * CHUNK_SIZE + 1)
    sealed = seal_bytes(words, RECIPIENTS[:1], SECRETS)[sealed_size(1, 0) - TAG_SIZE :]
    key, whole = payload_key(SECRETS.file_key, SECRETS.nonce), b""
    for index in range(3):
        chunk = words[index * CHUNK_SIZE : (index + 1) * CHUNK_SIZE]
        again = seal_chunk(key, index, index == 2, chunk)
        assert open_chunk(key, index, index == 2, again) == chunk
        whole += again
    assert whole == sealed
    with pytest.raises(PayloadError):
        open_chunk(key, 1, False, sealed[: CHUNK_SIZE + TAG_SIZE])


@pytest.mark.parametrize(
    ("index", "last", "size"), [(0, False, 0), (0, False, CHUNK_SIZE - 1), (1, True, 0), (0, True, CHUNK_SIZE + 1)]
)
def test_chunk_of_a_wrong_size_is_not_sealed(index: int, last: bool, size: int) -> None:
    with pytest.raises(ValueError, match="cannot stand here"):
        seal_chunk(bytes(32), index, last, bytes(size))


def test_same_words_seal_to_different_bytes_each_time() -> None:
    first, second = (seal_bytes(b"words", RECIPIENTS[:1]) for _ in range(2))
    assert first != second
    assert "file_key" not in repr(SECRETS)


@pytest.mark.parametrize("secrets", [(15, 16), (16, 15), (17, 16), (32, 16)])
def test_secrets_of_a_wrong_size_are_refused(secrets: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        FileSecrets(bytes(secrets[0]), bytes(secrets[1]))


def test_opened_file_is_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    target = tmp_path / "opened"
    open_sealed_file(BytesIO(THREE_CHUNKS), target, PEOPLE[:1])
    assert target.read_bytes() == bytes(2 * CHUNK_SIZE + 100)
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_damaged_object_leaves_no_file(tmp_path: Path) -> None:
    for damaged in (THREE_CHUNKS[:-1], THREE_CHUNKS[:-200], THREE_CHUNKS + b"x", b""):
        with pytest.raises(SealedObjectError):
            open_sealed_file(BytesIO(damaged), tmp_path / "opened", PEOPLE[:1])
        assert list(tmp_path.iterdir()) == []


def test_opened_file_never_replaces_another(tmp_path: Path) -> None:
    target = tmp_path / "opened"
    target.write_bytes(b"evidence")
    with pytest.raises(FileExistsError):
        open_sealed_file(BytesIO(THREE_CHUNKS), target, PEOPLE[:1])
    assert target.read_bytes() == b"evidence"
    assert list(tmp_path.iterdir()) == [target]


def test_header_has_at_most_twenty_stanzas() -> None:
    mac = b"--- " + base64.encode(bytes(32)) + b"\n"
    stanzas = [b"age-encryption.org/v1\n", *[b"-> x\n\n"] * 20]
    assert len(read_header(BytesIO(b"".join([*stanzas, mac]))).stanzas) == 20
    with pytest.raises(HeaderError):
        read_header(BytesIO(b"".join([*stanzas, b"-> x\n\n", mac])))


def test_sealed_chunks_are_whole_and_from_our_own_header_only() -> None:
    chunks = [len(chunk) for chunk in open_sealed_chunks(BytesIO(THREE_CHUNKS), PEOPLE[:1])]
    assert chunks == [CHUNK_SIZE, CHUNK_SIZE, 100]
    stanzas = (RECIPIENTS[0].wrap(SECRETS.file_key), Stanza("grease", (), b""))
    mixed = make_header(stanzas, SECRETS.file_key).encode() + SECRETS.nonce
    mixed += seal_chunk(SECRETS.payload_key(), 0, True, b"words")
    with pytest.raises(HeaderError):
        list(open_sealed_chunks(BytesIO(mixed), PEOPLE[:1]))
    opened = BytesIO()
    open_stream(BytesIO(mixed), opened, PEOPLE[:1])
    assert opened.getvalue() == b"words"


def test_header_without_end_is_not_read_to_its_end() -> None:
    for endless in (b"-> x\n" + b"A" * 64, b"-> " + b"x" * 64, b"-> x\n\n"):
        source = BytesIO(b"age-encryption.org/v1\n" + endless * 100_000)
        with pytest.raises(HeaderError):
            read_header(source)
        assert source.tell() <= MAX_HEADER_SIZE


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_other_bytes_are_a_header_error(junk: bytes) -> None:
    for data in (junk, b"age-encryption.org/v1\n" + junk, b"age-encryption.org/v1\n-> mlkem768x25519 " + junk):
        with pytest.raises(HeaderError):
            open_sealed_bytes(data, PEOPLE, LIMIT)
