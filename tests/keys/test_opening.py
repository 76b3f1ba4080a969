"""From sealed object to frame: what is told apart, and that nothing large is held in memory or left on the disk."""

from __future__ import annotations

import hashlib
import os
from io import BytesIO
from pathlib import Path

import pytest

from intake.wire.errors import FrameInvalid
from intake.wire.frame import Common, Media, Reply, Section, media_header, pack, pack_padded
from intake.wire.padding import media_plain_size
from keys.age import HybridIdentity, HybridRecipient, seal_bytes
from keys.errors import NoMatch, PayloadError, SealedObjectError, TooLarge
from keys.opening import HandSealed, OpenedFrame, export_body, open_large, open_small

COMMON = Common(1, 1, bytes(16), bytes(16), 1)
SECTION = Section(COMMON, 0, 1, None, b'{"form":"saw","lang":"ru","made":"","answers":{"who":"x"}}')


@pytest.fixture(scope="module")
def identity() -> HybridIdentity:
    return HybridIdentity.generate()


def seal(plain: bytes, identity: HybridIdentity) -> bytes:
    return seal_bytes(plain, [HybridRecipient(identity.recipient)])


def media_plain(body: bytes) -> bytes:
    frame = Media(COMMON, 1, body)
    return pack_padded(frame, media_plain_size(len(pack(frame))))


def test_section_opens_to_its_frame(identity: HybridIdentity) -> None:
    assert open_small(seal(pack_padded(SECTION, 3000), identity), [identity]) == OpenedFrame(SECTION)


def test_text_without_magic_is_hand_sealed(identity: HybridIdentity) -> None:
    opened = open_small(seal(b"by hand", identity), [identity])
    assert opened == HandSealed(7, hashlib.sha256(b"by hand").digest(), b"by hand")


def test_all_identities_are_tried(identity: HybridIdentity) -> None:
    others = [HybridIdentity.generate() for _ in range(3)]
    assert isinstance(open_small(seal(pack(SECTION), identity), [*others, identity]), OpenedFrame)
    with pytest.raises(NoMatch):
        open_small(seal(pack(SECTION), identity), others)


def test_answer_from_outside_is_refused(identity: HybridIdentity) -> None:
    common = Common(0, 1, bytes(16), bytes(16), 1)
    forged = Reply(common, 1, bytes(32), bytes(32), bytes(32), bytes(64), "believe me")
    with pytest.raises(FrameInvalid):
        open_small(seal(pack(forged), identity), [identity])


@pytest.mark.parametrize("tail", [b"\x01", b"\0" * 100 + b"x"])
def test_padding_that_is_not_zero_is_refused(identity: HybridIdentity, tail: bytes) -> None:
    with pytest.raises(FrameInvalid):
        open_small(seal(pack(SECTION) + tail, identity), [identity])


def test_more_than_a_small_object_is_refused(identity: HybridIdentity) -> None:
    with pytest.raises(TooLarge):
        open_small(seal(bytes(70_000), identity), [identity])


@pytest.mark.parametrize("size", [0, 1, 65_477, 65_478, 65_536, 200_000])
def test_media_gives_header_and_hash_of_the_file(identity: HybridIdentity, size: int, tmp_path: Path) -> None:
    body = os.urandom(size)
    sealed = seal(media_plain(body), identity)
    opened = open_large(BytesIO(sealed), [identity])
    assert (opened.header.body_length, opened.sha256) == (size, hashlib.sha256(body).digest())
    assert export_body(BytesIO(sealed), [identity], tmp_path / "out") == size
    assert (tmp_path / "out").read_bytes() == body
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", [70_000, 131_072, -1])
def test_media_padding_that_is_not_zero_is_refused(identity: HybridIdentity, place: int) -> None:
    plain = bytearray(media_plain(os.urandom(66_000)).ljust(140_000, b"\0"))
    plain[place] = 1
    with pytest.raises(FrameInvalid):
        open_large(BytesIO(seal(bytes(plain), identity)), [identity])


def test_media_shorter_than_it_says_is_refused(identity: HybridIdentity, tmp_path: Path) -> None:
    plain = media_header(COMMON, 1, 200_000) + bytes(100_000)
    sealed = seal(plain, identity)
    with pytest.raises(FrameInvalid):
        open_large(BytesIO(sealed), [identity])
    with pytest.raises(FrameInvalid):
        export_body(BytesIO(sealed), [identity], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_large_section_is_refused(identity: HybridIdentity) -> None:
    with pytest.raises(FrameInvalid):
        open_large(BytesIO(seal(pack_padded(SECTION, 80_000), identity)), [identity])


def test_large_file_without_magic_is_hand_sealed(identity: HybridIdentity) -> None:
    plain = os.urandom(150_000)
    opened = open_large(BytesIO(seal(plain, identity)), [identity])
    assert opened == HandSealed(150_000, hashlib.sha256(plain).digest(), None)


def test_cut_off_media_leaves_nothing_behind(identity: HybridIdentity, tmp_path: Path) -> None:
    sealed = seal(media_plain(os.urandom(300_000)), identity)
    for end in (len(sealed) - 1, len(sealed) - 65_552, 200_000):
        with pytest.raises(SealedObjectError):
            export_body(BytesIO(sealed[:end]), [identity], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_changed_last_chunk_is_found_before_anything_is_named(identity: HybridIdentity, tmp_path: Path) -> None:
    sealed = bytearray(seal(media_plain(os.urandom(300_000)), identity))
    sealed[-1] ^= 1
    with pytest.raises(PayloadError):
        export_body(BytesIO(bytes(sealed)), [identity], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_export_replaces_nothing(identity: HybridIdentity, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        export_body(BytesIO(seal(media_plain(b"x"), identity)), [identity], tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"mine"
