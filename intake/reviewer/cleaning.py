"""Making text from outside safe to print: no control, direction or invisible character reaches the terminal.

A report is written by anybody. Escape sequences could rewrite the screen, type commands into some terminals, or
hide words; direction marks could turn a sentence round. Each such character is shown as `<U+202E>` instead.
"""

import textwrap
import unicodedata
from itertools import accumulate

NAME_MAX_CHARACTERS = 80
_WIDE = "WF"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NEWLINES = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n"})


def clean_line(untrusted_text: str) -> str:
    """Return one line that prints as what it is; newlines and tabs become spaces."""
    spaced = untrusted_text.replace("\r\n", "\n").translate(_NEWLINES).replace("\n", " ").replace("\t", " ")
    return "".join(_visible(character) for character in spaced)


def clean_lines(untrusted_text: str) -> list[str]:
    """Return the text's own lines, each cleaned."""
    lines = untrusted_text.replace("\r\n", "\n").translate(_NEWLINES).split("\n")
    return [clean_line(line) for line in lines]


def clean_name(untrusted_name: str) -> str:
    """Return a file name or id cleaned and cut to 80 characters."""
    cleaned = clean_line(untrusted_name)
    return cleaned if len(cleaned) <= NAME_MAX_CHARACTERS else cleaned[: NAME_MAX_CHARACTERS - 1] + "…"


def wrap(untrusted_text: str, width: int, margin: str) -> list[str]:
    """Return cleaned lines of at most `width` characters, each behind `margin`.

    The margin stands before every line, so that no text can pass itself off as a heading of ours. A line with wide
    characters is cut at half the width: the terminal itself would break a longer one, without the margin.
    """
    room = max(10, width - len(margin))
    lines = ((line, room if columns(line) == len(line) else room // 2) for line in clean_lines(untrusted_text))
    rows = [row for line, size in lines for row in textwrap.wrap(line, size) or [""]]
    return [(margin + row).rstrip() for row in rows]


def shorten(untrusted_text: str, width: int) -> str:
    """Return the text cleaned, on one line, cut to `width` columns of a terminal."""
    cleaned = " ".join(clean_line(untrusted_text).split())
    if columns(cleaned) <= width:
        return cleaned
    ends = accumulate(columns(character) for character in cleaned)
    return cleaned[: sum(end < width for end in ends)] + "…"


def columns(text: str) -> int:
    """Return how many columns of a terminal a cleaned text takes: East Asian wide characters and emoji take two."""
    return sum(2 if unicodedata.east_asian_width(character) in _WIDE else 1 for character in text)


def _visible(character: str) -> str:
    if unicodedata.category(character) in _HIDDEN:
        return f"<U+{ord(character):04X}>"
    return character
