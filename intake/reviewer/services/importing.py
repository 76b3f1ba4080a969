"""`reviewer import`: bundles and loose sealed files into the vault, in small steps that each are whole.

Each step (100 small objects, or up to and with one large) is one transaction with its own event. Killed in
between, the next import goes on; done twice, the second changes nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select

from intake.reviewer.cleaning import clean_name
from intake.reviewer.errors import BundleRefused, NotFound
from intake.reviewer.models import LISTINGS, STATE_MALFORMED, STATE_UNOPENED
from intake.reviewer.services.arriving import Arrival, Arrivals, Findings
from intake.reviewer.services.bag_check import damaged_tags
from intake.reviewer.services.bundles import Bundle, looks_like_bundle, open_bundle
from intake.reviewer.services.events import append_event, read_events
from intake.reviewer.services.filing import is_held, is_known, put_in
from intake.reviewer.services.folders import UntrustedFolder
from intake.reviewer.services.keeping import keep_proof
from intake.reviewer.services.log_check import check_log
from intake.reviewer.services.state import fold
from intake.reviewer.storage import Vault
from intake.wire.bundle import OBJECTS_FOLDER, IndexEntry
from intake.wire.encoding import day_text
from keys.ring import Keyring

STEP_OBJECTS = 100
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


class Importer:
    """Imports into one open vault with one laptop's keys; `progress` is told (objects done, objects in all)."""

    def __init__(self, vault: Vault, ring: Keyring, today: date, progress: Progress) -> None:
        self._vault = vault
        self._ring = ring
        self._today = today
        self._progress = progress

    def run(self, path: Path) -> list[ImportResult]:
        """Import a bundle folder, a loose sealed file, or a folder of both.

        Raises NotFound, and BundleRefused before anything of the refused bundle is read. In a folder of several, one
        that is refused is named and does not keep the others out.
        """
        if not path.exists():
            raise NotFound(clean_name(path.name))
        if not path.is_dir():
            return [self._loose_files(path.parent, [path.name], asked=True)]
        if looks_like_bundle(path):
            return [self._bundle(path)]
        children = sorted(path.iterdir())
        results = [self._one_of_many(child) for child in children if child.is_dir() and looks_like_bundle(child)]
        names = [child.name for child in children if not child.is_dir()]
        return [*results, self._loose_files(path, names, asked=False)] if names else results

    def _one_of_many(self, path: Path) -> ImportResult:
        try:
            return self._bundle(path)
        except BundleRefused as error:
            name = clean_name(path.name)
            return ImportResult(name, asked=True, findings=Findings(refused=[(name, str(error))]))

    def _bundle(self, path: Path) -> ImportResult:
        bundle = open_bundle(self._vault.home, path)
        statement = bundle.statement
        result = ImportResult(statement.folder, bundle=statement.bundle, serial=statement.serial)
        try:
            if bundle.entries is None:
                result.warnings.append(f"{bundle.damage}: its objects are taken as loose files, none is acked")
                self._take_loose(result, bundle.folder, bundle.folder.names(OBJECTS_FOLDER))
            else:
                result.warnings += damaged_tags(bundle)
                self._take_listed(result, bundle, bundle.entries)
            result.unnamed = bundle.unnamed_files() if result.acked else []
            self._close(result, bundle)
        finally:
            bundle.folder.close()
        return result

    def _loose_files(self, folder: Path, names: list[str], asked: bool) -> ImportResult:
        result = ImportResult("loose files", asked=asked)
        source = UntrustedFolder(folder)
        try:
            self._take_loose(result, source, names)
        finally:
            source.close()
        return result

    def _take_listed(self, result: ImportResult, bundle: Bundle, entries: tuple[IndexEntry, ...]) -> None:
        result.acked = True
        self._take(result, self._arrivals(result).listed(bundle, entries), len(entries), bundle.log)

    def _take_loose(self, result: ImportResult, folder: UntrustedFolder, names: list[str]) -> None:
        self._take(result, self._arrivals(result).loose(folder, names), len(names), "")

    def _arrivals(self, result: ImportResult) -> Arrivals:
        return Arrivals(self._vault.home, self._ring, self._today, self._is_held, result.findings)

    def _is_held(self, sha256: bytes) -> bool:
        with self._vault.begin() as connection:
            return is_held(connection, sha256, self._vault.object_path(sha256))

    def _take(self, result: ImportResult, arrivals: Iterator[Arrival | None], total: int, log: str) -> None:
        with self._vault.begin() as connection:
            done = set(fold(read_events(connection)).bundles.get(result.bundle, ()))
        seen = 0
        for step in _steps(arrivals):
            with self._vault.begin() as connection:
                self._write(connection, result, [each for each in step if each], done, log)
            seen += len(step)
            self._progress(seen, total)

    def _write(
        self,
        connection: Connection,
        result: ImportResult,
        step: list[Arrival],
        done: set[tuple[str, str]],
        log: str,
    ) -> None:
        rows = []
        for each in step:
            state = self._put(connection, result, each)
            key = (each.entry.object_id.hex() if each.entry else "", each.sha256.hex())
            if key not in done and (each.entry or state != "known"):
                done.add(key)
                rows.append([*key, state])
                if each.entry:
                    _list(connection, each.entry, result.bundle, log)
        if rows:
            bundle = result.bundle if result.acked else ""
            append_event(connection, self._ring, "import", bundle=bundle, objects=rows)

    def _put(self, connection: Connection, result: ImportResult, each: Arrival) -> str:
        # Twice in one step, under two ids: the first has put it in.
        if each.filed is None or is_known(connection, each.sha256):
            result.known += 1
            return "known"
        put_in(connection, each.filed)
        result.new += 1
        result.unopened += each.filed.state == STATE_UNOPENED
        result.malformed += each.filed.state == STATE_MALFORMED
        return each.filed.state

    def _close(self, result: ImportResult, bundle: Bundle) -> None:
        """Check the log, and write down what was wrong unless the last import of this bundle said the same."""
        with self._vault.begin() as connection:
            if result.acked:
                warnings, result.forks = check_log(connection, bundle)
                result.warnings += warnings
            fields: dict[str, object] = {
                "bundle": result.bundle,
                "serial": result.serial,
                "log": bundle.log,
                "quarantined": [list(each) for each in result.findings.quarantined],
                "missing": result.findings.missing,
                "unnamed": result.unnamed,
                "warnings": result.warnings,
                "forks": result.forks,
            }
            last = fold(read_events(connection)).reports.get(result.bundle)
            if last is None or any(last.fields[name] != value for name, value in fields.items()):
                append_event(connection, self._ring, "bundle", **fields)
        if result.forks:
            keep_proof(self._vault.home, bundle.folder, result.bundle)


def _steps(arrivals: Iterator[Arrival | None]) -> Iterator[list[Arrival | None]]:
    step: list[Arrival | None] = []
    for each in arrivals:
        step.append(each)
        if len(step) == STEP_OBJECTS or (each and each.large):
            yield step
            step = []
    if step:
        yield step


def _list(connection: Connection, entry: IndexEntry, bundle: str, log: str) -> None:
    same = (LISTINGS.c.object_id == entry.object_id, LISTINGS.c.sha256 == entry.sha256)
    if connection.execute(select(LISTINGS.c.leaf).where(*same)).first():
        return
    row = {"epoch": entry.epoch, "day": day_text(entry.day), "leaf": entry.leaf_number}
    connection.execute(
        insert(LISTINGS).values(object_id=entry.object_id, sha256=entry.sha256, log=log, bundle=bundle, **row)
    )
