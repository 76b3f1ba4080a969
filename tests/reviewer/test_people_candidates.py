"""Candidates for inquiries, sightings and persons: all people here are invented."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from intake.reviewer.people.candidates import Candidate, Standing, Verification, candidates_for
from intake.reviewer.people.evidence import compare, prepare, total
from intake.reviewer.people.models import (
    ApproxTime,
    Basis,
    BasisKind,
    BirthYears,
    NameForm,
    PlaceRef,
    Precision,
    Sex,
    Source,
    TimeBasis,
)
from intake.reviewer.people.notsame import NotSame
from intake.reviewer.people.recordindex import RecordIndex
from intake.reviewer.people.records import UNKNOWN_BIRTH, Presence, PresenceKind, Record, RecordKind

ALMATY = "Asia/Almaty"
FATHER = "Серік Оспанұлы Тоқаев"
FREE, TAKEN, SEEN, RELEASED = PresenceKind


def at(day: int, hour: int, minute: int = 0, basis: TimeBasis = TimeBasis.MEMORY) -> ApproxTime:
    precision = Precision.HOUR if basis is TimeBasis.MEMORY else Precision.MINUTE
    return ApproxTime.about(datetime(2024, 6, day, hour, minute), ALMATY, precision, basis)


def there(what: PresenceKind, when: ApproxTime | None, place: str = "", city: str = "Алматы") -> Presence:
    return Presence(what, when, PlaceRef(place, city=city) if place else None)


def record(ident: str, *names: str, **fields: object) -> Record:
    kind = {"I": RecordKind.INQUIRY, "S": RecordKind.SIGHTING, "P": RecordKind.PERSON}[ident[0]]
    group = fields.pop("group", None)
    if group:
        fields["sources"] = (Source("a list", str(group), Basis(BasisKind.SAW)),)
    return Record(ident, kind, tuple(map(NameForm.written, names)), **fields)


def names(*texts: str) -> tuple[NameForm, ...]:
    return tuple(map(NameForm.written, texts))


def ask(own: Record, *among: Record, not_same: NotSame | None = None) -> dict[str, Candidate]:
    return {each.record.ident: each for each in candidates_for(own, among, not_same or NotSame())}


def codes(candidate: Candidate) -> set[str]:
    return {each.code for each in candidate.evidence}


INQUIRY = record(
    "I1",
    FATHER,
    birth=BirthYears(1985, 1985),
    sex=Sex.MALE,
    presence=(there(TAKEN, at(9, 14), "Республика алаңы"),),
    group="father",
)
CELLMATE = record(
    "S1",
    "Tokayev Serik",
    birth=BirthYears.from_age(35, 42, date(2024, 6, 10)),
    presence=(there(SEEN, at(9, 22), "Алмалинское РУП"),),
    group="cell-mate",
)
LIST = record(
    "S2", "Токаев С.О.", presence=(there(SEEN, at(10, 9), "Алмалы аудандық полиция басқармасы"),), group="list"
)
BROTHER = record(
    "S3", "Токаев Берик Оспанович", presence=(there(SEEN, at(9, 22), "Алмалинское РУП"),), group="cell-mate"
)
NAMESAKE = record("S4", "Токаев Серик", birth=BirthYears(1999, 1999), group="other")
STRANGER = record("S5", "Ахметова Айгүл", sex=Sex.FEMALE, presence=CELLMATE.presence)


def test_three_scripts_of_one_name_are_found_and_ranked() -> None:
    found = ask(INQUIRY, STRANGER, NAMESAKE, BROTHER, LIST, CELLMATE)
    assert list(found) == ["S1", "S2", "S4", "S3"]
    assert found["S1"].verification is Verification.CORROBORATED
    assert found["S1"].supported_by == ("S2",)
    assert {"names_agree", "birth_years_agree", "same_city", "times_fit"} <= codes(found["S1"])


def test_brother_in_the_same_cell_is_a_possible_relative_and_last() -> None:
    found = ask(INQUIRY, BROTHER, NAMESAKE)
    assert found["S3"].standing is Standing.RELATIVE
    assert list(found)[-1] == "S3"
    assert any("relative" in each for each in found["S3"].in_words("en").notes)
    assert ask(BROTHER, INQUIRY)["I1"].standing is Standing.RELATIVE


def test_brother_is_never_more_than_a_relative_however_much_else_fits() -> None:
    twin = record("S9", "Токаев Берик Оспанович", birth=INQUIRY.birth, sex=Sex.MALE, presence=INQUIRY.presence)
    assert ask(INQUIRY, twin)["S9"].standing is Standing.RELATIVE


def test_relative_with_more_points_still_comes_after_a_contradicted_namesake() -> None:
    brother = record("S9", "Токаев Берик Оспанович", birth=INQUIRY.birth, sex=Sex.MALE, presence=INQUIRY.presence)
    far = record(
        "S8", "Токаев Серик", birth=BirthYears(1960, 1960), presence=(there(SEEN, at(9, 20), "ИВС", "Астана"),)
    )
    found = ask(INQUIRY, brother, far)
    assert list(found) == ["S8", "S9"]
    assert found["S9"].score > found["S8"].score


def test_surname_alone_proposes_nobody_but_a_father_in_common_does() -> None:
    person = record("P1", FATHER, presence=CELLMATE.presence)
    other, brother = record("S8", "Токаев Берик"), record("S9", "Токаев Б.О.")
    found = ask(person, *(replace(each, presence=CELLMATE.presence, birth=INQUIRY.birth) for each in (other, brother)))
    assert {key: each.standing for key, each in found.items()} == {"S9": Standing.RELATIVE}


def test_short_form_of_a_name_does_not_hide_that_given_names_differ() -> None:
    brother = record("S9", "Токаев", "Токаев Берик Оспанович")
    assert ask(INQUIRY, brother)["S9"].standing is Standing.RELATIVE


def test_companion_named_in_one_record_is_not_the_person_of_it() -> None:
    told = record("I2", FATHER, companions=names("Берік Тоқаев"))
    seen = record("S9", "Токаев Б.")
    found = ask(told, seen).get("S9")
    assert found is None or "companion_is_other" in codes(found)


def test_namesake_with_another_birth_year_is_contradicted_and_below_the_right_one() -> None:
    found = ask(INQUIRY, NAMESAKE, CELLMATE)
    assert list(found) == ["S1", "S4"]
    assert found["S4"].verification is Verification.CONTRADICTED
    assert found["S4"].score < found["S1"].score - 5


def test_phone_that_kept_the_old_hour_is_no_contradiction() -> None:
    # The cell-mate's phone still showed UTC+6: what it called 15:30 was 14:30 on the wall, half an hour too early.
    taken = record("I2", FATHER, presence=(there(TAKEN, at(9, 15, 0, TimeBasis.DOCUMENT)),))
    seen = record("S9", "Tokayev Serik", presence=(there(SEEN, at(9, 14, 30, TimeBasis.MESSAGE_TIME)),))
    found = ask(taken, seen)["S9"]
    assert found.verification is Verification.SINGLE_SOURCE
    assert "times_nearly_fit" in codes(found)
    assert "1 March 2024" in " ".join(found.in_words("en").notes)


def test_seen_in_custody_the_day_before_being_taken_is_a_contradiction() -> None:
    early = record("S9", "Tokayev Serik", presence=(there(SEEN, at(8, 14)),))
    found = ask(INQUIRY, early)["S9"]
    assert "seen_before_taken" in codes(found)
    assert found.verification is Verification.CONTRADICTED


def test_seen_again_after_release_is_a_contradiction_unless_taken_again() -> None:
    person = record("P1", FATHER, presence=(there(SEEN, at(9, 22)), there(RELEASED, at(10, 12))))
    again = record("S9", "Токаев Серик", presence=(there(SEEN, at(12, 8)),))
    found = ask(person, again)["S9"]
    assert "seen_after_release" in codes(found)
    assert found.verification is Verification.CONTRADICTED
    retaken = record("P1", FATHER, presence=(*person.presence, there(TAKEN, at(11, 20))))
    assert "seen_after_release" not in codes(ask(retaken, again)["S9"])


def test_release_and_later_sighting_contradict_each_other_below_one_inquiry() -> None:
    released = record("S8", "Тоқаев Серік", presence=(there(RELEASED, at(10, 12), "Алмалинское РУП"),), group="a")
    seen = record("S9", "Tokayev Serik", presence=(there(SEEN, at(12, 8), "Алмалинское РУП"),), group="b")
    found = ask(INQUIRY, released, seen)
    assert found["S8"].contradicted_by == ("S9",)
    assert found["S9"].verification is Verification.CONTRADICTED


def test_contradiction_is_told_with_each_time_in_its_place() -> None:
    person = record("P1", FATHER, presence=(there(RELEASED, at(10, 12)),))
    again = record("S9", "Токаев Серик", presence=(there(SEEN, at(12, 8)),))
    told = " ".join(ask(person, again)["S9"].in_words("en").speaks_against)
    assert "custody 2024-06-12 07:00 – 2024-06-12 09:00, yet released 2024-06-10 11:00 – 2024-06-10 13:00" in told


def test_presences_that_contradict_agree_in_nothing() -> None:
    taken = record("P1", FATHER, presence=(there(TAKEN, at(9, 20), "площадь Республики"),))
    early = record("S9", "Токаев Серик", presence=(there(SEEN, at(9, 12), "площадь Республики"),))
    assert codes(ask(taken, early)["S9"]) & {"same_place", "same_place_same_time", "times_fit"} == set()


def test_two_likely_people_with_other_birth_years_do_not_contradict_each_other() -> None:
    sought = replace(INQUIRY, birth=UNKNOWN_BIRTH)
    one = record("S8", "Тоқаев Серік", birth=BirthYears(1985, 1985), presence=(there(RELEASED, at(10, 12), "ИВС"),))
    other = record("S9", "Tokayev Serik", birth=BirthYears(1999, 1999), presence=(there(SEEN, at(12, 8), "ИВС"),))
    assert all(each.contradicted_by == () for each in ask(sought, one, other).values())


def test_reports_that_share_too_little_with_each_other_do_not_support_each_other() -> None:
    short = record("S8", "Токаев С.", birth=INQUIRY.birth, presence=LIST.presence, group="another list")
    found = ask(INQUIRY, replace(LIST, presence=CELLMATE.presence), replace(short, presence=INQUIRY.presence))
    assert {key: each.verification for key, each in found.items()} == dict.fromkeys(
        ("S8", "S2"), Verification.SINGLE_SOURCE
    )


def test_person_seen_in_two_far_cities_at_once_is_a_contradiction() -> None:
    here = record("P1", FATHER, presence=(there(SEEN, at(10, 8), "ИВС"),))
    far = record("S9", "Токаев Серик", presence=(there(SEEN, at(10, 8), "ИВС", "Астана"),))
    later = record("S8", "Токаев Серик", presence=(there(SEEN, at(11, 20), "ИВС", "Целиноград"),))
    found = ask(here, far, later)
    assert "two_places_at_once" in codes(found["S9"])
    assert "other_city" in codes(found["S8"])
    assert found["S8"].verification is Verification.SINGLE_SOURCE


def test_stay_that_goes_on_excludes_another_city_in_between() -> None:
    where = PlaceRef("ИВС", city="Алматы")
    staying = record("P1", FATHER, presence=(Presence(SEEN, at(10, 8), where, at(13, 8)),))
    away = record("S9", "Токаев Серик", presence=(there(SEEN, at(11, 20), "ИВС", "Астана"),))
    assert "two_places_at_once" in codes(ask(staying, away)["S9"])


def test_two_copies_of_one_post_count_once() -> None:
    post = [record(f"S{number}", "Тоқаев Серік", presence=CELLMATE.presence, group="post") for number in (7, 8)]
    found = ask(INQUIRY, *post)
    assert list(found) == ["S7"]
    assert found["S7"].copies == ("S8",)
    assert found["S7"].verification is Verification.SINGLE_SOURCE
    assert ask(INQUIRY, *post, CELLMATE)["S7"].verification is Verification.CORROBORATED


def test_two_people_named_in_one_post_are_no_copies() -> None:
    one = record("S7", "Тоқаев Серік", presence=CELLMATE.presence, group="post")
    assert set(ask(INQUIRY, one, record("S8", "Тоқаев С.", group="post"))) == {"S7", "S8"}


def test_two_people_of_one_name_in_one_post_are_no_copies() -> None:
    post = [record(f"S{year}", "Тоқаев Серік", birth=BirthYears(year, year), group="post") for year in (1985, 1999)]
    assert set(ask(INQUIRY, *post)) == {"S1985", "S1999"}


def test_post_that_repeats_the_inquiry_itself_confirms_nothing() -> None:
    echo = record("S7", "Тоқаев Серік", presence=CELLMATE.presence, group="father")
    assert ask(INQUIRY, echo, CELLMATE)["S1"].verification is Verification.SINGLE_SOURCE


def test_statement_filmed_in_custody_confirms_nothing() -> None:
    filmed = (Source("tv", "tv", Basis(BasisKind.CUSTODY_VIDEO_STATEMENT)),)
    video = record("S7", "Тоқаев Серік", presence=CELLMATE.presence, sources=filmed)
    found = ask(INQUIRY, video, CELLMATE)
    assert found["S1"].verification is Verification.SINGLE_SOURCE
    assert "custody_video" in codes(found["S7"])


def test_source_of_unknown_origin_is_not_independent() -> None:
    unknown = record("S7", "Тоқаев Серік", presence=CELLMATE.presence)
    assert ask(INQUIRY, unknown, CELLMATE)["S1"].verification is Verification.SINGLE_SOURCE


@pytest.mark.parametrize("sides", [(0, 1), (1, 0)])
def test_detention_of_another_year_is_no_contradiction(sides: tuple[int, int]) -> None:
    def years_ago(what: PresenceKind, year: int, month: int, day: int) -> Presence:
        return Presence(what, ApproxTime.on_day(date(year, month, day), ALMATY, TimeBasis.DOCUMENT))

    first = (years_ago(TAKEN, 2019, 6, 9), years_ago(RELEASED, 2019, 6, 20))
    second = (years_ago(TAKEN, 2022, 1, 5), years_ago(SEEN, 2022, 1, 6))
    for early, late in ((first, second), (first[1:], second[1:]), (first[1:], second[:1]), (first[:1], second[:1])):
        said = [record("P1", FATHER, presence=early), record("S9", "Токаев Серик", presence=late)]
        found = ask(said[sides[0]], said[sides[1]])[said[sides[1]].ident]
        assert found.verification is Verification.SINGLE_SOURCE
        assert all(each.points >= 0 for each in found.evidence)
    released, seen = record("P1", FATHER, presence=first[1:]), record("S9", "Токаев Серик", presence=second[1:])
    assert "another_detention" in codes(ask(released, seen)["S9"])
    soon = replace(seen, presence=(years_ago(SEEN, 2019, 7, 10),))
    assert ask(released, soon)["S9"].verification is Verification.CONTRADICTED


def test_police_of_a_district_called_like_a_region_is_in_the_city() -> None:
    here = record("P1", FATHER, presence=(there(SEEN, at(10, 8), "РОП", "Алматы"),))
    found = ask(here, record("S9", "Токаев Серик", presence=(Presence(SEEN, at(12, 8), PlaceRef("РОП Жетысу")),)))
    assert "same_city" in codes(found["S9"])
    region = record("S9", "Токаев Серик", presence=(Presence(SEEN, at(12, 8), PlaceRef("ДП Жетысу")),))
    assert "other_city" in codes(ask(here, region)["S9"])


def test_records_linked_already_are_not_proposed() -> None:
    assert ask(record("P1", FATHER, linked=("S1",)), CELLMATE, INQUIRY).keys() == {"I1"}
    assert ask(CELLMATE, CELLMATE) == {}


def test_person_of_unknown_name_is_found_by_companions_only() -> None:
    nameless = record("S7", companions=names("Дана Ержанова"), presence=(there(SEEN, at(9, 22)),), sex=Sex.MALE)
    told = record("I2", FATHER, companions=names("Ержанова Д.", "Ержанова Дана"))
    assert "companions_shared" in codes(ask(told, nameless)["S7"])
    assert ask(nameless, told)["I2"].score == ask(told, nameless)["S7"].score
    assert ask(INQUIRY, record("S7", presence=INQUIRY.presence, sex=Sex.MALE, birth=INQUIRY.birth)) == {}


def test_companion_written_twice_counts_once() -> None:
    told = replace(INQUIRY, companions=names("Дана Ержанова"))
    once, twice = (
        record("S7", companions=names(*forms)) for forms in (["Ержанова Дана"], ["Ержанова Дана", "Дана Ержанова"])
    )
    assert ask(told, twice)["S7"].score == pytest.approx(ask(told, once)["S7"].score, abs=0.05)


def test_many_names_of_one_record_count_by_the_best_pair_and_say_which() -> None:
    alias = record("S7", "Сәкен бокс", "Тоқаев Серік")
    found = ask(INQUIRY, alias)["S7"]
    names_compared = next(each.values for each in found.evidence if each.code == "names_agree")
    assert {names_compared["first"], names_compared["second"]} == {FATHER, "Тоқаев Серік"}


def test_names_that_share_an_initial_alone_are_proposed_from_neither_side() -> None:
    short, given = record("S7", "Токаев С.О."), record("S8", "Серик", birth=INQUIRY.birth)
    assert ask(short, given) == ask(given, short) == {}


def test_index_with_records_replaced_and_removed_finds_the_present_ones() -> None:
    index = RecordIndex([CELLMATE, LIST])
    index.add(record("S1", "Ахметова Айгүл"))
    assert [each.record.ident for each in candidates_for(INQUIRY, index, NotSame())] == ["S2"]
    index.add(record("P1", FATHER, linked=("S2",)))
    register = NotSame()
    register.mark("I1", "S2")
    assert candidates_for(INQUIRY, index, register) == []
    index.add(record("P1", FATHER))
    assert [each.record.ident for each in candidates_for(INQUIRY, index, register)] == ["P1"]
    index.remove("P1")
    index.remove("S2")
    index.remove("S2")
    assert candidates_for(INQUIRY, index, NotSame()) == []
    assert (len(index), "S1" in index, "S2" in index) == (1, True, False)


def test_limit_keeps_the_best() -> None:
    found = candidates_for(INQUIRY, [CELLMATE, LIST, NAMESAKE, BROTHER], NotSame(), limit=2)
    assert [each.record.ident for each in found] == ["S1", "S2"]


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_reasons_in_every_language_name_both_sides(lang: str) -> None:
    told = ask(INQUIRY, CELLMATE, NAMESAKE, BROTHER)
    for each in told.values():
        reasons = each.in_words(lang)
        assert len({*reasons.speaks_for, *reasons.speaks_against, *reasons.notes}) == sum(
            map(len, vars(reasons).values())
        )
        assert not any("{" in line for line in (*reasons.speaks_for, *reasons.speaks_against, *reasons.notes))
    assert any("1999" in line and "1985" in line for line in told["S4"].in_words(lang).speaks_against)
    assert any("Tokayev Serik" in line for line in told["S1"].in_words(lang).speaks_for)
    assert str(told["S1"].in_words(lang)).count("Tokayev = Тоқаев") == 1


def worked_example() -> dict[str, Record]:
    """The three records of CANDIDATES.md."""
    inquiry = replace(INQUIRY, sex=Sex.UNKNOWN, companions=names("Дана Ержанова"))
    place = there(SEEN, at(9, 22), "Almaly district police", "Almaty")
    note = replace(CELLMATE, presence=(place,), companions=names("Yerzhanova Dana"))
    day = ApproxTime.on_day(date(2024, 6, 10), ALMATY, TimeBasis.DOCUMENT)
    return {"I1": inquiry, "S1": note, "S2": replace(LIST, presence=(there(SEEN, day, "РУП Алмалинского района"),))}


def test_worked_example_of_the_documents_is_what_the_code_says(root: Path) -> None:
    text = (root / "intake" / "reviewer" / "people" / "CANDIDATES.md").read_text("utf-8")
    records = worked_example()
    lines = [[cell.strip(" `*") for cell in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line]
    rows = [cells for cells in lines if len(cells) == 4 and re.fullmatch("score|[a-z]+_[a-z_]+", cells[0])]
    for column, (one, other) in enumerate((("I1", "S1"), ("I1", "S2"), ("S1", "S2")), 1):
        evidence = compare(prepare(records[one]), prepare(records[other]))
        told = {row[0]: float(row[column]) for row in rows if row[column]}
        assert told.pop("score") == pytest.approx(total(evidence), abs=0.3), (one, other)
        assert told == pytest.approx({each.code: each.points for each in evidence}, abs=0.15), (one, other)
    found = ask(*records.values())
    assert {key: each.verification for key, each in found.items()} == dict.fromkeys(
        ("S1", "S2"), Verification.CORROBORATED
    )
