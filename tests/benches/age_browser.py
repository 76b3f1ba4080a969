"""Jobs of sealing and opening in headless Chromium: the page of web/tests/bench/age.ts, served on loopback.

Every run has a browser of its own, so that none finds code already compiled or memory already taken. `peak_mb` is
the most memory the page's process held during the job, less what it held after a garbage collection just before,
when input and output were there; it takes in what V8 holds outside its heap, where all the bytes are. `cpu_seconds`
are those of the same process, compiling and collecting garbage included. MB is 10**6 bytes.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import setup
from playwright.sync_api import Browser, sync_playwright
from proc import cpu_seconds, idle_bytes, resident_bytes

HTML = b"<!doctype html><meta charset=utf-8><title>bench</title><script src=/bench.js></script>"
BUNDLE_SCRIPT = """
const [entry, outfile] = process.argv.slice(1);
require("esbuild").buildSync({
  entryPoints: [entry], outfile, bundle: true, minify: true, format: "iife", target: "es2020", logLevel: "warning",
});
"""
# A renderer started in advance for the next page would be counted.
ARGUMENTS = ["--disable-features=SpareRendererForSitePerProcess"]
JOB_TIMEOUT_MS = 600_000


@dataclass(frozen=True)
class Key:
    """One throw-away key: the bytes ours takes, as hex, and the text typage takes."""

    hex: str
    text: str


@dataclass(frozen=True)
class Site:
    """What the page fetches, where its result goes, and where it is served."""

    script: Path
    source: Path
    result: Path

    @contextlib.contextmanager
    def serve(self) -> Iterator[str]:
        """Serves on a free port of 127.0.0.1; gives the address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files = {"/bench.js": site.script, "/source": site.source}
            kind = "text/html" if self.path == "/" else "text/javascript"
            self.send_response(200 if self.path in {"/", *files} else 404)
            self.send_header("Content-Type", kind)
            self.end_headers()
            if self.path == "/":
                self.wfile.write(HTML)
            elif self.path in files:
                with files[self.path].open("rb") as content:
                    shutil.copyfileobj(content, self.wfile, 1 << 20)

        def do_POST(self) -> None:
            left = int(self.headers["Content-Length"])
            with site.result.open("wb") as target:
                while left and (piece := self.rfile.read(min(left, 1 << 20))):
                    target.write(piece)
                    left -= len(piece)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: the figures are what is printed."""

    return Handler


def bundle(script: Path) -> None:
    """Bundles the page's code into `script` with the project's own esbuild."""
    node = [*setup.node_command(), "--input-type=commonjs", "--eval", BUNDLE_SCRIPT]
    subprocess.run([*node, "tests/bench/age.ts", str(script)], cwd=setup.WEB, check=True)


def find_chromium() -> str:
    """The path of the machine's Chromium."""
    found = next(filter(None, map(shutil.which, setup.TOOLS["chromium"])), None)
    if found is None:
        raise SystemExit("error: Chromium is not installed.\nhint: on Debian: sudo apt-get install chromium")
    return found


def run_job(job: str, site: Site, key: Key) -> dict[str, float]:
    """Does `job` once in a new browser; its result lies in `site.result` afterwards."""
    with site.serve() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        try:
            return _measure(browser, address, job, site, key)
        finally:
            browser.close()


def _measure(browser: Browser, address: str, job: str, site: Site, key: Key) -> dict[str, float]:
    page = browser.new_page()
    page.set_default_timeout(JOB_TIMEOUT_MS)
    page.goto(address)
    page.evaluate("size => bench.load(size)", site.source.stat().st_size)
    page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [process["id"] for process in processes if process["type"] == "renderer"]
    idle, cpu_started = sum(map(idle_bytes, pages)), sum(map(cpu_seconds, pages))
    milliseconds = page.evaluate("([job, key]) => bench.run(job, key)", [job, {"hex": key.hex, "text": key.text}])
    cpu = sum(map(cpu_seconds, pages)) - cpu_started
    peak = sum(resident_bytes("VmHWM", process) for process in pages) - idle
    page.evaluate("bench.send()")
    return {"seconds": milliseconds / 1000, "cpu_seconds": cpu, "peak_mb": peak / 1e6}
