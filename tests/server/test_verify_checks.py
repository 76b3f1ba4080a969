"""The suite verify-kills would notice what it is there to notice: planted losses, and leftovers under their names."""

import hashlib

import pytest
from sqlalchemy import delete, update

from intake.server.models import bodies, mailboxes, objects
from intake.server.services.mailboxes import fill_slot
from intake.server.services.reports import store_report
from intake.wire.envelope import parse_envelope
from intake.wire.outbox import SlotEntry
from tests.server.damage import media_unrecorded, part_unrecorded, run, upload_cut, upload_lost, upload_whole
from tests.suites.kill_load import Media
from tests.suites.verify_checks import CUT, LOST, STRAY, UNRECORDED, WHOLE, BothLedger, look, named, wrong_things

STORES = ("postgres+s3",)


class Told:
    """A house with a report, a medium, a forwarded file and an answer, and the ledger of who sent them."""

    def __init__(self, house, core, forge, store_media) -> None:
        self.house, self.core, self.ledger = house, core, BothLedger()
        data = forge.media()
        self.media = store_media(core, data, core.clock())
        self.ledger.media.append(Media(data, 0, f"/uploads/{self.media.hex()}", len(data), complete=True))
        self.reports = [self.put(forge), self.put(forge)]
        self.ledger.reports = dict(self.reports[:1])
        self.ledger.forwarded = [self.reports[1][1], hashlib.sha256(data).digest()]
        entry = SlotEntry(b"m" * 32, 1, b"answer" * 682 + b"last")
        core.store.write(lambda c: fill_slot(c, core.decoy_secret, entry, core.clock())).result()
        self.ledger.slots = [entry.data]

    def put(self, forge) -> tuple[bytes, bytes]:
        envelope = parse_envelope(forge.envelope())
        self.core.store.write(lambda c: store_report(c, envelope, self.core.clock())).result()
        return envelope.object_id, envelope.sha256

    @property
    def file(self):
        return self.house.media_file(self.media)


@pytest.fixture
def told(house, core, forge, store_media):
    return Told(house, core, forge, store_media)


LOSSES = {
    "a report": lambda told: run(told.core, delete(objects).where(objects.c.id == told.reports[0][0])),
    "a body": lambda told: run(told.core, update(bodies).values(sealed=b"other")),
    "a forwarded file": lambda told: [
        run(told.core, delete(table).where(table.c.id == told.reports[1][0])) for table in (objects, bodies)
    ],
    "an answer": lambda told: run(told.core, delete(mailboxes).where(mailboxes.c.id == b"m" * 32)),
    "media": lambda told: told.file.remove(),
    "bytes of media": lambda told: told.file.write(b"other"),
    "a record of media": lambda told: run(told.core, delete(objects).where(objects.c.id == told.media)),
    "an offset": lambda told: (run(told.core, delete(objects).where(objects.c.id == told.media)), upload_cut(told)),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_planted_loss_is_noticed(told, lose):
    assert list(wrong_things(told.house, told.ledger)) == []
    told.ledger.media[0].checked = False
    lose(told)
    assert list(wrong_things(told.house, told.ledger)) != []


LEFTOVERS = {
    UNRECORDED: media_unrecorded,
    WHOLE: upload_whole,
    LOST: upload_lost,
    CUT: upload_cut,
    STRAY: part_unrecorded,
}


@pytest.mark.parametrize(("kind", "plant"), LEFTOVERS.items(), ids=LEFTOVERS)
def test_planted_leftover_is_seen_as_verify_names_it(told, intake, kind, plant):
    (one,) = plant(told)
    assert look(told.house).leftovers() == {kind: {one}}
    assert named(intake("verify", "--data", told.house.data).stdout, "problem") == {kind: {one}}
    assert named(intake("verify", "--data", told.house.data, "--repair").stdout, "repaired") == {kind: {one}}
    assert look(told.house).leftovers() == {}
