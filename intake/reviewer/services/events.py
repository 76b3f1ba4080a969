"""The chain of custody: every action an event, signed by this laptop and bound to the one before.

```
body_n = strict JSON {"n", "at", "laptop", "kind", "prev": hex of hash_(n-1), ...}
hash_n = SHA-256("intake/reviewer-event/v1\\n" || body_n), signature over the same bytes
```

`at` is this laptop's clock, UTC, to the second. Kinds and their fields stand in KINDS.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, select

from intake.reviewer.errors import ChainBroken
from intake.reviewer.models import EVENTS
from intake.wire.encoding import strict_json_dumps, strict_json_loads
from intake.wire.errors import WireError
from keys.ring import Keyring
from keys.signing import LABEL_REVIEWER_EVENT, verify_reviewer_event

FIRST_PREVIOUS = bytes(32)
KINDS: Mapping[str, tuple[str, ...]] = {
    "import": ("bundle", "objects"),
    "bundle": ("bundle", "serial", "log", "quarantined", "missing", "unnamed", "warnings", "forks"),
    "reply": ("item", "report", "mailbox", "number", "text"),
    "outbox": ("purpose", "serial", "sha256", "entries"),
    "media-exported": ("item", "object", "size"),
}


@dataclass(frozen=True)
class Event:
    """One event: its number from 1, kind, and fields as strict JSON gave them."""

    number: int
    kind: str
    fields: dict[str, object]

    def text(self, name: str) -> str:
        """Return a field that is text; raises ChainBroken for another type."""
        value = self.fields[name]
        if not isinstance(value, str):
            raise ChainBroken("a field of another type")
        return value

    def integer(self, name: str) -> int:
        """Return a field that is a number; raises ChainBroken for another type."""
        value = self.fields[name]
        if not isinstance(value, int):
            raise ChainBroken("a field of another type")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a field that is a list of text; raises ChainBroken for another type."""
        return [str(each) for each in _list(self.fields[name])]

    def rows(self, name: str) -> list[list[str]]:
        """Return a field that is a list of lists of text; raises ChainBroken for another type."""
        return [[str(cell) for cell in _list(row)] for row in _list(self.fields[name])]


def append_event(connection: Connection, ring: Keyring, kind: str, **fields: object) -> int:
    """Add one event to the chain inside the caller's transaction; return its number."""
    if tuple(fields) != KINDS[kind]:
        raise ValueError(f"fields of {kind}")
    number, previous = _last(connection)
    head = {"n": number + 1, "at": _now(), "laptop": ring.laptop, "kind": kind, "prev": previous.hex()}
    body = strict_json_dumps(head | fields).encode()
    connection.execute(
        insert(EVENTS).values(number=number + 1, body=body, hash=_hash(body), signature=ring.event_signer.sign(body))
    )
    return number + 1


def read_events(connection: Connection) -> Iterator[Event]:
    """Give every event in order; raises ChainBroken where a link does not hold (signatures: verify_chain)."""
    previous, expected = FIRST_PREVIOUS, 1
    rows = connection.execute(select(EVENTS.c.number, EVENTS.c.body, EVENTS.c.hash).order_by(EVENTS.c.number))
    for number, body, digest in rows:
        taken = _parse(body)
        if (number, taken["n"], taken["prev"], _hash(body)) != (expected, expected, previous.hex(), digest):
            raise ChainBroken(f"event {expected}")
        yield Event(number, str(taken["kind"]), taken)
        previous, expected = digest, expected + 1


def verify_chain(connection: Connection, ring: Keyring) -> int:
    """Check every link and every signature; return the number of events. Raises ChainBroken."""
    count = sum(1 for _ in read_events(connection))
    key = ring.event_signer.public_key
    for number, body, signature in connection.execute(select(EVENTS.c.number, EVENTS.c.body, EVENTS.c.signature)):
        try:
            verify_reviewer_event(key, body, signature)
        except WireError:
            raise ChainBroken(f"the signature of event {number}") from None
    return count


def _last(connection: Connection) -> tuple[int, bytes]:
    newest = select(func.max(EVENTS.c.number)).scalar_subquery()
    row = connection.execute(select(EVENTS.c.number, EVENTS.c.hash).where(EVENTS.c.number == newest)).first()
    return (row[0], row[1]) if row else (0, FIRST_PREVIOUS)


def _parse(body: object) -> dict[str, object]:
    # SQLite keeps text in a column of bytes without a word.
    if not isinstance(body, bytes):
        raise ChainBroken("an event is malformed")
    try:
        return strict_json_loads(body.decode())
    except (WireError, UnicodeDecodeError):
        raise ChainBroken("an event is malformed") from None


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(LABEL_REVIEWER_EVENT + body).digest()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ChainBroken("a field of another type")
    return value
