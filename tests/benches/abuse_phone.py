"""How many hashes a second the page's own solver makes on a throttled Chromium."""

from __future__ import annotations

import subprocess
from pathlib import Path

import setup
from playwright.sync_api import sync_playwright

from deploy.rehearsal.phone import launch

MEASURE = """() => {
  const puzzle = { window: 1, seed: new Uint8Array(16), bits: 14 };
  let [hashes, fastest, started] = [0, 0, performance.now()];
  const end = started + 8000;
  while (performance.now() < end) {
    const subject = new Uint8Array(16);
    crypto.getRandomValues(subject);
    const solver = new solving.Solver(puzzle, subject, 8192);
    while (!solver.work(50));
    hashes += solver.nonces.reduce((sum, nonce) => sum + nonce + 1, 0);
    const seconds = (performance.now() - started) / 1000;
    if (seconds < 1) continue;
    fastest = Math.max(fastest, hashes / seconds);
    [hashes, started] = [0, performance.now()];
  }
  return fastest;
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
    """Hashes a second with a processor `slower` times slower than this one; the fastest of 8 s."""
    with sync_playwright() as playwright:
        context = launch(playwright, folder / "profile", "ru")
        page = context.pages[0]
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        page.add_script_tag(content=bundled(folder))
        rate = float(page.evaluate(MEASURE))
        context.close()
    return rate
