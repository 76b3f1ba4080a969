"""Short keys under which words that may sound alike meet: consonants by class, without vowels and glides.

Keys only gather what is then compared by `distance`; two words worth comparing have keys that differ in at most
one consonant.
"""

from __future__ import annotations

from functools import cache, lru_cache

from intake.reviewer.people.sounds import spelling

_CLASSES = {
    **dict.fromkeys("kqgğh", "K"),
    **dict.fromkeys("bpfv", "P"),
    **dict.fromkeys("dt", "T"),
    **dict.fromkeys("szcšžǰč", "S"),
    **dict.fromkeys("nŋm", "N"),
    "l": "L",
    "r": "R",
}
MAX_KEYS = 12
"""Keys kept of one reading whose letters may stand for sounds of several classes."""
_CHEAP = 0.15
_OFTEN_DROPPED = 0.5


@cache
def _classes() -> dict[str, tuple[str, ...]]:
    """For each symbol's private character, the classes of its likely sounds; empty for vowels and glides."""
    tables = spelling()
    found = {}
    for name in tables.names:
        sounds = tables.symbols[name]
        classes = {_CLASSES.get(sound, "") for sound, cost in sounds.items() if cost <= _CHEAP}
        if tables.drop.get(name, tables.drop_other) <= _OFTEN_DROPPED:
            classes.add("")
        found[tables.code(name)] = tuple(sorted(classes)) or ("",)
    return found


@lru_cache(maxsize=20_000)
def keys(reading: str) -> tuple[str, ...]:
    """The keys of one reading: one, or a few when a letter group may stand for sounds of different classes."""
    classes = _classes()
    found = [""]
    for symbol in reading:
        longer = [key if key.endswith(letter) else key + letter for key in found for letter in classes[symbol]]
        found = list(dict.fromkeys(longer))[:MAX_KEYS]
    return tuple(found)


@cache
def _coarse() -> dict[int, str]:
    """For `str.translate`: each symbol's private character to the class of its likeliest sound; glides vanish."""
    tables = spelling()
    found = {}
    for name in tables.names:
        sound = min(tables.symbols[name], key=tables.symbols[name].__getitem__)
        vowel = "a" if sound in "aäe" else "i" if sound in "iı" else "o" if sound in "oöuü" else ""
        found[ord(tables.code(name))] = _CLASSES.get(sound, vowel)
    return found


@lru_cache(maxsize=20_000)
def coarse(reading: str) -> str:
    """`reading` with each symbol put down to the class of its likeliest sound: for a first, fast comparison."""
    outline = reading.translate(_coarse())
    return "".join(letter for at, letter in enumerate(outline) if at == 0 or letter != outline[at - 1])
