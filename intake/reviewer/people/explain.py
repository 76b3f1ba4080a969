"""Says in words how two names were lined up, what speaks for one name and what against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from intake.reviewer.people.align import Aligned, Alignment, align
from intake.reviewer.people.parts import parse_name
from intake.reviewer.people.score import MATCHED, calibration, similarity
from intake.reviewer.people.text import fold_text
from intake.reviewer.people.words import Kind, Word

LANGUAGES = ("en", "ru", "kk")
_EQUAL = 0.12
_POSSIBLE = 1 / 3
_CONFLICT = 0.85


class Verdict(StrEnum):
    """What two names are to each other, on names alone; only a person decides about people."""

    SAME = "same"
    POSSIBLE = "possible"
    RELATIVE = "possible relative"
    DIFFERENT = "different"


@dataclass(frozen=True)
class PartEvidence:
    """Two words lined up: the kind of part, both as folded, how many wrong consonants apart, the reason's key."""

    kind: Kind
    a: str
    b: str
    apart: float
    reason: str
    speaks_for: bool
    sentence: str


@dataclass(frozen=True)
class Explanation:
    """The score of two names and its reasons; `str()` gives them as sentences of the language asked for."""

    score: float
    verdict: Verdict
    verdict_in_words: str
    parts: tuple[PartEvidence, ...]
    speaks_for: tuple[str, ...]
    speaks_against: tuple[str, ...]
    neutral: tuple[str, ...]

    def __str__(self) -> str:
        """The verdict with the score, then a line for each reason: `+` for, `-` against, `.` neither."""
        lines = [f"{self.verdict_in_words} ({self.score:.2f})"]
        for sign, sentences in (("+", self.speaks_for), ("-", self.speaks_against), (".", self.neutral)):
            lines += [f"{sign} {sentence}" for sentence in sentences]
        return "\n".join(lines)


@cache
def _words(lang: str) -> dict[str, str]:
    """Templates of one language, English if unknown: by reason, and those of a group as `parts.surname`."""
    data = json.loads(files(__package__).joinpath("data/explain_words.json").read_text("utf-8"))
    chosen = data[lang if lang in LANGUAGES else "en"]
    flat = {key: value for key, value in chosen.items() if isinstance(value, str)}
    for group, values in chosen.items():
        if isinstance(values, dict):
            flat |= {f"{group}.{key}": value for key, value in values.items()}
    return flat


def explain(a: str, b: str, lang: str = "en") -> Explanation:
    """Why `similarity(a, b)` is what it is, in English (`en`), Russian (`ru`) or Kazakh (`kk`). Never raises."""
    words, score = _words(lang), similarity(a, b)
    one, other = parse_name(a), parse_name(b)
    if not one or not other:
        against = () if score == 1.0 else (words["no name"],)
        verdict = Verdict.SAME if score == 1.0 else Verdict.DIFFERENT
        return Explanation(score, verdict, words[f"verdicts.{verdict}"], (), (), against, ())
    found = align(one, other)
    parts = tuple(_evidence(aligned, words) for aligned in found.pairs)
    relation = _relation(parts)
    speaks_for = [part.sentence for part in parts if part.speaks_for]
    speaks_against = [part.sentence for part in parts if not part.speaks_for]
    if relation:
        speaks_against.append(words[relation])
    if not speaks_for:
        speaks_against.append(words["nothing"])
    verdict = _verdict(score, relation)
    neutral = tuple(_left_over(found, words))
    if fold_text(a) == fold_text(b):
        speaks_for = [words["same text"]]
    return Explanation(
        score, verdict, words[f"verdicts.{verdict}"], parts, tuple(speaks_for), tuple(speaks_against), neutral
    )


def _verdict(score: float, relation: str) -> Verdict:
    threshold = calibration().threshold
    if relation == "relatives":
        return Verdict.RELATIVE
    if score >= threshold:
        return Verdict.SAME
    if relation:
        return Verdict.RELATIVE
    return Verdict.POSSIBLE if score >= threshold * _POSSIBLE else Verdict.DIFFERENT


def _relation(parts: tuple[PartEvidence, ...]) -> str:
    """`relatives` when only the given name conflicts while surname and father's name answer; empty otherwise.

    A surname without an ending may look like a given name: beside the one that conflicts, it counts as a surname.
    """
    agreed = {part.kind for part in parts if part.speaks_for and part.reason != "initial"}
    conflict = [part.kind for part in parts if not part.speaks_for and part.apart >= _CONFLICT]
    if len(conflict) != 1 or conflict[0] not in (Kind.GIVEN, Kind.UNKNOWN):
        return ""
    if Kind.PATRONYMIC in agreed and len(agreed) > 1:
        return "relatives"
    return "relatives without father" if agreed & {Kind.SURNAME, Kind.UNKNOWN} else ""


def _evidence(aligned: Aligned, words: dict[str, str]) -> PartEvidence:
    found, a, b = aligned.pair, aligned.a, aligned.b
    matched = found.apart <= MATCHED or found.why == "damaged"
    reason = found.why
    if matched and not reason:
        reason = _same_reason(a, b) if found.apart <= _EQUAL else "near"
    if not matched and reason not in ("other initial", "other listed name", "other sex", "other place"):
        reason = "differs"
    sentence = words[reason].format(
        part=words[f"parts.{found.kind}"],
        a=_shown(a),
        b=_shown(b),
        how_a=words[f"spellings.{_spelling(a.text)}"],
        how_b=words[f"spellings.{_spelling(b.text)}"],
    )
    return PartEvidence(found.kind, _shown(a), _shown(b), found.apart, reason, matched, sentence)


def _same_reason(a: Word, b: Word) -> str:
    if a.text == b.text:
        return "same word"
    return "same in one spelling" if _spelling(a.text) == _spelling(b.text) else "same in spellings"


def _left_over(found: Alignment, words: dict[str, str]) -> Iterator[str]:
    left_a, left_b = (" ".join(map(_shown, left)) for left in (found.left_a, found.left_b))
    if left_a and left_b:
        yield words["not comparable"].format(a=left_a, b=left_b)
    elif left_a or left_b:
        yield words["one side"].format(a=left_a or left_b)
    if len(found.pairs) == 1 and found.pairs[0].pair.apart <= MATCHED:
        yield words["few words"]


def _shown(found: Word) -> str:
    return found.text.replace("+", " ").title().replace("'S", "'s")


def _spelling(text: str) -> str:
    if any(letter in "әғқңөұүһі" for letter in text):
        return "kk"
    if any("\u0400" <= letter <= "\u052f" for letter in text):
        return "ru"
    return "latin" if any(letter.isalpha() and letter < "\u0300" for letter in text) else "other"
