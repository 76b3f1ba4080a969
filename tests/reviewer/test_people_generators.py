"""The generators behind the name tests are right themselves: against forms written by hand."""

import random
import re

import pytest

from tests.suites import name_slips
from tests.suites.name_cases import kazakh_cases, russian_cases
from tests.suites.name_spellings import bare, letters, spellings, transcribe
from tests.suites.name_table import Parts, Person, givens, people, siblings

TOQAEV = Person("kk", "m", Parts("Серік", "Оспанұлы", "Тоқаев"), Parts("Серик", "Оспанович", "Токаев"))
ZHANGIR = Person("kk", "m", Parts("Жәңгір", "Юсупович", "Ғабдуллин"), Parts("Жангир", "Юсупович", "Габдуллин"))
SPELLED = [
    (TOQAEV, "qazaqparat", "Serik Ospanulı Toqaev"),
    (TOQAEV, "kazakh-apart", "Серік Оспан ұлы Тоқаев"),
    (TOQAEV, "january2021", "Serık Ospanūly Toqaev"),
    (TOQAEV, "passport-kazakh", "TOKAEV SERIK"),
    (TOQAEV, "passport-ss", "TOKAYEV SERIK"),
    (TOQAEV, "russian-uly", "Серик Оспанулы Токаев"),
    (TOQAEV, "english", "Serik Ospanovich Tokayev"),
    (TOQAEV, "plain", "Serik Ospanovich Tokaev"),
    (TOQAEV, "ics2015", "Serik Ospanuly Toqaev"),
    (TOQAEV, "german", "Serik Ospanowitsch Tokajew"),
    (TOQAEV, "french", "Serik Ospanovitch Tokaïev"),
    (TOQAEV, "polish", "Serik Ospanowicz Tokajew"),
    (TOQAEV, "polish-soft", "Sierik Ospanowicz Tokajew"),
    (TOQAEV, "turkish", "Serik Ospanoviç Tokayev"),
    (ZHANGIR, "qazaqparat", "Jäñgir Yuswpovïç Ğabdwllïn"),
    (ZHANGIR, "apostrophes2017", "Ja'n'gir I'y'sy'povi'c' G'abdy'lli'n"),
    (ZHANGIR, "acutes2018", "Jáńgir Iýsýpovıch Ǵabdýllın"),
    (ZHANGIR, "institute2019", "Jäŋgir Iwswpovıç Ğabdwllın"),
    (ZHANGIR, "january2021", "Jäŋgır İusupovich Ğabdullin"),
    (ZHANGIR, "april2021", "Jäñgır İusupovich Ğabdullin"),
    (ZHANGIR, "april2021-bare", "Jangir Iusupovich Gabdullin"),
    (ZHANGIR, "bgn1979", "Zhänggir Yusūpovīch Ghabdūllīn"),
    (ZHANGIR, "german-dsch", "Dschangir Jussupowitsch Gabdullin"),
    (ZHANGIR, "french-dj", "Djanguir Ioussoupovitch Gabdoulline"),
    (ZHANGIR, "english-dzh", "Dzhangir Yusupovich Gabdullin"),
    (ZHANGIR, "english-j", "Jangir Iusupovich Gabdullin"),
    (ZHANGIR, "polish", "Żangir Jusupowicz Gabdullin"),
    (ZHANGIR, "turkish-c", "Cangir Yusupoviç Ğabdullin"),
]


@pytest.mark.parametrize(("person", "scheme", "written"), SPELLED, ids=[f"{s}-{w[:3]}" for _, s, w in SPELLED])
def test_spelling_is_as_written_by_hand(person, scheme, written):
    assert spellings(person)[scheme] == written


def test_alphabets_name_every_kazakh_letter_once():
    kazakh = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
    for column in letters("kazakh").values():
        assert "".join(column) == kazakh
    assert {transcribe(kazakh, "kazakh", each).isascii() for each in ("ics2015", "passport")} == {True}
    assert bare("Ğıłöñş") == "Gilons"


def test_alphabets_of_the_decrees_hold_their_number_of_letters():
    assert len({value for value in letters("kazakh")["apostrophes2017"].values() if len(value.strip("'")) == 1}) == 32
    assert {"á", "ǵ", "ı", "ń", "ó", "ú", "ý", "sh", "ch"} < set(letters("kazakh")["acutes2018"].values())
    assert {"ä", "ğ", "ñ", "ö", "ş", "ü", "ū"} < set(letters("kazakh")["april2021"].values())


DECLINED = [
    ("m", "Серик Оспанович Токаев", 1, "Серика Оспановича Токаева"),
    ("m", "Серик Оспанович Токаев", 2, "Серику Оспановичу Токаеву"),
    ("m", "Серик Оспанович Токаев", 3, "Серика Оспановича Токаева"),
    ("m", "Серик Оспанович Токаев", 4, "Сериком Оспановичем Токаевым"),
    ("m", "Серик Оспанович Токаев", 5, "Серике Оспановиче Токаеве"),
    ("m", "Абай Оспанулы Цой", 1, "Абая Оспанулы Цоя"),
    ("m", "Абай Оспанулы Цой", 4, "Абаем Оспанулы Цоем"),
    ("m", "Али Мусаевич Ким", 2, "Али Мусаевичу Киму"),
    ("m", "Дмитрий Юрьевич Ковальский", 1, "Дмитрия Юрьевича Ковальского"),
    ("m", "Дмитрий Юрьевич Ковальский", 2, "Дмитрию Юрьевичу Ковальскому"),
    ("m", "Дмитрий Юрьевич Ковальский", 5, "Дмитрии Юрьевиче Ковальском"),
    ("m", "Игорь Ильич Щербаков", 4, "Игорем Ильичем Щербаковым"),
    ("m", "Илья Петрович Шевченко", 1, "Ильи Петровича Шевченко"),
    ("m", "Илья Петрович Шевченко", 3, "Илью Петровича Шевченко"),
    ("m", "Мустафа Хасенович Никитин", 4, "Мустафой Хасеновичем Никитиным"),
    ("m", "Пётр Карлович Шмидт", 1, "Петра Карловича Шмидта"),
    ("m", "Нур-Мухаммед Болатулы Жолдас", 2, "Нур-Мухаммеду Болатулы Жолдасу"),
    ("m", "Хасан Ясырович Шиваза", 3, "Хасана Ясыровича Шивазу"),
    ("m", "Иван Иванович Черных", 4, "Иваном Ивановичем Черных"),
    ("f", "Алия Оспановна Токаева", 1, "Алии Оспановны Токаевой"),
    ("f", "Алия Оспановна Токаева", 3, "Алию Оспановну Токаеву"),
    ("f", "Алия Оспановна Токаева", 4, "Алией Оспановной Токаевой"),
    ("f", "Айгуль Серикызы Ахметжан", 1, "Айгули Серикызы Ахметжан"),
    ("f", "Айгуль Серикызы Ахметжан", 4, "Айгулью Серикызы Ахметжан"),
    ("f", "Айжан Болатовна Ким", 2, "Айжан Болатовне Ким"),
    ("f", "Сауле Каримовна Никитина", 5, "Сауле Каримовне Никитиной"),
    ("f", "Дарига Муратовна Ковальская", 1, "Дариги Муратовны Ковальской"),
    ("f", "Дарига Муратовна Ковальская", 3, "Даригу Муратовну Ковальскую"),
    ("f", "Наталья Юрьевна Черных", 2, "Наталье Юрьевне Черных"),
    ("f", "Зухра Исмаровна Машанло", 1, "Зухры Исмаровны Машанло"),
]


@pytest.mark.parametrize(("sex", "name", "case", "form"), DECLINED, ids=[f"{n[:12]}{c}" for _, n, c, _ in DECLINED])
def test_russian_case_is_as_written_by_hand(sex, name, case, form):
    assert str(list(russian_cases(Parts(*name.split()), sex).values())[case]) == form


SEPTIK = {
    "Серік": "Серіктің Серікке Серікті Серікте Серіктен Серікпен",
    "Айгүл": "Айгүлдің Айгүлге Айгүлді Айгүлде Айгүлден Айгүлмен",
    "Бауыржан": "Бауыржанның Бауыржанға Бауыржанды Бауыржанда Бауыржаннан Бауыржанмен",
    "Қайрат": "Қайраттың Қайратқа Қайратты Қайратта Қайраттан Қайратпен",
    "Алмаз": "Алмаздың Алмазға Алмазды Алмазда Алмаздан Алмазбен",
    "Сәуле": "Сәуленің Сәулеге Сәулені Сәуледе Сәуледен Сәулемен",
    "Дариға": "Дариғаның Дариғаға Дариғаны Дариғада Дариғадан Дариғамен",
    "Абай": "Абайдың Абайға Абайды Абайда Абайдан Абаймен",
    "Айгерім": "Айгерімнің Айгерімге Айгерімді Айгерімде Айгерімнен Айгеріммен",
    "Серік Тоқаев": "Серік Тоқаевтың Серік Тоқаевқа Серік Тоқаевты Серік Тоқаевта Серік Тоқаевтан Серік Тоқаевпен",
    "Дмитрий": "Дмитрийдің Дмитрийге Дмитрийді Дмитрийде Дмитрийден Дмитриймен",
    "Эмиль": "Эмильдің Эмильге Эмильді Эмильде Эмильден Эмильмен",
    "Ким": "Кимнің Кимге Кимді Кимде Кимнен Киммен",
    "Әуезов": "Әуезовтің Әуезовке Әуезовті Әуезовте Әуезовтен Әуезовпен",
    "Есенова": "Есенованың Есеноваға Есенованы Есеновада Есеновадан Есеновамен",
}
POSSESSED = ["Оспанұлының", "Оспанұлына", "Оспанұлын", "Оспанұлында", "Оспанұлынан", "Оспанұлымен"]


@pytest.mark.parametrize("name", SEPTIK)
def test_kazakh_cases_are_as_written_by_hand(name):
    nominative, *others = kazakh_cases(name).values()
    assert nominative == name
    assert " ".join(others) == SEPTIK[name]


def test_kazakh_cases_of_a_patronymic_are_those_of_a_possessive():
    assert list(kazakh_cases("Тоқаев Серік Оспанұлы").values())[1:] == [f"Тоқаев Серік {each}" for each in POSSESSED]
    assert kazakh_cases("Болатқызы")["dative"] == "Болатқызына"


@pytest.mark.parametrize(
    ("slip", "meant", "typed"),
    [
        (name_slips.cyrillic_on_english_layout, "Токаев Серик", "Njrftd Cthbr"),
        (name_slips.cyrillic_on_english_layout, "Бауыржан Ёлкин Юсуп", "<fesh;fy ~krby >ceg"),
        (name_slips.cyrillic_on_english_layout, "Серік Тоқаев", "Cth3r Nj0ftd"),
        (name_slips.cyrillic_on_english_layout, "Эльмира Хамит", '"kmvbhf {fvbn'),
        (name_slips.latin_on_russian_layout, "Serik", "Ыукшл"),
        (name_slips.latin_on_russian_layout, "Tokayev", "Ещлфнум"),
        (name_slips.kazakh_on_russian_layout, "Қайрат Әнуар Серік", ')айрат "нуар Сер3к'),
        (name_slips.on_russian_keyboard, "Жәңгір Ұлан Өркен Һалима", "Жангир Улан Оркен Халима"),
    ],
)
def test_keyboard_slip_is_as_typed(slip, meant, typed):
    assert slip(meant) == typed


def test_kazakh_layout_is_that_of_the_standard():
    assert "әіңғүұқөһ".translate(name_slips.TO_ENGLISH) == "2345890-="


@pytest.mark.parametrize("name", ["Серик Токаев", "Serik Tokayev"])
def test_mixed_scripts_look_the_same_and_are_not(name):
    mixed = name_slips.mix_scripts(random.Random(1), name)
    assert mixed != name
    assert len(mixed) == len(name)
    assert re.search("[а-яА-Я]", mixed)
    assert re.search("[a-zA-Z]", mixed)


def test_neighbouring_keys_are_those_beside():
    assert set(name_slips.neighbours("к")) == {"у", "е"}
    assert set(name_slips.neighbours("s")) == {"a", "d"}
    assert set(name_slips.neighbours("л")) == {"о", "д"}


@pytest.mark.parametrize("kind", name_slips.TYPOS)
def test_typo_is_one_and_repeats_with_its_seed(kind):
    name = "Серик Оспанович Токаев"
    slipped = name_slips.typo(kind, "1", name, frozenset())
    assert slipped == name_slips.typo(kind, "1", name, frozenset())
    assert slipped != name
    assert len(slipped) - len(name) == {"doubled": 1, "dropped": -1}.get(kind, 0)
    assert [word[0] for word in slipped.split()] == [word[0] for word in name.split()]


def test_typo_that_makes_another_name_is_drawn_again():
    results = {name_slips.typo("dropped", str(n), "Марат", frozenset({"Мрат", "Маат"})) for n in range(50)}
    assert results == {"Мара", "Март"}


def test_table_holds_two_hundred_people_of_eight_peoples():
    everyone = people()
    assert len(everyone) >= 200
    assert {each.people for each in everyone} == {"kk", "ru", "ug", "uz", "ky", "ko", "de", "du"}
    assert sum(each.people == "kk" for each in everyone) >= 120
    assert sum(each.sex == "f" for each in everyone) >= 80
    assert sum(each.has_kazakh_patronymic for each in everyone) >= 80


def test_table_is_cyrillic_and_nobody_is_a_brother_of_another():
    everyone = people()
    for each in everyone:
        assert re.fullmatch(r"[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі -]+", str(each.kazakh))
        assert re.fullmatch(r"[А-Яа-яЁё -]+", str(each.russian))
    assert len({each.russian[1:] for each in everyone}) == len(everyone)
    assert len({(each.russian.given, each.russian.surname) for each in everyone}) == len(everyone)


def test_siblings_differ_in_the_given_name_alone():
    person = people()[0]
    found = siblings(person, 5)
    assert len(found) == 5
    assert found == siblings(person, 5)
    assert {each.kazakh[1:] for each in found} == {person.kazakh[1:]}
    assert person.kazakh.given not in {each.kazakh.given for each in found}
    assert len(siblings(person)) == len(givens("m", False)) - 1
