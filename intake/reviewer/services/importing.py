"""`reviewer import`: bundles and loose sealed files into the vault, in small steps that each are whole.

Each step is one transaction with its own event (recording.py). Killed in between, the next import goes on; done
twice, the second changes nothing. Small objects that the key of their label does not open are put off until all others
are in, and only then tried with every key: a flood of junk must not keep honest reports waiting.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from intake.reviewer.cleaning import clean_name
from intake.reviewer.errors import BundleRefused, NotFound
from intake.reviewer.services.arriving import Arrivals, Findings
from intake.reviewer.services.bag_check import damaged_tags
from intake.reviewer.services.bundles import Bundle, looks_like_bundle, open_bundle
from intake.reviewer.services.events import append_event, read_events
from intake.reviewer.services.filing import held
from intake.reviewer.services.folders import UntrustedFolder
from intake.reviewer.services.keeping import keep_proof
from intake.reviewer.services.log_check import check_log, view_log
from intake.reviewer.services.recording import ImportResult, Progress, Recorder
from intake.reviewer.services.state import fold
from intake.reviewer.storage import Vault
from intake.wire.bundle_index import OBJECTS_FOLDER, IndexEntry
from keys.ring import Keyring


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
                self._take_carved(result, bundle.folder)
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

    def _take_listed(self, result: ImportResult, bundle: Bundle, entries: Sequence[IndexEntry]) -> None:
        result.acked = True
        arrivals, found = self._arrivals(result), result.findings
        with self._vault.begin() as connection:
            log = view_log(connection, bundle)
        recorder = self._recorder(result, bundle.log)
        recorder.take(arrivals.listed(bundle, log, entries, every_key=False), len(entries))
        if found.put_off:
            recorder.take(arrivals.listed(bundle, log, found.put_off, every_key=True), len(found.put_off))
        if found.unseen:
            result.warnings.append(
                f"{found.unseen} objects are taken and not acked: their log entries were not seen here"
            )

    def _take_loose(self, result: ImportResult, folder: UntrustedFolder, names: list[str]) -> None:
        self._recorder(result, "").take(self._arrivals(result).loose(folder, names), len(names))

    def _take_carved(self, result: ImportResult, folder: UntrustedFolder) -> None:
        self._recorder(result, "").take(self._arrivals(result).carved(folder), 0)

    def _arrivals(self, result: ImportResult) -> Arrivals:
        return Arrivals(self._vault.home, self._ring, self._today, self._held, result.findings)

    def _recorder(self, result: ImportResult, log: str) -> Recorder:
        return Recorder(self._vault, self._ring, result, log, self._progress)

    def _held(self, hashes: Sequence[bytes]) -> set[bytes]:
        with self._vault.begin() as connection:
            return held(connection, hashes, self._vault.object_path)

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
