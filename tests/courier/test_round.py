"""Server, courier and laptop together, each with its own code: a second bundle holds what the first round left out."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest

from intake.courier.services.fetching import Fetch
from intake.courier.services.pushing import push, read_outboxes
from intake.reviewer.services.importing import Importer
from intake.reviewer.services.manifests import keep_manifest, sign_manifests
from intake.reviewer.services.outboxes import write_outboxes
from intake.reviewer.services.setup import Plan, draft_manifests, make_ring, rehearsal_words
from intake.reviewer.settings import Home
from intake.reviewer.storage import open_vault
from intake.server.services.core import open_core
from intake.server.services.reports import store_report
from intake.wire.bundle import NOTE_NAME, parse_bundle_note
from intake.wire.encoding import unb64
from intake.wire.envelope import parse_envelope, write_envelope
from intake.wire.manifest import NamedKey, make_roots, roots_to_json
from keys.keyfile import write_private
from keys.signing import ManifestSigner
from tests.courier.conftest import NAME, Carrier
from tests.reviewer.conftest import Phone
from tests.server.parts import Deployment, House, Server


@pytest.fixture
def world(tmp_path, intake, courier, deployment):
    """A server, a courier and a laptop whose keys the server's manifest really names."""
    key = re.search(r"log key: \S+ (\S+)", intake("init", "--data", tmp_path / "data").stdout)[1]
    signers = [ManifestSigner(f"root-{number}", os.urandom(32)) for number in range(3)]
    roots = make_roots(2, [NamedKey(each.name, each.public_key) for each in signers])
    block = tmp_path / "block.json"
    block.write_text(roots_to_json(roots, rehearsal=True), "utf-8")
    made = courier("init", "--home", tmp_path / "courier", "--name", NAME, "--roots", block).stdout
    carrier_key = NamedKey(NAME, unb64(re.search(r"courier key: \S+ (\S+)", made)[1], 32))
    today = deployment.today
    ring = make_ring("A", roots, today)
    drafts = draft_manifests([ring], roots, Plan(("A",), (), (unb64(key, 32),), rehearsal_words(), today))
    home = Home(tmp_path / "home")
    home.path.mkdir(mode=0o700)
    for each in sign_manifests(roots, signers, [dataclasses.replace(m, couriers=(carrier_key,)) for m in drafts]):
        keep_manifest(home, each)
    write_private(home.roots, block.read_bytes())
    ran = intake("init", "--data", tmp_path / "data", "--roots", block, "--manifest", home.manifest(1))
    assert ran.returncode == 0, ran.stderr
    house = House(tmp_path / "data", Rooted(roots), NamedKey("log-1", unb64(key, 32)))
    server = Server(house)
    yield Carrier(tmp_path / "courier", house, server), home, ring
    server.stop()


class Rooted(Deployment):
    """A deployment known by its roots alone."""

    def __init__(self, roots) -> None:
        self._roots = roots

    @property
    def roots(self):
        return self._roots


def test_second_round_carries_what_the_first_left_out(world, stick, tmp_path, deployment):
    carrier, home, ring = world
    phone = Phone([ring.epochs[0].identity.recipient])
    with open_vault(home, ring.seeds.vault) as vault:
        send(carrier.house, [phone.section(who=str(number)) for number in range(5)])
        assert round_of(carrier, vault, ring, stick, deployment.today) == (0, 5, 5)
        send(carrier.house, [phone.section(number + 2, who="more") for number in range(2)])
        assert round_of(carrier, vault, ring, stick, deployment.today) == (5, 2, 2)
        assert round_of(carrier, vault, ring, stick, deployment.today) == (7, 0, 0)
    assert carrier.house.rows()["outboxes"][0][3] == 7
    assert len(carrier.house.rows()["acks"]) == 7


def send(house: House, sealed: list) -> None:
    with open_core(house.settings) as core:
        for each in sealed:
            envelope = parse_envelope(write_envelope(each.object_id, each.epoch, each.data))
            core.store.write(lambda c, envelope=envelope: store_report(c, envelope, core.clock())).result()


def round_of(carrier, vault, ring, stick: Path, today) -> tuple[int, int, int]:
    """Fetches, imports, writes outboxes and hands them in; returns the bundle's first leaf, its objects, the acks."""
    with carrier.line() as line:
        folder = Fetch(line, stick, carrier.roots, lambda *_: None, lambda _: None).run("A")
        statement = parse_bundle_note((folder / NOTE_NAME).read_bytes())[1]
        (result,) = Importer(vault, ring, today, lambda *_: None).run(folder)
        assert (result.warnings, result.forks, result.findings.quarantined) == ([], [], [])
        said = [push(line, *each) for each in read_outboxes(write_outboxes(vault, ring, stick, today))]
    assert all(each.applied for each in said)
    taken = sum(int(re.search(r"(\d+) taken", each.words)[1]) for each in said)
    return statement.leaves_first, statement.objects, taken
