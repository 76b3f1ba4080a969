"""Other people's matchers behind one face: a function of two names that returns a score in [0, 1].

- `monge_elkan`: anyascii, then for every word of the shorter name the best Jaro-Winkler in the other, averaged. Of the
  four ways to make it symmetric (mean, least or most of both directions) this one does best on these names.
- `wratio`: rapidfuzz's WRatio after anyascii.
- `double_metaphone`: the share of words that have a code in common; needs the package doublemetaphone.
- `metaphone_jaro`: Monge-Elkan over Double Metaphone codes, the strongest recipe we found of public parts.
- `logic_v2`: OpenSanctions' nomenklatura, where it is installed. Its matcher keeps names by the id of an entity, so
  every entity made here has an id of its own; with ids used twice it returns constant scores without a word.

They store nothing between calls. No peer has a threshold for these names: the bench gives each the one with its best
F1 on the very rows it is measured on, which favours them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from importlib.util import find_spec

from anyascii import anyascii
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

Scorer = Callable[[str, str], float]
WordScorer = Callable[[str, list[str]], float]
WORD = re.compile(r"[a-z0-9]+")


def latin(name: str) -> str:
    """`name` in ASCII and lower case, without apostrophes."""
    return anyascii(name).lower().replace("'", "").replace("`", "")


def words(name: str) -> list[str]:
    """The words of `name` in ASCII and lower case."""
    return WORD.findall(latin(name))


def mean_best(a: str, b: str, best: WordScorer) -> float:
    """The mean over the words of the shorter name of the best in the longer; of both directions when equally long."""
    mine, theirs = sorted((words(a), words(b)), key=len)
    if not mine:
        return 0.0
    there = sum(best(word, theirs) for word in mine) / len(mine)
    if len(mine) < len(theirs):
        return there
    return (there + sum(best(word, mine) for word in theirs) / len(theirs)) / 2


def nearest(word: str, others: list[str]) -> float:
    return max(JaroWinkler.similarity(word, other) for other in others)


def monge_elkan(a: str, b: str) -> float:
    return mean_best(a, b, nearest)


def wratio(a: str, b: str) -> float:
    return fuzz.WRatio(latin(a), latin(b)) / 100


def metaphone_scorers() -> dict[str, Scorer]:
    """The scorers over Double Metaphone codes; raises ImportError where the package is missing."""
    from doublemetaphone import doublemetaphone

    def codes(word: str) -> list[str]:
        return [code for code in doublemetaphone(word) if code]

    def shared(word: str, others: list[str]) -> float:
        mine = set(codes(word))
        return float(any(mine & set(codes(other)) for other in others))

    def alike(word: str, others: list[str]) -> float:
        pairs = itertools.product(codes(word), itertools.chain.from_iterable(map(codes, others)))
        return max((JaroWinkler.similarity(*pair) for pair in pairs), default=0.0)

    return {
        "double_metaphone": lambda a, b: mean_best(a, b, shared),
        "metaphone_jaro": lambda a, b: mean_best(a, b, alike),
    }


def logic_v2_parts() -> tuple[Callable[[str], object], Callable[[object, object], float]]:
    """How nomenklatura's logic-v2 makes a person who has a name and nothing else, and how it compares two."""
    from followthemoney import ValueEntity, model
    from nomenklatura.matching.logic_v2.model import LogicV2

    person, config, ids = model.get("Person"), LogicV2.default_config(), itertools.count()

    def entity(name: str) -> object:
        made = ValueEntity(person, {"id": f"bench-{next(ids)}"})
        made.add("name", name)
        return made

    return entity, lambda a, b: float(LogicV2.compare(a, b, config).score)


def logic_v2_scorer() -> Scorer:
    """The scorer of logic-v2; raises ImportError where nomenklatura is missing."""
    entity, compare = logic_v2_parts()
    return lambda a, b: compare(entity(a), entity(b))


def installed_peers() -> dict[str, Scorer]:
    """Every peer that can run here, by name."""
    peers: dict[str, Scorer] = {"monge_elkan": monge_elkan, "wratio": wratio}
    if find_spec("doublemetaphone"):
        peers |= metaphone_scorers()
    if find_spec("nomenklatura"):
        peers["logic_v2"] = logic_v2_scorer()
    return peers
