"""The gazetteer: its table, every listed name, old names, declined and mistyped ones, places inside longer texts."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
import unicodedata
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.reviewer.people.places import distance_km, find_places, place_by_id, read_place, same_or_inside
from intake.reviewer.people.places_fold import fold, plain_of
from intake.reviewer.people.places_table import Place, read_table
from intake.reviewer.people.places_words import patterns
from intake.reviewer.people.vocabulary import PlaceKind

ALMATY, ASTANA, SHYMKENT, ATYRAU, SEMEY, ORAL = 1526384, 1526273, 1518980, 610529, 1519422, 608668
OSKEMEN, TARAZ, KYZYLORDA, AKTAU, ZHANAOZEN, QARAGANDY = 1520316, 1516905, 1519922, 610612, 607610, 609655
LARGEST_BYTES = 200_000
LOAD_MS = 50
RUNS = 5
LOAD = """
import time
from intake.reviewer.people.places import find_places
before = time.process_time()
find_places("Алматы")
print((time.process_time() - before) * 1000)
"""


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "intake/reviewer/people"


@pytest.fixture(scope="module")
def make_keys(root: Path) -> ModuleType:
    path = root / "tests/reviewer/make_place_keys.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def first(text: str) -> Place:
    """The place found first."""
    return find_places(text)[0][0]


def bearers() -> dict[str, set[int]]:
    """Every listed spelling with the places that have it."""
    found: dict[str, set[int]] = {}
    for place in read_table().values():
        for name in (*place.names, *place.foreign, *place.codes):
            found.setdefault(plain_of(fold(name)), set()).add(place.place_id)
    return found


def test_table_has_the_keys_its_names_give(folder: Path, make_keys: ModuleType) -> None:
    table = (folder / "data/places.tsv").read_text("utf-8")
    assert make_keys.with_keys(table) == table


def test_table_with_the_words_and_sounds_is_at_most_200_kb(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.glob("data/place*")) <= LARGEST_BYTES


@pytest.mark.parametrize("name", ["data/places.tsv", "PLACES.md"])
def test_source_of_the_table_is_named_with_its_licence(folder: Path, name: str) -> None:
    text = (folder / name).read_text("utf-8")
    assert "GeoNames" in text
    assert "creativecommons.org/licenses/by/4.0" in text


def test_table_places_lie_in_places_it_has() -> None:
    places = read_table()
    assert {place.kind for place in places.values()} == {"region", "district", "city", "village"}
    assert all(place.inside in places or place.inside == 0 for place in places.values())
    assert all(places[place.region].kind == "region" for place in places.values() if place.region)
    assert all(40 < place.lat < 56 and 46 < place.lon < 88 for place in places.values())
    assert [p.name_en for p in places.values() if p.kind == "district" and places[p.inside].kind != "city"] == []


def test_table_has_names_in_both_scripts_for_every_place() -> None:
    def script(name: str) -> set[str]:
        return {unicodedata.name(letter).split()[0] for letter in name if letter.isalpha()}

    for place in read_table().values():
        assert script(place.name_kk) == script(place.name_ru) == {"CYRILLIC"}, place.place_id
        assert script(place.name_en) == {"LATIN"}, place.place_id


def test_find_places_with_every_listed_name_puts_a_bearer_first() -> None:
    wrong = [(name, first(name).name_ru) for name, ids in bearers().items() if first(name).place_id not in ids]
    assert wrong == []


def test_find_places_with_every_listed_name_scores_one_for_towns() -> None:
    low = {
        (name, round(score, 3))
        for place in read_table().values()
        if place.kind in {"city", "village"}
        for name in place.names
        for found, score in find_places(name, 30)
        if found == place and score < 1
    }
    assert low == set()


def test_find_places_with_the_development_gazetteer_is_right_19_times_of_20(root: Path) -> None:
    path = root / "../shared/names/places_kz.tsv"
    if not path.is_file():
        pytest.skip("the development gazetteer is not beside the project")
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    asked = [(name, int(row["geonameid"])) for row in rows for name in row["alternatenames"].split("|") if name]
    right = sum(first(name).place_id == number for name, number in asked)
    print(f"{right} of {len(asked)}")
    assert right >= 0.95 * len(asked)


@pytest.mark.parametrize(
    ("name", "place_id"),
    [
        *((name, ASTANA) for name in ("Целиноград", "Ақмола", "Нұр-Сұлтан", "Нурсултан", "Акмолинск", "Tselinograd")),
        *((name, ALMATY) for name in ("Алма-Ата", "Верный", "Alma-Ata", "алматы", "ALMATY", "Vernyi")),
        *((name, ATYRAU) for name in ("Гурьев", "Guryev", "Atyraw")),
        *((name, AKTAU) for name in ("Шевченко", "Ақтау", "Aqtau", "Актау")),
        *((name, SEMEY) for name in ("Семипалатинск", "Семей", "Semipalatinsk")),
        *((name, TARAZ) for name in ("Джамбул", "Аулие-Ата", "Әулиеата", "Жамбыл", "Мирзоян")),
        *((name, OSKEMEN) for name in ("Усть-Каменогорск", "Өскемен", "Оскемен", "Oskemen", "Öskemen")),
        *((name, ORAL) for name in ("Уральск", "Орал", "Uralsk")),
        *((name, SHYMKENT) for name in ("Чимкент", "Шымкент", "Chimkent", "Şymkent", "Schymkent")),
        *((name, KYZYLORDA) for name in ("Кзыл-Орда", "Қызылорда", "Перовск", "Qyzylorda", "Kyzyl-Orda")),
        *((name, ZHANAOZEN) for name in ("Новый Узень", "Жаңаөзен", "Жанаозен", "Janaozen", "Zhanaozen")),
        *((name, QARAGANDY) for name in ("Караганда", "Қарағанды", "Qarag'andy", "Qaraǵandy", "Qarağandy")),
        *((name, 1524325) for name in ("Экибастуз", "Екібастұз", "Ekibastuz")),
        *((name, 1520172) for name in ("Петропавловск", "Петропавл", "Қызылжар")),
        *((name, 1519948) for name in ("Капчагай", "Қонаев", "Конаев", "Kapshagai")),
    ],
)
def test_find_places_with_an_old_or_foreign_spelling_finds_the_town(name: str, place_id: int) -> None:
    assert first(name).place_id == place_id


@pytest.mark.parametrize(
    ("name", "english"),
    [
        *((name, "Abai Region") for name in ("Абай облысы", "область Абай", "Абайской области", "Abai oblysy")),
        *((name, "Jetisu Region") for name in ("Жетісу облысы", "область Жетісу", "Жетысуская область")),
        *((name, "Ulytau Region") for name in ("Ұлытау облысында", "область Улытау")),
        *((name, "East Kazakhstan Region") for name in ("ВКО", "ШҚО", "Шығыс Қазақстан", "East Kazakhstan")),
        *((name, "Turkistan Region") for name in ("ЮКО", "Южно-Казахстанской области", "Түркістан облысы")),
        *((name, "Almaty Region") for name in ("Алматинская область", "Алматы облысы", "Алматы облыстық")),
        *((name, "Almaly District") for name in ("Алмалинский район", "Алмалы ауданы", "в Алмалинском районе")),
        *((name, "Auezov District") for name in ("Ауэзовский район", "Әуезов ауданында", "Auezov district")),
        *((name, "Turksib District") for name in ("Турксибский", "Түрксіб")),
        *((name, "Saryarka District") for name in ("район Сарыарка", "Сарыарқа ауданы", "Сарыаркинского района")),
        *((name, "Baikonur District") for name in ("район Байконур, Астана", "Байқоңыр ауданы")),
        *((name, "Saraishyq District") for name in ("район Сарайшык", "Сарайшық")),
        *((name, "Al-Farabi District") for name in ("Аль-Фарабийский район", "Әл-Фараби ауданы")),
    ],
)
def test_find_places_with_a_region_or_a_district_finds_it(name: str, english: str) -> None:
    assert first(name).name_en == english


@pytest.mark.parametrize(
    ("text", "place_id"),
    [
        *((text, ALMATY) for text in ("в Алматы", "Алматыда", "из Алма-Аты", "Алматыға", "г. Алматы", "Almaty qalasy")),
        *(
            (text, QARAGANDY)
            for text in ("под Карагандой", "в Караганде", "Қарағандыдан", "Карагандинский городской суд")
        ),
        *((text, ASTANA) for text in ("Нұр-Сұлтандағы", "из Целинограда", "Астанамен", "Астаналық")),
        *((text, 610611) for text in ("из Актобе", "Ақтөбеге", "в Актюбинске", "Ақтөбенің")),
        *((text, 1519030) for text in ("в Шу", "Шуда", "Чу")),
        *((text, ALMATY) for text in ("Fkvfns", "fkvfns", "Фдьфен", "Амлаты", "Алмтаы", "Алматты")),
        *((text, QARAGANDY) for text in ("0ара5анды", "Карагонда", "Караганада", "Rfhfufylf")),
        *((text, AKTAU) for text in ("А0тау", "Актау қаласында")),
        *((text, SEMEY) for text in ("Семейде", "из Семипалатинска", "Ctvtq")),
    ],
)
def test_find_places_with_a_declined_or_mistyped_name_finds_the_town(text: str, place_id: int) -> None:
    assert first(text).place_id == place_id


def test_find_places_with_namesakes_returns_all_the_most_populous_first() -> None:
    found = [place for place, score in find_places("Аксу") if score == 1]
    assert len(found) == 3
    assert [place.population for place in found] == sorted((place.population for place in found), reverse=True)
    assert len({place.region for place in found}) == 3


@pytest.mark.parametrize(
    ("text", "place_id"),
    [
        ("Аксу, Павлодарская область", 1524298),
        ("Түркістан облысы Ақсу", 1525462),
        ("Абай Карагандинской области", 1526970),
        ("Абай, Түркістан облысы", 1526973),
        ("Алмалинский район, Алматы", 202),
        ("Астана, Алматы ауданы", 221),
        ("Актобе, район Астана", 272),
        ("Шымкент қаласы Абай ауданы", 241),
        ("Алматы, проспект Абая 10", ALMATY),
        ("ул. Сатпаева, Астана", ASTANA),
        ("Алматы қаласы, Қонаев көшесі", ALMATY),
    ],
)
def test_find_places_with_surroundings_finds_the_place_inside_them(text: str, place_id: int) -> None:
    assert first(text).place_id == place_id


@pytest.mark.parametrize(
    ("kind", "place_id", "texts"),
    [
        (
            "temp_detention_isolator",
            ALMATY,
            [
                "ИВС г. Алматы",
                "Алматы қаласының уақытша ұстау изоляторы",
                "в изоляторе временного содержания Алматы",
                "Almaty temporary detention facility",
                "ивс алматы",
                "ИВС ДП города Алматы",
            ],
        ),
        (
            "police_dept",
            202,
            [
                "Алмалинский РУВД",
                "Алмалы аудандық полиция басқармасы",
                "УП Алмалинского района г. Алматы",
                "РОВД Алмалинского района",
                "Almaly district police department, Almaty",
                "Алмалы АІІБ",
            ],
        ),
        (
            "special_reception_centre",
            QARAGANDY,
            ["спецприёмник Караганды", "приемник-распределитель г. Караганда", "Қарағандының арнайы қабылдау орны"],
        ),
        (
            "court",
            ASTANA,
            [
                "Специализированный межрайонный административный суд Астаны",
                "в суде города Астана",
                "Астана қалалық сотында",
                "Astana city court",
            ],
        ),
        ("hospital", TARAZ, ["больница в Таразе", "Тараз қалалық ауруханасы", "Taraz hospital"]),
        ("vehicle", SHYMKENT, ["автозак, Шымкент", "в автобусе в Шымкенте"]),
        ("square", ZHANAOZEN, ["площадь Ынтымак, Жанаозен", "Жаңаөзен, алаңда"]),
        ("school", ORAL, ["школа №5 г. Уральск", "Орал, мектеп"]),
    ],
)
def test_read_place_in_several_languages_gives_one_kind_and_place(kind: str, place_id: int, texts: list[str]) -> None:
    read = {text: read_place(text) for text in texts}
    found = {text: (one.kind, one.place.place_id if one.place else 0) for text, one in read.items()}
    assert found == dict.fromkeys(texts, (kind, place_id))


@pytest.mark.parametrize(
    ("text", "kind", "facility"),
    [
        ("СИЗО-18 Алматы", "unknown", "remand_prison"),
        ("Қарағанды тергеу изоляторы", "unknown", "remand_prison"),
        ("центр адаптации несовершеннолетних", "special_reception_centre", "juvenile_centre"),
        ("колония в Заречном", "unknown", "penal_colony"),
        ("ДКНБ по Атырауской области", "unknown", "security_service"),
        ("дома, ул. Абая 5", "home", "home"),
        ("ул. Абая 5", "street", "street"),
        ("в/ч 5573 Темиртау", "unit_military", "unit_military"),
        ("у фонтана", "unknown", "unknown"),
    ],
)
def test_read_place_with_a_facility_tells_it_beside_the_kind(text: str, kind: str, facility: str) -> None:
    read = read_place(text)
    assert (read.kind, read.facility) == (kind, facility)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("РОВД №3 Алмалинского района г. Алматы", "3"),
        ("Алматы қаласы, Тимирязев көшесі 42", "Тимирязев 42"),
        ("Almaty, Medeu district court No. 2", "No. 2"),
        ("ИВС г. Алматы", ""),
        ("рынок Барахолка-2", "рынок Барахолка-2"),
    ],
)
def test_read_place_keeps_what_names_neither_kind_nor_place(text: str, rest: str) -> None:
    assert read_place(text).rest == rest


def test_find_places_with_a_kind_and_no_name_finds_none() -> None:
    assert find_places("автозак у РОВД") == []


@pytest.mark.parametrize(
    "text", ["", "не знаю", "unknown", "белгісіз", "соседи сказали не знают", "рынок Барыс", "в лесу", "\0", "...", "7"]
)
def test_read_place_with_no_known_place_says_none(text: str) -> None:
    read = read_place(text)
    assert (read.place, read.score, read.kind) == (None, 0, "unknown")


def test_kinds_of_the_word_table_are_those_of_a_place_reference() -> None:
    used = {pattern.side for some in patterns().values() for pattern in some if pattern.role == "kind"}
    assert used == set(PlaceKind)


@given(st.text(max_size=60) | st.lists(st.sampled_from(sorted(bearers())), max_size=4).map(", ".join))
@settings(max_examples=150, deadline=None)
def test_find_places_with_any_text_gives_scores_from_1_down(text: str) -> None:
    scores = [score for _, score in find_places(text, 20)]
    assert all(0 <= score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)
    assert len(find_places(text, 2)) <= 2


@given(st.sampled_from(sorted(bearers())))
@settings(max_examples=150, deadline=None)
def test_find_places_is_blind_to_case_and_unicode_form(name: str) -> None:
    found = find_places(name)
    assert find_places(unicodedata.normalize("NFD", name)) == found
    assert first(name.title()) == first(name)


def test_find_places_reads_200_characters_and_no_more() -> None:
    assert find_places("," * 199 + " Алматы") == []
    assert first("," * 190 + " Алматы").place_id == ALMATY
    assert find_places("Алматы" + "," * 1_000_000)[0][0].place_id == ALMATY


def test_load_in_a_fresh_process_takes_at_most_50_ms_of_cpu(root: Path) -> None:
    runs = [subprocess.check_output([sys.executable, "-c", LOAD], cwd=root, text=True) for _ in range(RUNS)]
    assert min(map(float, runs)) <= LOAD_MS


def test_distance_between_almaty_and_astana_is_known() -> None:
    almaty, astana = place_by_id(ALMATY), place_by_id(ASTANA)
    assert distance_km(almaty, astana) == distance_km(astana, almaty)
    assert 960 < distance_km(almaty, astana) < 985
    assert distance_km(almaty, almaty) == 0


def test_same_or_inside_goes_from_the_smaller_to_the_larger() -> None:
    almaly, almaty, astana = place_by_id(202), place_by_id(ALMATY), place_by_id(ASTANA)
    district, city, region = place_by_id(261), place_by_id(QARAGANDY), place_by_id(109)
    assert same_or_inside(almaly, almaty)
    assert same_or_inside(almaly, almaly)
    assert same_or_inside(district, city)
    assert same_or_inside(district, region)
    assert not same_or_inside(almaty, almaly)
    assert not same_or_inside(almaly, astana)
    assert (almaly.region, almaly.inside, district.region) == (0, ALMATY, 109)


def test_place_by_id_with_an_unknown_id_raises_key_error() -> None:
    with pytest.raises(KeyError):
        place_by_id(999_999_999)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("РОП Жетысу", "district"),
        ("Жетісу АІБ", "district"),
        ("Жетысуский РУП", "district"),
        ("ДП Жетысу", "region"),
        ("департамент полиции Жетысу", "region"),
        ("РОП области Жетысу", "region"),
        ("Жетысу", "region"),
        ("РОП Алматы", "city"),
    ],
)
def test_police_word_decides_between_a_district_and_a_region_of_one_name(text: str, kind: str) -> None:
    found = read_place(text).place
    assert found is not None
    assert found.kind == kind
