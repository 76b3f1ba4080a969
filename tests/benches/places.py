"""Whether the gazetteer finds the right place first, for every listed spelling and for names that are not listed.

    tests/bench places [FILE.tsv]

FILE.tsv has the columns geonameid and alternatenames (apart by "|"); without it the development gazetteer beside the
project is taken. Every alternate name is a query. A query is right when the first place has its geonameid; where
several rows of the file have the name, at most one of them can be right, and none is left out: `ambiguous` counts them.

`left_out` asks again after the queried spelling was taken out of the table, `left_out_key` after everything that
sounds like it was, which is no longer fair for places with one name (their right answer cannot be found) and is the
figure for a name nobody has listed. `noisy` asks for the present names of the file's towns as people write them; there
a namesake counts as right, since nothing in the query tells namesakes apart.
"""

from __future__ import annotations

import csv
import json
import statistics
import subprocess
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from places_noise import noisy_names

from intake.reviewer.people.places import Place, find_places
from intake.reviewer.people.places_fold import fold, key_of, plain_of
from intake.reviewer.people.places_search import PlaceSearch
from intake.reviewer.people.places_table import read_table
from intake.reviewer.people.places_words import read_text

ROOT = Path(__file__).resolve().parents[2]
RUNS = 9
LOAD = """
import time
a = time.perf_counter()
from intake.reviewer.people.places import find_places
b = time.perf_counter()
find_places("Алматы")
print((b - a) * 1000, (time.perf_counter() - b) * 1000)
"""


def script_of(name: str) -> str:
    """The script most letters of a name are in, "code" for short capitals."""
    if len(name) <= 3 and name.isupper():
        return "code"
    names = [unicodedata.name(letter, "other").split()[0] for letter in name if letter.isalpha()]
    kind = Counter(names).most_common(1)[0][0].lower() if names else "other"
    return kind if kind in {"latin", "cyrillic", "arabic"} else "other"


def read_queries(path: Path) -> list[tuple[str, int]]:
    """Every alternate name with the id of its place."""
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [(name, int(row["geonameid"])) for row in rows for name in row["alternatenames"].split("|") if name]


def share(found: list[bool]) -> float:
    return round(sum(found) / len(found), 4) if found else 0.0


def first_id(query: str) -> int:
    return next((place.place_id for place, _ in find_places(query, 1)), 0)


def listed(queries: list[tuple[str, int]]) -> dict[str, object]:
    """R@1 over every listed spelling, in all and by script, with what namesakes cost."""
    owners = defaultdict(set)
    for name, number in queries:
        owners[name.casefold()].add(number)
    right = [first_id(name) == number for name, number in queries]
    ambiguous = [len(owners[name.casefold()]) > 1 for name, _ in queries]
    within_5 = [number in [place.place_id for place, _ in find_places(name)] for name, number in queries]
    by_script = defaultdict(list)
    for (name, _), is_right in zip(queries, right, strict=True):
        by_script[script_of(name)].append(is_right)
    return {
        "n": len(queries),
        "r_at_1": share(right),
        "r_at_5": share(within_5),
        "ambiguous": {"n": sum(ambiguous), "right": sum(r for r, a in zip(right, ambiguous, strict=True) if a)},
        "r_at_1_without_ambiguous": share([r for r, a in zip(right, ambiguous, strict=True) if not a]),
        "r_at_1_by_script": {kind: [share(found), len(found)] for kind, found in sorted(by_script.items())},
    }


def without(place: Place, query: str, by_key: bool) -> Place:
    """`place` without the names spelled like `query`, or without all that have its key."""

    def form(name: str) -> str:
        return key_of(fold(name)) if by_key else plain_of(fold(name))

    def keep(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if form(name) != form(query))

    kk, ru, en = (next(iter(keep((name,))), "") for name in (place.name_kk, place.name_ru, place.name_en))
    many = {part: keep(getattr(place, part)) for part in ("former_names", "spellings", "foreign", "codes")}
    names = (kk, ru, en, *many["former_names"], *many["spellings"])
    many["keys"] = tuple(dict.fromkeys(key_of(fold(name)) for name in names if name))
    return replace(place, name_kk=kk, name_ru=ru, name_en=en, **many)


def left_out(queries: list[tuple[str, int]], *, by_key: bool) -> dict[str, object]:
    """R@1 when what is asked for was taken out of the table first; codes are left out, nobody can guess those."""
    places = read_table()
    asked: dict[tuple[str, int], list[bool]] = {}
    for name, number in queries:
        if script_of(name) == "code" or (key := (key_of(fold(name)) if by_key else name, number)) in asked:
            continue
        search = PlaceSearch(places | {number: without(places[number], name, by_key)})
        asked[key] = [found.place.place_id == number for found in search.search(read_text(name), 5)] or [False]
    return {
        "n": len(asked),
        "r_at_1": share([found[0] for found in asked.values()]),
        "r_at_5": share([any(found) for found in asked.values()]),
    }


def noisy(ids: set[int]) -> Iterator[tuple[str, dict[str, object]]]:
    """R@1 for each way of writing a present name otherwise than it is listed."""
    places = [place for number, place in read_table().items() if number in ids]
    owners = defaultdict(set)
    for place in read_table().values():
        for name in place.names:
            owners[plain_of(fold(name))].add(place.place_id)
    for kind, pairs in noisy_names(places).items():
        right = [first_id(query) in owners[plain_of(fold(name))] for query, name in pairs]
        wrong = [f"{query} ({name})" for (query, name), r in zip(pairs, right, strict=True) if not r]
        print(f"{kind}: {share(right)} of {len(pairs)}; wrong: {', '.join(wrong[:8])}")
        yield kind, {"r_at_1": share(right), "n": len(pairs)}


def loading() -> dict[str, float]:
    """Milliseconds to import and to load plus first search, each the least and the median of fresh processes."""
    lines = [subprocess.check_output([sys.executable, "-c", LOAD], text=True, cwd=ROOT).split() for _ in range(RUNS)]
    both = [(float(a), float(b)) for a, b in lines]
    names = {
        "import_ms": [a for a, _ in both],
        "load_ms": [b for _, b in both],
        "import_and_load_ms": [a + b for a, b in both],
    }
    return {
        **{name: round(statistics.median(values), 1) for name, values in names.items()},
        **{f"{name}_least": round(min(values), 1) for name, values in names.items()},
    }


def speed(queries: list[tuple[str, int]]) -> dict[str, float]:
    """Milliseconds a search: median and 99th percentile over every listed spelling with one letter lost."""
    taken = []
    for name, _ in queries:
        started = time.perf_counter()
        find_places(name[:1] + name[2:])
        taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    return {"search_ms": round(statistics.median(taken), 2), "search_ms_p99": round(taken[len(taken) * 99 // 100], 2)}


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object."""
    path = Path(argv[0]) if argv else ROOT.parent / "shared" / "names" / "places_kz.tsv"
    if not path.is_file():
        print("error: There is no such table of places.\nhint: tests/bench places FILE.tsv", file=sys.stderr)
        return 1
    queries = read_queries(path)
    folder = ROOT / "intake/reviewer/people/data"
    figures = {
        **listed(queries),
        "left_out": left_out(queries, by_key=False),
        "left_out_key": left_out(queries, by_key=True),
        "noisy": dict(noisy({number for _, number in queries})),
        **loading(),
        **speed(queries),
        "bytes": sum(p.stat().st_size for p in folder.glob("place*")),
    }
    print(json.dumps({"bench": "places", **figures}, ensure_ascii=False))
    return 0
