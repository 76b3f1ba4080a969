"""Receipts over HTTP: what they bind, that a repeat gives the same one, and that they come after the commit."""

import asyncio
import hashlib
import re
import stat
from datetime import timedelta

import pytest

from intake.server.services.core import open_core
from intake.server.services.reports import accept_report
from intake.wire.constants import OBJECT_MEDIA, OBJECT_SMALL
from intake.wire.encoding import unb64
from intake.wire.envelope import parse_envelope, write_envelope
from intake.wire.errors import BadSignature
from intake.wire.receipt import StoredObject, verify_receipt

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture(scope="module")
def keys(shared_house, intake):
    """The receipt key as `intake init` prints it."""
    printed = intake("init", "--data", shared_house.data).stdout
    name, key = re.search(r"^receipt key: (\S+) (\S+)$", printed, re.MULTILINE).groups()
    return {name: unb64(key, 32)}


def about(house, body: bytes) -> StoredObject:
    envelope = parse_envelope(body)
    deployment = house.deployment.roots.deployment
    return StoredObject(
        deployment, envelope.object_id, envelope.sha256, OBJECT_SMALL, len(envelope.sealed), envelope.epoch
    )


def upload(client, data: bytes, epoch: int = 12):
    begun = client.post("/uploads", headers=TUS | {"Upload-Length": str(len(data)), "Intake-Epoch": str(epoch)})
    url = begun.headers["location"]
    first = client.patch(url, headers=PATCH | {"Upload-Offset": "0"}, content=data[:9000])
    return url, first, client.patch(url, headers=PATCH | {"Upload-Offset": "9000"}, content=data[9000:])


def test_report_is_answered_with_its_receipt(shared_client, shared_house, forge, keys):
    body = forge.envelope()
    answer = shared_client.post("/reports", content=body)
    assert list(answer.json()) == ["id", "sha256", "receipt"]
    receipt = verify_receipt(answer.json()["receipt"], about(shared_house, body), keys)
    assert receipt.day == shared_house.deployment.today


def test_repeat_gets_the_same_receipt(shared_client, forge):
    body = forge.envelope()
    assert len({shared_client.post("/reports", content=body).content for _ in range(5)}) == 1


def test_repeat_under_another_epoch_gets_the_receipt_of_what_is_stored(shared_client, shared_house, forge, keys):
    sealed, object_id = forge.sealed(), forge.object_id()
    first = write_envelope(object_id, 12, sealed)
    before = shared_client.post("/reports", content=first).json()["receipt"]
    again = write_envelope(object_id, 0, sealed)
    after = shared_client.post("/reports", content=again).json()["receipt"]
    assert before == after
    verify_receipt(after, about(shared_house, first), keys)
    with pytest.raises(BadSignature):
        verify_receipt(after, about(shared_house, again), keys)


def test_repeat_on_another_day_gets_the_receipt_of_the_first(house, forge):
    today = house.deployment.today
    body = forge.envelope()
    receipts = []
    for days in (0, 1):
        with open_core(house.settings, lambda days=days: today + timedelta(days)) as core:
            receipts.append(asyncio.run(accept_report(core, body))[1])
    assert receipts[0] == receipts[1]
    assert receipts[0].startswith(f"{today} receipt-1 ")


def test_complete_upload_has_its_receipt_and_an_unfinished_one_none(shared_client, shared_house, forge, keys):
    data = forge.media()
    url, first, last = upload(shared_client, data)
    assert "intake-receipt" not in first.headers
    object_id = bytes.fromhex(url.rpartition("/")[2])
    deployment = shared_house.deployment.roots.deployment
    stored = StoredObject(deployment, object_id, hashlib.sha256(data).digest(), OBJECT_MEDIA, len(data), 12)
    assert verify_receipt(last.headers["intake-receipt"], stored, keys).day == shared_house.deployment.today
    asked = shared_client.head(url, headers=TUS)
    assert asked.headers["intake-receipt"] == last.headers["intake-receipt"]


def test_browsers_may_read_the_receipt(shared_client, forge):
    exposed = shared_client.get("/health").headers["access-control-expose-headers"]
    assert "Intake-Receipt" in exposed.split(", ")


def test_refused_object_gets_no_receipt(shared_client, forge, problem):
    body = forge.envelope()
    answer = shared_client.post("/reports", content=body[:-1] + b"\0")
    assert problem(answer) == "digest-mismatch"
    assert b"receipt" not in answer.content


def test_folder_of_before_gets_a_key_at_init_and_keeps_it(house, intake):
    path = house.data / "receipt.key"
    path.unlink()
    assert "receipt.key is missing" in intake("status", "--data", house.data).stderr
    first = intake("init", "--data", house.data, "--receipt-name", "mirror-2")
    assert re.search(r"^receipt key: mirror-2 \S{44}$", first.stdout, re.MULTILINE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert intake("init", "--data", house.data).stdout == first.stdout


def test_damaged_receipt_key_is_refused_without_telling_it(house, intake):
    (house.data / "receipt.key").write_text('{"name":"receipt-1","seed":"c2VjcmV0"}', "ascii")
    ran = intake("status", "--data", house.data)
    assert ran.stderr.startswith("error: This is not a usable data folder. (the receipt key cannot be read")
    assert "c2VjcmV0" not in ran.stderr


def test_log_key_signs_no_receipt_and_receipt_key_no_head(core):
    assert type(core.log_key) is not type(core.receipt_key)
    assert core.log_key.public != core.receipt_key.public
    assert not isinstance(core.receipt_key, type(core.log_key))
