"""`reviewer outbox`: what goes back to the servers, acks apart from replies, each a signed note.

Acks say that an object is in the vault and on the disk, so they name only what an import event names. The replies
outbox is filled up to a multiple of 8 with random slots in random mailboxes: how many answers go out stays unsaid.
"""

import hashlib
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from intake.reviewer.errors import InputInvalid
from intake.reviewer.models import OUTBOXES, SLOTS
from intake.reviewer.services.events import append_event, read_events
from intake.reviewer.services.keeping import sync_folder
from intake.reviewer.services.log_check import logs_seen
from intake.reviewer.services.state import ACKS, REPLIES, Answer, State, fold
from intake.reviewer.storage import Vault
from intake.wire.constants import MAILBOX_ID_SIZE, OBJECT_ID_SIZE, REPLIES_BATCH, SHA256_SIZE, SLOT_SIZE
from intake.wire.constants import SLOTS as SLOTS_IN_A_MAILBOX
from intake.wire.encoding import unhex
from intake.wire.mailbox import slot_of_answer
from intake.wire.outbox import (
    Ack,
    AckOutbox,
    Outbox,
    OutboxHead,
    RepliesOutbox,
    SlotEntry,
    outbox_file_name,
)
from keys.ring import Keyring


def write_outboxes(
    vault: Vault, ring: Keyring, folder: Path, today: date, again: bool = False, at_once: bool = False
) -> list[Path]:
    """Sign what waits, keep it in the vault, then write it to `folder`; return the files, none when nothing waits.

    `at_once`: answers appear as soon as a server applies them; whoever watches mailboxes may then tell which ones.
    `again`: also everything that went out before, under new serials, for when a stick was lost. What was signed and
    not written (the power failed) is written first. Raises InputInvalid when a file of that name is there already.
    """
    if not folder.is_dir():
        raise InputInvalid("the folder for the outboxes is not there")
    with vault.begin() as connection:
        state = fold(read_events(connection))
        _sign_acks(connection, ring, state, today, again)
        _sign_replies(connection, ring, state, today, again, at_once)
    return _write_pending(vault, folder)


def _sign_acks(connection: Connection, ring: Keyring, state: State, today: date, again: bool) -> None:
    pairs = set(state.to_ack.items())
    if again:
        pairs |= {pair for bundle in state.bundles.values() for pair in bundle}
    # One object id, one line; the latest listing's hash where a server named two.
    latest = dict(sorted(pairs)) | state.to_ack
    if not latest:
        return
    acks = tuple(sorted(Ack(unhex(key, OBJECT_ID_SIZE), unhex(value, SHA256_SIZE)) for key, value in latest.items()))
    outbox = AckOutbox(_head(ring, state, ACKS, today), acks, logs_seen(connection))
    entries = [[each.object_id.hex(), each.sha256.hex()] for each in acks]
    _keep(connection, ring, ACKS, outbox, ring.ack_signer.sign(outbox), entries)


def _sign_replies(connection: Connection, ring: Keyring, state: State, today: date, again: bool, at_once: bool) -> None:
    answers = state.answers if again else state.to_send()
    if not answers:
        return
    slots = _fill_up([_slot(connection, each) for each in _last_of_each_slot(answers)])
    outbox = RepliesOutbox(_head(ring, state, REPLIES, today), tuple(sorted(slots)), at_once)
    entries = [[each.mailbox, str(each.number)] for each in answers]
    _keep(connection, ring, REPLIES, outbox, ring.outbox_signer.sign(outbox), entries)


def _last_of_each_slot(answers: Sequence[Answer]) -> list[Answer]:
    """Drop answers that a later one in the same outbox would push out of their slot anyway."""
    by_slot = {(each.mailbox, slot_of_answer(each.number)): each for each in answers}
    return list(by_slot.values())


def _slot(connection: Connection, answer: Answer) -> SlotEntry:
    mailbox = unhex(answer.mailbox, MAILBOX_ID_SIZE)
    wanted = select(SLOTS.c.data).where(SLOTS.c.mailbox_id == mailbox, SLOTS.c.number == answer.number)
    return SlotEntry(mailbox, slot_of_answer(answer.number), connection.execute(wanted).scalar_one())


def _fill_up(slots: list[SlotEntry]) -> list[SlotEntry]:
    missing = -len(slots) % REPLIES_BATCH
    return slots + [
        SlotEntry(os.urandom(MAILBOX_ID_SIZE), os.urandom(1)[0] % SLOTS_IN_A_MAILBOX, os.urandom(SLOT_SIZE))
        for _ in range(missing)
    ]


def _head(ring: Keyring, state: State, purpose: str, today: date) -> OutboxHead:
    return OutboxHead(ring.deployment, ring.laptop, state.serials[purpose] + 1, today)


def _keep(
    connection: Connection, ring: Keyring, purpose: str, outbox: Outbox, note: bytes, entries: list[list[str]]
) -> None:
    serial, digest = outbox.head.serial, hashlib.sha256(note).hexdigest()
    row = {"name": outbox_file_name(outbox), "note": note, "written": False}
    connection.execute(insert(OUTBOXES).values(purpose=purpose, serial=serial, **row))
    append_event(connection, ring, "outbox", purpose=purpose, serial=serial, sha256=digest, entries=entries)


def _write_pending(vault: Vault, folder: Path) -> list[Path]:
    with vault.begin() as connection:
        waiting = select(OUTBOXES).where(OUTBOXES.c.written.is_(False)).order_by(OUTBOXES.c.serial)
        rows = connection.execute(waiting).all()
    paths = []
    for row in rows:
        _write(folder / row.name, row.note)
        paths.append(folder / row.name)
        with vault.begin() as connection:
            this = (OUTBOXES.c.purpose == row.purpose, OUTBOXES.c.serial == row.serial)
            connection.execute(update(OUTBOXES).where(*this).values(written=True))
    return paths


def _write(path: Path, data: bytes) -> None:
    # Not a temporary file and a link: memory sticks have file systems without links.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise InputInvalid("an outbox of that name is in the folder already") from None
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    sync_folder(path.parent)
