"""Figures of a matcher over labelled pairs: precision, recall, F1, AUC and recall at few false positives.

A pair is called "the same" when its score is at or above a threshold. Scores may tie; every figure here counts a tie
against the matcher or by half, never for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Figures = dict[str, object]
DIGITS = 4


@dataclass(frozen=True)
class Scored:
    """Scores of one matcher: of the pairs that are one person, and of those that are two."""

    positive: list[float]
    negative: list[float]


def share(part: int, whole: int) -> float:
    """`part` of `whole`, rounded; 0.0 of nothing."""
    return round(part / whole, DIGITS) if whole else 0.0


def count_at(scores: Sequence[float], threshold: float) -> int:
    """How many of `scores` are at or above `threshold`."""
    return sum(score >= threshold for score in scores)


def f1_of(true: int, false: int, positives: int) -> float:
    """F1 of `true` and `false` calls when there are `positives` to find; 0.0 when nothing was found."""
    return 2 * true / (true + false + positives) if true else 0.0


def at_threshold(scored: Scored, threshold: float) -> Figures:
    """Precision, recall, F1 and the rate of false positives at `threshold`."""
    true, false = count_at(scored.positive, threshold), count_at(scored.negative, threshold)
    return {
        "P": share(true, true + false),
        "R": share(true, len(scored.positive)),
        "F1": round(f1_of(true, false, len(scored.positive)), DIGITS),
        "FPR": share(false, len(scored.negative)),
    }


def auc(scored: Scored) -> float:
    """The chance that a random positive outscores a random negative, ties counting half (Mann-Whitney)."""
    ordered = sorted([(s, 1) for s in scored.positive] + [(s, 0) for s in scored.negative])
    wins, below, start = 0.0, 0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        up = sum(label for _, label in ordered[start:end])
        down = end - start - up
        wins += up * (below + down / 2)
        below += down
        start = end
    pairs = len(scored.positive) * len(scored.negative)
    return round(wins / pairs, DIGITS) if pairs else 0.0


def recall_at_fpr(scored: Scored, rate: float = 0.01) -> float:
    """The highest recall of any threshold that at most `rate` of the negatives reach."""
    allowed = int(rate * len(scored.negative) + 1e-9)
    falling = sorted(scored.negative, reverse=True)
    if allowed >= len(falling):
        return 1.0
    return share(sum(score > falling[allowed] for score in scored.positive), len(scored.positive))


def best_threshold(scored: Scored) -> tuple[float, float]:
    """The threshold with the highest F1, halfway to the next lower score, and that F1."""
    ordered = sorted([(s, 1) for s in scored.positive] + [(s, 0) for s in scored.negative], reverse=True)
    best, where, true, false = 0.0, 1.0, 0, 0
    for place, (score, label) in enumerate(ordered):
        true, false = true + label, false + 1 - label
        following = ordered[place + 1][0] if place + 1 < len(ordered) else score
        last_of_ties = place + 1 == len(ordered) or following < score
        if last_of_ties and f1_of(true, false, len(scored.positive)) > best:
            best, where = f1_of(true, false, len(scored.positive)), (score + following) / 2
    return where, best


def figures(scored: Scored, threshold: float) -> Figures:
    """Everything about one track; only what can be said when one kind of pair is missing."""
    counts: Figures = {"n_pos": len(scored.positive), "n_neg": len(scored.negative)}
    if not scored.positive and not scored.negative:
        return counts
    if not scored.negative:
        return counts | {"R": share(count_at(scored.positive, threshold), len(scored.positive))}
    if not scored.positive:
        told_apart = len(scored.negative) - count_at(scored.negative, threshold)
        return counts | {"told_apart": share(told_apart, len(scored.negative))}
    return counts | at_threshold(scored, threshold) | {"AUC": auc(scored), "R_at_FPR_1%": recall_at_fpr(scored)}
