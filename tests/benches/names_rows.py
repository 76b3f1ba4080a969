"""Rows of a file of labelled name pairs, and the tracks into which the names bench sorts them.

Columns: split, track, label, name_a, name_b, scripts, countries, dob_a, dob_b, source, licence, entity_a, entity_b.
`full` are real full names, `recomb` a real surname and patronymic with another person's given name (a brother, always
label 0), `token` single given names and surnames. `entity*given` is the brother of `entity`.

Which rows count as "patronymic on one side" or "non-English Latin" is ruled here by endings and letters alone, without
any code of the product, so that the product cannot move its own goal posts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

COLUMNS = ("track", "label", "name_a", "name_b", "scripts", "entity_a", "entity_b")
TRACKS = ("full", "recomb", "token")
# Fathers' names by their endings: Slavic in both scripts and in English, German, French, Polish and Swedish dress;
# Turkic "son of" and "daughter of". At least three letters go before.
PATRONYMIC_ENDINGS = (
    *("ович", "евич", "ёвич", "овна", "евна", "ёвна", "ична", "івна", "ївна"),
    *("ұлы", "улы", "уулу", "оглы", "огли", "оглу", "оғлу", "угли", "қызы", "кызы", "гызы", "кизи"),
    *("ovich", "evich", "ovych", "evych", "ovitch", "evitch", "owitsch", "ewitsch", "owicz", "ewicz", "ovič", "evič"),
    *("ovitj", "evitj", "ovna", "evna", "owna", "ewna", "ivna", "ichna"),
    *("uly", "uli", "ulı", "ūly", "ýly", "úly", "uulu", "ogly", "oglu", "ogli", "oğlu", "ugli"),
    *("kyzy", "kizi", "qyzy", "qızı", "qizi", "gyzy", "gizi", "kysy"),
)
APOSTROPHES = "'’ʻʼ`´ʹ"
NOT_ENGLISH = re.compile(
    rf"[^\x00-\x7f{APOSTROPHES}]"  # a letter with a mark: Turkish, Azeri, acute, German, Finnish
    r"|[wq]"  # German and Polish w for v, Kazakh q
    r"|sch|tch|sz|cz|[st]j|\bou|[bcdfghklmnprstvz]ou"  # German, French, Polish and Swedish digraphs
    r"|[aeiouy]jew|[ai]jeva?\b|jul[iy]\b|\bje"  # j for й
)


@dataclass(frozen=True)
class Row:
    """One pair: `same` says whether both names are one person's."""

    track: str
    same: bool
    a: str
    b: str
    scripts: str
    entity_a: str
    entity_b: str

    @property
    def persons(self) -> tuple[str, str]:
        """Both entities without the mark of an invented brother: whom a fold must not tear apart."""
        return self.entity_a.split("*")[0], self.entity_b.split("*")[0]


class UnreadableFile(Exception):
    """The file of name pairs cannot be read."""


def row_of(record: dict[str, str]) -> Row:
    """A row of one record; raises UnreadableFile when a column is missing or out of range."""
    missing = [name for name in COLUMNS if not record.get(name)]
    if missing or record["track"] not in TRACKS or record["label"] not in {"0", "1"}:
        raise UnreadableFile(f"a row lacks or misstates {', '.join(missing) or 'track or label'}")
    return Row(
        record["track"],
        record["label"] == "1",
        record["name_a"],
        record["name_b"],
        record["scripts"],
        record["entity_a"],
        record["entity_b"],
    )


def read_rows(path: Path) -> list[Row]:
    """All pairs of a tab-separated UTF-8 file with a header; raises UnreadableFile."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row_of(record) for record in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    except OSError as error:
        raise UnreadableFile(error.strerror or "it cannot be opened") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile("it is not tab-separated UTF-8") from error
    if not rows:
        raise UnreadableFile("it holds no pairs")
    return rows


def has_patronymic(name: str) -> bool:
    """Whether a word of `name` ends like a father's name, or stands apart as "son of", "daughter of"."""
    words = re.findall(r"[^\W\d_]+", re.sub(rf"[{APOSTROPHES}]", "", name.lower()))
    joined = (word for word in words if any(word.endswith(e) and len(word) >= len(e) + 3 for e in PATRONYMIC_ENDINGS))
    apart = (word for word in words[1:] if word in PATRONYMIC_ENDINGS)
    return next(joined, None) is not None or next(apart, None) is not None


def is_foreign_latin(name: str) -> bool:
    """Whether `name` is in Latin letters and not as an English newspaper would spell it."""
    folded = name.lower()
    return bool(re.search("[a-z]", folded)) and bool(NOT_ENGLISH.search(folded))


def is_one_sided(row: Row) -> bool:
    """Whether exactly one of both names has a patronymic."""
    return has_patronymic(row.a) != has_patronymic(row.b)


def tracks_of(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Every track of the bench and its rows; a row may stand in several."""
    rows = list(rows)
    full = [row for row in rows if row.track == "full"]
    same = [row for row in full if row.same]
    brothers = [row for row in rows if row.track == "recomb"]
    tokens = [row for row in rows if row.track == "token"]
    return {
        "full_with_brothers": full + brothers,
        "full_real_only": full,
        "full_against_brothers": same + brothers,
        "brothers_told_apart": brothers,
        "patronymic_one_side": [row for row in same if is_one_sided(row)],
        "non_english_latin": [row for row in same if is_foreign_latin(row.a) or is_foreign_latin(row.b)],
        "kk_vs_ru_cyrillic": [row for row in same if row.scripts == "cyr-kk"],
        "tokens": tokens,
        **by_scripts("full", full + brothers),
        **by_scripts("tokens", tokens),
    }


def by_scripts(name: str, rows: list[Row]) -> dict[str, list[Row]]:
    """`rows` apart by the scripts of their names: `full/cyr-lat` and so on."""
    kinds = sorted({row.scripts for row in rows})
    return {f"{name}/{kind}": [row for row in rows if row.scripts == kind] for kind in kinds}


Scorer = Callable[[str, str], float]
