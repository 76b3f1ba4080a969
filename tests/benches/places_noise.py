"""Names of towns as people write them: declined, mistyped, on the wrong keyboard. Seeded: every run asks the same."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from intake.reviewer.people.places import Place

SEED = 20_190_609
TO_RUSSIAN_LETTERS = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
TO_DIGITS = str.maketrans("әіңғүұқӘІҢҒҮҰҚ", "23458902345890"[:14])
ENGLISH = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё"
BACK, VOICELESS = set("аоұыуюя"), set("пткқсшщчцхфһбвгд")
Pairs = list[tuple[str, str]]


def russian_cases(name: str) -> Iterator[str]:
    """The name after prepositions in genitive, dative, instrumental and locative, by its ending."""
    head, last, end = name.rpartition(" ")
    stem, endings = end, ("", "", "", "")
    if end.endswith(("ий", "ый", "ой")):
        stem, endings = end[:-2], ("ого", "ому", "им", "ом")
    elif end.endswith(("ое", "ее")):
        stem, endings = end[:-2], ("ого", "ому", "ым", "ом")
    elif end.endswith("а"):
        stem, endings = end[:-1], ("и" if end[-2] in "гкхжшчщ" else "ы", "е", "ой", "е")
    elif end.endswith("ь"):
        stem, endings = end[:-1], ("и", "и", "ью", "и")
    elif end.endswith("й"):
        stem, endings = end[:-1], ("я", "ю", "ем", "е")
    elif end.endswith("о") and end[-2:-1] in "внк":
        stem, endings = end[:-1], ("а", "у", "ом", "е")
    elif re.search("[бвгджзклмнпрстфхцчшщ]$", end):
        endings = ("а", "у", "ом", "е")
    for preposition, ending in zip(("из", "к", "под", "в"), endings, strict=True):
        yield f"{preposition} {head}{last}{stem}{ending}"


def kazakh_cases(name: str) -> Iterator[str]:
    """The name in the six oblique cases, by vowel harmony and by its last sound."""
    vowels = [letter for letter in name.lower() if letter in "аоұыуюяәөүіеиэё"]
    back = (vowels or ["а"])[-1] in BACK
    last = name[-1].lower()
    voiceless, nasal, vowel = last in VOICELESS, last in "мнң", last in "аоұыуюяәөүіеиэё"
    d = "т" if voiceless else "д"
    forms = [
        f"{'т' if voiceless else 'н' if vowel or nasal else 'д'}{'ың' if back else 'ің'}",
        f"{('қ' if back else 'к') if voiceless else ('ғ' if back else 'г')}{'а' if back else 'е'}",
        f"{'т' if voiceless else 'н' if vowel else 'д'}{'ы' if back else 'і'}",
        f"{d}{'а' if back else 'е'}",
        f"{'н' if nasal else d}{'ан' if back else 'ен'}",
        "пен" if voiceless else "мен",
        f"{d}{'ағы' if back else 'егі'}",
    ]
    for form in forms:
        yield f"{name} {form}" if form.endswith("ен") and form[0] in "пм" else name + form


def typo(name: str, chance: random.Random) -> str:
    """The name with one letter lost, doubled, swapped with the next or replaced; never the first."""
    at = chance.randrange(1, len(name) - 1)
    letters = "абвгдезиклмнопрстуы" if re.search("[а-я]", name) else "abcdefghiklmnoprstuy"
    return chance.choice(
        [
            name[:at] + name[at + 1 :],
            name[:at] + name[at] + name[at:],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
            name[:at] + chance.choice(letters) + name[at + 1 :],
        ]
    )


def noisy_names(places: list[Place]) -> dict[str, Pairs]:
    """For each kind of noise: pairs of a query and the present name it was made of."""
    chance = random.Random(SEED)
    present = [(p.name_kk, p.name_ru, p.name_en) for p in places]
    typed = [name for names in present for name in names if len(name) >= 5]
    english = str.maketrans(RUSSIAN + RUSSIAN.upper(), ENGLISH * 2)
    return {
        "russian_cases": [(query, ru) for _, ru, _ in present for query in russian_cases(ru)],
        "kazakh_cases": [(query, kk) for kk, _, _ in present for query in kazakh_cases(kk)],
        "city_word": [(f"г. {ru}", ru) for _, ru, _ in present] + [(f"{kk} қаласында", kk) for kk, _, _ in present],
        "one_typo": [(typo(name, chance), name) for name in typed],
        "russian_letters": [(q, kk) for kk, _, _ in present if (q := kk.translate(TO_RUSSIAN_LETTERS)) != kk],
        "digits_for_letters": [(q, kk) for kk, _, _ in present if (q := kk.translate(TO_DIGITS)) != kk],
        "english_layout": [(ru.lower().translate(english), ru) for _, ru, _ in present],
        "russian_layout": [(en.lower().translate(str.maketrans(ENGLISH, RUSSIAN)), en) for _, _, en in present],
    }
