"""Applying outboxes: acks, hand-overs and replies from a laptop (SPEC.md section 10).

An outbox is applied whole or refused whole: every check and every change stands in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, insert, select, update

from intake.server.errors import OutboxRefused, OutboxReplayed
from intake.server.models import acks, heads, objects, outboxes, revoked
from intake.server.services.core import Core
from intake.server.services.deletion import key_hash, observe_revocations
from intake.server.services.manifests import load_manifests
from intake.server.services.replies import take_replies
from intake.wire.errors import WireError
from intake.wire.log import parse_head, tree_root
from intake.wire.manifest import LaptopKeys, Manifest
from intake.wire.note import Note, require_signer
from intake.wire.outbox import Ack, AckOutbox, HandoverOutbox, Outbox, RepliesOutbox, parse_outbox


@dataclass(frozen=True)
class Applied:
    """What an outbox did: entries taken, and acks ignored because the object is unknown or another.

    `is_fork`: the laptop has seen another log than the one this server signed.
    """

    purpose: str
    laptop: str
    serial: int
    taken: int
    ignored: int
    is_fork: bool = False

    @property
    def sentence(self) -> str:
        """What an operator or a courier is told."""
        return f"{self.purpose} {self.serial} of {self.laptop}: {self.taken} taken, {self.ignored} ignored"


def apply_outbox(core: Core, untrusted: bytes) -> Applied:
    """Applies one outbox; raises OutboxRefused, after which nothing has changed."""
    try:
        note, outbox = parse_outbox(untrusted)
    except WireError as error:
        raise OutboxRefused(str(error)) from None
    day = core.clock()
    return core.store.write(lambda connection: _apply(connection, core, note, outbox, day), alone=True).result()


def in_order(untrusted: Sequence[bytes]) -> list[int]:
    """The positions of the outboxes in the order in which all can be applied: by serial, not by file name.

    A shell puts -100 before -99, and the lower serial would then be refused. What does not parse comes last.
    """

    def key(position: int) -> tuple[bool, str, str, int]:
        try:
            _, outbox = parse_outbox(untrusted[position])
        except WireError:
            return True, "", "", 0
        return False, outbox.head.laptop, outbox.purpose, outbox.head.serial

    return sorted(range(len(untrusted)), key=key)


def _apply(connection: Connection, core: Core, note: Note, outbox: Outbox, day: date) -> Applied:
    in_force = load_manifests(connection, core.roots, day).in_force
    if in_force is None:
        raise OutboxRefused("no key manifest is in force")
    observe_revocations(connection, in_force.manifest, day)
    key = _check_signer(connection, core, in_force.manifest, note, outbox)
    log_size = _log_size(connection, core, outbox)
    _take_serial(connection, outbox, log_size or 0)
    if isinstance(outbox, RepliesOutbox):
        take_replies(connection, core.decoy_secret, outbox, day)
        taken, ignored = len(outbox.slots), 0
    else:
        giver = outbox.giver if isinstance(outbox, HandoverOutbox) else ""
        taken = sum(_take_ack(connection, ack, outbox.head.laptop, giver, key, day) for ack in outbox.acks)
        ignored = len(outbox.acks) - taken
    return Applied(outbox.purpose, outbox.head.laptop, outbox.head.serial, taken, ignored, log_size is None)


def _check_signer(connection: Connection, core: Core, manifest: Manifest, note: Note, outbox: Outbox) -> bytes:
    """The 32-byte key that signed; raises OutboxRefused for another deployment, laptop, key, or a revoked one."""
    if outbox.head.deployment != core.roots.deployment:
        raise OutboxRefused("it belongs to another deployment")
    laptop = manifest.laptop(outbox.head.laptop)
    if laptop is None:
        raise OutboxRefused("the newest manifest names no such laptop")
    key = _signing_key(laptop, outbox)
    known = select(revoked.c.day).where(revoked.c.key_hash == key_hash(key))
    if connection.execute(known).first() is not None:
        raise OutboxRefused("its key is revoked")
    try:
        require_signer(note, {laptop.name: key})
    except WireError:
        raise OutboxRefused("it is not signed by that laptop's key for this purpose") from None
    return key


def _signing_key(laptop: LaptopKeys, outbox: Outbox) -> bytes:
    return laptop.outbox if isinstance(outbox, RepliesOutbox) else laptop.ack


def _log_size(connection: Connection, core: Core, outbox: Outbox) -> int | None:
    """How many leaves of this log the laptop says it has, 0 when it says none; None when it has another log."""
    logs = outbox.logs if isinstance(outbox, AckOutbox) else ()
    seen = next((log for log in logs if log.name == core.log_key.name), None)
    if seen is None or (seen.size == 0 and seen.root == tree_root(())):
        return 0
    # A laptop's leaves end where a bundle ended, and each bundle ends at a head.
    note = connection.execute(select(heads.c.note).where(heads.c.size == seen.size).limit(1)).scalar()
    if note is None or parse_head(note, core.roots.deployment)[1].root != seen.root:
        return None
    return seen.size


def _take_serial(connection: Connection, outbox: Outbox, log_size: int) -> None:
    """Records the serial and the size of the log; raises OutboxReplayed for a serial not higher than the last."""
    head = outbox.head
    mine = (outboxes.c.laptop == head.laptop, outboxes.c.purpose == outbox.purpose)
    last = connection.execute(select(outboxes.c.serial).where(*mine)).scalar()
    if last is None:
        values = {"laptop": head.laptop, "purpose": outbox.purpose, "serial": head.serial, "log_size": log_size}
        connection.execute(insert(outboxes).values(values))
    elif head.serial <= last:
        raise OutboxReplayed
    else:
        connection.execute(update(outboxes).where(*mine).values(serial=head.serial, log_size=log_size))


def _take_ack(connection: Connection, ack: Ack, laptop: str, giver: str, key: bytes, day: date) -> bool:
    """Records an ack of a stored object, the first day it came; False when the object is unknown or another."""
    sha256 = connection.execute(select(objects.c.sha256).where(objects.c.id == ack.object_id)).scalar()
    if sha256 != ack.sha256:
        return False
    values = {"object_id": ack.object_id, "laptop": laptop, "giver": giver, "key": key}
    same = [acks.c[name] == value for name, value in values.items()]
    if connection.execute(select(acks.c.day).where(*same)).first() is None:
        connection.execute(insert(acks).values(values | {"day": day}))
    return True
