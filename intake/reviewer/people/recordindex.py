"""Records kept ready for candidates: found by name, or by a companion's name where nobody knew the person's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from intake.reviewer.people.evidence import Prepared, prepare
from intake.reviewer.people.index import NameIndex
from intake.reviewer.people.notsame import reached
from intake.reviewer.people.records import Record
from intake.reviewer.people.score import calibration

FETCHED: Final = (20, 80)
"""Names looked at for each name of a query, best first; the second number where so many bear a like name that the
first is used up. Of more namesakes than that, some are not compared."""


class RecordIndex:
    """Records to find candidates among. Groups are records that reviewers linked as one person."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records: dict[str, Prepared] = {}
        self._linked_from: dict[str, set[str]] = {}
        self._told_in: dict[str, set[str]] = {}
        self._names = _Names()
        self._companions = {True: _Names(), False: _Names()}
        for each in records:
            self.add(each)

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, ident: str) -> bool:
        return ident in self._records

    def add(self, record: Record) -> None:
        """Make a record findable; one with the same id is replaced."""
        self.remove(record.ident)
        ready = prepare(record)
        self._records[record.ident] = ready
        for each in record.linked:
            self._linked_from.setdefault(each, set()).add(record.ident)
        for each in record.groups:
            self._told_in.setdefault(each, set()).add(record.ident)
        self._names.add(record.ident, ready.names)
        self._companions[bool(ready.names)].add(record.ident, ready.companions)

    def remove(self, ident: str) -> None:
        """Take a record out; nothing happens when it is not there."""
        ready = self._records.pop(ident, None)
        if ready is None:
            return
        for each in ready.record.linked:
            self._linked_from[each].discard(ident)
        for each in ready.record.groups:
            self._told_in[each].discard(ident)
        for names in (self._names, *self._companions.values()):
            names.remove(ident)

    def group(self, idents: Iterable[str]) -> frozenset[str]:
        """Return these records with all that are linked to them, over any number of links."""
        return reached(idents, self._beside)

    def _beside(self, ident: str) -> list[str]:
        ready = self._records.get(ident)
        return [*(ready.record.linked if ready else ()), *self._linked_from.get(ident, ())]

    def get(self, ident: str) -> Prepared | None:
        """Return a record made ready for comparing, None when it is not there."""
        return self._records.get(ident)

    def told_in(self, groups: Iterable[str]) -> frozenset[str]:
        """Return the records that have a source of one of these independence groups."""
        return frozenset().union(*(self._told_in.get(each, ()) for each in groups))

    def near(self, ready: Prepared) -> Iterator[Prepared]:
        """Give once each record that has a name like one of this record's; by companions where a name is missing."""
        found = dict.fromkeys(self._names.search(ready.names))
        found |= dict.fromkeys(self._companions[False].search(ready.companions))
        if not ready.names:
            found |= dict.fromkeys(self._companions[True].search(ready.companions))
        return (self._records[ident] for ident in found)


class _Names:
    """A NameIndex that knows whose each name is."""

    def __init__(self) -> None:
        self._index = NameIndex()
        self._owner: dict[int, str] = {}
        self._positions: dict[str, list[int]] = {}

    def add(self, ident: str, names: Iterable[str]) -> None:
        for name in names:
            position = self._index.add(name)
            self._owner[position] = ident
            self._positions.setdefault(ident, []).append(position)

    def remove(self, ident: str) -> None:
        for position in self._positions.pop(ident, ()):
            self._index.remove(position)
            del self._owner[position]

    def search(self, names: Iterable[str]) -> Iterator[str]:
        for name in names if self._owner else ():
            found = self._index.search(name, FETCHED[0])
            if len(found) == FETCHED[0] and found[-1][1] >= calibration().threshold / 2:
                found = self._index.search(name, FETCHED[1])
            yield from (self._owner[position] for position, _ in found)
