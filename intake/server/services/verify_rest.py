"""Acks and mailboxes: rows that belong to nothing, keys that are revoked, sizes that would tell mailboxes apart."""

from collections import defaultdict
from functools import partial

from sqlalchemy import Connection, delete, func, select, update

from intake.server.models import acks, mailboxes, objects, revoked, waiting_slots
from intake.server.services.core import Core
from intake.server.services.deletion import key_hash, observe_revocations
from intake.server.services.findings import Check, Damage
from intake.server.services.mailboxes import NOBODY, decoys, make_nobody
from intake.wire.constants import MAILBOX_SIZE, REPLIES_BATCH, SLOT_SIZE


def check_acks(check: Check) -> None:
    """Acks of objects that are gone, and by keys whose revocation has not voided them."""
    unbound = acks.c.object_id.not_in(select(objects.c.id))
    ids = select(acks.c.object_id).where(unbound).distinct()
    for object_id in check.core.store.read(lambda connection: connection.execute(ids).scalars().all()):
        if check.mend:
            gone = delete(acks).where(acks.c.object_id == object_id, unbound)
            check.core.store.write(partial(Connection.execute, statement=gone)).result()
        check.found.add(Damage.ACK_UNBOUND, object_id.hex(), check.mend)
    in_force = check.core.manifests.known().in_force
    if in_force is None:
        return
    hashes = set(in_force.manifest.revoked)
    late = check.core.store.read(partial(_late, hashes=hashes))
    if late and check.mend:
        voiding = partial(_void, hashes=hashes, core=check.core)
        check.core.store.write(voiding, alone=True).result()
    for name in late:
        check.found.add(Damage.ACK_REVOKED, name, check.mend)


def _late(connection: Connection, hashes: set[str]) -> list[str]:
    """Hashes of revoked keys that are not noted as revoked, or still have acks."""
    noted = set(connection.execute(select(revoked.c.key_hash)).scalars())
    acking = {key_hash(key) for key in connection.execute(select(acks.c.key).distinct()).scalars()}
    return sorted((hashes - noted) | ((hashes | noted) & acking))


def _void(connection: Connection, hashes: set[str], core: Core) -> None:
    in_force = core.manifests.known().in_force
    if in_force is not None:
        observe_revocations(connection, in_force.manifest, core.clock())
    noted = hashes | set(connection.execute(select(revoked.c.key_hash)).scalars())
    void = [key for key in connection.execute(select(acks.c.key).distinct()).scalars() if key_hash(key) in noted]
    if void:
        connection.execute(delete(acks).where(acks.c.key.in_(void)))


def check_mailboxes(check: Check) -> None:
    """Every mailbox has its size, the row of nobody is there, and waiting batches are whole."""
    wrong = select(mailboxes.c.id).where(func.length(mailboxes.c.slots) != MAILBOX_SIZE)
    for mailbox in check.core.store.read(lambda connection: connection.execute(wrong).scalars().all()):
        if check.mend:
            filling = partial(_fill_up, mailbox=mailbox, secret=check.core.decoy_secret)
            check.core.store.write(filling, alone=True).result()
        check.found.add(Damage.MAILBOX_SIZE, mailbox.hex(), check.mend)
    nobody = select(mailboxes.c.id).where(mailboxes.c.id == NOBODY)
    if check.core.store.read(lambda connection: connection.execute(nobody).first()) is None:
        if check.mend:
            check.core.store.write(make_nobody, alone=True).result()
        check.found.add(Damage.MAILBOX_NOBODY, NOBODY.hex(), check.mend)
    for batch in check.core.store.read(_broken_batches):
        check.found.add(Damage.SLOT_ORPHANED, batch.hex())


def _fill_up(connection: Connection, mailbox: bytes, secret: bytes) -> None:
    """Makes a mailbox 16,384 bytes again: what is there stays in its place, what is missing becomes decoys."""
    slots = connection.execute(select(mailboxes.c.slots).where(mailboxes.c.id == mailbox)).scalar_one()
    whole = slots[: len(slots) // SLOT_SIZE * SLOT_SIZE][:MAILBOX_SIZE]
    filled = whole + decoys(secret, mailbox)[len(whole) :]
    connection.execute(update(mailboxes).where(mailboxes.c.id == mailbox).values(slots=filled))


def _broken_batches(connection: Connection) -> list[bytes]:
    numbers: dict[bytes, list[int]] = defaultdict(list)
    sizes: dict[bytes, set[int]] = defaultdict(set)
    columns = (waiting_slots.c.batch, waiting_slots.c.number, func.length(waiting_slots.c.data))
    for batch, number, size in connection.execute(select(*columns).order_by(*columns[:2])):
        numbers[batch].append(number)
        sizes[batch].add(size)
    return [
        batch
        for batch, found in numbers.items()
        if found != list(range(len(found))) or len(found) % REPLIES_BATCH or sizes[batch] != {SLOT_SIZE}
    ]
