"""What reports claim about times, numbers, places and names: nothing made finer than it was said, nothing half-read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zoneinfo
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.reviewer.errors import ClaimInvalid
from intake.reviewer.people.models import (
    AgeBand,
    ApproxTime,
    Basis,
    BasisKind,
    BirthYears,
    Count,
    CountBasis,
    HeardOrRead,
    NameForm,
    NameParts,
    PartOfDay,
    PlaceKind,
    PlaceRef,
    Precision,
    Script,
    Sex,
    Source,
    Span,
    TimeBasis,
    guess_script,
)
from intake.reviewer.people.notsame import NotSame, NotSamePair
from intake.reviewer.people.records import Presence, PresenceKind, Record, RecordKind
from intake.reviewer.people.spans import elapsed, surely_before
from intake.wire.encoding import strict_json_dumps, strict_json_loads

ALMATY = "Asia/Almaty"
INSTANTS = st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    ends = sorted(draw(st.tuples(INSTANTS, INSTANTS)))
    return Span(*(draw(st.sampled_from([end, None])) for end in ends))


def at(hour: int, minute: int = 0, day: int = 9, precision: Precision = Precision.HOUR) -> ApproxTime:
    return ApproxTime.about(datetime(2024, 6, day, hour, minute), ALMATY, precision, TimeBasis.MEMORY)


def holds(span: Span, instant: datetime) -> bool:
    return (span.earliest is None or span.earliest <= instant) and (span.latest is None or instant <= span.latest)


@pytest.mark.parametrize(("year", "hour_utc"), [(2012, 8), (2019, 8), (2024, 9), (2025, 9)])
def test_time_in_almaty_before_and_after_the_change_of_2024(year: int, hour_utc: int) -> None:
    noon = ApproxTime.about(datetime(year, 6, 9, 14), ALMATY, Precision.MINUTE, TimeBasis.CLOCK)
    assert noon.earliest == datetime(year, 6, 9, hour_utc, tzinfo=UTC)
    assert noon.local() == f"{year}-06-09 14:00"


def test_time_in_aqtobe_is_five_hours_ahead_in_both_years() -> None:
    for year in (2019, 2025):
        noon = ApproxTime.about(datetime(year, 6, 9, 14), "Asia/Aqtobe", Precision.MINUTE, TimeBasis.CLOCK)
        assert noon.earliest == datetime(year, 6, 9, 9, tzinfo=UTC)


def test_local_time_that_clocks_showed_twice_keeps_both_instants() -> None:
    told = ApproxTime.about(datetime(2024, 2, 29, 23, 30), ALMATY, Precision.MINUTE, TimeBasis.CLOCK)
    assert told.earliest == datetime(2024, 2, 29, 17, 30, tzinfo=UTC)
    assert told.latest == datetime(2024, 2, 29, 18, 30, 59, tzinfo=UTC)


def test_time_between_midnight_and_two_with_precision_of_an_hour() -> None:
    first, last = datetime(2019, 6, 9), datetime(2019, 6, 9, 2)
    told = ApproxTime.between(first, last, ALMATY, Precision.HOUR, TimeBasis.MEMORY)
    assert (told.earliest, told.latest) == (datetime(2019, 6, 8, 18, tzinfo=UTC), datetime(2019, 6, 8, 20, tzinfo=UTC))
    assert told.to_dict()["from"] == "2019-06-08T18:00:00Z"


@pytest.mark.parametrize(
    ("precision", "minutes"),
    [(Precision.QUARTER, 14), (Precision.HOUR, 59), (Precision.PART_OF_DAY, 239), (Precision.DAY, 22 * 60)],
)
def test_time_narrower_than_its_precision_is_refused(precision: Precision, minutes: int) -> None:
    start = datetime(2024, 6, 9, tzinfo=UTC)
    with pytest.raises(ClaimInvalid):
        ApproxTime(start, start + timedelta(minutes=minutes), ALMATY, precision, TimeBasis.TOLD)
    assert ApproxTime(start, None, ALMATY, precision, TimeBasis.TOLD).span.width() is None


def test_night_of_a_day_covers_both_nights_that_touch_it() -> None:
    night = ApproxTime.on_day(date(2019, 6, 10), ALMATY, TimeBasis.TOLD, PartOfDay.NIGHT)
    assert night.local() == "2019-06-10 00:00 – 2019-06-11 05:59"
    assert ApproxTime.on_day(date(2019, 6, 10), ALMATY, TimeBasis.TOLD).precision is Precision.DAY


@pytest.mark.parametrize(
    "zone", ["+06:00", "UTC+6", "Etc/GMT-6", "Asia/../Almaty", "Almaty", "", "Asia/Almatty", "Asia/A/B/C"]
)
def test_time_with_an_offset_or_unknown_name_as_zone_is_refused(zone: str) -> None:
    with pytest.raises(ClaimInvalid):
        ApproxTime.about(datetime(2024, 6, 9, 14), zone, Precision.HOUR, TimeBasis.CLOCK)


@pytest.mark.parametrize(
    "moment",
    [datetime(2024, 6, 9), datetime(2024, 6, 9, microsecond=1, tzinfo=UTC), datetime(1899, 1, 1, tzinfo=UTC)],
)
def test_instant_without_utc_or_with_too_much_of_it_is_refused(moment: datetime) -> None:
    with pytest.raises(ClaimInvalid):
        Span(moment, None)


def run_without_zones(folder: Path) -> str:
    """What building a local time says when Python finds zone data in `folder` alone."""
    code = (
        # The package of this name, if some tool brought it, would stand in for the system's data.
        "import sys; sys.modules['tzdata'] = None;"
        "from datetime import datetime as d; from intake.reviewer.people.models import *;"
        "print(ApproxTime.about(d(2024,6,9,14), 'Asia/Almaty', Precision.HOUR, TimeBasis.CLOCK).earliest)"
    )
    environment = {"PYTHONTZPATH": str(folder), "PATH": os.environ["PATH"]}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr


def test_local_time_on_a_machine_without_zone_data_is_refused(tmp_path: Path) -> None:
    assert "ZoneDataUnusable: The time-zone data of this machine is missing or too old. (missing)" in run_without_zones(
        tmp_path
    )


def test_local_time_on_a_machine_with_rules_from_before_2024_is_refused(tmp_path: Path) -> None:
    # Dhaka keeps UTC+6, as rules from before the change still have it for Almaty.
    dhaka = next(Path(each) / "Asia" / "Dhaka" for each in zoneinfo.TZPATH if (Path(each) / "Asia" / "Dhaka").exists())
    (tmp_path / "Asia").mkdir()
    shutil.copy(dhaka, tmp_path / "Asia" / "Almaty")
    assert "ZoneDataUnusable: The time-zone data of this machine is missing or too old. (too old)" in run_without_zones(
        tmp_path
    )


@given(spans(), spans(), INSTANTS)
def test_intersection_and_hull_hold_what_both_or_either_hold(one: Span, other: Span, instant: datetime) -> None:
    both, either = one.intersect(other), one.hull(other)
    assert (both is not None and holds(both, instant)) == (holds(one, instant) and holds(other, instant))
    assert holds(either, instant) or not (holds(one, instant) or holds(other, instant))
    assert both == other.intersect(one)
    assert either == other.hull(one)


@given(spans(), spans())
def test_spans_meet_unless_one_is_surely_before_the_other(one: Span, other: Span) -> None:
    assert one.meets(other) == (one.intersect(other) is not None)
    assert not (surely_before(one, other) and surely_before(other, one))
    assert one.meets(other) == (not surely_before(one, other) and not surely_before(other, one))


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=3)), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_elapsed_time_between_two_uncertain_ends_widens(start: datetime, doubt: timedelta, held: timedelta) -> None:
    doubt, held = timedelta(seconds=doubt.seconds), timedelta(seconds=held.seconds)
    taken, released = Span(start, start + doubt), Span(start + held, start + held + doubt)
    least, most = elapsed(taken, released)
    assert most is not None
    assert least <= held <= most
    assert most == held + doubt
    assert elapsed(taken, Span(start + held, None))[1] is None


def test_elapsed_time_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ClaimInvalid):
        elapsed(at(14).span, at(10).span)


def test_count_of_two_groups_adds_up_the_doubt() -> None:
    at_least = Count(700, None, CountBasis.ESTIMATED, "an observer")
    assert Count(4, 5, CountBasis.ESTIMATED).plus(Count(30, 30, CountBasis.COUNTED)) == Count(
        34, 35, CountBasis.ESTIMATED
    )
    assert at_least.plus(at_least) == Count(1400, None, CountBasis.ESTIMATED, "an observer")
    for least, most in ((5, 4), (-1, None), (True, None), (0, 10_000_000)):
        with pytest.raises(ClaimInvalid):
            Count(least, most, CountBasis.OFFICIAL)


def test_birth_years_from_an_age_are_never_one_year() -> None:
    on = date(2019, 6, 10)
    assert BirthYears.from_age(34, 34, on) == BirthYears(1984, 1985)
    assert BirthYears.from_age(34, 34, on, date(2020, 1, 5)) == BirthYears(1984, 1986)
    assert BirthYears.from_band(AgeBand.FROM_60, on) == BirthYears(None, 1959)
    assert BirthYears.from_band(AgeBand.UNDER_14, on) == BirthYears(2005, 2019)
    assert BirthYears.from_band(AgeBand.UNKNOWN, on) == BirthYears()


@given(st.dates(date(1950, 1, 1), date(2030, 1, 1)), st.dates(date(1950, 1, 1), date(2030, 1, 1)))
def test_birth_years_from_an_age_hold_the_true_year(born: date, seen: date) -> None:
    if born > seen:
        born, seen = seen, born
    age = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    years = BirthYears.from_age(age, age, seen)
    assert years.earliest is not None
    assert years.latest is not None
    assert years.earliest <= born.year <= years.latest


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Серік Тоқаев", Script.CYRL_KK),
        ("Токаев С.О.", Script.CYRL_RU),
        ("Tokayev Serik", Script.LATN),
        ("توقايەۆ", Script.ARAB),
        ("Tokaев", Script.UNKNOWN),
        ("№ 7", Script.UNKNOWN),
    ],
)
def test_script_of_a_name_is_told_by_its_letters(text: str, script: Script) -> None:
    assert guess_script(text) is script
    assert NameForm.written(text, HeardOrRead.HEARD).script is script


@pytest.mark.parametrize(
    ("kind", "hops"), [(BasisKind.SAW, 1), (BasisKind.SELF, 2), (BasisKind.HEARD_FROM_OTHERS, 0), (BasisKind.SAW, 3)]
)
def test_basis_of_knowledge_that_contradicts_itself_is_refused(kind: BasisKind, hops: int) -> None:
    with pytest.raises(ClaimInvalid):
        Basis(kind, hops)


EVERYTHING = Record(
    "I-1",
    RecordKind.INQUIRY,
    (NameForm("Серік Оспанұлы Тоқаев", Script.CYRL_KK, HeardOrRead.READ, NameParts("Тоқаев", "Серік", None, "Оспан")),),
    BirthYears(1984, None),
    Sex.MALE,
    (
        Presence(
            PresenceKind.SEEN, at(9), PlaceRef("ИВС", PlaceKind.TEMP_DETENTION_ISOLATOR, "Алматы", "d-7", 300), at(18)
        ),
    ),
    (NameForm.written("Берік"),),
    (Source("list-3", "post-9", Basis(BasisKind.READ_MEDIA, 2)),),
    ("P-1",),
)
COUNT = Count(700, None, CountBasis.OFFICIAL, "prosecutors")
READERS: list[tuple[Callable[[object], object], object]] = [
    (Record.from_dict, EVERYTHING),
    (Presence.from_dict, EVERYTHING.presence[0]),
    (ApproxTime.from_dict, at(9)),
    (PlaceRef.from_dict, EVERYTHING.presence[0].where),
    (NameForm.from_dict, EVERYTHING.names[0]),
    (NameParts.from_dict, EVERYTHING.names[0].parts),
    (Source.from_dict, EVERYTHING.sources[0]),
    (Basis.from_dict, EVERYTHING.sources[0].basis),
    (BirthYears.from_dict, EVERYTHING.birth),
    (Count.from_dict, COUNT),
    (NotSamePair.from_dict, NotSamePair("a", "b", "other father")),
]


@pytest.mark.parametrize(("read", "thing"), READERS, ids=lambda each: type(each).__name__)
def test_dict_through_strict_json_gives_the_same_again(read: Callable[[object], object], thing: object) -> None:
    assert read(strict_json_loads(strict_json_dumps(thing.to_dict()))) == thing


@pytest.mark.parametrize(("read", "thing"), READERS, ids=lambda each: type(each).__name__)
def test_dict_with_any_field_missing_added_or_of_another_type_is_refused(
    read: Callable[[object], object], thing: object
) -> None:
    good = thing.to_dict()
    bad = [{**good, "more": 1}, [good], None, "text"]
    for key in good:
        bad.append({name: value for name, value in good.items() if name != key})
        bad += [
            {**good, key: value} for value in (1.5, True, b"x", object(), {"a": 1}, [1], "\n", "", " ", -1, "x" * 9999)
        ]
    for each in bad:
        with pytest.raises(ClaimInvalid):
            read(each)


@pytest.mark.parametrize("ident", ["", "-x", "a b", "x" * 65, "Ы"])
def test_record_with_an_id_out_of_rule_is_refused(ident: str) -> None:
    with pytest.raises(ClaimInvalid):
        Record(ident, RecordKind.PERSON)


def test_presence_that_ends_before_it_begins_or_says_nothing_is_refused() -> None:
    with pytest.raises(ClaimInvalid):
        Presence(PresenceKind.SEEN, at(8, day=10), None, at(8, day=9))
    with pytest.raises(ClaimInvalid):
        Presence(PresenceKind.SEEN)
    assert Presence(PresenceKind.SEEN, at(8, day=9), None, at(8, day=10)).leaves == at(8, day=10).span


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from(["from", "to", "zone", "precision", "basis"]), JSON, min_size=1))
def test_time_from_any_dict_is_read_as_it_stands_or_refused(data: dict[str, object]) -> None:
    changed = at(9).to_dict() | data
    try:
        read = ApproxTime.from_dict(changed)
    except ClaimInvalid:
        return
    assert read.to_dict() == changed


@pytest.mark.parametrize(
    "instant", ["2024-13-45T99:99:99Z", "２０24-01-01T00:00:00Z", "2024-01-01", "2024-06-09T14:00:00+06:00"]
)
def test_instant_in_another_spelling_is_refused(instant: str) -> None:
    with pytest.raises(ClaimInvalid) as refused:
        ApproxTime.from_dict(at(9).to_dict() | {"from": instant})
    assert instant not in str(refused.value)


def test_error_names_the_field_and_never_its_content() -> None:
    with pytest.raises(ClaimInvalid) as refused:
        NameForm("Серік\nТоқаев")
    assert "Серік" not in str(refused.value)


def test_register_of_not_same_comes_back_in_one_order_whatever_came_first() -> None:
    one, other = NotSame(), NotSame()
    one.mark("S1", "I1", "another father")
    one.mark("I2", "S2")
    other.mark("S2", "I2")
    other.mark("I1", "S1", "another father")
    assert one.to_dict() == other.to_dict()
    again = NotSame.from_dict(strict_json_loads(strict_json_dumps(one.to_dict())))
    assert again.pair("S1", "I1") == NotSamePair("I1", "S1", "another father")
    assert again.others(["I1"]) == {"S1"}
    again.withdraw("I1", "S1")
    assert (again.others(["I1"]), again.others(["S1"]), len(again)) == (frozenset(), frozenset(), 1)


def test_register_of_not_same_out_of_order_or_twice_or_with_itself_is_refused() -> None:
    pair, later = NotSamePair("a", "b").to_dict(), NotSamePair("a", "c").to_dict()
    for pairs in (
        [later, pair],
        [pair, pair],
        [{**pair, "second": "a"}],
        [{"first": "b", "second": "a", "reason": None}],
    ):
        with pytest.raises(ClaimInvalid):
            NotSame.from_dict({"not_same": pairs, "linked": []})


def test_links_of_the_register_come_back_and_may_be_taken_back() -> None:
    register = NotSame()
    register.link("S2", "S1")
    register.link("S2", "S3")
    again = NotSame.from_dict(strict_json_loads(strict_json_dumps(register.to_dict())))
    assert again.linked(["S1"]) == {"S1", "S2", "S3"}
    again.unlink("S3", "S2")
    assert again.linked(["S1"]) == {"S1", "S2"}
    with pytest.raises(ClaimInvalid):
        register.link("S1", "S1")


@pytest.mark.parametrize(
    "links", [[["b", "a"]], [["a", "a"]], [["a", "b"], ["a", "b"]], [["a"]], ["ab"], "ab", [[1, 2]]]
)
def test_links_out_of_order_or_of_another_form_are_refused(links: object) -> None:
    with pytest.raises(ClaimInvalid):
        NotSame.from_dict({"not_same": [], "linked": links})
