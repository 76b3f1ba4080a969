"""Places looked up for comparing: is it the same place, the same city, and how long is the way between?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from anyascii import anyascii
from rapidfuzz.fuzz import token_sort_ratio

from intake.reviewer.people.models import PlaceKind, PlaceRef
from intake.reviewer.people.places import Place, distance_km, place_by_id, read_place
from intake.reviewer.people.text import fold_text
from intake.reviewer.people.weights import weights

_NUMBERS = re.compile("[0-9]+")
_GAZETTEER_ID = re.compile("[1-9][0-9]{0,8}")
# Kinds of which a city has one or two, so that the kind and the city already name the place.
_NAMED: Final = (PlaceKind.STREET, PlaceKind.SQUARE)
_SURE = 0.9
"""The least score of read_place to be believed: "near Sayran" is 0.73 like the far town of Saran."""
_FEW: Final = (PlaceKind.TEMP_DETENTION_ISOLATOR, PlaceKind.SPECIAL_RECEPTION_CENTRE)
_NOWHERE: Final = (PlaceKind.UNKNOWN, PlaceKind.VEHICLE, PlaceKind.HOME)


@dataclass(frozen=True)
class Spot:
    """A place as far as its words and the gazetteer tell; None is not told.

    `settlement` is a city or village, `part` a district of it, `radius_km` how far off it may be. `rest` are the words
    that no list knows, `numbers` all numbers in them, `own_id` the desk's own id.
    """

    kind: PlaceKind
    facility: str
    settlement: Place | None
    part: Place | None
    region: int
    rest: str
    numbers: tuple[str, ...]
    own_id: str | None
    radius_km: float


@lru_cache(maxsize=20_000)
def find_spot(place: PlaceRef) -> Spot:
    """Return what is known of a place; a city or gazetteer id that was given outweighs what the words say."""
    said = read_place(place.as_said)
    known = _by_id(place.place_id) or (said.place if said.score >= _SURE else None)
    city = read_place(place.city).place if place.city else None
    part = known if known and known.kind == "district" else None
    near = [_settlement(each) for each in (city, known) if each]
    settlement = next((each for each in near if each), None)
    if part and settlement and _settlement(part) != settlement:
        part = None
    region = next((each.region or each.place_id for each in (settlement, city, known) if each), 0)
    kind = PlaceKind(said.kind) if place.kind is PlaceKind.UNKNOWN else place.kind
    own_id = place.place_id if place.place_id and not _by_id(place.place_id) else None
    radius = weights().limits["city_radius_km"] + (place.precision_m or 0) / 1000
    rest = _NUMBERS.sub("", anyascii(fold_text(place.as_said if kind in _NAMED else said.rest))).strip()
    numbers = tuple(_NUMBERS.findall(place.as_said))
    return Spot(kind, said.facility, settlement, part, region, rest, numbers, own_id, radius)


def same_city(one: Spot, other: Spot) -> bool | None:
    """Tell whether both lie in one city or village; None when that is not known of both."""
    if one.settlement and other.settlement:
        return one.settlement.place_id == other.settlement.place_id
    return False if one.region and other.region and one.region != other.region else None


def same_place(one: Spot, other: Spot) -> bool:
    """Tell whether both are clearly one department, court, hospital, school, street or square."""
    if one.own_id and other.own_id:
        return one.own_id == other.own_id
    if one.kind is not other.kind or one.kind in _NOWHERE or not same_city(one, other):
        return False
    if one.numbers != other.numbers or {one.facility, other.facility} - _either(one, other):
        return False
    if one.part and other.part and one.part.place_id != other.part.place_id:
        return False
    if one.rest and other.rest and not (one.part and other.part):
        return token_sort_ratio(one.rest, other.rest) >= weights().limits["place_text_score"]
    return one.kind in _FEW or bool(one.numbers) or bool(one.part and other.part)


def _either(one: Spot, other: Spot) -> set[str]:
    """Facilities that go together: equal ones, or one finer than the kind that the other merely names."""
    return (
        {one.facility, str(one.kind), "unknown"} if other.facility in (str(one.kind), "unknown") else {other.facility}
    )


def travel_hours(one: Spot, other: Spot) -> float:
    """Return the least hours that the way takes, by road or air; 0 within a city and where it is not known."""
    if not one.settlement or not other.settlement or one.settlement.place_id == other.settlement.place_id:
        return 0.0
    limits = weights().limits
    way = distance_km(one.settlement, other.settlement) - one.radius_km - other.radius_km
    by_air = limits["air_hours"] + way / limits["air_km_per_hour"]
    return max(0.0, min(way / limits["road_km_per_hour"], by_air))


def _by_id(place_id: str | None) -> Place | None:
    if place_id is None or not _GAZETTEER_ID.fullmatch(place_id):
        return None
    try:
        return place_by_id(int(place_id))
    except KeyError:
        return None


def _settlement(place: Place) -> Place | None:
    """The city or village that a place is or belongs to; None for a region."""
    while place.kind == "district" and place.inside:
        place = place_by_id(place.inside)
    return place if place.kind in ("city", "village") else None
