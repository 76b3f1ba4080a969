"""Every spelling in which one person's name is met: an oracle that shares nothing with the product's own tables.

letters_kazakh.tsv, from Kazakh Cyrillic:

* qazaqparat: the Latin of the state news agency, 2004;
* apostrophes2017: decree 569 of the President of Kazakhstan, 26 October 2017, letters with an apostrophe;
* acutes2018: decree 637, 19 February 2018, acutes, ı for и and й, sh, ch;
* institute2019: the proposal of the Baitursynov Institute of Linguistics, November 2019 (ä ç ğ ŋ ö ş ü w);
* january2021: shown to the government on 28 January 2021 (31 letters; ū for ұ, i for и and й, ı for і, ŋ);
* april2021: the same with ñ for ң, draft decree of 22 April 2021; letters for foreign words as its users write them;
* bgn1979: BGN/PCGN romanization of Kazakh, 1979, confirmed 2019;
* ics2015: ICS 630-01 annex Q, romanization of Kazakh personal names, 2015;
* passport: what identity documents of Kazakhstan show for a Kazakh name (no marks, zh, kh);
* turkish: Turkish press.

letters_russian.tsv, from Russian Cyrillic:

* english: BGN/PCGN 1947 for Russian as English press shortens it (no marks, -y for -ий);
* plain: ALA-LC without marks; icao: ICAO Doc 9303 part 3, section 6 B;
* german: Duden; french: the press's rules (ou, ch, tch, ï, gu before e and i); polish: PWN, two ways for е;
* turkish: Turkish press.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from pathlib import Path

from tests.suites.name_table import Parts, Person

FOLDER = Path(__file__).resolve().parent
DOTTED = {"qazaqparat", "institute2019", "january2021", "april2021", "turkish"}
"""Alphabets in which the capital of i is İ, because they have ı as well."""
RUSSIFIED = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
VOWELS = "аеёиоуыэюя"
CONSONANTS = "бвгджзйклмнпрстфхцчшщ"
AFTER_VOWEL = f"(?:^|(?<=[{VOWELS}йьъ]))"
BETWEEN_VOWELS = f"(?<=[{VOWELS}])с(?=[{VOWELS}])"
Rules = tuple[tuple[str, str], ...]

IE_TO_YE: Rules = ((f"{AFTER_VOWEL}е", "ye"),)
ENGLISH: Rules = ((r"[иы]й$", "y"), *IE_TO_YE)
GERMAN: Rules = (
    (r"ий$", "i"),
    (f"{AFTER_VOWEL}е", "je"),
    (BETWEEN_VOWELS, "ss"),
    (r"кс", "x"),
    (r"(?<=[жшчщ])ё", "o"),
)
FRENCH: Rules = (
    (r"ий$", "i"),
    (r"ин$", "ine"),
    (r"(?<=[аоы])е", "ïe"),
    (BETWEEN_VOWELS, "ss"),
    (r"г(?=[еэиы])", "gu"),
)
POLISH: Rules = (
    (r"ский$", "ski"),
    (r"ская$", "ska"),
    (r"ий$", "ij"),
    (r"ль", "l"),
    (f"{AFTER_VOWEL}е", "je"),
    (r"л(?=л[еиюяё])", "l"),
    (f"л(?=[аоуыэъ{CONSONANTS}]|$)", "ł"),
    (f"(?<=[{CONSONANTS}])ю", "iu"),
    (f"(?<=[{CONSONANTS}])я", "ia"),
    (r"(?<=[жшц])и", "y"),
)
POLISH_SOFT: Rules = (*POLISH, (r"(?<=[бвгдзкмнпрстфх])е", "ie"))
TURKISH: Rules = ((f"(?<=[{VOWELS}])е", "ye"),)


@cache
def letters(table: str) -> dict[str, dict[str, str]]:
    """The columns of letters_TABLE.tsv: scheme -> small Cyrillic letter -> what it becomes, maybe nothing."""
    with (FOLDER / f"letters_{table}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    schemes = [name for name in rows[0] if name != "letter"]
    return {each: {row["letter"]: row[each].replace("-", "") for row in rows} for each in schemes}


def capital(word: str, dotted: bool) -> str:
    """`word` with its first letter a capital."""
    return ("İ" if dotted and word[0] == "i" else word[0].upper()) + word[1:]


def transcribe(text: str, table: str, scheme: str, rules: Rules = ()) -> str:
    """`text` letter by letter after `rules` (pattern, replacement) were applied to each word in small letters."""
    column = letters(table)[scheme]

    def one(match: re.Match[str]) -> str:
        word = match[0].lower()
        for pattern, replacement in rules:
            word = re.sub(pattern, replacement, word)
        return capital("".join(column.get(letter, letter) for letter in word), scheme in DOTTED)

    return re.sub(r"\w+", one, text)


def bare(text: str) -> str:
    """Latin letters without their marks, as typed on a phone that has no others."""
    stripped = (each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
    return "".join(stripped).replace("ı", "i").replace("ł", "l").replace("Ł", "L")


def russified(text: str) -> str:
    """Kazakh letters replaced as on a Russian keyboard and in most Russian documents (ә is а, ө is о, һ is х)."""
    return text.translate(RUSSIFIED)


def set_apart(patronymic: str) -> str:
    """Оспанұлы as Оспан ұлы; other patronymics unchanged."""
    return re.sub(r"(?<=\w)(ұлы|қызы)$", r" \1", patronymic)


def as_in_passport(parts: Parts, table: str, scheme: str, rules: Rules = ()) -> str:
    """SURNAME GIVEN in capitals; passports of Kazakhstan give no patronymic in Latin."""
    return transcribe(f"{parts.surname} {parts.given}", table, scheme, rules).upper()


def kazakh_spellings(person: Person) -> dict[str, str]:
    """Spellings made from the Kazakh Cyrillic one: scheme -> full name."""
    full = str(person.kazakh)
    alphabets = [scheme for scheme in letters("kazakh") if scheme != "passport"]
    found = {"kazakh": full} | {each: transcribe(full, "kazakh", each) for each in alphabets}
    found["turkish-kazakh"] = found.pop("turkish")
    found["apostrophes2017-curly"] = found["apostrophes2017"].replace("'", "’")
    found["apostrophes2017-letter"] = found["apostrophes2017"].replace("'", "ʼ")
    found["qazaqparat-bare"] = bare(found["qazaqparat"])
    found["april2021-bare"] = bare(found["april2021"])
    found["passport-kazakh"] = as_in_passport(person.kazakh, "kazakh", "passport")
    if person.has_kazakh_patronymic:
        parts = person.kazakh
        found["kazakh-apart"] = str(parts._replace(patronymic=set_apart(parts.patronymic)))
    if not person.has_russian_names:
        found["turkish-c"] = transcribe(full, "kazakh", "turkish", (("ж", "c"),))
    return found


def russian_spellings(person: Person) -> dict[str, str]:
    """Spellings made from the Russian Cyrillic one: scheme -> full name."""
    full = str(person.russian)
    found = {
        "russian": full,
        "english": transcribe(full, "russian", "english", ENGLISH),
        "plain": transcribe(full, "russian", "plain"),
        "german": transcribe(full, "russian", "german", GERMAN),
        "french": transcribe(full, "russian", "french", FRENCH),
        "polish-soft": transcribe(full, "russian", "polish", POLISH_SOFT),
        "turkish": transcribe(full, "russian", "turkish", TURKISH),
        "passport-icao": as_in_passport(person.russian, "russian", "icao"),
        "passport-ss": as_in_passport(person.russian, "russian", "english", ((BETWEEN_VOWELS, "ss"), *IE_TO_YE)),
    }
    if person.has_kazakh_patronymic:
        found["russian-uly"] = str(person.russian._replace(patronymic=russified(person.kazakh.patronymic)))
    if not person.has_russian_names:
        found |= {
            "english-j": transcribe(full, "russian", "plain", (("ж", "j"),)),
            "english-dzh": transcribe(full, "russian", "english", (("^ж", "dzh"), *ENGLISH)),
            "german-dsch": transcribe(full, "russian", "german", (("^ж", "dsch"), *GERMAN)),
            "french-dj": transcribe(full, "russian", "french", (("^ж", "dj"), *FRENCH)),
            "polish": transcribe(full, "russian", "polish", POLISH),
        }
    return found


@cache
def spellings(person: Person) -> dict[str, str]:
    """Every spelling of one person's name: scheme -> full name; some are equal, `kazakh` is the original."""
    return kazakh_spellings(person) | russian_spellings(person)
