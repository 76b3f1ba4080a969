"""The word lists under intake/reviewer/people/data: each is a table of plain words that can be trusted as typed."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache
from importlib.resources import files

import pytest

from intake.reviewer.people.distance import nearest
from intake.reviewer.people.pairing import pair
from intake.reviewer.people.score import MATCHED
from intake.reviewer.people.sounds import readings
from intake.reviewer.people.words import LONGEST_ENDING, Kind
from intake.reviewer.people.words import word as word_of

MARKS = "-'’ʻ‘"
TABLES = {
    "given_names": 3,
    "given_names_world": 2,
    "short_forms": 3,
    "same_names": 1,
    "surnames": 2,
    "titles": 4,
    "endings": 4,
    "cases": 6,
}
LEAST_NAMES = {
    "kk": 900,
    "ru uk be pl": 250,
    "ky uz ug tt tg tk az ce hy ka tr fa": 500,
    "bg mn hy ka": 150,
}
LEAST_SURNAMES = {"kk": 700, "ru": 300, "uk be ky uz ug tt tg tk az ce hy ka de ko bg mn": 200}


@cache
def raw(table: str) -> str:
    return files("intake.reviewer.people").joinpath(f"data/{table}.tsv").read_text("utf-8")


@cache
def rows(table: str) -> tuple[tuple[str, ...], ...]:
    lines = [line for line in raw(table).splitlines() if not line.startswith("#")]
    return tuple(tuple(line.split("\t")) for line in lines)


@cache
def letter_script(letter: str) -> str:
    """`cyrillic`, `latin`, or what else the letter is."""
    name = unicodedata.name(letter)
    return name.split()[0].lower() if letter.isalpha() else name


def script(word: str) -> str:
    """`cyrillic`, `latin` or `mixed`; apostrophes and hyphens belong to either."""
    found = {letter_script(letter) for letter in word if letter not in MARKS}
    return found.pop() if found in ({"cyrillic"}, {"latin"}) else "mixed"


def words(table: str) -> list[str]:
    """Every word of a list of names, short forms included."""
    if table == "same_names":
        return [name for (group,) in rows(table) for name in group.split(",")]
    if table == "short_forms":
        return [name for short, fulls, _ in rows(table) for name in (short, *fulls.split(","))]
    return [row[0] for row in rows(table)]


def given_names() -> set[str]:
    return {row[0] for table in ("given_names", "given_names_world") for row in rows(table)}


@pytest.mark.parametrize("table", TABLES)
def test_table_parses(table: str) -> None:
    text = raw(table)
    assert text.endswith("\n")
    assert "\r" not in text
    assert unicodedata.is_normalized("NFC", text)
    for row in rows(table):
        assert len(row) == TABLES[table], row
        assert all(cell and cell == cell.strip() for cell in row), row


@pytest.mark.parametrize("table", TABLES)
def test_table_header_says_source(table: str) -> None:
    comments = [line for line in raw(table).splitlines() if line.startswith("#")]
    assert any(line.startswith("# columns: ") for line in comments)
    assert "# written from general knowledge; not taken from any list" in comments


@pytest.mark.parametrize("table", ["given_names", "given_names_world", "surnames", "titles"])
def test_words_are_listed_once(table: str) -> None:
    assert [word for word, times in Counter(words(table)).items() if times > 1] == []


@pytest.mark.parametrize("table", ["short_forms", "same_names", "endings", "cases"])
def test_rows_are_listed_once(table: str) -> None:
    assert [row for row, times in Counter(rows(table)).items() if times > 1] == []


@pytest.mark.parametrize("table", ["given_names", "given_names_world", "short_forms", "same_names", "surnames"])
def test_words_are_of_one_script(table: str) -> None:
    allowed = {"given_names": {"cyrillic"}, "surnames": {"cyrillic"}, "given_names_world": {"latin"}}
    for word in words(table):
        assert script(word) in allowed.get(table, {"cyrillic", "latin"}), word


@pytest.mark.parametrize("table", ["given_names", "given_names_world", "short_forms", "same_names", "surnames"])
def test_names_begin_with_a_capital(table: str) -> None:
    assert [word for word in words(table) if not word[0].isupper() or word[-1] in MARKS] == []


@pytest.mark.parametrize("table", ["titles", "endings"])
def test_endings_and_titles_are_lower_case(table: str) -> None:
    for word in words(table):
        assert word == word.lower(), word
        assert script(word.replace(".", "")) in {"cyrillic", "latin"}, word


@pytest.mark.parametrize("table", ["given_names", "given_names_world"])
def test_given_names_tell_the_sex(table: str) -> None:
    assert {row[1] for row in rows(table)} == {"m", "f", "u"}


def test_endings_tell_kind_and_sex() -> None:
    assert {row[3] for row in rows("endings")} == {"m", "f", "u"}
    assert {row[1] for row in rows("endings")} == {"patronymic", "surname", "word"}
    assert max(len(row[0]) for row in rows("endings") if row[1] != "word") <= LONGEST_ENDING


@pytest.mark.parametrize(("table", "least"), [("given_names", LEAST_NAMES), ("surnames", LEAST_SURNAMES)])
def test_groups_are_large_enough(table: str, least: dict[str, int]) -> None:
    for groups, number in least.items():
        found = sum(1 for row in rows(table) if not set(row[-1].split(",")).isdisjoint(groups.split()))
        assert found >= number, groups


def test_world_names_are_enough() -> None:
    assert len(rows("given_names_world")) >= 700


def test_short_forms_have_listed_full_names() -> None:
    listed = given_names()
    for short, fulls, strength in rows("short_forms"):
        assert strength in {"1", "2", "3"}
        assert short not in fulls.split(",")
        assert set(fulls.split(",")) <= listed, short


def test_short_forms_give_each_full_name_once() -> None:
    pairs = Counter((short, full) for short, fulls, _ in rows("short_forms") for full in fulls.split(","))
    assert [pair for pair, times in pairs.items() if times > 1] == []


def test_short_forms_are_enough_in_both_scripts() -> None:
    scripts = Counter(script(short) for short in {row[0] for row in rows("short_forms")})
    assert scripts["cyrillic"] >= 600
    assert scripts["latin"] >= 250


def test_same_names_are_listed_given_names() -> None:
    listed = given_names()
    for (group,) in rows("same_names"):
        names = group.split(",")
        assert len(names) == len(set(names)) >= 2
        assert set(names) <= listed, group


def test_titles_that_may_be_names_are_marked() -> None:
    names = {word.lower() for table in ("given_names", "given_names_world", "surnames") for word in words(table)}
    for word, _, _, careful in rows("titles"):
        assert careful in {"0", "1"}
        assert careful == "1" or word not in names, word


def test_titles_are_no_initials() -> None:
    assert [word for word in words("titles") if len(word.strip(".")) < 2] == []


@pytest.mark.parametrize(
    ("patronymic", "father"),
    [
        ("Сергеевич", "Сергей"),
        ("Дмитриевна", "Дмитрий"),
        ("Васильевич", "Василий"),
        ("Игоревна", "Игорь"),
        ("Нұрбаевич", "Нұрбай"),
        ("Оспанұлы", "Оспан"),
        ("Серікқызы", "Серік"),
        ("Олександрівна", "Олександр"),
        ("Sergeyevich", "Sergey"),
        ("Iwanowitsch", "Iwan"),
        ("Serikuly", "Serik"),
        ("Serikqyzy", "Serik"),
    ],
)
def test_patronymic_leads_to_the_father(patronymic: str, father: str) -> None:
    form = word_of(patronymic.lower()).forms[0]
    assert form.kind is Kind.PATRONYMIC
    assert nearest(form.stem, readings(father.lower())) <= 0.4


def test_case_endings_change_the_word() -> None:
    for lang, part, ending, nominative, case, after in rows("cases"):
        assert lang in {"ru", "uk", "kk"}
        assert part in {"patronymic", "surname", "any"}
        assert case in {"gen", "dat", "acc", "ins", "prep", "loc", "abl", "attr", "pl"}
        assert ending != nominative
        assert after in {"*", "^"} or (after == after.lower() and script(after) == "cyrillic")


@pytest.mark.parametrize(
    ("nominative", "inflected"),
    [
        ("серик", "серика серику сериком серике"),
        ("игорь", "игоря игорю игорем игоре"),
        ("нурбай", "нурбая нурбаю нурбаем нурбае"),
        ("дмитрий", "дмитрия дмитрию дмитрием дмитрии"),
        ("динара", "динары динаре динару динарой"),
        ("ольга", "ольги ольге ольгу ольгой"),
        ("мария", "марии марию марией"),
        ("илья", "ильи илье илью ильёй ильей"),
        ("павел", "павла павлу павлом павле"),
        ("любовь", "любови любовью"),
        ("асель", "асели аселью"),
        ("иванович", "ивановича ивановичу ивановичем ивановиче"),
        ("ивановна", "ивановны ивановне ивановну ивановной"),
        ("тоқаев", "тоқаева тоқаеву тоқаевым тоқаеве тоқаевых"),
        ("тоқаева", "тоқаевой тоқаеву"),
        ("бородин", "бородина бородину бородиным бородине"),
        ("островский", "островского островскому островским островском"),
        ("островская", "островской островскую"),
        ("григорян", "григоряна григоряну григоряном григоряне"),
        ("шевчук", "шевчука шевчуку шевчуком шевчуке"),
        ("толстой", "толстого толстому толстым толстом"),
        ("андрій", "андрія андрію андрієм"),
        ("олена", "олени олені олену оленою"),
        ("серік", "серіктің серікке серікті серікте серіктен серікпен"),
        ("айгүл", "айгүлдің айгүлге айгүлді айгүлде айгүлден айгүлмен"),
        ("дана", "дананың данаға дананы данада данадан данамен"),
        ("ержан", "ержанның ержанға ержанды ержанда ержаннан ержанмен"),
        ("тоқаев", "тоқаевтың тоқаевқа тоқаевты тоқаевта тоқаевтан тоқаевпен"),
        ("тоқаева", "тоқаеваның тоқаеваға тоқаеваны тоқаевада тоқаевадан тоқаевамен"),
        ("оспанұлы", "оспанұлының оспанұлына оспанұлын оспанұлында оспанұлынан оспанұлымен"),
        ("оспанқызы", "оспанқызының оспанқызына оспанқызын оспанқызында оспанқызынан оспанқызымен"),
    ],
)
def test_case_endings_lead_to_the_nominative(nominative: str, inflected: str) -> None:
    for mentioned in inflected.split():
        assert pair(word_of(mentioned), word_of(nominative)).apart <= MATCHED, mentioned
