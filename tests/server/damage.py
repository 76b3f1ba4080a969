"""Ways to damage a store, each with the name it must be found under; planted in the Scene of test_verify.py."""

import hashlib
from datetime import date

from sqlalchemy import delete, insert, update

from intake.server.models import (
    acks,
    bodies,
    erasures,
    heads,
    leaves,
    mailboxes,
    objects,
    revoked,
    uploads,
    waiting_slots,
)
from intake.server.services.findings import Damage
from intake.server.services.mailboxes import NOBODY
from intake.server.services.manifests import add_manifest
from intake.wire.log import leaf

DAY = date(2026, 11, 20)


def run(core, statement) -> None:
    core.store.write(lambda c: c.execute(statement)).result()


def swap(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def body_missing(scene):
    run(scene.core, delete(bodies).where(bodies.c.id == scene.reports[0]))
    return [scene.reports[0].hex()]


def media_missing(scene):
    scene.file.remove()
    return [scene.media.hex()]


def body_cut(scene):
    run(scene.core, update(bodies).where(bodies.c.id == scene.reports[0]).values(sealed=b"short"))
    return [scene.reports[0].hex()]


def media_cut(scene):
    scene.file.write(scene.file.read()[:5000])
    return [scene.media.hex()]


def body_altered(scene):
    changed = swap(dict(scene.house.rows()["bodies"])[scene.reports[2]])
    run(scene.core, update(bodies).where(bodies.c.id == scene.reports[2]).values(sealed=changed))
    return [scene.reports[2].hex()]


def media_altered(scene):
    scene.file.write(swap(scene.file.read()))
    return [scene.media.hex()]


def body_unrecorded(scene):
    run(scene.core, delete(objects).where(objects.c.id == scene.reports[2]))
    return [scene.reports[2].hex()]


def body_of_nothing_sealed(scene):
    run(scene.core, insert(bodies).values(id=b"n" * 16, sealed=b"plain"))
    return [(b"n" * 16).hex()]


def media_unrecorded(scene):
    run(scene.core, delete(objects).where(objects.c.id == scene.media))
    return [scene.media.hex()]


def media_of_nothing_sealed(scene):
    scene.core.blobs.reserve(b"m" * 16, 70_000, DAY)
    scene.core.blobs.seal(b"m" * 16, 70_000, DAY)
    return [(b"m" * 16).hex()]


def number_beyond_the_log(scene):
    run(scene.core, update(objects).where(objects.c.id == scene.reports[2]).values(leaf_number=77))
    return [scene.reports[2].hex()]


def salt_altered(scene):
    run(scene.core, update(objects).where(objects.c.id == scene.reports[0]).values(salt=bytes(32)))
    return [scene.reports[0].hex()]


def leaf_altered(scene):
    row = scene.row(scene.reports[0])
    # Sorted as before, so that it is this leaf and the roots over it that are wrong, and nothing else.
    run(scene.core, update(leaves).where(leaves.c.number == row.leaf_number).values(leaf=_near(scene, row)))
    return [scene.reports[0].hex()]


def _near(scene, row) -> bytes:
    return swap(leaf(row.salt, row.sha256, row.kind, row.size, row.epoch))


def leaf_shared(scene):
    number = scene.row(scene.reports[0]).leaf_number
    run(scene.core, update(objects).where(objects.c.id == scene.reports[2]).values(leaf_number=number))
    return [scene.reports[2].hex()]


def leaf_gone(scene):
    run(scene.core, delete(leaves).where(leaves.c.number == 1))
    return ["2 leaves, the last is number 2"]


def head_gone(scene):
    scene.close()
    run(scene.core, delete(heads).where(heads.c.batch == 1))
    return ["3 to 3"]


def leaves_turned(scene):
    first, second = (dict(scene.house.rows()["leaves"])[number] for number in (0, 1))
    for number, entry in ((0, second), (1, first)):
        run(scene.core, update(leaves).where(leaves.c.number == number).values(leaf=entry))
    return ["0"]


def head_by_another_key(scene):
    note = scene.core.receipt_key._signed_note("intake-log/0\n")
    run(scene.core, update(heads).values(note=note))
    return ["0"]


def head_of_another_batch(scene):
    scene.close()
    rows = sorted(scene.house.rows()["heads"])
    run(scene.core, update(heads).where(heads.c.batch == 1).values(note=rows[0][3]))
    return ["1"]


def heads_skip(scene):
    scene.close()
    run(scene.core, update(heads).where(heads.c.batch == 1).values(batch=2))
    return ["2"]


def edge_altered(scene):
    run(scene.core, update(heads).values(edge=bytes(64)))
    return ["0"]


def record(scene, upload_id: bytes, size: int, position: int) -> None:
    values = {"id": upload_id, "size": size, "epoch": 12, "position": position, "day": DAY}
    run(scene.core, insert(uploads).values(values))


def upload_lost(scene):
    record(scene, b"u" * 16, 90_000, 100)
    return [(b"u" * 16).hex()]


def upload_cut(scene):
    scene.core.blobs.reserve(b"u" * 16, 4000, DAY)
    record(scene, b"u" * 16, 90_000, 5000)
    return [(b"u" * 16).hex()]


def upload_whole(scene):
    size = len(scene.file.read())
    run(scene.core, delete(objects).where(objects.c.id == scene.media))
    record(scene, scene.media, size, 100)
    return [scene.media.hex()]


def part_unrecorded(scene):
    scene.core.blobs.reserve(b"p" * 16, 4000, DAY)
    return [(b"p" * 16).hex()]


def erasure_waiting(scene):
    run(scene.core, delete(objects).where(objects.c.id == scene.media))
    run(scene.core, insert(erasures).values(id=scene.media))
    return [scene.media.hex()]


def erasure_of_stored(scene):
    run(scene.core, insert(erasures).values(id=scene.media))
    return [scene.media.hex()]


def ack_unbound(scene):
    values = {"object_id": b"o" * 16, "laptop": "A", "giver": "", "key": b"k" * 32, "day": DAY}
    run(scene.core, insert(acks).values(values))
    return [(b"o" * 16).hex()]


def ack_revoked(scene):
    laptop = scene.house.deployment.laptops[0]
    hashed = hashlib.sha256(laptop.ack.public).hexdigest()
    run(scene.core, insert(revoked).values(key_hash=hashed, day=DAY))
    values = {"object_id": scene.media, "laptop": "A", "giver": "", "key": laptop.ack.public, "day": DAY}
    run(scene.core, insert(acks).values(values))
    return [hashed]


def revocation_not_noted(scene):
    hashed = hashlib.sha256(b"some key").hexdigest()
    revoking = scene.house.manifest(serial=2, revoked=(hashed,))
    scene.core.store.write(lambda c: add_manifest(c, revoking, scene.core.roots)).result()
    scene.core.manifests.look()
    return [hashed]


def mailbox_cut(scene):
    run(scene.core, insert(mailboxes).values(id=b"m" * 32, slots=b"x" * 5000))
    return [(b"m" * 32).hex()]


def nobody_gone(scene):
    run(scene.core, delete(mailboxes).where(mailboxes.c.id == NOBODY))
    return [NOBODY.hex()]


def slots_orphaned(scene):
    made = [
        {"batch": b"b" * 16, "number": n, "mailbox": b"m" * 32, "slot": 0, "data": bytes(4096), "day": DAY}
        for n in range(7)
    ]
    run(scene.core, insert(waiting_slots).values(made))
    return [(b"b" * 16).hex()]


# How it is planted, the kind it is found as, what else is wrong because of it, whether it can be repaired.
HEAD_ROOT = {Damage.HEAD_ROOT}
CASES = [
    (body_missing, Damage.BODY_MISSING, set(), False),
    (media_missing, Damage.MEDIA_MISSING, set(), False),
    (body_cut, Damage.WRONG_SIZE, set(), False),
    (media_cut, Damage.WRONG_SIZE, set(), False),
    (body_altered, Damage.ALTERED, set(), False),
    (media_altered, Damage.ALTERED, set(), False),
    (body_unrecorded, Damage.BODY_UNRECORDED, set(), True),
    (body_of_nothing_sealed, Damage.BODY_UNRECORDED, set(), False),
    (media_unrecorded, Damage.MEDIA_UNRECORDED, set(), True),
    (media_of_nothing_sealed, Damage.MEDIA_UNRECORDED, set(), False),
    (number_beyond_the_log, Damage.LEAF_MISSING, set(), True),
    (salt_altered, Damage.LEAF_ALTERED, set(), False),
    (leaf_altered, Damage.LEAF_ALTERED, HEAD_ROOT | {Damage.EDGE_ALTERED, Damage.BATCH_UNSORTED}, False),
    (leaf_shared, Damage.LEAF_SHARED, {Damage.LEAF_ALTERED}, True),
    (leaf_gone, Damage.NUMBERS_BROKEN, HEAD_ROOT | {Damage.LEAF_MISSING, Damage.EDGE_ALTERED}, False),
    (head_gone, Damage.LEAVES_UNSIGNED, set(), True),
    (leaves_turned, Damage.BATCH_UNSORTED, HEAD_ROOT | {Damage.LEAF_ALTERED, Damage.EDGE_ALTERED}, False),
    (head_by_another_key, Damage.HEAD_UNSIGNED, set(), False),
    (head_of_another_batch, Damage.HEAD_UNSIGNED, set(), False),
    (heads_skip, Damage.HEADS_OUT_OF_ORDER, {Damage.HEAD_UNSIGNED}, False),
    (edge_altered, Damage.EDGE_ALTERED, set(), True),
    (upload_lost, Damage.UPLOAD_LOST, set(), True),
    (upload_cut, Damage.UPLOAD_CUT, set(), True),
    (upload_whole, Damage.UPLOAD_WHOLE, set(), True),
    (part_unrecorded, Damage.PART_UNRECORDED, set(), True),
    (erasure_waiting, Damage.ERASURE_WAITING, set(), True),
    (erasure_of_stored, Damage.ERASURE_OF_STORED, set(), True),
    (ack_unbound, Damage.ACK_UNBOUND, set(), True),
    (ack_revoked, Damage.ACK_REVOKED, set(), True),
    (revocation_not_noted, Damage.ACK_REVOKED, set(), True),
    (mailbox_cut, Damage.MAILBOX_SIZE, set(), True),
    (nobody_gone, Damage.MAILBOX_NOBODY, set(), True),
    (slots_orphaned, Damage.SLOT_ORPHANED, set(), False),
]
