"""Outboxes: canonical text, order, batches."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.wire.errors import OutboxInvalid, WireError
from intake.wire.note import write_note
from intake.wire.outbox import (
    Ack,
    AckOutbox,
    HandoverOutbox,
    LogSeen,
    OutboxHead,
    RepliesOutbox,
    SlotEntry,
    outbox_file_name,
    parse_outbox,
)

HEAD = OutboxHead("ab" * 32, "A", 3, date(2026, 11, 22))
ACKS = tuple(Ack(bytes([i]) * 16, bytes([i]) * 32) for i in range(1, 4))
SLOTS = tuple(SlotEntry(bytes([i]) * 32, i % 4, bytes([i]) * 4096) for i in range(8))
LOGS = (LogSeen("log-1", 0, bytes(32)), LogSeen("log-2", 70, bytes([7]) * 32))
OUTBOXES = [
    AckOutbox(HEAD, ACKS),
    AckOutbox(HEAD, ()),
    HandoverOutbox(HEAD, "B", ACKS),
    RepliesOutbox(HEAD, SLOTS),
    RepliesOutbox(HEAD, SLOTS, at_once=True),
    AckOutbox(HEAD, ACKS, LOGS),
    AckOutbox(HEAD, (), LOGS[:1]),
]


def signed(text, make_signer):
    return write_note(text, [make_signer("A", 10).sign(text)])


@pytest.mark.parametrize("outbox", OUTBOXES, ids=lambda o: f"{o.purpose}-{len(o.text())}")
def test_outbox_written_and_read_is_the_same(outbox, make_signer):
    note, read = parse_outbox(signed(outbox.text(), make_signer))
    assert read == outbox
    assert note.purpose == outbox.purpose


@pytest.mark.parametrize(
    ("outbox", "old", "new"),
    [
        (0, "serial 3", "serial 03"),
        (0, "serial 3", "serial 0"),
        (0, "count 3", "count 2"),
        (0, "laptop A", "laptop  A"),
        (0, "deployment ab", "deployment AB"),
        (0, "day 2026-11-22", "day 22.11.2026"),
        (0, "ack 01", "ack 09"),
        (0, "ack 02", "nack 02"),
        (0, "intake-acks/v1", "intake-replies/v1"),
        (0, "intake-acks/v1", "intake-manifest/v1"),
        (0, "intake-acks/v1", "intake-handover/v1"),
        (2, "from B\n", ""),
        (3, " 1 ", " 4 "),
        (5, "log log-1 0 ", "log log-1 00 "),
        (5, "log log-1 0 ", "log log-3 0 "),
        (5, "log log-1 0 ", "log log-2 0 "),
        (5, "log log-2 70 ", "log  70 "),
        (5, "log log-2 70 ", "log log-2 70 x "),
        (5, "laptop A\n", "laptop A\nlog log-0 1 " + "A" * 43 + "=\n"),
        (5, "count 3\n", "count 3\nlog log-3 1 " + "A" * 43 + "=\n"),
        (3, "count 8", "count 7"),
        (3, "release delayed\n", ""),
        (3, "release delayed", "release later"),
        (3, "release delayed", "release "),
        (0, "count 3", "release delayed\ncount 3"),
    ],
)
def test_outbox_not_canonical_is_refused(outbox, old, new, make_signer):
    text = OUTBOXES[outbox].text()
    assert old in text
    with pytest.raises(WireError):
        parse_outbox(signed(text.replace(old, new, 1), make_signer))


def test_replies_not_a_multiple_of_eight_are_refused(make_signer):
    with pytest.raises(OutboxInvalid):
        parse_outbox(signed(RepliesOutbox(HEAD, SLOTS[:7]).text(), make_signer))


def test_slot_named_twice_is_refused(make_signer):
    with pytest.raises(OutboxInvalid):
        parse_outbox(signed(RepliesOutbox(HEAD, (*SLOTS[:7], SLOTS[6])).text(), make_signer))


def test_file_name_says_laptop_purpose_and_serial_only():
    assert outbox_file_name(OUTBOXES[0]) == "outbox-A-acks-3.note"
    assert outbox_file_name(AckOutbox(OutboxHead("ab" * 32, "../A", 3, HEAD.day), ())) == "outbox-.._A-acks-3.note"


@given(st.text(max_size=300))
def test_outbox_from_any_text_raises_nothing_else(text):
    try:
        parse_outbox(text.encode())
    except WireError:
        return
    pytest.fail("random text parsed as a signed outbox")
