"""What goes back: acks of what is kept, answers among noise, serials that rise, nothing lost with a stick."""

from __future__ import annotations

import hashlib
import os

import pytest

from intake.reviewer.errors import InputInvalid
from intake.reviewer.services.events import read_events
from intake.wire.note import require_signer
from intake.wire.outbox import AckOutbox, RepliesOutbox
from keys.errors import NoMatch, ReplyInvalid
from keys.replies import open_slot


@pytest.fixture
def answered(laptop, stick):
    report = laptop.report()
    laptop.take(laptop.server.bundle(stick, report.parts))
    laptop.reply(laptop.item(), "Біз хабарыңызды алдық.")
    return report


def slots_for(outbox: RepliesOutbox, code) -> dict[int, bytes]:
    return {each.slot: each.data for each in outbox.slots if each.mailbox_id == code.mailbox_id}


def test_acks_and_replies_travel_apart_and_signed(laptop, answered, tmp_path):
    (ack_note, acks), (reply_note, replies) = laptop.outboxes(tmp_path)
    assert isinstance(acks, AckOutbox)
    assert isinstance(replies, RepliesOutbox)
    keys = laptop.ring.public_keys()
    assert require_signer(ack_note, {"A": keys.ack}) == "A"
    assert require_signer(reply_note, {"A": keys.outbox}) == "A"
    assert {each.object_id for each in acks.acks} == {each.object_id for each in answered.parts}
    assert {each.sha256 for each in acks.acks} == {each.sha256 for each in answered.parts}


def test_answer_opens_with_the_code(laptop, answered, tmp_path):
    _, (_, replies) = laptop.outboxes(tmp_path)
    reply = open_slot(slots_for(replies, answered.phone.code)[0], answered.phone.code)
    assert reply.text == "Біз хабарыңызды алдық."
    assert reply.common.report_id == answered.phone.report_id
    assert reply.common.sequence == 1
    assert reply.reply_key == laptop.ring.public_keys().reply


@pytest.mark.parametrize("at_once", [False, True])
def test_answers_wait_on_the_server_unless_the_reviewer_says_at_once(laptop, answered, tmp_path, at_once):
    _, (_, replies) = laptop.outboxes(tmp_path, at_once=at_once)
    assert replies.at_once is at_once
    assert f"\nrelease {'at-once' if at_once else 'delayed'}\n" in replies.text()


@pytest.mark.parametrize(("count", "slots"), [(1, 8), (8, 8), (9, 16)])
def test_replies_are_filled_up_to_a_multiple_of_eight(laptop, stick, tmp_path, count, slots):
    reports = [laptop.report() for _ in range(count)]
    laptop.take(laptop.server.bundle(stick, [each.text for each in reports]))
    for item in laptop.items():
        laptop.reply(item, "answer")
    _, (_, replies) = laptop.outboxes(tmp_path)
    assert len(replies.slots) == slots
    real = {each.phone.code.mailbox_id for each in reports}
    assert sum(each.mailbox_id in real for each in replies.slots) == count
    with pytest.raises(NoMatch):
        open_slot(next(e.data for e in replies.slots if e.mailbox_id not in real or count == 8), laptop.phone().code)


def test_answers_are_numbered_and_the_fifth_takes_the_first_slot(laptop, answered, tmp_path):
    numbers = [laptop.reply(laptop.item(), f"answer {n}").number for n in range(2, 6)]
    assert numbers == [2, 3, 4, 5]
    _, (_, replies) = laptop.outboxes(tmp_path)
    mine = slots_for(replies, answered.phone.code)
    texts = {slot: open_slot(data, answered.phone.code).text for slot, data in mine.items()}
    assert texts == {0: "answer 5", 1: "answer 2", 2: "answer 3", 3: "answer 4"}


def test_nothing_waits_after_an_outbox(laptop, answered, tmp_path):
    assert len(laptop.outboxes(tmp_path)) == 2
    assert laptop.outboxes(tmp_path) == []


def test_serials_rise_for_each_purpose(laptop, answered, stick, tmp_path):
    laptop.outboxes(tmp_path)
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="B")]))
    ((_, second),) = laptop.outboxes(tmp_path)
    assert (second.purpose, second.head.serial) == ("intake-acks/v1", 2)
    laptop.reply(next(item for item in laptop.items() if item.block), "more")
    ((_, third),) = laptop.outboxes(tmp_path)
    assert (third.purpose, third.head.serial) == ("intake-replies/v1", 2)


def test_lost_stick_is_written_again_with_the_same_slot(laptop, answered, tmp_path):
    (tmp_path / "lost").mkdir()
    (tmp_path / "new").mkdir()
    first = laptop.outboxes(tmp_path / "lost")
    again = laptop.outboxes(tmp_path / "new", again=True)
    assert [each.head.serial for _, each in again] == [2, 2]
    assert again[0][1].acks == first[0][1].acks
    code = answered.phone.code
    assert slots_for(again[1][1], code) == slots_for(first[1][1], code)


def test_outbox_that_was_not_written_is_written_next(laptop, answered, tmp_path):
    """The folder turns out not to take the file: what was signed stays and goes out with the next try."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "outbox-A-acks-1.note").write_bytes(b"in the way")
    with pytest.raises(InputInvalid):
        laptop.outboxes(tmp_path / "full")
    (tmp_path / "good").mkdir()
    assert [each.head.serial for _, each in laptop.outboxes(tmp_path / "good")] == [1, 1]
    assert (tmp_path / "full" / "outbox-A-acks-1.note").read_bytes() == b"in the way"


def test_folder_that_is_not_there_signs_nothing(laptop, answered, tmp_path):
    before = laptop.event_count()
    with pytest.raises(InputInvalid):
        laptop.outboxes(tmp_path / "none")
    assert laptop.event_count() == before


def test_quarantined_object_is_not_acked(laptop, stick, tmp_path):
    laptop.server.packs = False
    good, bad = laptop.phone().section(who="good"), laptop.phone().section(who="bad")
    bundle = laptop.server.bundle(stick, [good, bad])
    (bundle / f"data/objects/{bad.object_id.hex()}.age").write_bytes(os.urandom(len(bad.data)))
    laptop.take(bundle)
    ((_, acks),) = laptop.outboxes(tmp_path)
    assert [each.object_id for each in acks.acks] == [good.object_id]


def test_outbox_event_names_the_note(laptop, answered, tmp_path):
    laptop.outboxes(tmp_path)
    with laptop.vault.begin() as connection:
        events = [each for each in read_events(connection) if each.kind == "outbox"]
    for event in events:
        path = tmp_path / f"outbox-A-{event.text('purpose')}-{event.integer('serial')}.note"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == event.text("sha256")


@pytest.mark.parametrize("text", ["", " \n ", "я" * 1094])
def test_answer_that_does_not_fit_leaves_no_trace(laptop, answered, text):
    before = laptop.event_count()
    with pytest.raises(ReplyInvalid):
        laptop.reply(laptop.item(), text)
    assert laptop.event_count() == before
