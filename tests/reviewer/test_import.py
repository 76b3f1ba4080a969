"""Bundles in, whole and damaged (SPEC.md section 9)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from intake.reviewer.errors import BundleRefused
from intake.reviewer.services.events import read_events, verify_chain
from intake.reviewer.services.reports import COMPLETE, read_items
from intake.reviewer.services.state import fold


def items(laptop):
    with laptop.vault.begin() as connection:
        return read_items(connection)


def state(laptop):
    with laptop.vault.begin() as connection:
        return fold(read_events(connection))


def event_count(laptop):
    with laptop.vault.begin() as connection:
        return verify_chain(connection, laptop.ring)


def test_bundle_of_one_text_report(laptop, stick):
    sealed = laptop.phone().section(who="Айжан", where="Төле би", story="Қара киімді адамдар алып кетті")
    result = laptop.take_one(laptop.server.bundle(stick, [sealed]))
    assert (result.new, result.known, result.forks, result.warnings) == (1, 0, [], [])
    (item,) = items(laptop)
    assert item.state == COMPLETE
    assert item.answers["who"] == "Айжан"
    assert state(laptop).to_ack == {sealed.object_id.hex(): sealed.sha256.hex()}


def test_bundle_with_media_joins_the_parts(laptop, stick):
    phone = laptop.phone()
    text = phone.section(1, parts=3, who="A")
    photo = phone.media(2, b"\xff\xd8" + os.urandom(200_000))
    closing = phone.closing(3, text, photo)
    laptop.take(laptop.server.bundle(stick, [text, photo, closing]))
    (item,) = items(laptop)
    assert item.state == COMPLETE
    assert [each.body_size for each in item.media] == [200_002]


def test_import_twice_changes_nothing(laptop, stick):
    bundle = laptop.server.bundle(stick, [laptop.phone().section(who="A")])
    laptop.take(bundle)
    before = event_count(laptop)
    again = laptop.take_one(bundle)
    assert (again.new, again.known) == (0, 1)
    assert event_count(laptop) == before


def test_forged_signature_refuses_everything(laptop, stick):
    bundle = laptop.server.bundle(stick, [laptop.phone().section(who="A")])
    note = (bundle / "bundle.note").read_text()
    (bundle / "bundle.note").write_text(note.replace("serial 1\n", "serial 2\n"))
    with pytest.raises(BundleRefused):
        laptop.take(bundle)
    assert items(laptop) == []
    assert event_count(laptop) == 0
