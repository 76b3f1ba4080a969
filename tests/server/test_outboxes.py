"""`intake apply`: only a laptop's right key, only once, whole or not at all."""

import dataclasses
import hashlib
import os
from datetime import date

import pytest

from intake.server.services.mailboxes import read_mailbox
from intake.server.services.manifests import add_manifest
from intake.server.services.reports import store_report
from intake.wire.constants import MAILBOX_SIZE, SLOT_SIZE
from intake.wire.envelope import parse_envelope
from intake.wire.outbox import Ack, AckOutbox, HandoverOutbox, OutboxHead, RepliesOutbox, SlotEntry


@pytest.fixture
def laptop(deployment):
    return deployment.laptops[0]


@pytest.fixture
def head(deployment):
    return OutboxHead(deployment.roots.deployment, "A", 1, date(2026, 11, 22))


def acks_for(house, wrong: int = 0) -> tuple[Ack, ...]:
    found = [Ack(row[0], row[3]) for row in house.rows()["objects"]]
    found += [Ack(os.urandom(16), os.urandom(32)) for _ in range(wrong)]
    return tuple(sorted(found))


@pytest.fixture
def filled(house, core, forge):
    """A house with three reports."""
    for _ in range(3):
        envelope = parse_envelope(forge.envelope())
        core.store.write(lambda c, envelope=envelope: store_report(c, envelope, date(2026, 11, 20))).result()
    return house


def slots(count: int = 8) -> tuple[SlotEntry, ...]:
    return tuple(sorted(SlotEntry(os.urandom(32), i % 4, os.urandom(SLOT_SIZE)) for i in range(count)))


def test_acks_are_taken_and_strangers_ignored(filled, intake, laptop, head, write_outbox):
    path = write_outbox(laptop.ack, AckOutbox(head, acks_for(filled, wrong=2)))
    ran = intake("apply", "--data", filled.data, path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "intake-acks/v1 1 of A: 3 taken, 2 ignored" in ran.stdout
    assert {row[:3] for row in filled.rows()["acks"]} == {(a.object_id, "A", "") for a in acks_for(filled)}


def test_ack_of_other_bytes_is_ignored(filled, intake, laptop, head, write_outbox):
    wrong = tuple(dataclasses.replace(ack, sha256=hashlib.sha256(b"other").digest()) for ack in acks_for(filled))
    ran = intake("apply", "--data", filled.data, write_outbox(laptop.ack, AckOutbox(head, wrong)))
    assert "0 taken, 3 ignored" in ran.stdout
    assert filled.rows()["acks"] == []


def test_replies_fill_their_slots_only(filled, core, intake, laptop, head, write_outbox):
    entries = slots()
    ran = intake(
        "apply", "--data", filled.data, write_outbox(laptop.outbox, RepliesOutbox(head, entries, at_once=True))
    )
    assert ran.returncode == 0, ran.stderr
    for entry in entries:
        mailbox = read_mailbox(core, entry.mailbox_id)
        assert len(mailbox) == MAILBOX_SIZE
        assert mailbox[entry.slot * SLOT_SIZE :][:SLOT_SIZE] == entry.data


def test_newer_reply_replaces_the_slot(filled, core, intake, laptop, head, write_outbox):
    first = slots()
    second = tuple(dataclasses.replace(entry, data=os.urandom(SLOT_SIZE)) for entry in first)
    for serial, entries in ((1, first), (2, second)):
        outbox = RepliesOutbox(dataclasses.replace(head, serial=serial), entries, at_once=True)
        assert intake("apply", "--data", filled.data, write_outbox(laptop.outbox, outbox)).returncode == 0
    mailbox = read_mailbox(core, second[0].mailbox_id)
    assert mailbox[second[0].slot * SLOT_SIZE :][:SLOT_SIZE] == second[0].data


def test_outboxes_are_applied_by_serial_whatever_their_names(filled, core, intake, laptop, head, write_outbox):
    """A shell names -10 before -9; the answer in the lower one must not be lost for it."""
    first, second = slots(), slots()
    nine, ten = (
        write_outbox(laptop.outbox, RepliesOutbox(dataclasses.replace(head, serial=serial), entries, at_once=True))
        for serial, entries in ((9, first), (10, second))
    )
    ran = intake("apply", "--data", filled.data, ten, nine)
    assert (ran.returncode, ran.stderr) == (0, "")
    for entry in (first[0], second[0]):
        assert read_mailbox(core, entry.mailbox_id)[entry.slot * SLOT_SIZE :][:SLOT_SIZE] == entry.data


REPLAYED = "This outbox, or a later one of its kind, was applied before."


def refused(house, intake, path, words: str, sentence: str = "This outbox is refused. (") -> None:
    before = house.snapshot()
    ran = intake("apply", "--data", house.data, path)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert f"error: {path.name}: {sentence}" in ran.stderr
    assert words in ran.stderr
    assert "hint: nothing was changed" in ran.stderr
    assert house.snapshot() == before


FORGED = {
    "by the outbox key": lambda d, h: (d.laptops[0].outbox, AckOutbox(h, ())),
    "by the reply key": lambda d, h: (d.laptops[0].reply, RepliesOutbox(h, slots())),
    "by the ack key": lambda d, h: (d.laptops[0].ack, RepliesOutbox(h, slots())),
    "by another laptop": lambda d, h: (d.laptops[1].ack, AckOutbox(h, ())),
    "by a root": lambda d, h: (d.root, AckOutbox(h, ())),
    "hand-over by the giver": lambda d, h: (d.laptops[1].ack, HandoverOutbox(h, "B", ())),
}


@pytest.mark.parametrize("case", FORGED)
def test_outbox_of_another_key_is_refused(filled, intake, deployment, head, write_outbox, case):
    signer, outbox = FORGED[case](deployment, head)
    refused(filled, intake, write_outbox(signer, outbox), "not signed by that laptop's key for this purpose")


def test_outbox_with_a_changed_byte_is_refused(filled, intake, laptop, head, write_outbox):
    path = write_outbox(laptop.ack, AckOutbox(head, acks_for(filled)))
    text = path.read_text("utf-8")
    path.write_text(text.replace("ack ", "ack ", 1).replace("serial 1", "serial 9"), "utf-8")
    refused(filled, intake, path, "not signed")


def test_outbox_of_another_deployment_is_refused(filled, intake, laptop, head, write_outbox):
    other = AckOutbox(dataclasses.replace(head, deployment="ab" * 32), ())
    refused(filled, intake, write_outbox(laptop.ack, other), "another deployment")


def test_outbox_of_a_laptop_nobody_named_is_refused(filled, intake, laptop, head, write_outbox):
    other = AckOutbox(dataclasses.replace(head, laptop="C"), ())
    refused(filled, intake, write_outbox(laptop.ack, other), "names no such laptop")


def test_replayed_outbox_is_refused(filled, intake, laptop, head, write_outbox):
    path = write_outbox(laptop.ack, AckOutbox(head, acks_for(filled)))
    assert intake("apply", "--data", filled.data, path).returncode == 0
    refused(filled, intake, path, "outbox --again", REPLAYED)
    newer = AckOutbox(dataclasses.replace(head, serial=5), ())
    assert intake("apply", "--data", filled.data, write_outbox(laptop.ack, newer)).returncode == 0
    older = AckOutbox(dataclasses.replace(head, serial=4), acks_for(filled))
    refused(filled, intake, write_outbox(laptop.ack, older), "outbox --again", REPLAYED)


def test_serials_of_laptops_and_purposes_are_apart(filled, intake, deployment, head, write_outbox):
    first, second = deployment.laptops
    outboxes = (
        (first.ack, AckOutbox(head, ())),
        (first.outbox, RepliesOutbox(head, slots())),
        (first.ack, HandoverOutbox(head, "B", ())),
        (second.ack, AckOutbox(dataclasses.replace(head, laptop="B"), ())),
    )
    paths = [write_outbox(signer, outbox) for signer, outbox in outboxes]
    assert intake("apply", "--data", filled.data, *paths).returncode == 0


def test_outbox_of_a_revoked_key_is_refused(filled, core, intake, laptop, head, write_outbox):
    revoking = filled.manifest(serial=2, revoked=(hashlib.sha256(laptop.ack.public).hexdigest(),))
    core.store.write(lambda c: add_manifest(c, revoking, core.roots)).result()
    refused(filled, intake, write_outbox(laptop.ack, AckOutbox(head, acks_for(filled))), "key is revoked")


def test_file_that_is_no_outbox_is_refused(filled, intake, tmp_path):
    path = tmp_path / "outbox-A-acks-1.note"
    for data in (b"", b"\xff" * 100, b"intake-acks/v1\n\n", filled.manifest()):
        path.write_bytes(data)
        refused(filled, intake, path, "")


def test_refused_outbox_does_not_stop_the_others(filled, intake, laptop, head, write_outbox, tmp_path):
    (tmp_path / "broken.note").write_bytes(b"nothing")
    good = write_outbox(laptop.ack, AckOutbox(head, acks_for(filled)))
    ran = intake("apply", "--data", filled.data, tmp_path / "broken.note", good)
    assert ran.returncode == 1
    assert "3 taken, 0 ignored" in ran.stdout
