"""A rehearsal for tests of the live page: keys, stamped pages, a server that can be stopped and started."""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from deploy.rehearsal.machines import PAGES, Machines, free_port
from deploy.rehearsal.phone import chromium_path, launch
from intake.reviewer.services.manifests import known_manifests, read_roots, sign_manifests
from intake.reviewer.settings import Home
from keys.ring import load_ring


class Switch:
    """A rehearsal's server, up or down."""

    def __init__(self, machines: Machines) -> None:
        self.machines = machines
        self._running = contextlib.ExitStack()
        self.is_up = False

    def up(self) -> None:
        """Starts the server unless it runs; returns when it takes connections."""
        if not self.is_up:
            self._running.enter_context(self.machines.serving())
            self.is_up = True

    def down(self) -> None:
        """Stops the server; returns when its process has ended."""
        self._running.close()
        self.is_up = False

    def stored(self) -> int:
        """How many objects the server holds that no laptop has had."""
        return int(re.findall(r"acked by no laptop: (\d+)", self.machines.intake("status"))[0])


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory, need_tool: Callable[[str], str]) -> Iterator[Switch]:
    """A new rehearsal, set up; its server is down at first."""
    if not Path(chromium_path()).exists():
        need_tool("chromium")
    if not (PAGES / "page.all.html").exists():
        pytest.fail("the page is not built: python3 deploy/setup.py --build")
    machines = Machines(tmp_path_factory.mktemp("rehearsal"), free_port())
    machines.set_up()
    made = Switch(machines)
    yield made
    made.down()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Playwright]:
    """What starts browsers."""
    with sync_playwright() as started:
        yield started


@pytest.fixture
def window(chromium: Playwright, tmp_path: Path) -> Iterator[Callable[[str], BrowserContext]]:
    """Opens a normal window in a language, with a profile of its own; it is closed after the test."""
    with contextlib.ExitStack() as opened:

        def open_window(language: str) -> BrowserContext:
            context = launch(chromium, tmp_path / "profile", language)
            opened.callback(context.close)
            return context

        yield open_window


@pytest.fixture(scope="module")
def destroyed_epoch(switch: Switch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest, signed by the rehearsal's roots and in force today, that says the page's epoch was destroyed."""
    machines = switch.machines
    ring = load_ring(Home(machines.laptop).key_file, (machines.root / "rehearsal-passphrase").read_text().strip())
    roots = read_roots(Home(machines.laptop))
    first, second, *_, last = [each.manifest for each in known_manifests(Home(machines.laptop), roots)]
    changed = replace(
        second,
        serial=last.serial + 1,
        made=first.made,
        not_before=first.not_before,
        oldest_epoch=second.epoch.number,
    )
    (signed,) = sign_manifests(roots, ring.root_signers(), [changed])
    path = tmp_path_factory.mktemp("manifests") / "destroyed.note"
    path.write_bytes(signed.data)
    return path
