"""The daily digest: the figures in plain words, always the same number of bytes and lines, for a mail.

Whoever sees the mail's size, even of an encrypted one, learns nothing from it. Every line is as wide as every other,
without trailing blanks, which a mail program might drop; send it uncompressed.
"""

from typing import Final

from intake.server.services.core import Core
from intake.server.services.figures import Figures
from intake.server.services.status import alarms
from intake.wire.encoding import day_text

WIDTH: Final = 71
"""Characters of a line, without its newline."""
_NUMBER_MAX: Final = 10**15
_REFUSALS: Final = ("no-space", "unavailable", "internal")


def digest(core: Core, found: Figures) -> str:
    """The whole digest, ASCII."""
    reports, media = found.kinds["report"], found.kinds["media"]
    numbers = {
        "Text parts stored (a report has one or more)": reports[0],
        "Bytes of these parts": reports[1],
        "Photos, videos and recordings stored": media[0],
        "Bytes of these files": media[1],
        "Objects that came yesterday and are still here": found.came_yesterday,
        "Unfinished uploads": found.uploads,
        "Objects that no laptop has acked": found.unacked,
        "Days since the oldest of them came": found.oldest_days,
        "Objects in the log": found.head[1] if found.head else 0,
        "Slots of answers that wait": found.waiting_slots,
        "Days until the newest key manifest ends": max(0, found.manifest_days or 0),
        "Free bytes on the disk": found.disk_free,
        "Requests refused, ever": sum(found.refusals.values()),
        **{f"of these: {name}": found.refusals.get(name, 0) for name in _REFUSALS},
    }
    lines = [
        _line("Intake, daily digest", day_text(found.day)),
        _line("What it is for", "TRAINING" if core.rehearsal else "REAL USE"),
        *(_line(words, str(min(value, _NUMBER_MAX))) for words, value in numbers.items()),
        _line("To look at", "now?"),
        *(_line(words, "LOOK" if is_so else "no") for words, is_so in alarms(core, found).items()),
    ]
    return "".join(f"{line}\n" for line in lines)


def _line(words: str, value: str) -> str:
    return f"{words} ".ljust(WIDTH - len(value) - 1, ".") + f" {value}"
