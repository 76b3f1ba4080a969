"""What reviewers decided not to be one person. Such a pair is never proposed again, from neither side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from intake.reviewer.errors import ClaimInvalid
from intake.reviewer.people.plain import Plain, check_text, read_all, read_fields, read_text
from intake.reviewer.people.records import check_ident

REASON_CHARACTERS: Final = 500
MAX_DECISIONS: Final = 1_000_000


def reached(idents: Iterable[str], beside: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """Return these records with all that can be reached from them, when `beside` gives what each is linked to."""
    found: set[str] = set()
    waiting = list(idents)
    while waiting:
        ident = waiting.pop()
        if ident not in found:
            found.add(ident)
            waiting.extend(beside(ident))
    return frozenset(found)


@dataclass(frozen=True)
class NotSamePair:
    """Two records that are not one person, ids in order, and why: one line of 1 to 500 characters, or None."""

    first: str
    second: str
    reason: str | None = None

    def __post_init__(self) -> None:
        check_ident(self.first)
        check_ident(self.second)
        if not self.first < self.second:
            raise ClaimInvalid("not the same: two different records, in order")
        if self.reason is not None:
            check_text(self.reason, "reason", REASON_CHARACTERS)

    def to_dict(self) -> Plain:
        """Return {"first", "second", "reason"}."""
        return {"first": self.first, "second": self.second, "reason": self.reason}

    @classmethod
    def from_dict(cls, data: object) -> NotSamePair:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else."""
        fields = read_fields(data, "not the same", "first", "second", "reason")
        reason = None if fields["reason"] is None else read_text(fields["reason"], "reason")
        return cls(read_text(fields["first"], "record id"), read_text(fields["second"], "record id"), reason)


class NotSame:
    """The register of those decisions, and of links: ids held to be one person. All of it may be withdrawn.

    A decision holds for all that is linked to either record. Links kept here hold also when the record that links
    (`Record.linked`) is not among those searched; a link that only such a record tells is not known without it.
    """

    def __init__(self, pairs: Iterable[NotSamePair] = (), links: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs: dict[tuple[str, str], NotSamePair] = {}
        self._others: dict[str, set[str]] = {}
        self._links: dict[str, set[str]] = {}
        for each in pairs:
            self._keep(each)
        for one, other in links:
            self.link(one, other)

    def __len__(self) -> int:
        return len(self._pairs)

    def mark(self, one: str, other: str, reason: str | None = None) -> NotSamePair:
        """Keep that two records are not one person; a later reason replaces an earlier. Raises ClaimInvalid."""
        pair = NotSamePair(min(one, other), max(one, other), reason)
        self._keep(pair)
        return pair

    def withdraw(self, one: str, other: str) -> None:
        """Forget a decision; nothing happens when there is none."""
        if self._pairs.pop((min(one, other), max(one, other)), None):
            self._others[one].discard(other)
            self._others[other].discard(one)

    def pair(self, one: str, other: str) -> NotSamePair | None:
        """Return the decision about exactly these two records, None when there is none."""
        return self._pairs.get((min(one, other), max(one, other)))

    def others(self, group: Iterable[str]) -> frozenset[str]:
        """Return every record that was told apart from some member of `group`."""
        return frozenset().union(*(self._others.get(each, ()) for each in group))

    def link(self, one: str, other: str) -> None:
        """Keep that two records are one person; raises ClaimInvalid for one record or what is no id."""
        check_ident(one)
        check_ident(other)
        if one == other:
            raise ClaimInvalid("link: two different records")
        self._links.setdefault(one, set()).add(other)
        self._links.setdefault(other, set()).add(one)

    def unlink(self, one: str, other: str) -> None:
        """Forget a link; nothing happens when there is none."""
        self._links.get(one, set()).discard(other)
        self._links.get(other, set()).discard(one)

    def linked(self, idents: Iterable[str]) -> frozenset[str]:
        """Return these records with all that are linked to them here, over any number of links."""
        return reached(idents, lambda ident: self._links.get(ident, ()))

    def to_dict(self) -> Plain:
        """Return {"not_same": [...], "linked": [[id, id], ...]}, ordered: the same decisions give the same dict."""
        links = sorted([one, other] for one, others in self._links.items() for other in others if one < other)
        return {"not_same": [self._pairs[key].to_dict() for key in sorted(self._pairs)], "linked": links}

    @classmethod
    def from_dict(cls, data: object) -> NotSame:
        """Read what `to_dict` gave; raises ClaimInvalid for anything else, pairs out of order or twice too."""
        fields = read_fields(data, "not the same", "not_same", "linked")
        pairs = read_all(NotSamePair.from_dict, fields["not_same"], "not the same", MAX_DECISIONS)
        links = read_all(_read_link, fields["linked"], "links", MAX_DECISIONS)
        for keys in ([(each.first, each.second) for each in pairs], links):
            if any(one >= next_one for one, next_one in pairwise(keys)):
                raise ClaimInvalid("not the same: pairs in order, each once")
        return cls(pairs, links)

    def _keep(self, pair: NotSamePair) -> None:
        self._pairs[pair.first, pair.second] = pair
        self._others.setdefault(pair.first, set()).add(pair.second)
        self._others.setdefault(pair.second, set()).add(pair.first)


def _read_link(data: object) -> tuple[str, str]:
    if not isinstance(data, list) or len(data) != 2:
        raise ClaimInvalid("link: two records")
    one, other = (read_text(each, "record id") for each in data)
    if not one < other:
        raise ClaimInvalid("link: two different records, in order")
    return one, other
