"""One name looked for among 10,000: how often the right one comes first or among ten, and how long that takes.

The gallery holds one spelling of every entity with a full name in the file, every brother, and invented names up to
its size, shuffled. Queries are all other spellings of these entities; right is any gallery entry of the entity. Filler
that has two words in common with a spelling of an entity is left out: nobody could say which of both was meant.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import names_metrics as metrics
from names_peers import words
from names_rows import Row

SIZE = 10_000
SEED = 3
LIMIT = 10
Search = Callable[[str], list[int]]


@dataclass(frozen=True)
class Gallery:
    """Names and, at the same places, whose they are; filler belongs to "" ."""

    names: list[str]
    entities: list[str]


@dataclass(frozen=True)
class Query:
    """A spelling to look for, and whose it is."""

    name: str
    entity: str


def spellings_of(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Every entity with a full name, brothers included, and its spellings in the file's order."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.track != "token":
            found.setdefault(row.entity_a, {})[row.a] = None
            found.setdefault(row.entity_b, {})[row.b] = None
    return {entity: list(names) for entity, names in found.items()}


def is_apart(name: str, taken: dict[str, set[int]]) -> bool:
    """Whether `name` has at most one word in common with any spelling; `taken` maps words to spellings."""
    seen: set[int] = set()
    for word in set(words(name)):
        mine = taken.get(word, set())
        if seen & mine:
            return False
        seen |= mine
    return True


def build(rows: Iterable[Row], filler: Iterable[str], size: int = SIZE) -> tuple[Gallery, list[Query]]:
    """The gallery of `size` names and the queries, always the same for the same arguments."""
    spellings = spellings_of(rows)
    taken: dict[str, set[int]] = {}
    for place, spelling in enumerate(name for names in spellings.values() for name in names):
        for word in words(spelling):
            taken.setdefault(word, set()).add(place)
    entries = [(names[0], entity) for entity, names in spellings.items()][:size]
    fitting = (name for name in filler if is_apart(name, taken))
    entries += [(name, "") for name, _ in zip(fitting, range(size - len(entries)), strict=False)]
    random.Random(SEED).shuffle(entries)
    queries = [Query(name, entity) for entity, names in spellings.items() for name in names[1:] if "*" not in entity]
    random.Random(SEED).shuffle(queries)
    return Gallery([name for name, _ in entries], [entity for _, entity in entries]), queries


def rank_of(entity: str, found: list[int], gallery: Gallery) -> int | None:
    """The place of the first entry of `entity` among `found`, counted from 1; None when it is not there."""
    return next((place for place, each in enumerate(found, 1) if gallery.entities[each] == entity), None)


@dataclass(frozen=True)
class Asked:
    """What a search found for a query, and in how many CPU milliseconds."""

    query: Query
    found: list[int]
    ms: float


def ask(queries: list[Query], search: Search) -> list[Asked]:
    """Every query through `search`, which returns places, the best first; the first LIMIT of them count."""
    asked = []
    for query in queries:
        started = time.process_time()
        found = search(query.name)[:LIMIT]
        asked.append(Asked(query, found, (time.process_time() - started) * 1000))
    return asked


def figures(gallery: Gallery, asked: list[Asked]) -> metrics.Figures:
    """R@1, R@10 and CPU milliseconds per query."""
    ranks = [rank_of(each.query.entity, each.found, gallery) for each in asked]
    times = sorted(each.ms for each in asked)
    return {
        "queries": len(asked),
        "R@1": metrics.share(sum(rank == 1 for rank in ranks), len(ranks)),
        "R@10": metrics.share(sum(rank is not None for rank in ranks), len(ranks)),
        "ms_median": round(statistics.median(times), 2),
        "ms_p90": round(times[-(-len(times) * 9 // 10) - 1], 2),
    }


def missed(gallery: Gallery, asked: list[Asked]) -> list[str]:
    """A line for every query whose entity does not come first: its rank, the query, the right name, the one found."""
    lines = []
    for each in asked:
        rank = rank_of(each.query.entity, each.found, gallery)
        if rank != 1:
            right = gallery.names[gallery.entities.index(each.query.entity)]
            first = gallery.names[each.found[0]] if each.found else ""
            lines.append(f"retrieval\t{rank or 'lost'}\t{each.query.name}\t{right}\t{first}")
    return lines
