"""Manifests are told from memory: a store that says nothing holds up nobody, and what it says later is taken over."""

import threading
import time
from datetime import timedelta

from intake.server.services.manifests import Manifests
from intake.server.setup import add_manifests


class Silent:
    """The store of a core, which answers reads only while `speaks` is set."""

    def __init__(self, store) -> None:
        self.speaks = threading.Event()
        self.speaks.set()
        self.asked = threading.Event()
        self._store = store

    def read(self, query):
        self.asked.set()
        assert self.speaks.wait(20)
        return self._store.read(query)


def known_until(manifests, wanted) -> None:
    deadline = time.monotonic() + 20
    while not wanted(manifests.known()):
        assert time.monotonic() < deadline


def test_known_while_the_store_is_silent_is_told_from_memory(core, house, tmp_path):
    store, days = Silent(core.store), [core.clock()]
    manifests = Manifests(store, core.roots, lambda: days[0])
    store.asked.clear()
    store.speaks.clear()
    known_until(manifests, lambda known: store.asked.is_set())
    before = manifests.known()
    assert before.in_force.manifest.serial == 1
    path = tmp_path / "next.note"
    path.write_bytes(house.manifest(serial=2, not_before=days[0] + timedelta(1)))
    assert list(add_manifests(core, [path]))
    assert manifests.known() is before
    store.speaks.set()
    known_until(manifests, lambda known: known.newest.manifest.serial == 2)
    assert manifests.known().in_force.manifest.serial == 1
    days[0] += timedelta(1)
    assert manifests.known().in_force.manifest.serial == 2
    manifests.close()
