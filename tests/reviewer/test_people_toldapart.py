"""What a reviewer told apart stays apart: from both sides, through links and copies. All people here are invented."""

from __future__ import annotations

import pytest

from intake.reviewer.people.candidates import candidates_for
from intake.reviewer.people.models import Basis, BasisKind, NameForm, Source
from intake.reviewer.people.notsame import NotSame
from intake.reviewer.people.recordindex import RecordIndex
from intake.reviewer.people.records import Record, RecordKind
from intake.wire.encoding import strict_json_dumps, strict_json_loads

FATHER = "Серік Оспанұлы Тоқаев"


def record(ident: str, name: str, group: str | None = None, linked: tuple[str, ...] = ()) -> Record:
    kind = {"I": RecordKind.INQUIRY, "S": RecordKind.SIGHTING, "P": RecordKind.PERSON}[ident[0]]
    sources = (Source("a list", group, Basis(BasisKind.SAW)),) if group else ()
    return Record(ident, kind, (NameForm.written(name),), sources=sources, linked=linked)


def ask(own: Record, *among: Record, not_same: NotSame | None = None) -> set[str]:
    return {each.record.ident for each in candidates_for(own, among, not_same or NotSame())}


INQUIRY = record("I1", FATHER, "father")
CELLMATE = record("S1", "Tokayev Serik", "cell-mate")
LIST = record("S2", "Токаев С.О.", "list")


def test_not_same_is_never_proposed_again_from_either_side_after_loading() -> None:
    register = NotSame()
    register.mark("S1", "I1", "the mother says he has a scar")
    again = NotSame.from_dict(strict_json_loads(strict_json_dumps(register.to_dict())))
    assert ask(INQUIRY, CELLMATE, not_same=again) == set()
    assert ask(CELLMATE, INQUIRY, not_same=again) == set()
    assert ask(INQUIRY, CELLMATE, LIST, not_same=again) == {"S2"}


@pytest.mark.parametrize(("one", "other"), [("I1", "S1"), ("I1", "P1"), ("S2", "I1"), ("I2", "S2")])
def test_not_same_of_any_members_blocks_both_linked_groups(one: str, other: str) -> None:
    person = record("P1", "Токаев Серик Оспанович", linked=("S1", "S2"))
    second = record("I2", FATHER, linked=("I1",))
    register = NotSame()
    register.mark(one, other)
    everything = RecordIndex([person, CELLMATE, LIST, INQUIRY, second])
    for own in (INQUIRY, second):
        assert candidates_for(own, everything, register) == []
    for own in (person, CELLMATE, LIST):
        assert candidates_for(own, everything, register) == []


def test_not_same_of_one_copy_holds_for_the_other_copies() -> None:
    post = [record(f"S{number}", "Тоқаев Серік", group="post") for number in (7, 8)]
    register = NotSame()
    register.mark("I1", "S7")
    assert ask(INQUIRY, *post, not_same=register) == set()


def test_not_same_holds_for_a_copy_that_asks() -> None:
    post = [record(f"S{number}", "Тоқаев Серік", group="post") for number in (7, 8)]
    register = NotSame()
    register.mark("I1", "S7")
    assert ask(post[1], INQUIRY, post[0], not_same=register) == {"S7"}
    assert ask(post[1], INQUIRY, post[0]) == {"I1", "S7"}


def test_not_same_of_two_copies_leaves_what_else_was_decided_to_each() -> None:
    one, other = (record(f"S{number}", "Тоқаев Серік", group="post") for number in (7, 8))
    register = NotSame()
    register.mark("S7", "S8", "two cousins of one name")
    register.mark("I1", "S7")
    assert ask(other, INQUIRY, one, not_same=register) == {"I1"}
    assert ask(INQUIRY, other, one, not_same=register) == {"S8"}


def test_not_same_of_a_linked_record_holds_without_the_record_that_links() -> None:
    register = NotSame()
    register.mark("I1", "S1")
    assert ask(INQUIRY, LIST, not_same=register) == {"S2"}
    register.link("S1", "S2")
    assert ask(INQUIRY, LIST, not_same=register) == ask(LIST, INQUIRY, not_same=register) == set()
    assert ask(CELLMATE, LIST, not_same=register) == set()
    register.unlink("S2", "S1")
    assert ask(INQUIRY, LIST, not_same=register) == {"S2"}
