"""Names as sources wrote them, kept letter by letter; what they mean is for the matcher to say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from intake.reviewer.errors import ClaimInvalid
from intake.reviewer.people.plain import Plain, check_kind, check_text, read_fields, read_maybe, read_text, read_word
from intake.reviewer.people.vocabulary import HeardOrRead, Script

NAME_CHARACTERS: Final = 200
_PARTS = ("family", "given", "patronymic", "father")
_KAZAKH_LETTERS = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_ARABIC = re.compile("[\u0600-\u06ff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_SCRIPTS: Final = {Script.CYRL_RU: _CYRILLIC, Script.ARAB: _ARABIC, Script.LATN: _LATIN}


@dataclass(frozen=True)
class NameParts:
    """The parts of a name where the source itself told them apart; None is not told. At least one is there."""

    family: str | None = None
    given: str | None = None
    patronymic: str | None = None
    father: str | None = None

    def __post_init__(self) -> None:
        told = [each for each in (self.family, self.given, self.patronymic, self.father) if each is not None]
        if not told:
            raise ClaimInvalid("parts of a name: none is told")
        for each in told:
            check_text(each, "part of a name", NAME_CHARACTERS)

    def to_dict(self) -> Plain:
        """Return {"family", "given", "patronymic", "father"}."""
        named = {"family": self.family, "given": self.given}
        return {**named, "patronymic": self.patronymic, "father": self.father}

    @classmethod
    def from_dict(cls, data: object) -> NameParts:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "parts of a name", *_PARTS)
        told = (read_maybe(lambda value: read_text(value, "part of a name"), fields[each]) for each in _PARTS)
        return cls(*told)


@dataclass(frozen=True)
class NameForm:
    """A name exactly as one source wrote it; a person has many. At most 200 characters on one line."""

    as_written: str
    script: Script = Script.UNKNOWN
    heard_or_read: HeardOrRead = HeardOrRead.UNKNOWN
    parts: NameParts | None = None

    def __post_init__(self) -> None:
        check_text(self.as_written, "name", NAME_CHARACTERS)
        check_kind(self.script, Script, "script")
        check_kind(self.heard_or_read, HeardOrRead, "heard or read")
        check_kind(self.parts, NameParts | None, "parts of a name")

    @classmethod
    def written(cls, text: str, heard_or_read: HeardOrRead = HeardOrRead.UNKNOWN) -> NameForm:
        """Make a form whose script is told by its letters."""
        return cls(text, guess_script(text), heard_or_read)

    def to_dict(self) -> Plain:
        """Return {"as_written", "script", "heard_or_read", "parts"}."""
        parts = self.parts and self.parts.to_dict()
        named: Plain = {"as_written": self.as_written, "script": str(self.script)}
        return named | {"heard_or_read": str(self.heard_or_read), "parts": parts}

    @classmethod
    def from_dict(cls, data: object) -> NameForm:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "name", "as_written", "script", "heard_or_read", "parts")
        return cls(
            read_text(fields["as_written"], "name"),
            read_word(Script, fields["script"], "script"),
            read_word(HeardOrRead, fields["heard_or_read"], "heard or read"),
            read_maybe(NameParts.from_dict, fields["parts"]),
        )


def guess_script(text: str) -> Script:
    """Return the script of the letters; UNKNOWN for none or for a mixture, Kazakh for a letter Russian lacks."""
    found = [each for each, letters in _SCRIPTS.items() if letters.search(text)]
    if found != [Script.CYRL_RU]:
        return found[0] if len(found) == 1 else Script.UNKNOWN
    return Script.CYRL_KK if _KAZAKH_LETTERS.search(text) else Script.CYRL_RU
