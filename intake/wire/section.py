"""The section body: what a witness wrote, as strict JSON (SPEC.md section 3)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from intake.wire.constants import (
    ANSWER_ID_PATTERN,
    ANSWER_LIST_MAX,
    ANSWER_MAX_CHARACTERS,
    CLOCK_STEP_MINUTES,
    LANGUAGES,
)
from intake.wire.encoding import errors_as, strict_json_dumps, strict_json_loads, utf8
from intake.wire.errors import SectionInvalid

Answer = str | bool | tuple[str, ...]

_KEYS: Final = ["form", "lang", "made", "answers"]
_ID: Final = re.compile(ANSWER_ID_PATTERN)
_MADE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True)
class SectionBody:
    """`form` and the keys of `answers`: ids, also such as forms.json does not have. `made`: UTC or "" when unknown.

    An answer is text of 1..20,000 code points, True, or 1..64 such texts. Making one checks it: SectionInvalid.
    """

    form: str
    lang: str
    made: str
    answers: dict[str, Answer]

    def __post_init__(self) -> None:
        _check_id(self.form)
        if self.lang not in LANGUAGES:
            raise SectionInvalid("an unknown language")
        _check_made(self.made)
        for answer_id, answer in self.answers.items():
            _check_id(answer_id)
            _check_answer(answer)


def _check_id(text: str) -> None:
    if not _ID.fullmatch(text):
        raise SectionInvalid("an id of another shape")


def _check_made(made: str) -> None:
    if made == "":
        return
    if not _MADE.fullmatch(made):
        raise SectionInvalid("a time of another shape")
    try:
        minute = datetime.fromisoformat(made).minute
    except ValueError:
        raise SectionInvalid("no such time") from None
    if minute % CLOCK_STEP_MINUTES:
        raise SectionInvalid("a time that is not rounded down")


def _check_answer(answer: Answer) -> None:
    if isinstance(answer, tuple):
        if not 1 <= len(answer) <= ANSWER_LIST_MAX:
            raise SectionInvalid("a list of none or too many")
        for item in answer:
            _check_text(item)
    elif answer is not True:
        _check_text(answer)


def _check_text(text: object) -> None:
    if not isinstance(text, str) or not 1 <= len(text) <= ANSWER_MAX_CHARACTERS:
        raise SectionInvalid("an answer that is empty, too long or of another type")


def _answer(value: object) -> Answer:
    if isinstance(value, list):
        return tuple(_text(item) for item in value)
    return True if value is True else _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise SectionInvalid("an answer of another type")
    return value


def parse_section(data: bytes) -> SectionBody:
    """Reads a section body; raises SectionInvalid for every byte that write_section would not have written."""
    with errors_as(SectionInvalid):
        fields = strict_json_loads(utf8(data))
    if list(fields) != _KEYS:
        raise SectionInvalid("not the four keys in their order")
    answers = fields["answers"]
    if not isinstance(answers, dict):
        raise SectionInvalid("answers are not an object")
    form, lang, made = (_text(fields[key]) for key in _KEYS[:3])
    return SectionBody(form, lang, made, {key: _answer(value) for key, value in answers.items()})


def write_section(section: SectionBody) -> bytes:
    """The one spelling of a section body; raises SectionInvalid for lone surrogates."""
    fields = {"form": section.form, "lang": section.lang, "made": section.made, "answers": section.answers}
    with errors_as(SectionInvalid):
        return strict_json_dumps(fields).encode()
