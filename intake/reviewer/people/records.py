"""One record about one person: what an inquiry, a sighting or a reviewer's person says, ready to be compared.

An inquiry says who is sought, a sighting who was seen in custody (a cell-mate's word, a line of a list, a release),
a person is what a reviewer linked together. All three carry the same fields; every field may be missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from intake.reviewer.errors import ClaimInvalid
from intake.reviewer.people.models import ApproxTime, BirthYears, NameForm, PlaceRef, Sex, Source
from intake.reviewer.people.plain import (
    Plain,
    check_kind,
    check_tuple,
    read_all,
    read_fields,
    read_maybe,
    read_text,
    read_word,
)
from intake.reviewer.people.spans import Span, surely_before

# Two records cost names times companions: more of either would let one sender keep the desk busy.
MAX_NAMES: Final = 12
MAX_PRESENCE: Final = 32
MAX_COMPANIONS: Final = 24
MAX_SOURCES: Final = 64
MAX_LINKED: Final = 1024
_IDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
UNKNOWN_BIRTH: Final = BirthYears()
_ANY_TIME: Final = Span()


class RecordKind(StrEnum):
    """What a record is."""

    INQUIRY = "inquiry"
    SIGHTING = "sighting"
    PERSON = "person"


class PresenceKind(StrEnum):
    """What is said to have happened, in the order of one detention: free, taken, seen in custody, released."""

    FREE = "free"
    TAKEN = "taken"
    SEEN = "seen"
    RELEASED = "released"


@dataclass(frozen=True)
class Presence:
    """Somebody was somewhere: at an instant within `when`, or from then until an instant within `until`.

    Time or place may be missing, not both. Raises ClaimInvalid, also when `until` surely lies before `when`.
    """

    what: PresenceKind
    when: ApproxTime | None = None
    where: PlaceRef | None = None
    until: ApproxTime | None = None

    def __post_init__(self) -> None:
        check_kind(self.what, PresenceKind, "presence")
        check_kind(self.when, ApproxTime | None, "time of a presence")
        check_kind(self.until, ApproxTime | None, "end of a presence")
        check_kind(self.where, PlaceRef | None, "place of a presence")
        if self.when is None and (self.where is None or self.until is not None):
            raise ClaimInvalid("presence: neither time nor place")
        if self.when and self.until and surely_before(self.until.span, self.when.span):
            raise ClaimInvalid("presence: ends before it begins")

    @property
    def arrives(self) -> Span:
        """The instants at which the presence may begin; all time when no time is known."""
        return self.when.span if self.when else _ANY_TIME

    @property
    def leaves(self) -> Span:
        """The instants at which the presence may end; for a single instant the same as `arrives`."""
        return self.until.span if self.until else self.arrives

    def to_dict(self) -> Plain:
        """Return {"what", "when", "where", "until"}."""
        when, until = self.when and self.when.to_dict(), self.until and self.until.to_dict()
        return {"what": str(self.what), "when": when, "where": self.where and self.where.to_dict(), "until": until}

    @classmethod
    def from_dict(cls, data: object) -> Presence:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "presence", "what", "when", "where", "until")
        return cls(
            read_word(PresenceKind, fields["what"], "presence"),
            read_maybe(ApproxTime.from_dict, fields["when"]),
            read_maybe(PlaceRef.from_dict, fields["where"]),
            read_maybe(ApproxTime.from_dict, fields["until"]),
        )


@dataclass(frozen=True)
class Record:
    """All that is said about one person in one inquiry, sighting or person.

    `ident` is 1 to 64 letters, digits and `._:-`, unique on the desk. `names` are forms of the same person's name.
    `companions` are named people who were with the person. `linked` are records that a reviewer holds to be the same
    person: for a person its reports, for a report its person. Raises ClaimInvalid.
    """

    ident: str
    kind: RecordKind
    names: tuple[NameForm, ...] = ()
    birth: BirthYears = UNKNOWN_BIRTH
    sex: Sex = Sex.UNKNOWN
    presence: tuple[Presence, ...] = ()
    companions: tuple[NameForm, ...] = ()
    sources: tuple[Source, ...] = ()
    linked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_ident(self.ident)
        check_kind(self.kind, RecordKind, "kind of record")
        check_tuple(self.names, NameForm, "names", MAX_NAMES)
        check_kind(self.birth, BirthYears, "birth years")
        check_kind(self.sex, Sex, "sex")
        check_tuple(self.presence, Presence, "presence", MAX_PRESENCE)
        check_tuple(self.companions, NameForm, "companions", MAX_COMPANIONS)
        check_tuple(self.sources, Source, "sources", MAX_SOURCES)
        check_tuple(self.linked, str, "linked records", MAX_LINKED)
        for each in self.linked:
            check_ident(each)

    @property
    def groups(self) -> frozenset[str]:
        """The known independence groups of its sources."""
        return frozenset(each.independence_group for each in self.sources if each.independence_group is not None)

    def to_dict(self) -> Plain:
        """Return a dict with the names of the fields as keys."""
        said: Plain = {"ident": self.ident, "kind": str(self.kind), "names": [each.to_dict() for each in self.names]}
        said |= {"birth": self.birth.to_dict(), "sex": str(self.sex)}
        said |= {"presence": [each.to_dict() for each in self.presence]}
        said |= {"companions": [each.to_dict() for each in self.companions]}
        return said | {"sources": [each.to_dict() for each in self.sources], "linked": list(self.linked)}

    @classmethod
    def from_dict(cls, data: object) -> Record:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "record", *cls.__dataclass_fields__)
        return cls(
            read_text(fields["ident"], "record id"),
            read_word(RecordKind, fields["kind"], "kind of record"),
            read_all(NameForm.from_dict, fields["names"], "names", MAX_NAMES),
            BirthYears.from_dict(fields["birth"]),
            read_word(Sex, fields["sex"], "sex"),
            read_all(Presence.from_dict, fields["presence"], "presence", MAX_PRESENCE),
            read_all(NameForm.from_dict, fields["companions"], "companions", MAX_COMPANIONS),
            read_all(Source.from_dict, fields["sources"], "sources", MAX_SOURCES),
            read_all(lambda each: read_text(each, "record id"), fields["linked"], "linked records", MAX_LINKED),
        )


def check_ident(ident: object) -> None:
    """Raise ClaimInvalid unless `ident` is a record id: 1 to 64 letters, digits and `._:-`, no sign first."""
    if not isinstance(ident, str) or not _IDENT.fullmatch(ident):
        raise ClaimInvalid("record id: 1 to 64 letters, digits and ._:-")
