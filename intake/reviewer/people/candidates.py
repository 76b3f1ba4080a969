"""Ranked candidates: which inquiry, sighting or person may be about the same human being, and why.

```
candidates_for -> RecordIndex.near -> compare (evidence) -> _judge (relative? copy? barred?) -> verify
```

A candidate is a question to a reviewer, never an answer: nothing is linked here. The score of two records is the
same from either side. CANDIDATES.md tells how it comes about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from intake.reviewer.people.agreement import Agreement, are_relatives, compare_names
from intake.reviewer.people.evidence import (
    NAME_CODES,
    Prepared,
    are_strangers,
    compare,
    least_name_points,
    names_compared,
    prepare,
    total,
)
from intake.reviewer.people.notsame import NotSame
from intake.reviewer.people.presence import PRESENCE_CODES
from intake.reviewer.people.recordindex import RecordIndex
from intake.reviewer.people.records import Record, RecordKind
from intake.reviewer.people.toldapart import ToldApart, is_copy
from intake.reviewer.people.vocabulary import BasisKind
from intake.reviewer.people.weights import Evidence, weights
from intake.reviewer.people.wording import Reasons, reasons_in_words

SHORTLIST: Final = 20
"""Candidates that are looked at for copies, support and contradiction, also when fewer are asked for."""


class Standing(StrEnum):
    """What a candidate is proposed as. There is no word for "the same": only a reviewer says that."""

    MAY_BE = "may_be"
    RELATIVE = "relative"


class Verification(StrEnum):
    """How many independent sources speak of this candidate, and whether anything known speaks against."""

    SINGLE_SOURCE = "single_source"
    CORROBORATED = "corroborated"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True)
class Candidate:
    """A record that may be about the same person, with the reasons; `score` is the sum of their points.

    `copies` are records of one independence group that say the same: one statement, counted once. `supported_by` and
    `contradicted_by` are other candidates for the same record that fit this one or cannot be true together with it.
    """

    record: Record
    score: float
    standing: Standing
    verification: Verification
    evidence: tuple[Evidence, ...]
    copies: tuple[str, ...] = ()
    supported_by: tuple[str, ...] = ()
    contradicted_by: tuple[str, ...] = ()

    def in_words(self, lang: str = "en") -> Reasons:
        """Return the reasons for and against as sentences in English (`en`), Russian (`ru`) or Kazakh (`kk`)."""
        return reasons_in_words(self.evidence, lang)


@dataclass
class _Found:
    ready: Prepared
    evidence: list[Evidence]
    score: float
    standing: Standing
    copies: list[Prepared]

    @property
    def is_likely(self) -> bool:
        return self.standing is Standing.MAY_BE and self.score >= weights().points["likely_from"]


def candidates_for(
    record: Record, among: Sequence[Record] | RecordIndex, not_same: NotSame, limit: int = 10
) -> list[Candidate]:
    """Return at most `limit` candidates for `record`, possible relatives after all others, then by score.

    Left out are the record itself, records linked to it, and records told apart from it, from any record linked to
    either or from a copy of such a record. Copies and links that only records tell are known of the records in `among`
    alone: give it every record of the desk, or keep links in `not_same` too. Keep a RecordIndex for many questions.
    """
    index = among if isinstance(among, RecordIndex) else RecordIndex(among)
    own = prepare(record)
    apart = ToldApart(own, index, not_same)
    found = [
        judged
        for other in index.near(own)
        if other.record.ident not in apart.linked and other not in apart and (judged := _judge(own, other))
    ]
    shortlist = _fold_copies(sorted(found, key=_rank), max(limit, SHORTLIST))
    return [_candidate(own, each, shortlist) for each in shortlist[:limit]]


def _judge(own: Prepared, other: Prepared) -> _Found | None:
    """Compare two records; None when they are not worth a reviewer's time."""
    if are_strangers(own, other):
        return None
    evidence = compare(own, other)
    score, points, names = total(evidence), weights().points, names_compared(evidence)
    agreement = compare_names(*names) if names else Agreement(0.0, 0, 0)
    if score < points["relative_from" if agreement.parts > 1.0 else "propose_from"]:
        return None
    if names and are_relatives(*names):
        return _Found(other, evidence, score, Standing.RELATIVE, [])
    if score < points["propose_from"] or not _has_anchor(evidence, agreement):
        return None
    return _Found(other, evidence, score, Standing.MAY_BE, [])


def _has_anchor(evidence: Sequence[Evidence], agreement: Agreement) -> bool:
    """Tell whether a name or a companion ties the two together; a time and a place alone fit hundreds."""
    named = any(each.code in NAME_CODES and each.points >= least_name_points() for each in evidence)
    return (named and agreement.words > 0) or any(each.code == "companions_shared" for each in evidence)


def _rank(found: _Found) -> tuple[bool, float, str]:
    return found.standing is Standing.RELATIVE, -found.score, found.ready.record.ident


def _fold_copies(ranked: Iterable[_Found], most: int) -> list[_Found]:
    """Put copies of one statement under the best of them; at most `most` remain."""
    kept: list[_Found] = []
    for each in ranked:
        original = next((one for one in kept if is_copy(one.ready, each.ready)), None)
        if original:
            original.copies.append(each.ready)
        elif len(kept) < most:
            kept.append(each)
    return kept


def _candidate(own: Prepared, found: _Found, shortlist: Sequence[_Found]) -> Candidate:
    others = [each for each in shortlist if each is not found and each.is_likely and found.is_likely]
    compared = [(each, compare(found.ready, each.ready)) for each in others]
    supported = [each.ready.record for each, evidence in compared if _is_support(evidence)]
    against = [each.ready.record.ident for each, evidence in compared if _is_contradiction(evidence)]
    record = found.ready.record
    verification = _verify(own.record, record, supported, contradicted=bool(against) or _is_doubtful(found.evidence))
    evidence = [*found.evidence, Evidence(str(found.standing), 0.0), *_sources(record, verification)]
    if against:
        evidence.append(Evidence("other_report_contradicts", 0.0, {"count": len(against)}))
    return Candidate(
        record,
        found.score,
        found.standing,
        verification,
        tuple(sorted(evidence, key=lambda each: -abs(each.points))),
        tuple(each.record.ident for each in found.copies),
        tuple(each.ident for each in supported),
        tuple(against),
    )


def _is_support(evidence: Sequence[Evidence]) -> bool:
    """Tell whether two reports fit each other as well as a likely candidate fits, with nothing against."""
    return all(each.points >= 0 for each in evidence) and total(evidence) >= weights().points["likely_from"]


def _is_doubtful(evidence: Iterable[Evidence]) -> bool:
    return any(each.points <= weights().points["contradiction_from"] for each in evidence)


def _is_contradiction(evidence: Sequence[Evidence]) -> bool:
    """Tell whether two reports of what looks like one person cannot both be true: only their hours speak against."""
    doubtful = [each for each in evidence if each.points <= weights().points["contradiction_from"]]
    return bool(doubtful) and all(each.code in PRESENCE_CODES for each in doubtful)


def _verify(own: Record, other: Record, supported: Iterable[Record], *, contradicted: bool) -> Verification:
    if contradicted:
        return Verification.CONTRADICTED
    records = [own, other, *supported]
    asked = {group for each in records if each.kind is RecordKind.INQUIRY for group in each.groups}
    groups = {group for each in records if each.kind is not RecordKind.INQUIRY for group in _independent(each)}
    return Verification.CORROBORATED if len(groups - asked) > 1 else Verification.SINGLE_SOURCE


def _independent(record: Record) -> set[str]:
    """Groups that can confirm anything: what a person says on film in custody confirms nothing."""
    return {
        each.independence_group
        for each in record.sources
        if each.independence_group is not None
        and not (each.basis and each.basis.kind is BasisKind.CUSTODY_VIDEO_STATEMENT)
    }


def _sources(record: Record, verification: Verification) -> list[Evidence]:
    kinds = {each.basis.kind for each in record.sources if each.basis}
    notes = [Evidence(str(verification), 0.0)]
    if BasisKind.CUSTODY_VIDEO_STATEMENT in kinds:
        notes.append(Evidence("custody_video", 0.0))
    if any(each.basis and each.basis.hops for each in record.sources):
        notes.append(Evidence("told_on", 0.0))
    return notes
