"""Names, people and places as they are really written: matched across scripts, spellings, cases and slips."""

from intake.reviewer.people.explain import Explanation, PartEvidence, Verdict, explain
from intake.reviewer.people.index import NameIndex
from intake.reviewer.people.score import calibration, similarity

THRESHOLD = calibration().threshold
"""The stored threshold: from this score on, two names count as the same name."""

__all__ = ["THRESHOLD", "Explanation", "NameIndex", "PartEvidence", "Verdict", "explain", "similarity"]
