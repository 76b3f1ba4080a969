"""Names, people and places as they are really written: matched across scripts, spellings, cases and slips."""

from intake.reviewer.people.score import calibration, similarity

THRESHOLD = calibration().threshold

__all__ = ["THRESHOLD", "similarity"]
