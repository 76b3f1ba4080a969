"""Which records a reviewer's "not the same" keeps apart: not the two alone, but all linked to them and their copies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from intake.reviewer.people.agreement import is_whole_name
from intake.reviewer.people.evidence import Prepared, compare
from intake.reviewer.people.notsame import NotSame
from intake.reviewer.people.recordindex import RecordIndex


def is_copy(one: Prepared, other: Prepared) -> bool:
    """Tell whether two records are one statement told twice: one independence group, one whole name, no contradiction.

    One post may name many people: of those only the same one is a copy, and "Серік" is no copy of "Серік Т.".
    """
    if not one.record.groups & other.record.groups:
        return False
    if not any(is_whole_name(a, b) for a in one.names for b in other.names):
        return False
    return all(each.points >= 0 for each in compare(one, other))


class ToldApart:
    """The records that may not be proposed for one record; whoever may not for another, the other may not for it.

    Links come from the records of the index and from the register. Copies are only found among the index's records.
    """

    def __init__(self, own: Prepared, index: RecordIndex, not_same: NotSame) -> None:
        self._index, self._not_same = index, not_same
        self.linked = self._group((own.record.ident, *own.record.linked))
        """The record itself and all that is linked to it."""
        copies = self._decided_copies([own, *self._known(self.linked - {own.record.ident})])
        self._barred = self._group(not_same.others(self._group((*self.linked, *copies))))
        self._refused = [each for each in self._known(self._barred) if each.record.groups]

    def __contains__(self, other: Prepared) -> bool:
        if other.record.ident in self._barred:
            return True
        if not self._refused:
            return False
        group = self._group((other.record.ident,))
        apart = self._not_same.others(group)
        refused = [each for each in self._refused if each.record.ident not in apart]
        return any(is_copy(member, each) for member in self._known(group) for each in refused)

    def _decided_copies(self, members: Iterable[Prepared]) -> Iterator[str]:
        """The copies of these records about which anything was decided, but those told apart from them."""
        apart = self._not_same.others(self.linked)
        for member in members:
            decided = self._known(each for each in self._index.told_in(member.record.groups) if self._is_decided(each))
            for other in decided:
                if other.record.ident not in apart and is_copy(member, other):
                    yield other.record.ident

    def _is_decided(self, ident: str) -> bool:
        return bool(self._not_same.others(self._group((ident,))))

    def _known(self, idents: Iterable[str]) -> list[Prepared]:
        return [known for each in idents if (known := self._index.get(each))]

    def _group(self, idents: Iterable[str]) -> frozenset[str]:
        """All that records or the register link to these, until neither links more."""
        found = frozenset(idents)
        while (wider := self._not_same.linked(self._index.group(found))) != found:
            found = wider
        return found
