"""Outboxes, laptop -> server: acks, hand-overs and replies as signed notes (SPEC.md section 10)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from intake.wire.constants import (
    MAILBOX_ID_SIZE,
    OBJECT_ID_SIZE,
    PURPOSE_ACKS,
    PURPOSE_HANDOVER,
    PURPOSE_REPLIES,
    REPLIES_BATCH,
    SHA256_SIZE,
    SLOT_SIZE,
    SLOTS,
)
from intake.wire.encoding import b64, day_text, parse_day, parse_int, unb64, unhex
from intake.wire.errors import OutboxInvalid, WireError
from intake.wire.note import Note, check_name, parse_note

LOGS_MAX = 8
OUTBOX_PREFIX = "outbox-"
_HEX64 = re.compile("[0-9a-f]{64}")
_RELEASES = ("delayed", "at-once")


@dataclass(frozen=True)
class OutboxHead:
    """What every outbox says of itself: deployment (64 hex), laptop, serial from 1, day."""

    deployment: str
    laptop: str
    serial: int
    day: date


@dataclass(frozen=True, order=True)
class Ack:
    """A laptop holds this object for good: 16-byte id, 32-byte SHA-256 of the ciphertext."""

    object_id: bytes
    sha256: bytes

    def line(self) -> str:
        """Return the entry as its line, without the newline."""
        return f"ack {self.object_id.hex()} {self.sha256.hex()}"


@dataclass(frozen=True, order=True)
class SlotEntry:
    """4,096 bytes for one slot (0 to 3) of a 32-byte mailbox id."""

    mailbox_id: bytes
    slot: int
    data: bytes

    def line(self) -> str:
        """Return the entry as its line, without the newline."""
        return f"slot {self.mailbox_id.hex()} {self.slot} {b64(self.data)}"


@dataclass(frozen=True, order=True)
class LogSeen:
    """How much of a log a laptop holds: the log key's name, leaves, and the 32-byte root over them."""

    name: str
    size: int
    root: bytes

    def line(self) -> str:
        """Return the line, without the newline."""
        return f"log {self.name} {self.size} {b64(self.root)}"


@dataclass(frozen=True)
class AckOutbox:
    """Acks of one laptop, in rising order of object id; signed by its ack key.

    `logs`: what it holds of each log, in rising order of name; a log that is not named was never seen.
    """

    head: OutboxHead
    acks: tuple[Ack, ...]
    logs: tuple[LogSeen, ...] = ()
    purpose = PURPOSE_ACKS

    def text(self) -> str:
        """Return the note text to sign."""
        return _text(self.purpose, self.head, [a.line() for a in self.acks], [log.line() for log in self.logs])


@dataclass(frozen=True)
class HandoverOutbox:
    """Acks of a laptop that got the objects by USB from laptop `giver`; signed by the receiving laptop's ack key."""

    head: OutboxHead
    giver: str
    acks: tuple[Ack, ...]
    purpose = PURPOSE_HANDOVER

    def text(self) -> str:
        """Return the note text to sign."""
        return _text(self.purpose, self.head, [a.line() for a in self.acks], [f"from {self.giver}"])


@dataclass(frozen=True)
class RepliesOutbox:
    """Slots to fill, a multiple of 8, in rising order of mailbox id and slot; signed by the outbox key.

    They appear together, after a random delay or, when a reviewer wants it so, `at_once`.
    """

    head: OutboxHead
    slots: tuple[SlotEntry, ...]
    at_once: bool = False
    purpose = PURPOSE_REPLIES

    def text(self) -> str:
        """Return the note text to sign."""
        release = f"release {_RELEASES[self.at_once]}"
        return _text(self.purpose, self.head, [s.line() for s in self.slots], [release])


Outbox = AckOutbox | HandoverOutbox | RepliesOutbox


def outbox_file_name(outbox: Outbox) -> str:
    """Return the neutral file name of an outbox, from its laptop, purpose and serial."""
    kind = outbox.purpose.removeprefix("intake-").removesuffix("/v1")
    name = outbox.head.laptop.replace("/", "_")
    return f"{OUTBOX_PREFIX}{name}-{kind}-{outbox.head.serial}.note"


def _text(purpose: str, head: OutboxHead, lines: list[str], between: Sequence[str] = ()) -> str:
    common = [
        purpose,
        f"deployment {head.deployment}",
        f"laptop {head.laptop}",
        f"serial {head.serial}",
        f"day {day_text(head.day)}",
        *between,
        f"count {len(lines)}",
    ]
    return "\n".join([*common, *lines]) + "\n"


def parse_outbox(untrusted: bytes) -> tuple[Note, Outbox]:
    """Parse an outbox without verifying it; raise NoteInvalid or OutboxInvalid on anything not canonical."""
    note = parse_note(untrusted)
    try:
        outbox = _read(note)
    except OutboxInvalid:
        raise
    except WireError as error:
        raise OutboxInvalid(str(error)) from error
    if outbox.text() != note.text:
        raise OutboxInvalid("the outbox is not written canonically")
    return note, outbox


def _read(note: Note) -> Outbox:
    lines = note.text[:-1].split("\n")
    logs = tuple(_log(line) for line in lines if line.startswith("log ")) if note.purpose == PURPOSE_ACKS else ()
    taken = iter(line for line in lines[1:] if not (logs and line.startswith("log ")))
    head = _head(taken)
    giver = check_name(_value(taken, "from")) if note.purpose == PURPOSE_HANDOVER else None
    release = _release(taken) if note.purpose == PURPOSE_REPLIES else False
    count = parse_int(_value(taken, "count"))
    rest = list(taken)
    if len(rest) != count:
        raise OutboxInvalid("the number of entries is not the one named")
    if note.purpose == PURPOSE_REPLIES:
        return RepliesOutbox(head, _slots(rest), release)
    acks = tuple(_ack(line) for line in rest)
    if any(a.object_id >= b.object_id for a, b in pairwise(acks)):
        raise OutboxInvalid("the entries are not in rising order")
    if note.purpose == PURPOSE_ACKS:
        return AckOutbox(head, acks, _in_order(logs))
    if giver is None:
        raise OutboxInvalid("this note is not an outbox")
    return HandoverOutbox(head, giver, acks)


def _value(lines: Iterator[str], key: str) -> str:
    name, _, value = next(lines, "").partition(" ")
    if name != key:
        raise OutboxInvalid(f"the line {key} is missing")
    return value


def _head(lines: Iterator[str]) -> OutboxHead:
    deployment = _value(lines, "deployment")
    if not _HEX64.fullmatch(deployment):
        raise OutboxInvalid("the deployment is not 64 hex digits")
    laptop = check_name(_value(lines, "laptop"))
    serial = parse_int(_value(lines, "serial"))
    if serial < 1:
        raise OutboxInvalid("serials begin at 1")
    return OutboxHead(deployment, laptop, serial, parse_day(_value(lines, "day")))


def _release(lines: Iterator[str]) -> bool:
    value = _value(lines, "release")
    if value not in _RELEASES:
        raise OutboxInvalid("replies are released delayed or at-once")
    return value == _RELEASES[True]


def _ack(line: str) -> Ack:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "ack":
        raise OutboxInvalid("an entry is not an ack")
    return Ack(unhex(parts[1], OBJECT_ID_SIZE), unhex(parts[2], SHA256_SIZE))


def _log(line: str) -> LogSeen:
    parts = line.split(" ")
    if len(parts) != 4:
        raise OutboxInvalid("a line about a log is malformed")
    return LogSeen(check_name(parts[1]), parse_int(parts[2]), unb64(parts[3], SHA256_SIZE))


def _in_order(logs: tuple[LogSeen, ...]) -> tuple[LogSeen, ...]:
    if len(logs) > LOGS_MAX or any(a.name >= b.name for a, b in pairwise(logs)):
        raise OutboxInvalid("the logs are too many or not in rising order")
    return logs


def _slots(lines: list[str]) -> tuple[SlotEntry, ...]:
    slots = tuple(_slot(line) for line in lines)
    keys = [(s.mailbox_id, s.slot) for s in slots]
    if keys != sorted(set(keys)) or len(slots) % REPLIES_BATCH:
        raise OutboxInvalid("the slots are not in rising order or not a multiple of 8")
    return slots


def _slot(line: str) -> SlotEntry:
    parts = line.split(" ")
    if len(parts) != 4 or parts[0] != "slot" or parts[2] not in {str(i) for i in range(SLOTS)}:
        raise OutboxInvalid("an entry is not a slot")
    return SlotEntry(unhex(parts[1], MAILBOX_ID_SIZE), int(parts[2]), unb64(parts[3], SLOT_SIZE))
