"""Writing down what arrived, in steps that each are whole: objects, parts, listings and one event in one transaction.

A step is 250 small objects, or up to and with one large one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, insert, select

from intake.reviewer.models import LISTINGS, STATE_MALFORMED, STATE_UNOPENED
from intake.reviewer.services.arriving import Arrival, Findings
from intake.reviewer.services.events import append_event, read_events
from intake.reviewer.services.filing import Filed, known, put_in
from intake.reviewer.services.state import fold
from intake.reviewer.storage import Vault
from intake.wire.bundle_index import IndexEntry
from intake.wire.encoding import day_text
from keys.ring import Keyring

STEP_OBJECTS = 250
Progress = Callable[[int, int], None]


@dataclass
class ImportResult:
    """What became of one bundle or of the loose files given: counts, and names of what is not as it should be.

    `asked`: somebody named this very file; else it merely lay in the folder, beside outboxes and other things.
    """

    title: str
    asked: bool = False
    bundle: str = ""
    serial: int = 0
    acked: bool = False
    new: int = 0
    known: int = 0
    unopened: int = 0
    malformed: int = 0
    findings: Findings = field(default_factory=Findings)
    unnamed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    forks: list[str] = field(default_factory=list)


class Recorder:
    """Writes the arrivals of one import into the vault and counts them in `result`."""

    def __init__(self, vault: Vault, ring: Keyring, result: ImportResult, log: str, progress: Progress) -> None:
        self._vault = vault
        self._ring = ring
        self._result = result
        self._log = log
        self._progress = progress
        with vault.begin() as connection:
            self._done = set(fold(read_events(connection)).bundles.get(result.bundle, ()))

    def take(self, arrivals: Iterator[Arrival | None], total: int) -> None:
        """Write down everything that arrives; the progress is told of `total` objects after each step."""
        seen = 0
        for step in _steps(arrivals):
            with self._vault.begin() as connection:
                self._write(connection, [each for each in step if each])
            seen += len(step)
            self._progress(seen, max(seen, total))

    def _write(self, connection: Connection, step: list[Arrival]) -> None:
        rows, listed = [], []
        states = self._put_in(connection, step)
        for each, state in zip(step, states, strict=True):
            key = (each.entry.object_id.hex() if each.entry else "", each.sha256.hex())
            if key not in self._done and (each.entry or state != "known"):
                self._done.add(key)
                rows.append([*key, state])
                if each.entry:
                    listed.append(each.entry)
        _list(connection, listed, self._result.bundle, self._log)
        if rows:
            bundle = self._result.bundle if self._result.acked else ""
            append_event(connection, self._ring, "import", bundle=bundle, objects=rows)

    def _put_in(self, connection: Connection, step: list[Arrival]) -> list[str]:
        """Put in what is new; return what became of each: known, or the state it was filed with."""
        result, states, new = self._result, [], list[Filed]()
        here = known(connection, [each.sha256 for each in step])
        for each in step:
            # Twice in one step, under two ids: the first puts it in.
            if each.filed is None or each.sha256 in here:
                result.known += 1
                states.append("known")
                continue
            here.add(each.sha256)
            new.append(each.filed)
            states.append(each.filed.state)
        put_in(connection, new)
        result.new += len(new)
        result.unopened += sum(each.state == STATE_UNOPENED for each in new)
        result.malformed += sum(each.state == STATE_MALFORMED for each in new)
        return states


def _steps(arrivals: Iterator[Arrival | None]) -> Iterator[list[Arrival | None]]:
    step: list[Arrival | None] = []
    for each in arrivals:
        step.append(each)
        if len(step) == STEP_OBJECTS or (each and each.large):
            yield step
            step = []
    if step:
        yield step


def _list(connection: Connection, entries: Sequence[IndexEntry], bundle: str, log: str) -> None:
    ids = [entry.object_id for entry in entries]
    wanted = select(LISTINGS.c.object_id, LISTINGS.c.sha256).where(LISTINGS.c.object_id.in_(ids))
    there = {(row.object_id, row.sha256) for row in connection.execute(wanted)}
    rows = [
        {
            "object_id": entry.object_id,
            "sha256": entry.sha256,
            "epoch": entry.epoch,
            "day": day_text(entry.day),
            "log": log,
            "leaf": entry.leaf_number,
            "bundle": bundle,
        }
        for entry in entries
        if (entry.object_id, entry.sha256) not in there
    ]
    if rows:
        connection.execute(insert(LISTINGS), rows)
