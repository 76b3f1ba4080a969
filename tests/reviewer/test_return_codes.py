"""Who knows a return code's public key, and not the code, gets neither its mailbox nor its follow-ups."""

import os
from dataclasses import replace

import pytest

from intake.reviewer.errors import CannotAnswer
from intake.wire.frame import ReplyBlock
from keys.errors import KeyTextError
from keys.replies import open_slot


def by_who(laptop) -> dict[str, object]:
    return {item.answers.get("who"): item for item in laptop.items()}


@pytest.fixture
def robbed(laptop, stick):
    """A report with a return code, and a second one that claims its follow-up key with a recipient of its own."""
    witness, thief = laptop.phone(), laptop.phone()
    laptop.take_one(laptop.server.bundle(stick, [witness.section(who="witness", block=witness.code.reply_block)]))
    keys = thief.code.reply_block
    stolen = ReplyBlock(keys.recipient, witness.code.follow_up_key, keys.slot_key)
    laptop.take_one(laptop.server.bundle(stick, [thief.section(who="thief", block=stolen)]))
    return witness


def test_borrowed_key_is_flagged_and_cannot_be_answered(laptop, robbed):
    items = by_who(laptop)
    assert items["witness"].flags == []
    assert items["thief"].flags == ["a return code whose key another report gave first: not believed"]
    with pytest.raises(CannotAnswer):
        laptop.reply(items["thief"], "over the other")


def test_holder_of_the_code_still_reads_the_answer(laptop, robbed, stick):
    laptop.reply(by_who(laptop)["witness"], "for you alone")
    outbox = laptop.outboxes(stick)[1][1]
    (slot,) = [each for each in outbox.slots if each.mailbox_id == robbed.code.mailbox_id]
    assert open_slot(slot.data, robbed.code).text == "for you alone"


def test_follow_up_stays_with_the_report_of_its_code(laptop, robbed, stick):
    laptop.take_one(laptop.server.bundle(stick, [laptop.phone().follow_up(robbed.code, story="more")]))
    items = by_who(laptop)
    assert (len(items["witness"].follow_ups), len(items["thief"].follow_ups)) == (1, 0)


def test_one_code_for_two_reports_is_believed_in_both(laptop, robbed, stick):
    second = laptop.phone()
    laptop.take_one(laptop.server.bundle(stick, [second.section(who="second", block=robbed.code.reply_block)]))
    item = by_who(laptop)["second"]
    assert (item.flags, item.block) == ([], robbed.code.reply_block)


@pytest.mark.parametrize("recipient", [bytes(1216), b"\xff" * 1216], ids=["low order", "no key"])
def test_recipient_that_is_no_key_is_said_and_stops_no_outbox(laptop, stick, recipient):
    phone = laptop.phone()
    block = replace(phone.code.reply_block, recipient=recipient, follow_up_key=os.urandom(32))
    laptop.take_one(laptop.server.bundle(stick, [phone.section(who="x", block=block)]))
    with pytest.raises(KeyTextError):
        laptop.reply(laptop.item(), "hello")
    assert len(laptop.outboxes(stick)) == 1
