"""Names in the six cases of Russian and the seven of Kazakh: an oracle, checked against forms written by hand.

Russian: after Rosenthal's handbook of spelling and style, on names and surnames: men's names and surnames in a
consonant decline, women's do not; -улы, -кызы, -о, -е, -и, -у, -ых stay as they are.
Kazakh: the seven септік; only the last word of a name changes. The ending agrees with the last vowel (front or back)
and the last sound (vowel, nasal, voiced, voiceless); after a possessive (-ұлы, -қызы) it has forms of its own.
"""

from __future__ import annotations

from tests.suites.name_table import Parts

RUSSIAN_CASES = ("nominative", "genitive", "dative", "accusative", "instrumental", "prepositional")
KAZAKH_CASES = ("nominative", "genitive", "dative", "accusative", "locative", "ablative", "instrumental")
Endings = tuple[str, str, str, str, str]

NOUN_HARD: Endings = ("а", "у", "а", "ом", "е")
NOUN_HUSHED: Endings = ("а", "у", "а", "ем", "е")
NOUN_SOFT: Endings = ("я", "ю", "я", "ем", "е")
NOUN_IY: Endings = ("я", "ю", "я", "ем", "и")
NOUN_A: Endings = ("ы", "е", "у", "ой", "е")
NOUN_A_VELAR: Endings = ("и", "е", "у", "ой", "е")
NOUN_A_HUSHED: Endings = ("и", "е", "у", "ей", "е")
NOUN_YA: Endings = ("и", "е", "ю", "ей", "е")
NOUN_IYA: Endings = ("и", "и", "ю", "ей", "и")
NOUN_THIRD: Endings = ("и", "и", "ь", "ью", "и")
SURNAME_OV: Endings = ("а", "у", "а", "ым", "е")
SURNAME_OVA: Endings = ("ой", "ой", "у", "ой", "ой")
SURNAME_SKY: Endings = ("ого", "ому", "ого", "им", "ом")
SURNAME_SKAYA: Endings = ("ой", "ой", "ую", "ой", "ой")
CONSONANTS = "бвгджзклмнпрстфхцчшщ"
STEMS = {"Пётр": "Петр"}
"""Names whose stem changes before an ending."""


def noun(word: str, sex: str) -> tuple[str, Endings | None]:
    """The stem and the endings of a given name, or of a surname that declines like a noun; None when it does not."""
    last = word[-1]
    if word.endswith("ия"):
        return word[:-1], NOUN_IYA
    if last == "я":
        return word[:-1], NOUN_YA
    if last == "а":
        return word[:-1], NOUN_A_VELAR if word[-2] in "гкх" else NOUN_A_HUSHED if word[-2] in "жшчщц" else NOUN_A
    if sex == "f":
        return (word[:-1], NOUN_THIRD) if last == "ь" else (word, None)
    if last in "йь":
        return word[:-1], NOUN_IY if word.endswith("ий") else NOUN_SOFT
    if last in CONSONANTS and not word.endswith(("ых", "их")):
        return STEMS.get(word, word), NOUN_HUSHED if last in "жшчщц" else NOUN_HARD
    return word, None


def surname(word: str, sex: str) -> tuple[str, Endings | None]:
    """The stem and the endings of a surname."""
    if sex == "m" and word.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return word, SURNAME_OV
    if sex == "f" and word.endswith(("ова", "ева", "ёва", "ина", "ына")):
        return word[:-1], SURNAME_OVA
    if word.endswith(("ский", "цкий")):
        return word[:-2], SURNAME_SKY
    if word.endswith(("ская", "цкая")):
        return word[:-2], SURNAME_SKAYA
    return noun(word, sex)


def patronymic(word: str, sex: str) -> tuple[str, Endings | None]:
    """The stem and the endings of a patronymic; -улы and -кызы have none."""
    return (word, None) if word.endswith(("улы", "кызы")) else noun(word, sex)


def forms(word: str, declined: tuple[str, Endings | None]) -> tuple[str, ...]:
    """All six forms of `word`, in the order of RUSSIAN_CASES."""
    stem, endings = declined
    return (word, *(stem + ending for ending in endings)) if endings else (word,) * 6


def given_forms(word: str, sex: str) -> tuple[str, ...]:
    """All six forms of a given name; of two joined by a hyphen only the second changes, as in Абд-Рахмана."""
    head, hyphen, last = word.rpartition("-")
    return tuple(head + hyphen + form for form in forms(last, noun(last, sex)))


def russian_cases(parts: Parts, sex: str) -> dict[str, Parts]:
    """A full Russian name in every case: case -> parts."""
    rows = zip(
        given_forms(parts.given, sex),
        forms(parts.patronymic, patronymic(parts.patronymic, sex)),
        forms(parts.surname, surname(parts.surname, sex)),
        strict=True,
    )
    return {case: Parts(*row) for case, row in zip(RUSSIAN_CASES, rows, strict=True)}


BACK, FRONT = "аоұыяюё", "әөүіеэ"
KAZAKH_VOWELS = "аәоөұүыіеэяюё"
NASAL, VOICED, HISSING = "мнң", "лрйуи", "жз"
POSSESSIVE = ("ұлы", "қызы")


def is_front(word: str) -> bool:
    """Whether endings of `word` take front vowels: its last vowel decides, before -ов and -ев that of the stem.

    и and у are neither; but и before a consonant and ь, as in Russian names, call for front vowels (Дмитрийдің).
    """
    small = word.lower()
    if small.endswith("ь"):
        return True
    if small.endswith(("ов", "ев")):
        small = small[:-2]
    decisive = [letter for letter in small if letter in BACK + FRONT + "и"]
    if small[-1] != "и" and decisive[-1:] == ["и"]:
        return True
    clear = [letter for letter in decisive if letter != "и"]
    return clear[-1] in FRONT if clear else True


def endings_of_possessive() -> tuple[str, ...]:
    """After -ұлы and -қызы, which are always back: -ның -на -н -нда -нан -мен."""
    return ("ның", "на", "н", "нда", "нан", "мен")


def consonants_for(last: str) -> tuple[str, str, str, str, str, str]:
    """The first letters of the six endings after the sound `last`."""
    if last in KAZAKH_VOWELS:
        return "н", "ғ", "н", "д", "д", "м"
    if last in NASAL:
        return "н", "ғ", "д", "д", "н", "м"
    if last in VOICED:
        return "д", "ғ", "д", "д", "д", "м"
    if last in HISSING:
        return "д", "ғ", "д", "д", "д", "б"
    return "т", "қ", "т", "т", "т", "п"


def kazakh_endings(word: str) -> tuple[str, ...]:
    """The endings of `word` in the six cases after the nominative."""
    small = word.lower()
    if small.endswith(POSSESSIVE):
        return endings_of_possessive()
    first = consonants_for(small.rstrip("ь")[-1])
    back = [first[0] + "ың", first[1] + "а", first[2] + "ы", first[3] + "а", first[4] + "ан", first[5] + "ен"]
    if is_front(word):
        back[:5] = ["".join(each).translate(str.maketrans("ыағқ", "іегк")) for each in back[:5]]
    return tuple(back)


def kazakh_cases(name: str) -> dict[str, str]:
    """A name of one or more words in every case; only the last word changes."""
    endings = kazakh_endings(name.rpartition(" ")[2])
    return dict(zip(KAZAKH_CASES, (name, *(name + ending for ending in endings)), strict=True))
