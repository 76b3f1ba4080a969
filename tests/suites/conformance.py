"""Public conformance suites against the server's upload handlers: tests/run --suite conformance CHECKOUT...

CHECKOUT is a folder with a suite of others, fetched by whoever runs this; nothing of theirs is kept here:

* tomdesair/tus-java-server: scripts/rufh_conformity_test.py, 51 tests of the IETF's draft 12
* tus/tus-js-client: test/spec/test-end-to-end.js, 3 specs of tus 1.0, by a client installed from npm

The handlers stand behind an open door (open_uploads.py). Each test is printed with its outcome, and each that does
not pass with the reason for which that is so here. Exit code 1 when one fails for which no reason is known.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import setup

from intake.server.services.core import open_core
from tests.server.parts import Deployment, make_house
from tests.suites.open_uploads import open_server

RUFH = Path("scripts/rufh_conformity_test.py")
TUS_JS = Path("test/spec/test-end-to-end.js")
DEMO = "https://tusd.tusdemo.net/files/"
PACKAGES = ("tus-js-client@5.0.0-pre2", "jasmine@5", "temp@0.9", "into-stream@6", "throttle@1")
REASONS = {
    "test_creation_exceeding_min_append_size": "skipped by the suite: no least size of an append is told or wanted",
    "test_append_exceeding_max_append_size": "skipped by the suite: no largest size of an append is told or wanted",
}
"""Test -> why it does not pass here."""


def revision(checkout: Path) -> str:
    """The commit a checkout is at, `unknown` without git."""
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def run_rufh(checkout: Path, url: str, folder: Path) -> dict[str, str]:
    """Runs the draft's suite; test -> passed, failed or skipped."""
    for name in (RUFH.name, "conftest.py"):
        shutil.copy(checkout / RUFH.parent / name, folder / name)
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    subprocess.run([*command, f"--junitxml={report}", "--url", url, RUFH.name], cwd=folder, check=False)
    return {case.attrib["name"]: outcome(case) for case in ElementTree.parse(report).iter("testcase")}


def outcome(case: ElementTree.Element) -> str:
    for kind in ("failure", "error", "skipped"):
        if case.find(kind) is not None:
            return "skipped" if kind == "skipped" else "failed"
    return "passed"


REPORTER = """
export default class { specDone(r) { console.log("SPEC " + JSON.stringify([r.status, r.description])) } }
"""


def run_tus_js(checkout: Path, url: str, folder: Path) -> dict[str, str]:
    """Installs the client into `folder` and runs its specs; spec -> passed, failed or pending."""
    shutil.copytree(checkout / TUS_JS.parent, folder / "spec")
    spec = folder / "spec" / TUS_JS.name
    text = spec.read_text("utf-8")
    pattern = re.escape(DEMO).replace("/", r"\/")
    spec.write_text(text.replace(DEMO, url).replace(pattern, re.escape(url).replace("/", r"\/")), "utf-8")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "reporter.js").write_text(REPORTER)
    environment = os.environ | setup.node_environment()
    install = [*setup.npm_command(), "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    subprocess.run(install, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    command = [*setup.node_command(), "node_modules/jasmine/bin/jasmine.js", "--reporter=./reporter.js"]
    done = subprocess.run(
        [*command, f"spec/{TUS_JS.name}"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    lines = [json.loads(line[5:]) for line in done.stdout.splitlines() if line.startswith("SPEC ")]
    if not lines:
        print(done.stdout, done.stderr)
    return {description: status for status, description in lines}


SUITES = {RUFH: run_rufh, TUS_JS: run_tus_js}


def tell(results: dict[str, str]) -> int:
    """Prints each outcome; returns how many tests fail without a known reason."""
    unexplained = 0
    for name, status in results.items():
        reason = "" if status == "passed" else f": {REASONS.get(name, 'UNEXPLAINED')}"
        unexplained += reason.endswith("UNEXPLAINED")
        print(f"{status} {name}{reason}")
    passed = sum(status == "passed" for status in results.values())
    print(f"{passed} of {len(results)} passed", flush=True)
    return unexplained + (not results)


def run_checkout(checkout: Path) -> int:
    """Runs the suite in a checkout against a fresh server; returns how many tests fail without a known reason."""
    found = [script for script in SUITES if (checkout / script).is_file()]
    if not found:
        print(f"error: {checkout} holds none of {', '.join(map(str, SUITES))}")
        return 1
    print(f"{found[0]} at {revision(checkout)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="intake-conformance-") as name:
        house = make_house(Path(name), Deployment())
        (Path(name) / "suite").mkdir()
        with open_core(house.settings) as core, open_server(core) as url:
            return tell(SUITES[found[0]](checkout, url, Path(name) / "suite"))


def main(argv: list[str]) -> int:
    """Runs the suites of the checkouts that were named."""
    parser = argparse.ArgumentParser(prog="tests/run --suite conformance")
    parser.add_argument("checkouts", type=Path, nargs="+", metavar="CHECKOUT")
    return 1 if sum([run_checkout(checkout.resolve()) for checkout in parser.parse_args(argv).checkouts]) else 0
