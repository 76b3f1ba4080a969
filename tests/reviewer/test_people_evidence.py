"""What must hold for any evidence: two-sided, silent about what is missing, never raised by a contradiction."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.reviewer.errors import ClaimInvalid
from intake.reviewer.people import similarity
from intake.reviewer.people.agreement import MOST_COMPARED, compare_names, likely_pairs
from intake.reviewer.people.candidates import Standing, Verification, candidates_for
from intake.reviewer.people.evidence import compare, prepare, total
from intake.reviewer.people.models import (
    ApproxTime,
    BirthYears,
    NameForm,
    PlaceKind,
    PlaceRef,
    Precision,
    Sex,
    Source,
    TimeBasis,
)
from intake.reviewer.people.notsame import NotSame
from intake.reviewer.people.parts import parse_name
from intake.reviewer.people.presence import PRESENCE_CODES
from intake.reviewer.people.records import (
    MAX_COMPANIONS,
    MAX_NAMES,
    UNKNOWN_BIRTH,
    Presence,
    PresenceKind,
    Record,
    RecordKind,
)
from intake.reviewer.people.spots import find_spot, same_city, same_place, travel_hours
from intake.reviewer.people.weights import weights
from intake.reviewer.people.wording import templates

ALMATY = "Asia/Almaty"
NAMES = ["Серік Оспанұлы Тоқаев", "Tokayev Serik", "Токаев С.О.", "Токаев Берик Оспанович", "Серик", "Дана Ержанова"]
PLACES = [PlaceRef("ИВС", city="Алматы"), PlaceRef("Алмалинское РУП"), PlaceRef("ИВС г. Астана"), PlaceRef("автозак")]
MISSING: dict[str, object] = {
    "names": (),
    "birth": UNKNOWN_BIRTH,
    "sex": Sex.UNKNOWN,
    "presence": (),
    "companions": (),
    "sources": (),
}
FIELD_OF = {
    **dict.fromkeys(("names_agree", "names_differ"), "names"),
    **dict.fromkeys(("birth_years_agree", "birth_years_differ"), "birth"),
    **dict.fromkeys(("sex_same", "sex_differs"), "sex"),
    "companions_shared": "companions",
    "companion_is_other": "companions",
}


def hour(day: int, at: int, basis: TimeBasis) -> ApproxTime:
    return ApproxTime.about(datetime(2024, 6, day, at), ALMATY, Precision.HOUR, basis)


TIMES = st.builds(hour, st.integers(8, 13), st.integers(0, 23), st.sampled_from(TimeBasis))
PRESENCES = st.builds(Presence, st.sampled_from(PresenceKind), TIMES, st.none() | st.sampled_from(PLACES))
FORMS = st.lists(st.sampled_from(NAMES).map(NameForm.written), max_size=2, unique=True).map(tuple)
BIRTHS = st.just(UNKNOWN_BIRTH) | st.integers(1950, 2005).map(lambda year: BirthYears(year, year + 2))
GROUPS = st.lists(st.sampled_from(["a", "b"]).map(lambda group: Source("list", group)), max_size=1).map(tuple)


def records(ident: str) -> st.SearchStrategy[Record]:
    kind = st.sampled_from(RecordKind)
    presence = st.lists(PRESENCES, max_size=3).map(tuple)
    return st.builds(Record, st.just(ident), kind, FORMS, BIRTHS, st.sampled_from(Sex), presence, FORMS, GROUPS)


def points(one: Record, other: Record) -> dict[str, float]:
    return {each.code: each.points for each in compare(prepare(one), prepare(other))}


def score(one: Record, other: Record) -> float:
    return total(compare(prepare(one), prepare(other)))


@given(st.sampled_from(NAMES) | st.text(max_size=20), st.sampled_from(NAMES) | st.text(max_size=20))
@settings(deadline=None)
def test_names_compared_for_evidence_have_the_score_of_the_matcher(one: str, other: str) -> None:
    assert compare_names(one, other).score == similarity(one, other)
    assert compare_names(one, other) == compare_names(other, one)


@given(records("I1"), records("S1"))
@settings(deadline=None)
def test_evidence_is_the_same_from_either_side(one: Record, other: Record) -> None:
    there, back = compare(prepare(one), prepare(other)), compare(prepare(other), prepare(one))
    assert there == back
    forth = candidates_for(one, [other], NotSame())
    over = candidates_for(other, [one], NotSame())
    assert [each.score for each in forth] == [each.score for each in over]
    assert [each.standing for each in forth] == [each.standing for each in over]


@given(records("I1"), records("S1"), st.sampled_from(["birth", "sex", "sources"]))
@settings(deadline=None)
def test_field_that_is_missing_takes_its_own_points_and_no_other(one: Record, other: Record, field: str) -> None:
    full = points(one, other)
    without = points(one, replace(other, **{field: MISSING[field]}))
    assert without == {code: value for code, value in full.items() if FIELD_OF.get(code) != field}


@given(records("I1"), records("S1"))
@settings(deadline=None)
def test_presences_that_are_missing_leave_all_other_points(one: Record, other: Record) -> None:
    others = {code: value for code, value in points(one, other).items() if code in FIELD_OF}
    assert points(one, replace(other, presence=())) == others


@given(records("I1"), st.lists(records("S1"), min_size=3, max_size=3), st.sampled_from(sorted(MISSING)))
@settings(deadline=None)
def test_field_missing_in_one_record_leaves_the_order_of_the_others(
    own: Record, others: list[Record], field: str
) -> None:
    first, *rest = [replace(each, ident=f"S{number}") for number, each in enumerate(others)]
    before = sorted(rest, key=lambda each: (-score(own, each), each.ident))
    bare = replace(first, **{field: MISSING[field]})
    after = sorted([bare, *rest], key=lambda each: (-score(own, each), each.ident))
    assert [each.ident for each in after if each is not bare] == [each.ident for each in before]


@given(records("I1"), records("S1"), st.integers(1, 40))
@settings(deadline=None)
def test_birth_year_that_contradicts_never_raises_the_score(one: Record, other: Record, apart: int) -> None:
    one = replace(one, birth=BirthYears(1980, 1980))
    wrong = replace(other, birth=BirthYears(1980 + apart, 1980 + apart))
    assert score(one, wrong) < score(one, replace(other, birth=UNKNOWN_BIRTH))
    further = replace(other, birth=BirthYears(1981 + apart, 1981 + apart))
    assert score(one, further) <= score(one, wrong)


@given(records("I1"), records("S1"))
@settings(deadline=None)
def test_sex_that_contradicts_never_raises_the_score(one: Record, other: Record) -> None:
    one = replace(one, sex=Sex.MALE)
    assert score(one, replace(other, sex=Sex.FEMALE)) < score(one, replace(other, sex=Sex.UNKNOWN))


@given(records("I1"), records("S1"), PRESENCES)
@settings(deadline=None, max_examples=300)
def test_presence_that_contradicts_never_raises_the_score(one: Record, other: Record, more: Presence) -> None:
    alone = points(one, replace(other, presence=(more,)))
    if more.what in (PresenceKind.SEEN, PresenceKind.FREE) and PRESENCE_CODES & set(alone) and max(alone.values()) <= 0:
        assert score(one, replace(other, presence=(*other.presence, more))) <= score(one, other)


@given(records("I1"), records("S1"), PRESENCES, PRESENCES)
@settings(deadline=None, max_examples=200)
def test_presence_that_contradicts_the_only_other_lowers_the_score(
    one: Record, other: Record, said: Presence, more: Presence
) -> None:
    one, with_it = replace(one, presence=(said,)), replace(other, presence=(more,))
    if PRESENCE_CODES & set(points(one, with_it)):
        assert score(one, with_it) < score(one, replace(other, presence=()))


@given(records("I1"), records("S1"))
@settings(deadline=None)
def test_companion_that_nobody_else_names_changes_nothing(one: Record, other: Record) -> None:
    more = replace(other, companions=(*other.companions, NameForm.written("Жансая Қуандықова")))
    assert points(one, more) == points(one, other)


@given(records("I1"), records("S1"))
@settings(deadline=None)
def test_name_with_a_conflicting_given_name_is_never_more_than_a_relative(one: Record, other: Record) -> None:
    one = replace(one, names=(NameForm.written("Серік Оспанұлы Тоқаев"),))
    other = replace(other, names=(NameForm.written("Токаев Берик Оспанович"),))
    assert all(each.standing is Standing.RELATIVE for each in candidates_for(one, [other], NotSame()))


@given(st.lists(records("S1"), min_size=1, max_size=6), records("I1"))
@settings(deadline=None)
def test_candidates_are_ranked_and_sources_never_counted_twice(others: list[Record], own: Record) -> None:
    among = [replace(each, ident=f"S{number}") for number, each in enumerate(others)]
    found = candidates_for(own, among, NotSame())
    ranks = [(each.standing is Standing.RELATIVE, -each.score) for each in found]
    assert ranks == sorted(ranks)
    known = {group for each in among for group in each.groups} | own.groups
    if len(known) < 2:
        assert all(each.verification is not Verification.CORROBORATED for each in found)


def test_wider_birth_years_speak_less_for_one_person() -> None:
    one = Record("I1", RecordKind.INQUIRY, birth=BirthYears(1985, 1985))
    scores = [
        score(one, Record("S1", RecordKind.SIGHTING, birth=BirthYears(1985 - doubt, 1985 + doubt)))
        for doubt in (0, 2, 8)
    ]
    assert scores == sorted(scores, reverse=True)
    assert score(one, Record("S1", RecordKind.SIGHTING, birth=BirthYears(None, 1990))) == 0.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (PlaceRef("Алмалы аудандық полиция басқармасы"), PlaceRef("РУП Алмалинского района", city="Алма-Ата"), True),
        (PlaceRef("Алмалинское РУП"), PlaceRef("Бостандыкское РУП"), False),
        (PlaceRef("ИВС г. Алматы"), PlaceRef("изолятор", PlaceKind.TEMP_DETENTION_ISOLATOR, "Almaty"), True),
        (PlaceRef("ИВС №1", city="Алматы"), PlaceRef("ИВС №2", city="Алматы"), False),
        (PlaceRef("полиция", city="Алматы"), PlaceRef("полиция", city="Алматы"), False),
        (PlaceRef("площадь Республики", city="Алматы"), PlaceRef("Площадь Республики", city="Almaty"), True),
        (PlaceRef("площадь Республики", city="Алматы"), PlaceRef("площадь Абая", city="Almaty"), False),
        (PlaceRef("автозак", city="Алматы"), PlaceRef("автозак", city="Алматы"), False),
        (PlaceRef("школа №12 имени Жамбыла", city="Алматы"), PlaceRef("школа №13 имени Жамбыла", city="Алматы"), False),
        (PlaceRef("школа №12 имени Жамбыла", city="Алматы"), PlaceRef("школа имени Жамбыла №12", city="Алматы"), True),
        (PlaceRef("суд №2 города Астана"), PlaceRef("Целиноград, суд №2"), True),
        (PlaceRef("суд №2 города Астана"), PlaceRef("суд №2", city="Алматы"), False),
        (PlaceRef("полиция", place_id="1526384"), PlaceRef("полиция", place_id="1526384"), False),
        (PlaceRef("там же", place_id="d-7"), PlaceRef("изолятор", place_id="d-7"), True),
        (PlaceRef("ИВС", city="Алматы", place_id="d-7"), PlaceRef("ИВС", city="Алматы", place_id="d-8"), False),
    ],
)
def test_two_namings_of_a_place_are_one_only_when_it_is_clear(one: PlaceRef, other: PlaceRef, same: bool) -> None:
    assert same_place(find_spot(one), find_spot(other)) is same
    assert same_place(find_spot(other), find_spot(one)) is same


def test_way_between_cities_by_their_old_and_new_names() -> None:
    almaty, astana, old = (find_spot(PlaceRef(city)) for city in ("Алма-Ата", "Астана", "Целиноград"))
    assert travel_hours(almaty, astana) == travel_hours(astana, almaty) > 4
    assert travel_hours(astana, old) == 0.0
    assert travel_hours(almaty, find_spot(PlaceRef("Талғар"))) == 0.0
    assert (same_city(astana, old), same_city(almaty, old), same_city(almaty, find_spot(PlaceRef("автозак")))) == (
        True,
        False,
        None,
    )
    assert travel_hours(almaty, find_spot(PlaceRef("near Sayran"))) == 0.0


def data_file(root: Path, name: str) -> dict[str, dict[str, dict[str, object]]]:
    return json.loads((root / "intake" / "reviewer" / "people" / "data" / name).read_text("utf-8"))


def test_every_weight_has_a_reason_and_is_used(root: Path) -> None:
    data = data_file(root, "evidence_weights.json")
    assert "by hand, not learned" in weights().provenance
    code = "".join(path.read_text("utf-8") for path in (root / "intake" / "reviewer" / "people").glob("*.py"))
    for group in ("weights", "limits", "slack_minutes"):
        for name, entry in data[group].items():
            assert set(entry) == {"value", "why"}, name
            assert entry["why"], name
            assert group == "slack_minutes" or f'"{name}"' in code, name
    assert set(data["slack_minutes"]) == set(TimeBasis)


def test_every_code_has_words_with_the_same_gaps_in_three_languages(root: Path) -> None:
    words = data_file(root, "evidence_words.json")
    assert set(words) == {"en", "ru", "kk"}
    gaps: Callable[[str], list[str]] = lambda text: sorted(set(re.findall(r"\{(\w+)\}", text)))  # noqa: E731
    for code, text in words["en"].items():
        assert gaps(str(text)) == gaps(templates("ru")[code]) == gaps(templates("kk")[code]), code
    assert set(words["en"]) == set(words["ru"]) == set(words["kk"])
    assert {*PRESENCE_CODES, *FIELD_OF, *map(str, Standing), *map(str, Verification)} <= set(words["en"])


def test_takings_at_two_times_speak_against_and_not_for() -> None:
    said = [Presence(PresenceKind.TAKEN, hour(9, at, TimeBasis.CLOCK)) for at in (10, 20, 11)]
    first, other, near = (
        Record(f"S{number}", RecordKind.SIGHTING, presence=(each,)) for number, each in enumerate(said)
    )
    assert set(points(first, other)) == {"taken_at_other_time"}
    assert set(points(first, near)) == {"taken_same_time"}


def test_times_far_apart_say_nothing() -> None:
    said = [
        Presence(PresenceKind.SEEN, hour(9, 12, TimeBasis.CLOCK)),
        Presence(PresenceKind.SEEN, hour(29, 12, TimeBasis.CLOCK)),
    ]
    one, other = (Record(f"S{number}", RecordKind.SIGHTING, presence=(each,)) for number, each in enumerate(said))
    assert compare(prepare(one), prepare(other)) == []
    near = replace(one, presence=(Presence(PresenceKind.SEEN, hour(10, 12, TimeBasis.CLOCK)),))
    assert points(one, near) == {"times_fit": weights().points["times_fit"]}
    assert timedelta(hours=weights().limits["fit_hours"]) == timedelta(days=3)


SURNAMES = ["Тоқаев", "Оспанов", "Кенжебеков", "Сапарбаев", "Бекетов", "Жұмабаев"]
GIVEN = ["Серік", "Марат", "Дана", "Ерлан"]


def crowd(prefix: str, count: int) -> tuple[NameForm, ...]:
    """As many names of ten double words each as asked for, no two alike."""
    doubles = [f"{given}-{surname}" for given in GIVEN for surname in SURNAMES]
    return tuple(
        NameForm.written(" ".join([prefix, *(doubles[(at * 5 + step) % len(doubles)] for step in range(9))])[:200])
        for at in range(count)
    )


def test_two_records_at_the_limits_compare_few_names_and_the_same_from_either_side() -> None:
    shared = NameForm.written("Ержанова Дана")
    one, other = (
        Record(ident, RecordKind.SIGHTING, crowd(a, MAX_NAMES), companions=(*crowd(b, MAX_COMPANIONS - 1), shared))
        for ident, a, b in (("S1", "Алия", "Руслан"), ("S2", "Тимур", "Жанна"))
    )
    for first, second in ((one.names, other.names), (one.companions, other.companions)):
        texts = [[each.as_written for each in side] for side in (first, second)]
        pairs = likely_pairs(*texts)
        assert sum(len(parse_name(a)) * len(parse_name(b)) for a, b in pairs) <= MOST_COMPARED
        assert sorted(pairs) == sorted((a, b) for b, a in likely_pairs(*texts[::-1]))
    assert "Ержанова Дана / Ержанова Дана" in str(
        [each.values for each in compare(prepare(one), prepare(other)) if each.code == "companions_shared"]
    )
    assert compare(prepare(one), prepare(other)) == compare(prepare(other), prepare(one))


def test_more_names_or_companions_than_a_record_may_have_are_refused_with_the_limit() -> None:
    for field, most in (("names", MAX_NAMES), ("companions", MAX_COMPANIONS)):
        with pytest.raises(ClaimInvalid, match=f"{field}: {most + 1}, of at most {most}"):
            Record("S1", RecordKind.SIGHTING, **{field: crowd("Алия", most + 1)})
        data = Record("S1", RecordKind.SIGHTING, **{field: crowd("Алия", most)}).to_dict()
        data[field] = [*data[field], *data[field]]
        with pytest.raises(ClaimInvalid, match=f"{field}: {2 * most}, of at most {most}"):
            Record.from_dict(data)
