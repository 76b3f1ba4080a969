"""What a stick brings, one object at a time: checked against the index, or taken as it is when loose."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from intake.reviewer.cleaning import clean_name
from intake.reviewer.services.bundles import Bundle
from intake.reviewer.services.filing import Filed, file_large, file_small
from intake.reviewer.services.folders import Unreadable, UntrustedFolder, readable
from intake.reviewer.services.keeping import OTHER_BYTES, Disagrees, keep_quarantined, receive_large
from intake.reviewer.services.log_check import LogView
from intake.reviewer.services.stick_objects import Segments, carve, open_object
from intake.reviewer.settings import Home
from intake.wire.bundle_index import SEGMENTS_FOLDER, IndexEntry
from intake.wire.constants import NOTE_MAX_SIZE
from intake.wire.errors import WireError
from intake.wire.outbox import OUTBOX_PREFIX, parse_outbox
from intake.wire.sealed import header_bytes_needed, parse_header
from keys.opening import SMALL_MAX_SIZE
from keys.ring import Keyring

LOOK_UP_OBJECTS = 256
OUTBOX_STAYS = "an outbox on its way to a server: it stays on the stick"


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
    """What is not as it should be, by name: (object id, reason), object ids, (file name, reason).

    `put_off`: objects that the key of their label does not open, to be tried with every other key after all the rest.
    `unseen`: how many have their leaf in a part of the log that was never shown here.
    """

    quarantined: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    put_off: list[IndexEntry] = field(default_factory=list)
    unseen: int = 0


@dataclass(frozen=True)
class Arrivals:
    """Opens what comes with one laptop's keys; `held` says which of some hashes the vault has."""

    home: Home
    ring: Keyring
    today: date
    held: Callable[[Sequence[bytes]], set[bytes]]
    findings: Findings

    def listed(
        self, bundle: Bundle, log: LogView, entries: Sequence[IndexEntry], every_key: bool
    ) -> Iterator[Arrival | None]:
        """Give each object of an index that is what the index and the log say; None for each that is not.

        Without `every_key` a small object is tried with the key of its label alone, and is put off when that does not
        open it: a flood of junk then costs two tries each before the last honest report is out, not twenty.
        """
        reader = _Listed(self, bundle, log, Segments(bundle.folder), every_key)
        try:
            for start in range(0, len(entries), LOOK_UP_OBJECTS):
                step = entries[start : start + LOOK_UP_OBJECTS]
                held = self.held([entry.sha256 for entry in step])
                yield from (reader.take(entry, entry.sha256 in held) for entry in step)
        finally:
            reader.segments.close()

    def loose(self, folder: UntrustedFolder, names: list[str]) -> Iterator[Arrival | None]:
        """Give each sealed file among `names`; None for each file that is not one."""
        for name in names:
            try:
                yield self._one_loose(folder, name)
            except (FileNotFoundError, Unreadable, Disagrees):
                self.findings.refused.append((clean_name(name), "it cannot be read or is no plain file"))
                yield None
            except WireError as error:
                reason = OUTBOX_STAYS if _is_outbox(folder, name) else str(error)
                self.findings.refused.append((clean_name(name), reason))
                yield None

    def carved(self, folder: UntrustedFolder) -> Iterator[Arrival | None]:
        """Give what is in segments whose index is damaged, as loose objects; None for what is none."""
        pieces = carve(folder)
        while True:
            try:
                data = next(pieces)
                parse_header(data[:header_bytes_needed])
            except StopIteration:
                return
            except (FileNotFoundError, Unreadable, WireError):
                self.findings.refused.append((SEGMENTS_FOLDER, "a piece of a segment cannot be read"))
                yield None
            else:
                yield self._small_loose(data)

    def _one_loose(self, folder: UntrustedFolder, name: str) -> Arrival:
        with folder.open(name) as source:
            with readable():
                data = source.read(SMALL_MAX_SIZE + 1)
            # Before anything is kept: a plaintext given by mistake must not be copied into the vault.
            parse_header(data[:header_bytes_needed])
            if len(data) > SMALL_MAX_SIZE:
                source.seek(0)
                copy = receive_large(self.home, source, None, None)
                if self.held([copy.sha256]):
                    return Arrival(copy.sha256, None, None)
                filed = file_large(self.ring.identities(), copy.path, copy.sha256, self.today)
                return Arrival(copy.sha256, filed, None, large=True)
        return self._small_loose(data)

    def _small_loose(self, data: bytes) -> Arrival:
        sha256 = hashlib.sha256(data).digest()
        known = self.held([sha256])
        return Arrival(sha256, None if known else file_small(self.ring.identities(), data, self.today), None)


def _is_outbox(folder: UntrustedFolder, name: str) -> bool:
    if not name.startswith(OUTBOX_PREFIX):
        return False
    try:
        parse_outbox(folder.read(name, NOTE_MAX_SIZE))
    except (FileNotFoundError, Unreadable, WireError):
        return False
    return True


@dataclass(frozen=True)
class _Listed:
    """Takes objects of one bundle by its index."""

    arrivals: Arrivals
    bundle: Bundle
    log: LogView
    segments: Segments
    every_key: bool

    def take(self, entry: IndexEntry, is_held: bool) -> Arrival | None:
        findings = self.arrivals.findings
        try:
            arrival = self._one(entry, is_held)
        except FileNotFoundError:
            findings.missing.append(entry.object_id.hex())
            return None
        except (Unreadable, Disagrees) as error:
            self._quarantine(entry, str(error) or "it cannot be read or is no plain file")
            return None
        if not self.every_key and arrival.filed is not None and arrival.filed.is_unmatched and not arrival.large:
            findings.put_off.append(entry)
            return None
        findings.unseen += arrival.entry is None
        return arrival

    def _one(self, entry: IndexEntry, is_held: bool) -> Arrival:
        agrees = self.log.agrees(entry)
        if agrees is False:
            raise Disagrees("its log entry is of another object")
        # A leaf that was never shown here proves nothing: its object is read like any, and not acked.
        listed = None if agrees is None else entry
        if is_held:
            return Arrival(entry.sha256, None, listed)
        ring, today = self.arrivals.ring, self.arrivals.today
        if entry.size > SMALL_MAX_SIZE:
            with open_object(self.bundle.folder, entry) as source:
                copy = receive_large(self.arrivals.home, source, entry.size, entry.sha256)
            filed = file_large(ring.identities(entry.epoch), copy.path, copy.sha256, today)
            return Arrival(entry.sha256, filed, listed, large=True)
        data = self._read(entry)
        if len(data) != entry.size or hashlib.sha256(data).digest() != entry.sha256:
            raise Disagrees(OTHER_BYTES)
        keys = ring.identities(entry.epoch) if self.every_key else ring.labelled(entry.epoch)
        return Arrival(entry.sha256, file_small(keys, data, today), listed)

    def _read(self, entry: IndexEntry) -> bytes:
        if entry.place is not None:
            return self.segments.read(entry)
        with open_object(self.bundle.folder, entry) as source, readable():
            return source.read(SMALL_MAX_SIZE + 1)

    def _quarantine(self, entry: IndexEntry, reason: str) -> None:
        object_id = entry.object_id.hex()
        keep_quarantined(self.arrivals.home, self.bundle.folder, entry, self.bundle.statement.bundle)
        self.arrivals.findings.quarantined.append((object_id, reason))
