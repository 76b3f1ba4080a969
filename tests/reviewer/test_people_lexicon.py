"""The word lists under intake/reviewer/people/data: each is a table of plain words that can be trusted as typed."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache
from importlib.resources import files

import pytest

MARKS = "-'’ʻ‘"
TABLES = {
    "given_names": 3,
    "given_names_world": 2,
    "short_forms": 3,
    "same_names": 1,
    "surnames": 2,
    "titles": 4,
    "patronymics": 5,
    "surname_endings": 4,
    "case_endings": 6,
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


@pytest.mark.parametrize("table", ["short_forms", "same_names", "patronymics", "surname_endings", "case_endings"])
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


@pytest.mark.parametrize("table", ["titles", "patronymics", "surname_endings"])
def test_endings_and_titles_are_lower_case(table: str) -> None:
    for word in words(table):
        assert word == word.lower(), word
        assert script(word.replace(".", "")) in {"cyrillic", "latin"}, word


@pytest.mark.parametrize("table", ["given_names", "given_names_world"])
def test_given_names_tell_the_sex(table: str) -> None:
    assert {row[1] for row in rows(table)} == {"m", "f", "u"}


@pytest.mark.parametrize("table", ["patronymics", "surname_endings"])
def test_endings_tell_the_sex(table: str) -> None:
    assert {row[2] for row in rows(table)} == {"m", "f", "u"}


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


def test_patronymics_have_known_roles() -> None:
    assert {row[1] for row in rows("patronymics")} == {"suffix", "word"}
    for form, role, *_, rule in rows("patronymics"):
        assert (role == "word") == (rule in {"before", "after"}), form


@pytest.mark.parametrize(
    ("patronymic", "father"),
    [
        ("Сергеевич", "Сергей"),
        ("Дмитриевна", "Дмитрий"),
        ("Васильевич", "Василий"),
        ("Ильич", "Илья"),
        ("Никитична", "Никита"),
        ("Игоревна", "Игорь"),
        ("Львович", "Лев"),
        ("Палыч", "Павел"),
        ("Николаич", "Николай"),
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
    word = patronymic.lower()
    found = set()
    for form, role, _, _, rule in rows("patronymics"):
        if role == "suffix" and word.endswith(form):
            found |= {word.removesuffix(form) + ending.strip("0") for ending in rule.split(",")}
    assert father.lower() in found


def test_case_endings_change_the_word() -> None:
    for lang, part, ending, nominative, case, after in rows("case_endings"):
        assert lang in {"ru", "uk", "kk"}
        assert part in {"given", "patronymic", "surname", "any"}
        assert case in {"gen", "dat", "acc", "ins", "prep", "loc", "abl", "attr", "pl"}
        assert ending != nominative
        assert after in {"*", "^"} or (after == after.lower() and script(after) == "cyrillic")


def nominatives(word: str, lang: str, part: str) -> set[str]:
    """What the table makes of an inflected word."""
    found = set()
    for row_lang, row_part, ending, nominative, _, after in rows("case_endings"):
        rest = word.removesuffix(ending)
        if row_lang != lang or row_part not in {part, "any"} or rest == word:
            continue
        if (after == "^" and rest) or (after not in "*^" and not (rest and rest[-1] in after)):
            continue
        found.add(rest + ("" if nominative == "0" else nominative))
    return found


@pytest.mark.parametrize(
    ("nominative", "lang", "part", "inflected"),
    [
        ("серик", "ru", "given", "серика серику сериком серике"),
        ("игорь", "ru", "given", "игоря игорю игорем игоре"),
        ("нурбай", "ru", "given", "нурбая нурбаю нурбаем нурбае"),
        ("дмитрий", "ru", "given", "дмитрия дмитрию дмитрием дмитрии"),
        ("динара", "ru", "given", "динары динаре динару динарой"),
        ("ольга", "ru", "given", "ольги ольге ольгу ольгой"),
        ("мария", "ru", "given", "марии марию марией"),
        ("илья", "ru", "given", "ильи илье илью ильёй ильей"),
        ("павел", "ru", "given", "павла павлу павлом павле"),
        ("любовь", "ru", "given", "любови любовью"),
        ("асель", "ru", "given", "асели аселью"),
        ("иванович", "ru", "patronymic", "ивановича ивановичу ивановичем ивановиче"),
        ("ивановна", "ru", "patronymic", "ивановны ивановне ивановну ивановной"),
        ("тоқаев", "ru", "surname", "тоқаева тоқаеву тоқаевым тоқаеве тоқаевых"),
        ("тоқаева", "ru", "surname", "тоқаевой тоқаеву"),
        ("бородин", "ru", "surname", "бородина бородину бородиным бородине"),
        ("островский", "ru", "surname", "островского островскому островским островском"),
        ("островская", "ru", "surname", "островской островскую"),
        ("григорян", "ru", "surname", "григоряна григоряну григоряном григоряне"),
        ("шевчук", "ru", "surname", "шевчука шевчуку шевчуком шевчуке"),
        ("толстой", "ru", "surname", "толстого толстому толстым толстом"),
        ("андрій", "uk", "given", "андрія андрію андрієм"),
        ("олена", "uk", "given", "олени олені олену оленою"),
        ("серік", "kk", "given", "серіктің серікке серікті серікте серіктен серікпен"),
        ("айгүл", "kk", "given", "айгүлдің айгүлге айгүлді айгүлде айгүлден айгүлмен"),
        ("дана", "kk", "given", "дананың данаға дананы данада данадан данамен"),
        ("ержан", "kk", "given", "ержанның ержанға ержанды ержанда ержаннан ержанмен"),
        ("тоқаев", "kk", "surname", "тоқаевтың тоқаевқа тоқаевты тоқаевта тоқаевтан тоқаевпен"),
        ("тоқаева", "kk", "surname", "тоқаеваның тоқаеваға тоқаеваны тоқаевада тоқаевадан тоқаевамен"),
        ("оспанұлы", "kk", "patronymic", "оспанұлының оспанұлына оспанұлын оспанұлында оспанұлынан оспанұлымен"),
        ("оспанқызы", "kk", "patronymic", "оспанқызының оспанқызына оспанқызын оспанқызында оспанқызынан оспанқызымен"),
    ],
)
def test_case_endings_lead_to_the_nominative(nominative: str, lang: str, part: str, inflected: str) -> None:
    for word in inflected.split():
        assert nominative in nominatives(word, lang, part), word
