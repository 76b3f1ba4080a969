"""How a source knows what it says, and which sources are one statement told twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from intake.reviewer.errors import ClaimInvalid
from intake.reviewer.people.plain import (
    Plain,
    check_kind,
    check_text,
    check_whole,
    read_fields,
    read_maybe,
    read_text,
    read_whole,
    read_word,
)
from intake.reviewer.people.vocabulary import BasisKind

MAX_HOPS: Final = 2
TOKEN_CHARACTERS: Final = 128
_AT_FIRST_HAND = (BasisKind.SELF, BasisKind.SAW)
_FROM_OTHERS = (BasisKind.HEARD_FROM_OTHERS,)


@dataclass(frozen=True)
class Basis:
    """How a source knows, and through how many mouths: 0 itself, 1, 2 for two or more, None when not asked.

    Raises ClaimInvalid for other numbers and where they contradict the kind: who saw it has it from nobody else.
    """

    kind: BasisKind
    hops: int | None = None

    def __post_init__(self) -> None:
        check_kind(self.kind, BasisKind, "basis of knowledge")
        if self.hops is not None:
            check_whole(self.hops, "hops", 0, MAX_HOPS)
        if (self.kind in _AT_FIRST_HAND and self.hops) or (self.kind in _FROM_OTHERS and self.hops == 0):
            raise ClaimInvalid("hops: do not go with the basis of knowledge")

    def to_dict(self) -> Plain:
        """Return {"kind", "hops"}."""
        return {"kind": str(self.kind), "hops": self.hops}

    @classmethod
    def from_dict(cls, data: object) -> Basis:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "basis of knowledge", "kind", "hops")
        hops = read_maybe(lambda value: read_whole(value, "hops"), fields["hops"])
        return cls(read_word(BasisKind, fields["kind"], "basis of knowledge"), hops)


@dataclass(frozen=True)
class Source:
    """Where a record comes from. Sources of one `independence_group` are copies of one statement and count once.

    None is unknown; a source whose group is unknown never counts as independent of another.
    """

    list_of_origin: str | None = None
    independence_group: str | None = None
    basis: Basis | None = None

    def __post_init__(self) -> None:
        for each in (self.list_of_origin, self.independence_group):
            if each is not None:
                check_text(each, "source", TOKEN_CHARACTERS)
        check_kind(self.basis, Basis | None, "basis of knowledge")

    def to_dict(self) -> Plain:
        """Return {"list_of_origin", "independence_group", "basis"}."""
        basis = self.basis and self.basis.to_dict()
        named = {"list_of_origin": self.list_of_origin, "independence_group": self.independence_group}
        return {**named, "basis": basis}

    @classmethod
    def from_dict(cls, data: object) -> Source:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "source", "list_of_origin", "independence_group", "basis")
        return cls(
            read_maybe(lambda value: read_text(value, "source"), fields["list_of_origin"]),
            read_maybe(lambda value: read_text(value, "source"), fields["independence_group"]),
            read_maybe(Basis.from_dict, fields["basis"]),
        )
