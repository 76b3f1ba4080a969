"""One word of a name: what part of a name it may be, in which forms it may be meant, and how each of them sounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache

from intake.reviewer.people import lexicon
from intake.reviewer.people.sounds import readings
from intake.reviewer.people.text import fold_text

_SHORTEST_STEM = 2
_SHORTEST_INFLECTED = 3
MAX_FORMS = 6
"""Forms kept of one word: as written first, then without one case ending or another."""


class Kind(StrEnum):
    """What part of a name a word looks like; `UNKNOWN` may be a given name or a surname without an ending."""

    GIVEN = "given name"
    SURNAME = "surname"
    PATRONYMIC = "patronymic"
    INITIAL = "initial"
    UNKNOWN = "name"


@dataclass(frozen=True)
class Form:
    """One form in which a word may be meant: as written, or the nominative a case ending was taken from.

    `sounds` are the readings of the whole, `stem` those without the ending of a surname or patronymic (empty
    when it has none), `family` that ending. `cost` is what it costs to take the word so, in wrong consonants.
    """

    text: str
    kind: Kind
    sounds: tuple[str, ...]
    stem: tuple[str, ...]
    family: str
    sex: str
    given: frozenset[int]
    cost: float = 0.0
    case: str = ""


@dataclass(frozen=True, eq=False)
class Word:
    """A word of a name with the forms it may be meant in; the first is the word as written."""

    text: str
    forms: tuple[Form, ...]

    @property
    def kind(self) -> Kind:
        """What part of a name the word as written looks like."""
        return self.forms[0].kind

    @property
    def sounds(self) -> tuple[str, ...]:
        """The readings of the word as written."""
        return self.forms[0].sounds


@lru_cache(maxsize=300_000)
def word(text: str) -> Word:
    """The word for a folded `text` of one chunk; a father's name before a separate `ұлы` comes as `father+ұлы`."""
    if len(text) == 1:
        return Word(text, (Form(text, Kind.INITIAL, readings(text), (), "", "u", frozenset()),))
    forms = [_form(text)]
    for nominative, cost, case in _nominatives(text, forms[0]):
        if len(forms) < MAX_FORMS and all(form.text != nominative for form in forms):
            form = _form(nominative)
            forms.append(replace(form, cost=cost, case=case))
    return Word(text, tuple(forms))


@lru_cache(maxsize=100_000)
def _form(text: str) -> Form:
    father, _, marker = text.partition("+")
    if marker:
        sex = lexicon.patronymic_words().get(marker, "u")
        return Form(
            text,
            Kind.PATRONYMIC,
            readings(father + marker),
            readings(father),
            "patronymic",
            sex,
            lexicon.given_names(father),
        )
    exact = text in lexicon.exact_given()
    if not exact:
        for ending in lexicon.patronymic_endings() + lexicon.surname_endings():
            if text.endswith(ending.text) and (form := _with_ending(text, ending)):
                return form
    given = lexicon.given_names(text)
    kind = Kind.GIVEN if given else Kind.UNKNOWN
    return Form(text, kind, readings(text), (), "", lexicon.sex_of_given(text), given)


def _with_ending(text: str, ending: lexicon.Ending) -> Form | None:
    stem = text[: -len(ending.text)].rstrip("'-")
    sounds = readings(stem)
    if len(stem) < _SHORTEST_STEM or not sounds:
        return None
    if ending.family == "patronymic":
        return Form(text, Kind.PATRONYMIC, readings(text), sounds, "patronymic", ending.sex, lexicon.given_names(stem))
    return Form(text, Kind.SURNAME, readings(text), sounds, ending.family, ending.sex, frozenset())


@cache
def _case_endings() -> tuple[tuple[str, str, str, str], ...]:
    """Rows (ending, nominative ending, part, language and case), longest ending first."""
    rows = {
        (fold_text(row[2]).strip("-"), fold_text(row[3]).strip("-"), row[1], f"{row[0]} {row[4]}")
        for row in lexicon.table("case_endings")
    }
    return tuple(sorted((row for row in rows if row[0]), key=lambda row: (-len(row[0]), row)))


def _nominatives(text: str, written: Form) -> list[tuple[str, float, str]]:
    """The nominatives `text` may be inflected from, with what each costs and the case: likely ones first."""
    found: dict[str, tuple[float, str]] = {}
    for ending, instead, part, case in _case_endings():
        if not text.endswith(ending) or len(text) - len(ending) < _SHORTEST_INFLECTED:
            continue
        nominative = text[: -len(ending)] + instead
        if nominative == text or nominative in found:
            continue
        form = _form(nominative)
        if part in ("patronymic", "surname") and form.kind != Kind(part):
            continue
        known = bool(form.given) and form.kind is Kind.GIVEN and not written.given
        typed = form.kind in (Kind.SURNAME, Kind.PATRONYMIC) and written.kind in (Kind.UNKNOWN, form.kind)
        found[nominative] = (0.1 if known or typed else 0.25, case)
    return sorted(((name, *why) for name, why in found.items()), key=lambda row: (row[1], -len(row[0]), row[0]))
