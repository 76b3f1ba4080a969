"""The weights of evidence about people, read from data/evidence_weights.json, and one piece of evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from importlib.resources import files

from intake.reviewer.people.models import ApproxTime, BirthYears, PlaceRef, TimeBasis

Value = str | int | float | ApproxTime | BirthYears | PlaceRef


@dataclass(frozen=True)
class Evidence:
    """One reason: its code, the points it adds to or takes from the score, and what its sentence is filled with.

    Points above 0 speak for one person, below 0 against; 0 is worth knowing and changes nothing.
    """

    code: str
    points: float
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Weights:
    """Points, limits in the unit of their name, and how wrong a time may be by what it rests on."""

    provenance: str
    points: Mapping[str, float]
    limits: Mapping[str, float]
    slack: Mapping[TimeBasis, timedelta]

    def evidence(self, code: str, **values: Value) -> Evidence:
        """Return the piece of evidence whose code names its weight."""
        return Evidence(code, self.points[code], values)


@cache
def weights() -> Weights:
    """Read the weights once."""
    data = json.loads(files(__package__).joinpath("data/evidence_weights.json").read_text("utf-8"))
    return Weights(
        data["provenance"],
        {name: float(each["value"]) for name, each in data["weights"].items()},
        {name: float(each["value"]) for name, each in data["limits"].items()},
        {TimeBasis(name): timedelta(minutes=each["value"]) for name, each in data["slack_minutes"].items()},
    )
