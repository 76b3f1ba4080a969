"""How many hashes a second the page's own solver makes in Chromium on a slower processor."""

from __future__ import annotations

import subprocess
from pathlib import Path

import setup
from playwright.sync_api import CDPSession, sync_playwright

from deploy.rehearsal.phone import launch

SECONDS = 4
MEASURE = """(seconds) => {
  const puzzle = { window: 1, seed: new Uint8Array(16), bits: 14 };
  let hashes = 0;
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
    const subject = new Uint8Array(16);
    crypto.getRandomValues(subject);
    const solver = new solving.Solver(puzzle, subject, 8192);
    while (!solver.work(50));
    hashes += solver.nonces.reduce((sum, nonce) => sum + nonce + 1, 0);
  }
  return hashes;
}"""


def bundled(folder: Path) -> str:
    """The solver of web/src as one script."""
    tool = [*setup.node_command(), str(setup.WEB / "node_modules" / "esbuild" / "bin" / "esbuild")]
    made = folder / "solving.js"
    options = ["--bundle", "--minify", "--format=iife", "--global-name=solving", "--target=es2020", f"--outfile={made}"]
    source = setup.WEB / "src" / "wire" / "puzzle.ts"
    subprocess.run([*tool, str(source), "--log-level=error", *options], check=True, cwd=setup.WEB)
    return made.read_text("utf-8")


def phone_rate(folder: Path, slower: int) -> float:
    """Hashes a second with a processor `slower` times slower than this one.

    By processor time of the page's main thread: by the clock, whatever else runs here would count as a slower phone.
    """
    with sync_playwright() as playwright:
        context = launch(playwright, folder / "profile", "ru")
        page = context.pages[0]
        session = context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.add_script_tag(content=bundled(folder))
        page.evaluate(MEASURE, 1)
        before = script_seconds(session)
        hashes = float(page.evaluate(MEASURE, SECONDS))
        taken = script_seconds(session) - before
        context.close()
    return hashes / taken / slower


def script_seconds(session: CDPSession) -> float:
    """Processor time that the page's main thread has spent on tasks."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")
