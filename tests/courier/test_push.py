"""`courier push`: outboxes in, what the server says out, and nothing that only a laptop could sign."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from intake.wire.bundle import INDEX_NAME
from intake.wire.bundle_index import parse_index
from intake.wire.constants import SLOT_SIZE
from intake.wire.outbox import Ack, AckOutbox, OutboxHead, RepliesOutbox, SlotEntry


@pytest.fixture
def write(carrier, tmp_path, deployment):
    """Signs an outbox of laptop A and writes it as a file."""

    def make(serial: int, acks=(), signer=None) -> Path:
        head = OutboxHead(deployment.roots.deployment, "A", serial, date(2026, 11, 22))
        outbox = AckOutbox(head, tuple(sorted(acks)))
        path = tmp_path / f"outbox-A-acks-{serial}.note"
        path.write_bytes((signer or deployment.laptops[0].ack).note(outbox.text()))
        return path

    return make


def push(carrier, courier, *files):
    return courier("push", "--home", carrier.home, "--server", carrier.server.url, *files)


def test_outbox_is_applied_and_what_the_server_says_is_told(carrier, courier, stick, write):
    entries = parse_index((carrier.fetch(stick) / INDEX_NAME).read_bytes())
    path = write(1, [Ack(entry.object_id, entry.sha256) for entry in entries])
    ran = push(carrier, courier, path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "outbox-A-acks-1.note: intake-acks/v1 1 of A: 14 taken, 0 ignored\n"
    assert len(carrier.house.rows()["acks"]) == 14


def test_acked_objects_are_not_carried_again(carrier, courier, stick, write):
    entries = parse_index((carrier.fetch(stick) / INDEX_NAME).read_bytes())
    push(carrier, courier, write(1, [Ack(entry.object_id, entry.sha256) for entry in entries[:10]]))
    again = parse_index((carrier.fetch(stick) / INDEX_NAME).read_bytes())
    assert {entry.object_id for entry in again} == {entry.object_id for entry in entries[10:]}


def test_outboxes_go_in_order_of_serial_and_a_repeat_is_refused_in_words(carrier, courier, write):
    nine, ten = write(9), write(10)
    ran = push(carrier, courier, ten, nine)
    assert ran.returncode == 0
    assert [line.split(":")[0] for line in ran.stdout.splitlines()] == [nine.name, ten.name]
    ran = push(carrier, courier, ten)
    assert ran.returncode == 1
    assert "refused: This outbox, or a later one of its kind, was applied before." in ran.stdout


def test_outbox_that_no_laptop_signed_changes_nothing(carrier, courier, write, deployment):
    before = carrier.house.snapshot()
    ran = push(carrier, courier, write(1, signer=deployment.root))
    assert ran.returncode == 1
    assert "refused: This outbox is refused." in ran.stdout
    assert carrier.house.snapshot() == before


def test_large_outbox_is_taken(carrier, courier, tmp_path, deployment):
    head = OutboxHead(deployment.roots.deployment, "A", 1, date(2026, 11, 22))
    slots = tuple(sorted(SlotEntry(os.urandom(32), n % 4, os.urandom(SLOT_SIZE)) for n in range(400)))
    path = tmp_path / "outbox-A-replies-1.note"
    path.write_bytes(deployment.laptops[0].outbox.note(RepliesOutbox(head, slots).text()))
    assert path.stat().st_size > 2_000_000
    ran = push(carrier, courier, path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "400 taken" in ran.stdout


@pytest.mark.parametrize("data", [b"", b"x" * 100, b"intake-acks/v1\n\n"])
def test_file_that_is_no_outbox_is_not_sent(carrier, courier, tmp_path, data):
    (tmp_path / "wrong.note").write_bytes(data)
    ran = push(carrier, courier, tmp_path / "wrong.note")
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: A file or folder cannot be used.")
