"""Mailboxes: four kinds that nobody can tell apart, and a delete that only takes what was read."""

import hashlib
import os
import statistics
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.server.services.mailboxes import NOBODY, fill_slot, read_mailbox
from intake.wire.constants import MAILBOX_SIZE, SLOT_SIZE
from intake.wire.mailbox import DeleteRequest, decoy_slot, delete_signed_bytes, mailbox_id, split_slots, write_delete
from intake.wire.outbox import SlotEntry

EMBEDDED_ONLY = {"test_answers_take_as_much_work"}
"""PostgreSQL does its part of the work in another process, where no clock of this one counts it."""


class Code:
    """What a return code gives: a follow-up key and its mailbox."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()
        self.mailbox = mailbox_id(self.public)

    def delete(self, slots: bytes, mailbox: bytes | None = None) -> bytes:
        hashes = tuple(hashlib.sha256(slot).digest() for slot in split_slots(slots))
        signature = self.key.sign(delete_signed_bytes(mailbox or self.mailbox, hashes))
        return write_delete(DeleteRequest(self.public, signature, hashes))


def fill(core, mailbox: bytes, slot: int = 0) -> bytes:
    data = os.urandom(SLOT_SIZE)
    core.store.write(lambda c: fill_slot(c, core.decoy_secret, SlotEntry(mailbox, slot, data), core.clock())).result()
    return data


def read(client, mailbox: bytes) -> bytes:
    return client.post("/mailbox", content=mailbox).content


@pytest.fixture(scope="module")
def shared_core(shared_house):
    with shared_house.open() as core:
        yield core


@pytest.fixture(scope="module")
def kinds(shared_client, shared_core):
    """One mailbox of each kind: unknown, answered once, answered in all slots, emptied, emptied in part."""
    codes = {name: Code() for name in ("unknown", "answered", "full", "emptied", "partly")}
    for name in ("answered", "emptied", "partly"):
        fill(shared_core, codes[name].mailbox)
    for slot in range(4):
        fill(shared_core, codes["full"].mailbox, slot)
    for name in ("emptied", "partly"):
        body = codes[name].delete(read(shared_client, codes[name].mailbox))
        if name == "partly":
            fill(shared_core, codes[name].mailbox, 2)
        assert shared_client.post("/mailbox/delete", content=body).status_code == 204
    return {name: code.mailbox for name, code in codes.items()} | {"nobody": NOBODY}


def test_every_kind_of_mailbox_has_one_shape(shared_client, kinds):
    answers = {name: shared_client.post("/mailbox", content=mailbox) for name, mailbox in kinds.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert {len(answer.content) for answer in answers.values()} == {MAILBOX_SIZE}
    headers = {tuple((k, v) for k, v in answer.headers.raw if k != b"date") for answer in answers.values()}
    assert len(headers) == 1
    assert {answer.headers["content-type"] for answer in answers.values()} == {"application/octet-stream"}


def test_reading_again_gives_the_same_bytes(shared_client, kinds):
    for mailbox in kinds.values():
        assert read(shared_client, mailbox) == read(shared_client, mailbox)


def test_unfilled_slots_hold_their_decoys(shared_client, shared_core, kinds):
    def decoys(name):
        return [decoy_slot(shared_core.decoy_secret, kinds[name], index) for index in range(4)]

    unknown, answered, emptied, partly = (
        list(split_slots(read(shared_client, kinds[name]))) for name in ("unknown", "answered", "emptied", "partly")
    )
    assert (unknown, emptied) == (decoys("unknown"), decoys("emptied"))
    assert answered[1:] == decoys("answered")[1:]
    assert answered[0] != decoys("answered")[0]
    assert [slot == decoy for slot, decoy in zip(partly, decoys("partly"), strict=True)] == [True, True, False, True]


def test_emptied_mailbox_leaves_no_row(shared_house, kinds):
    rows = {row[0] for row in shared_house.rows()["mailboxes"]}
    assert kinds["emptied"] not in rows
    assert kinds["unknown"] not in rows
    assert {kinds["answered"], kinds["full"], kinds["partly"]} <= rows


def test_slot_filled_after_the_read_survives_the_delete(shared_client, shared_core):
    code = Code()
    fill(shared_core, code.mailbox, 0)
    request = code.delete(read(shared_client, code.mailbox))
    newer = fill(shared_core, code.mailbox, 0)
    assert shared_client.post("/mailbox/delete", content=request).status_code == 204
    assert split_slots(read(shared_client, code.mailbox))[0] == newer


def test_delete_for_a_mailbox_nobody_knows_is_no_error(shared_client):
    code = Code()
    request = code.delete(read(shared_client, code.mailbox))
    assert shared_client.post("/mailbox/delete", content=request).status_code == 204


def test_delete_without_the_key_is_refused_and_changes_nothing(shared_client, shared_core, shared_house, problem):
    code, thief = Code(), Code()
    fill(shared_core, code.mailbox)
    slots, before = read(shared_client, code.mailbox), shared_house.snapshot()
    forged = code.delete(slots)[:-1] + b"\0"
    assert problem(shared_client.post("/mailbox/delete", content=forged)) == "bad-signature"
    stolen = code.public + thief.delete(slots, code.mailbox)[32:]
    assert problem(shared_client.post("/mailbox/delete", content=stolen)) == "bad-signature"
    assert shared_house.snapshot() == before


@pytest.mark.parametrize(("path", "size"), [("/mailbox", 31), ("/mailbox", 0), ("/mailbox/delete", 223)])
def test_request_of_another_size_is_malformed(shared_client, problem, path, size):
    assert problem(shared_client.post(path, content=bytes(size))) == "malformed"


@pytest.mark.parametrize(("path", "size"), [("/mailbox", 33), ("/mailbox/delete", 225)])
def test_request_over_its_size_is_refused(shared_client, problem, path, size):
    assert problem(shared_client.post(path, content=bytes(size))) == "too-large"


def test_answers_take_as_much_work(shared_core, kinds):
    """CPU time of this thread, which other load does not touch; tests/benches/mailbox.py measures over HTTP.

    A read that left out the decoys or the row would differ by more than 50 us.
    """
    taken: dict[str, list[int]] = {"unknown": [], "full": [], "emptied": []}
    for turn in range(600):
        for name in sorted(taken, key=lambda name: (turn * 7 + len(name)) % 3):
            started = time.thread_time_ns()
            read_mailbox(shared_core, kinds[name])
            taken[name].append(time.thread_time_ns() - started)
    medians = [statistics.median(values) for values in taken.values()]
    assert max(medians) - min(medians) < 25_000
