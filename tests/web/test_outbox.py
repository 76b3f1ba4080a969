"""The phone outbox in a real browser: the store contract on IndexedDB, and pages that are closed while they seal."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

MEDIA_BYTES = 6_000_000
"""Twenty-three pieces of the outbox."""

SHARES = (0.05, 0.6, 0.95)
"""How much of the file is sealed when the page goes away."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def bundle(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one page that has the outbox and its checks inline."""
    sys.path.insert(0, str(root / "deploy"))
    import setup

    folder = tmp_path_factory.mktemp("outbox")
    web = root / "web"
    tool = [*setup.node_command(), str(web / "node_modules" / "esbuild" / "bin" / "esbuild")]
    options = ["--bundle", "--format=iife", "--target=es2020", "--log-level=error", f"--outfile={folder / 'outbox.js'}"]
    subprocess.run([*tool, str(web / "tests" / "outbox" / "browser.ts"), *options], check=True, cwd=web)
    script = (folder / "outbox.js").read_text("utf-8")
    (folder / "index.html").write_text(f'<!doctype html><meta charset="utf-8"><script>{script}</script>', "utf-8")
    return folder


@pytest.fixture(scope="module")
def url(bundle: Path) -> Iterator[str]:
    """The page on loopback."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(bundle))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, need_tool: Callable[[str], str]) -> Iterator[BrowserContext]:
    """A normal window, whose profile is on the disk."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")),
            executable_path=need_tool("chromium"),
            headless=True,
            chromium_sandbox=os.geteuid() != 0,
        )
        yield opened
        opened.close()


@pytest.fixture
def page(context: BrowserContext, url: str) -> Iterator[Page]:
    """The page, loaded, its outbox empty; all tabs are closed afterwards."""
    page = context.new_page()
    page.goto(url)
    call(page, "wipe")
    yield page
    for tab in context.pages[1:]:
        tab.close()


def call(page: Page, function: str, *arguments: float) -> Any:
    """Calls what browser.ts offers."""
    return page.evaluate(f"(all) => {function}(...all)", list(arguments))


def test_disk_store_keeps_the_contract(page: Page) -> None:
    assert call(page, "contract") == []


def test_disk_store_keeps_the_contract_in_a_saved_file(context: BrowserContext, bundle: Path) -> None:
    page = context.new_page()
    page.goto((bundle / "index.html").as_uri())
    assert call(page, "contract") == []


@pytest.mark.parametrize("share", SHARES)
def test_reload_while_sealing_discards_the_half_and_asks_again(page: Page, share: float) -> None:
    call(page, "sealUntil", MEDIA_BYTES, share)
    page.reload()
    assert call(page, "look") == {"volatile": False, "interrupted": 1, "parts": ["section waiting"]}
    sizes = call(page, "finish", MEDIA_BYTES)
    assert len(sizes) == 3
    assert sizes[-1] > MEDIA_BYTES
    page.reload()
    parts = ["closing waiting", "media waiting", "section waiting"]
    assert call(page, "look") == {"volatile": False, "interrupted": 0, "parts": parts}


def test_second_tab_leaves_the_sealing_of_the_first_alone(context: BrowserContext, page: Page, url: str) -> None:
    call(page, "sealUntil", MEDIA_BYTES, 0.1)
    other = context.new_page()
    other.goto(url)
    found = call(other, "look")
    assert found["interrupted"] == 0
    assert "section waiting" in found["parts"]
    assert any(part.startswith("media ") for part in found["parts"])


def test_wipe_leaves_nothing(page: Page) -> None:
    call(page, "sealWhole", MEDIA_BYTES)
    assert call(page, "wipe") < 2000
    page.reload()
    assert call(page, "look") == {"volatile": False, "interrupted": 0, "parts": []}


def test_wipe_deletes_a_store_that_did_not_open_in_time(page: Page) -> None:
    call(page, "sealWhole", MEDIA_BYTES)
    page.reload()
    call(page, "wipeUnopened")
    assert call(page, "look") == {"volatile": False, "interrupted": 0, "parts": []}


def test_wipe_deletes_a_store_of_a_version_that_cannot_be_opened(page: Page) -> None:
    call(page, "plantNewer")
    assert call(page, "look") == {"volatile": True, "interrupted": 0, "parts": []}
    call(page, "wipe")
    assert page.evaluate("indexedDB.databases()") == []
