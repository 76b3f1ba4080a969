"""Handing outboxes to a server, and telling what it says of each."""

from dataclasses import dataclass
from pathlib import Path

from intake.courier.errors import FileUnusable, ServerRefused
from intake.courier.line import Line
from intake.wire.constants import NOTE_MAX_SIZE
from intake.wire.encoding import strict_json_loads, utf8
from intake.wire.errors import WireError
from intake.wire.outbox import parse_outbox

_ANSWER_MAX_SIZE = 4096
_SENTENCE_MAX = 500


@dataclass(frozen=True)
class Said:
    """What a server said of one outbox; `words` are printable ASCII."""

    file: str
    applied: bool
    words: str


def read_outboxes(paths: list[Path]) -> list[tuple[Path, bytes]]:
    """The outboxes by laptop, purpose and serial, in which order a server takes them; raises FileUnusable."""
    found = []
    for path in paths:
        try:
            with path.open("rb") as source:
                data = source.read(NOTE_MAX_SIZE + 1)
            _, outbox = parse_outbox(data)
        except OSError as error:
            raise FileUnusable(f"{str(path)!r}: {error.strerror}") from None
        except WireError:
            raise FileUnusable(f"{path.name[:80]!a} is not an outbox") from None
        found.append(((outbox.head.laptop, outbox.purpose, outbox.head.serial), path, data))
    return [(path, data) for _, path, data in sorted(found, key=lambda each: each[0])]


def push(line: Line, path: Path, outbox: bytes) -> Said:
    """Hands one outbox in; doing it again is refused by the server and changes nothing there."""
    _, body = line.read("/courier/outboxes", outbox, _ANSWER_MAX_SIZE)
    try:
        taken = strict_json_loads(utf8(body))
    except WireError:
        raise ServerRefused("its answer is malformed") from None
    applied, says = taken.get("applied"), taken.get("says")
    if not isinstance(applied, bool) or not isinstance(says, str):
        raise ServerRefused("its answer is malformed")
    # It comes from outside and goes to a terminal.
    words = "".join(c if " " <= c <= "~" else "?" for c in says[:_SENTENCE_MAX])
    return Said(path.name, applied, words)
