"""How fast the laptop takes a bundle in: junk that passes the gate, and honest reports.

    tests/bench import [--junk 3000] [--honest 500]

Two laptops, so two stanzas an object; this one has nine live identities (eight epochs, one carry epoch). Junk has a
well-formed header, the label of the epoch in force and random bytes; it costs two tries when it is set aside and
sixteen more before it is called "late or junk". Both by the clock and by this process's processor time, which other
work on the machine hardly changes:

- `honest_per_s`: opened, parsed and durable in the vault, acks due
- `junk_set_aside_per_s`: read, hashed, held to the log, tried with the key of its label, put behind all honest reports
- `junk_kept_per_s`: all of that, then tried with every other key and durable in the vault
- `honest_done_s`: seconds until the last honest report is durable, when it stands behind all the junk in the bundle
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from intake.reviewer.services.importing import Importer
from intake.reviewer.services.manifests import keep_manifest, sign_manifests
from intake.reviewer.services.setup import Plan, draft_manifests, make_ring, rehearsal_words
from intake.reviewer.settings import Home
from intake.reviewer.storage import Vault, open_vault
from intake.wire.manifest import NamedKey, make_roots, roots_to_json
from keys.keyfile import write_private
from keys.ring import Keyring
from keys.signing import ManifestSigner
from tests.reviewer.conftest import TODAY, LogServer, Phone, Sealed
from tests.server.parts import Forge

LEAST_PER_SECOND = 1000


@dataclass
class Clock:
    """Reads the clock and the processor time after each step of an import."""

    steps: list[tuple[int, float, float]] = field(default_factory=list)
    started: tuple[float, float] = (0.0, 0.0)

    def start(self) -> None:
        self.started = (time.monotonic(), time.process_time())

    def __call__(self, done: int, _: int) -> None:
        wall, cpu = self.started
        self.steps.append((done, time.monotonic() - wall, time.process_time() - cpu))

    def until(self, count: int) -> tuple[float, float]:
        """Seconds by the clock and of processor time until `count` objects of the first pass were through."""
        return next((wall, cpu) for done, wall, cpu in self.steps if done >= count)


@dataclass
class Desk:
    """A laptop A of two, and its server."""

    home: Home
    ring: Keyring
    other: Keyring
    server: LogServer

    def phone(self) -> Phone:
        return Phone([ring.epochs[0].identity.recipient for ring in (self.ring, self.other)])

    def take(self, vault: Vault, bundle: Path) -> Clock:
        clock = Clock()
        importer = Importer(vault, self.ring, TODAY, clock)
        clock.start()
        (result,) = importer.run(bundle)
        clock(10**9, 0)
        assert (result.findings.quarantined, result.findings.missing) == ([], [])
        return clock


def make_desk(folder: Path) -> Desk:
    home, server = Home(folder / "home"), LogServer()
    home.path.mkdir(mode=0o700)
    signers = [ManifestSigner(f"root-{number}", os.urandom(32)) for number in range(3)]
    roots = make_roots(2, [NamedKey(each.name, each.public_key) for each in signers])
    rings = [make_ring(name, roots, TODAY) for name in ("A", "B")]
    plan = Plan(("A", "B"), (), (server.public_key,), rehearsal_words(), TODAY)
    for each in sign_manifests(roots, signers, draft_manifests(rings, roots, plan)):
        keep_manifest(home, each)
    write_private(home.roots, roots_to_json(roots, rehearsal=True).encode())
    server.deployment, server.manifest = roots.deployment, home.manifest(1).read_bytes()
    return Desk(home, rings[0], rings[1], server)


def rates(name: str, count: int, spent: tuple[float, float]) -> dict[str, float]:
    wall, cpu = spent
    return {f"{name}_per_s": round(count / wall), f"{name}_per_cpu_s": round(count / cpu)}


def main(argv: list[str]) -> int:
    """Prints the figures; the last line is one JSON object. Returns 1 when too few junk objects are set aside."""
    parser = argparse.ArgumentParser(prog="tests/bench import")
    parser.add_argument("--junk", type=int, default=3000)
    parser.add_argument("--honest", type=int, default=500)
    options = parser.parse_args(argv)
    found: dict[str, object] = {"bench": "import", "junk": options.junk, "honest": options.honest}
    with tempfile.TemporaryDirectory(prefix="intake-bench-") as name, ExitStack() as held:
        folder, forge = Path(name), Forge(1)
        desk = make_desk(folder)
        vault = held.enter_context(open_vault(desk.home, desk.ring.seeds.vault))
        found["identities"] = len(desk.ring.identities())
        junk = [Sealed(forge.sealed(8192, 2), os.urandom(16)) for _ in range(options.junk)]
        honest = [[desk.phone().section(who=str(n)) for n in range(options.honest)] for _ in range(2)]
        alone = desk.take(vault, desk.server.bundle(folder / "honest", honest[0]))
        found |= rates("honest", options.honest, alone.until(10**9))
        mixed = desk.take(vault, desk.server.bundle(folder / "mixed", [*junk, *honest[1]]))
        found |= rates("junk_set_aside", options.junk, mixed.until(options.junk))
        found["honest_done_s"] = round(mixed.until(options.junk + options.honest)[0], 2)
        first, second = mixed.until(options.junk), mixed.until(options.junk + options.honest)
        rest = mixed.until(10**9)
        kept = (first[0] + rest[0] - second[0], first[1] + rest[1] - second[1])
        found |= rates("junk_kept", options.junk, kept)
    print(json.dumps(found))
    return 0 if found["junk_set_aside_per_cpu_s"] >= LEAST_PER_SECOND else 1
