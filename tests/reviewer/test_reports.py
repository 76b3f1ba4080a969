"""Parts joined to reports: what is missing is said, what contradicts stays side by side."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from intake.reviewer.errors import CannotAnswer
from intake.reviewer.services.reports import COMPLETE, HAND_SEALED, Item, Part
from intake.reviewer.show import show_lines
from intake.wire.constants import KIND_SECTION
from intake.wire.frame import ClosingEntry
from intake.wire.section import SectionBody, write_section
from keys.age import HybridRecipient, seal_bytes
from keys.return_code import derive, new_code


def take(laptop, stick, *objects):
    return laptop.take_one(laptop.server.bundle(stick, list(objects)))


def test_text_without_its_media_is_incomplete(laptop, stick):
    report = laptop.report()
    take(laptop, stick, report.text)
    assert laptop.item().state == "incomplete: 1 of 3"


def test_report_without_its_closing_is_incomplete(laptop, stick):
    report = laptop.report()
    take(laptop, stick, report.text, report.photo)
    assert laptop.item().state == "incomplete: 2 of 3"


def test_media_that_came_first_waits_for_its_text(laptop, stick):
    report = laptop.report()
    take(laptop, stick, report.photo)
    assert laptop.item().state == "incomplete: 1 of ?"
    take(laptop, stick, report.text)
    assert laptop.item().state == "incomplete: 2 of 3"
    take(laptop, stick, report.closing)
    assert laptop.item().state == COMPLETE


def test_closing_alone_says_how_many_are_missing(laptop, stick):
    report = laptop.report()
    take(laptop, stick, report.closing)
    assert laptop.item().state == "incomplete: 1 of 3"


def test_closing_that_names_another_object_does_not_complete(laptop, stick):
    report = laptop.report()
    wrong = replace(report.photo.entry, sha256=os.urandom(32))
    phone = report.phone
    closing = phone.seal(phone.closing_frame(3, report.text.entry, wrong))
    take(laptop, stick, report.text, report.photo, closing)
    item = laptop.item()
    assert item.state == "incomplete: 2 of 3"
    assert "a file that the closing does not name" in item.flags


def test_extra_parts_do_not_stand_in_for_the_closing(laptop, stick):
    report = laptop.report()
    take(laptop, stick, report.text, report.photo, report.phone.media(4, os.urandom(1000)))
    assert laptop.item().state == "incomplete: 2 of 3"


def test_closing_naming_a_size_that_is_wrong_does_not_complete(laptop, stick):
    phone = laptop.phone()
    text, photo = phone.section(1, parts=3, who="A"), phone.media(2, b"x")
    entry = ClosingEntry(photo.part_id, len(photo.data) + 1, photo.sha256)
    take(laptop, stick, text, photo, phone.seal(phone.closing_frame(3, text.entry, entry)))
    assert laptop.item().state == "incomplete: 2 of 3"


def test_revised_section_stands_for_the_one_it_replaces(laptop, stick):
    phone = laptop.phone()
    take(laptop, stick, phone.section(1, who="Zaitov", where="there"), phone.section(2, replaces=1, who="Zayitov"))
    item = laptop.item()
    assert [each.sequence for each in item.sections] == [1, 2]
    assert [each.sequence for each in item.current] == [2]
    assert item.answers == {"who": "Zayitov"}
    assert item.state == COMPLETE


def test_revision_whose_first_version_never_left_is_complete(laptop, stick):
    take(laptop, stick, laptop.phone().section(3, replaces=2, who="A"))
    assert laptop.item().state == COMPLETE


def test_addition_adds_and_counts_for_nothing(laptop, stick):
    phone = laptop.phone()
    take(laptop, stick, phone.section(1, who="A"), phone.section(2, parts=0, story="more"))
    item = laptop.item()
    assert item.state == COMPLETE
    assert item.answers == {"who": "A", "story": "more"}


def test_addition_alone_is_incomplete(laptop, stick):
    take(laptop, stick, laptop.phone().section(2, parts=0, story="more"))
    assert laptop.item().state == "incomplete: 0 of ?"


def test_return_code_may_come_as_an_addition(laptop, stick):
    phone = laptop.phone()
    take(laptop, stick, phone.section(1, who="A"))
    with pytest.raises(CannotAnswer):
        laptop.reply(laptop.item(), "x")
    take(laptop, stick, phone.section(2, parts=0, block=phone.code.reply_block))
    assert laptop.reply(laptop.item(), "x").number == 1


def test_second_return_code_is_flagged_and_answered(laptop, stick):
    phone, later = laptop.phone(), derive(new_code())
    take(
        laptop,
        stick,
        phone.section(1, who="A", block=phone.code.reply_block),
        phone.section(2, parts=0, block=later.reply_block),
    )
    item = laptop.item()
    assert "several return codes" in item.flags
    assert item.block == later.reply_block


def test_two_objects_with_one_number_are_both_kept_and_flagged(laptop, stick):
    phone = laptop.phone()
    take(laptop, stick, phone.section(1, who="first"), phone.section(1, who="second"))
    item = laptop.item()
    assert "2 different objects with number 1" in item.flags
    assert {each.section.answers["who"] for each in item.sections} == {"first", "second"}


def test_one_object_twice_is_not_a_contradiction(laptop, stick):
    sealed = laptop.phone().section(1, who="A")
    take(laptop, stick, sealed)
    (stick / "again").write_bytes(sealed.data)
    laptop.take(stick / "again")
    assert laptop.item().flags == []


def test_other_epoch_outside_than_inside_is_flagged(laptop, stick):
    sealed = laptop.phone().section(1, who="A")
    take(laptop, stick, replace(sealed, epoch=4))
    assert laptop.item().flags == ["labelled epoch 4, inside 1"]


def test_no_label_outside_is_not_flagged(laptop, stick):
    take(laptop, stick, replace(laptop.phone().section(1, who="A"), epoch=0))
    assert laptop.item().flags == []


def test_follow_up_joins_the_report_of_its_code(laptop, stick):
    phone, later = laptop.phone(), laptop.phone()
    take(laptop, stick, phone.section(1, who="A", block=phone.code.reply_block), laptop.phone().section(who="B"))
    take(laptop, stick, later.follow_up(phone.code, story="he is home"))
    items = laptop.items()
    assert len(items) == 2
    (joined,) = [each for each in items if each.follow_ups]
    assert joined.answers["who"] == "A"
    assert joined.follow_ups[0].section.answers == {"story": "he is home"}


def test_follow_up_that_came_first_joins_later(laptop, stick):
    phone = laptop.phone()
    take(laptop, stick, laptop.phone().follow_up(phone.code, story="news"))
    assert laptop.item().state == "follow-up without its report"
    take(laptop, stick, phone.section(1, who="A", block=phone.code.reply_block))
    assert laptop.item().state == COMPLETE
    assert len(laptop.item().follow_ups) == 1


def test_follow_up_with_a_wrong_signature_is_not_joined(laptop, stick):
    phone = laptop.phone()
    take(laptop, stick, phone.section(1, who="A", block=phone.code.reply_block))
    take(laptop, stick, laptop.phone().forged_follow_up(phone.code, story="lies"))
    report, forged = sorted(laptop.items(), key=lambda each: len(each.follow_ups))
    assert report.follow_ups == []
    assert forged.flags == ["follow-up with a wrong signature"]


def test_hand_sealed_file_is_unbound_and_unproven(laptop, stick):
    recipient = HybridRecipient(laptop.ring.epochs[0].identity.recipient)
    (stick / "note.age").write_bytes(seal_bytes("на базаре".encode(), [recipient]))
    laptop.take(stick / "note.age")
    item = laptop.item()
    assert item.state == HAND_SEALED
    assert item.media[0].body.decode() == "на базаре"


def test_numbers_stay_and_oldest_comes_first(laptop, stick):
    take(laptop, stick, laptop.phone().section(who="1"))
    first = laptop.item().number
    take(laptop, stick, *[laptop.phone().section(who="n") for _ in range(5)])
    numbers = [each.number for each in laptop.items()]
    assert numbers == sorted(numbers)
    assert next(each.answers["who"] for each in laptop.items() if each.number == first) == "1"


def test_flags_of_the_person_are_told(laptop, stick):
    take(laptop, stick, laptop.phone().section(who="A", hurt=True, minor=True))
    assert laptop.item().flags == ["hurt or ill", "under 18"]


def test_report_of_thousands_of_sections_is_shown_at_once():
    body = write_section(SectionBody("saw", "ru", "", {"who": "x"}))
    part = Part(
        bytes(32), 8192, KIND_SECTION, 1, 1, bytes(16), bytes(16), 1, 0, 0, None, None, False, 0, len(body),
        bytes(32), body, "", "2026-11-22", frozenset(),
    )  # fmt: skip
    parts = [replace(part, sequence=number, sha256=number.to_bytes(32)) for number in range(1, 20_001)]
    started = time.process_time()
    lines = show_lines(Item(1, parts), [], 100, None)
    assert sum("section" in line for line in lines) == 20_000
    assert time.process_time() - started < 30
