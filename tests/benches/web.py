"""What the witness's page weighs, and how long a person waits for it on a dying network with an old phone.

    tests/bench web [--runs 3]

Real headless Chromium, a profile of its own each run, against a real `intake serve`; the page in Russian, one report
of words. Throttled over CDP: 50 kbit/s each way, 500 ms from a request to its answer, processor 6 times slower. All
times are by the page's own clock, in seconds; each figure is the median of the runs.

- first_paint_s: from going to the address to the first frame with content.
- typing_ready_s: to the end of the first frame in which the first form is open and its WHO field has the focus; a tap
  opened the form as soon as it was painted. `first_letter_s`: to the first real key that landed in that field.
- ready_s: to the end of the script's start: keys verified, Send can be pressed.
- acked_s: from the tap on Send, within half a second of when it can be pressed, the words being typed, to "the server
  says it is stored". That is the worst moment: the page still waits for an answer to its question for a newer
  manifest. A person who types longer than that waits `acked_later_s`, measured with a second report from the page.
- brotli_bytes: the page with the words of one language only; brotli_bytes_all: the largest page that is shipped.
  Brotli 11, without the inlined manifest and roots; `stamped_brotli_bytes` is what the server sent, with them.

What this throttling does not model: DNS, TCP and TLS handshakes, slow start, loss and retransmission, a radio that
wakes up, Tor circuits; each takes more time than is counted here. Latency is added once a request, also on a new
connection. The 6 hits the page's main thread alone: storage, compositing and the network stack run in processes of
their own at full speed, and a phone's caches and memory are smaller. The server is on the same machine and takes
processor time from the browser; `load` is the machine's load average at the start and end of the runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import setup
from playwright.sync_api import CDPSession, sync_playwright

from deploy.rehearsal.machines import Machines, free_port
from deploy.rehearsal.phone import Phone, launch

BYTES_PER_SECOND = 50_000 // 8
LATENCY_MS = 500
CPU_RATE = 6
TIMEOUT_MS = 120_000
FIGURES = ("first_paint_s", "typing_ready_s", "first_letter_s", "ready_s", "acked_s", "acked_later_s")
WHO = "Айгерім Серікқызы, шамамен 30 жаста"
STORY = "Вечером у входа в парк двое в штатском увели её в серый микроавтобус без номеров. Она не сопротивлялась. "

# Runs before the page's own script and only looks, but for the tap and the focus that a person would give.
STOPWATCH = """
window.bench = { acked_s: [] };
const hook = (name) => document.querySelector(`[data-t="${name}"]`);
const note = (name) => { bench[name] ??= performance.now() / 1000; };
const frame = () => new Promise(requestAnimationFrame);
const open = async () => {
  while (performance.getEntriesByName("first-contentful-paint").length === 0 || hook("saw.who") === null) await frame();
  hook("go-saw").click();
  const who = hook("saw.who");
  while (document.activeElement !== who) { who.focus(); await frame(); }
  await frame();
  note("typing_ready_s");
  who.addEventListener("input", () => note("first_letter_s"), { once: true });
};
const opened = open();
bench.opened = () => opened;
bench.stored = async (count) => { while (bench.acked_s.length < count) await frame(); };
let tapped = null;
let fresh = true;
addEventListener("click", (event) => {
  if (event.target.closest?.('[data-t="send"]')) [tapped, fresh] = [event.timeStamp, false];
}, true);
new MutationObserver(() => {
  if (document.documentElement?.hasAttribute("data-ready")) note("ready_s");
  const state = hook("summary")?.getAttribute("data-state") ?? null;
  // The summary still says "stored" of the report before, until it tells of this one.
  fresh ||= state !== null && state !== "stored";
  if (tapped === null || !fresh || state !== "stored") return;
  bench.acked_s.push((performance.now() - tapped) / 1000);
  tapped = null;
}).observe(document, { attributes: true, childList: true, subtree: true });
"""
RESULT = """() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const [page] = performance.getEntriesByType("navigation");
  const [acked_s, acked_later_s] = bench.acked_s;
  const { typing_ready_s, first_letter_s, ready_s } = bench;
  const times = { typing_ready_s, first_letter_s, ready_s, acked_s, acked_later_s };
  return { first_paint_s: paint.startTime / 1000, ...times, bytes: page.encodedBodySize };
}"""


@dataclass
class Requests:
    """The requests a page made, as `METHOD /path`, in order; those within the page (data:, blob:) are none."""

    seen: list[str] = field(default_factory=list)

    def note(self, event: dict[str, dict[str, str]]) -> None:
        """Counts one Network.requestWillBeSent."""
        address = urlsplit(event["request"]["url"])
        if address.scheme in ("http", "https"):
            self.seen.append(f"{event['request']['method']} {address.path}")


def weights(folder: Path) -> dict[str, int]:
    """Sizes in bytes as the build prints them, of a page with Russian alone and of the largest of the shipped."""
    build = [*setup.node_command(), str(setup.WEB / "build.mjs"), "--out", str(folder)]

    def brotli(*arguments: str) -> list[int]:
        done = subprocess.run([*build, *arguments], stdout=subprocess.PIPE, check=True)
        return [page["brotli"] for page in json.loads(done.stdout)["pages"].values()]

    return {"brotli_bytes": max(brotli("--only", "ru")), "brotli_bytes_all": max(brotli())}


def throttle(session: CDPSession) -> None:
    """Slows the page's network and processor."""
    session.send("Network.enable")
    rates = {"downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY_MS, **rates})
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_RATE})


def one_run(machines: Machines, profile: Path) -> dict[str, object]:
    """Opens the page cold, types, sends a report of words, and another one; the figures, the bytes, the requests."""
    requests = Requests()
    with sync_playwright() as playwright:
        context = launch(playwright, profile, "ru")
        page = context.pages[0]
        page.set_default_timeout(TIMEOUT_MS)
        session = context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", requests.note)
        throttle(session)
        page.add_init_script(STOPWATCH)
        phone = Phone(page, machines.url + "/")
        page.goto(phone.url, wait_until="commit")
        page.evaluate("() => bench.opened()")
        page.keyboard.type(WHO)
        phone.hook("saw.story").fill(STORY * 3)
        phone.send("saw")
        page.evaluate("() => bench.stored(1)")
        until_acked = list(requests.seen)
        phone.hook("again").click()
        phone.choose("saw")
        phone.fill("saw", {"who": WHO, "story": STORY})
        phone.send("saw")
        page.evaluate("() => bench.stored(2)")
        found: dict[str, object] = page.evaluate(RESULT)
        context.close()
    return found | {"requests": until_acked}


def require_arrived(machines: Machines, runs: int) -> None:
    """Ends the benchmark when the laptop does not find all reports: then "stored" meant nothing."""
    with machines.serving():
        machines.carry_to_laptop()
    found = [report["answers"] for report in machines.reports()]
    if len(found) != 2 * runs or any(answers["who"] != WHO for answers in found):
        raise SystemExit(f"error: {len(found)} whole reports of {2 * runs} arrived.\nhint: run the tests first")


def timed(folder: Path, count: int) -> list[dict[str, object]]:
    """All runs against one server."""
    machines = Machines(folder / "rehearsal", free_port())
    machines.set_up()
    runs = []
    with machines.serving():
        for number in range(count):
            runs.append(one_run(machines, folder / f"profile-{number}"))
            print(json.dumps(runs[-1]), flush=True)
    require_arrived(machines, count)
    return runs


def medians(runs: list[dict[str, object]]) -> dict[str, float]:
    return {name: round(statistics.median(float(str(run[name])) for run in runs), 2) for name in FIGURES}


def main(argv: list[str]) -> int:
    """Prints every run and the figures; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="tests/bench web")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="intake-bench-") as name:
        sizes = weights(Path(name) / "dist")
        before = os.getloadavg()[0]
        runs = timed(Path(name), options.runs)
    listed = max((run["requests"] for run in runs), key=len)
    figures = {
        "bench": "web",
        **sizes,
        "stamped_brotli_bytes": runs[0]["bytes"],
        "requests": len(listed),
        "requests_made": listed,
        **medians(runs),
        "load": [round(before, 2), round(os.getloadavg()[0], 2)],
        "runs": [{name: round(float(str(run[name])), 2) for name in FIGURES} for run in runs],
    }
    print(json.dumps(figures))
    return 0
