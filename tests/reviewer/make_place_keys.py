"""Writes the last column of the table of places anew, after names were added or the rules of sound were changed.

.venv/bin/python tests/reviewer/make_place_keys.py
"""

from __future__ import annotations

from pathlib import Path

from intake.reviewer.people.places_fold import fold, key_of

TABLE = Path(__file__).resolve().parents[2] / "intake/reviewer/people/data/places.tsv"
NAMES = slice(6, 11)
"""The columns of Kazakh, Russian, English, former and other names."""


def keys_of(row: list[str]) -> str:
    """The keys of a row's names, each once, apart by "|"."""
    names = [name for cell in row[NAMES] for name in cell.split("|") if name]
    return "|".join(dict.fromkeys(key_of(fold(name)) for name in names))


def with_keys(table: str) -> str:
    """The whole table with the keys that its names give."""
    head, _, body = table.partition("\tkeys\n")
    rows = [line.split("\t") for line in body.splitlines()]
    return f"{head}\tkeys\n" + "".join("\t".join([*row[:-1], keys_of(row)]) + "\n" for row in rows)


if __name__ == "__main__":
    TABLE.write_text(with_keys(TABLE.read_text("utf-8")), "utf-8")
