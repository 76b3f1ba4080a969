"""An answer into a slot and out again, and everything that must not open."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from intake.wire.constants import SLOT_SIZE
from intake.wire.errors import BadSignature
from intake.wire.frame import Common, Reply, recipient_hash
from intake.wire.mailbox import decoy_slot
from keys.errors import KeysError, NoMatch, ReplyInvalid
from keys.replies import check_reply_text, open_slot, seal_reply
from keys.return_code import CodeKeys, derive, new_code
from keys.signing import ReplySigner


@pytest.fixture(scope="module")
def code() -> CodeKeys:
    return derive(new_code())


def unsigned(code: CodeKeys, text: str = "Мы получили ваше сообщение.") -> Reply:
    common = Common(0, 1, os.urandom(16), os.urandom(16), 1)
    hashed = recipient_hash(code.identity.recipient)
    return Reply(common, 20_000, code.mailbox_id, hashed, bytes(32), bytes(64), text)


def signed(code: CodeKeys, text: str = "Мы получили ваше сообщение.") -> Reply:
    return ReplySigner("A", bytes(32)).sign(unsigned(code, text))


@pytest.mark.parametrize("size", [1, 2187])
def test_slot_has_one_size_for_every_text(code: CodeKeys, size: int) -> None:
    reply = signed(code, "x" * size)
    slot = seal_reply(reply, code.reply_block)
    assert len(slot) == SLOT_SIZE
    assert open_slot(slot, code) == reply


def test_longest_cyrillic_answer_fits(code: CodeKeys) -> None:
    text = "я" * 1093
    assert open_slot(seal_reply(signed(code, text), code.reply_block), code).text == text


@pytest.mark.parametrize("text", ["", "  \n", "x" * 2188, "я" * 1094, "\ud800"])
def test_text_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ReplyInvalid):
        check_reply_text(text)


def test_unsigned_reply_is_not_sealed(code: CodeKeys) -> None:
    with pytest.raises(BadSignature):
        seal_reply(unsigned(code), code.reply_block)


def test_slot_does_not_open_under_another_code(code: CodeKeys) -> None:
    slot = seal_reply(signed(code), code.reply_block)
    with pytest.raises(NoMatch):
        open_slot(slot, derive(new_code()))


def test_slot_moved_to_another_mailbox_does_not_open(code: CodeKeys) -> None:
    slot = seal_reply(signed(code), code.reply_block)
    with pytest.raises(NoMatch):
        open_slot(slot, replace(code, mailbox_id=bytes(32)))


@pytest.mark.parametrize("place", [0, 11, 12, 2000, 4095])
def test_flipped_byte_does_not_open(code: CodeKeys, place: int) -> None:
    slot = bytearray(seal_reply(signed(code), code.reply_block))
    slot[place] ^= 1
    with pytest.raises(NoMatch):
        open_slot(bytes(slot), code)


@pytest.mark.parametrize("change", [lambda slot: slot[:-1], lambda slot: slot + b"\0", lambda slot: b""])
def test_slot_of_another_size_does_not_open(code: CodeKeys, change) -> None:
    with pytest.raises(NoMatch):
        open_slot(change(seal_reply(signed(code), code.reply_block)), code)


def test_decoy_does_not_open(code: CodeKeys) -> None:
    with pytest.raises(NoMatch):
        open_slot(decoy_slot(bytes(32), code.mailbox_id, 0), code)


def test_answer_for_another_mailbox_is_refused(code: CodeKeys) -> None:
    other = derive(new_code())
    reply = ReplySigner("A", bytes(32)).sign(replace(unsigned(code), mailbox_id=other.mailbox_id))
    slot = seal_reply(reply, code.reply_block)
    with pytest.raises(KeysError):
        open_slot(slot, code)


def test_answer_naming_another_recipient_is_refused(code: CodeKeys) -> None:
    reply = ReplySigner("A", bytes(32)).sign(replace(unsigned(code), recipient_hash=bytes(32)))
    slot = seal_reply(reply, code.reply_block)
    with pytest.raises(KeysError):
        open_slot(slot, code)


def test_two_sealings_of_one_answer_share_nothing(code: CodeKeys) -> None:
    one, two = (seal_reply(signed(code), code.reply_block) for _ in range(2))
    assert one[:12] != two[:12]
    assert sum(a == b for a, b in zip(one, two, strict=True)) < 64
