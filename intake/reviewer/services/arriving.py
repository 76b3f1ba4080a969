"""What a stick brings, one object at a time: checked against the index, or taken as it is when loose."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from intake.reviewer.cleaning import clean_name
from intake.reviewer.services.bundles import Bundle
from intake.reviewer.services.filing import Filed, file_large, file_small
from intake.reviewer.services.folders import Unreadable, UntrustedFolder, readable
from intake.reviewer.services.keeping import OTHER_BYTES, Disagrees, keep_quarantined, receive_large
from intake.reviewer.settings import Home
from intake.wire.bundle import IndexEntry
from intake.wire.errors import WireError
from intake.wire.sealed import header_bytes_needed, parse_header
from keys.opening import SMALL_MAX_SIZE
from keys.ring import Keyring


@dataclass(frozen=True)
class Arrival:
    """One object that is here for good or about to be: its 32-byte hash, filed unless the vault had it already.

    `entry` is its index entry; None for a loose file. `large` ones lie in the vault's folder already.
    """

    sha256: bytes
    filed: Filed | None
    entry: IndexEntry | None
    large: bool = False


@dataclass
class Findings:
    """What is not as it should be, by name: (object id, reason), object ids, (file name, reason)."""

    quarantined: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Arrivals:
    """Opens what comes with one laptop's keys; `is_held` says whether the vault has a hash."""

    home: Home
    ring: Keyring
    today: date
    is_held: Callable[[bytes], bool]
    findings: Findings

    def listed(self, bundle: Bundle, entries: tuple[IndexEntry, ...]) -> Iterator[Arrival | None]:
        """Give each object of an index that is what the index and the log say; None for each that is not."""
        for entry in entries:
            try:
                yield self._one_listed(bundle, entry)
            except FileNotFoundError:
                self.findings.missing.append(entry.object_id.hex())
                yield None
            except (Unreadable, Disagrees) as error:
                self._quarantine(bundle, entry, str(error) or "it cannot be read or is no plain file")
                yield None

    def loose(self, folder: UntrustedFolder, names: list[str]) -> Iterator[Arrival | None]:
        """Give each sealed file among `names`; None for each file that is not one."""
        for name in names:
            try:
                yield self._one_loose(folder, name)
            except (FileNotFoundError, Unreadable, Disagrees):
                self.findings.refused.append((clean_name(name), "it cannot be read or is no plain file"))
                yield None
            except WireError as error:
                self.findings.refused.append((clean_name(name), str(error)))
                yield None

    def _one_listed(self, bundle: Bundle, entry: IndexEntry) -> Arrival:
        if not bundle.leaf_agrees(entry):
            raise Disagrees("its log entry is of another object")
        if self.is_held(entry.sha256):
            return Arrival(entry.sha256, None, entry)
        with bundle.folder.open(entry.path) as source:
            if entry.size > SMALL_MAX_SIZE:
                copy = receive_large(self.home, source, entry.size, entry.sha256)
                filed = file_large(self.ring, copy.path, copy.sha256, entry.epoch, self.today)
                return Arrival(entry.sha256, filed, entry, large=True)
            with readable():
                data = source.read(SMALL_MAX_SIZE + 1)
        if len(data) != entry.size or hashlib.sha256(data).digest() != entry.sha256:
            raise Disagrees(OTHER_BYTES)
        return Arrival(entry.sha256, file_small(self.ring, data, entry.epoch, self.today), entry)

    def _quarantine(self, bundle: Bundle, entry: IndexEntry, reason: str) -> None:
        object_id = entry.object_id.hex()
        keep_quarantined(self.home, bundle.folder, entry.path, bundle.statement.bundle, object_id)
        self.findings.quarantined.append((object_id, reason))

    def _one_loose(self, folder: UntrustedFolder, name: str) -> Arrival:
        with folder.open(name) as source:
            with readable():
                data = source.read(SMALL_MAX_SIZE + 1)
            # Before anything is kept: a plaintext given by mistake must not be copied into the vault.
            parse_header(data[:header_bytes_needed])
            if len(data) > SMALL_MAX_SIZE:
                source.seek(0)
                copy = receive_large(self.home, source, None, None)
                if self.is_held(copy.sha256):
                    return Arrival(copy.sha256, None, None)
                filed = file_large(self.ring, copy.path, copy.sha256, 0, self.today)
                return Arrival(copy.sha256, filed, None, large=True)
        sha256 = hashlib.sha256(data).digest()
        known = self.is_held(sha256)
        return Arrival(sha256, None if known else file_small(self.ring, data, 0, self.today), None)
