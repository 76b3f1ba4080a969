"""What a report says about a person, a place or a number, as uncertain as it was said: plain, frozen, storable.

Every type checks itself when made (ClaimInvalid), and `from_dict(to_dict(x)) == x`; anything else is refused.
Unknown is None or a word of the vocabulary, never a guess. Vocabularies follow HURIDOCS ESF and PFIF where they can.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from intake.reviewer.people.names import NAME_CHARACTERS, NameForm, NameParts, guess_script
from intake.reviewer.people.plain import (
    Plain,
    check_kind,
    check_order,
    check_text,
    check_whole,
    read_fields,
    read_maybe,
    read_text,
    read_whole,
    read_word,
)
from intake.reviewer.people.sources import TOKEN_CHARACTERS, Basis, Source
from intake.reviewer.people.spans import Span
from intake.reviewer.people.times import ApproxTime, PartOfDay, Precision, TimeBasis
from intake.reviewer.people.vocabulary import (
    AGES,
    AgeBand,
    BasisKind,
    CountBasis,
    HeardOrRead,
    PlaceKind,
    Script,
    Sex,
)

__all__ = (
    "AgeBand",
    "ApproxTime",
    "Basis",
    "BasisKind",
    "BirthYears",
    "Count",
    "CountBasis",
    "HeardOrRead",
    "NameForm",
    "NameParts",
    "PartOfDay",
    "PlaceKind",
    "PlaceRef",
    "Precision",
    "Script",
    "Sex",
    "Source",
    "Span",
    "TimeBasis",
    "guess_script",
)

FIRST_BIRTH_YEAR: Final = 1890
LAST_BIRTH_YEAR: Final = 2199
MAX_AGE: Final = 120
MAX_COUNT: Final = 1_000_000
SAID_CHARACTERS: Final = 300


@dataclass(frozen=True)
class Count:
    """A number of people: at least `least`, at most `most` (None: nobody knows), who counted and how.

    "At least 700" is (700, None). Raises ClaimInvalid for negative numbers, more than 1,000,000, or most < least.
    """

    least: int
    most: int | None
    basis: CountBasis
    who: str | None = None

    def __post_init__(self) -> None:
        check_whole(self.least, "count", 0, MAX_COUNT)
        if self.most is not None:
            check_whole(self.most, "count", 0, MAX_COUNT)
        check_order(self.least, self.most, "count")
        check_kind(self.basis, CountBasis, "basis of a count")
        if self.who is not None:
            check_text(self.who, "who counted", SAID_CHARACTERS)

    def plus(self, other: Count) -> Count:
        """Return the number of two groups that share nobody: ends add up, so doubt grows; `who` stays if the same.

        The basis stays if it is the same, else it is estimated. Raises ClaimInvalid past 1,000,000.
        """
        most = None if self.most is None or other.most is None else self.most + other.most
        basis = self.basis if self.basis is other.basis else CountBasis.ESTIMATED
        return Count(self.least + other.least, most, basis, self.who if self.who == other.who else None)

    def to_dict(self) -> Plain:
        """Return {"min", "max", "basis", "who"}."""
        return {"min": self.least, "max": self.most, "basis": str(self.basis), "who": self.who}

    @classmethod
    def from_dict(cls, data: object) -> Count:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "count", "min", "max", "basis", "who")
        return cls(
            read_whole(fields["min"], "count"),
            read_maybe(lambda value: read_whole(value, "count"), fields["max"]),
            read_word(CountBasis, fields["basis"], "basis of a count"),
            read_maybe(lambda value: read_text(value, "who counted"), fields["who"]),
        )


@dataclass(frozen=True)
class PlaceRef:
    """A place as a source named it. `place_id` is a reviewer's link to one place of the desk's own list.

    `precision_m` (metres, 1 to 1,000,000) says how far from the named place it may have been. No coordinates.
    """

    as_said: str
    kind: PlaceKind = PlaceKind.UNKNOWN
    city: str | None = None
    place_id: str | None = None
    precision_m: int | None = None

    def __post_init__(self) -> None:
        check_text(self.as_said, "place", SAID_CHARACTERS)
        check_kind(self.kind, PlaceKind, "kind of place")
        if self.city is not None:
            check_text(self.city, "city", NAME_CHARACTERS)
        if self.place_id is not None:
            check_text(self.place_id, "place id", TOKEN_CHARACTERS)
        if self.precision_m is not None:
            check_whole(self.precision_m, "precision of a place", 1, 1_000_000)

    def to_dict(self) -> Plain:
        """Return {"as_said", "kind", "city", "place_id", "precision_m"}."""
        named: Plain = {"as_said": self.as_said, "kind": str(self.kind), "city": self.city}
        return named | {"place_id": self.place_id, "precision_m": self.precision_m}

    @classmethod
    def from_dict(cls, data: object) -> PlaceRef:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "place", "as_said", "kind", "city", "place_id", "precision_m")
        return cls(
            read_text(fields["as_said"], "place"),
            read_word(PlaceKind, fields["kind"], "kind of place"),
            read_maybe(lambda value: read_text(value, "city"), fields["city"]),
            read_maybe(lambda value: read_text(value, "place id"), fields["place_id"]),
            read_maybe(lambda value: read_whole(value, "precision of a place"), fields["precision_m"]),
        )


@dataclass(frozen=True)
class BirthYears:
    """The years in which a person may have been born, both included; None is an open end."""

    earliest: int | None = None
    latest: int | None = None

    def __post_init__(self) -> None:
        for each in (self.earliest, self.latest):
            if each is not None:
                check_whole(each, "birth year", FIRST_BIRTH_YEAR, LAST_BIRTH_YEAR)
        check_order(self.earliest, self.latest, "birth year")

    @classmethod
    def from_age(cls, least: int | None, most: int | None, first: date, last: date | None = None) -> BirthYears:
        """Return the years for an age from `least` to `most` at some day from `first` to `last` (or on `first`).

        Somebody aged 34 on a day of 2019 was born in 1984 or 1985: one year is never enough. None is an open end.
        Raises ClaimInvalid for ages outside 0 to 120 and for most < least.
        """
        for each in (least, most):
            if each is not None:
                check_whole(each, "age", 0, MAX_AGE)
        check_order(least, most, "age")
        earliest = None if most is None else first.year - most - 1
        return cls(earliest, None if least is None else (last or first).year - least)

    @classmethod
    def from_band(cls, band: AgeBand, first: date, last: date | None = None) -> BirthYears:
        """Return the years for an age band of the forms at some day from `first` to `last`."""
        return cls.from_age(*AGES[band], first, last)

    def to_dict(self) -> Plain:
        """Return {"from", "to"}."""
        return {"from": self.earliest, "to": self.latest}

    @classmethod
    def from_dict(cls, data: object) -> BirthYears:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "birth years", "from", "to")
        return cls(*(read_maybe(lambda value: read_whole(value, "birth year"), fields[key]) for key in ("from", "to")))
