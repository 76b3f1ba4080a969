"""Places of Kazakhstan by any name: old or new, Kazakh, Russian or Latin, declined, mistyped, inside a longer text.

Spellings and positions derive from GeoNames (geonames.org, CC BY 4.0); see PLACES.md. The gazetteer is read from its
table at first use and kept. Nothing here raises for any text; texts are read up to 200 characters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from intake.reviewer.people.places_search import PlaceSearch
from intake.reviewer.people.places_table import Place, read_table
from intake.reviewer.people.places_words import Text, read_text

__all__ = ["Place", "PlaceReading", "distance_km", "find_places", "place_by_id", "read_place", "same_or_inside"]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius (IUGG R1)."""
LEAST_SCORE = 0.55
"""What scores less is not returned by find_places."""


@dataclass(frozen=True)
class PlaceReading:
    """What a place text says: `kind` is a word of PlaceRef's kinds, "unknown" when none is named.

    `place` is the smallest place of the gazetteer that is named, or None; `score` in [0, 1] is how surely, 0 without.
    `facility` is finer than `kind` where the text is ("remand_prison", "penal_colony", ...), else equal to it.
    `rest` is what neither names the kind nor the place: a number, a street, a landmark; "" when nothing is left.
    """

    kind: str
    place: Place | None
    rest: str
    facility: str
    score: float


@cache
def _gazetteer() -> PlaceSearch:
    return PlaceSearch(read_table())


def find_places(text: str, limit: int = 5) -> list[tuple[Place, float]]:
    """The places `text` may name, with scores in [0, 1], best first, at most `limit`.

    Of places that share the name settlements come first, the more populous before the less.
    """
    found = _gazetteer().search(read_text(text), max(limit, 0))
    return [(hit.place, hit.score) for hit in found if hit.score >= LEAST_SCORE]


def place_by_id(place_id: int) -> Place:
    """The place with this id; raises KeyError when there is none."""
    return _gazetteer().places[place_id]


def distance_km(a: Place, b: Place) -> float:
    """Great-circle distance in km between the points of two places (haversine on a sphere, within 0.5 %)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def same_or_inside(a: Place, b: Place) -> bool:
    """Whether `a` is `b` or lies in it: a district in its city, a town in its region."""
    return b.place_id in (a.place_id, *_gazetteer().surroundings(a.place_id))


def read_place(text: str) -> PlaceReading:
    """The kind of place and the place itself that `text` names: «ИВС г. Алматы» is an isolator in Almaty."""
    words = read_text(text)
    best = next((hit for hit in _gazetteer().search(words, 1) if hit.is_named), None)
    rest = _rest(words, best.words if best else frozenset())
    kind, facility = (words.kinds[0].side, words.kinds[0].value) if words.kinds else ("unknown", "unknown")
    return PlaceReading(kind, best.place if best else None, rest, facility, best.score if best else 0.0)


def _rest(text: Text, named: frozenset[int]) -> str:
    """The words that neither name the place nor have a role, with what stood between neighbours."""
    left = [at for at, word in enumerate(text.words) if at not in named and word.roles <= {"number"}]
    rest = ""
    for at in left:
        gap = text.text[text.words[at - 1].end : text.words[at].start] if at - 1 in left else " "
        rest += gap + text.words[at].text
    return " ".join(rest.split())
