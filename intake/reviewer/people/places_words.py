"""A place text cut into words, each with what data/place_words.tsv says it does: kind, road, level or nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from intake.reviewer.people.places_fold import fold, key_of

MAX_CHARACTERS = 200
"""Characters of a text that are looked at; the rest is not read at all."""
MAX_WORDS = 32
_WORD = re.compile(r"[^\W_]+")
_GAP = re.compile(r"[\s'’ʻʼ-]*\.?[\s'’ʻʼ-]*")
_ADJECTIVE = re.compile("sk(?:ii|i|aia|oe|ogo|oi|omu|om|uiu|ie|ih|im|imi)$")


@dataclass
class Word:
    """One word of a text and what is known of it. `start` and `end` count characters of the NFC text."""

    text: str
    start: int
    end: int
    folded: str
    key: str
    roles: set[str] = field(default_factory=set)
    """Of "kind", "level", "skip", "number": a word with any of these is no name."""
    level: str = ""
    """The kind of place a neighbouring word says this name is: region, district, city or village."""
    is_road: bool = False
    """Whether a neighbouring word says that this is the name of a road or square."""

    @property
    def is_name(self) -> bool:
        """Whether it may be (part of) a place's name."""
        return not self.roles

    @property
    def is_adjective(self) -> bool:
        """Whether it ends like a Russian adjective in -ский."""
        return _ADJECTIVE.search(self.key) is not None


class Part(NamedTuple):
    """One word of a pattern: folded, its key, and whether more letters may follow."""

    folded: str
    key: str
    is_open: bool

    def fits(self, word: Word) -> bool:
        """Whether `word` is this one. English words must be spelled so: by sound, "car" would be the town Шар."""
        is_english = self.folded.isascii()
        if self.is_open:
            return word.folded.startswith(self.folded) or (not is_english and word.key.startswith(self.key))
        return word.folded == self.folded or (not is_english and word.key == self.key)


class Pattern(NamedTuple):
    """A line of the table: the words that must follow each other, and what they then mean."""

    role: str
    value: str
    side: str
    parts: tuple[Part, ...]
    is_capital: bool
    rank: int
    """The number of its line: of several kinds in one text the lowest is meant."""

    def matches(self, words: list[Word], at: int) -> bool:
        """Whether the words from position `at` on are this pattern."""
        if at + len(self.parts) > len(words) or (self.is_capital and not words[at].text.isupper()):
            return False
        return all(part.fits(word) for word, part in zip(words[at:], self.parts, strict=False))


@cache
def patterns() -> dict[str, list[Pattern]]:
    """All patterns by the first letter of their first word, longest first."""
    lines = files(__package__).joinpath("data/place_words.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    texts = [(text, rank) for rank, row in enumerate(rows) for text in row[3].split("|")]
    # Folded at once, since folding 400 words one by one costs as much as loading the gazetteer.
    folded = fold("\n".join(word for text, _ in texts for word in text.split()))
    parts = zip(folded.replace("*", "").split("\n"), key_of(folded).split("\n"), strict=True)
    found: dict[str, list[Pattern]] = {}
    for text, rank in texts:
        words = tuple(Part(*next(parts), word.endswith("*")) for word in text.split())
        role, value, side, _ = rows[rank]
        found.setdefault(words[0].key[:1], []).append(Pattern(role, value, side, words, text.isupper(), rank))
    for some in found.values():
        some.sort(key=lambda pattern: -len(pattern.parts))
    return found


@dataclass(frozen=True)
class Text:
    """A place text, at most MAX_CHARACTERS of it, read into words."""

    text: str
    folded: str
    words: list[Word]
    kinds: list[Pattern]
    """The kinds it names, in the table's order: the first is the one that is meant."""
    is_local_police: bool
    """Whether it means a police department of less than a region."""

    def names(self) -> list[Word]:
        """The words that may be names, in order."""
        return [word for word in self.words if word.is_name]

    def is_joined(self, first: Word, last: Word) -> bool:
        """Whether nothing but spaces, hyphens and full stops stands between two words."""
        return _GAP.fullmatch(self.text[first.end : last.start]) is not None


def read_text(untrusted_text: str) -> Text:
    """Cuts a text into words and gives each its roles."""
    text = unicodedata.normalize("NFC", untrusted_text[:MAX_CHARACTERS])[:MAX_CHARACTERS]
    words = [_word(found) for found in _WORD.finditer(text)][:MAX_WORDS]
    hits = [(at, pattern) for at in range(len(words)) for pattern in _patterns_at(words, at)]
    for at, pattern in hits:
        if pattern.role != "road":
            for word in words[at : at + len(pattern.parts)]:
                word.roles.add(pattern.role)
    kinds = sorted((pattern for _, pattern in hits if pattern.role == "kind"), key=lambda pattern: pattern.rank)
    is_police = bool(kinds) and kinds[0].value == "police_dept"
    is_local = is_police and all(pattern.role != "office" for _, pattern in hits)
    read = Text(text, fold(text).strip(), words, kinds, is_local)
    for at, pattern in hits:
        _tell_neighbour(read, at, pattern)
    return read


def _word(found: re.Match[str]) -> Word:
    folded = fold(found[0])
    word = Word(found[0], found.start(), found.end(), folded, key_of(folded))
    if folded.isdigit() or (len(folded) == 1 and folded.isascii()):
        word.roles.add("number")
    return word


def _patterns_at(words: list[Word], at: int) -> Iterable[Pattern]:
    """For each role the longest pattern that begins at this word."""
    found: dict[str, Pattern] = {}
    for pattern in patterns().get(words[at].key[:1], ()):
        if pattern.role not in found and pattern.matches(words, at):
            found[pattern.role] = pattern
    return found.values()


def _tell_neighbour(text: Text, at: int, pattern: Pattern) -> None:
    """Gives the name beside a road word or a level word what that word says about it."""
    if pattern.role not in {"road", "level"}:
        return
    words, after = text.words, at + len(pattern.parts)
    previous = _name_beside(text, range(at - 1, -1, -1), at)
    following = _name_beside(text, range(after, len(words)), after - 1)
    side = pattern.side
    if side == "either":
        side = "next" if previous is None or (following and not previous.is_adjective) else "previous"
    chosen = (previous or following) if side == "previous" else (following or previous)
    if chosen is None:
        return
    if pattern.role == "road":
        chosen.is_road = True
    elif not chosen.level:
        chosen.level = pattern.value


def _name_beside(text: Text, positions: Iterable[int], beside: int) -> Word | None:
    """The next name along `positions`, across words of level and kind but no comma; None before anything else."""
    for at in positions:
        word = text.words[at]
        first, last = sorted((at, beside))
        if not text.is_joined(text.words[first], text.words[last]):
            return None
        if word.is_name:
            return word
        if not word.roles & {"level", "kind"}:
            return None
        beside = at
    return None
