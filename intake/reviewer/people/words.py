"""One word of a name: what part of a name it may be, in which forms it may be meant, and how each of them sounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache

from intake.reviewer.people import lexicon
from intake.reviewer.people.slips import slip
from intake.reviewer.people.sounds import readings
from intake.reviewer.people.text import fold_text

_SHORTEST_STEM = 2
_SHORTEST_INFLECTED = 2
_LONGEST_CASE = 7
_SLIPPED_ENDINGS = {
    **dict.fromkeys(("ович", "евич", "ovich", "evich", "ұлы", "улы"), "m"),
    **dict.fromkeys(("овна", "евна", "ovna", "evna", "қызы", "кызы", "qyzy", "kyzy"), "f"),
}
_COST_SLIPPED = 0.35
_LINKED = ("ин", "ян", "in", "yan")
_SHORTEST_LINKED = 5
"""Russian patronymics may put an `н` between a father's name in a vowel and `ович`: Яхия, Яхиянович."""
LONGEST_ENDING = 8
"""Letters of the longest ending in `data/endings.tsv`; a test holds it."""
MAX_FORMS = 6
"""Forms kept of one word: as written first, then without one case ending or another."""


class Kind(StrEnum):
    """What part of a name a word looks like; `UNKNOWN` may be a given name or a surname without an ending."""

    GIVEN = "given name"
    SURNAME = "surname"
    PATRONYMIC = "patronymic"
    INITIAL = "initial"
    UNKNOWN = "name"


@dataclass(frozen=True, slots=True)
class Form:
    """One form in which a word may be meant: as written, or the nominative a case ending was taken from.

    `sounds` are the readings of the whole, `stem` those without the ending of a surname or patronymic (empty
    when it has none), `family` that ending. `given` and `like` are the numbers of the listed given names that it,
    or the father in it, spells or resembles. `cost` is what it costs to take the word so, in wrong consonants.
    """

    text: str
    kind: Kind
    sounds: tuple[str, ...]
    stem: tuple[str, ...] = ()
    family: str = ""
    sex: str = "u"
    given: frozenset[int] = frozenset()
    like: frozenset[int] = frozenset()
    cost: float = 0.0
    case: str = ""


@dataclass(frozen=True, eq=False, slots=True)
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


@lru_cache(maxsize=12_000)
def word(text: str) -> Word:
    """The word for a folded `text` of one chunk; a father's name before a separate `ұлы` comes as `father+ұлы`."""
    if len(text) == 1 or text.endswith("."):
        return Word(text, (Form(text, Kind.INITIAL, readings(text)),))
    forms = [_form(text)]
    for form, cost, case in _nominatives(text, forms[0])[: MAX_FORMS - 1]:
        forms.append(replace(form, cost=cost, case=case))
    if forms[0].kind in (Kind.UNKNOWN, Kind.SURNAME) and (father := _slipped_patronymic(text)):
        forms.append(father)
    return Word(text, tuple(forms))


@lru_cache(maxsize=12_000)
def _form(text: str) -> Form:
    father, _, marker = text.partition("+")
    if marker:
        sex = lexicon.patronymic_words().get(marker, "u")
        sounds, stem = readings(father + marker), readings(father)
        return _patronymic(text, sounds, stem, father, sex)
    if text not in lexicon.exact_given() and (ended := _ended(text)):
        return ended
    given, like = lexicon.given_names(text), lexicon.like_given(text)
    kind = Kind.GIVEN if like else Kind.UNKNOWN
    return Form(text, kind, readings(text), sex=lexicon.sex_of_given(text), given=given, like=like)


def _slipped_patronymic(text: str) -> Form | None:
    """`text` as a patronymic in whose ending one finger slipped: Маратовис, Toktarovn."""
    for ending, sex in _SLIPPED_ENDINGS.items():
        for cut in (len(ending) + 1, len(ending), len(ending) - 1):
            stem = text[:-cut]
            if len(stem) > _SHORTEST_STEM and slip(text[-cut:], ending):
                form = _patronymic(text, readings(text), readings(stem), stem, sex)
                return replace(form, cost=_COST_SLIPPED)
    return None


def _patronymic(text: str, sounds: tuple[str, ...], stem: tuple[str, ...], father: str, sex: str) -> Form:
    given, like = lexicon.given_names(father), lexicon.like_given(father)
    return Form(text, Kind.PATRONYMIC, sounds, stem, sex=sex, given=given, like=like)


def _ended(text: str) -> Form | None:
    """The form of a word that has the ending of a patronymic or a surname, the longest there is."""
    endings = lexicon.endings()
    for length in range(min(LONGEST_ENDING, len(text) - _SHORTEST_STEM), 0, -1):
        if (ending := endings.get(text[-length:])) and (form := _with_ending(text, ending)):
            return form
    return None


def _with_ending(text: str, ending: lexicon.Ending) -> Form | None:
    stem = text[: -len(ending.text)].rstrip("'-")
    sounds = readings(stem)
    if len(stem) < _SHORTEST_STEM or not sounds:
        return None
    if not ending.family:
        if stem.endswith(_LINKED) and len(stem) > _SHORTEST_LINKED:
            sounds = (*sounds, *readings(stem[:-1]))
        return _patronymic(text, readings(text), sounds, stem, ending.sex)
    return Form(text, Kind.SURNAME, readings(text), sounds, ending.family, ending.sex)


@dataclass(frozen=True, slots=True)
class _Case:
    """What an ending of an inflected word may stand for: the ending of the nominative, after which letters."""

    nominative: str
    part: str
    case: str
    after: str

    def fits(self, stem: str) -> bool:
        """Whether `stem` may stand before the ending: `*` for any, `^` for none at all."""
        return self.after == "*" or (not stem if self.after == "^" else stem[-1:] in self.after)

    def suits(self, kind: Kind) -> bool:
        """Whether a nominative of `kind` may be inflected so; surnames like adjectives have no ending of their own."""
        if self.part == "surname" and self.nominative in ("ой", "ый", "ий", "ая"):
            return kind in (Kind.SURNAME, Kind.UNKNOWN)
        return self.part == "any" or kind is Kind(self.part)


@cache
def _case_endings() -> dict[str, tuple[_Case, ...]]:
    """For each ending of an inflected word, what it may stand for."""
    found: dict[str, list[_Case]] = {}
    for lang, part, ending, nominative, case, after in lexicon.table("cases"):
        row = _Case(fold_text(nominative.replace("0", "")), part, f"{lang} {case}", after)
        found.setdefault(fold_text(ending), []).append(row)
    return {ending: tuple(rows) for ending, rows in found.items()}


def _nominatives(text: str, written: Form) -> list[tuple[Form, float, str]]:
    """The forms `text` may be inflected from, with what each costs and the case: the likeliest first."""
    found: dict[str, tuple[Form, float, str]] = {}
    listed = text in lexicon.exact_given()
    for length in range(min(_LONGEST_CASE, len(text)), 0, -1):
        for row in _case_endings().get(text[-length:], ()):
            stem = text[:-length]
            whole = stem + row.nominative
            if (len(stem) < _SHORTEST_INFLECTED and row.after != "^") or not row.fits(stem) or whole in found:
                continue
            form = _form(whole) if whole in lexicon.exact_given() or row.part != "any" else _bare(whole)
            if whole == text or not row.suits(form.kind):
                continue
            typed = form.kind in (Kind.SURNAME, Kind.PATRONYMIC) and written.kind in (Kind.UNKNOWN, form.kind)
            sure = typed or form.kind is Kind.GIVEN
            found[whole] = (form, 0.25 if listed or not sure else 0.1, row.case)
    return sorted(found.values(), key=lambda row: (row[1], len(row[0].text), row[0].text))


def _bare(text: str) -> Form:
    """A form that no list is asked about, but for the endings of surnames and patronymics."""
    form = _ended(text)
    return form or Form(text, Kind.UNKNOWN, readings(text))
