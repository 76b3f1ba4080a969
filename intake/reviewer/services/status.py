"""`reviewer status`: is the vault whole, what waits, what was wrong with what came."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from intake.reviewer.models import HEADS, OBJECTS, OUTBOXES, STATE_MALFORMED, STATE_UNOPENED
from intake.reviewer.services.events import Event, read_events, verify_chain
from intake.reviewer.services.reports import read_items
from intake.reviewer.services.state import fold
from keys.ring import Keyring


@dataclass(frozen=True)
class Status:
    """Counts; `last_head` is the newest day a log signed a head for, "" when none; the lists are in words."""

    events: int
    reports: int
    incomplete: int
    objects: int
    unopened: int
    malformed: int
    to_ack: int
    to_send: int
    unwritten: int
    last_head: str
    troubles: list[str]


def read_status(connection: Connection, ring: Keyring) -> Status:
    """Check the whole chain of events and count; raises ChainBroken."""
    events = verify_chain(connection, ring)
    state = fold(read_events(connection))
    counted = connection.execute(select(OBJECTS.c.state, func.count()).group_by(OBJECTS.c.state))
    by_state: dict[str, int] = {name: count for name, count in counted}  # noqa: C416
    items = read_items(connection)
    unwritten = select(func.count()).where(OUTBOXES.c.written.is_(False))
    return Status(
        events=events,
        reports=len(items),
        incomplete=sum(each.state.startswith("incomplete") for each in items),
        objects=sum(by_state.values()),
        unopened=by_state.get(STATE_UNOPENED, 0),
        malformed=by_state.get(STATE_MALFORMED, 0),
        to_ack=len(state.to_ack),
        to_send=len(state.to_send()),
        unwritten=connection.execute(unwritten).scalar_one(),
        last_head=connection.execute(select(func.max(HEADS.c.day))).scalar() or "",
        troubles=_troubles(state.reports.values()),
    )


def count_unopened(connection: Connection) -> int:
    """Return how many objects opened with no key of this laptop."""
    unopened = select(func.count()).where(OBJECTS.c.state == STATE_UNOPENED)
    return int(connection.execute(unopened).scalar_one())


def _troubles(bundles: Iterable[Event]) -> list[str]:
    found = []
    for event in bundles:
        name = f"bundle-{event.text('bundle')[:8]}"
        found += [f"{name}: {object_id}: {reason}" for object_id, reason in event.rows("quarantined")]
        found += [f"{name}: {object_id} is missing" for object_id in event.texts("missing")]
        found += [f"{name}: FORK: {words}" for words in event.texts("forks")]
        found += [f"{name}: {words}" for words in event.texts("warnings")]
    return found
