"""Reasons as sentences in English, Russian and Kazakh, from the templates of data/evidence_words.json.

What a source wrote (names, places) goes into the sentences as it is; whoever prints them cleans them for the screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from intake.reviewer.people.evidence import NAME_CODES
from intake.reviewer.people.explain import LANGUAGES, explain
from intake.reviewer.people.models import ApproxTime, BirthYears, PlaceRef
from intake.reviewer.people.weights import Evidence, Value


@dataclass(frozen=True)
class Reasons:
    """Sentences for one person, against it, and what is worth knowing beside, each with the weightiest first."""

    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    notes: tuple[str, ...]


def reasons_in_words(evidence: Iterable[Evidence], lang: str) -> Reasons:
    """Return the sentences for some evidence; English for a language that is not en, ru or kk."""
    sentences: dict[str, list[str]] = {"for": [], "against": [], "note": []}
    for each in evidence:
        side = "for" if each.points > 0 else "against" if each.points < 0 else "note"
        if each.code in NAME_CODES:
            _tell_names(each, side, lang, sentences)
        else:
            sentences[side].append(sentence(each, lang))
    return Reasons(*(tuple(sentences[side]) for side in ("for", "against", "note")))


def sentence(evidence: Evidence, lang: str) -> str:
    """Return the sentence of one piece of evidence; raises ZoneDataUnusable for a time on a machine without zones."""
    shown = {name: _shown(value) for name, value in evidence.values.items()}
    return templates(lang)[evidence.code].format(**shown)


@cache
def templates(lang: str) -> Mapping[str, str]:
    """Return the templates of a language by the codes of evidence; English for an unknown one."""
    data: dict[str, dict[str, str]] = json.loads(
        files(__package__).joinpath("data/evidence_words.json").read_text("utf-8")
    )
    return data[lang if lang in LANGUAGES else "en"]


def _tell_names(evidence: Evidence, side: str, lang: str, sentences: dict[str, list[str]]) -> None:
    """Split what the matcher says of two names: each part's reason goes to the side it speaks for."""
    told = explain(str(evidence.values["first"]), str(evidence.values["second"]), lang)
    reasons = {"for": told.speaks_for, "against": told.speaks_against, "note": told.neutral}
    own = reasons.pop(side)
    sentences[side].append("; ".join([sentence(evidence, lang), *own]) + ".")
    for other, lines in reasons.items():
        sentences[other].extend(f"{line}." for line in lines)


def _shown(value: Value) -> str:
    if isinstance(value, ApproxTime):
        return value.local()
    if isinstance(value, BirthYears):
        ends = [str(each) if each is not None else ".." for each in (value.earliest, value.latest)]
        return ends[0] if ends[0] == ends[1] else "–".join(ends)
    return value.as_said if isinstance(value, PlaceRef) else str(value)
