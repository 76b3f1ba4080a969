"""Nothing that came from outside acts in the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.reviewer.cleaning import clean_line, clean_name, columns, shorten, wrap
from intake.reviewer.show import MARGIN, list_lines, show_lines
from intake.reviewer.show_results import result_lines

ATTACKS = {
    "escape": "\x1b[2J\x1b]0;title\x07",
    "c1 csi": "\x9b31m",
    "right to left override": "\u202egnp.exe",
    "isolate": "\u2066x\u2069",
    "arabic letter mark": "\u061c",
    "zero width": "a\u200bb\ufeffc",
    "carriage return": "good\rbad",
    "backspace": "good\b\b\b\bevil",
    "null": "a\0b",
    "half a surrogate": "\udc80",
    "tag characters": "\U000e0041",
    "private use": "\ue000",
}
BAD = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_attack_is_shown_and_does_not_act(attack):
    cleaned = clean_line(attack)
    assert not any(unicodedata.category(character) in BAD for character in cleaned)
    cleaned.encode()


@given(st.text(st.characters()))
def test_no_text_at_all_gets_through(untrusted):
    for line in wrap(untrusted, 60, MARGIN):
        assert not any(unicodedata.category(character) in BAD for character in line)
        assert line.startswith(MARGIN.rstrip())


@pytest.mark.parametrize("text", ["Қасымова Айжан", "Төле би — Сайран, 12:30", "👮", "عربي", "ё й ә ғ қ ң ө ұ ү һ і"])
def test_honest_text_is_left_as_it_is(text):
    assert clean_line(text) == text


def test_long_names_are_cut():
    assert len(clean_name("x" * 500)) == 80
    assert shorten("один два  три", 8) == "один дв…"


def test_report_cannot_fake_our_headings(laptop, stick):
    story = "x\nnumber 9, 2026-11-22, complete\n! under 18\nanswer 1, in an outbox"
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="A", story=story)]))
    lines = show_lines(laptop.item(), [], 80, "en")
    assert lines[0] == "number 1, 2026-11-22, complete"
    assert [each for each in lines[1:] if each.startswith(("number", "!", "answer"))] == []


@pytest.mark.parametrize("name", sorted(ATTACKS.keys() - {"half a surrogate"}))
def test_report_cannot_act_in_the_terminal(laptop, stick, name):
    attack = ATTACKS[name]
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who=attack, where=attack, story=attack)]))
    item = laptop.item()
    printed = "".join([*list_lines([item], {}, 100, "ru"), *show_lines(item, [], 100, None)])
    assert not any(unicodedata.category(character) in BAD for character in printed)


def test_hand_sealed_bytes_cannot_act_in_the_terminal(laptop, stick):
    (stick / "x").write_bytes(laptop.phone().seal_raw(b"\x1b[2J\xff\xfe\x9b").data)
    result = laptop.take_one(stick / "x")
    printed = "".join([*show_lines(laptop.item(), [], 100, None), *result_lines(result)])
    assert not any(unicodedata.category(character) in BAD for character in printed)


def test_file_names_on_a_stick_cannot_act_in_the_terminal(laptop, stick):
    (stick / "a\x1b[2J\u202e.txt").write_bytes(b"plain")
    printed = "".join(result_lines(laptop.take_one(stick)))
    assert "a<U+001B>[2J<U+202E>.txt" in printed


def test_show_uses_the_labels_of_the_report_or_of_the_reviewer(laptop, stick):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="A", when="now", hurt=True, lang="kk")]))
    own, english = (show_lines(laptop.item(), [], 100, lang) for lang in (None, "en"))
    assert "Кім?" in own
    assert "Who?" in english
    assert any("Just now" in each for each in english)
    assert any("yes" in each for each in english)


def test_unknown_fields_are_shown_as_they_are(laptop, stick):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="A", new_field="B", form="later")]))
    lines = show_lines(laptop.item(), [], 100, "en")
    assert "new_field" in lines
    assert MARGIN + "B" in lines


def test_list_fits_the_terminal(laptop, stick):
    long = "Очень длинное имя человека " * 20
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who=long, where=long, when=long)]))
    lines = list_lines(laptop.items(), {}, 80, "en")
    assert max(len(each) for each in lines[:2]) <= 80


WIDE = "\u4e16"


def test_wide_characters_do_not_push_text_past_the_margin():
    rows = wrap(WIDE * 48 + "number 7, 2026-11-22, complete", 100, "  | ")
    assert all(columns(row) <= 100 and row.startswith("  | ") for row in rows)
    assert "".join(row.removeprefix("  | ") for row in rows).count(WIDE) == 48


@pytest.mark.parametrize("text", [WIDE * 60, "a" * 60, "a" + WIDE * 60, "\U0001f4a5" * 40])
def test_shortened_text_takes_no_more_columns_than_given(text):
    assert columns(shorten(text, 20)) in (19, 20)
    assert shorten(text, 500) == text
